//! Messages from the client: framed, bounded and checked before the protocol library's decoder sees them.
//!
//! ```text
//!   bytes ──► [type][length][body] ──► shape of the body right? ──► pgwire's decoder ──► Frame::Message
//!                  │ longer than allowed                └─ no ──► 08P01, connection ends
//!                  └──► body skipped as it comes, Frame::TooLong (54000; the session goes on)
//! ```
//! The decoder trusts counts, lengths and UTF-8 inside a body; a hostile client must not get that far.

use bytes::{Buf, Bytes, BytesMut};
use datum::error::sqlstate;
use datum::{Error, Result};
use pgwire::messages::{DecodeContext, PgWireFrontendMessage, ProtocolVersion};

/// What came off the wire.
#[derive(Debug)]
pub enum Frame {
    /// A message.
    Message(Box<PgWireFrontendMessage>),
    /// Part of a COPY.
    CopyData(Bytes),
    /// A message whose text is not UTF-8: it belongs to the extended protocol or not.
    Invalid {
        /// Parse, Bind …: the client will send Sync.
        extended: bool,
        /// What to say.
        error: Error,
    },
    /// A message longer than the limit; its body has been skipped.
    TooLong {
        /// Parse, Bind …: the client will send Sync.
        extended: bool,
        /// Its length in bytes.
        bytes: u64,
    },
}

/// Takes frames off a buffer.
#[derive(Debug)]
pub struct Framer {
    bytes_max: usize,
    context: DecodeContext,
    skip: Option<Skip>,
}

#[derive(Debug)]
struct Skip {
    left: u64,
    bytes: u64,
    extended: bool,
}

const HEADER: usize = 5;

impl Framer {
    /// Frames of at most `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Framer {
        let mut context = DecodeContext::new(ProtocolVersion::PROTOCOL3_0);
        context.awaiting_frontend_ssl = false;
        context.awaiting_frontend_startup = false;
        Framer { bytes_max, context, skip: None }
    }

    /// Whether the next message is known to be a Sync.
    pub fn next_is_sync(&self, buf: &BytesMut) -> bool {
        self.skip.is_none() && buf.first() == Some(&b'S')
    }

    /// The next frame, or `None` if more bytes are needed.
    ///
    /// # Errors
    /// 08P01 if the bytes are no message: the connection cannot go on.
    pub fn next(&mut self, buf: &mut BytesMut) -> Result<Option<Frame>> {
        if let Some(skip) = &mut self.skip {
            let n = (buf.len() as u64).min(skip.left);
            buf.advance(n as usize);
            skip.left -= n;
            if skip.left > 0 {
                return Ok(None);
            }
            let frame = Frame::TooLong { extended: skip.extended, bytes: skip.bytes };
            self.skip = None;
            return Ok(Some(frame));
        }
        let Some(length) = length(buf) else { return Ok(None) };
        let kind = buf[0];
        if !b"QPBDECHSXdcfpF".contains(&kind) {
            return Err(violation(format!("invalid frontend message type {kind}")));
        }
        if length < 4 {
            return Err(violation("invalid message length"));
        }
        if length > self.bytes_max {
            buf.advance(HEADER);
            self.skip =
                Some(Skip { left: length as u64 - 4, bytes: length as u64, extended: is_extended(kind) });
            return self.next(buf);
        }
        if buf.len() < length + 1 {
            // The whole message will be needed in one piece; room for it all saves growing step by step.
            buf.reserve(length + 1 - buf.len());
            return Ok(None);
        }
        let mut frame = buf.split_to(length + 1);
        if kind == b'd' {
            return Ok(Some(Frame::CopyData(frame.split_off(HEADER).freeze())));
        }
        match check(kind, &frame[HEADER..]) {
            Ok(()) => {}
            Err(Malformed::Shape) => {
                return Err(violation(format!("invalid message format ({})", kind as char)));
            }
            Err(Malformed::Utf8 { at }) => {
                return Ok(Some(Frame::Invalid {
                    extended: is_extended(kind),
                    error: not_utf8(&frame[HEADER..], at),
                }));
            }
        }
        if kind == b'F' {
            return Err(Error::unsupported("fastpath function call"));
        }
        match PgWireFrontendMessage::decode(&mut frame, &self.context) {
            Ok(Some(message)) => Ok(Some(Frame::Message(Box::new(message)))),
            Ok(None) | Err(_) => Err(violation(format!("invalid message format ({})", kind as char))),
        }
    }
}

fn length(buf: &BytesMut) -> Option<usize> {
    let bytes = buf.get(1..HEADER)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?) as usize)
}

fn is_extended(kind: u8) -> bool {
    b"PBDECH".contains(&kind)
}

fn violation(what: impl Into<String>) -> Error {
    Error::new(sqlstate::PROTOCOL_VIOLATION, what)
}

fn not_utf8(body: &[u8], at: usize) -> Error {
    let bad = body.get(at..).unwrap_or_default();
    let shown: Vec<String> = bad.iter().take(utf8_length(bad)).map(|b| format!("0x{b:02x}")).collect();
    Error::new(
        sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
        format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")),
    )
}

/// How many bytes the sequence that begins here claims to have: what PostgreSQL shows of a wrong one.
fn utf8_length(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    }
}

