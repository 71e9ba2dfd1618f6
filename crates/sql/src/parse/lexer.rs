//! Text to tokens. A token is a range of the source and what it is; values are taken from it when they are needed.

use std::borrow::Cow;

use datum::error::sqlstate;
use datum::{Error, Result};

use super::keywords::K;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tok {
    /// A word; `Token::kw` says which key word it is, if any.
    Word,
    /// "…"
    Quoted,
    /// U&"…"
    UnicodeQuoted,
    /// '…'
    String,
    /// E'…'
    Escape,
    /// U&'…'
    UnicodeString,
    /// $tag$…$tag$
    Dollar,
    /// B'…'
    Bits,
    /// X'…'
    Hex,
    /// Digits.
    Integer,
    /// Digits with point or exponent.
    Decimal,
    /// $1
    Param,
    /// Operator characters.
    Op,
    /// ::
    Cast,
    /// :=
    Assign,
    /// ..
    DotDot,
    /// One of ( ) [ ] , ; . :
    Punct(u8),
    /// The end.
    End,
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// What.
    pub tok: Tok,
    /// Key word.
    pub kw: K,
    /// Where it begins, bytes.
    pub pos: u32,
    /// Where it ends.
    pub end: u32,
}

fn is_op(c: u8) -> bool {
    matches!(
        c,
        b'~' | b'!'
            | b'@'
            | b'#'
            | b'^'
            | b'&'
            | b'|'
            | b'`'
            | b'?'
            | b'+'
            | b'-'
            | b'*'
            | b'/'
            | b'%'
            | b'<'
            | b'>'
            | b'='
    )
}

fn is_start(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_' || c >= 0x80
}

fn is_part(c: u8) -> bool {
    is_start(c) || c.is_ascii_digit() || c == b'$'
}

fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\n' | b'\r' | 0x0c | 0x0b)
}

