//! Mathematical functions of floats, integers and numerics.

use std::f64::consts::PI;

use crate::error::{Error, Result, sqlstate};
use crate::functions::arithmetic::{checked8, overflow, underflow};
use crate::functions::{out_of_range, scalars};
use crate::numeric::Numeric;
use crate::value::Datum;

fn power_error(message: &str) -> Error {
    Error::new(sqlstate::INVALID_ARGUMENT_FOR_POWER, message)
}

fn log_error(message: &str) -> Error {
    Error::new(sqlstate::INVALID_ARGUMENT_FOR_LOG, message)
}

fn bucket_error(message: &str) -> Error {
    Error::new(sqlstate::INVALID_ARGUMENT_FOR_WIDTH_BUCKET, message)
}

fn input_range() -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "input is out of range")
}

scalars! {
    dround(x: f8) => x.round_ties_even();
    dtrunc(x: f8) => x.trunc();
    dceil(x: f8) => x.ceil();
    dfloor(x: f8) => x.floor();
    dsign(x: f8) => if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { 0.0 };
    dsqrt(x: f8) => square_root(x);
    dcbrt(x: f8) => x.cbrt();
    dpow(x: f8, y: f8) => power(x, y);
    dexp(x: f8) => exponential(x);
    dlog1(x: f8) => positive(x).map(f64::ln);
    dlog10(x: f8) => positive(x).map(f64::log10);
    degrees(x: f8) => checked8(x / (PI / 180.0), x.is_infinite(), x == 0.0);
    radians(x: f8) => checked8(x * (PI / 180.0), x.is_infinite(), x == 0.0);
    dpi() => PI;
    drandom[ctx]() => ctx.session.random();
    setseed[ctx](x: any) => ctx.session.call("setseed", std::slice::from_ref(x));

    dsin(x: f8) => finite(x).map(f64::sin);
    dcos(x: f8) => finite(x).map(f64::cos);
    dtan(x: f8) => finite(x).map(f64::tan);
    dcot(x: f8) => finite(x).map(|x| 1.0 / x.tan());
    dasin(x: f8) => unit(x).map(f64::asin);
    dacos(x: f8) => unit(x).map(f64::acos);
    datan(x: f8) => x.atan();
    datan2(y: f8, x: f8) => y.atan2(x);
    dsinh(x: f8) => x.sinh();
    dcosh(x: f8) => if x.cosh() == 0.0 { Err(underflow()) } else { Ok(x.cosh()) };
    dtanh(x: f8) => x.tanh();
    dasinh(x: f8) => asinh(x);
    dacosh(x: f8) => if x < 1.0 { Err(input_range()) } else { Ok(acosh(x)) };
    datanh(x: f8) => atanh(x);
    dsind(x: f8) => finite(x).map(sin_degrees);
    dcosd(x: f8) => finite(x).map(cos_degrees);
    dtand(x: f8) => finite(x).map(tan_degrees);
    dcotd(x: f8) => finite(x).map(cot_degrees);
    dasind(x: f8) => unit(x).map(asin_degrees);
    dacosd(x: f8) => unit(x).map(acos_degrees);
    datand(x: f8) => x.atan() / 1.0_f64.atan() * 45.0;
    datan2d(y: f8, x: f8) => y.atan2(x) / 1.0_f64.atan() * 45.0;

    int4gcd(a: i4, b: i4) => i32::try_from(gcd(i64::from(a), i64::from(b))?).map_err(|_| out_of_range("integer"));
    int8gcd(a: i8, b: i8) => gcd(a, b);
    int4lcm(a: i4, b: i4) => lcm(i64::from(a), i64::from(b), "integer").and_then(|x| i32::try_from(x).map_err(|_| out_of_range("integer")));
    int8lcm(a: i8, b: i8) => lcm(a, b, "bigint");
    numeric_gcd(a: num, b: num) => a.gcd(b);
    numeric_lcm(a: num, b: num) => a.lcm(b);
    numeric_fac(a: i8) => Numeric::factorial(a);
    numeric_sign(a: num) => a.sign();
    numeric_round(a: num, scale: i4) => a.round(scale);
    numeric_trunc(a: num, scale: i4) => a.trunc(scale);
    numeric_round_0(a: num) => a.round(0);
    numeric_trunc_0(a: num) => a.trunc(0);
    numeric_ceil(a: num) => a.ceil();
    numeric_floor(a: num) => a.floor();
    numeric_sqrt(a: num) => a.sqrt();
    numeric_exp(a: num) => a.exp();
    numeric_ln(a: num) => a.ln();
    numeric_log(base: num, a: num) => a.log(base);
    numeric_log10(a: num) => a.log10();
    numeric_power(a: num, b: num) => a.pow(b);
    numeric_scale(a: num) => if a.is_finite() { Some(i32::from(a.scale())) } else { None };
    numeric_min_scale(a: num) => a.min_scale().map(i32::from);
    numeric_trim_scale(a: num) => a.trim_scale();
    width_bucket_numeric(x: num, low: num, high: num, count: i4) => x.width_bucket(low, high, count);
    width_bucket_float8(x: f8, low: f8, high: f8, count: i4) => width_bucket(x, low, high, count);
    width_bucket_array(x: any, thresholds: arr) => bucket_of(x, &thresholds.items);
}

