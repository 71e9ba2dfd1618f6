//! `cargo xtask demo`: from a checkout to a running database in one command.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::setup;
use crate::shell::{cargo, output, root, run as run_command};

/// Builds the release binary and runs `holdfast demo` with these arguments.
pub fn run(args: &[String]) -> Result<()> {
    let binary = build()?;
    run_command(Command::new(binary).arg("demo").args(args))
}

/// Builds the release binary; its path.
pub fn build() -> Result<PathBuf> {
    setup::build_tools()?;
    cargo_build()?;
    Ok(target_dir()?.join("release/holdfast"))
}

fn cargo_build() -> Result<()> {
    run_command(setup::cargo_with_rocksdb()?.args(["build", "--release", "--package", "holdfast"]))
}

/// Where cargo puts what it builds.
pub fn target_dir() -> Result<PathBuf> {
    let text = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let dir = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(root().join(dir))
}
