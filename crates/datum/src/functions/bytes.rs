//! Functions of bytea: length, parts, bits, hashes.

use sha2::Digest;

use crate::error::{Error, Result, sqlstate};
use crate::functions::encoding::hex;
use crate::functions::{VALUE_BYTES_MAX, invalid, scalars, too_large};

scalars! {
    byteaoctetlen(s: bin) => s.len() as i32;
    bytea_bit_length(s: bin) => (s.len() as i32).saturating_mul(8);
    byteacat(a: bin, b: bin) => concat(a, b);
    bytea_substr(s: bin, from: i4, len: i4) => part(s, from, Some(len)).map(<[u8]>::to_vec);
    bytea_substr_no_len(s: bin, from: i4) => part(s, from, None).map(<[u8]>::to_vec);
    byteapos(s: bin, needle: bin) => position(s, needle);
    byteaoverlay(s: bin, with: bin, from: i4, len: i4) => overlay(s, with, from, len);
    byteaoverlay_no_len(s: bin, with: bin, from: i4) => overlay(s, with, from, with.len() as i32);
    byteatrim(s: bin, set: bin) => trim(s, set, true, true);
    bytealtrim(s: bin, set: bin) => trim(s, set, true, false);
    byteartrim(s: bin, set: bin) => trim(s, set, false, true);
    bytea_get_byte(s: bin, n: i4) => byte_at(s, n).map(i32::from);
    bytea_set_byte(s: bin, n: i4, value: i4) => set_byte(s, n, value);
    bytea_get_bit(s: bin, n: i8) => bit_at(s, n);
    bytea_set_bit(s: bin, n: i8, value: i4) => set_bit(s, n, value);
    bytea_bit_count(s: bin) => s.iter().map(|b| i64::from(b.count_ones())).sum::<i64>();
    md5_text(s: txt) => hex(&md5::Md5::digest(s.as_bytes()));
    md5_bytea(s: bin) => hex(&md5::Md5::digest(s));
    sha224_bytea(s: bin) => sha2::Sha224::digest(s).to_vec();
    sha256_bytea(s: bin) => sha2::Sha256::digest(s).to_vec();
    sha384_bytea(s: bin) => sha2::Sha384::digest(s).to_vec();
    sha512_bytea(s: bin) => sha2::Sha512::digest(s).to_vec();
}

fn concat(a: &[u8], b: &[u8]) -> Result<Vec<u8>> {
    if a.len() + b.len() > VALUE_BYTES_MAX {
        return Err(too_large());
    }
    Ok([a, b].concat())
}

fn negative_length() -> Error {
    Error::new(sqlstate::SUBSTRING_ERROR, "negative substring length not allowed")
}

fn part(s: &[u8], from: i32, len: Option<i32>) -> Result<&[u8]> {
    let start = i64::from(from);
    let end = match len {
        None => i64::MAX,
        Some(len) if len < 0 => return Err(negative_length()),
        Some(len) => start + i64::from(len),
    };
    let clamp = |at: i64| (at.max(1) - 1).min(s.len() as i64) as usize;
    let (start, end) = (clamp(start), clamp(end));
    Ok(if start < end { &s[start..end] } else { &[] })
}

fn position(s: &[u8], needle: &[u8]) -> i32 {
    if needle.is_empty() {
        return 1;
    }
    s.windows(needle.len()).position(|w| w == needle).map_or(0, |at| at as i32 + 1)
}

fn overlay(s: &[u8], with: &[u8], from: i32, len: i32) -> Result<Vec<u8>> {
    if from <= 0 {
        return Err(negative_length());
    }
    let after = from.checked_add(len).ok_or_else(|| super::out_of_range("integer"))?;
    Ok([part(s, 1, Some(from - 1))?, with, part(s, after, None)?].concat())
}

fn trim(s: &[u8], set: &[u8], left: bool, right: bool) -> Vec<u8> {
    let mut s = s;
    while left
        && let [first, rest @ ..] = s
        && set.contains(first)
    {
        s = rest;
    }
    while right
        && let [rest @ .., last] = s
        && set.contains(last)
    {
        s = rest;
    }
    s.to_vec()
}

fn index(n: i64, len: i64) -> Result<usize> {
    if n < 0 || n >= len {
        return Err(Error::new(
            sqlstate::ARRAY_SUBSCRIPT_ERROR,
            format!("index {n} out of valid range, 0..{}", len - 1),
        ));
    }
    Ok(n as usize)
}

fn byte_at(s: &[u8], n: i32) -> Result<u8> {
    Ok(s[index(i64::from(n), s.len() as i64)?])
}

fn set_byte(s: &[u8], n: i32, value: i32) -> Result<Vec<u8>> {
    let at = index(i64::from(n), s.len() as i64)?;
    let mut s = s.to_vec();
    s[at] = value as u8;
    Ok(s)
}

fn bit_at(s: &[u8], n: i64) -> Result<i32> {
    let at = index(n, s.len() as i64 * 8)?;
    Ok(i32::from(s[at / 8] >> (at % 8) & 1))
}

fn set_bit(s: &[u8], n: i64, value: i32) -> Result<Vec<u8>> {
    let at = index(n, s.len() as i64 * 8)?;
    if value != 0 && value != 1 {
        return Err(invalid("new bit must be 0 or 1"));
    }
    let mut s = s.to_vec();
    let mask = 1 << (at % 8);
    s[at / 8] = if value == 1 { s[at / 8] | mask } else { s[at / 8] & !mask };
    Ok(s)
}
