//! POSIX regular expressions: `~` and its family, substring, regexp_*.
//!
//! Patterns are PostgreSQL's "advanced" ones; [`translate`] rewrites them for the `regex` crate, which never takes
//! more than linear time. What that crate cannot do is an error (0A000): back references and look-around. One
//! difference remains: of several alternatives the first that matches is taken, PostgreSQL takes the longest.

use std::cell::RefCell;
use std::sync::Arc;

use base::map::HashMap;
use regex::{Regex, RegexBuilder};

use crate::error::{Error, Result, sqlstate};
use crate::functions::text::count;
use crate::functions::{VALUE_BYTES_MAX, invalid, pattern, scalars, too_large};
use crate::types::Type;
use crate::value::Datum;

scalars! {
    textregexeq(s: txt, p: txt) => Ok(compile(p, "")?.is_match(s));
    textregexne(s: txt, p: txt) => Ok(!compile(p, "")?.is_match(s));
    texticregexeq(s: txt, p: txt) => Ok(compile(p, "i")?.is_match(s));
    texticregexne(s: txt, p: txt) => Ok(!compile(p, "i")?.is_match(s));
    textregexsubstr(s: txt, p: txt) => substring(s, p);
    similar_substring(s: txt, p: txt, escape: txt) => substring(s, &pattern::similar(p, Some(escape))?);
    textregexreplace_noopt(s: txt, p: txt, with: txt) => replace(s, &*compile(p, "")?, with, 0, 1);
    textregexreplace(s: txt, p: txt, with: txt, flags: txt) => replace_flagged(s, p, with, flags);
    textregexreplace_extended(s: txt, p: txt, with: txt, start: i4, n: i4, flags: txt) => replace_from(s, p, with, start, Some(n), flags);
    textregexreplace_extended_no_flags(s: txt, p: txt, with: txt, start: i4, n: i4) => replace_from(s, p, with, start, Some(n), "");
    textregexreplace_extended_no_n(s: txt, p: txt, with: txt, start: i4) => replace_from(s, p, with, start, None, "");
    regexp_match_no_flags(s: txt, p: txt) => first_match(s, p, "");
    regexp_match(s: txt, p: txt, flags: txt) => first_match(s, p, flags);
    regexp_count_no_start(s: txt, p: txt) => match_count(s, p, 1, "");
    regexp_count_no_flags(s: txt, p: txt, start: i4) => match_count(s, p, start, "");
    regexp_count(s: txt, p: txt, start: i4, flags: txt) => match_count(s, p, start, flags);
    regexp_like_no_flags(s: txt, p: txt) => Ok(compile(p, "")?.is_match(s));
    regexp_like(s: txt, p: txt, flags: txt) => is_like(s, p, flags);
    regexp_instr_no_start(s: txt, p: txt) => instr(s, p, 1, 1, 0, "", 0);
    regexp_instr_no_n(s: txt, p: txt, start: i4) => instr(s, p, start, 1, 0, "", 0);
    regexp_instr_no_endoption(s: txt, p: txt, start: i4, n: i4) => instr(s, p, start, n, 0, "", 0);
    regexp_instr_no_flags(s: txt, p: txt, start: i4, n: i4, end: i4) => instr(s, p, start, n, end, "", 0);
    regexp_instr_no_subexpr(s: txt, p: txt, start: i4, n: i4, end: i4, flags: txt) => instr(s, p, start, n, end, flags, 0);
    regexp_instr(s: txt, p: txt, start: i4, n: i4, end: i4, flags: txt, group: i4) => instr(s, p, start, n, end, flags, group);
    regexp_substr_no_start(s: txt, p: txt) => substr(s, p, 1, 1, "", 0);
    regexp_substr_no_n(s: txt, p: txt, start: i4) => substr(s, p, start, 1, "", 0);
    regexp_substr_no_flags(s: txt, p: txt, start: i4, n: i4) => substr(s, p, start, n, "", 0);
    regexp_substr_no_subexpr(s: txt, p: txt, start: i4, n: i4, flags: txt) => substr(s, p, start, n, flags, 0);
    regexp_substr(s: txt, p: txt, start: i4, n: i4, flags: txt, group: i4) => substr(s, p, start, n, flags, group);
    regexp_split_to_array_no_flags(s: txt, p: txt) => split_array(s, p, "");
    regexp_split_to_array(s: txt, p: txt, flags: txt) => split_array(s, p, flags);
}

