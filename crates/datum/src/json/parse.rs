//! The JSON parser, with PostgreSQL's complaints. One parser serves both types: json only wants to know whether the
//! text is valid, jsonb wants the tree (and minds escapes that name no character).

use smol_str::SmolStr;

use super::Jsonb;
use crate::error::{Error, Result, sqlstate};
use crate::numeric::Numeric;

/// How deep documents may be: the parser and whoever walks the tree recurse.
const DEPTH_MAX: usize = 1000;

/// json's input function.
pub fn validate(text: &str) -> Result<()> {
    Parser::<false>::new(text).document().map(|_| ())
}

pub(super) fn parse(text: &str) -> Result<Jsonb> {
    Parser::<true>::new(text).document()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    End,
    String,
    Number,
    True,
    False,
    Null,
    Open,
    Close,
    OpenArray,
    CloseArray,
    Comma,
    Colon,
}

struct Parser<'a, const BUILD: bool> {
    text: &'a str,
    bytes: &'a [u8],
    /// The current token's bounds.
    start: usize,
    end: usize,
    token: Token,
    line: usize,
    line_start: usize,
    /// The current string without its escapes, if building.
    string: String,
}

impl<'a, const BUILD: bool> Parser<'a, BUILD> {
    fn new(text: &'a str) -> Self {
        Parser {
            text,
            bytes: text.as_bytes(),
            start: 0,
            end: 0,
            token: Token::End,
            line: 1,
            line_start: 0,
            string: String::new(),
        }
    }

