//! Operators of integers, floats and numerics: arithmetic, bits, signs. Overflow is an error in all of them.

use crate::error::{Error, Result, sqlstate};
use crate::functions::{division_by_zero, out_of_range, scalars};
use crate::numeric::Numeric;

#[cold]
fn int2_range() -> Error {
    out_of_range("smallint")
}

#[cold]
fn int4_range() -> Error {
    out_of_range("integer")
}

#[cold]
fn int8_range() -> Error {
    out_of_range("bigint")
}

/// 22003 as float arithmetic reports it.
#[cold]
pub(crate) fn overflow() -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow")
}

/// 22003 for results that are too small to be told from zero.
#[cold]
pub(crate) fn underflow() -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow")
}

/// Quotient of integers at the width of `i64`, to be narrowed by the caller.
#[inline]
fn quotient(a: i64, b: i64) -> Result<i64> {
    if b == 0 {
        return Err(division_by_zero());
    }
    a.checked_div(b).ok_or_else(int8_range)
}

#[inline]
fn remainder(a: i64, b: i64) -> Result<i64> {
    if b == 0 {
        return Err(division_by_zero());
    }
    // Only MIN % -1 does not fit, and it is 0.
    Ok(a.checked_rem(b).unwrap_or(0))
}

#[inline]
fn to2(x: i64) -> Result<i16> {
    i16::try_from(x).map_err(|_| int2_range())
}

#[inline]
fn to4(x: i64) -> Result<i32> {
    i32::try_from(x).map_err(|_| int4_range())
}

scalars! {
    int2pl(a: int, b: int) => to2(a + b);
    int2mi(a: int, b: int) => to2(a - b);
    int2mul(a: int, b: int) => to2(a * b);
    int2div(a: int, b: int) => quotient(a, b).and_then(to2);
    int2mod(a: int, b: int) => remainder(a, b).and_then(to2);
    int4pl(a: i4, b: i4) => a.checked_add(b).ok_or_else(int4_range);
    int4mi(a: i4, b: i4) => a.checked_sub(b).ok_or_else(int4_range);
    int4mul(a: i4, b: i4) => a.checked_mul(b).ok_or_else(int4_range);
    int4div(a: int, b: int) => quotient(a, b).and_then(to4);
    int4mod(a: int, b: int) => remainder(a, b).and_then(to4);
    int24pl(a: int, b: int) => to4(a + b);
    int24mi(a: int, b: int) => to4(a - b);
    int24mul(a: int, b: int) => to4(a * b);
    int24div(a: int, b: int) => quotient(a, b).and_then(to4);
    int42pl(a: int, b: int) => to4(a + b);
    int42mi(a: int, b: int) => to4(a - b);
    int42mul(a: int, b: int) => to4(a * b);
    int42div(a: int, b: int) => quotient(a, b).and_then(to4);
    int8pl(a: int, b: int) => a.checked_add(b).ok_or_else(int8_range);
    int8mi(a: int, b: int) => a.checked_sub(b).ok_or_else(int8_range);
    int8mul(a: int, b: int) => a.checked_mul(b).ok_or_else(int8_range);
    int8div(a: int, b: int) => quotient(a, b);
    int8mod(a: int, b: int) => remainder(a, b);
    int48pl(a: int, b: int) => a.checked_add(b).ok_or_else(int8_range);
    int48mi(a: int, b: int) => a.checked_sub(b).ok_or_else(int8_range);
    int48mul(a: int, b: int) => a.checked_mul(b).ok_or_else(int8_range);
    int48div(a: int, b: int) => quotient(a, b);
    int84pl(a: int, b: int) => a.checked_add(b).ok_or_else(int8_range);
    int84mi(a: int, b: int) => a.checked_sub(b).ok_or_else(int8_range);
    int84mul(a: int, b: int) => a.checked_mul(b).ok_or_else(int8_range);
    int84div(a: int, b: int) => quotient(a, b);
    int28pl(a: int, b: int) => a.checked_add(b).ok_or_else(int8_range);
    int28mi(a: int, b: int) => a.checked_sub(b).ok_or_else(int8_range);
    int28mul(a: int, b: int) => a.checked_mul(b).ok_or_else(int8_range);
    int28div(a: int, b: int) => quotient(a, b);
    int82pl(a: int, b: int) => a.checked_add(b).ok_or_else(int8_range);
    int82mi(a: int, b: int) => a.checked_sub(b).ok_or_else(int8_range);
    int82mul(a: int, b: int) => a.checked_mul(b).ok_or_else(int8_range);
    int82div(a: int, b: int) => quotient(a, b);
    int8inc(a: i8) => a.checked_add(1).ok_or_else(int8_range);

    int2um(a: i2) => a.checked_neg().ok_or_else(int2_range);
    int4um(a: i4) => a.checked_neg().ok_or_else(int4_range);
    int8um(a: i8) => a.checked_neg().ok_or_else(int8_range);
    int2up(a: i2) => a;
    int4up(a: i4) => a;
    int8up(a: i8) => a;
    int2abs(a: i2) => a.checked_abs().ok_or_else(int2_range);
    int4abs(a: i4) => a.checked_abs().ok_or_else(int4_range);
    int8abs(a: i8) => a.checked_abs().ok_or_else(int8_range);

    int2and(a: i2, b: i2) => a & b;
    int2or(a: i2, b: i2) => a | b;
    int2xor(a: i2, b: i2) => a ^ b;
    int2not(a: i2) => !a;
    int2shl(a: i2, b: i4) => i32::from(a).wrapping_shl(b as u32) as i16;
    int2shr(a: i2, b: i4) => i32::from(a).wrapping_shr(b as u32) as i16;
    int4and(a: i4, b: i4) => a & b;
    int4or(a: i4, b: i4) => a | b;
    int4xor(a: i4, b: i4) => a ^ b;
    int4not(a: i4) => !a;
    int4shl(a: i4, b: i4) => a.wrapping_shl(b as u32);
    int4shr(a: i4, b: i4) => a.wrapping_shr(b as u32);
    int8and(a: i8, b: i8) => a & b;
    int8or(a: i8, b: i8) => a | b;
    int8xor(a: i8, b: i8) => a ^ b;
    int8not(a: i8) => !a;
    int8shl(a: i8, b: i4) => a.wrapping_shl(b as u32);
    int8shr(a: i8, b: i4) => a.wrapping_shr(b as u32);

    float4pl(a: f4, b: f4) => checked4(a + b, a.is_infinite() || b.is_infinite(), true);
    float4mi(a: f4, b: f4) => checked4(a - b, a.is_infinite() || b.is_infinite(), true);
    float4mul(a: f4, b: f4) => checked4(a * b, a.is_infinite() || b.is_infinite(), a == 0.0 || b == 0.0);
    float4div(a: f4, b: f4) => divide4(a, b);
    float8pl(a: f8, b: f8) => add8(a, b);
    float8mi(a: f8, b: f8) => add8(a, -b);
    float8mul(a: f8, b: f8) => mul8(a, b);
    float8div(a: f8, b: f8) => div8(a, b);
    float48pl(a: f8, b: f8) => add8(a, b);
    float48mi(a: f8, b: f8) => add8(a, -b);
    float48mul(a: f8, b: f8) => mul8(a, b);
    float48div(a: f8, b: f8) => div8(a, b);
    float84pl(a: f8, b: f8) => add8(a, b);
    float84mi(a: f8, b: f8) => add8(a, -b);
    float84mul(a: f8, b: f8) => mul8(a, b);
    float84div(a: f8, b: f8) => div8(a, b);
    float4um(a: f4) => -a;
    float4up(a: f4) => a;
    float4abs(a: f4) => a.abs();
    float8um(a: f8) => -a;
    float8up(a: f8) => a;
    float8abs(a: f8) => a.abs();

    numeric_add(a: num, b: num) => a.add(b);
    numeric_sub(a: num, b: num) => a.sub(b);
    numeric_mul(a: num, b: num) => a.mul(b);
    numeric_div(a: num, b: num) => a.div(b);
    numeric_div_trunc(a: num, b: num) => a.div_trunc(b);
    numeric_mod(a: num, b: num) => a.rem(b);
    numeric_uminus(a: num) => a.neg();
    numeric_uplus(a: num) => a.clone();
    numeric_abs(a: num) => a.abs();
    numeric_inc(a: num) => a.add(&Numeric::ONE);
}

