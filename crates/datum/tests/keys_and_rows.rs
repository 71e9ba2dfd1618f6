//! Keys keep the order of values, and rows come back as they were: for values of every type, by chance.

use std::cmp::Ordering;
use std::sync::Arc;

use bytes::Bytes;
use datum::row::{KeyColumn, ValueColumn};
use datum::value::Array;
use datum::{Datum, FormatSettings, Interval, Jsonb, Numeric, RowLayout, Type, codec, key, text};
use proptest::prelude::*;

fn numeric() -> BoxedStrategy<Datum> {
    let scaled = |m: i128, s: u16| Numeric::parse(&format!("{m}e-{s}")).unwrap();
    prop_oneof![
        (-2000i128..2000, 0u16..6).prop_map(move |(m, s)| scaled(m, s)),
        (any::<i128>(), 0u16..60).prop_map(move |(m, s)| scaled(m, s)),
        (any::<i64>(), 0u16..20).prop_map(move |(m, s)| scaled(m.into(), s)),
        (-50i64..50, 0u32..40).prop_map(|(m, e)| Numeric::parse(&format!("{m}e{e}")).unwrap()),
        Just(Numeric::NaN),
        Just(Numeric::Infinity),
        Just(Numeric::NegInfinity),
    ]
    .prop_map(Datum::Numeric)
    .boxed()
}

fn string() -> BoxedStrategy<String> {
    prop_oneof!["[ab\u{1}]{0,4}", "\\PC{0,20}", "a{20,40}"].boxed()
}

fn jsonb() -> BoxedStrategy<Jsonb> {
    let leaf = prop_oneof![
        Just(Jsonb::Null),
        any::<bool>().prop_map(Jsonb::Bool),
        (-100i64..100, 0u32..3)
            .prop_map(|(m, s)| Jsonb::Number(Numeric::parse(&format!("{m}e-{s}")).unwrap())),
        string().prop_map(|s| Jsonb::String(s.into())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Jsonb::Array),
            prop::collection::vec(("[ab]{0,2}", inner), 0..4)
                .prop_map(|fields| Jsonb::object(fields.into_iter().map(|(k, v)| (k.into(), v)).collect())),
        ]
    })
    .boxed()
}

const TYPES: &[Type] = &[
    Type::Bool,
    Type::Int2,
    Type::Int4,
    Type::Int8,
    Type::Oid,
    Type::Float4,
    Type::Float8,
    Type::Numeric,
    Type::Text,
    Type::Bytea,
    Type::Date,
    Type::Time,
    Type::TimeTz,
    Type::Timestamp,
    Type::TimestampTz,
    Type::Interval,
    Type::Uuid,
    Type::Jsonb,
    Type::Array(&Type::Text),
    Type::Array(&Type::Numeric),
];

