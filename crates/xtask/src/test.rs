//! `cargo xtask test`: everything that must pass.

use std::process::Command;

use anyhow::Result;

use crate::shell::{cache_dir, cargo, root, run};
use crate::{demo, setup, tidy};

/// Check, then every test: unit and integration tests of all crates, then the drivers against a running node.
pub fn all() -> Result<()> {
    setup::build_tools()?;
    setup::test_tools()?;
    check()?;
    run(setup::cargo_with_rocksdb()?.args(["test", "--workspace", "--no-fail-fast"]))?;
    end_to_end()
}

/// Format, lints and structure.
pub fn check() -> Result<()> {
    setup::build_tools()?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    tidy::run()?;
    run(setup::cargo_with_rocksdb()?.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// Overwrites the expectations of golden tests.
pub fn golden() -> Result<()> {
    run(setup::cargo_with_rocksdb()?.env("UPDATE_GOLDENFILES", "1").args(["test", "--workspace", "golden"]))
}

/// Tests that drive the binary from outside: psql, drivers, SQL files. They live in `tests/`.
fn end_to_end() -> Result<()> {
    run(setup::cargo_with_rocksdb()?.args(["build", "--package", "holdfast"]))?;
    let binary = demo::target_dir()?.join("debug/holdfast");
    let venv = cache_dir()?.join("venv");
    if !venv.join("bin/python").is_file() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    let requirements = root().join("tests/requirements.txt");
    run(Command::new(venv.join("bin/python")).args(["-m", "pip", "install", "-q", "-r"]).arg(requirements))?;
    run(Command::new(venv.join("bin/python"))
        .current_dir(root().join("tests"))
        .args(["-m", "pytest", "-q", "-n", "2"])
        .env("HOLDFAST_BIN", binary)
        .env("HOLDFAST_CACHE", cache_dir()?))
}
