//! Functions of text: length, case, trimming, padding, searching, splitting, quoting, format().

use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result, sqlstate};
use crate::expr::EvalContext;
use crate::functions::{VALUE_BYTES_MAX, get, invalid, out_of_range, scalars, to_text, too_large};
use crate::types::Type;
use crate::value::Datum;

/// Words that an identifier must not be without quotes: PostgreSQL's keywords that are not unreserved, sorted.
const KEYWORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

scalars! {
    textlen(s: txt) => count(s);
    bpcharlen(s: bp) => count(s);
    textoctetlen(s: txt) => s.len() as i32;
    bpcharoctetlen(s: txt) => s.len() as i32;
    text_bit_length(s: txt) => (s.len() as i32).saturating_mul(8);
    textcat(a: txt, b: txt) => concat2(a, b);
    upper(s: txt) => map_chars(s, upper_char);
    lower(s: txt) => map_chars(s, lower_char);
    initcap(s: txt) => capitalize(s);
    btrim(s: txt, set: txt) => s.trim_matches(|c| set.contains(c));
    btrim1(s: txt) => s.trim_matches(' ');
    ltrim(s: txt, set: txt) => s.trim_start_matches(|c| set.contains(c));
    ltrim1(s: txt) => s.trim_start_matches(' ');
    rtrim(s: txt, set: txt) => s.trim_end_matches(|c| set.contains(c));
    rtrim1(s: txt) => s.trim_end_matches(' ');
    text_substr(s: txt, from: i4, len: i4) => substring(s, from, Some(len));
    text_substr_no_len(s: txt, from: i4) => substring(s, from, None);
    textpos(s: txt, needle: txt) => position(s, needle);
    text_left(s: txt, n: i4) => left(s, n);
    text_right(s: txt, n: i4) => right(s, n);
    lpad(s: txt, len: i4, fill: txt) => pad(s, len, fill, true);
    rpad(s: txt, len: i4, fill: txt) => pad(s, len, fill, false);
    lpad_blank(s: txt, len: i4) => pad(s, len, " ", true);
    rpad_blank(s: txt, len: i4) => pad(s, len, " ", false);
    repeat(s: txt, n: i4) => repeat_text(s, n);
    replace_text(s: txt, from: txt, to: txt) => replace(s, from, to);
    text_reverse(s: txt) => s.chars().rev().collect::<String>();
    split_part(s: txt, delimiter: txt, n: i4) => part(s, delimiter, n);
    translate(s: txt, from: txt, to: txt) => translate_chars(s, from, to);
    quote_ident(s: txt) => quote_identifier(s);
    quote_literal(s: txt) => quote_string(s);
    quote_nullable(s: any) => nullable(s);
    ascii(s: txt) => s.chars().next().map_or(0, |c| c as i32);
    chr(n: i4) => char_of(n);
    to_hex32(n: i4) => format!("{n:x}");
    to_hex64(n: i8) => format!("{n:x}");
    text_starts_with(s: txt, prefix: txt) => s.starts_with(prefix);
    textoverlay(s: txt, with: txt, from: i4, len: i4) => overlay(s, with, from, len);
    textoverlay_no_len(s: txt, with: txt, from: i4) => overlay(s, with, from, count(with));
    unicode_normalize_func(s: txt, form: txt) => normalize(s, form);
    unicode_is_normalized(s: txt, form: txt) => normalize(s, form).map(|n| n == s);
    unistr(s: txt) => unescape(s);
    parse_ident(s: txt, strict: boolean) => parse_identifier(s, strict);
    parse_ident_1(s: txt) => parse_identifier(s, true);
    normalize_nfc(s: txt) => normalize(s, "NFC");
    is_normalized_nfc(s: txt) => normalize(s, "NFC").map(|n| n == s);
    nameconcatoid(s: txt, o: oid) => format!("{s}_{o}");
}

pub(crate) fn count(s: &str) -> i32 {
    if s.is_ascii() { s.len() as i32 } else { s.chars().count() as i32 }
}

fn concat2(a: &str, b: &str) -> Result<SmolStr> {
    if a.len() + b.len() > VALUE_BYTES_MAX {
        return Err(too_large());
    }
    let mut out = String::with_capacity(a.len() + b.len());
    out.push_str(a);
    out.push_str(b);
    Ok(SmolStr::from(out))
}