#[inline]
fn checked4(result: f32, infinite: bool, zero: bool) -> Result<f32> {
    if result.is_infinite() && !infinite {
        return Err(overflow());
    }
    if result == 0.0 && !zero {
        return Err(underflow());
    }
    Ok(result)
}

/// A float result, checked: infinite only if an operand was, zero only where that is exact.
#[inline]
pub(crate) fn checked8(result: f64, infinite: bool, zero: bool) -> Result<f64> {
    if result.is_infinite() && !infinite {
        return Err(overflow());
    }
    if result == 0.0 && !zero {
        return Err(underflow());
    }
    Ok(result)
}

fn divide4(a: f32, b: f32) -> Result<f32> {
    if b == 0.0 && !a.is_nan() {
        return Err(division_by_zero());
    }
    checked4(a / b, a.is_infinite(), a == 0.0 || b.is_infinite())
}

#[inline]
pub(crate) fn add8(a: f64, b: f64) -> Result<f64> {
    checked8(a + b, a.is_infinite() || b.is_infinite(), true)
}

#[inline]
pub(crate) fn mul8(a: f64, b: f64) -> Result<f64> {
    checked8(a * b, a.is_infinite() || b.is_infinite(), a == 0.0 || b == 0.0)
}

#[inline]
pub(crate) fn div8(a: f64, b: f64) -> Result<f64> {
    if b == 0.0 && !a.is_nan() {
        return Err(division_by_zero());
    }
    checked8(a / b, a.is_infinite(), a == 0.0 || b.is_infinite())
}
