//! The project's chores, one command per wish: `cargo xtask demo`, `cargo xtask test`, and their parts.
//!
//! Everything that a command needs and the machine lacks is installed first (by apt where this is root or has sudo;
//! otherwise the command says what to install and stops).

mod demo;
mod setup;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  demo [ARGS]   build a release binary and run `holdfast demo ARGS`: a cluster to play with, and how to connect
  test          everything that must pass: check, unit and integration tests, SQL files, drivers, crash tests
  check         format, lints, structure (no test is run)
  tidy          structure only: layers between crates, homes of third-party crates, forbidden words
  golden        run the golden tests and overwrite their expectations; review the difference
  build         build the release binary
  setup         install what the other commands need, and nothing else
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let done = match command.as_str() {
        "demo" => demo::run(&rest),
        "test" => test::all(),
        "check" => test::check(),
        "tidy" => tidy::run(),
        "golden" => test::golden(),
        "build" => demo::build().map(|path| println!("{}", path.display())),
        "setup" => setup::all(),
        "" | "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => {
            eprint!("unknown command `{other}`\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("xtask: {e:#}");
            ExitCode::FAILURE
        }
    }
}