/// One character for one, as the C library maps: what would become several stays as it is.
fn upper_char(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn lower_char(c: char) -> char {
    let mut mapped = c.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn map_chars(s: &str, f: fn(char) -> char) -> SmolStr {
    s.chars().map(f).collect()
}

/// Lower case by Unicode, as `lower()` and ILIKE use it.
pub(crate) fn lower_text(s: &str) -> String {
    s.chars().map(lower_char).collect()
}

fn capitalize(s: &str) -> SmolStr {
    let mut inside = false;
    s.chars()
        .map(|c| {
            let mapped = if inside { lower_char(c) } else { upper_char(c) };
            inside = c.is_alphanumeric();
            mapped
        })
        .collect()
}

/// Byte offset of the `n`-th character, or the end.
fn offset(s: &str, n: usize) -> usize {
    if s.is_ascii() {
        return n.min(s.len());
    }
    s.char_indices().nth(n).map_or(s.len(), |(at, _)| at)
}

/// substring() by characters from 1: positions before the text count too, as the standard has it.
pub(crate) fn substring(s: &str, from: i32, len: Option<i32>) -> Result<&str> {
    let start = i64::from(from);
    let end = match len {
        None => i64::MAX,
        Some(len) if len < 0 => {
            return Err(Error::new(sqlstate::SUBSTRING_ERROR, "negative substring length not allowed"));
        }
        Some(len) => start + i64::from(len),
    };
    let (start, end) = (start.max(1), end.max(1));
    if end <= start {
        return Ok("");
    }
    let first = offset(s, usize::try_from(start - 1).unwrap_or(usize::MAX));
    let rest = &s[first..];
    let length = if end == i64::MAX { rest.len() } else { offset(rest, (end - start) as usize) };
    Ok(&rest[..length])
}

fn position(s: &str, needle: &str) -> i32 {
    s.find(needle).map_or(0, |at| count(&s[..at]) + 1)
}

fn left(s: &str, n: i32) -> &str {
    if n >= 0 {
        &s[..offset(s, n as usize)]
    } else {
        let keep = i64::from(count(s)) + i64::from(n);
        if keep <= 0 { "" } else { &s[..offset(s, keep as usize)] }
    }
}

fn right(s: &str, n: i32) -> &str {
    if n == i32::MIN {
        // Its negation overflows in PostgreSQL, which then cuts nothing.
        return s;
    }
    let total = i64::from(count(s));
    let skip = if n >= 0 { total - i64::from(n) } else { -i64::from(n) };
    if skip <= 0 { s } else { &s[offset(s, skip as usize)..] }
}

fn pad(s: &str, len: i32, fill: &str, at_left: bool) -> Result<SmolStr> {
    let len = len.max(0) as usize;
    if len.saturating_mul(fill.chars().map(char::len_utf8).max().unwrap_or(1)) > VALUE_BYTES_MAX {
        return Err(too_large());
    }
    let have = count(s) as usize;
    if have >= len || fill.is_empty() {
        return Ok(SmolStr::new(&s[..offset(s, len)]));
    }
    let filling = fill.chars().cycle().take(len - have);
    let mut out = String::with_capacity(s.len() + len - have);
    if at_left {
        out.extend(filling);
        out.push_str(s);
    } else {
        out.push_str(s);
        out.extend(filling);
    }
    Ok(SmolStr::from(out))
}

fn repeat_text(s: &str, n: i32) -> Result<String> {
    let n = n.max(0) as usize;
    if s.len().checked_mul(n).is_none_or(|bytes| bytes > VALUE_BYTES_MAX) {
        return Err(too_large());
    }
    Ok(s.repeat(n))
}

fn replace(s: &str, from: &str, to: &str) -> Result<SmolStr> {
    if from.is_empty() || s.is_empty() {
        return Ok(SmolStr::new(s));
    }
    if to.len() > from.len() && s.matches(from).count().saturating_mul(to.len()) > VALUE_BYTES_MAX {
        return Err(too_large());
    }
    Ok(SmolStr::from(s.replace(from, to)))
}

fn part<'s>(s: &'s str, delimiter: &str, n: i32) -> Result<&'s str> {
    if n == 0 {
        return Err(invalid("field position must not be zero"));
    }
    if delimiter.is_empty() || s.is_empty() {
        return Ok(if n == 1 || n == -1 { s } else { "" });
    }
    let at = n.unsigned_abs() as usize - 1;
    Ok(if n > 0 { s.split(delimiter).nth(at) } else { s.rsplit(delimiter).nth(at) }.unwrap_or(""))
}

