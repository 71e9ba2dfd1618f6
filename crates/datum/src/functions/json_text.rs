//! The type json, kept as text: walking it without changing a byte of what comes out.
//!
//! Text of this type has been validated when it came in, so that the scanner may be simple; where it meets
//! something else all the same, it answers with 22P02 and never panics.

use smol_str::SmolStr;

use crate::error::{Error, Result, sqlstate};

/// A value as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'t>(pub &'t str);

/// What kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

#[cold]
fn broken() -> Error {
    Error::new(sqlstate::INVALID_TEXT_REPRESENTATION, "invalid input syntax for type json")
}

fn skip_blanks(s: &str) -> &str {
    s.trim_start_matches([' ', '\t', '\n', '\r'])
}

/// Length of the string literal that `s` begins with, quotes included.
fn string_len(s: &str) -> Result<usize> {
    let bytes = s.as_bytes();
    let mut i = 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 2,
            b'"' => return Ok(i + 1),
            _ => i += 1,
        }
    }
    Err(broken())
}

/// Length of the value that `s` begins with.
fn value_len(s: &str) -> Result<usize> {
    let bytes = s.as_bytes();
    match bytes.first() {
        Some(b'"') => string_len(s),
        Some(b'{' | b'[') => {
            let (mut depth, mut i) = (0_usize, 0);
            while i < bytes.len() {
                match bytes[i] {
                    b'"' => {
                        i += string_len(&s[i..])?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Ok(i + 1);
                        }
                    }
                    _ => {}
                }
                i += 1;
            }
            Err(broken())
        }
        Some(_) => {
            let end = s.find([',', '}', ']', ':', ' ', '\t', '\n', '\r']).unwrap_or(s.len());
            if end == 0 { Err(broken()) } else { Ok(end) }
        }
        None => Err(broken()),
    }
}

impl<'t> Raw<'t> {
    /// The value in a text, blanks around it dropped.
    pub fn of(text: &'t str) -> Raw<'t> {
        Raw(text.trim_matches([' ', '\t', '\n', '\r']))
    }

    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// json_typeof
    pub fn type_name(self) -> &'static str {
        match self.kind() {
            Kind::Object => "object",
            Kind::Array => "array",
            Kind::String => "string",
            Kind::Number => "number",
            Kind::Bool => "boolean",
            Kind::Null => "null",
        }
    }

    /// As `->>` gives it: strings without quotes and escapes, null as `None`, all else as it stands.
    pub fn text(self) -> Result<Option<SmolStr>> {
        match self.kind() {
            Kind::Null => Ok(None),
            Kind::String => unescape(self.0).map(Some),
            _ => Ok(Some(SmolStr::new(self.0))),
        }
    }

    /// Elements of an array.
    pub fn elements(self) -> Result<Vec<Raw<'t>>> {
        let mut items = Vec::new();
        let mut rest = skip_blanks(self.0.strip_prefix('[').ok_or_else(broken)?);
        if rest.starts_with(']') {
            return Ok(items);
        }
        loop {
            let len = value_len(rest)?;
            items.push(Raw(&rest[..len]));
            rest = skip_blanks(&rest[len..]);
            match rest.as_bytes().first() {
                Some(b',') => rest = skip_blanks(&rest[1..]),
                Some(b']') => return Ok(items),
                _ => return Err(broken()),
            }
        }
    }

    /// Fields of an object, in order, duplicates included.
    pub fn fields(self) -> Result<Vec<(SmolStr, Raw<'t>)>> {
        let mut fields = Vec::new();
        let mut rest = skip_blanks(self.0.strip_prefix('{').ok_or_else(broken)?);
        if rest.starts_with('}') {
            return Ok(fields);
        }
        loop {
            let len = value_len(rest)?;
            let key = unescape(&rest[..len])?;
            rest = skip_blanks(skip_blanks(&rest[len..]).strip_prefix(':').ok_or_else(broken)?);
            let len = value_len(rest)?;
            fields.push((key, Raw(&rest[..len])));
            rest = skip_blanks(&rest[len..]);
            match rest.as_bytes().first() {
                Some(b',') => rest = skip_blanks(&rest[1..]),
                Some(b'}') => return Ok(fields),
                _ => return Err(broken()),
            }
        }
    }

    /// `-> key`: of equal keys the last.
    pub fn field(self, key: &str) -> Result<Option<Raw<'t>>> {
        if self.kind() != Kind::Object {
            return Ok(None);
        }
        Ok(self.fields()?.into_iter().rev().find(|(k, _)| k == key).map(|(_, v)| v))
    }

    /// `-> index`: negative ones count from the end.
    pub fn element(self, index: i64) -> Result<Option<Raw<'t>>> {
        if self.kind() != Kind::Array {
            return Ok(None);
        }
        let items = self.elements()?;
        let at = if index < 0 { index + items.len() as i64 } else { index };
        Ok(usize::try_from(at).ok().and_then(|at| items.get(at).copied()))
    }
}

/// The content of a JSON string literal.
pub(crate) fn unescape(literal: &str) -> Result<SmolStr> {
    let inner = literal.strip_prefix('"').and_then(|s| s.strip_suffix('"')).ok_or_else(broken)?;
    if !inner.contains('\\') {
        return Ok(SmolStr::new(inner));
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next().ok_or_else(broken)? {
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => {
                let mut unit = || -> Result<u32> {
                    let digits = chars.as_str().get(..4).ok_or_else(broken)?;
                    let code = u32::from_str_radix(digits, 16).map_err(|_| broken())?;
                    chars = chars.as_str()[4..].chars();
                    Ok(code)
                };
                let code = unit()?;
                let code = if (0xd800..0xdc00).contains(&code) && chars.as_str().starts_with("\\u") {
                    chars = chars.as_str()[2..].chars();
                    let digits = chars.as_str().get(..4).ok_or_else(broken)?;
                    let low = u32::from_str_radix(digits, 16).map_err(|_| broken())?;
                    chars = chars.as_str()[4..].chars();
                    0x10000 + ((code - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff)
                } else {
                    code
                };
                if code == 0 {
                    return Err(Error::new(
                        sqlstate::UNTRANSLATABLE_CHARACTER,
                        "unsupported Unicode escape sequence",
                    )
                    .detail("\\u0000 cannot be converted to text."));
                }
                out.push(char::from_u32(code).ok_or_else(broken)?);
            }
            other => out.push(other),
        }
    }
    Ok(SmolStr::from(out))
}
