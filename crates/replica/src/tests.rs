//! Whole stores over engines that crash.

mod crash;
mod life;
mod three;
