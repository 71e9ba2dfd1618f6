//! Roots, exponentials, logarithms and powers.
//!
//! All are computed in binary fixed point with spare digits and rounded once to the scale PostgreSQL gives the
//! result: at least 16 significant digits, and no fewer decimals than the arguments show.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::arith::{SIGNIFICANT_MIN, choose_scale, div_round_big};
use super::{Numeric, PRECISION_MAX, decimal_digits, division_by_zero, overflow, pow10_big};
use crate::error::{Error, Result, sqlstate};

/// Binary digits of a decimal one.
const BITS_PER_DIGIT: f64 = std::f64::consts::LOG2_10;
/// log10(e), with as many digits as PostgreSQL has it: where an estimate is just an integer they decide.
#[allow(clippy::approx_constant)]
const LOG10_E: f64 = 0.434_294_481_903_252;
/// ln(10), as PostgreSQL has it.
#[allow(clippy::approx_constant)]
const LN_10: f64 = 2.302_585_092_994_046;
/// From here on e^x is outside of PostgreSQL's numbers.
const EXP_MAX: f64 = 6000.0;
const RESULT_SCALE_MAX: f64 = 2000.0;
/// Decimals beyond the result's that computations carry.
const GUARD_DIGITS: u64 = 20;

fn bits_for(digits: u64) -> u64 {
    (digits as f64 * BITS_PER_DIGIT) as u64 + 8
}

/// The value in fixed point with `bits` binary digits after the point.
fn to_fixed(x: &Numeric, bits: u64) -> BigInt {
    match x.parts() {
        Some((mantissa, scale)) => div_round_big(&(mantissa.as_ref() << bits), &pow10_big(scale.into())),
        None => BigInt::zero(),
    }
}

/// A fixed-point value rounded to a decimal scale.
fn from_fixed(value: &BigInt, bits: u64, scale: i32) -> Result<Numeric> {
    let scaled: BigInt = value * pow10_big(scale as u32);
    let half = BigInt::one() << (bits - 1);
    let rounded = if scaled.is_negative() { -((-scaled + half) >> bits) } else { (scaled + half) >> bits };
    Numeric::checked(rounded, scale as u32)
}

/// atanh(1/n) in fixed point.
fn atanh_inverse(n: u32, bits: u64) -> BigInt {
    let square = n * n;
    let mut power = (BigInt::one() << bits) / n;
    let mut sum = power.clone();
    let mut k = 3u32;
    while !power.is_zero() {
        power /= square;
        sum += &power / k;
        k += 2;
    }
    sum
}

/// ln 2 = 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749)
fn ln2_fixed(bits: u64) -> BigInt {
    let work = bits + 16;
    let sum = atanh_inverse(26, work) * 18 - atanh_inverse(4801, work) * 2 + atanh_inverse(8749, work) * 8;
    sum >> 16
}

/// ln(x) for x > 0, in fixed point.
fn ln_fixed(x: &Numeric, bits: u64) -> BigInt {
    let Some((mantissa, scale)) = x.parts() else { return BigInt::zero() };
    let work = bits + 32;
    let divisor = pow10_big(scale.into());
    // x = m * 2^e with m in [0.7, 1.5), m in fixed point straight from the quotient, so that no digit is lost.
    let mut e = mantissa.bits() as i64 - divisor.bits() as i64;
    let shifted = |e: i64| {
        let shift = work as i64 - e;
        if shift >= 0 {
            (mantissa.as_ref() << shift) / &divisor
        } else {
            mantissa.as_ref() / (&divisor << -shift)
        }
    };
    let one = BigInt::one() << work;
    let mut m = shifted(e);
    let three_halves: BigInt = &one + (&one >> 1);
    let three_quarters: BigInt = &one - (&one >> 2);
    if m >= three_halves {
        e += 1;
        m = shifted(e);
    } else if m < three_quarters {
        e -= 1;
        m = shifted(e);
    }
    // ln m = 2 atanh((m - 1) / (m + 1)). Halving the logarithm by square roots makes the series short.
    let roots = if work > 400 { 8 } else { 3 };
    let mut halvings = 0;
    if m != one {
        for _ in 0..roots {
            m = (m << work).sqrt();
            halvings += 1;
        }
    }
    let z: BigInt = ((&m - &one) << work) / (&m + &one);
    let square: BigInt = (&z * &z) >> work;
    let mut power = z.clone();
    let mut sum = z;
    let mut k = 3u32;
    loop {
        power = (power * &square) >> work;
        let term = &power / k;
        if term.is_zero() || term == BigInt::from(-1) {
            break;
        }
        sum += term;
        k += 2;
    }
    let ln_m = sum << (1 + halvings);
    (ln_m + ln2_fixed(work) * e) >> 32
}