    fn document(mut self) -> Result<Jsonb> {
        self.advance()?;
        let value = self.value(0)?;
        if self.token != Token::End {
            return Err(self.expected("Expected end of input"));
        }
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Jsonb> {
        if depth > DEPTH_MAX {
            return Err(Error::new(sqlstate::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        let value = match self.token {
            Token::Open => return self.object(depth),
            Token::OpenArray => return self.array(depth),
            Token::String => self.take_string(),
            Token::Number => {
                if BUILD {
                    Jsonb::Number(Numeric::parse(&self.text[self.start..self.end])?)
                } else {
                    Jsonb::Null
                }
            }
            Token::True => Jsonb::Bool(true),
            Token::False => Jsonb::Bool(false),
            Token::Null => Jsonb::Null,
            _ => return Err(self.expected("Expected JSON value")),
        };
        self.advance()?;
        Ok(value)
    }

    fn take_string(&mut self) -> Jsonb {
        if BUILD { Jsonb::String(SmolStr::new(&self.string)) } else { Jsonb::Null }
    }

    fn object(&mut self, depth: usize) -> Result<Jsonb> {
        let mut fields = Vec::new();
        self.advance()?;
        match self.token {
            Token::Close => {}
            Token::String => loop {
                if self.token != Token::String {
                    return Err(self.expected("Expected string"));
                }
                let key = if BUILD { SmolStr::new(&self.string) } else { SmolStr::default() };
                self.advance()?;
                if self.token != Token::Colon {
                    return Err(self.expected("Expected \":\""));
                }
                self.advance()?;
                let value = self.value(depth + 1)?;
                if BUILD {
                    fields.push((key, value));
                }
                match self.token {
                    Token::Comma => self.advance()?,
                    Token::Close => break,
                    _ => return Err(self.expected("Expected \",\" or \"}\"")),
                }
            },
            _ => return Err(self.expected("Expected string or \"}\"")),
        }
        self.advance()?;
        Ok(if BUILD { Jsonb::object(fields) } else { Jsonb::Null })
    }

    fn array(&mut self, depth: usize) -> Result<Jsonb> {
        let mut items = Vec::new();
        self.advance()?;
        if self.token != Token::CloseArray {
            loop {
                let value = self.value(depth + 1)?;
                if BUILD {
                    items.push(value);
                }
                match self.token {
                    Token::Comma => self.advance()?,
                    Token::CloseArray => break,
                    _ => return Err(self.expected("Expected \",\" or \"]\"")),
                }
            }
        }
        self.advance()?;
        Ok(if BUILD { Jsonb::Array(items) } else { Jsonb::Null })
    }

    /// Moves to the next token.
    fn advance(&mut self) -> Result<()> {
        let mut at = self.end;
        while let Some(b @ (b' ' | b'\t' | b'\n' | b'\r')) = self.bytes.get(at) {
            at += 1;
            if *b == b'\n' {
                self.line += 1;
                self.line_start = at;
            }
        }
        self.start = at;
        let Some(first) = self.bytes.get(at) else {
            self.end = at;
            self.token = Token::End;
            return Ok(());
        };
        let punctuation = match first {
            b'{' => Token::Open,
            b'}' => Token::Close,
            b'[' => Token::OpenArray,
            b']' => Token::CloseArray,
            b',' => Token::Comma,
            b':' => Token::Colon,
            b'"' => return self.lex_string(),
            b'-' | b'0'..=b'9' => return self.lex_number(),
            _ => return self.lex_word(),
        };
        self.token = punctuation;
        self.end = at + 1;
        Ok(())
    }

    fn lex_word(&mut self) -> Result<()> {
        let len = self.bytes[self.start..].iter().take_while(|b| is_word(**b)).count();
        if len == 0 {
            self.end = self.start + 1;
            return Err(self.invalid_token());
        }
        self.end = self.start + len;
        self.token = match &self.bytes[self.start..self.end] {
            b"true" => Token::True,
            b"false" => Token::False,
            b"null" => Token::Null,
            _ => return Err(self.invalid_token()),
        };
        Ok(())
    }

    fn lex_number(&mut self) -> Result<()> {
        let mut at = self.start;
        let digits = |at: &mut usize, bytes: &[u8]| {
            let n = bytes[*at..].iter().take_while(|b| b.is_ascii_digit()).count();
            *at += n;
            n > 0
        };
        if self.bytes[at] == b'-' {
            at += 1;
        }
        let mut valid = true;
        if self.bytes.get(at) == Some(&b'0') {
            at += 1;
        } else {
            valid = digits(&mut at, self.bytes);
        }
        if valid && self.bytes.get(at) == Some(&b'.') {
            at += 1;
            valid = digits(&mut at, self.bytes);
        }
        if valid && matches!(self.bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            if matches!(self.bytes.get(at), Some(b'+' | b'-')) {
                at += 1;
            }
            valid = digits(&mut at, self.bytes);
        }
        let junk = self.bytes[at..].iter().take_while(|b| is_word(**b)).count();
        self.end = at + junk;
        if !valid || junk > 0 {
            return Err(self.invalid_token());
        }
        self.token = Token::Number;
        Ok(())
    }

    fn lex_string(&mut self) -> Result<()> {
        if BUILD {
            self.string.clear();
        }
        let mut high: Option<u32> = None;
        let mut at = self.start + 1;
        let lone = "Unicode low surrogate must follow a high surrogate.";
        loop {
            let Some(byte) = self.bytes.get(at).copied() else {
                self.end = at;
                return Err(self.invalid_token());
            };
            match byte {
                b'"' => {
                    if high.is_some() {
                        self.end = at;
                        return Err(self.error(Some(lone.to_owned())));
                    }
                    self.end = at + 1;
                    self.token = Token::String;
                    return Ok(());
                }
                0..0x20 => {
                    self.end = at;
                    return Err(
                        self.error(Some(format!("Character with value 0x{byte:02x} must be escaped.")))
                    );
                }
                b'\\' => {
                    at += 1;
                    let Some(mark) = self.bytes.get(at).copied() else {
                        self.end = at;
                        return Err(self.invalid_token());
                    };
                    if mark == b'u' {
                        self.unicode_escape(&mut at, &mut high)?;
                        continue;
                    }
                    let plain = match mark {
                        b'"' | b'\\' | b'/' => mark as char,
                        b'b' => '\x08',
                        b'f' => '\x0c',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        _ => {
                            let c = self.text[at..].chars().next().unwrap_or_default();
                            self.start = at;
                            self.end = at + c.len_utf8();
                            let detail = format!("Escape sequence \"\\{c}\" is invalid.");
                            return Err(self.error(Some(detail)));
                        }
                    };
                    if BUILD {
                        if high.is_some() {
                            self.end = at;
                            return Err(self.error(Some(lone.to_owned())));
                        }
                        self.string.push(plain);
                    }
                    at += 1;
                }
                _ => {
                    let run =
                        self.bytes[at..].iter().take_while(|b| !matches!(b, 0..0x20 | b'"' | b'\\')).count();
                    if BUILD {
                        if high.is_some() {
                            self.end = at;
                            return Err(self.error(Some(lone.to_owned())));
                        }
                        self.string.push_str(&self.text[at..at + run]);
                    }
                    at += run;
                }
            }
        }
    }

    /// `at` is at the u of `\uXXXX` and is left behind the digits.
    fn unicode_escape(&mut self, at: &mut usize, high: &mut Option<u32>) -> Result<()> {
        let mut code = 0u32;
        for i in 1..=4 {
            let Some(byte) = self.bytes.get(*at + i) else {
                self.end = *at + i;
                return Err(self.invalid_token());
            };
            let Some(digit) = (*byte as char).to_digit(16) else {
                let bad = self.text[*at + i..].chars().next().unwrap_or_default();
                self.end = *at + i + bad.len_utf8();
                let detail = "\"\\u\" must be followed by four hexadecimal digits.".to_owned();
                return Err(self.error(Some(detail)));
            };
            code = code * 16 + digit;
        }
        if !BUILD {
            *at += 5;
            return Ok(());
        }
        self.end = *at + 4;
        let detail = |detail: &str| Some(detail.to_owned());
        let decoded = match (code, *high) {
            (0xd800..=0xdbff, Some(_)) => {
                return Err(self.error(detail("Unicode high surrogate must not follow a high surrogate.")));
            }
            (0xd800..=0xdbff, None) => {
                *high = Some(code);
                *at += 5;
                return Ok(());
            }
            (0xdc00..=0xdfff, Some(first)) => {
                *high = None;
                0x10000 + ((first & 0x3ff) << 10) + (code & 0x3ff)
            }
            (0xdc00..=0xdfff, None) | (_, Some(_)) => {
                return Err(self.error(detail("Unicode low surrogate must follow a high surrogate.")));
            }
            (0, None) => {
                let mut error = self.error(detail("\\u0000 cannot be converted to text."));
                let fields = error.fields_mut();
                fields.code = sqlstate::UNTRANSLATABLE_CHARACTER;
                fields.message = "unsupported Unicode escape sequence".to_owned();
                return Err(error);
            }
            (code, None) => code,
        };
        self.string.push(char::from_u32(decoded).unwrap_or(char::REPLACEMENT_CHARACTER));
        *at += 5;
        Ok(())
    }

    fn token_text(&self) -> &'a str {
        let end =
            (self.end..=self.bytes.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(self.end);
        self.text.get(self.start..end).unwrap_or_default()
    }

    fn invalid_token(&self) -> Error {
        self.error(Some(format!("Token \"{}\" is invalid.", self.token_text())))
    }

    fn expected(&self, what: &str) -> Error {
        if self.token == Token::End {
            return self.error(Some("The input string ended unexpectedly.".to_owned()));
        }
        self.error(Some(format!("{what}, but found \"{}\".", self.token_text())))
    }

    fn error(&self, detail: Option<String>) -> Error {
        let mut error =
            Error::new(sqlstate::INVALID_TEXT_REPRESENTATION, "invalid input syntax for type json");
        error.fields_mut().detail = detail;
        // The line up to the offending token; its beginning is left out where it is long.
        let end = (self.end..=self.bytes.len())
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(self.bytes.len());
        let mut start = self.line_start;
        while end - start >= 50 {
            start += 1;
            while !self.text.is_char_boundary(start) {
                start += 1;
            }
        }
        if start - self.line_start <= 3 {
            start = self.line_start;
        }
        let before = if start > self.line_start { "..." } else { "" };
        let more = self.token != Token::End && !matches!(self.bytes.get(end), None | Some(b'\n' | b'\r'));
        let after = if more { "..." } else { "" };
        error.fields_mut().context =
            Some(format!("JSON data, line {}: {before}{}{after}", self.line, &self.text[start..end]));
        error
    }
}

/// What a word of letters consists of, in PostgreSQL's eyes.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}
