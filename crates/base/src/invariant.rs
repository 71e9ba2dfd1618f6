//! [`invariant!`]: a programmer's error crashes, in release too.

/// Checks what must always hold, in release builds as well, and panics with its number and text otherwise.
/// For what only a bug can break; never for what input, disk or network can.
#[macro_export]
macro_rules! invariant {
    ($cond:expr, $($what:tt)+) => {
        if !$cond {
            panic!("invariant broken: {}", format_args!($($what)+));
        }
    };
}