/// e^x for a fixed-point x; the result in fixed point of the same bits.
fn exp_fixed(x: &BigInt, bits: u64) -> BigInt {
    // x = k ln 2 + r, and e^r = (e^(r / 2^j))^(2^j).
    let halvings = if bits > 400 { 16u64 } else { 6 };
    let work = bits + 2 * halvings + 16;
    let x = x << (work - bits);
    let ln2 = ln2_fixed(work);
    let k = x.div_floor(&ln2);
    let r: BigInt = (x - &k * ln2) >> halvings;
    let mut term = BigInt::one() << work;
    let mut sum = term.clone();
    let mut n = 1u32;
    while !term.is_zero() {
        term = ((term * &r) >> work) / n;
        sum += &term;
        n += 1;
    }
    for _ in 0..halvings {
        sum = (&sum * &sum) >> work;
    }
    let shift = k.to_i64().unwrap_or(0) - (work - bits) as i64;
    if shift >= 0 { sum << shift } else { sum >> -shift }
}

/// e^x rounded to a scale.
fn exp_to_scale(x: &Numeric, scale: i32) -> Result<Numeric> {
    let estimate = x.to_f64_lossy();
    if estimate.abs() >= EXP_MAX {
        if estimate > 0.0 {
            return Err(overflow());
        }
        return Ok(Numeric::Small { mantissa: 0, scale: scale as u16 });
    }
    let whole = (estimate * LOG10_E).max(0.0) as u64 + 1;
    let bits = bits_for(scale as u64 + GUARD_DIGITS + whole);
    // x itself has to be exact to as many digits as the result has altogether.
    from_fixed(&exp_fixed(&to_fixed(x, bits), bits), bits, scale)
}

/// ln(x) rounded to a scale, x > 0.
fn ln_to_scale(x: &Numeric, scale: i32) -> Result<Numeric> {
    let bits = bits_for(scale as u64 + GUARD_DIGITS);
    from_fixed(&ln_fixed(x, bits), bits, scale)
}

/// The decimal weight of ln(x), about.
fn ln_weight(x: &Numeric) -> i32 {
    if x.signum() <= 0 {
        return 0;
    }
    let near_one =
        *x >= (Numeric::Small { mantissa: 9, scale: 1 }) && *x <= (Numeric::Small { mantissa: 11, scale: 1 });
    if near_one {
        let Ok(distance) = x.sub(&Numeric::ONE) else { return 0 };
        if distance.is_zero() {
            return 0;
        }
        let (weight, first) = distance.leading_group();
        return weight * 4 + f64::from(first).log10() as i32;
    }
    let (mut weight, first) = x.leading_group();
    weight *= 4;
    let groups = x.to_groups().groups;
    let mut digits = f64::from(first);
    if let Some(second) = groups.get(1) {
        digits = digits * 10_000.0 + f64::from(*second);
        weight -= 4;
    }
    let ln = digits.ln() + f64::from(weight) * LN_10;
    ln.abs().log10() as i32
}

fn log_argument(x: &Numeric) -> Result<()> {
    let message = match x.signum() {
        1 => return Ok(()),
        0 => "cannot take logarithm of zero",
        _ => "cannot take logarithm of a negative number",
    };
    Err(Error::new(sqlstate::INVALID_ARGUMENT_FOR_LOG, message))
}

fn power_error(message: &str) -> Error {
    Error::new(sqlstate::INVALID_ARGUMENT_FOR_POWER, message)
}