fn bad(what: &str) -> Error {
    Error::new(sqlstate::INVALID_REGULAR_EXPRESSION, format!("invalid regular expression: {what}"))
}

/// Compiled patterns that a thread keeps.
const CACHED_MAX: usize = 128;

thread_local! {
    static CACHE: RefCell<HashMap<(String, String), Arc<Regex>>> = RefCell::default();
}

/// The compiled form of a pattern under PostgreSQL's flag letters (without `g`).
pub(crate) fn compile(pattern: &str, flags: &str) -> Result<Arc<Regex>> {
    CACHE.with(|cache| {
        let mut cache = cache.borrow_mut();
        // The probe allocates two strings; next to a match that is little.
        let key = (pattern.to_string(), flags.to_string());
        if let Some(found) = cache.get(&key) {
            return Ok(found.clone());
        }
        let compiled = Arc::new(build(pattern, flags)?);
        if cache.len() >= CACHED_MAX {
            cache.clear();
        }
        cache.insert(key, compiled.clone());
        Ok(compiled)
    })
}

#[derive(Clone, Copy, Default)]
struct Options {
    insensitive: bool,
    /// `.` and complements do not match a newline.
    dot_excludes_newline: bool,
    /// `^` and `$` match at lines.
    lines: bool,
    expanded: bool,
    literal: bool,
}

impl Options {
    fn set(&mut self, flag: char) -> bool {
        match flag {
            'i' => self.insensitive = true,
            'c' => self.insensitive = false,
            'm' | 'n' => (self.dot_excludes_newline, self.lines) = (true, true),
            'p' => (self.dot_excludes_newline, self.lines) = (true, false),
            's' => (self.dot_excludes_newline, self.lines) = (false, false),
            'w' => (self.dot_excludes_newline, self.lines) = (false, true),
            'x' => self.expanded = true,
            't' => self.expanded = false,
            'q' => self.literal = true,
            'e' | 'b' => {}
            _ => return false,
        }
        true
    }
}

fn build(pattern: &str, flags: &str) -> Result<Regex> {
    let mut options = Options::default();
    for flag in flags.chars() {
        if !options.set(flag) {
            return Err(invalid(format!("invalid regular expression option: \"{flag}\"")));
        }
    }
    let mut pattern = pattern;
    if let Some(literal) = pattern.strip_prefix("***=") {
        options.literal = true;
        pattern = literal;
    } else if let Some(rest) = pattern.strip_prefix("***:") {
        pattern = rest;
    }
    if !options.literal
        && let Some(rest) = pattern.strip_prefix("(?")
        && rest.starts_with(|c: char| c.is_ascii_lowercase())
        && let Some(end) = rest.find(')')
    {
        for flag in rest[..end].chars() {
            if !options.set(flag) {
                return Err(bad("invalid embedded option"));
            }
        }
        pattern = &rest[end + 1..];
    }
    let translated = if options.literal { regex::escape(pattern) } else { translate(pattern, options)? };
    RegexBuilder::new(&translated)
        .case_insensitive(options.insensitive)
        .dot_matches_new_line(!options.dot_excludes_newline)
        .multi_line(options.lines)
        .size_limit(16 << 20)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => bad("regular expression is too complex"),
            _ => bad(&describe(pattern)),
        })
}

/// PostgreSQL's word for what is wrong with a pattern that does not compile.
fn describe(pattern: &str) -> String {
    let (mut depth, mut escaped, mut class) = (0_i64, false, false);
    for c in pattern.chars() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if class {
            class = c != ']';
        } else {
            match c {
                '[' => class = true,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                break;
            }
        }
    }
    if class {
        "brackets [] not balanced".to_string()
    } else if depth != 0 {
        "parentheses () not balanced".to_string()
    } else if escaped {
        "invalid escape \\ sequence".to_string()
    } else if pattern.contains('[') {
        "invalid character range".to_string()
    } else {
        "quantifier operand invalid".to_string()
    }
}

