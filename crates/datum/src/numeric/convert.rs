//! Integers, floats, and groups of four digits (the binary format).

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::{Numeric, pow10_big};
use crate::error::{Error, Result, sqlstate};

/// The binary format's view of a number: groups of four digits, most significant first, without zero groups at
/// either end.
#[derive(Debug, PartialEq, Eq)]
pub struct Groups {
    /// Power of 10000 of the first group.
    pub weight: i16,
    /// 0x0000 positive, 0x4000 negative, 0xC000 NaN, 0xD000 Infinity, 0xF000 -Infinity.
    pub sign: u16,
    /// Display scale.
    pub scale: u16,
    /// The groups.
    pub groups: Vec<u16>,
}

pub(crate) const SIGN_NEGATIVE: u16 = 0x4000;
pub(crate) const SIGN_NAN: u16 = 0xC000;
pub(crate) const SIGN_INFINITY: u16 = 0xD000;
pub(crate) const SIGN_NEG_INFINITY: u16 = 0xF000;

impl Numeric {
    /// From an integer.
    pub const fn from_i64(value: i64) -> Numeric {
        Numeric::Small { mantissa: value, scale: 0 }
    }

    /// From an integer.
    pub fn from_i128(value: i128) -> Numeric {
        Numeric::from_i128_scaled(value, 0)
    }

    /// From double precision, as the cast does: 15 significant digits.
    pub fn from_f64(value: f64) -> Numeric {
        from_float(value, 15)
    }

    /// From real, as the cast does: 6 significant digits.
    pub fn from_f32(value: f32) -> Numeric {
        from_float(f64::from(value), 6)
    }

    /// To smallint, half away from zero. 22003 `smallint out of range`.
    pub fn to_i16(&self) -> Result<i16> {
        self.to_integer("smallint")?.to_i16().ok_or_else(|| out_of_range("smallint"))
    }

    /// To integer, half away from zero. 22003 `integer out of range`.
    pub fn to_i32(&self) -> Result<i32> {
        self.to_integer("integer")?.to_i32().ok_or_else(|| out_of_range("integer"))
    }

    /// To bigint, half away from zero. 22003 `bigint out of range`.
    pub fn to_i64(&self) -> Result<i64> {
        if let Numeric::Small { mantissa, scale: 0 } = self {
            return Ok(*mantissa);
        }
        self.to_integer("bigint")?.to_i64().ok_or_else(|| out_of_range("bigint"))
    }

