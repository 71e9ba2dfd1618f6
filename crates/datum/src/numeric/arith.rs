//! The four operations, remainder and rounding. Each has a path in machine integers and one in `BigInt`.

use std::borrow::Cow;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, Zero};

use super::{Numeric, POW10, PRECISION_MAX, SCALE_MAX, division_by_zero, overflow, pow10_big, trim_small};
use crate::error::Result;

/// PostgreSQL chooses scales so that results have at least this many significant digits.
pub(super) const SIGNIFICANT_MIN: i32 = 16;
/// Bounds of what round and trunc take as a scale.
const ROUND_SCALE_MAX: i32 = 2 * PRECISION_MAX;

/// Both mantissas brought to the greater scale.
fn align<'a>(a: &'a Numeric, b: &'a Numeric) -> Option<(Cow<'a, BigInt>, Cow<'a, BigInt>, u16)> {
    let ((a, sa), (b, sb)) = (a.parts()?, b.parts()?);
    Some(match sa.cmp(&sb) {
        std::cmp::Ordering::Equal => (a, b, sa),
        std::cmp::Ordering::Less => (Cow::Owned(a.as_ref() * pow10_big((sb - sa).into())), b, sb),
        std::cmp::Ordering::Greater => (a, Cow::Owned(b.as_ref() * pow10_big((sa - sb).into())), sa),
    })
}

/// Small mantissas brought to the greater scale, if that fits.
fn align_small(a: &Numeric, b: &Numeric) -> Option<(i128, i128, u16)> {
    let (Numeric::Small { mantissa: a, scale: sa }, Numeric::Small { mantissa: b, scale: sb }) = (a, b)
    else {
        return None;
    };
    let (a, b) = (i128::from(*a), i128::from(*b));
    if sa == sb {
        return Some((a, b, *sa));
    }
    let shift = usize::from(sa.abs_diff(*sb));
    if shift > 18 {
        return None;
    }
    Some(if sa < sb { (a * POW10[shift], b, *sb) } else { (a, b * POW10[shift], *sa) })
}

/// a / b, half away from zero.
pub(super) fn div_round_big(a: &BigInt, b: &BigInt) -> BigInt {
    let (quotient, rest) = a.div_rem(b);
    if rest.magnitude() * 2u32 >= *b.magnitude() {
        let up = BigInt::from(if a.is_negative() == b.is_negative() { 1 } else { -1 });
        quotient + up
    } else {
        quotient
    }
}

