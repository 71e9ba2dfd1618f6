//! LIKE and ILIKE, their escapes, and the translation of SIMILAR TO into regular expressions.

use crate::error::{Error, Result, sqlstate};
use crate::functions::scalars;
use crate::functions::text::lower_text;

scalars! {
    textlike(s: txt, pattern: txt) => like(s.as_bytes(), pattern.as_bytes(), true);
    textnlike(s: txt, pattern: txt) => like(s.as_bytes(), pattern.as_bytes(), true).map(|b| !b);
    texticlike(s: txt, pattern: txt) => ilike(s, pattern);
    texticnlike(s: txt, pattern: txt) => ilike(s, pattern).map(|b| !b);
    bytealike(s: bin, pattern: bin) => like(s, pattern, false);
    byteanlike(s: bin, pattern: bin) => like(s, pattern, false).map(|b| !b);
    like_escape(pattern: txt, escape: txt) => escape_like(pattern, escape);
    similar_to_escape_2(pattern: txt, escape: txt) => similar(pattern, Some(escape));
    similar_to_escape_1(pattern: txt) => similar(pattern, Some("\\"));
    similar_escape(pattern: any, escape: any) => similar_nullable(pattern, escape);
}

fn similar_nullable(pattern: &crate::Datum, escape: &crate::Datum) -> Result<Option<String>> {
    match (pattern.as_str(), escape.as_str()) {
        (None, _) => Ok(None),
        (Some(pattern), None) => similar(pattern, Some("\\")).map(Some),
        (Some(pattern), Some(escape)) => similar(pattern, Some(escape)).map(Some),
    }
}

#[cold]
fn ends_with_escape() -> Error {
    Error::new(sqlstate::INVALID_ESCAPE_SEQUENCE, "LIKE pattern must not end with escape character")
}

#[cold]
fn invalid_escape() -> Error {
    Error::new(sqlstate::INVALID_ESCAPE_SEQUENCE, "invalid escape string")
        .hint("Escape string must be empty or one character.")
}

fn ilike(s: &str, pattern: &str) -> Result<bool> {
    like(lower_text(s).as_bytes(), lower_text(pattern).as_bytes(), true)
}

/// Bytes of the character that begins at `at`.
#[inline]
fn width(s: &[u8], at: usize, utf8: bool) -> usize {
    if !utf8 {
        return 1;
    }
    match s[at] {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}

/// Whether a whole value matches a LIKE pattern. Walks both once and goes back to the last `%` only: quadratic at
/// worst, without recursion.
pub(crate) fn like(s: &[u8], pattern: &[u8], utf8: bool) -> Result<bool> {
    let (mut i, mut p) = (0, 0);
    // Where to go on if what follows the last % does not match here: (in the pattern, in the value).
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let matched = if p < pattern.len() {
            match pattern[p] {
                b'%' => {
                    p += 1;
                    if p == pattern.len() {
                        return Ok(true);
                    }
                    retry = Some((p, i));
                    continue;
                }
                b'_' if i < s.len() => {
                    i += width(s, i, utf8);
                    p += 1;
                    true
                }
                b'_' => false,
                b'\\' if i < s.len() => match pattern.get(p + 1) {
                    None => return Err(ends_with_escape()),
                    Some(b) if *b == s[i] => {
                        p += 2;
                        i += 1;
                        true
                    }
                    Some(_) => false,
                },
                b if i < s.len() && s[i] == b => {
                    p += 1;
                    i += 1;
                    true
                }
                _ => false,
            }
        } else {
            if i == s.len() {
                return Ok(true);
            }
            false
        };
        if matched {
            continue;
        }
        match retry {
            Some((after, at)) if at < s.len() => {
                let at = at + width(s, at, utf8);
                retry = Some((after, at));
                p = after;
                i = at;
            }
            _ => return Ok(false),
        }
    }
}

/// `pattern LIKE … ESCAPE escape`: the pattern with a backslash as its escape.
fn escape_like(pattern: &str, escape: &str) -> Result<String> {
    let mut chars = escape.chars();
    let escape = match (chars.next(), chars.next()) {
        (None, _) => return Ok(pattern.replace('\\', "\\\\")),
        (Some('\\'), None) => return Ok(pattern.to_string()),
        (Some(c), None) => c,
        _ => return Err(invalid_escape()),
    };
    let mut out = String::with_capacity(pattern.len());
    let mut escaped = false;
    for c in pattern.chars() {
        if c == escape && !escaped {
            out.push('\\');
            escaped = true;
        } else {
            if c == '\\' && !escaped {
                out.push('\\');
            }
            out.push(c);
            escaped = false;
        }
    }
    Ok(out)
}

/// SIMILAR TO as a regular expression. `escape"…escape"` splits it into three for substring().
pub(crate) fn similar(pattern: &str, escape: Option<&str>) -> Result<String> {
    let mut chars = escape.unwrap_or("\\").chars();
    let escape = match (chars.next(), chars.next()) {
        (one, None) => one,
        _ => return Err(invalid_escape()),
    };
    let mut out = String::with_capacity(pattern.len() + 10);
    out.push_str("^(?:");
    let (mut after_escape, mut quotes, mut in_class) = (false, 0, false);
    for c in pattern.chars() {
        if after_escape {
            if c == '"' && !in_class {
                match quotes {
                    0 => out.push_str("){1,1}?("),
                    1 => out.push_str("){1,1}(?:"),
                    _ => {
                        return Err(Error::new(
                            "2200C",
                            "SQL regular expression may not contain more than two escape-double-quote separators",
                        ));
                    }
                }
                quotes += 1;
            } else {
                out.push('\\');
                out.push(c);
            }
            after_escape = false;
        } else if Some(c) == escape {
            after_escape = true;
        } else if in_class {
            if c == '\\' {
                out.push('\\');
            }
            out.push(c);
            if c == ']' {
                in_class = false;
            }
        } else {
            match c {
                '[' => {
                    out.push(c);
                    in_class = true;
                }
                '%' => out.push_str(".*"),
                '_' => out.push('.'),
                '(' => out.push_str("(?:"),
                '\\' | '.' | '^' | '$' => {
                    out.push('\\');
                    out.push(c);
                }
                other => out.push(other),
            }
        }
    }
    out.push_str(")$");
    Ok(out)
}
