//! Text in and out, and the modifier numeric(p,s).

use std::fmt;

use num_bigint::BigInt;

use super::{INTEGER_DIGITS_MAX, Numeric, SCALE_MAX, decimal_digits, overflow, pow10_big};
use crate::error::{Error, Result, sqlstate};

impl Numeric {
    /// numeric's input function: digits with point and exponent, `NaN`, `Infinity`, `inf`, blanks around.
    pub fn parse(text: &str) -> Result<Numeric> {
        let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
        Numeric::parse_exact(trimmed.as_bytes())?.ok_or_else(|| {
            Error::new(
                sqlstate::INVALID_TEXT_REPRESENTATION,
                format!("invalid input syntax for type numeric: \"{text}\""),
            )
        })
    }

    /// The same without blanks; `None` is a syntax error.
    fn parse_exact(text: &[u8]) -> Result<Option<Numeric>> {
        let (negative, digits) = match text.first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if !matches!(digits.first(), Some(b'0'..=b'9' | b'.')) {
            let is = |word: &str| digits.eq_ignore_ascii_case(word.as_bytes());
            return Ok(if is("infinity") || is("inf") {
                Some(if negative { Numeric::NegInfinity } else { Numeric::Infinity })
            } else if text.eq_ignore_ascii_case(b"nan") {
                Some(Numeric::NaN)
            } else {
                None
            });
        }
        let whole = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        let mut rest = &digits[whole..];
        let mut fraction: &[u8] = &[];
        if let Some(after) = rest.strip_prefix(b".") {
            let n = after.iter().take_while(|b| b.is_ascii_digit()).count();
            fraction = &after[..n];
            rest = &after[n..];
        }
        if whole == 0 && fraction.is_empty() {
            return Ok(None);
        }
        let mut exponent = 0i64;
        if let Some(b'e' | b'E') = rest.first() {
            let (minus, figures) = match rest.get(1) {
                Some(b'-') => (true, &rest[2..]),
                Some(b'+') => (false, &rest[2..]),
                _ => (false, &rest[1..]),
            };
            if figures.is_empty() || !figures.iter().all(u8::is_ascii_digit) {
                return Ok(None);
            }
            for figure in figures {
                exponent = exponent * 10 + i64::from(figure - b'0');
                if exponent >= i64::from(i32::MAX / 2) {
                    return Err(overflow());
                }
            }
            if minus {
                exponent = -exponent;
            }
            rest = &[];
        }
        if !rest.is_empty() {
            return Ok(None);
        }
        let whole = &digits[..whole];
        if exponent == 0 && whole.len() + fraction.len() <= 18 {
            let value = whole.iter().chain(fraction).fold(0i64, |sum, b| sum * 10 + i64::from(b - b'0'));
            let mantissa = if negative { -value } else { value };
            return Ok(Some(Numeric::Small { mantissa, scale: fraction.len() as u16 }));
        }
        let all: Vec<u8> = whole.iter().chain(fraction).copied().collect();
        let significant = &all[all.iter().take_while(|b| **b == b'0').count()..];
        let scale = fraction.len() as i64 - exponent;
        if scale > i64::from(SCALE_MAX) {
            return Err(overflow());
        }
        if significant.is_empty() {
            return Ok(Some(Numeric::Small { mantissa: 0, scale: scale.max(0) as u16 }));
        }
        if significant.len() as i64 - scale > INTEGER_DIGITS_MAX {
            return Err(overflow());
        }
        let mut mantissa = BigInt::parse_bytes(significant, 10).unwrap_or_default();
        if scale < 0 {
            mantissa *= pow10_big(-scale as u32);
        }
        if negative {
            mantissa = -mantissa;
        }
        Ok(Some(Numeric::from_parts(mantissa, scale.max(0) as u16)))
    }

    /// Appends the text.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Numeric::Small { mantissa, scale } => {
                let mut buffer = [0u8; 20];
                let digits = write_u64(mantissa.unsigned_abs(), &mut buffer);
                write_scaled(*mantissa < 0, digits, usize::from(*scale), out);
            }
            Numeric::Big(big) => {
                let digits = big.0.magnitude().to_str_radix(10);
                write_scaled(self.signum() < 0, digits.as_bytes(), usize::from(big.1), out);
            }
            Numeric::NaN => out.extend_from_slice(b"NaN"),
            Numeric::Infinity => out.extend_from_slice(b"Infinity"),
            Numeric::NegInfinity => out.extend_from_slice(b"-Infinity"),
        }
    }

    /// Rounds to numeric(p,s), given as the modifier (-1 changes nothing). 22003 if it does not fit.
    pub fn apply_typmod(&self, typmod: i32) -> Result<Numeric> {
        let Some((precision, scale)) =
            crate::ColumnType::with_typmod(crate::Type::Numeric, typmod).precision_scale()
        else {
            return Ok(self.clone());
        };
        let field_overflow = |what: String| {
            Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow")
                .detail(format!("A field with precision {precision}, scale {scale} {what}."))
        };
        if !self.is_finite() {
            return if self.is_nan() {
                Ok(Numeric::NaN)
            } else {
                Err(field_overflow("cannot hold an infinite value".to_owned()))
            };
        }
        let rounded = self.round(scale);
        let room = i64::from(precision - scale);
        let digits = match &rounded {
            Numeric::Small { mantissa: 0, .. } => return Ok(rounded),
            Numeric::Small { mantissa, scale } => {
                i64::from(mantissa.unsigned_abs().ilog10()) + 1 - i64::from(*scale)
            }
            Numeric::Big(big) => decimal_digits(&big.0) - i64::from(big.1),
            _ => 0,
        };
        if digits > room {
            let limit = if room == 0 { "1".to_owned() } else { format!("10^{room}") };
            return Err(field_overflow(format!("must round to an absolute value less than {limit}")));
        }
        Ok(rounded)
    }
}

impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write(&mut out);
        f.pad(std::str::from_utf8(&out).map_err(|_| fmt::Error)?)
    }
}

/// The decimal digits of `value` at the end of `buffer`.
pub(crate) fn write_u64(mut value: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return &buffer[at..];
        }
    }
}

fn write_scaled(negative: bool, digits: &[u8], scale: usize, out: &mut Vec<u8>) {
    if negative {
        out.push(b'-');
    }
    if scale == 0 {
        out.extend_from_slice(digits);
    } else if digits.len() > scale {
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
    } else {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + scale - digits.len(), b'0');
        out.extend_from_slice(digits);
    }
}