fn div_round_i128(a: i128, b: i128) -> i128 {
    let (quotient, rest) = (a / b, a % b);
    // |b| <= 2^63 * 10^18 here, so that doubling the rest cannot overflow.
    if rest.unsigned_abs() * 2 >= b.unsigned_abs() {
        quotient + if (a < 0) == (b < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

#[allow(clippy::should_implement_trait)]
impl Numeric {
    /// -x
    pub fn neg(&self) -> Numeric {
        match self {
            Numeric::Small { mantissa, scale } => match mantissa.checked_neg() {
                Some(mantissa) => Numeric::Small { mantissa, scale: *scale },
                None => Numeric::from_i128_scaled(-i128::from(*mantissa), *scale),
            },
            Numeric::Big(big) => Numeric::from_parts(-&big.0, big.1),
            Numeric::Infinity => Numeric::NegInfinity,
            Numeric::NegInfinity => Numeric::Infinity,
            Numeric::NaN => Numeric::NaN,
        }
    }

    /// |x|
    pub fn abs(&self) -> Numeric {
        if self.signum() < 0 { self.neg() } else { self.clone() }
    }

    /// sign(x): -1, 0, 1 or NaN.
    pub fn sign(&self) -> Numeric {
        if self.is_nan() { Numeric::NaN } else { Numeric::from_i64(i64::from(self.signum())) }
    }

    /// a + b
    pub fn add(&self, other: &Numeric) -> Result<Numeric> {
        if let Some((a, b, scale)) = align_small(self, other) {
            return Ok(Numeric::from_i128_scaled(a + b, scale));
        }
        match align(self, other) {
            Some((a, b, scale)) => Numeric::checked(a.as_ref() + b.as_ref(), scale.into()),
            None => Ok(match (self, other) {
                (Numeric::NaN, _) | (_, Numeric::NaN) => Numeric::NaN,
                (Numeric::Infinity, Numeric::NegInfinity) | (Numeric::NegInfinity, Numeric::Infinity) => {
                    Numeric::NaN
                }
                (Numeric::Infinity | Numeric::NegInfinity, _) => self.clone(),
                _ => other.clone(),
            }),
        }
    }

    /// a - b
    pub fn sub(&self, other: &Numeric) -> Result<Numeric> {
        if let Some((a, b, scale)) = align_small(self, other) {
            return Ok(Numeric::from_i128_scaled(a - b, scale));
        }
        self.add(&other.neg())
    }

    /// a * b: the scales add up.
    pub fn mul(&self, other: &Numeric) -> Result<Numeric> {
        if let (Numeric::Small { mantissa: a, scale: sa }, Numeric::Small { mantissa: b, scale: sb }) =
            (self, other)
        {
            let scale = u32::from(*sa) + u32::from(*sb);
            if scale <= SCALE_MAX {
                return Ok(Numeric::from_i128_scaled(i128::from(*a) * i128::from(*b), scale as u16));
            }
        }
        let (Some((a, sa)), Some((b, sb))) = (self.parts(), other.parts()) else {
            return Ok(if self.is_nan() || other.is_nan() || self.is_zero() || other.is_zero() {
                Numeric::NaN
            } else if self.signum() == other.signum() {
                Numeric::Infinity
            } else {
                Numeric::NegInfinity
            });
        };
        let mut product = a.as_ref() * b.as_ref();
        let mut scale = u32::from(sa) + u32::from(sb);
        if scale > SCALE_MAX {
            product = div_round_big(&product, &pow10_big(scale - SCALE_MAX));
            scale = SCALE_MAX;
        }
        Numeric::checked(product, scale)
    }

    /// a / b with PostgreSQL's choice of scale.
    pub fn div(&self, other: &Numeric) -> Result<Numeric> {
        if let Some(special) = self.div_special(other)? {
            return Ok(special);
        }
        self.div_to_scale(other, div_scale(self, other))
    }

    /// What division gives where one of them is not finite.
    fn div_special(&self, other: &Numeric) -> Result<Option<Numeric>> {
        if self.is_nan() || other.is_nan() {
            return Ok(Some(Numeric::NaN));
        }
        match (self.is_finite(), other.is_finite()) {
            (_, true) if other.is_zero() => Err(division_by_zero()),
            (true, true) => Ok(None),
            (true, false) => Ok(Some(Numeric::ZERO)),
            (false, false) => Ok(Some(Numeric::NaN)),
            (false, true) => Ok(Some(if self.signum() == other.signum() {
                Numeric::Infinity
            } else {
                Numeric::NegInfinity
            })),
        }
    }

    /// a / b rounded to a scale; both finite, b not 0.
    pub(crate) fn div_to_scale(&self, other: &Numeric, scale: i32) -> Result<Numeric> {
        let shift = scale + i32::from(other.scale()) - i32::from(self.scale());
        if let (Numeric::Small { mantissa: a, .. }, Numeric::Small { mantissa: b, .. }) = (self, other)
            && (0..=38).contains(&shift)
            && let Some(a) = i128::from(*a).checked_mul(POW10[shift as usize])
        {
            return Ok(Numeric::from_i128_scaled(div_round_i128(a, i128::from(*b)), scale as u16));
        }
        let (Some((a, _)), Some((b, _))) = (self.parts(), other.parts()) else { return Ok(Numeric::NaN) };
        let quotient = if shift >= 0 {
            div_round_big(&(a.as_ref() * pow10_big(shift as u32)), &b)
        } else {
            div_round_big(&a, &(b.as_ref() * pow10_big(-shift as u32)))
        };
        Numeric::checked(quotient, scale as u32)
    }

    /// div(a, b): the quotient truncated to an integer.
    pub fn div_trunc(&self, other: &Numeric) -> Result<Numeric> {
        if let Some(special) = self.div_special(other)? {
            return Ok(special);
        }
        match align(self, other) {
            Some((a, b, _)) => Numeric::checked(a.as_ref() / b.as_ref(), 0),
            None => Ok(Numeric::NaN),
        }
    }

    /// a % b, with the sign of a.
    pub fn rem(&self, other: &Numeric) -> Result<Numeric> {
        if self.is_nan() || other.is_nan() {
            return Ok(Numeric::NaN);
        }
        if other.is_zero() {
            return Err(division_by_zero());
        }
        if let Some((a, b, scale)) = align_small(self, other) {
            return Ok(Numeric::from_i128_scaled(a % b, scale));
        }
        match align(self, other) {
            Some((a, b, scale)) => Numeric::checked(a.as_ref() % b.as_ref(), scale.into()),
            None if self.is_finite() => Ok(self.clone()),
            None => Ok(Numeric::NaN),
        }
    }

    /// round(x, scale), half away from zero; the scale may be negative.
    pub fn round(&self, scale: i32) -> Numeric {
        self.rescale(scale, div_round_i128, div_round_big)
    }

    /// trunc(x, scale); the scale may be negative.
    pub fn trunc(&self, scale: i32) -> Numeric {
        self.rescale(scale, |a, b| a / b, |a, b| a / b)
    }

    fn rescale(
        &self,
        to: i32,
        small: fn(i128, i128) -> i128,
        big: fn(&BigInt, &BigInt) -> BigInt,
    ) -> Numeric {
        let to = to.clamp(-ROUND_SCALE_MAX, ROUND_SCALE_MAX);
        if !self.is_finite() {
            return self.clone();
        }
        let drop = i32::from(self.scale()) - to;
        if drop == 0 {
            return self.clone();
        }
        if let Numeric::Small { mantissa, .. } = self {
            let mantissa = i128::from(*mantissa);
            if (1..=19).contains(&drop) {
                let cut = small(mantissa, POW10[drop as usize]);
                if to >= 0 {
                    return Numeric::from_i128_scaled(cut, to as u16);
                }
                if to >= -18 {
                    return Numeric::from_i128_scaled(cut * POW10[-to as usize], 0);
                }
            } else if (-18..0).contains(&drop) {
                return Numeric::from_i128_scaled(mantissa * POW10[-drop as usize], to as u16);
            }
        }
        let Some((mantissa, _)) = self.parts() else { return self.clone() };
        if drop < 0 {
            return Numeric::from_parts(mantissa.as_ref() * pow10_big(-drop as u32), to as u16);
        }
        let cut = big(&mantissa, &pow10_big(drop as u32));
        if to >= 0 {
            Numeric::from_parts(cut, to as u16)
        } else {
            Numeric::from_parts(if cut.is_zero() { cut } else { cut * pow10_big(-to as u32) }, 0)
        }
    }

    /// ceil(x)
    pub fn ceil(&self) -> Numeric {
        let cut = self.trunc(0);
        if cut < *self { cut.add(&Numeric::ONE).unwrap_or(cut) } else { cut }
    }

    /// floor(x)
    pub fn floor(&self) -> Numeric {
        let cut = self.trunc(0);
        if cut > *self { cut.sub(&Numeric::ONE).unwrap_or(cut) } else { cut }
    }

    /// min_scale(x): digits after the point that are needed; `None` of NaN and infinities.
    pub fn min_scale(&self) -> Option<u16> {
        match self {
            Numeric::Small { mantissa, scale } => Some(trim_small(*mantissa, *scale).1),
            other => other.canonical().map(|(_, scale)| scale),
        }
    }

    /// trim_scale(x): without zeros at the end of the fraction.
    pub fn trim_scale(&self) -> Numeric {
        match self.canonical() {
            Some((mantissa, scale)) => Numeric::from_parts(mantissa.into_owned(), scale),
            None => self.clone(),
        }
    }

    /// gcd(a, b)
    pub fn gcd(&self, other: &Numeric) -> Result<Numeric> {
        match align(self, other) {
            Some((a, b, scale)) => Numeric::checked(a.gcd(&b), scale.into()),
            None => Ok(Numeric::NaN),
        }
    }

    /// lcm(a, b)
    pub fn lcm(&self, other: &Numeric) -> Result<Numeric> {
        match align(self, other) {
            Some((a, b, scale)) => {
                let lcm = if a.is_zero() || b.is_zero() { BigInt::zero() } else { a.lcm(&b).abs() };
                Numeric::checked(lcm, scale.into())
            }
            None => Ok(Numeric::NaN),
        }
    }

    /// factorial(n)
    pub fn factorial(n: i64) -> Result<Numeric> {
        use crate::error::{Error, sqlstate};
        if n < 0 {
            return Err(Error::new(
                sqlstate::NUMERIC_VALUE_OUT_OF_RANGE,
                "factorial of a negative number is undefined",
            ));
        }
        // The greatest factorial below the limit of digits.
        if n > 32177 {
            return Err(overflow());
        }
        Numeric::checked((2..=n).fold(BigInt::from(1), |product, k| product * k), 0)
    }
}

/// The scale of a quotient: at least 16 significant digits, and no less than either operand shows.
pub(super) fn div_scale(a: &Numeric, b: &Numeric) -> i32 {
    let ((wa, fa), (wb, fb)) = (a.leading_group_fast(), b.leading_group_fast());
    let weight = wa - wb - i32::from(fa <= fb);
    choose_scale(SIGNIFICANT_MIN - weight * 4, &[a.scale(), b.scale()])
}

/// The wished scale, at least those given, at most what PostgreSQL allows.
pub(super) fn choose_scale(wish: i32, at_least: &[u16]) -> i32 {
    at_least.iter().fold(wish, |max, scale| max.max(i32::from(*scale))).clamp(0, PRECISION_MAX)
}

impl Numeric {
    /// [`Numeric::leading_group`] without big integers where the value is small.
    fn leading_group_fast(&self) -> (i32, u32) {
        let Numeric::Small { mantissa, scale } = self else { return self.leading_group() };
        let value = mantissa.unsigned_abs();
        if value == 0 {
            return (0, 0);
        }
        let digits = value.ilog10() as i32 + 1;
        let exponent = digits - 1 - i32::from(*scale);
        let weight = exponent.div_euclid(4);
        let in_group = exponent - 4 * weight + 1;
        let first = if digits >= in_group {
            value / 10u64.pow((digits - in_group) as u32)
        } else {
            value * 10u64.pow((in_group - digits) as u32)
        };
        (weight, first as u32)
    }
}