/// Cuts a text into tokens; the last one is [`Tok::End`].
///
/// # Errors
/// 42601 for what cannot be a token: unterminated strings and comments, junk after numbers. Positions are byte
/// offsets, to be turned into characters by the caller.
pub fn tokens(text: &str) -> Result<Vec<Token>> {
    if text.len() >= u32::MAX as usize {
        return Err(Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, "statement is too long"));
    }
    let mut lexer = Lexer { text, s: text.as_bytes(), i: 0 };
    let mut out = Vec::with_capacity(text.len() / 5 + 8);
    loop {
        lexer.skip_space()?;
        let token = lexer.token()?;
        out.push(token);
        if token.tok == Tok::End {
            return Ok(out);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    s: &'a [u8],
    i: usize,
}

impl Lexer<'_> {
    fn at(&self, i: usize) -> u8 {
        self.s.get(i).copied().unwrap_or(0)
    }

    fn error(&self, what: &str, start: usize) -> Error {
        let near = self.text.get(start..).unwrap_or("");
        Error::new(sqlstate::SYNTAX_ERROR, format!("{what} at or near \"{near}\"")).at(start)
    }

    fn skip_space(&mut self) -> Result<()> {
        loop {
            let c = self.at(self.i);
            if is_space(c) {
                self.i += 1;
            } else if c == b'-' && self.at(self.i + 1) == b'-' {
                self.line_comment();
            } else if c == b'/' && self.at(self.i + 1) == b'*' {
                let start = self.i;
                let mut depth = 1usize;
                self.i += 2;
                while depth > 0 {
                    if self.i >= self.s.len() {
                        return Err(self.error("unterminated /* comment", start));
                    }
                    match (self.at(self.i), self.at(self.i + 1)) {
                        (b'/', b'*') => {
                            depth += 1;
                            self.i += 2;
                        }
                        (b'*', b'/') => {
                            depth -= 1;
                            self.i += 2;
                        }
                        _ => self.i += 1,
                    }
                }
            } else {
                return Ok(());
            }
        }
    }

    fn line_comment(&mut self) {
        while self.i < self.s.len() && self.at(self.i) != b'\n' && self.at(self.i) != b'\r' {
            self.i += 1;
        }
    }

    fn token(&mut self) -> Result<Token> {
        let start = self.i;
        let make = |tok: Tok, end: usize| Token { tok, kw: K::IDENT, pos: start as u32, end: end as u32 };
        if start >= self.s.len() {
            return Ok(make(Tok::End, start));
        }
        let c = self.at(start);
        let next = self.at(start + 1);
        match c {
            b'\'' => {
                self.quoted_string(start, start, false)?;
                return Ok(make(Tok::String, self.i));
            }
            b'e' | b'E' if next == b'\'' => {
                self.quoted_string(start, start + 1, true)?;
                return Ok(make(Tok::Escape, self.i));
            }
            b'b' | b'B' if next == b'\'' => {
                self.quoted_string(start, start + 1, false)?;
                return Ok(make(Tok::Bits, self.i));
            }
            b'x' | b'X' if next == b'\'' => {
                self.quoted_string(start, start + 1, false)?;
                return Ok(make(Tok::Hex, self.i));
            }
            b'n' | b'N' if next == b'\'' => {
                self.quoted_string(start, start + 1, false)?;
                // As a string that begins one later.
                return Ok(Token {
                    tok: Tok::String,
                    kw: K::IDENT,
                    pos: start as u32 + 1,
                    end: self.i as u32,
                });
            }
            b'u' | b'U' if next == b'&' && self.at(start + 2) == b'\'' => {
                self.quoted_string(start, start + 2, false)?;
                return Ok(make(Tok::UnicodeString, self.i));
            }
            b'u' | b'U' if next == b'&' && self.at(start + 2) == b'"' => {
                self.i = start + 2;
                self.quoted_name(start)?;
                return Ok(make(Tok::UnicodeQuoted, self.i));
            }
            b'"' => {
                self.quoted_name(start)?;
                return Ok(make(Tok::Quoted, self.i));
            }
            b'$' => return self.dollar(start),
            b'0'..=b'9' => return self.number(start),
            b'.' if next.is_ascii_digit() => return self.number(start),
            _ => {}
        }
        if is_start(c) {
            while is_part(self.at(self.i)) {
                self.i += 1;
            }
            let word = &self.s[start..self.i];
            let mut kw = K::IDENT;
            if word.len() <= 17 {
                let mut lower = [0u8; 17];
                let lower = &mut lower[..word.len()];
                lower.copy_from_slice(word);
                lower.make_ascii_lowercase();
                if let Ok(word) = std::str::from_utf8(lower) {
                    kw = K::find(word);
                }
            }
            return Ok(Token { tok: Tok::Word, kw, pos: start as u32, end: self.i as u32 });
        }
        if c == b':' {
            let (tok, len) = match next {
                b':' => (Tok::Cast, 2),
                b'=' => (Tok::Assign, 2),
                _ => (Tok::Punct(b':'), 1),
            };
            self.i += len;
            return Ok(make(tok, self.i));
        }
        if c == b'.' && next == b'.' {
            self.i += 2;
            return Ok(make(Tok::DotDot, self.i));
        }
        if matches!(c, b'(' | b')' | b'[' | b']' | b',' | b';' | b'.') {
            self.i += 1;
            return Ok(make(Tok::Punct(c), self.i));
        }
        if is_op(c) {
            while is_op(self.at(self.i)) {
                // A comment ends an operator.
                if self.i > start
                    && matches!((self.at(self.i), self.at(self.i + 1)), (b'-', b'-') | (b'/', b'*'))
                {
                    break;
                }
                self.i += 1;
            }
            let mut len = self.i - start;
            // + and - at the end belong to the next token, unless a character is there that SQL's operators lack.
            let has_special = |s: &[u8]| {
                s.iter()
                    .any(|c| matches!(c, b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'%'))
            };
            while len > 1
                && matches!(self.s[start + len - 1], b'+' | b'-')
                && !has_special(&self.s[start..start + len - 1])
            {
                len -= 1;
            }
            self.i = start + len;
            if len >= 64 {
                return Err(Error::new(sqlstate::SYNTAX_ERROR, "operator too long").at(start));
            }
            return Ok(make(Tok::Op, self.i));
        }
        let end = self.text.get(start..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8);
        let near = self.text.get(start..start + end).unwrap_or("");
        Err(Error::new(sqlstate::SYNTAX_ERROR, format!("syntax error at or near \"{near}\"")).at(start))
    }

    /// From the opening quote at `quote` to the end, further parts after a line break included.
    fn quoted_string(&mut self, start: usize, quote: usize, escapes: bool) -> Result<()> {
        self.i = quote + 1;
        loop {
            loop {
                if self.i >= self.s.len() {
                    return Err(self.error("unterminated quoted string", start));
                }
                match self.s[self.i] {
                    b'\\' if escapes => self.i += 2,
                    b'\'' if self.at(self.i + 1) == b'\'' => self.i += 2,
                    b'\'' => break,
                    _ => self.i += 1,
                }
            }
            self.i += 1;
            // A string goes on after white space with a line break.
            let mut j = self.i;
            let mut newline = false;
            loop {
                let c = self.at(j);
                if is_space(c) {
                    newline |= c == b'\n' || c == b'\r';
                    j += 1;
                } else if c == b'-' && self.at(j + 1) == b'-' {
                    while j < self.s.len() && self.at(j) != b'\n' && self.at(j) != b'\r' {
                        j += 1;
                    }
                } else {
                    break;
                }
            }
            if !(newline && self.at(j) == b'\'') {
                return Ok(());
            }
            self.i = j + 1;
        }
    }

    fn quoted_name(&mut self, start: usize) -> Result<()> {
        self.i += 1;
        let open = self.i;
        loop {
            if self.i >= self.s.len() {
                return Err(self.error("unterminated quoted identifier", start));
            }
            if self.s[self.i] == b'"' {
                if self.at(self.i + 1) == b'"' {
                    self.i += 2;
                    continue;
                }
                break;
            }
            self.i += 1;
        }
        if self.i == open {
            return Err(self.error("zero-length delimited identifier", start));
        }
        self.i += 1;
        Ok(())
    }

    fn dollar(&mut self, start: usize) -> Result<Token> {
        let token = |tok: Tok, end: usize| Token { tok, kw: K::IDENT, pos: start as u32, end: end as u32 };
        if self.at(start + 1).is_ascii_digit() {
            self.i += 1;
            while self.at(self.i).is_ascii_digit() {
                self.i += 1;
            }
            if is_start(self.at(self.i)) {
                while is_part(self.at(self.i)) {
                    self.i += 1;
                }
                let near = self.text.get(start..self.i).unwrap_or("");
                return Err(Error::new(
                    sqlstate::SYNTAX_ERROR,
                    format!("trailing junk after parameter at or near \"{near}\""),
                )
                .at(start));
            }
            return Ok(token(Tok::Param, self.i));
        }
        let mut j = start + 1;
        if is_start(self.at(j)) {
            while is_part(self.at(j)) && self.at(j) != b'$' {
                j += 1;
            }
        }
        if self.at(j) != b'$' {
            return Err(Error::new(sqlstate::SYNTAX_ERROR, "syntax error at or near \"$\"").at(start));
        }
        let tag = &self.text.as_bytes()[start..=j];
        let body = j + 1;
        match find(&self.s[body..], tag) {
            Some(offset) => {
                self.i = body + offset + tag.len();
                Ok(token(Tok::Dollar, self.i))
            }
            None => Err(self.error("unterminated dollar-quoted string", start)),
        }
    }

    fn number(&mut self, start: usize) -> Result<Token> {
        let mut tok = Tok::Integer;
        while self.at(self.i).is_ascii_digit() {
            self.i += 1;
        }
        if self.at(self.i) == b'.' && self.at(self.i + 1) != b'.' {
            tok = Tok::Decimal;
            self.i += 1;
            while self.at(self.i).is_ascii_digit() {
                self.i += 1;
            }
        }
        if matches!(self.at(self.i), b'e' | b'E') {
            let sign = usize::from(matches!(self.at(self.i + 1), b'+' | b'-'));
            if self.at(self.i + 1 + sign).is_ascii_digit() {
                tok = Tok::Decimal;
                self.i += 1 + sign;
                while self.at(self.i).is_ascii_digit() {
                    self.i += 1;
                }
            }
        }
        if is_start(self.at(self.i)) {
            while is_part(self.at(self.i)) {
                self.i += 1;
            }
            let near = self.text.get(start..self.i).unwrap_or("");
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                format!("trailing junk after numeric literal at or near \"{near}\""),
            )
            .at(start));
        }
        Ok(Token { tok, kw: K::IDENT, pos: start as u32, end: self.i as u32 })
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(offset) = haystack.get(from..)?.iter().position(|b| *b == first) {
        let at = from + offset;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// The longest prefix of at most 63 bytes: identifiers are cut to that.
pub fn truncate_name(name: &str) -> &str {
    if name.len() <= 63 {
        return name;
    }
    let mut end = 63;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// The value of a token that is a string constant (its text from `pos` to `end`).
///
/// # Errors
/// 22025, 42601 for bad escapes; 22021 for a zero byte or a half pair.
pub fn string_value(tok: Tok, text: &str, pos: usize) -> Result<String> {
    match tok {
        Tok::String => Ok(unquote(text).into_owned()),
        Tok::Bits | Tok::Hex => Ok(unquote(text.get(1..).unwrap_or("")).into_owned()),
        Tok::Dollar => {
            let tag = text[1..].find('$').map_or(0, |i| i + 2);
            Ok(text.get(tag..text.len() - tag).unwrap_or("").to_owned())
        }
        Tok::Escape => unescape(text.get(1..).unwrap_or(""), pos + 1),
        Tok::UnicodeString => unicode(&unquote(text.get(2..).unwrap_or("")), '\\', pos),
        _ => Ok(text.to_owned()),
    }
}

/// The parts of a quoted string without quotes, doubled quotes halved.
fn unquote(text: &str) -> Cow<'_, str> {
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
    if !inner.contains('\'') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    parts(text, false, |part| out.push_str(part));
    Cow::Owned(out)
}

/// Calls back with the pieces of a (continued) quoted string.
fn parts<'a>(text: &'a str, escapes: bool, mut push: impl FnMut(&'a str)) {
    let s = text.as_bytes();
    let mut i = 0;
    while i < s.len() {
        // At an opening quote, or between the parts.
        if s[i] != b'\'' {
            if s[i] == b'-' {
                while i < s.len() && s[i] != b'\n' && s[i] != b'\r' {
                    i += 1;
                }
            }
            i += 1;
            continue;
        }
        i += 1;
        let mut start = i;
        while i < s.len() {
            if escapes && s[i] == b'\\' {
                i += 2;
            } else if s[i] == b'\'' {
                if s.get(i + 1) == Some(&b'\'') {
                    push(&text[start..=i]);
                    i += 2;
                    start = i;
                } else {
                    break;
                }
            } else {
                i += 1;
            }
        }
        push(text.get(start..i.min(s.len())).unwrap_or(""));
        i += 1;
    }
}

fn unescape(text: &str, pos: usize) -> Result<String> {
    let mut raw = String::with_capacity(text.len());
    parts(text, true, |part| raw.push_str(part));
    if !raw.contains('\\') {
        return Ok(raw);
    }
    let bad = |message: &str| Error::new(sqlstate::INVALID_ESCAPE_SEQUENCE, message).at(pos);
    let s = raw.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(s.len());
    let mut pending: Option<u32> = None;
    let mut i = 0;
    while i < s.len() {
        if s[i] != b'\\' {
            if pending.is_some() {
                return Err(bad("invalid Unicode surrogate pair"));
            }
            out.push(s[i]);
            i += 1;
            continue;
        }
        i += 1;
        let c = s.get(i).copied().unwrap_or(b'\\');
        i += 1;
        if pending.is_some() && !matches!(c, b'u' | b'U') {
            return Err(bad("invalid Unicode surrogate pair"));
        }
        match c {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'0'..=b'7' => {
                let mut value = u32::from(c - b'0');
                for _ in 0..2 {
                    match s.get(i) {
                        Some(d @ b'0'..=b'7') => {
                            value = value * 8 + u32::from(d - b'0');
                            i += 1;
                        }
                        _ => break,
                    }
                }
                out.push(value as u8);
            }
            b'x' if s.get(i).is_some_and(u8::is_ascii_hexdigit) => {
                let mut value = 0u32;
                for _ in 0..2 {
                    match s.get(i).and_then(|d| (*d as char).to_digit(16)) {
                        Some(d) => {
                            value = value * 16 + d;
                            i += 1;
                        }
                        None => break,
                    }
                }
                out.push(value as u8);
            }
            b'u' | b'U' => {
                let len = if c == b'u' { 4 } else { 8 };
                let digits = raw.get(i..i + len).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                let value = digits.and_then(|d| u32::from_str_radix(d, 16).ok()).ok_or_else(|| {
                    bad("invalid Unicode escape").hint("Unicode escapes must be \\uXXXX or \\UXXXXXXXX.")
                })?;
                i += len;
                push_unicode(&mut out, value, &mut pending).map_err(&bad)?;
            }
            other => out.push(other),
        }
    }
    if pending.is_some() {
        return Err(bad("invalid Unicode surrogate pair"));
    }
    if out.contains(&0) {
        return Err(Error::new(
            sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
            "invalid byte sequence for encoding \"UTF8\": 0x00",
        )
        .at(pos));
    }
    String::from_utf8(out).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let shown: Vec<String> = e.as_bytes()[at..].iter().take(1).map(|b| format!("0x{b:02x}")).collect();
        Error::new(
            sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
            format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")),
        )
        .at(pos)
    })
}

