//! [`Numeric`]: PostgreSQL's numeric, an exact decimal of any length that remembers how many digits to show.
//!
//! A finite value is `mantissa / 10^scale`. The scale is also the display scale: `1.50` is 150 / 10^2. Mantissas that
//! fit 64 bits lie inline (almost all do), others behind an `Arc`; a value has one representation only, so that
//! `Big` never holds what would fit `Small`.
//!
//! What results look like, digit by digit, is PostgreSQL's choice and follows from how it stores numbers: groups of
//! four decimal digits. The scale of a quotient, a root or a logarithm depends on the *weight* (index of the first
//! group) and value of the first group, so [`Numeric::leading_group`] computes these from the mantissa.
//!
//! - `parse.rs`: text in and out, modifiers; `convert.rs`: integers, floats, groups of four (the binary format)
//! - `arith.rs`: the four operations, remainder, rounding; `functions.rs`: roots, powers, logarithms

mod arith;
mod convert;
mod functions;
mod parse;
pub use convert::Groups;
pub(crate) use parse::write_u64;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use num_bigint::{BigInt, Sign};
use num_traits::{Signed, ToPrimitive, Zero};

use crate::error::{Error, Result, sqlstate};

/// Most digits after the point.
pub const SCALE_MAX: u32 = 16383;
/// Most digits before the point.
pub const INTEGER_DIGITS_MAX: i64 = 131_072;
/// Most digits a modifier may ask for; also the highest scale a division or root chooses by itself.
pub const PRECISION_MAX: i32 = 1000;

/// numeric: arbitrary precision decimal with a display scale, or NaN or an infinity. Build finite ones by
/// [`Numeric::from_parts`] and the like, not by variant, so that the representation stays unique.
#[derive(Clone, Debug)]
pub enum Numeric {
    /// mantissa / 10^scale, where the mantissa fits 64 bits.
    Small {
        /// Digits.
        mantissa: i64,
        /// Digits after the point.
        scale: u16,
    },
    /// The same with a mantissa that does not fit.
    Big(Arc<(BigInt, u16)>),
    /// NaN: equal to itself, above everything.
    NaN,
    /// Infinity
    Infinity,
    /// -Infinity
    NegInfinity,
}

impl Numeric {
    /// 0
    pub const ZERO: Numeric = Numeric::Small { mantissa: 0, scale: 0 };
    /// 1
    pub const ONE: Numeric = Numeric::Small { mantissa: 1, scale: 0 };

    /// mantissa / 10^scale. The scale must not be above [`SCALE_MAX`].
    pub fn from_parts(mantissa: BigInt, scale: u16) -> Numeric {
        match mantissa.to_i64() {
            Some(mantissa) => Numeric::Small { mantissa, scale },
            None => Numeric::Big(Arc::new((mantissa, scale))),
        }
    }

    /// mantissa / 10^scale.
    pub fn from_i128_scaled(mantissa: i128, scale: u16) -> Numeric {
        match i64::try_from(mantissa) {
            Ok(mantissa) => Numeric::Small { mantissa, scale },
            Err(_) => Numeric::Big(Arc::new((BigInt::from(mantissa), scale))),
        }
    }

    /// The same, with PostgreSQL's limits checked: 22003.
    pub(crate) fn checked(mantissa: BigInt, scale: u32) -> Result<Numeric> {
        if let Some(mantissa) = mantissa.to_i64()
            && scale <= SCALE_MAX
        {
            return Ok(Numeric::Small { mantissa, scale: scale as u16 });
        }
        if scale > SCALE_MAX
            || (mantissa.bits() > 400_000 && integer_digits(&mantissa, scale) > INTEGER_DIGITS_MAX)
        {
            return Err(overflow());
        }
        Ok(Numeric::from_parts(mantissa, scale as u16))
    }