/// sqrt
pub(crate) fn square_root(x: f64) -> Result<f64> {
    if x < 0.0 {
        return Err(power_error("cannot take square root of a negative number"));
    }
    Ok(x.sqrt())
}

/// power(), `^`: POSIX's pow with PostgreSQL's errors.
pub(crate) fn power(x: f64, y: f64) -> Result<f64> {
    if x.is_nan() {
        return Ok(if y == 0.0 { 1.0 } else { f64::NAN });
    }
    if y.is_nan() {
        return Ok(if x == 1.0 { 1.0 } else { f64::NAN });
    }
    if x == 0.0 && y < 0.0 {
        return Err(power_error("zero raised to a negative power is undefined"));
    }
    if x < 0.0 && y.floor() != y {
        return Err(power_error("a negative number raised to a non-integer power yields a complex result"));
    }
    let result = x.powf(y);
    if x.is_infinite() || y.is_infinite() {
        return Ok(result);
    }
    checked8(result, false, x == 0.0)
}

fn exponential(x: f64) -> Result<f64> {
    if x.is_nan() || x.is_infinite() {
        return Ok(x.exp());
    }
    let result = x.exp();
    if result.is_infinite() {
        return Err(overflow());
    }
    if result == 0.0 {
        return Err(underflow());
    }
    Ok(result)
}

fn positive(x: f64) -> Result<f64> {
    if x == 0.0 {
        return Err(log_error("cannot take logarithm of zero"));
    }
    if x < 0.0 {
        return Err(log_error("cannot take logarithm of a negative number"));
    }
    Ok(x)
}

fn finite(x: f64) -> Result<f64> {
    if x.is_infinite() { Err(input_range()) } else { Ok(x) }
}

fn unit(x: f64) -> Result<f64> {
    if (-1.0..=1.0).contains(&x) || x.is_nan() { Ok(x) } else { Err(input_range()) }
}

/// As the C library has it: Rust's own differs in the last digit.
fn asinh(x: f64) -> f64 {
    // glibc: log1p form for moderate values, logarithm for large ones.
    let a = x.abs();
    let result = if !a.is_finite() {
        a
    } else if a < 2.0_f64.powi(-28) {
        return x;
    } else if a > 2.0_f64.powi(28) {
        a.ln() + std::f64::consts::LN_2
    } else if a > 2.0 {
        (2.0 * a + 1.0 / ((a * a + 1.0).sqrt() + a)).ln()
    } else {
        let square = a * a;
        (a + square / (1.0 + (1.0 + square).sqrt())).ln_1p()
    };
    result.copysign(x)
}

/// As the C library has it.
fn acosh(x: f64) -> f64 {
    if x > 2.0_f64.powi(28) {
        x.ln() + std::f64::consts::LN_2
    } else if x > 2.0 {
        (2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())).ln()
    } else {
        let t = x - 1.0;
        (t + (2.0 * t + t * t).sqrt()).ln_1p()
    }
}

fn atanh(x: f64) -> Result<f64> {
    if !(-1.0..=1.0).contains(&x) && !x.is_nan() {
        return Err(input_range());
    }
    if x == 1.0 {
        return Ok(f64::INFINITY);
    }
    if x == -1.0 {
        return Ok(f64::NEG_INFINITY);
    }
    Ok(x.atanh())
}

const RADIANS_PER_DEGREE: f64 = 0.017_453_292_519_943_295;

/// sin for 0 to 30 degrees, exact at both ends.
fn sin_0_to_30(x: f64) -> f64 {
    let sin_30 = (30.0 * RADIANS_PER_DEGREE).sin();
    (x * RADIANS_PER_DEGREE).sin() / sin_30 / 2.0
}

/// cos for 0 to 60 degrees, exact at both ends.
fn cos_0_to_60(x: f64) -> f64 {
    let one_minus_cos_60 = 1.0 - (60.0 * RADIANS_PER_DEGREE).cos();
    1.0 - (1.0 - (x * RADIANS_PER_DEGREE).cos()) / one_minus_cos_60 / 2.0
}

fn sin_quadrant(x: f64) -> f64 {
    if x <= 30.0 { sin_0_to_30(x) } else { cos_0_to_60(90.0 - x) }
}

fn cos_quadrant(x: f64) -> f64 {
    if x <= 60.0 { cos_0_to_60(x) } else { sin_0_to_30(90.0 - x) }
}