fn push_unicode(
    out: &mut Vec<u8>,
    value: u32,
    pending: &mut Option<u32>,
) -> std::result::Result<(), &'static str> {
    let full = match (pending.take(), value) {
        (Some(high), 0xDC00..=0xDFFF) => 0x10000 + ((high - 0xD800) << 10) + (value - 0xDC00),
        (Some(_), _) => return Err("invalid Unicode surrogate pair"),
        (None, 0xD800..=0xDBFF) => {
            *pending = Some(value);
            return Ok(());
        }
        (None, other) => other,
    };
    let c = char::from_u32(full).filter(|c| *c != '\0').ok_or("invalid Unicode escape value")?;
    let mut buffer = [0; 4];
    out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    Ok(())
}

/// The value of U&'…' or U&"…" with an escape character.
///
/// # Errors
/// 42601 for bad escapes.
pub fn unicode(text: &str, escape: char, pos: usize) -> Result<String> {
    let bad = |message: &str| Error::new(sqlstate::SYNTAX_ERROR, message).at(pos);
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut pending = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != escape {
            if pending.is_some() {
                return Err(bad("invalid Unicode surrogate pair"));
            }
            let mut buffer = [0; 4];
            out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            continue;
        }
        if rest.starts_with(escape) {
            let mut buffer = [0; 4];
            out.extend_from_slice(escape.encode_utf8(&mut buffer).as_bytes());
            rest = &rest[escape.len_utf8()..];
            continue;
        }
        let (skip, len) = if rest.starts_with('+') { (1, 6) } else { (0, 4) };
        let digits = rest.get(skip..skip + len).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = digits.and_then(|d| u32::from_str_radix(d, 16).ok()).ok_or_else(|| {
            bad("invalid Unicode escape").hint("Unicode escapes must be \\XXXX or \\+XXXXXX.")
        })?;
        rest = &rest[skip + len..];
        push_unicode(&mut out, value, &mut pending).map_err(bad)?;
    }
    if pending.is_some() {
        return Err(bad("invalid Unicode surrogate pair"));
    }
    String::from_utf8(out).map_err(|_| bad("invalid Unicode escape value"))
}