/// An advanced regular expression in the syntax of the `regex` crate.
fn translate(pattern: &str, options: Options) -> Result<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut i = 0;
    let unsupported = |what: &str| Error::unsupported(format!("{what} in a regular expression"));
    // Whether something stands before to which a quantifier can apply.
    let mut atom = false;
    while i < chars.len() {
        let c = chars[i];
        match c {
            '\\' => {
                i = escape(&chars, i, false, &mut out)?;
                atom = true;
                continue;
            }
            '[' => {
                let rest: String = chars[i..].iter().take(7).collect();
                if rest == "[[:<:]]" || rest == "[[:>:]]" {
                    out.push_str(if rest == "[[:<:]]" { r"\b{start}" } else { r"\b{end}" });
                    i += 7;
                    continue;
                }
                i = class(&chars, i, options, &mut out)?;
                atom = true;
                continue;
            }
            '(' => {
                let rest: String = chars[i + 1..].iter().take(3).collect();
                if rest.starts_with("?:") {
                    out.push_str("(?:");
                    i += 3;
                } else if rest.starts_with("?#") {
                    while i < chars.len() && chars[i] != ')' {
                        i += 1;
                    }
                    i += 1;
                    continue;
                } else if rest.starts_with("?=") || rest.starts_with("?!") || rest.starts_with("?<") {
                    return Err(unsupported("look-around"));
                } else if rest.starts_with('?') {
                    return Err(bad("quantifier operand invalid"));
                } else {
                    out.push('(');
                    i += 1;
                }
                atom = false;
                continue;
            }
            '*' | '+' | '?' => {
                if !atom {
                    return Err(bad("quantifier operand invalid"));
                }
                out.push(c);
                i += 1;
                if chars.get(i) == Some(&'?') {
                    out.push('?');
                    i += 1;
                }
                // Two quantifiers in a row are an error, as in PostgreSQL.
                atom = false;
                continue;
            }
            '{' if chars.get(i + 1).is_some_and(char::is_ascii_digit) => {
                let end =
                    chars[i..].iter().position(|c| *c == '}').ok_or_else(|| bad("braces {} not balanced"))?
                        + i;
                let body: String = chars[i + 1..end].iter().collect();
                let counts: Vec<&str> = body.split(',').collect();
                let parse = |s: &str| s.parse::<u32>().ok().filter(|n| *n <= 255);
                let valid = match counts.as_slice() {
                    [n] => parse(n).is_some(),
                    [n, ""] => parse(n).is_some(),
                    [n, m] => parse(n).zip(parse(m)).is_some_and(|(n, m)| n <= m),
                    _ => false,
                };
                if !valid {
                    return Err(bad("invalid repetition count(s)"));
                }
                if !atom {
                    return Err(bad("quantifier operand invalid"));
                }
                out.push('{');
                out.push_str(&body);
                out.push('}');
                i = end + 1;
                if chars.get(i) == Some(&'?') {
                    out.push('?');
                    i += 1;
                }
                atom = false;
                continue;
            }
            '{' | '}' | ']' | '&' | '~' | '-' | '#' if !(c == '#' && options.expanded) => {
                out.push('\\');
                out.push(c);
                atom = true;
            }
            '#' => {
                while i < chars.len() && chars[i] != '\n' {
                    i += 1;
                }
                continue;
            }
            c if options.expanded && c.is_whitespace() => {}
            '|' => {
                out.push('|');
                atom = false;
            }
            '^' => {
                out.push('^');
                atom = false;
            }
            '$' => {
                out.push('$');
                atom = false;
            }
            other => {
                out.push(other);
                atom = true;
            }
        }
        i += 1;
    }
    Ok(out)
}

