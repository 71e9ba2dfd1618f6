//! The `holdfast` binary: command line, configuration file, the real world, RocksDB.

mod data_dir;
mod demo;
mod options;
mod start;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Cli, Command};

/// A statement is dozens of small allocations on whatever thread is free: the system's allocator took a quarter of
/// the CPU of a point read.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Start(options) => start::run(*options),
        Command::Demo(options) => demo::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            // One line, whatever the cause: scripts and people read it.
            let line = format!("{e:#}").replace('\n', " ");
            eprintln!("holdfast: {line}");
            ExitCode::from(exit_status(&e))
        }
    }
}

/// 2 for wrong options, 1 for everything else.
fn exit_status(error: &anyhow::Error) -> u8 {
    if error.downcast_ref::<options::WrongOption>().is_some() { 2 } else { 1 }
}
