//! The data directory: one process at a time, and only one that is ours.
//!
//! ```text
//!   DIR/LOCK       held while a process uses the directory
//!   DIR/IDENTITY   format version, cluster id, node id: written last when a directory is first used
//!   DIR/…          the engine's files
//! ```
#![allow(clippy::disallowed_methods)] // The binary is where the real file system is.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use base::NodeId;
use fs2::FileExt as _;

const FORMAT: &str = "holdfast data directory, format 1";

/// A locked data directory.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    identity: Option<Identity>,
    _lock: File,
}

/// Whose data they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The cluster.
    pub cluster: u128,
    /// The node.
    pub node: NodeId,
}

impl DataDir {
    /// Locks the directory, which is made if it is missing.
    ///
    /// # Errors
    /// If it cannot be made or written, is in use, or holds something that is not ours.
    pub fn open(path: &Path) -> Result<DataDir> {
        let shown = path.display();
        std::fs::create_dir_all(path)
            .map_err(|e| anyhow!("cannot make data directory {shown}: {}", cause(&e)))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("LOCK"))
            .map_err(|e| anyhow!("cannot write to data directory {shown}: {}", cause(&e)))?;
        if let Err(e) = lock.try_lock_exclusive() {
            if e.kind() == fs2::lock_contended_error().kind() {
                bail!(
                    "data directory {shown} is in use by another process: stop it, or choose another --data-dir"
                );
            }
            bail!("cannot lock data directory {shown}: {}", cause(&e));
        }
        let identity = match std::fs::read_to_string(path.join("IDENTITY")) {
            Ok(text) => Some(parse(&text).with_context(|| format!("data directory {shown}"))?),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                only_ours(path)?;
                None
            }
            Err(e) => bail!("cannot read {shown}/IDENTITY: {}", cause(&e)),
        };
        Ok(DataDir { path: path.to_owned(), identity, _lock: lock })
    }

    /// Whose data they are; `None` if the directory was never used (or its first use was cut short).
    pub fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// Where the engine keeps its files.
    pub fn engine(&self) -> PathBuf {
        self.path.join("engine")
    }

    /// Where what may be lost at a restart is kept. Emptied now.
    ///
    /// # Errors
    /// If it cannot be emptied.
    pub fn temporary(&self) -> Result<PathBuf> {
        let path = self.path.join("tmp");
        match std::fs::remove_dir_all(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                bail!("cannot empty {}: {}", path.display(), cause(&e))
            }
            _ => {}
        }
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(path)
    }

    /// Removes what a first use that was cut short has left.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn clear_unused(&self) -> Result<()> {
        if self.identity.is_none() && self.engine().exists() {
            let engine = self.engine();
            std::fs::remove_dir_all(&engine)
                .with_context(|| format!("cannot remove {}", engine.display()))?;
        }
        Ok(())
    }

    /// Records whose data they are, durably.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn identify(&mut self, identity: Identity) -> Result<()> {
        let text = format!("{FORMAT}\ncluster {:032x}\nnode {}\n", identity.cluster, identity.node.0);
        let write = || -> std::io::Result<()> {
            let partial = self.path.join("IDENTITY.partial");
            let mut file = File::create(&partial)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&partial, self.path.join("IDENTITY"))?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|e| anyhow!("cannot write {}/IDENTITY: {}", self.path.display(), cause(&e)))?;
        self.identity = Some(identity);
        Ok(())
    }
}

fn cause(e: &std::io::Error) -> String {
    match e.kind() {
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "it is not a directory".to_owned(),
        _ => e.to_string(),
    }
}

/// A directory without an identity may hold only what a first use that was cut short leaves.
fn only_ours(path: &Path) -> Result<()> {
    const OURS: &[&str] = &["LOCK", "IDENTITY.partial", "engine", "tmp", "lost+found"];
    for entry in std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let name = entry?.file_name();
        if !OURS.iter().any(|ours| name == *ours) {
            bail!(
                "{} is not a data directory of Holdfast: it holds {}; choose an empty --data-dir",
                path.display(),
                name.to_string_lossy()
            );
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Identity> {
    let mut lines = text.lines();
    let format = lines.next().unwrap_or_default();
    if format != FORMAT {
        bail!("IDENTITY is of another version of Holdfast (`{format}`), or corrupt");
    }
    let cluster =
        lines.next().and_then(|l| l.strip_prefix("cluster ")).and_then(|h| u128::from_str_radix(h, 16).ok());
    let node = lines.next().and_then(|l| l.strip_prefix("node ")).and_then(|n| n.parse().ok());
    match (cluster, node, lines.next()) {
        (Some(cluster), Some(node), None) => Ok(Identity { cluster, node: NodeId(node) }),
        _ => bail!("IDENTITY is corrupt"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_used_by_one_process_and_remembers_whose_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity { cluster: 7, node: NodeId(3) };
        {
            let mut first = DataDir::open(dir.path()).unwrap();
            assert_eq!(first.identity(), None);
            let second = DataDir::open(dir.path()).unwrap_err().to_string();
            assert!(second.contains("in use"), "{second}");
            first.identify(identity).unwrap();
        }
        assert_eq!(DataDir::open(dir.path()).unwrap().identity(), Some(identity));
    }

    #[test]
    fn foreign_and_corrupt_directories_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("PG_VERSION"), "15\n").unwrap();
        let foreign = DataDir::open(dir.path()).unwrap_err().to_string();
        assert!(foreign.contains("PG_VERSION"), "{foreign}");
        for text in ["", "holdfast data directory, format 2\n", &format!("{FORMAT}\ncluster 1\n")] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("IDENTITY"), text).unwrap();
            let corrupt = format!("{:#}", DataDir::open(dir.path()).unwrap_err());
            assert!(corrupt.contains("IDENTITY"), "{corrupt}");
        }
        let file = dir.path().join("PG_VERSION");
        let not_a_dir = DataDir::open(&file).unwrap_err().to_string();
        assert!(not_a_dir.contains("not a directory"), "{not_a_dir}");
    }
}