    /// Mantissa and scale of a finite value.
    pub fn parts(&self) -> Option<(Cow<'_, BigInt>, u16)> {
        match self {
            Numeric::Small { mantissa, scale } => Some((Cow::Owned(BigInt::from(*mantissa)), *scale)),
            Numeric::Big(big) => Some((Cow::Borrowed(&big.0), big.1)),
            _ => None,
        }
    }

    /// Display scale; 0 for NaN and infinities.
    pub fn scale(&self) -> u16 {
        match self {
            Numeric::Small { scale, .. } => *scale,
            Numeric::Big(big) => big.1,
            _ => 0,
        }
    }

    /// Whether it is NaN.
    pub fn is_nan(&self) -> bool {
        matches!(self, Numeric::NaN)
    }

    /// Neither NaN nor infinite.
    pub fn is_finite(&self) -> bool {
        matches!(self, Numeric::Small { .. } | Numeric::Big(_))
    }

    /// Whether it is 0, whatever the scale.
    pub fn is_zero(&self) -> bool {
        matches!(self, Numeric::Small { mantissa: 0, .. })
    }

    /// -1, 0 or 1; NaN gives 1.
    pub fn signum(&self) -> i32 {
        match self {
            Numeric::Small { mantissa, .. } => mantissa.signum() as i32,
            Numeric::Big(big) if big.0.is_negative() => -1,
            Numeric::NegInfinity => -1,
            _ => 1,
        }
    }

    /// Bytes on the heap, about.
    pub fn heap_size(&self) -> usize {
        if let Numeric::Big(big) = self { 56 + big.0.bits() as usize / 8 } else { 0 }
    }

    /// Whether it is finite and has no fraction.
    pub fn is_integer(&self) -> bool {
        self.is_finite() && self.min_scale() == Some(0)
    }

    /// Weight (the power of 10000 of the first group of four digits) and value of that group, both 0 for 0.
    pub(crate) fn leading_group(&self) -> (i32, u32) {
        let Some((mantissa, scale)) = self.parts() else { return (0, 0) };
        if mantissa.is_zero() {
            return (0, 0);
        }
        let digits = decimal_digits(&mantissa);
        let exponent = digits - 1 - i64::from(scale);
        let weight = exponent.div_euclid(4);
        let in_group = exponent - 4 * weight + 1;
        let first = if digits >= in_group {
            mantissa.magnitude() / pow10_big((digits - in_group) as u32).magnitude()
        } else {
            mantissa.magnitude() * 10u32.pow((in_group - digits) as u32)
        };
        (weight as i32, first.to_u32().unwrap_or(0))
    }

    /// Mantissa and scale without zeros at the end of the fraction.
    pub(crate) fn canonical(&self) -> Option<(Cow<'_, BigInt>, u16)> {
        match self {
            Numeric::Small { mantissa, scale } => {
                let (mantissa, scale) = trim_small(*mantissa, *scale);
                Some((Cow::Owned(BigInt::from(mantissa)), scale))
            }
            Numeric::Big(big) => {
                let zeros = trailing_zeros(&big.0).min(big.1.into());
                if zeros == 0 {
                    return Some((Cow::Borrowed(&big.0), big.1));
                }
                Some((Cow::Owned(&big.0 / pow10_big(zeros)), big.1 - zeros as u16))
            }
            _ => None,
        }
    }

    fn class(&self) -> u8 {
        match self {
            Numeric::NegInfinity => 0,
            Numeric::Small { .. } | Numeric::Big(_) => 1,
            Numeric::Infinity => 2,
            Numeric::NaN => 3,
        }
    }
}

pub(crate) fn overflow() -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format")
}

pub(crate) fn division_by_zero() -> Error {
    Error::new(sqlstate::DIVISION_BY_ZERO, "division by zero")
}

/// 10^n for the n that fit 128 bits (38).
pub(crate) const POW10: [i128; 39] = {
    let mut table = [1i128; 39];
    let mut i = 1;
    while i < 39 {
        table[i] = table[i - 1] * 10;
        i += 1;
    }
    table
};

