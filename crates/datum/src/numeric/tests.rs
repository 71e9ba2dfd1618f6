use super::*;
use proptest::prelude::*;

fn n(text: &str) -> Numeric {
    Numeric::parse(text).unwrap()
}

#[test]
fn representation_is_unique() {
    assert!(matches!(n("9223372036854775807"), Numeric::Small { .. }));
    assert!(matches!(n("9223372036854775808"), Numeric::Big(_)));
    let back = n("9223372036854775808").sub(&n("1")).unwrap();
    assert!(matches!(back, Numeric::Small { mantissa: i64::MAX, scale: 0 }));
    assert!(matches!(n("-9223372036854775808").neg(), Numeric::Big(_)));
}

#[test]
fn equal_values_hash_alike_across_scales() {
    use std::hash::BuildHasher;
    let state = foldhash_state();
    for (a, b) in [
        ("1.0", "1.00"),
        ("0", "0.000"),
        ("123456789012345678901.0", "123456789012345678901.000"),
        ("1.000000000000000000000000000", "1"),
        ("-5.50", "-5.5"),
    ] {
        assert_eq!(n(a), n(b));
        assert_eq!(state.hash_one(n(a)), state.hash_one(n(b)), "{a} {b}");
    }
}

fn foldhash_state() -> std::hash::BuildHasherDefault<std::collections::hash_map::DefaultHasher> {
    Default::default()
}

fn any_numeric() -> impl Strategy<Value = Numeric> {
    prop_oneof![
        8 => (any::<i64>(), 0u16..25).prop_map(|(m, s)| Numeric::from_parts(m.into(), s)),
        4 => (-1000i64..1000, 0u16..5).prop_map(|(m, s)| Numeric::from_parts(m.into(), s)),
        3 => (any::<i128>(), any::<u64>(), 0u16..60)
            .prop_map(|(a, b, s)| Numeric::from_parts(BigInt::from(a) * b, s)),
        1 => prop_oneof![Just(Numeric::NaN), Just(Numeric::Infinity), Just(Numeric::NegInfinity)],
    ]
}

proptest! {
    #[test]
    fn text_and_groups_round_trip(x in any_numeric()) {
        let back = n(&x.to_string());
        prop_assert_eq!(x.to_string(), back.to_string());
        let groups = Numeric::from_groups(&x.to_groups()).unwrap();
        prop_assert_eq!(x.to_string(), groups.to_string());
    }

    #[test]
    fn order_is_that_of_the_difference(a in any_numeric(), b in any_numeric()) {
        if a.is_finite() && b.is_finite() {
            let difference = a.sub(&b).unwrap();
            prop_assert_eq!(a.cmp(&b), difference.signum().cmp(&0));
        }
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
    }

    #[test]
    fn division_is_the_inverse_of_multiplication(a in any_numeric(), b in any_numeric()) {
        if a.is_finite() && b.is_finite() && !b.is_zero() {
            let quotient = a.div_trunc(&b).unwrap();
            let rest = a.rem(&b).unwrap();
            prop_assert_eq!(quotient.mul(&b).unwrap().add(&rest).unwrap(), a.clone());
            prop_assert!(rest.abs() < b.abs());
        }
    }
}