/// Translates the escape at `i`; gives the index after it.
fn escape(chars: &[char], i: usize, in_class: bool, out: &mut String) -> Result<usize> {
    let wrong = || bad("invalid escape \\ sequence");
    let Some(&c) = chars.get(i + 1) else { return Err(wrong()) };
    let push = |out: &mut String, code: u32| -> Result<()> {
        let c = char::from_u32(code).ok_or_else(wrong)?;
        out.push_str(&regex::escape(&c.to_string()));
        if matches!(c, '&' | '~' | '-') && in_class && !out.ends_with(&format!("\\{c}")) {
            out.pop();
            out.push('\\');
            out.push(c);
        }
        Ok(())
    };
    let hex = |from: usize, len: usize| -> Result<u32> {
        let digits: String = chars.get(from..from + len).ok_or_else(wrong)?.iter().collect();
        u32::from_str_radix(&digits, 16).map_err(|_| wrong())
    };
    match c {
        'd' | 'w' | 's' | 'D' | 'W' | 'S' => {
            out.push('\\');
            out.push(c);
        }
        'm' | 'M' | 'y' | 'Y' | 'A' | 'Z' if !in_class => out.push_str(match c {
            'm' => r"\b{start}",
            'M' => r"\b{end}",
            'y' => r"\b",
            'Y' => r"\B",
            'A' => r"\A",
            _ => r"\z",
        }),
        'a' => push(out, 7)?,
        'b' => push(out, 8)?,
        'B' => push(out, u32::from('\\'))?,
        'e' => push(out, 27)?,
        'f' => push(out, 12)?,
        'n' => out.push_str("\\n"),
        'r' => out.push_str("\\r"),
        't' => out.push_str("\\t"),
        'v' => push(out, 11)?,
        'c' => {
            let Some(&x) = chars.get(i + 2) else { return Err(wrong()) };
            push(out, u32::from(x) & 0x1f)?;
            return Ok(i + 3);
        }
        'u' => {
            push(out, hex(i + 2, 4)?)?;
            return Ok(i + 6);
        }
        'U' => {
            push(out, hex(i + 2, 8)?)?;
            return Ok(i + 10);
        }
        'x' => {
            let end =
                chars[i + 2..].iter().position(|c| !c.is_ascii_hexdigit()).map_or(chars.len(), |n| i + 2 + n);
            let digits: String = chars[i + 2..end].iter().collect();
            push(out, u32::from_str_radix(&digits, 16).map_err(|_| wrong())?)?;
            return Ok(end);
        }
        '0' => {
            let end = (i + 2..chars.len().min(i + 4)).find(|&j| !('0'..='7').contains(&chars[j]));
            let end = end.unwrap_or(chars.len().min(i + 4));
            let digits: String = chars[i + 1..end].iter().collect();
            push(out, u32::from_str_radix(&digits, 8).map_err(|_| wrong())?)?;
            return Ok(end);
        }
        '1'..='9' => return Err(Error::unsupported("a back reference in a regular expression")),
        c if c.is_alphanumeric() => return Err(wrong()),
        c => {
            out.push('\\');
            if c.is_ascii_punctuation() {
                out.push(c);
            } else {
                out.pop();
                out.push(c);
            }
        }
    }
    Ok(i + 2)
}

/// Translates the bracket expression at `i`; gives the index after it.
fn class(chars: &[char], mut i: usize, options: Options, out: &mut String) -> Result<usize> {
    let unbalanced = || bad("brackets [] not balanced");
    out.push('[');
    i += 1;
    if chars.get(i) == Some(&'^') {
        out.push('^');
        i += 1;
        if options.dot_excludes_newline {
            out.push_str("\\n");
        }
    }
    let mut first = true;
    loop {
        let Some(&c) = chars.get(i) else { return Err(unbalanced()) };
        match c {
            ']' if !first => {
                out.push(']');
                return Ok(i + 1);
            }
            '[' if matches!(chars.get(i + 1), Some(':' | '.' | '=')) => {
                let kind = chars[i + 1];
                let end = (i + 2..chars.len().saturating_sub(1))
                    .find(|&j| chars[j] == kind && chars[j + 1] == ']')
                    .ok_or_else(unbalanced)?;
                let name: String = chars[i + 2..end].iter().collect();
                if kind == ':' {
                    out.push_str(match name.as_str() {
                        "alpha" => r"\p{Alphabetic}",
                        "alnum" => r"\p{Alphabetic}\p{Nd}",
                        "digit" => "0-9",
                        "lower" => r"\p{Lowercase}",
                        "upper" => r"\p{Uppercase}",
                        "space" => r"\s",
                        "blank" => r" \t",
                        "punct" => "[:punct:]",
                        "cntrl" => r"\p{Cc}",
                        "graph" => r"[^\s\p{Cc}\p{Cn}]",
                        "print" => r"[^\p{Cc}\p{Cn}]",
                        "xdigit" => "0-9A-Fa-f",
                        "word" => r"\w",
                        _ => return Err(bad("invalid character class")),
                    });
                    if name == "punct" {
                        out.truncate(out.len() - "[:punct:]".len());
                        out.push_str("[[:punct:]]");
                    }
                } else {
                    let mut parts = name.chars();
                    match (parts.next(), parts.next()) {
                        (Some(one), None) => out.push_str(&class_char(one)),
                        _ => return Err(bad("invalid collating element")),
                    }
                }
                i = end + 2;
            }
            '\\' => i = escape(chars, i, true, out)?,
            '-' => {
                // A range only between two members.
                let range = !first && !matches!(chars.get(i + 1), Some(']') | None);
                out.push_str(if range { "-" } else { "\\-" });
                i += 1;
            }
            c => {
                out.push_str(&class_char(c));
                i += 1;
            }
        }
        first = false;
    }
}