/// 10^n
pub(crate) fn pow10_big(n: u32) -> BigInt {
    match POW10.get(n as usize) {
        Some(power) => BigInt::from(*power),
        None => BigInt::from(10u32).pow(n),
    }
}

/// How many decimal digits the number has; 0 for 0.
pub(crate) fn decimal_digits(value: &BigInt) -> i64 {
    if let Some(small) = value.to_i128() {
        let small = small.unsigned_abs();
        return if small == 0 { 0 } else { i64::from(small.ilog10()) + 1 };
    }
    let bits = value.bits();
    // 2^(bits-1) <= |value| < 2^bits, so at most one power of ten lies between the two estimates.
    let low = ((bits - 1) as f64 * std::f64::consts::LOG10_2).floor() as i64;
    let high = (bits as f64 * std::f64::consts::LOG10_2).floor() as i64;
    if low == high {
        return low + 1;
    }
    if value.magnitude() >= pow10_big(high as u32).magnitude() { high + 1 } else { high }
}

fn integer_digits(mantissa: &BigInt, scale: u32) -> i64 {
    decimal_digits(mantissa) - i64::from(scale)
}

fn trim_small(mut mantissa: i64, mut scale: u16) -> (i64, u16) {
    if mantissa == 0 {
        return (0, 0);
    }
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    (mantissa, scale)
}

/// Decimal zeros at the end.
fn trailing_zeros(value: &BigInt) -> u32 {
    // A multiple of 10^n is a multiple of 2^n: most values are done here.
    if value.magnitude().trailing_zeros().unwrap_or(0) == 0 {
        return 0;
    }
    let text = value.magnitude().to_str_radix(10);
    (text.len() - text.trim_end_matches('0').len()) as u32
}

impl PartialEq for Numeric {
    fn eq(&self, other: &Numeric) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Numeric {}

impl PartialOrd for Numeric {
    fn partial_cmp(&self, other: &Numeric) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Numeric {
    fn cmp(&self, other: &Numeric) -> Ordering {
        if let (Numeric::Small { mantissa: a, scale: sa }, Numeric::Small { mantissa: b, scale: sb }) =
            (self, other)
        {
            if sa == sb {
                return a.cmp(b);
            }
            let shift = usize::from(sa.abs_diff(*sb));
            // 10^18 times 64 bits fits 128.
            if shift <= 18 {
                return if sa < sb {
                    (i128::from(*a) * POW10[shift]).cmp(&i128::from(*b))
                } else {
                    i128::from(*a).cmp(&(i128::from(*b) * POW10[shift]))
                };
            }
        }
        let (Some((a, sa)), Some((b, sb))) = (self.parts(), other.parts()) else {
            return self.class().cmp(&other.class());
        };
        let signs = a.sign().cmp(&b.sign());
        if signs != Ordering::Equal || a.is_zero() {
            return signs;
        }
        let lengths = (decimal_digits(&a) - i64::from(sa)).cmp(&(decimal_digits(&b) - i64::from(sb)));
        if lengths != Ordering::Equal {
            return if a.sign() == Sign::Minus { lengths.reverse() } else { lengths };
        }
        match sa.cmp(&sb) {
            Ordering::Equal => a.cmp(&b),
            Ordering::Less => (a.as_ref() * pow10_big((sb - sa).into())).cmp(&b),
            Ordering::Greater => a.as_ref().cmp(&(b.as_ref() * pow10_big((sa - sb).into()))),
        }
    }
}

impl Hash for Numeric {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(self.class());
        if let Numeric::Small { mantissa, scale } = self {
            let (mantissa, scale) = trim_small(*mantissa, *scale);
            state.write_i64(mantissa);
            state.write_u16(scale);
        } else if let Some((mantissa, scale)) = self.canonical() {
            match mantissa.to_i64() {
                Some(small) => state.write_i64(small),
                None => mantissa.hash(state),
            }
            state.write_u16(scale);
        }
    }
}
