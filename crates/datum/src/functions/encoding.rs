//! encode() and decode(): hex, base64 and escape, and conversions between text and bytes.

use crate::error::{Error, Result, sqlstate};
use crate::functions::{invalid, scalars};

scalars! {
    binary_encode(data: bin, format: txt) => encode(data, format);
    binary_decode(text: txt, format: txt) => decode(text, format);
    pg_convert_from(data: bin, name: txt) => from_encoding(data, name);
    pg_convert_to(text: txt, name: txt) => to_encoding(text, name);
    length_in_encoding(data: bin, name: txt) => from_encoding(data, name).map(|s| s.chars().count() as i32);
}

fn unknown(format: &str) -> Error {
    invalid(format!("unrecognized encoding: \"{format}\""))
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(data: &[u8], format: &str) -> Result<String> {
    match format.to_ascii_lowercase().as_str() {
        "hex" => Ok(hex(data)),
        "base64" => Ok(base64(data)),
        "escape" => Ok(escape(data)),
        _ => Err(unknown(format)),
    }
}

/// Two lower case digits for each byte.
pub(crate) fn hex(data: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    data.iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)] as char, DIGITS[usize::from(b & 15)] as char])
        .collect()
}

/// RFC 2045: a line feed after each 76 characters.
fn base64(data: &[u8]) -> String {
    let mut out = String::with_capacity(data.len().div_ceil(3) * 4 + data.len() / 57);
    let mut line = 0;
    for chunk in data.chunks(3) {
        if line == 76 {
            out.push('\n');
            line = 0;
        }
        let word = chunk.iter().enumerate().fold(0_u32, |w, (i, b)| w | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(BASE64[(word >> (18 - 6 * i) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
        line += 4;
    }
    // PostgreSQL ends a full line at once.
    if line == 76 {
        out.push('\n');
    }
    out
}

fn escape(data: &[u8]) -> String {
    let mut out = String::with_capacity(data.len());
    for &b in data {
        match b {
            0 | 0x80.. => out.push_str(&format!("\\{b:03o}")),
            b'\\' => out.push_str("\\\\"),
            b => out.push(b as char),
        }
    }
    out
}

fn decode(text: &str, format: &str) -> Result<Vec<u8>> {
    match format.to_ascii_lowercase().as_str() {
        "hex" => unhex(text),
        "base64" => unbase64(text),
        "escape" => unescape(text),
        _ => Err(unknown(format)),
    }
}

fn unhex(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut chars = text.chars();
    let digit =
        |c: char| c.to_digit(16).ok_or_else(|| invalid(format!("invalid hexadecimal digit: \"{c}\"")));
    while let Some(c) = chars.next() {
        if matches!(c, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let high = digit(c)?;
        let low = chars.next().ok_or_else(|| invalid("invalid hexadecimal data: odd number of digits"))?;
        out.push((high << 4 | digit(low)?) as u8);
    }
    Ok(out)
}

fn unbase64(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut held, mut padding) = (0_u32, 0, 0);
    for c in text.chars() {
        let value = match c {
            ' ' | '\n' | '\t' | '\r' => continue,
            '=' => {
                // Padding stands in the third or fourth place only.
                if padding == 0 && held < 2 {
                    return Err(invalid("unexpected \"=\" while decoding base64 sequence"));
                }
                padding += 1;
                0
            }
            c => {
                let at = u8::try_from(c).ok().and_then(|b| BASE64.iter().position(|x| *x == b));
                match at {
                    Some(at) if padding == 0 => at as u32,
                    Some(_) => {
                        return Err(invalid("invalid base64 end sequence").hint(
                            "Input data is missing padding, is truncated, or is otherwise corrupted.",
                        ));
                    }
                    None => {
                        return Err(invalid(format!(
                            "invalid symbol \"{c}\" found while decoding base64 sequence"
                        )));
                    }
                }
            }
        };
        word = word << 6 | value;
        held += 1;
        if held == 4 {
            out.push((word >> 16) as u8);
            if padding < 2 {
                out.push((word >> 8) as u8);
            }
            if padding == 0 {
                out.push(word as u8);
            }
            (word, held) = (0, 0);
        }
    }
    if held != 0 {
        return Err(invalid("invalid base64 end sequence")
            .hint("Input data is missing padding, is truncated, or is otherwise corrupted."));
    }
    Ok(out)
}

fn unescape(text: &str) -> Result<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] != b'\\' {
            out.push(bytes[i]);
            i += 1;
            continue;
        }
        match bytes.get(i + 1..i + 4) {
            Some(&[a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7']) => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                i += 4;
            }
            _ if bytes.get(i + 1) == Some(&b'\\') => {
                out.push(b'\\');
                i += 2;
            }
            _ => {
                return Err(Error::new(
                    sqlstate::INVALID_TEXT_REPRESENTATION,
                    "invalid input syntax for type bytea",
                ));
            }
        }
    }
    Ok(out)
}

#[derive(Clone, Copy, PartialEq)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
}

fn charset(name: &str) -> Option<Charset> {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match plain.as_str() {
        "utf8" | "unicode" => Some(Charset::Utf8),
        "sqlascii" => Some(Charset::Ascii),
        "latin1" | "iso88591" => Some(Charset::Latin1),
        _ => None,
    }
}

fn from_encoding(data: &[u8], name: &str) -> Result<String> {
    let wrong = |at: usize| {
        let shown: Vec<String> = data[at..].iter().take(4).map(|b| format!("0x{b:02x}")).collect();
        Error::new(
            sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
            format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")),
        )
    };
    match charset(name) {
        Some(Charset::Latin1) => Ok(data.iter().map(|b| *b as char).collect()),
        Some(_) => match std::str::from_utf8(data) {
            Ok(s) => match s.find('\0') {
                Some(_) => Err(Error::new(
                    sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
                    "invalid byte sequence for encoding \"UTF8\": 0x00",
                )),
                None => Ok(s.to_string()),
            },
            Err(e) => {
                let at = e.valid_up_to();
                let len = e.error_len().unwrap_or(data.len() - at).max(1);
                let expected = match data[at] {
                    0xc2..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf4 => 4,
                    _ => 1,
                };
                let shown = &data[at..data.len().min(at + expected.max(len))];
                let shown: Vec<String> = shown.iter().map(|b| format!("0x{b:02x}")).collect();
                if shown.is_empty() {
                    return Err(wrong(at));
                }
                Err(Error::new(
                    sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
                    format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")),
                ))
            }
        },
        None => Err(invalid(format!("invalid source encoding name \"{name}\""))),
    }
}

fn to_encoding(text: &str, name: &str) -> Result<Vec<u8>> {
    match charset(name) {
        Some(Charset::Latin1) => text
            .chars()
            .map(|c| {
                u8::try_from(c).map_err(|_| {
                    let bytes: Vec<String> =
                        c.to_string().bytes().map(|b| format!("0x{b:02x}")).collect();
                    Error::new(
                        sqlstate::UNTRANSLATABLE_CHARACTER,
                        format!(
                            "character with byte sequence {} in encoding \"UTF8\" has no equivalent in encoding \
                             \"LATIN1\"",
                            bytes.join(" ")
                        ),
                    )
                })
            })
            .collect(),
        Some(_) => Ok(text.as_bytes().to_vec()),
        None => Err(invalid(format!("invalid destination encoding name \"{name}\""))),
    }
}