impl Numeric {
    /// sqrt(x). 2201F of negative numbers.
    pub fn sqrt(&self) -> Result<Numeric> {
        if self.is_nan() || matches!(self, Numeric::Infinity) {
            return Ok(self.clone());
        }
        if self.signum() < 0 {
            return Err(power_error("cannot take square root of a negative number"));
        }
        let (weight, _) = self.leading_group();
        let scale = choose_scale(SIGNIFICANT_MIN - (weight * 2 + 1), &[self.scale()]);
        let Some((mantissa, own)) = self.parts() else { return Ok(Numeric::NaN) };
        // 4 x 10^(2 scale) is an integer, and its root rounded down, plus one, halved, is the root rounded.
        let root: BigInt = (mantissa.as_ref() * pow10_big((2 * scale) as u32 - u32::from(own)) * 4u32).sqrt();
        Numeric::checked((root + 1u32) >> 1, scale as u32)
    }

    /// exp(x)
    pub fn exp(&self) -> Result<Numeric> {
        match self {
            Numeric::NaN | Numeric::Infinity => return Ok(self.clone()),
            Numeric::NegInfinity => return Ok(Numeric::ZERO),
            _ => {}
        }
        let weight = (self.to_f64_lossy() * LOG10_E).clamp(-RESULT_SCALE_MAX, RESULT_SCALE_MAX);
        exp_to_scale(self, choose_scale(SIGNIFICANT_MIN - weight as i32, &[self.scale()]))
    }

    /// ln(x). 2201E of zero and negative numbers.
    pub fn ln(&self) -> Result<Numeric> {
        if self.is_nan() {
            return Ok(Numeric::NaN);
        }
        log_argument(self)?;
        if !self.is_finite() {
            return Ok(Numeric::Infinity);
        }
        ln_to_scale(self, choose_scale(SIGNIFICANT_MIN - ln_weight(self), &[self.scale()]))
    }

    /// log(base, self)
    pub fn log(&self, base: &Numeric) -> Result<Numeric> {
        if self.is_nan() || base.is_nan() {
            return Ok(Numeric::NaN);
        }
        if !(base.is_finite() && self.is_finite()) && (base.signum() < 0 || self.signum() < 0) {
            log_argument(&Numeric::NegInfinity)?;
        }
        log_argument(base)?;
        log_argument(self)?;
        match (base.is_finite(), self.is_finite()) {
            (false, false) => return Ok(Numeric::NaN),
            (false, true) => return Ok(Numeric::ZERO),
            (true, false) => return Ok(Numeric::Infinity),
            (true, true) => {}
        }
        let (base_weight, num_weight) = (ln_weight(base), ln_weight(self));
        let scale = choose_scale(SIGNIFICANT_MIN - (num_weight - base_weight), &[base.scale(), self.scale()]);
        let spare = (num_weight - base_weight).unsigned_abs()
            + num_weight.unsigned_abs()
            + base_weight.unsigned_abs();
        let bits = bits_for(scale as u64 + GUARD_DIGITS + 2 * u64::from(spare));
        let (base, num) = (ln_fixed(base, bits), ln_fixed(self, bits));
        if base.is_zero() {
            return Err(division_by_zero());
        }
        from_fixed(&((num << bits) / base), bits, scale)
    }

    /// log(x) and log10(x): to base 10.
    pub fn log10(&self) -> Result<Numeric> {
        self.log(&Numeric::from_i64(10))
    }