fn sin_degrees(x: f64) -> f64 {
    let mut x = x % 360.0;
    let mut sign = 1.0;
    if x < 0.0 {
        x = -x;
        sign = -sign;
    }
    if x > 180.0 {
        x = 360.0 - x;
        sign = -sign;
    }
    if x > 90.0 {
        x = 180.0 - x;
    }
    sign * sin_quadrant(x)
}

fn cos_degrees(x: f64) -> f64 {
    let mut x = (x % 360.0).abs();
    let mut sign = 1.0;
    if x > 180.0 {
        x = 360.0 - x;
    }
    if x > 90.0 {
        x = 180.0 - x;
        sign = -sign;
    }
    sign * cos_quadrant(x)
}

fn tan_degrees(x: f64) -> f64 {
    let mut x = x % 360.0;
    let mut sign = 1.0;
    if x < 0.0 {
        x = -x;
        sign = -sign;
    }
    if x > 180.0 {
        x = 360.0 - x;
        sign = -sign;
    }
    if x > 90.0 {
        x = 180.0 - x;
        sign = -sign;
    }
    let tan_45 = sin_quadrant(45.0) / cos_quadrant(45.0);
    let result = sign * (sin_quadrant(x) / cos_quadrant(x) / tan_45);
    // PostgreSQL gives 0, not -0.
    if result == 0.0 { 0.0 } else { result }
}

fn cot_degrees(x: f64) -> f64 {
    let mut x = x % 360.0;
    let mut sign = 1.0;
    if x < 0.0 {
        x = -x;
        sign = -sign;
    }
    if x > 180.0 {
        x = 360.0 - x;
        sign = -sign;
    }
    if x > 90.0 {
        x = 180.0 - x;
        sign = -sign;
    }
    let cot_45 = cos_quadrant(45.0) / sin_quadrant(45.0);
    let result = sign * (cos_quadrant(x) / sin_quadrant(x) / cot_45);
    if result == 0.0 { 0.0 } else { result }
}

fn asin_quadrant(x: f64) -> f64 {
    if x <= 0.5 { x.asin() / 0.5_f64.asin() * 30.0 } else { 90.0 - x.acos() / 0.5_f64.acos() * 60.0 }
}

fn acos_quadrant(x: f64) -> f64 {
    if x <= 0.5 { 90.0 - x.asin() / 0.5_f64.asin() * 30.0 } else { x.acos() / 0.5_f64.acos() * 60.0 }
}

fn asin_degrees(x: f64) -> f64 {
    if x.is_nan() {
        x
    } else if x >= 0.0 {
        asin_quadrant(x)
    } else {
        -asin_quadrant(-x)
    }
}

fn acos_degrees(x: f64) -> f64 {
    if x.is_nan() {
        x
    } else if x >= 0.0 {
        acos_quadrant(x)
    } else {
        90.0 + asin_quadrant(-x)
    }
}

fn gcd(a: i64, b: i64) -> Result<i64> {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).map_err(|_| out_of_range("bigint"))
}

fn lcm(a: i64, b: i64, ty: &str) -> Result<i64> {
    if a == 0 || b == 0 {
        return Ok(0);
    }
    let gcd = gcd(a, b).map_err(|_| out_of_range(ty))?;
    (a / gcd).checked_mul(b).and_then(i64::checked_abs).ok_or_else(|| out_of_range(ty))
}

fn width_bucket(x: f64, low: f64, high: f64, count: i32) -> Result<i32> {
    if count <= 0 {
        return Err(bucket_error("count must be greater than zero"));
    }
    if x.is_nan() || low.is_nan() || high.is_nan() {
        return Err(bucket_error("operand, lower bound, and upper bound cannot be NaN"));
    }
    if low.is_infinite() || high.is_infinite() {
        return Err(bucket_error("lower and upper bounds must be finite"));
    }
    let above = || count.checked_add(1).ok_or_else(|| out_of_range("integer"));
    if low == high {
        return Err(bucket_error("lower bound cannot equal upper bound"));
    }
    let (inside, beyond) = if low < high { (x >= low, x >= high) } else { (x <= low, x <= high) };
    if !inside {
        return Ok(0);
    }
    if beyond {
        return above();
    }
    let span = high - low;
    let fraction =
        if span.is_infinite() { (x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) } else { (x - low) / span };
    // Rounding may carry the quotient to 1: the value is below the upper bound all the same.
    Ok((((f64::from(count) * fraction) as i32).min(count - 1)) + 1)
}

/// The number of sorted thresholds that are not above a value.
fn bucket_of(x: &Datum, thresholds: &[Datum]) -> Result<i32> {
    if thresholds.iter().any(Datum::is_null) {
        return Err(Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, "thresholds array must not contain NULLs"));
    }
    Ok(thresholds.partition_point(|t| t.compare(x).is_le()) as i32)
}
