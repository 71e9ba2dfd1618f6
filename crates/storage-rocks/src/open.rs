//! Opens a data directory, or says in one line why not.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rocksdb::DB;
use storage::{Engine, Engines, Space};

use crate::engine::{Durability, RocksEngine};
use crate::error::{OpenError, io_error, open_error};
use crate::options::Options;
use crate::room::Room;

const FORMAT_FILE: &str = "FORMAT";
const FORMAT_VERSION: u64 = 1;
const TITLE: &str = "holdfast data directory";

/// The engines of a data directory.
#[derive(Clone)]
pub struct RocksEngines {
    /// What has been applied.
    pub data: RocksEngine,
    /// Raft logs and votes.
    pub log: RocksEngine,
    /// Whether the directory was made by this call.
    pub created: bool,
}

impl RocksEngines {
    /// As the rest of a node knows them.
    pub fn engines(&self) -> Engines {
        Engines { data: Arc::new(self.data.clone()), log: Arc::new(self.log.clone()) }
    }

    /// The clean end: everything is durable when it returns, so that the next start replays nothing. Snapshots and
    /// cursors may live on; the directory is free once they are gone too.
    pub fn close(self) -> storage::Result<()> {
        self.data.sync()?;
        self.log.sync()
    }
}

/// Opens the data directory at `path`; makes it if there is nothing. It is locked until the last engine, snapshot
/// and cursor is gone.
pub fn open(path: &Path, options: &Options) -> Result<RocksEngines, OpenError> {
    fs::create_dir_all(path).map_err(|e| match e.kind() {
        // A file lies there, or on the way there.
        io::ErrorKind::AlreadyExists => {
            OpenError::NoDirectory { path: path.to_owned(), why: "a file is in its place".into() }
        }
        _ => io_error(path, &e),
    })?;
    let state = match read_format(path)? {
        Some(state) => state,
        None => {
            if !is_empty(path).map_err(|e| io_error(path, &e))? {
                return Err(OpenError::Foreign(path.to_owned()));
            }
            write_format(path, State::Creating)?;
            State::Creating
        }
    };
    probe(path)?;

    let created = state == State::Creating;
    let cache = options.cache();
    let instance = |name: &str, durability, spaces: Vec<Space>| -> Result<RocksEngine, OpenError> {
        let at = path.join(name);
        let settings = options.instance(durability, created).map_err(|e| open_error(path, &e))?;
        let mut families: Vec<_> = spaces.iter().map(|space| options.column_family(*space, &cache)).collect();
        // RocksDB insists on this one; it stays empty.
        families.push(rocksdb::ColumnFamilyDescriptor::new("default", rocksdb::Options::default()));
        let db = DB::open_cf_descriptors(&settings, &at, families).map_err(|e| open_error(path, &e))?;
        let room = Room::new(&at, options.free_bytes.clone(), options.free_bytes_min);
        Ok(RocksEngine::new(db, durability, spaces, room))
    };
    let log = instance("log", Durability::Log, vec![Space::Log])?;
    let data = instance("data", Durability::Flush, vec![Space::Mvcc, Space::Local])?;
    if created {
        write_format(path, State::Ready)?;
    }
    Ok(RocksEngines { data, log, created })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The instances may be incomplete, and hold nothing.
    Creating,
    /// Both instances exist; if one does not, it was lost.
    Ready,
}

/// What the directory says of itself; `None` if it says nothing.
fn read_format(path: &Path) -> Result<Option<State>, OpenError> {
    let text = match fs::read_to_string(path.join(FORMAT_FILE)) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == io::ErrorKind::InvalidData => return Err(OpenError::Foreign(path.to_owned())),
        Err(e) => return Err(io_error(path, &e)),
    };
    let mut lines = text.lines();
    if lines.next() != Some(TITLE) {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    let damaged = || OpenError::Corrupt { path: path.to_owned(), why: format!("{FORMAT_FILE} is damaged") };
    let found = lines.next().and_then(|line| line.strip_prefix("format ")).and_then(|n| n.parse().ok());
    let found: u64 = found.ok_or_else(damaged)?;
    if found == 0 || found > FORMAT_VERSION {
        return Err(OpenError::UnknownFormat { path: path.to_owned(), found, known: FORMAT_VERSION });
    }
    match lines.next() {
        Some("state creating") => Ok(Some(State::Creating)),
        Some("state ready") => Ok(Some(State::Ready)),
        _ => Err(damaged()),
    }
}

/// Writes what the directory says of itself, whole or not at all.
fn write_format(path: &Path, state: State) -> Result<(), OpenError> {
    let state = match state {
        State::Creating => "creating",
        State::Ready => "ready",
    };
    let text = format!("{TITLE}\nformat {FORMAT_VERSION}\nstate {state}\n");
    let write = || -> io::Result<()> {
        let temporary = temporary(path);
        let mut file = fs::File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path.join(FORMAT_FILE))?;
        fs::File::open(path)?.sync_all()?;
        // The directory itself must be found again, too.
        match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => fs::File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|e| io_error(path, &e))
}

/// Whether a file can be made there: a read-only or full device is better found here than in the middle.
fn probe(path: &Path) -> Result<(), OpenError> {
    let at = temporary(path);
    fs::File::create(&at).and_then(|_| fs::remove_file(&at)).map_err(|e| io_error(path, &e))
}

fn temporary(path: &Path) -> PathBuf {
    path.join(format!("{FORMAT_FILE}.tmp"))
}

/// Whether nothing lies in the directory, apart from what an interrupted start and a fresh file system leave.
fn is_empty(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if name != "lost+found" && name.to_str() != temporary(path).file_name().and_then(|name| name.to_str())
        {
            return Ok(false);
        }
    }
    Ok(true)
}