    fn to_integer(&self, what: &str) -> Result<BigInt> {
        match self {
            Numeric::NaN => {
                Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, format!("cannot convert NaN to {what}")))
            }
            Numeric::Infinity | Numeric::NegInfinity => {
                Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, format!("cannot convert infinity to {what}")))
            }
            finite => {
                Ok(finite.round(0).parts().map(|(mantissa, _)| mantissa.into_owned()).unwrap_or_default())
            }
        }
    }

    /// To double precision, correctly rounded. 22003 if it is too great or too small.
    pub fn to_f64(&self) -> Result<f64> {
        match self {
            Numeric::Small { mantissa, scale } if mantissa.unsigned_abs() < 1 << 53 && *scale <= 22 => {
                // Both are exact in a double, so that the division rounds once.
                Ok(*mantissa as f64 / 10f64.powi(i32::from(*scale)))
            }
            Numeric::NaN => Ok(f64::NAN),
            Numeric::Infinity => Ok(f64::INFINITY),
            Numeric::NegInfinity => Ok(f64::NEG_INFINITY),
            _ => crate::text::parse_f64(&self.to_string()),
        }
    }

    /// To real, correctly rounded. 22003 if it is too great or too small.
    pub fn to_f32(&self) -> Result<f32> {
        match self {
            Numeric::NaN => Ok(f32::NAN),
            Numeric::Infinity => Ok(f32::INFINITY),
            Numeric::NegInfinity => Ok(f32::NEG_INFINITY),
            _ => crate::text::parse_f32(&self.to_string()),
        }
    }

    /// To double precision with overflow to infinity and underflow to 0, for estimates.
    pub fn to_f64_lossy(&self) -> f64 {
        match self {
            Numeric::NaN => f64::NAN,
            Numeric::Infinity => f64::INFINITY,
            Numeric::NegInfinity => f64::NEG_INFINITY,
            Numeric::Small { mantissa, scale } if mantissa.unsigned_abs() < 1 << 53 && *scale <= 22 => {
                *mantissa as f64 / 10f64.powi(i32::from(*scale))
            }
            finite => finite.to_string().parse().unwrap_or(0.0),
        }
    }

    /// The binary format's view.
    pub fn to_groups(&self) -> Groups {
        let special = |sign| Groups { weight: 0, sign, scale: 0, groups: Vec::new() };
        match self {
            Numeric::NaN => return special(SIGN_NAN),
            // PostgreSQL sends the infinities with the display scale's upper bits.
            Numeric::Infinity => return Groups { scale: 0x20, ..special(SIGN_INFINITY) },
            Numeric::NegInfinity => return Groups { scale: 0x20, ..special(SIGN_NEG_INFINITY) },
            _ => {}
        }
        let (Some((mantissa, _)), scale) = (self.parts(), self.scale()) else { return special(SIGN_NAN) };
        if mantissa.is_zero() {
            return Groups { weight: 0, sign: 0, scale, groups: Vec::new() };
        }
        // Pad the fraction to whole groups, then take the digits four by four from the point.
        let fraction_groups = usize::from(scale).div_ceil(4);
        let pad = fraction_groups * 4 - usize::from(scale);
        let mut digits = mantissa.magnitude().to_str_radix(10).into_bytes();
        digits.resize(digits.len() + pad, b'0');
        let lead = digits.len() % 4;
        let value = |chunk: &[u8]| chunk.iter().fold(0u16, |sum, b| sum * 10 + u16::from(b - b'0'));
        let mut groups: Vec<u16> = Vec::with_capacity(digits.len() / 4 + 1);
        if lead > 0 {
            groups.push(value(&digits[..lead]));
        }
        groups.extend(digits[lead..].chunks(4).map(value));
        let weight = groups.len() as i32 - fraction_groups as i32 - 1;
        let zeros = groups.iter().rev().take_while(|group| **group == 0).count();
        groups.truncate(groups.len() - zeros);
        let zeros = groups.iter().take_while(|group| **group == 0).count();
        groups.drain(..zeros);
        let sign = if mantissa.is_negative() { SIGN_NEGATIVE } else { 0 };
        Groups { weight: (weight - zeros as i32) as i16, sign, scale, groups }
    }

    /// The inverse of [`Numeric::to_groups`]; digits below the scale are cut off. Zero groups may be anywhere;
    /// `None` if sign, scale or a group is impossible.
    pub fn from_groups(from: &Groups) -> Option<Numeric> {
        match from.sign {
            SIGN_NAN => return Some(Numeric::NaN),
            SIGN_INFINITY => return Some(Numeric::Infinity),
            SIGN_NEG_INFINITY => return Some(Numeric::NegInfinity),
            0 | SIGN_NEGATIVE => {}
            _ => return None,
        }
        if u32::from(from.scale) > super::SCALE_MAX || from.groups.iter().any(|group| *group >= 10_000) {
            return None;
        }
        let mut digits = Vec::with_capacity(from.groups.len() * 4);
        for group in &from.groups {
            let mut rest = *group;
            let mut four = [0u8; 4];
            for digit in four.iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            digits.extend_from_slice(&four);
        }
        let mut mantissa = if digits.is_empty() {
            BigInt::zero()
        } else {
            BigInt::parse_bytes(&digits, 10).unwrap_or_default()
        };
        if from.sign == SIGN_NEGATIVE {
            mantissa = -mantissa;
        }
        // mantissa * 10000^(weight + 1 - groups) = mantissa / 10^have
        let have = (from.groups.len() as i64 - i64::from(from.weight) - 1) * 4;
        let want = i64::from(from.scale);
        let mantissa = if want >= have {
            mantissa * pow10_big((want - have) as u32)
        } else {
            mantissa / pow10_big((have - want) as u32)
        };
        Some(Numeric::from_parts(mantissa, from.scale))
    }
}

impl From<i64> for Numeric {
    fn from(value: i64) -> Numeric {
        Numeric::from_i64(value)
    }
}

fn out_of_range(what: &str) -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("{what} out of range"))
}

fn from_float(value: f64, digits: usize) -> Numeric {
    if value.is_nan() {
        return Numeric::NaN;
    }
    if value.is_infinite() {
        return if value > 0.0 { Numeric::Infinity } else { Numeric::NegInfinity };
    }
    let text = format!("{value:.*e}", digits - 1);
    let (figures, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let figures =
        if figures.contains('.') { figures.trim_end_matches('0').trim_end_matches('.') } else { figures };
    Numeric::parse(&format!("{figures}e{exponent}")).unwrap_or(Numeric::NaN)
}
