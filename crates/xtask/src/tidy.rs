//! `cargo xtask tidy`: the laws of the structure, read from `cargo metadata` and from the sources.
//!
//! 1. Dependencies point to lower layers only.
//! 2. No crate of the asking half depends on a crate of the keeping half (`range` for tests excepted).
//! 3. Each third-party crate that matters has one home.
//! 4. No `common`, `util`, `core`, `testutil` crates.
//! 5. No `todo!`, no ignored test, no sleeping test, no unwrap in what ships beyond the lints.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::setup::ROCKSDB_SYS;
use crate::shell::{cargo, output, root};

/// The layer of each crate; docs/architecture.md says what each is for.
const LAYERS: &[(&str, u32)] = &[
    ("hybrid-clock", 0),
    ("base", 1),
    ("datum", 2),
    ("proto", 3),
    ("storage", 4),
    ("rpc", 4),
    ("storage-rocks", 5),
    ("range", 5),
    ("router", 5),
    ("replica", 6),
    ("txn", 6),
    ("sql", 6),
    ("exec", 7),
    ("gateway", 8),
    ("server", 9),
    ("holdfast", 10),
    ("xtask", 99),
];

const ASKING: &[&str] = &["gateway", "exec", "sql", "txn", "router"];
const KEEPING: &[&str] = &["replica", "range", "storage", "storage-rocks"];

const HOMES: &[(&str, &[&str])] = &[
    ("pgwire", &["gateway"]),
    ("openraft", &["replica"]),
    ("tonic", &["rpc"]),
    ("rocksdb", &["storage-rocks"]),
];

/// Checks all laws.
pub fn run() -> Result<()> {
    let mut broken = Vec::new();
    crates(&mut broken)?;
    sources(&mut broken)?;
    lock_file(&mut broken)?;
    if !broken.is_empty() {
        bail!("{} law(s) broken:\n  {}", broken.len(), broken.join("\n  "));
    }
    println!("tidy: {} crates in order", LAYERS.len());
    Ok(())
}

fn crates(broken: &mut Vec<String>) -> Result<()> {
    let text = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let layers: BTreeMap<&str, u32> = LAYERS.iter().copied().collect();
    for package in metadata["packages"].as_array().context("cargo metadata without packages")? {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(layer) = layers.get(name) else {
            broken.push(format!("crate `{name}` has no layer in xtask::tidy"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let other = dependency["name"].as_str().unwrap_or_default();
            let dev = dependency["kind"].as_str() == Some("dev");
            broken.extend(judge(name, *layer, other, layers.get(other).copied(), dev));
        }
    }
    Ok(())
}

/// What is wrong with one dependency, if anything.
fn judge(name: &str, layer: u32, other: &str, other_layer: Option<u32>, dev: bool) -> Vec<String> {
    let mut broken = Vec::new();
    if let Some(other_layer) = other_layer {
        // A crate may turn on a feature of its own for its tests.
        if !dev && other_layer >= layer {
            broken.push(format!("`{name}` (layer {layer}) depends on `{other}` (layer {other_layer})"));
        }
        let for_tests = dev && matches!(other, "range" | "storage");
        if ASKING.contains(&name) && KEEPING.contains(&other) && !for_tests {
            broken.push(format!("`{name}` of the asking half depends on `{other}` of the keeping half"));
        }
    }
    for (third_party, homes) in HOMES {
        if other == *third_party && !homes.contains(&name) && !dev {
            broken.push(format!("`{other}` is at home in {homes:?}, not in `{name}`"));
        }
    }
    broken
}

/// Words that may not stand in sources, each split so that this file does not contain it.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("todo", "!(", "unfinished work does not land"),
    ("#[ign", "ore", "no test is skipped"),
    ("thread::sl", "eep", "wait for an event, not for time"),
];

fn sources(broken: &mut Vec<String>) -> Result<()> {
    let mut files = Vec::new();
    for dir in ["crates", "tests"] {
        walk(&root().join(dir), &mut files)?;
    }
    for path in files {
        let text = std::fs::read_to_string(&path)?;
        let shown = path.strip_prefix(root()).unwrap_or(&path).display();
        for (head, tail, why) in FORBIDDEN {
            if text.contains(&format!("{head}{tail}")) {
                broken.push(format!("{shown}: `{head}{tail}`: {why}"));
            }
        }
        let is_lib = path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
        if is_lib && !text.trim_start().starts_with("//!") {
            broken.push(format!("{shown}: a crate opens with `//!`"));
        }
    }
    Ok(())
}

fn walk(dir: &Path, out: &mut Vec<std::path::PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden && !path.ends_with("node_modules") && !path.ends_with("target") {
            walk(&path, out)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    Ok(())
}

fn lock_file(broken: &mut Vec<String>) -> Result<()> {
    let lock =
        std::fs::read_to_string(root().join("Cargo.lock")).context("Cargo.lock is part of the project")?;
    if !lock.contains(&format!("name = \"librocksdb-sys\"\nversion = \"{ROCKSDB_SYS}\"")) {
        broken.push(format!(
            "setup.rs builds RocksDB for librocksdb-sys {ROCKSDB_SYS}, Cargo.lock wants another"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn the_laws_bite() {
        assert_eq!(judge("base", 1, "sql", Some(6), false).len(), 1, "upwards");
        assert_eq!(judge("router", 5, "range", Some(5), false).len(), 2, "sideways, and across the halves");
        assert_eq!(judge("exec", 7, "range", Some(5), false).len(), 1, "across the halves");
        assert_eq!(judge("exec", 7, "range", Some(5), true).len(), 0, "tests may use LocalKv");
        assert_eq!(judge("exec", 7, "replica", Some(6), true).len(), 1, "but not replicas");
        assert_eq!(judge("txn", 6, "openraft", None, false).len(), 1, "away from home");
        assert_eq!(judge("replica", 6, "openraft", None, false).len(), 0, "at home");
    }
}
