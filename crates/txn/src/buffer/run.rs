//! [`Run`]: a part of a write buffer in a temporary file, sorted by key.
//!
//! ```text
//!   block  = entry…  crc32c         about 16 KiB; index (first key, offset) and a Bloom filter stay in memory
//!   entry  = key length, key, versions, then for each: number, 0 | 1 value length, value     (varints)
//! ```
//!
//! A file is unlinked as soon as it is open, so it goes when its run is dropped, even by `kill -9`; whatever an
//! unlucky crash leaves between the two calls is removed when the directory is opened the next time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Key, Span};
use bytes::Bytes;

use super::{Sequence, Version};
use crate::error::Error;

const BLOCK_BYTES: usize = 16 << 10;
const SUFFIX: &str = ".spill";
/// Ten bits and seven probes for each key: about one wrong positive in a hundred.
const BLOOM_BITS: usize = 10;
const BLOOM_PROBES: u32 = 7;

/// The directory of temporary files of one process.
#[derive(Debug)]
pub struct SpillDir {
    path: PathBuf,
    next: AtomicU64,
}

impl SpillDir {
    /// Makes the directory if need be, and removes what an earlier process has left there.
    ///
    /// # Errors
    /// If it cannot be made, listed or emptied.
    pub fn open(path: &Path) -> Result<Arc<SpillDir>, Error> {
        let opened = || -> io::Result<()> {
            fs::create_dir_all(path)?;
            for entry in fs::read_dir(path)? {
                let file = entry?.path();
                if file.to_string_lossy().ends_with(SUFFIX) {
                    fs::remove_file(file)?;
                }
            }
            Ok(())
        };
        opened().map_err(io_error)?;
        Ok(Arc::new(SpillDir { path: path.to_path_buf(), next: AtomicU64::new(0) }))
    }

    fn create(&self) -> io::Result<File> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(format!("{number}{SUFFIX}"));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
        fs::remove_file(&path)?;
        Ok(file)
    }
}

fn io_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull,
        _ => Error::Io(error.to_string()),
    }
}

fn damaged() -> Error {
    Error::Io("a temporary file does not hold what was written".into())
}

struct Block {
    first: Key,
    offset: u64,
    len: usize,
}

/// A sorted run in a temporary file.
pub(crate) struct Run {
    file: File,
    blocks: Vec<Block>,
    last: Key,
    bloom: Bloom,
    memory_bytes: u64,
}

impl Run {
    /// What its index and filter cost in memory.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    pub fn overlaps(&self, span: &Span) -> bool {
        self.blocks.first().is_some_and(|block| block.first < span.end) && span.start <= self.last
    }

    /// The versions of a key, newest first.
    pub fn get(&self, key: &Key) -> Result<Option<Vec<Version>>, Error> {
        if !self.bloom.may_contain(key) {
            return Ok(None);
        }
        let Some(block) = self.blocks.partition_point(|b| b.first <= *key).checked_sub(1) else {
            return Ok(None);
        };
        let entries = self.read(block)?;
        let found = entries.binary_search_by(|(k, _)| k.cmp(key)).ok();
        Ok(found.and_then(|i| entries.into_iter().nth(i)).map(|(_, versions)| versions))
    }

    pub fn cursor(&self, span: &Span, reverse: bool) -> RunCursor<'_> {
        let low = self.blocks.partition_point(|b| b.first <= span.start).saturating_sub(1);
        let high = self.blocks.partition_point(|b| b.first < span.end);
        RunCursor { run: self, span: span.clone(), low, high, reverse, entries: Vec::new() }
    }

    fn read(&self, block: usize) -> Result<Vec<(Key, Vec<Version>)>, Error> {
        let Some(block) = self.blocks.get(block) else { return Ok(Vec::new()) };
        let mut raw = vec![0; block.len];
        self.file.read_exact_at(&mut raw, block.offset).map_err(io_error)?;
        let body = Bytes::from(raw);
        let Some(split) = body.len().checked_sub(4) else { return Err(damaged()) };
        let sum = crc32c::crc32c(&body[..split]).to_le_bytes();
        if body[split..] != sum {
            return Err(damaged());
        }
        let body = body.slice(..split);
        let mut at = 0;
        let mut entries = Vec::new();
        while at < body.len() {
            let entry = decode(&body, &mut at).ok_or_else(damaged)?;
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Walks a run's entries within a span.
pub(crate) struct RunCursor<'a> {
    run: &'a Run,
    span: Span,
    /// Blocks not yet read: `low..high`.
    low: usize,
    high: usize,
    reverse: bool,
    /// Of the current block, the next one last.
    entries: Vec<(Key, Vec<Version>)>,
}

impl RunCursor<'_> {
    pub fn next(&mut self) -> Result<Option<(Key, Vec<Version>)>, Error> {
        loop {
            while let Some((key, versions)) = self.entries.pop() {
                if self.span.contains(key.as_bytes()) {
                    return Ok(Some((key, versions)));
                }
            }
            if self.low >= self.high {
                return Ok(None);
            }
            if self.reverse {
                self.high -= 1;
                self.entries = self.run.read(self.high)?;
            } else {
                self.entries = self.run.read(self.low)?;
                self.entries.reverse();
                self.low += 1;
            }
        }
    }
}

