//! Installing what is missing.
//!
//! RocksDB takes half an hour of CPU to compile, so it is compiled once per machine, in one profile, into a static
//! library outside every target directory; cargo finds it again by `ROCKSDB_LIB_DIR`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{cache_dir, cargo, has, output, run};

/// Must match `librocksdb-sys` in Cargo.lock; [`crate::tidy`] holds it against that.
pub const ROCKSDB_SYS: &str = "0.19.0+11.8.1";

/// Everything that any command needs.
pub fn all() -> Result<()> {
    build_tools()?;
    test_tools()?;
    rocksdb().map(drop)
}

/// Debian packages for building.
pub fn build_tools() -> Result<()> {
    let mut packages = Vec::new();
    if !has("g++") {
        packages.push("g++");
    }
    if !has_libclang() {
        packages.push("libclang-dev");
    }
    apt(&packages)
}

/// Debian packages for testing: psql, pgbench, and what the drivers run on.
pub fn test_tools() -> Result<()> {
    let mut packages = Vec::new();
    if !has("psql") {
        packages.push("postgresql-client");
    }
    if !has("pgbench") {
        packages.push("postgresql-contrib");
    }
    if !has("python3") {
        packages.push("python3");
    }
    if !has("npm") || !has("node") {
        packages.extend(["nodejs", "npm"]);
    }
    apt(&packages)
}

/// A command of cargo that finds the RocksDB library.
pub fn cargo_with_rocksdb() -> Result<Command> {
    let dir = rocksdb()?;
    let mut command = cargo();
    command.env("ROCKSDB_LIB_DIR", dir).env("ROCKSDB_STATIC", "1");
    Ok(command)
}

/// The folder of `librocksdb.a`, which is compiled if it is not there yet.
pub fn rocksdb() -> Result<PathBuf> {
    let version = ROCKSDB_SYS.split_once('+').map_or(ROCKSDB_SYS, |(_, rocks)| rocks);
    let dir = cache_dir()?.join(format!("rocksdb-{version}"));
    if dir.join("librocksdb.a").is_file() {
        return Ok(dir);
    }
    println!("compiling RocksDB {version} once, into {} (about 15 minutes on two cores)", dir.display());
    let work = cache_dir()?.join("rocksdb-build");
    std::fs::create_dir_all(work.join("src"))?;
    std::fs::write(work.join("src/lib.rs"), "")?;
    let crate_version = ROCKSDB_SYS.split_once('+').map_or(ROCKSDB_SYS, |(sys, _)| sys);
    let manifest = format!(
        "[package]\nname = \"rocksdb-build\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n\
         [dependencies]\nlibrocksdb-sys = {{ version = \"={crate_version}\", default-features = false, \
         features = [\"lz4\", \"zstd\", \"static\"] }}\n[profile.release]\ndebug = false\n"
    );
    std::fs::write(work.join("Cargo.toml"), manifest)?;
    let target = work.join("target");
    run(cargo()
        .current_dir(&work)
        .args(["build", "--release"])
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("ROCKSDB_LIB_DIR")
        .env_remove("ROCKSDB_STATIC"))?;
    let built =
        find(&target.join("release/build"), "librocksdb.a").context("RocksDB's build left no library")?;
    std::fs::create_dir_all(&dir)?;
    // Under another name first: a copy that was cut short must not be taken for the library.
    let partial = dir.join("librocksdb.a.partial");
    std::fs::copy(built, &partial)?;
    std::fs::rename(&partial, dir.join("librocksdb.a"))?;
    std::fs::remove_dir_all(&target)?;
    Ok(dir)
}

fn find(dir: &Path, name: &str) -> Option<PathBuf> {
    std::fs::read_dir(dir)
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("out").join(name))
        .find(|path| path.is_file())
}

fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let in_dir = |dir: &Path| {
        std::fs::read_dir(dir).is_ok_and(|entries| {
            entries.flatten().any(|e| e.file_name().to_string_lossy().starts_with("libclang"))
        })
    };
    let llvm = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    llvm.map(|e| e.path())
        .filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("llvm-")))
        .any(|path| in_dir(&path.join("lib")))
}

fn apt(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let wanted = packages.join(" ");
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let sudo = has("sudo") && Command::new("sudo").args(["-n", "true"]).status().is_ok_and(|s| s.success());
    if !has("apt-get") || !(root || sudo) {
        bail!("please install {wanted} (on Debian: sudo apt-get install {wanted}), then try again");
    }
    let apt_get = || {
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.args(["-n", "apt-get"]);
        }
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    run(apt_get().args(["update", "-qq"]))?;
    run(apt_get().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}