fn translate_chars(s: &str, from: &str, to: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    let from: Vec<char> = from.chars().collect();
    s.chars()
        .filter_map(|c| match from.iter().position(|f| *f == c) {
            None => Some(c),
            Some(at) => to.get(at).copied(),
        })
        .collect()
}

/// An identifier as SQL text: in quotes where it needs them.
pub fn quote_identifier(s: &str) -> String {
    let plain = s
        .bytes()
        .enumerate()
        .all(|(i, b)| b.is_ascii_lowercase() || b == b'_' || (i > 0 && b.is_ascii_digit()));
    if plain && !s.is_empty() && KEYWORDS.binary_search(&s).is_err() {
        return s.to_string();
    }
    format!("\"{}\"", s.replace('"', "\"\""))
}

/// A string as SQL text: in quotes, with E in front if it has a backslash.
pub fn quote_string(s: &str) -> String {
    let quoted = s.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

fn nullable(s: &Datum) -> Result<String> {
    match s {
        Datum::Null => Ok("NULL".to_string()),
        other => Ok(quote_string(get::txt(other)?)),
    }
}

/// quote_literal(anyelement)
pub(crate) fn quote_any(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    match (args, types) {
        ([Datum::Null], _) => Ok(Datum::Null),
        ([value], [ty]) => Ok(Datum::text(quote_string(&to_text(value, *ty, ctx)?))),
        _ => Err(super::arity("quote_literal")),
    }
}

/// quote_nullable(anyelement)
pub(crate) fn quote_nullable_any(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    match args {
        [Datum::Null] => Ok(Datum::text("NULL")),
        _ => quote_any(args, types, ctx),
    }
}

fn char_of(n: i32) -> Result<String> {
    let limit = |message: String| Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, message);
    if n < 0 {
        return Err(invalid("character number must be positive"));
    }
    if n == 0 {
        return Err(limit("null character not permitted".to_string()));
    }
    if n > 0x10_ffff {
        return Err(limit(format!("requested character too large for encoding: {n}")));
    }
    match char::from_u32(n as u32) {
        Some(c) => Ok(c.to_string()),
        None => Err(limit(format!("requested character not valid for encoding: {n}"))),
    }
}

fn overlay(s: &str, with: &str, from: i32, len: i32) -> Result<String> {
    if from <= 0 {
        return Err(Error::new(sqlstate::SUBSTRING_ERROR, "negative substring length not allowed"));
    }
    let after = from.checked_add(len).ok_or_else(|| out_of_range("integer"))?;
    let head = substring(s, 1, Some(from - 1))?;
    let tail = substring(s, after, None)?;
    Ok([head, with, tail].concat())
}

fn normalize(s: &str, form: &str) -> Result<String> {
    match form.to_ascii_uppercase().as_str() {
        "NFC" => Ok(s.nfc().collect()),
        "NFD" => Ok(s.nfd().collect()),
        "NFKC" => Ok(s.nfkc().collect()),
        "NFKD" => Ok(s.nfkd().collect()),
        _ => Err(invalid(format!("invalid normalization form: {form}"))),
    }
}