fn class_char(c: char) -> String {
    if matches!(c, '[' | ']' | '\\' | '^' | '-' | '&' | '~') { format!("\\{c}") } else { c.to_string() }
}

/// Flags without `g`, and whether it was there.
fn split_flags(flags: &str) -> (String, bool) {
    (flags.chars().filter(|c| *c != 'g').collect(), flags.contains('g'))
}

fn no_global(function: &str, instead: &str) -> Error {
    let error = invalid(format!("{function}() does not support the \"global\" option"));
    if instead.is_empty() { error } else { error.hint(format!("Use the {instead} function instead.")) }
}

fn compile_local(pattern: &str, flags: &str, function: &str, instead: &str) -> Result<Arc<Regex>> {
    if flags.contains('g') {
        // A wrong letter before it is reported first.
        let before: String = flags.chars().take_while(|c| *c != 'g').collect();
        build("", &before)?;
        return Err(no_global(function, instead));
    }
    compile(pattern, flags)
}

/// Byte offset of the character at a position from 1: past the end is `None`.
fn start_offset(s: &str, start: i32) -> Result<Option<usize>> {
    if start <= 0 {
        return Err(invalid(format!("invalid value for parameter \"start\": {start}")));
    }
    let skip = start as usize - 1;
    Ok(s.char_indices().map(|(at, _)| at).chain([s.len()]).nth(skip))
}

/// Matches one after the other, empty ones included, as PostgreSQL finds them.
fn captures_from<'s>(regex: &Regex, s: &'s str, from: usize) -> impl Iterator<Item = regex::Captures<'s>> {
    let mut at = from;
    std::iter::from_fn(move || {
        if at > s.len() {
            return None;
        }
        let captures = regex.captures_at(s, at)?;
        let whole = captures.get(0)?;
        at = if whole.is_empty() {
            whole.end() + s[whole.end()..].chars().next().map_or(1, char::len_utf8)
        } else {
            whole.end()
        };
        Some(captures)
    })
}

fn substring(s: &str, pattern: &str) -> Result<Option<String>> {
    let regex = compile(pattern, "")?;
    let Some(captures) = regex.captures(s) else { return Ok(None) };
    let group = usize::from(captures.len() > 1);
    Ok(captures.get(group).map(|m| m.as_str().to_string()))
}

/// Groups of a match as regexp_match gives them: the whole match if the pattern has none.
pub(crate) fn groups(captures: &regex::Captures<'_>) -> Datum {
    let text = |m: Option<regex::Match<'_>>| m.map_or(Datum::Null, |m| Datum::text(m.as_str()));
    let items = if captures.len() == 1 {
        vec![text(captures.get(0))]
    } else {
        captures.iter().skip(1).map(text).collect()
    };
    Datum::array(Type::Text, items)
}

fn first_match(s: &str, pattern: &str, flags: &str) -> Result<Option<Datum>> {
    let regex = compile_local(pattern, flags, "regexp_match", "regexp_matches")?;
    Ok(regex.captures(s).map(|c| groups(&c)))
}

/// regexp_matches: one row for each match.
pub(crate) fn all_matches(s: &str, pattern: &str, flags: &str) -> Result<Vec<Datum>> {
    let (flags, global) = split_flags(flags);
    let regex = compile(pattern, &flags)?;
    let limit = if global { usize::MAX } else { 1 };
    Ok(captures_from(&regex, s, 0).take(limit).map(|c| groups(&c)).collect())
}

/// Appends a replacement: `\1` to `\9`, `\&`, `\\`.
fn append_replacement(with: &str, captures: &regex::Captures<'_>, out: &mut String) {
    let mut rest = with;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let mut after = rest[at + 1..].chars();
        match after.next() {
            Some(digit @ '1'..='9') => {
                if let Some(m) = captures.get(digit as usize - '0' as usize) {
                    out.push_str(m.as_str());
                }
            }
            Some('&') => out.push_str(captures.get(0).map_or("", |m| m.as_str())),
            Some('\\') => out.push('\\'),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => {
                out.push('\\');
            }
        }
        rest = after.as_str();
    }
    out.push_str(rest);
}

/// Replaces the `n`-th match (0: all of them) from an offset on.
fn replace(s: &str, regex: &Regex, with: &str, from: usize, n: usize) -> Result<String> {
    let mut out = String::with_capacity(s.len());
    let mut copied = 0;
    for (i, captures) in captures_from(regex, s, from).enumerate() {
        if n != 0 && i + 1 < n {
            continue;
        }
        let Some(whole) = captures.get(0) else { break };
        out.push_str(&s[copied..whole.start()]);
        append_replacement(with, &captures, &mut out);
        copied = whole.end();
        if out.len() > VALUE_BYTES_MAX {
            return Err(too_large());
        }
        if n != 0 {
            break;
        }
    }
    out.push_str(&s[copied..]);
    Ok(out)
}