    /// power(self, exponent)
    pub fn pow(&self, exponent: &Numeric) -> Result<Numeric> {
        if let Some(special) = self.pow_special(exponent)? {
            return Ok(special);
        }
        if exponent.is_integer()
            && let Ok(n) = exponent.to_i64()
            && i32::try_from(n).is_ok()
        {
            return self.pow_integer(n);
        }
        if self.is_zero() {
            return Ok(Numeric::Small { mantissa: 0, scale: SIGNIFICANT_MIN as u16 });
        }
        if self.signum() < 0 {
            // pow_special has seen to it that the exponent is an integer here, though a great one.
            let power = self.neg().pow(exponent)?;
            let odd = !exponent.rem(&Numeric::from_i64(2))?.is_zero();
            return Ok(if odd { power.neg() } else { power });
        }
        // How many digits the result has decides how exact the logarithm must be.
        let ln_weight = ln_weight(self);
        let rough_scale = (8 - ln_weight).clamp(0, PRECISION_MAX);
        let rough = ln_to_scale(self, rough_scale)?;
        let estimate = rough.mul(exponent)?.round(rough_scale).to_f64_lossy();
        if estimate.abs() > EXP_MAX / 3.0 * 3.01 {
            if estimate > 0.0 {
                return Err(overflow());
            }
            return Ok(Numeric::Small { mantissa: 0, scale: PRECISION_MAX as u16 });
        }
        let weight = (estimate * LOG10_E) as i32;
        let scale = choose_scale(SIGNIFICANT_MIN - weight, &[self.scale(), exponent.scale()]);
        let exponent_digits =
            (decimal_digits(&exponent.trunc(0).parts().map_or(BigInt::zero(), |p| p.0.into_owned()))
                + i64::from(exponent.scale())) as i32;
        let ln_scale = (scale + weight).max(0) - ln_weight + exponent_digits.max(0) + GUARD_DIGITS as i32;
        let bits = bits_for(ln_scale.max(20) as u64);
        let (mantissa, own) = match exponent.parts() {
            Some((mantissa, own)) => (mantissa.into_owned(), own),
            None => return Ok(Numeric::NaN),
        };
        let product = div_round_big(&(ln_fixed(self, bits) * mantissa), &pow10_big(own.into()));
        if (estimate.abs() - EXP_MAX).abs() < 30.0 {
            // Close to the limit the exact value decides.
            let exact = from_fixed(&product, bits, 30)?.to_f64_lossy();
            if exact >= EXP_MAX {
                return Err(overflow());
            }
            if exact <= -EXP_MAX {
                return Ok(Numeric::Small { mantissa: 0, scale: scale as u16 });
            }
        }
        let whole = (estimate * LOG10_E).max(0.0) as u64 + 1;
        let result_bits = bits_for(scale as u64 + GUARD_DIGITS + whole);
        let product = if result_bits >= bits {
            product << (result_bits - bits)
        } else {
            product >> (bits - result_bits)
        };
        from_fixed(&exp_fixed(&product, result_bits), result_bits, scale)
    }

    /// NaN, infinities and what has no result.
    fn pow_special(&self, exponent: &Numeric) -> Result<Option<Numeric>> {
        if self.is_nan() {
            return Ok(Some(if exponent.is_zero() { Numeric::ONE } else { Numeric::NaN }));
        }
        if exponent.is_nan() {
            return Ok(Some(if *self == Numeric::ONE { Numeric::ONE } else { Numeric::NaN }));
        }
        if self.is_zero() && exponent.signum() < 0 {
            return Err(power_error("zero raised to a negative power is undefined"));
        }
        let integer = !exponent.is_finite() || exponent.is_integer();
        if self.signum() < 0 && !integer {
            return Err(power_error(
                "a negative number raised to a non-integer power yields a complex result",
            ));
        }
        if self.is_finite() && exponent.is_finite() {
            return Ok(None);
        }
        if *self == Numeric::ONE || exponent.is_zero() {
            return Ok(Some(Numeric::ONE));
        }
        if self.is_zero() {
            return Ok(Some(Numeric::ZERO));
        }
        if !exponent.is_finite() {
            let size = self.abs().cmp(&Numeric::ONE);
            let grows = exponent.signum() > 0;
            return Ok(Some(match size {
                std::cmp::Ordering::Equal => Numeric::ONE,
                std::cmp::Ordering::Greater if grows => Numeric::Infinity,
                std::cmp::Ordering::Less if !grows => Numeric::Infinity,
                _ => Numeric::ZERO,
            }));
        }
        if exponent.signum() < 0 {
            return Ok(Some(Numeric::ZERO));
        }
        let odd = !exponent.rem(&Numeric::from_i64(2))?.is_zero();
        Ok(Some(if self.signum() < 0 && odd { Numeric::NegInfinity } else { Numeric::Infinity }))
    }