/// unistr: `\XXXX`, `\+XXXXXX`, `\uXXXX`, `\UXXXXXXXX`, `\\`.
fn unescape(s: &str) -> Result<String> {
    let wrong = || {
        Error::new(sqlstate::SYNTAX_ERROR, "invalid Unicode escape")
            .hint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
    };
    let mut out = String::with_capacity(s.len());
    let mut rest = s;
    let mut high: Option<u32> = None;
    let pair = || Error::new(sqlstate::SYNTAX_ERROR, "invalid Unicode surrogate pair");
    while let Some(c) = rest.chars().next() {
        if c != '\\' {
            if high.is_some() {
                return Err(pair());
            }
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let body = &rest[1..];
        if let Some(after) = body.strip_prefix('\\') {
            if high.is_some() {
                return Err(pair());
            }
            out.push('\\');
            rest = after;
            continue;
        }
        let (skip, digits) = match body.chars().next() {
            Some('+') => (1, 6),
            Some('u') => (1, 4),
            Some('U') => (1, 8),
            _ => (0, 4),
        };
        let hex = body.get(skip..skip + digits).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = hex.and_then(|h| u32::from_str_radix(h, 16).ok()).ok_or_else(wrong)?;
        rest = &body[skip + digits..];
        match (high.take(), code) {
            (None, 0xd800..=0xdbff) => high = Some(code),
            (Some(first), 0xdc00..=0xdfff) => {
                let combined = 0x10000 + ((first - 0xd800) << 10) + (code - 0xdc00);
                out.push(char::from_u32(combined).ok_or_else(pair)?);
            }
            (Some(_), _) | (None, 0xdc00..=0xdfff) => return Err(pair()),
            (None, 0) => return Err(wrong()),
            (None, code) => match char::from_u32(code) {
                Some(c) => out.push(c),
                None => {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        format!("invalid Unicode code point: {code:04X}"),
                    ));
                }
            },
        }
    }
    if high.is_some() { Err(pair()) } else { Ok(out) }
}

/// parse_ident: the parts of a qualified name, folded where they are not quoted.
fn parse_identifier(s: &str, strict: bool) -> Result<Datum> {
    let wrong = |detail: &str| {
        let error = invalid(format!("string is not a valid identifier: \"{s}\""));
        if detail.is_empty() { error } else { error.detail(detail) }
    };
    let space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c' | '\x0b');
    let mut parts = Vec::new();
    let mut rest = s.trim_start_matches(space);
    let mut after_dot = false;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut body = quoted;
            loop {
                let Some(end) = body.find('"') else {
                    return Err(wrong("String has unclosed double quotes."));
                };
                name.push_str(&body[..end]);
                body = &body[end + 1..];
                match body.strip_prefix('"') {
                    Some(more) => {
                        name.push('"');
                        body = more;
                    }
                    None => break,
                }
            }
            if name.is_empty() {
                return Err(wrong("Quoted identifier must not be empty."));
            }
            parts.push(Datum::text(name));
            rest = body;
        } else {
            let start = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
            let follow = |c: char| start(c) || c.is_ascii_digit() || c == '$';
            let end =
                if rest.starts_with(start) { rest.find(|c| !follow(c)).unwrap_or(rest.len()) } else { 0 };
            if end == 0 {
                return Err(if after_dot {
                    wrong("No valid identifier after \".\".")
                } else if rest.starts_with('.') {
                    wrong("No valid identifier before \".\".")
                } else {
                    wrong("")
                });
            }
            parts.push(Datum::text(lower_text(&rest[..end])));
            rest = &rest[end..];
        }
        rest = rest.trim_start_matches(space);
        match rest.strip_prefix('.') {
            Some(more) => {
                after_dot = true;
                rest = more.trim_start_matches(space);
            }
            None if rest.is_empty() || !strict => break,
            None => return Err(wrong("")),
        }
    }
    Ok(Datum::array(Type::Text, parts))
}

/// concat("any", …): NULLs are left out.
pub(crate) fn concat_any(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    join(args, types, "", ctx)
}

/// concat_ws(text, "any", …)
pub(crate) fn concat_ws_any(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    match (args, types) {
        ([Datum::Null, ..], _) => Ok(Datum::Null),
        ([separator, rest @ ..], [_, types @ ..]) => join(rest, types, get::txt(separator)?, ctx),
        _ => Err(super::arity("concat_ws")),
    }
}

fn join(args: &[Datum], types: &[Type], separator: &str, ctx: &EvalContext<'_>) -> Result<Datum> {
    let mut out = String::new();
    let mut first = true;
    for (value, ty) in args.iter().zip(types) {
        if value.is_null() {
            continue;
        }
        if !first {
            out.push_str(separator);
        }
        first = false;
        match value {
            Datum::Text(s) => out.push_str(s),
            other => out.push_str(&to_text(other, *ty, ctx)?),
        }
        if out.len() > VALUE_BYTES_MAX {
            return Err(too_large());
        }
    }
    Ok(Datum::text(out))
}