/// Writes a run, in key order.
pub(crate) struct RunWriter {
    file: File,
    out: Vec<u8>,
    block: Vec<u8>,
    block_first: Option<Key>,
    offset: u64,
    blocks: Vec<Block>,
    last: Key,
    bloom: Bloom,
    memory_bytes: u64,
}

impl RunWriter {
    pub fn create(dir: &SpillDir, keys: usize) -> Result<RunWriter, Error> {
        let file = dir.create().map_err(io_error)?;
        let bloom = Bloom::new(keys);
        Ok(RunWriter {
            file,
            out: Vec::with_capacity(1 << 20),
            block: Vec::with_capacity(BLOCK_BYTES * 2),
            block_first: None,
            offset: 0,
            blocks: Vec::new(),
            last: Key::MIN,
            memory_bytes: bloom.bits.len() as u64 * 8,
            bloom,
        })
    }

    pub fn push(&mut self, key: &Key, versions: &[&Version]) -> Result<(), Error> {
        if self.block_first.is_none() {
            // A copy: a slice would keep the whole row's allocation alive.
            self.block_first = Some(Key::from(key.as_bytes()));
        }
        self.bloom.add(key);
        put_varint(&mut self.block, key.as_bytes().len() as u64);
        self.block.extend_from_slice(key.as_bytes());
        put_varint(&mut self.block, versions.len() as u64);
        for version in versions {
            put_varint(&mut self.block, version.seq);
            match &version.value {
                None => self.block.push(0),
                Some(value) => {
                    self.block.push(1);
                    put_varint(&mut self.block, value.len() as u64);
                    self.block.extend_from_slice(value);
                }
            }
        }
        if self.block.len() >= BLOCK_BYTES {
            self.last = key.clone();
            self.end_block()?;
        } else {
            self.last = key.clone();
        }
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), Error> {
        let Some(first) = self.block_first.take() else { return Ok(()) };
        let sum = crc32c::crc32c(&self.block).to_le_bytes();
        self.block.extend_from_slice(&sum);
        self.memory_bytes += first.as_bytes().len() as u64 + 64;
        self.blocks.push(Block { first, offset: self.offset, len: self.block.len() });
        self.offset += self.block.len() as u64;
        self.out.append(&mut self.block);
        if self.out.len() >= 1 << 20 {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file.write_all(&self.out).map_err(io_error)?;
        self.out.clear();
        Ok(())
    }

    /// The run; `None` if nothing was pushed.
    pub fn finish(mut self) -> Result<Option<Run>, Error> {
        self.end_block()?;
        self.flush()?;
        if self.blocks.is_empty() {
            return Ok(None);
        }
        Ok(Some(Run {
            file: self.file,
            blocks: self.blocks,
            last: Key::from(self.last.as_bytes()),
            bloom: self.bloom,
            memory_bytes: self.memory_bytes,
        }))
    }
}

fn decode(body: &Bytes, at: &mut usize) -> Option<(Key, Vec<Version>)> {
    let key = Key::from(take_slice(body, at)?);
    let count = usize::try_from(take_varint(body, at)?).ok()?;
    let mut versions = Vec::with_capacity(count.min(16));
    for _ in 0..count {
        let seq: Sequence = take_varint(body, at)?;
        let tag = *body.get(*at)?;
        *at += 1;
        let value = match tag {
            0 => None,
            1 => Some(take_slice(body, at)?),
            _ => return None,
        };
        versions.push(Version { seq, value });
    }
    Some((key, versions))
}

fn take_slice(body: &Bytes, at: &mut usize) -> Option<Bytes> {
    let len = usize::try_from(take_varint(body, at)?).ok()?;
    let end = at.checked_add(len).filter(|end| *end <= body.len())?;
    let slice = body.slice(*at..end);
    *at = end;
    Some(slice)
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(body: &Bytes, at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *body.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

struct Bloom {
    bits: Vec<u64>,
}

impl Bloom {
    fn new(keys: usize) -> Bloom {
        Bloom { bits: vec![0; (keys * BLOOM_BITS).div_ceil(64).max(1)] }
    }

    fn probes(&self, key: &Key) -> impl Iterator<Item = (usize, u64)> + use<> {
        let count = self.bits.len() as u64 * 64;
        let hash = hash(key.as_bytes());
        let (mut at, step) = (hash, hash.rotate_left(32) | 1);
        (0..BLOOM_PROBES).map(move |_| {
            at = at.wrapping_add(step);
            let bit = at % count;
            ((bit / 64) as usize, 1u64 << (bit % 64))
        })
    }

    fn add(&mut self, key: &Key) {
        for (word, bit) in self.probes(key) {
            self.bits[word] |= bit;
        }
    }

    fn may_contain(&self, key: &Key) -> bool {
        self.probes(key).all(|(word, bit)| self.bits[word] & bit != 0)
    }
}

/// A 64-bit hash of bytes: eight at a time, mixed by multiplication.
fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 32;
    }
    state
}