/// A value of the type, small ones often, so that equal and close ones meet.
fn value(ty: Type) -> BoxedStrategy<Datum> {
    let float = || prop_oneof![any::<f64>(), (-3i32..3).prop_map(f64::from), Just(-0.0), Just(f64::NAN)];
    let int = || prop_oneof![any::<i64>(), -3i64..3];
    match ty {
        Type::Bool => any::<bool>().prop_map(Datum::Bool).boxed(),
        Type::Int2 => any::<i16>().prop_map(Datum::Int2).boxed(),
        Type::Int4 => prop_oneof![any::<i32>(), -3i32..3].prop_map(Datum::Int4).boxed(),
        Type::Int8 => int().prop_map(Datum::Int8).boxed(),
        Type::Oid => any::<u32>().prop_map(Datum::Oid).boxed(),
        Type::Float4 => float().prop_map(|f| Datum::Float4(f as f32)).boxed(),
        Type::Float8 => float().prop_map(Datum::Float8).boxed(),
        Type::Numeric => numeric(),
        Type::Bytea => prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255), any::<u8>()], 0..6)
            .prop_map(Datum::bytea)
            .boxed(),
        Type::Date => any::<i32>().prop_map(Datum::Date).boxed(),
        Type::Time => (0i64..86_400_000_000).prop_map(Datum::Time).boxed(),
        Type::TimeTz => {
            (0i64..86_400_000_000, -50_000i32..50_000).prop_map(|(t, z)| Datum::TimeTz(t, z)).boxed()
        }
        Type::Timestamp => int().prop_map(Datum::Timestamp).boxed(),
        Type::TimestampTz => int().prop_map(Datum::TimestampTz).boxed(),
        Type::Interval => prop_oneof![
            (any::<i32>(), any::<i32>(), any::<i64>()),
            (-2i32..2, -60i32..60, prop_oneof![Just(0i64), Just(86_400_000_000), -5i64..5]),
        ]
        .prop_map(|(months, days, micros)| Datum::Interval(Interval { months, days, micros }))
        .boxed(),
        Type::Uuid => any::<[u8; 16]>().prop_map(Datum::Uuid).boxed(),
        Type::Jsonb => jsonb().prop_map(Datum::jsonb).boxed(),
        Type::Array(element) => (
            prop::collection::vec(prop_oneof![4 => value(*element), 1 => Just(Datum::Null)], 0..4),
            prop_oneof![3 => Just(1), 1 => -2i32..3],
        )
            .prop_map(move |(items, lower)| {
                let lower = if items.is_empty() { 1 } else { lower };
                Datum::Array(Arc::new(Array { element: *element, lower, items }))
            })
            .boxed(),
        _ => string().prop_map(Datum::text).boxed(),
    }
}

fn nullable(ty: Type) -> BoxedStrategy<Datum> {
    prop_oneof![5 => value(ty), 1 => Just(Datum::Null)].boxed()
}

/// Identical, not only equal: display scales, signs of zero, parts of intervals.
fn identical(a: &Datum, b: &Datum, ty: Type) -> bool {
    let s = FormatSettings::default();
    a.is_null() == b.is_null() && text::to_string(a, ty, &s) == text::to_string(b, ty, &s)
}

fn typed(n: usize) -> BoxedStrategy<(Type, Vec<Datum>)> {
    prop::sample::select(TYPES)
        .prop_flat_map(move |ty| (Just(ty), prop::collection::vec(nullable(ty), n)))
        .boxed()
}