/// `anynonarray || text`
pub(crate) fn any_text_cat(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    match (args, types) {
        ([a, b], [ta, tb]) if !a.is_null() && !b.is_null() => {
            concat2(&to_text(a, *ta, ctx)?, &to_text(b, *tb, ctx)?).map(Datum::Text)
        }
        _ => Ok(Datum::Null),
    }
}

/// format(text, …): `%s`, `%I`, `%L`, `%%`, with `n$`, `-`, a width or `*`.
pub(crate) fn format_any(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    let Some(format) = args.first() else { return Err(super::arity("format")) };
    if format.is_null() {
        return Ok(Datum::Null);
    }
    let format = get::txt(format)?;
    let few = || invalid("too few arguments for format()");
    let unterminated =
        || invalid("unterminated format() type specifier").hint("For a single \"%\" use \"%%\".");
    let mut out = String::with_capacity(format.len());
    let mut rest = format;
    let mut next = 1;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let mut position = None;
        if let Some((n, after)) = number(rest)?
            && let Some(after) = after.strip_prefix('$')
        {
            position = Some(n);
            rest = after;
        }
        let mut align_left = false;
        while let Some(after) = rest.strip_prefix('-') {
            align_left = true;
            rest = after;
        }
        let mut width = 0_i64;
        if let Some(after) = rest.strip_prefix('*') {
            rest = after;
            let mut from = next;
            if let Some((n, after)) = number(rest)? {
                from = n;
                rest = after
                    .strip_prefix('$')
                    .ok_or_else(|| invalid("width argument position must be ended by \"$\""))?;
            } else {
                next += 1;
            }
            if from == 0 {
                return Err(invalid("format specifies argument 0, but arguments are numbered from 1"));
            }
            if from > next {
                next = from + 1;
            }
            width = match args.get(from).ok_or_else(few)? {
                Datum::Null => 0,
                value => match value.as_i64() {
                    Some(n) => n,
                    None => to_text(value, types[from], ctx)?.parse().map_err(|_| {
                        Error::new(
                            sqlstate::INVALID_TEXT_REPRESENTATION,
                            "invalid input syntax for type integer",
                        )
                    })?,
                },
            };
            if i32::try_from(width).is_err() {
                return Err(out_of_range("integer"));
            }
        } else if let Some((n, after)) = number(rest)? {
            width = n as i64;
            rest = after;
        }
        if width < 0 {
            align_left = true;
            width = -width;
        }
        let Some(kind) = rest.chars().next() else { return Err(unterminated()) };
        if !matches!(kind, 's' | 'I' | 'L') {
            return Err(invalid(format!("unrecognized format() type specifier \"{kind}\""))
                .hint("For a single \"%\" use \"%%\"."));
        }
        rest = &rest[kind.len_utf8()..];
        if position == Some(0) {
            return Err(invalid("format specifies argument 0, but arguments are numbered from 1"));
        }
        let which = position.unwrap_or(next);
        next = which + 1;
        let value = args.get(which).ok_or_else(few)?;
        let text = match (kind, value) {
            ('s', Datum::Null) => String::new(),
            ('I', Datum::Null) => {
                return Err(Error::new(
                    sqlstate::NULL_VALUE_NOT_ALLOWED,
                    "null values cannot be formatted as an SQL identifier",
                ));
            }
            (_, Datum::Null) => "NULL".to_string(),
            ('s', value) => to_text(value, types[which], ctx)?,
            ('I', value) => quote_identifier(&to_text(value, types[which], ctx)?),
            (_, value) => quote_string(&to_text(value, types[which], ctx)?),
        };
        let missing = (width as usize).saturating_sub(count(&text) as usize);
        if out.len() + text.len() + missing > VALUE_BYTES_MAX {
            return Err(too_large());
        }
        if !align_left {
            out.extend(std::iter::repeat_n(' ', missing));
        }
        out.push_str(&text);
        if align_left {
            out.extend(std::iter::repeat_n(' ', missing));
        }
    }
    out.push_str(rest);
    Ok(Datum::text(out))
}

/// Digits at the front of a format specifier.
fn number(s: &str) -> Result<Option<(usize, &str)>> {
    let end = s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
    if end == 0 {
        return Ok(None);
    }
    match s[..end].parse::<i32>() {
        Ok(n) => Ok(Some((n as usize, &s[end..]))),
        Err(_) => Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "number is out of range")),
    }
}