fn replace_flagged(s: &str, pattern: &str, with: &str, flags: &str) -> Result<String> {
    if let Some(digit) = flags.chars().next().filter(char::is_ascii_digit) {
        return Err(invalid(format!("invalid regular expression option: \"{digit}\"")).hint(
            "If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer \
             explicitly.",
        ));
    }
    let (flags, global) = split_flags(flags);
    replace(s, &*compile(pattern, &flags)?, with, 0, usize::from(!global))
}

fn replace_from(
    s: &str,
    pattern: &str,
    with: &str,
    start: i32,
    n: Option<i32>,
    flags: &str,
) -> Result<String> {
    let from = start_offset(s, start)?;
    if let Some(n) = n.filter(|n| *n < 0) {
        return Err(invalid(format!("invalid value for parameter \"n\": {n}")));
    }
    let (flags, global) = split_flags(flags);
    let regex = compile(pattern, &flags)?;
    let n = n.map_or(usize::from(!global), |n| n as usize);
    match from {
        Some(from) => replace(s, &regex, with, from, n),
        None => Ok(s.to_string()),
    }
}

fn match_count(s: &str, pattern: &str, start: i32, flags: &str) -> Result<i32> {
    let from = start_offset(s, start)?;
    let regex = compile_local(pattern, flags, "regexp_count", "")?;
    Ok(from.map_or(0, |from| captures_from(&regex, s, from).count() as i32))
}

fn is_like(s: &str, pattern: &str, flags: &str) -> Result<bool> {
    Ok(compile_local(pattern, flags, "regexp_like", "")?.is_match(s))
}

/// The group of the `n`-th match from a position on.
fn nth_match<'s>(
    s: &'s str,
    regex: &Regex,
    from: Option<usize>,
    n: i32,
    group: i32,
) -> Result<Option<regex::Match<'s>>> {
    if group as usize >= regex.captures_len() {
        return Ok(None);
    }
    let Some(from) = from else { return Ok(None) };
    Ok(captures_from(regex, s, from).nth(n as usize - 1).and_then(|c| c.get(group as usize)))
}

fn check(name: &str, value: i32, valid: bool) -> Result<()> {
    if valid { Ok(()) } else { Err(invalid(format!("invalid value for parameter \"{name}\": {value}"))) }
}

fn instr(s: &str, pattern: &str, start: i32, n: i32, end: i32, flags: &str, group: i32) -> Result<i32> {
    let from = start_offset(s, start)?;
    check("n", n, n > 0)?;
    check("endoption", end, end == 0 || end == 1)?;
    check("subexpr", group, group >= 0)?;
    let regex = compile_local(pattern, flags, "regexp_instr", "")?;
    Ok(nth_match(s, &regex, from, n, group)?
        .map_or(0, |m| count(&s[..if end == 1 { m.end() } else { m.start() }]) + 1))
}

fn substr(s: &str, pattern: &str, start: i32, n: i32, flags: &str, group: i32) -> Result<Option<String>> {
    let from = start_offset(s, start)?;
    check("n", n, n > 0)?;
    check("subexpr", group, group >= 0)?;
    let regex = compile_local(pattern, flags, "regexp_substr", "")?;
    Ok(nth_match(s, &regex, from, n, group)?.map(|m| m.as_str().to_string()))
}

/// The pieces between matches. Empty matches at the ends and next to another match do not split.
pub(crate) fn split(s: &str, pattern: &str, flags: &str, function: &str) -> Result<Vec<Datum>> {
    let regex = compile_local(pattern, flags, function, "")?;
    let mut pieces = Vec::new();
    let mut copied = 0;
    for captures in captures_from(&regex, s, 0) {
        let Some(m) = captures.get(0) else { break };
        if m.start() >= s.len() || m.end() <= copied {
            continue;
        }
        pieces.push(Datum::text(&s[copied..m.start()]));
        copied = m.end();
    }
    pieces.push(Datum::text(&s[copied..]));
    Ok(pieces)
}

fn split_array(s: &str, pattern: &str, flags: &str) -> Result<Datum> {
    Ok(Datum::array(Type::Text, split(s, pattern, flags, "regexp_split_to_array")?))
}