/// SQL's order under DESC and NULLS FIRST.
fn sql_order(a: &Datum, b: &Datum, desc: bool, nulls_first: bool) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if nulls_first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if nulls_first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => {
            if desc {
                b.compare(a)
            } else {
                a.compare(b)
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn keys_sort_like_values((ty, values) in typed(2), desc: bool, nulls_first: bool) {
        let encode = |datum: &Datum| {
            let mut out = Vec::new();
            key::encode(datum, desc, nulls_first, &mut out).unwrap();
            out
        };
        let (a, b) = (&values[0], &values[1]);
        prop_assert_eq!(encode(a).cmp(&encode(b)), sql_order(a, b, desc, nulls_first), "{} {:?} {:?}", ty, a, b);
        // No key is the beginning of another one.
        if encode(a) != encode(b) {
            prop_assert!(!encode(a).starts_with(&encode(b)));
        }
    }

    #[test]
    fn keys_come_back((ty, values) in typed(2), desc: bool, nulls_first: bool) {
        let mut out = Vec::new();
        for datum in &values {
            key::encode(datum, desc, nulls_first, &mut out).unwrap();
        }
        let mut rest = out.as_slice();
        let mut skipped = out.as_slice();
        for datum in &values {
            let back = key::decode(&mut rest, ty, desc, nulls_first).unwrap();
            prop_assert_eq!(&back, datum);
            if key::is_lossless(ty) {
                prop_assert!(identical(&back, datum, ty), "{:?} {:?}", back, datum);
            }
            prop_assert_eq!(key::skip(&mut skipped, ty, desc).unwrap(), datum.is_null());
            prop_assert_eq!(rest.len(), skipped.len());
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn damaged_keys_are_errors_and_no_panics(ty in prop::sample::select(TYPES), bytes: Vec<u8>, desc: bool) {
        let _ = key::decode(&mut bytes.as_slice(), ty, desc, false);
        let mut tagged = vec![0x10];
        tagged.extend(&bytes);
        let _ = key::decode(&mut tagged.as_slice(), ty, desc, false);
        let _ = key::skip(&mut tagged.as_slice(), ty, desc);
        let _ = codec::take_datum(&mut bytes.as_slice(), ty);
    }

    #[test]
    fn values_come_back((ty, values) in typed(3)) {
        let mut out = Vec::new();
        values.iter().for_each(|datum| codec::put_datum(&mut out, datum));
        let mut rest = out.as_slice();
        for datum in &values {
            let back = codec::take_datum(&mut rest, ty).unwrap();
            prop_assert!(identical(&back, datum, ty), "{:?} {:?}", back, datum);
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn equal_values_hash_alike((_, values) in typed(2)) {
        use std::hash::BuildHasher;
        let state = std::hash::BuildHasherDefault::<std::collections::hash_map::DefaultHasher>::default();
        if values[0] == values[1] {
            prop_assert_eq!(state.hash_one(&values[0]), state.hash_one(&values[1]));
        }
    }

    #[test]
    fn rows_come_back(
        columns in prop::collection::vec((prop::sample::select(TYPES), any::<bool>(), any::<bool>()), 1..7),
        in_key in 0usize..4,
        unique in prop::option::of(0u32..4),
        needed in prop::collection::vec(any::<bool>(), 7),
        seed in prop::collection::vec(any::<u64>(), 1..2),
    ) {
        let in_key = in_key.min(columns.len());
        let layout = RowLayout {
            prefix: Bytes::from_static(b"\x89\x8a"),
            key: (0..in_key)
                .map(|i| KeyColumn { ordinal: i as u32, ty: columns[i].0, desc: columns[i].1, nulls_first: columns[i].2 })
                .collect(),
            unique_prefix: unique.map(|n| n.min(in_key as u32)),
            value: (in_key..columns.len())
                // Ids that do not follow the order of the columns.
                .map(|i| ValueColumn { ordinal: i as u32, id: (20 - i * 2) as u32, ty: columns[i].0, missing: Datum::Null })
                .collect(),
            width: columns.len() as u32,
        };
        // A row drawn from the strategies of its columns.
        let mut runner = proptest::test_runner::TestRunner::new_with_rng(
            ProptestConfig::default(),
            proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &{
                let mut bytes = [0u8; 32];
                bytes[..8].copy_from_slice(&seed[0].to_le_bytes());
                bytes
            }),
        );
        let row: Vec<Datum> =
            columns.iter().map(|(ty, ..)| nullable(*ty).new_tree(&mut runner).unwrap().current()).collect();
        let key = layout.encode_key(&row).unwrap();
        let value = layout.encode_value(&row).unwrap();
        prop_assert!(key.starts_with(b"\x89\x8a"));
        let mut out = vec![Datum::Int4(7)];
        layout.decoder(None).decode(&key, &value, &mut out).unwrap();
        prop_assert_eq!(out.len(), 1 + row.len());
        for (i, datum) in row.iter().enumerate() {
            prop_assert!(identical(&out[1 + i], datum, columns[i].0), "column {} {:?} {:?}", i, out[1 + i], datum);
        }
        let mut some = Vec::new();
        layout.decoder(Some(&needed)).decode(&key, &value, &mut some).unwrap();
        for (i, datum) in row.iter().enumerate() {
            let expected = if needed[i] { datum } else { &Datum::Null };
            prop_assert!(identical(&some[i], expected, columns[i].0), "column {}", i);
        }
        let prefix = layout.encode_key_prefix(&row[..in_key.min(1)]).unwrap();
        prop_assert!(in_key == 0 || unique == Some(0) || key.starts_with(&prefix));
        // Damage is an error or another row, never a panic.
        for cut in 0..value.len() {
            let _ = layout.decoder(None).decode(&key, &value[..cut], &mut Vec::new());
        }
    }
}

fn layout(value: &[(u32, Type, Datum)]) -> RowLayout {
    RowLayout {
        prefix: Bytes::new(),
        key: vec![KeyColumn { ordinal: 0, ty: Type::Int8, desc: false, nulls_first: false }],
        unique_prefix: None,
        value: value
            .iter()
            .enumerate()
            .map(|(i, (id, ty, missing))| ValueColumn {
                ordinal: 1 + i as u32,
                id: *id,
                ty: *ty,
                missing: missing.clone(),
            })
            .collect(),
        width: 1 + value.len() as u32,
    }
}

#[test]
fn added_columns_read_as_missing_and_dropped_ones_are_passed_over() {
    let old = layout(&[
        (2, Type::Text, Datum::Null),
        (3, Type::Int4, Datum::Null),
        (5, Type::Numeric, Datum::Null),
    ]);
    let row =
        vec![Datum::Int8(1), Datum::text("a"), Datum::Null, Datum::Numeric(Numeric::parse("1.50").unwrap())];
    let (key, value) = (old.encode_key(&row).unwrap(), old.encode_value(&row).unwrap());
    let new = layout(&[
        (1, Type::Int4, Datum::Int4(10)),
        (3, Type::Int4, Datum::Int4(30)),
        (4, Type::Text, Datum::text("four")),
        (5, Type::Numeric, Datum::Null),
        (6, Type::Text, Datum::text("six")),
    ]);
    let mut out = Vec::new();
    new.decoder(None).decode(&key, &value, &mut out).unwrap();
    // Column 3 is there and NULL, which is not the same as missing.
    let expected = [
        Datum::Int8(1),
        Datum::Int4(10),
        Datum::Null,
        Datum::text("four"),
        row[3].clone(),
        Datum::text("six"),
    ];
    assert_eq!(out, expected);
}

#[test]
fn equal_keys_of_unlike_form_collide_and_keep_their_form() {
    let layout = RowLayout {
        prefix: Bytes::new(),
        key: vec![KeyColumn { ordinal: 0, ty: Type::Numeric, desc: false, nulls_first: false }],
        unique_prefix: None,
        value: Vec::new(),
        width: 1,
    };
    let row = |text: &str| vec![Datum::Numeric(Numeric::parse(text).unwrap())];
    assert_eq!(layout.encode_key(&row("1.5")).unwrap(), layout.encode_key(&row("1.500")).unwrap());
    let mut out = Vec::new();
    let value = layout.encode_value(&row("1.500")).unwrap();
    layout.decoder(None).decode(&layout.encode_key(&row("1.500")).unwrap(), &value, &mut out).unwrap();
    assert_eq!(out[0].as_numeric().unwrap().to_string(), "1.500");
}

#[test]
fn unique_indexes_keep_the_rest_in_the_value_unless_there_are_nulls() {
    let layout = RowLayout {
        prefix: Bytes::new(),
        key: vec![
            KeyColumn { ordinal: 0, ty: Type::Text, desc: false, nulls_first: false },
            KeyColumn { ordinal: 1, ty: Type::Int8, desc: false, nulls_first: false },
        ],
        unique_prefix: Some(1),
        value: Vec::new(),
        width: 2,
    };
    let row = |name: Datum, id| vec![name, Datum::Int8(id)];
    let key = |name: Datum, id| layout.encode_key(&row(name, id)).unwrap();
    assert_eq!(key(Datum::text("a"), 1), key(Datum::text("a"), 2));
    assert_ne!(key(Datum::Null, 1), key(Datum::Null, 2));
    for name in [Datum::text("a"), Datum::Null] {
        let mut out = Vec::new();
        let value = layout.encode_value(&row(name.clone(), 2)).unwrap();
        layout.decoder(Some(&[false, true])).decode(&key(name, 2), &value, &mut out).unwrap();
        assert_eq!(out, [Datum::Null, Datum::Int8(2)]);
    }
}

#[test]
fn unknown_versions_are_refused() {
    let layout = layout(&[(1, Type::Int4, Datum::Null)]);
    let row = [Datum::Int8(1), Datum::Int4(2)];
    let (key, mut value) = (layout.encode_key(&row).unwrap(), layout.encode_value(&row).unwrap());
    value[0] = 2;
    let mut out = Vec::new();
    let error = layout.decoder(None).decode(&key, &value, &mut out).unwrap_err();
    assert_eq!(error.code(), "XX001");
    assert!(out.is_empty());
}
