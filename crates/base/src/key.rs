//! [`Key`] and [`Span`]: byte strings in one ordered keyspace, and half-open intervals of it.

use std::fmt;

use bytes::Bytes;

/// A key of the one ordered keyspace. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key(Bytes);

impl Key {
    /// The least key.
    pub const MIN: Key = Key(Bytes::new());
    /// Above every key that is stored. As the end of a span it means "to the end of the keyspace".
    pub const MAX: Key = Key(Bytes::from_static(&[0xff, 0xff]));

    /// A key of these bytes.
    pub fn new(bytes: impl Into<Bytes>) -> Key {
        Key(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, shared.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// The least key above this one.
    pub fn next(&self) -> Key {
        let mut out = Vec::with_capacity(self.0.len() + 1);
        out.extend_from_slice(&self.0);
        out.push(0);
        Key(out.into())
    }

    /// The least key above every key that begins with this one; [`Key::MAX`] if there is none below it.
    pub fn prefix_end(&self) -> Key {
        let mut out = self.0.to_vec();
        while let Some(last) = out.pop() {
            if last != 0xff {
                out.push(last + 1);
                return Key(out.into());
            }
        }
        Key::MAX
    }
}

impl From<Vec<u8>> for Key {
    fn from(bytes: Vec<u8>) -> Key {
        Key(bytes.into())
    }
}

impl From<Bytes> for Key {
    fn from(bytes: Bytes) -> Key {
        Key(bytes)
    }
}

impl From<&[u8]> for Key {
    fn from(bytes: &[u8]) -> Key {
        Key(Bytes::copy_from_slice(bytes))
    }
}

impl std::borrow::Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A half-open interval `[start, end)` of keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first key inside.
    pub start: Key,
    /// The first key beyond.
    pub end: Key,
}

impl Span {
    /// `[start, end)`.
    pub fn new(start: Key, end: Key) -> Span {
        Span { start, end }
    }

    /// Just this key.
    pub fn point(key: Key) -> Span {
        let end = key.next();
        Span { start: key, end }
    }

    /// Every key that begins with this one.
    pub fn prefix(key: Key) -> Span {
        let end = key.prefix_end();
        Span { start: key, end }
    }

    /// The whole keyspace.
    pub fn all() -> Span {
        Span { start: Key::MIN, end: Key::MAX }
    }

    /// Whether nothing lies inside.
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// Whether it is exactly one key.
    pub fn is_point(&self) -> bool {
        let (start, end) = (self.start.as_bytes(), self.end.as_bytes());
        end.len() == start.len() + 1 && end.last() == Some(&0) && end.starts_with(start)
    }

    /// Whether the key lies inside.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.start.as_bytes() <= key && key < self.end.as_bytes()
    }

    /// Whether all of the other span lies inside.
    pub fn contains_span(&self, other: &Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether they share a key.
    pub fn overlaps(&self, other: &Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// What both share, if anything.
    pub fn intersect(&self, other: &Span) -> Option<Span> {
        let start = self.start.clone().max(other.start.clone());
        let end = self.end.clone().min(other.end.clone());
        (start < end).then_some(Span { start, end })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
