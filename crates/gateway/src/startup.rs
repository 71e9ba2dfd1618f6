//! The first messages of a connection: encryption requests, cancel requests, the startup packet.

use bytes::{Buf, BytesMut};
use datum::error::sqlstate;
use datum::{Error, Result};
use exec::Startup;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;
/// PostgreSQL's limit for a startup packet.
const STARTUP_BYTES_MAX: usize = 10_000;

/// What a connection wants.
#[derive(Debug)]
pub enum Opening {
    /// A session.
    Session {
        /// Who and where.
        startup: Startup,
        /// Protocol options that we do not know, and whether a newer minor version was asked for: the client is
        /// told by NegotiateProtocolVersion.
        negotiate: Option<Vec<String>>,
    },
    /// To stop what another connection does.
    Cancel {
        /// Which.
        pid: i32,
        /// The proof.
        secret: i32,
    },
    /// Nothing: it was closed.
    Closed,
}

/// Reads until it is clear what the connection wants. Encryption is refused with `N`.
///
/// # Errors
/// 08P01 or 0A000 for what is no startup packet of protocol 3.
pub async fn read<R, W>(reader: &mut R, writer: &mut W, buf: &mut BytesMut) -> Result<Opening>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    loop {
        let Some(mut packet) = packet(reader, buf).await? else { return Ok(Opening::Closed) };
        let code = packet.get_u32();
        match code {
            SSL_REQUEST | GSS_REQUEST => {
                if writer.write_all(b"N").await.is_err() || writer.flush().await.is_err() {
                    return Ok(Opening::Closed);
                }
            }
            CANCEL_REQUEST if packet.len() == 8 => {
                return Ok(Opening::Cancel { pid: packet.get_i32(), secret: packet.get_i32() });
            }
            _ if code >> 16 == 3 => return startup(&packet, code & 0xffff),
            _ => {
                let (major, minor) = (code >> 16, code & 0xffff);
                return Err(Error::new(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    format!("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0"),
                ));
            }
        }
    }
}

/// One length-prefixed packet without its length; `None` at the end of the stream.
async fn packet<R: AsyncRead + Unpin>(reader: &mut R, buf: &mut BytesMut) -> Result<Option<BytesMut>> {
    loop {
        if let Some(head) = buf.get(..4) {
            let length = head.iter().fold(0usize, |n, b| n << 8 | usize::from(*b));
            if !(8..=STARTUP_BYTES_MAX).contains(&length) {
                return Err(violation("invalid length of startup packet"));
            }
            if buf.len() >= length {
                let mut packet = buf.split_to(length);
                packet.advance(4);
                return Ok(Some(packet));
            }
        }
        match reader.read_buf(buf).await {
            Ok(0) | Err(_) => return Ok(None),
            Ok(_) => {}
        }
    }
}

fn startup(body: &[u8], minor: u32) -> Result<Opening> {
    let text = std::str::from_utf8(body).map_err(|_| {
        Error::new(
            sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
            "invalid byte sequence for encoding \"UTF8\" in startup packet",
        )
    })?;
    // name NUL value NUL … NUL
    let Some(pairs) = text.strip_suffix('\0') else {
        return Err(violation("invalid startup packet layout: expected terminator as last byte"));
    };
    let mut out = Startup::default();
    let mut unknown = Vec::new();
    let mut words = pairs.split_terminator('\0');
    while let Some(name) = words.next() {
        let value =
            words.next().ok_or_else(|| violation("invalid startup packet layout: name without value"))?;
        match name {
            "user" => out.user = value.to_owned(),
            "database" => out.database = value.to_owned(),
            "replication" if !matches!(value, "false" | "off" | "0" | "no") => {
                return Err(Error::unsupported("replication connection"));
            }
            "replication" => {}
            "options" => out.settings.extend(options(value)?),
            _ if name.starts_with("_pq_.") => unknown.push(name.to_owned()),
            _ => out.settings.push((name.to_owned(), value.to_owned())),
        }
    }
    if out.user.is_empty() {
        let code = sqlstate::INVALID_AUTHORIZATION;
        return Err(Error::new(code, "no PostgreSQL user name specified in startup packet"));
    }
    if out.database.is_empty() {
        out.database = out.user.clone();
    }
    let negotiate = (minor > 0 || !unknown.is_empty()).then_some(unknown);
    Ok(Opening::Session { startup: out, negotiate })
}

/// `-c name=value`, `-cname=value`, `--name=value`, separated by blanks; a backslash keeps the next character.
fn options(text: &str) -> Result<Vec<(String, String)>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let mut out = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let setting = if word == "-c" {
            words.next()
        } else {
            word.strip_prefix("-c").or_else(|| word.strip_prefix("--")).map(str::to_owned)
        };
        let pair = setting.as_deref().and_then(|s| s.split_once('='));
        let Some((name, value)) = pair else {
            let message = format!("invalid command-line argument for server process: {word}");
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message));
        };
        out.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(out)
}

fn violation(what: &str) -> Error {
    Error::new(sqlstate::PROTOCOL_VIOLATION, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open(bytes: &[u8]) -> (Result<Opening>, Vec<u8>) {
        let mut written = Vec::new();
        let opening = read(&mut &bytes[..], &mut written, &mut BytesMut::new()).await;
        (opening, written)
    }

    fn packet(code: u32, body: &[u8]) -> Vec<u8> {
        let mut out = (body.len() as u32 + 8).to_be_bytes().to_vec();
        out.extend_from_slice(&code.to_be_bytes());
        out.extend_from_slice(body);
        out
    }

    #[tokio::test]
    async fn encryption_is_refused_and_startup_follows() {
        let mut bytes = packet(SSL_REQUEST, b"");
        bytes.extend(packet(3 << 16, b"user\0ann\0options\0-c a=b\\ c --d-e=f\0application_name\0x\0\0"));
        let (opening, written) = open(&bytes).await;
        assert_eq!(written, b"N");
        let Ok(Opening::Session { startup, negotiate: None }) = opening else { panic!("{opening:?}") };
        assert_eq!((startup.user.as_str(), startup.database.as_str()), ("ann", "ann"));
        let settings: Vec<_> = startup.settings.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(settings, ["a=b c", "d_e=f", "application_name=x"]);
    }

    #[tokio::test]
    async fn a_newer_minor_version_is_negotiated() {
        let (opening, _) = open(&packet(3 << 16 | 2, b"user\0a\0_pq_.x\0y\0\0")).await;
        let Ok(Opening::Session { negotiate, .. }) = opening else { panic!("{opening:?}") };
        assert_eq!(negotiate, Some(vec!["_pq_.x".to_owned()]));
    }

    #[tokio::test]
    async fn what_is_no_startup_packet_is_refused() {
        let cases: &[(&[u8], &str)] = &[
            (b"GET / HTTP/1.1\r\n", "08P01"),
            (&packet(2 << 16, b"user\0a\0\0"), "0A000"),
            (&packet(3 << 16, b"user\0a"), "08P01"),
            (&packet(3 << 16, b"user\0\xff\0\0"), "22021"),
            (&packet(3 << 16, b"database\0a\0\0"), "28000"),
        ];
        for (bytes, code) in cases {
            let (opening, _) = open(bytes).await;
            assert_eq!(opening.map(|_| ()).map_err(|e| e.code()), Err(*code), "{bytes:?}");
        }
        assert!(matches!(open(b"\0\0").await.0, Ok(Opening::Closed)));
    }
}