    /// Powers with an integer: at least 16 decimals, and as many as the base shows.
    fn pow_integer(&self, n: i64) -> Result<Numeric> {
        let scale = choose_scale(SIGNIFICANT_MIN, &[self.scale()]);
        let groups = self.to_groups();
        let mut weight = 0f64;
        if let Some((first, rest)) = groups.groups.split_first() {
            let mut digits = f64::from(*first);
            let mut power = i32::from(groups.weight) * 4;
            for group in rest.iter().take(3) {
                digits = digits * 10_000.0 + f64::from(*group);
                power -= 4;
            }
            weight = n as f64 * (digits.log10() + f64::from(power));
        }
        match n {
            0 => return Ok(Numeric::ONE.round(scale)),
            1 => return Ok(self.round(scale)),
            -1 => return Numeric::ONE.div_to_scale(self, scale),
            2 => return Ok(self.mul(self)?.round(scale)),
            _ if self.is_zero() => return Ok(Numeric::Small { mantissa: 0, scale: scale as u16 }),
            _ => {}
        }
        if weight > 32768.0 * 4.0 {
            return Err(overflow());
        }
        if weight + 1.0 < -f64::from(scale) {
            return Ok(Numeric::Small { mantissa: 0, scale: scale as u16 });
        }
        // Square and multiply with as many digits as the result shows, and spare ones for the errors of each step.
        let keep = (i64::from(scale) + weight as i64).max(0) + 20 + (n.unsigned_abs().ilog10() as i64);
        let Some((mantissa, own)) = self.canonical() else { return Ok(Numeric::NaN) };
        let cut = |value: (BigInt, i64)| -> (BigInt, i64) {
            let excess = decimal_digits(&value.0) - keep;
            if excess > 16 {
                (div_round_big(&value.0, &pow10_big(excess as u32)), value.1 - excess)
            } else {
                value
            }
        };
        let mut base = cut((mantissa.into_owned(), i64::from(own)));
        let mut result = (BigInt::one(), 0i64);
        let mut bits = n.unsigned_abs();
        loop {
            if bits & 1 == 1 {
                result = cut((&result.0 * &base.0, result.1 + base.1));
            }
            bits >>= 1;
            if bits == 0 {
                break;
            }
            base = cut((&base.0 * &base.0, base.1 * 2));
        }
        let (value, own) = result;
        if n < 0 {
            // 1 / (value / 10^own), rounded to the scale.
            let shift = own + i64::from(scale);
            let quotient = if shift >= 0 {
                div_round_big(&pow10_big(shift as u32), &value)
            } else {
                div_round_big(&BigInt::one(), &(value * pow10_big(-shift as u32)))
            };
            return Numeric::checked(quotient, scale as u32);
        }
        let shift = i64::from(scale) - own;
        let mantissa = if shift >= 0 {
            value * pow10_big(shift as u32)
        } else {
            div_round_big(&value, &pow10_big(-shift as u32))
        };
        Numeric::checked(mantissa, scale as u32)
    }

    /// width_bucket(self, low, high, count)
    pub fn width_bucket(&self, low: &Numeric, high: &Numeric, count: i32) -> Result<i32> {
        let error = |message: &str| Err(Error::new(sqlstate::INVALID_ARGUMENT_FOR_WIDTH_BUCKET, message));
        if count <= 0 {
            return error("count must be greater than zero");
        }
        if self.is_nan() || low.is_nan() || high.is_nan() {
            return error("operand, lower bound, and upper bound cannot be NaN");
        }
        if !low.is_finite() || !high.is_finite() {
            return error("lower and upper bounds must be finite");
        }
        let beyond = || {
            count
                .checked_add(1)
                .ok_or_else(|| Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range"))
        };
        let (below, above) = match low.cmp(high) {
            std::cmp::Ordering::Equal => return error("lower bound cannot equal upper bound"),
            std::cmp::Ordering::Less => (self < low, self >= high),
            std::cmp::Ordering::Greater => (self > low, self <= high),
        };
        if below {
            return Ok(0);
        }
        if above {
            return beyond();
        }
        let part = self.sub(low)?.abs().mul(&Numeric::from_i64(count.into()))?;
        let bucket = part.div_trunc(&high.sub(low)?.abs())?.to_i32()?;
        Ok(bucket.saturating_add(1))
    }
}