/// Why a body is not what its type says.
#[derive(Debug, PartialEq, Eq)]
enum Malformed {
    Shape,
    Utf8 { at: usize },
}

/// Walks over a body as the decoder will.
fn check(kind: u8, body: &[u8]) -> std::result::Result<(), Malformed> {
    let mut r = Reader { body, at: 0 };
    match kind {
        b'Q' | b'f' => r.string()?,
        b'P' => {
            r.string()?;
            r.string()?;
            let types = r.count()?;
            r.skip(types * 4)?;
        }
        b'B' => {
            r.string()?;
            r.string()?;
            let formats = r.count()?;
            r.skip(formats * 2)?;
            for _ in 0..r.count()? {
                let length = r.i32()?;
                match usize::try_from(length) {
                    Ok(length) => r.skip(length)?,
                    Err(_) if length == -1 => {}
                    Err(_) => return Err(Malformed::Shape),
                }
            }
            let formats = r.count()?;
            r.skip(formats * 2)?;
        }
        b'D' | b'C' => {
            r.skip(1)?;
            r.string()?;
        }
        b'E' => {
            r.string()?;
            r.i32()?;
        }
        b'H' | b'S' | b'X' | b'c' => {}
        // Authentication answers and fastpath calls are judged where they are understood.
        _ => return Ok(()),
    }
    if r.at == body.len() { Ok(()) } else { Err(Malformed::Shape) }
}

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn skip(&mut self, n: usize) -> std::result::Result<(), Malformed> {
        self.at = self.at.checked_add(n).filter(|at| *at <= self.body.len()).ok_or(Malformed::Shape)?;
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> std::result::Result<[u8; N], Malformed> {
        let from = self.at;
        self.skip(N)?;
        self.body[from..self.at].try_into().map_err(|_| Malformed::Shape)
    }

    fn count(&mut self) -> std::result::Result<usize, Malformed> {
        Ok(usize::from(u16::from_be_bytes(self.take()?)))
    }

    fn i32(&mut self) -> std::result::Result<i32, Malformed> {
        Ok(i32::from_be_bytes(self.take()?))
    }

    fn string(&mut self) -> std::result::Result<(), Malformed> {
        let rest = &self.body[self.at..];
        let end = rest.iter().position(|b| *b == 0).ok_or(Malformed::Shape)?;
        if let Err(e) = std::str::from_utf8(&rest[..end]) {
            return Err(Malformed::Utf8 { at: self.at + e.valid_up_to() });
        }
        self.skip(end + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u8, body: &[u8]) -> BytesMut {
        let mut out = BytesMut::new();
        out.extend_from_slice(&[kind]);
        out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        out.extend_from_slice(body);
        out
    }

    #[test]
    fn a_query_comes_in_pieces() {
        let whole = message(b'Q', b"select 1\0");
        let mut framer = Framer::new(1000);
        let mut buf = BytesMut::new();
        for byte in &whole[..whole.len() - 1] {
            buf.extend_from_slice(&[*byte]);
            assert!(framer.next(&mut buf).unwrap().is_none());
        }
        buf.extend_from_slice(&whole[whole.len() - 1..]);
        let Some(Frame::Message(message)) = framer.next(&mut buf).unwrap() else { panic!("a message") };
        let PgWireFrontendMessage::Query(query) = *message else { panic!("a query") };
        assert_eq!(query.query, "select 1");
    }

    #[test]
    fn a_long_message_is_skipped_and_the_next_one_is_served() {
        let mut framer = Framer::new(100);
        let mut buf = message(b'Q', &[b'x'; 5000]);
        buf.extend_from_slice(&message(b'S', b""));
        let mut seen = Vec::new();
        let mut fed = BytesMut::new();
        while !buf.is_empty() {
            let n = buf.len().min(64);
            fed.extend_from_slice(&buf.split_to(n));
            while let Some(frame) = framer.next(&mut fed).unwrap() {
                seen.push(frame);
            }
            assert!(fed.capacity() < 4096, "the long body is not kept");
        }
        assert!(matches!(seen[0], Frame::TooLong { extended: false, bytes: 5004 }));
        assert!(matches!(&seen[1], Frame::Message(m) if matches!(**m, PgWireFrontendMessage::Sync(_))));
    }

    #[test]
    fn text_that_is_not_utf8_is_22021() {
        let mut framer = Framer::new(1000);
        let mut buf = message(b'Q', b"select '\xe4\xf6'\0");
        let Some(Frame::Invalid { extended: false, error }) = framer.next(&mut buf).unwrap() else {
            panic!("invalid")
        };
        assert_eq!(error.code(), "22021");
        assert_eq!(error.fields().message, "invalid byte sequence for encoding \"UTF8\": 0xe4 0xf6 0x27");
    }

    #[test]
    fn a_bind_that_promises_too_much_is_a_violation() {
        for body in
            [&b"\0\0\xff\xff"[..], b"\0\0\0\0\0\x01\x7f\xff\xff\xff", b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"]
        {
            let error = Framer::new(1000).next(&mut message(b'B', body)).unwrap_err();
            assert_eq!(error.code(), "08P01");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0usize..14) {
            let mut framer = Framer::new(200);
            let mut raw = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = framer.next(&mut raw) {}
            let mut framed = message(b"QPBDECHSXdcfpF"[kind], &bytes);
            let _ = Framer::new(1000).next(&mut framed);
        }
    }
}
