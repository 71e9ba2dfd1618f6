//! Expressions, windows and programs: what is not a matter of one function.

use std::sync::Arc;

use datum::aggregate::AggregateCall;
use datum::expr::{EvalContext, InList, TestSession};
use datum::function::{
    Comparison, aggregate, all_functions, comparison, function, operator, window_functions,
};
use datum::grouping::Grouping;
use datum::program::{OnRow, Output, ProgramRunner, RowCheck};
use datum::row::{KeyColumn, ValueColumn};
use datum::window::{
    Frame, FrameBound, FrameExclude, FrameUnit, OrderKey, Partition, WindowKind,
    aggregate as window_aggregate, compute,
};
use datum::{Batch, ColumnType, Datum, Error, Expr, Program, RowLayout, RowUpdate, Type, text};

fn int(i: i32) -> Expr {
    Expr::Const(Datum::Int4(i), Type::Int4)
}

fn column(i: u32) -> Expr {
    Expr::Column(i, Type::Int4)
}

fn op(symbol: &str, left: Expr, right: Expr) -> Expr {
    let operator = operator(symbol, Some(left.ty()), right.ty()).unwrap();
    Expr::call(operator.function, vec![left, right])
}

fn eval(expr: &Expr, row: &[Datum]) -> Datum {
    expr.eval(row, &EvalContext::none()).unwrap()
}

fn null() -> Expr {
    Expr::Const(Datum::Null, Type::Bool)
}

#[test]
fn three_valued_logic() {
    let (t, f) = (|| Expr::bool(true), || Expr::bool(false));
    assert_eq!(eval(&Expr::And(vec![t(), null(), f()]), &[]), Datum::Bool(false));
    assert_eq!(eval(&Expr::And(vec![t(), null()]), &[]), Datum::Null);
    assert_eq!(eval(&Expr::Or(vec![null(), t()]), &[]), Datum::Bool(true));
    assert_eq!(eval(&Expr::Or(vec![f(), null()]), &[]), Datum::Null);
    assert_eq!(eval(&Expr::Not(Box::new(null())), &[]), Datum::Null);
    // The second part is not reached: no division by zero.
    let boom = op("=", op("/", int(1), column(0)), int(1));
    assert_eq!(eval(&Expr::And(vec![f(), boom.clone()]), &[Datum::Int4(0)]), Datum::Bool(false));
    let error = boom.eval(&[Datum::Int4(0)], &EvalContext::none()).unwrap_err();
    assert_eq!(error.code(), "22012");
}

#[test]
fn in_lists_know_null() {
    let list = |items: Vec<Expr>| Expr::In { left: Box::new(column(0)), list: Arc::new(InList::new(items)) };
    let constants = list((0..1000).map(|i| int(i * 2)).collect());
    assert_eq!(eval(&constants, &[Datum::Int4(998)]), Datum::Bool(true));
    assert_eq!(eval(&constants, &[Datum::Int4(999)]), Datum::Bool(false));
    assert_eq!(eval(&constants, &[Datum::Null]), Datum::Null);
    let with_null = list(vec![int(1), Expr::Const(Datum::Null, Type::Int4)]);
    assert_eq!(eval(&with_null, &[Datum::Int4(1)]), Datum::Bool(true));
    assert_eq!(eval(&with_null, &[Datum::Int4(2)]), Datum::Null);
    let dynamic = list(vec![op("+", column(0), int(0)), int(7)]);
    assert_eq!(eval(&dynamic, &[Datum::Int4(3)]), Datum::Bool(true));
    let texts = Expr::In {
        left: Box::new(Expr::Column(0, Type::Text)),
        list: Arc::new(InList::new(vec![Expr::Const(Datum::text("a"), Type::Text)])),
    };
    assert_eq!(eval(&texts, &[Datum::text("a")]), Datum::Bool(true));
    assert_eq!(eval(&texts, &[Datum::text("b")]), Datum::Bool(false));
}

#[test]
fn folding_keeps_errors_for_later() {
    let ctx = EvalContext::none();
    let sum = op("+", int(1), op("*", int(2), int(3)));
    assert!(matches!(sum.fold(&ctx), Expr::Const(Datum::Int4(7), Type::Int4)));
    let boom = op("/", int(1), int(0));
    assert!(!boom.fold(&ctx).is_const());
    let guarded = Expr::Case {
        whens: vec![(Expr::bool(false), boom)],
        otherwise: Some(Box::new(column(0))),
        ty: Type::Int4,
    };
    assert!(matches!(guarded.fold(&ctx), Expr::Column(0, Type::Int4)));
    let filter = Expr::And(vec![Expr::bool(true), op("=", column(0), int(1))]);
    assert_eq!(filter.fold(&ctx).to_string(), "(#0 = 1)");
    // Stable functions are for one execution only.
    let now = Expr::call(function("now", &[]).unwrap(), Vec::new());
    let session = TestSession::default();
    let ctx = EvalContext::of(&session);
    assert!(!now.fold(&ctx).is_const());
    assert!(now.fold_stable(&ctx).is_const());
    assert!(!now.is_immutable());
    let random = Expr::call(function("random", &[]).unwrap(), Vec::new());
    assert!(!random.fold_stable(&ctx).is_const());
}

#[test]
fn explain_shows_expressions_as_postgresql_does() {
    let names = |i: u32| ["a", "b"][i as usize].to_string();
    let text = |s: &str| Expr::Const(Datum::text(s), Type::Text);
    let b = || Expr::Column(1, Type::Text);
    let filter = Expr::And(vec![
        op(">", column(0), int(5)),
        Expr::Or(vec![op("=", b(), text("it's")), Expr::Not(Box::new(Expr::IsNull(Box::new(b()))))]),
    ]);
    assert_eq!(filter.display(&names).to_string(), "((a > 5) AND ((b = 'it''s'::text) OR (b IS NOT NULL)))");
    let call = Expr::call(function("lower", &[Type::Text]).unwrap(), vec![b()]);
    assert_eq!(op("~~", call, text("x%")).display(&names).to_string(), "(lower(b) ~~ 'x%'::text)");
    let list = Expr::In { left: Box::new(column(0)), list: Arc::new(InList::new(vec![int(1), int(2)])) };
    assert_eq!(list.display(&names).to_string(), "(a = ANY ('{1,2}'::integer[]))");
    assert_eq!(op("+", column(0), int(-1)).display(&names).to_string(), "(a + '-1'::integer)");
}

#[test]
fn deep_and_wide_trees_do_not_overflow_the_stack() {
    let mut sum = int(0);
    for _ in 0..5_000 {
        sum = op("+", sum, column(0));
    }
    assert_eq!(eval(&sum, &[Datum::Int4(2)]), Datum::Int4(10_000));
    let moved = sum.clone().remap_columns(&|i| i + 1);
    assert_eq!(eval(&moved, &[Datum::Null, Datum::Int4(1)]), Datum::Int4(5_000));
    assert!(moved.is_immutable());
    assert_eq!(moved.columns().into_iter().collect::<Vec<u32>>(), [1]);
    assert!(moved.fold(&EvalContext::none()).to_string().len() > 5_000);
    let wide = Expr::Or((0..10_000).map(|i| op("=", column(0), int(i))).collect());
    assert!(wide.eval_bool(&[Datum::Int4(9_999)], &EvalContext::none()).unwrap());
}

#[test]
fn character_n_compares_without_its_padding() {
    let padded = |s: &str| Expr::Const(Datum::text(s), Type::Bpchar);
    assert_eq!(eval(&op("=", padded("a  "), padded("a")), &[]), Datum::Bool(true));
    let distinct =
        Expr::IsDistinct { left: Box::new(padded("a ")), right: Box::new(padded("a")), negated: false };
    assert_eq!(eval(&distinct, &[]), Datum::Bool(false));
}

#[test]
fn comparisons_turn_round() {
    let less = comparison(Comparison::Lt, Type::Int4).unwrap();
    assert_eq!(less.commuted().unwrap().comparison, Some(Comparison::Gt));
    assert_eq!(less.negated().unwrap().comparison, Some(Comparison::Ge));
    let mixed = operator("<", Some(Type::Int4), Type::Int8).unwrap().function;
    assert_eq!(
        mixed.commuted().unwrap().args,
        operator(">", Some(Type::Int8), Type::Int4).unwrap().function.args
    );
}

#[test]
fn arrays_are_subscripted_and_sliced() {
    let array = || Expr::Array(vec![int(10), int(20), int(30)], &Type::Int4);
    let at = |i: i32| Expr::Subscript { array: Box::new(array()), index: Box::new(int(i)), ty: Type::Int4 };
    assert_eq!(eval(&at(2), &[]), Datum::Int4(20));
    assert_eq!(eval(&at(0), &[]), Datum::Null);
    assert_eq!(eval(&at(i32::MIN), &[]), Datum::Null);
    let slice = Expr::Slice {
        array: Box::new(array()),
        lower: Some(Box::new(int(2))),
        upper: None,
        ty: array().ty(),
    };
    assert_eq!(eval(&slice, &[]), Datum::array(Type::Int4, vec![Datum::Int4(20), Datum::Int4(30)]));
    let any = Expr::AnyAll {
        left: Box::new(int(20)),
        function: comparison(Comparison::Eq, Type::Int4).unwrap(),
        array: Box::new(array()),
        all: false,
    };
    assert_eq!(eval(&any, &[]), Datum::Bool(true));
}

/// Every function with every combination of extreme arguments: errors are fine, panics are not.
#[test]
fn no_function_panics() {
    use datum::function::ArgType;
    let session = TestSession::default();
    let ctx = EvalContext::of(&session);
    let settings = &session.settings;
    let values = |ty: Type| -> Vec<Datum> {
        let texts: &[&str] = match ty {
            Type::Bool => &["t", "f"],
            Type::Int2 => &["-32768", "0", "32767"],
            Type::Int4 => &["-2147483648", "-1", "0", "1", "2147483647"],
            Type::Int8 => &["-9223372036854775808", "-1", "0", "9223372036854775807"],
            Type::Float4 => &["NaN", "-Infinity", "0", "3e38"],
            Type::Float8 => &["NaN", "Infinity", "-Infinity", "0", "-1.5", "1e308", "1e-308"],
            Type::Numeric => &["NaN", "Infinity", "-Infinity", "0", "-12.345", "1e30"],
            Type::Text | Type::Varchar | Type::Name | Type::Bpchar => {
                &["", "aé€ \\", "%_[(.*", "hour", "UTC", "UTF8", "g", "9", "\"a"]
            }
            Type::Char => &["a"],
            Type::Bytea => &["", "\\x00ff80"],
            Type::Date => &["-infinity", "infinity", "4713-01-01 BC", "5874897-12-31"],
            Type::Time => &["00:00", "24:00:00"],
            Type::TimeTz => &["00:00+15", "24:00:00-15"],
            Type::Timestamp | Type::TimestampTz => {
                &["-infinity", "infinity", "4713-01-01 BC", "294276-12-31 23:59:59"]
            }
            Type::Interval => &[
                "0",
                "-178000000 years",
                "2147483647 days",
                "2147483647 months 2147483647 days 2540400000 hours",
            ],
            Type::Uuid => &["00000000-0000-0000-0000-000000000000"],
            Type::Json | Type::Jsonb => {
                &["1", "null", "[]", "{}", "[1,[2,{\"a\":null}]]", "{\"a\":{\"b\":[1]}}"]
            }
            Type::Array(Type::Int4) => &["{}", "{1,NULL}", "[2147483646:2147483647]={1,2}"],
            Type::Array(_) => &["{}", "{NULL}"],
            Type::Oid => &["0", "4294967295"],
            _ => &[],
        };
        texts.iter().filter_map(|s| text::from_text(s, ColumnType::plain(ty), settings).ok()).collect()
    };
    let mut calls = 0_u64;
    for function in all_functions() {
        for polymorphic in [Type::Int4, Type::Text] {
            let types: Option<Vec<Type>> = function
                .args
                .iter()
                .map(|a| match a {
                    ArgType::Exact(ty) => Some(*ty),
                    ArgType::AnyElement | ArgType::Any => Some(polymorphic),
                    ArgType::AnyArray => polymorphic.array_of(),
                })
                .collect();
            let Some(types) = types else { continue };
            let mut choices: Vec<Vec<Datum>> = types.iter().map(|ty| values(*ty)).collect();
            if choices.iter().any(Vec::is_empty) {
                continue;
            }
            if !function.strict {
                choices.iter_mut().for_each(|c| c.push(Datum::Null));
            }
            let total: usize = choices.iter().map(Vec::len).product();
            // Walks the combinations in steps, so that functions of many arguments take no longer than others.
            let step = (total / 1000).max(1);
            for n in (0..total).step_by(step) {
                let mut rest = n;
                let args: Vec<Datum> = choices
                    .iter()
                    .map(|c| {
                        let value = c[rest % c.len()].clone();
                        rest /= c.len();
                        value
                    })
                    .collect();
                let answer = function.call(&args, &types, &ctx);
                if let Ok(value) = answer {
                    let _ = value.memory_size();
                }
                calls += 1;
            }
            if !function.args.iter().any(|a| !matches!(a, ArgType::Exact(_))) {
                break;
            }
        }
    }
    assert!(calls > 10_000, "{calls}");
}

fn layout() -> Arc<RowLayout> {
    let key = KeyColumn { ordinal: 0, ty: Type::Int4, desc: false, nulls_first: false };
    let value = |ordinal, ty| ValueColumn { ordinal, id: ordinal + 1, ty, missing: Datum::Null };
    Arc::new(RowLayout {
        prefix: bytes::Bytes::from_static(b"t"),
        key: vec![key],
        unique_prefix: None,
        value: vec![value(1, Type::Int4), value(2, Type::Text)],
        width: 3,
    })
}

fn rows(count: i32) -> Vec<Vec<Datum>> {
    (0..count).map(|i| vec![Datum::Int4(i), Datum::Int4(i % 3), Datum::text(format!("row {i}"))]).collect()
}

fn call(name: &str, args: Vec<Expr>) -> AggregateCall {
    let types: Vec<Type> = args.iter().map(Expr::ty).collect();
    let function = aggregate(name, &types).unwrap();
    let ty = datum::function::return_type(function.ret, function.args, &types).unwrap();
    AggregateCall { function, args, distinct: false, filter: None, order_by: Vec::new(), ty }
}

fn run(program: Program, rows: &[Vec<Datum>]) -> Batch {
    let layout = program.layout.clone();
    let mut runner = ProgramRunner::new(Arc::new(program)).unwrap();
    for row in rows {
        runner.push(&layout.encode_key(row).unwrap(), &layout.encode_value(row).unwrap()).unwrap();
    }
    runner.finish().unwrap()
}

#[test]
fn programs_filter_and_project() {
    let output = Output::Rows(vec![Expr::Column(2, Type::Text), op("*", column(0), int(10))]);
    let program = Program { layout: layout(), filter: Some(op("=", column(1), int(2))), output };
    let out = run(program, &rows(7));
    let shown: Vec<Vec<Datum>> = out.into_rows().collect();
    assert_eq!(
        shown,
        [vec![Datum::text("row 2"), Datum::Int4(20)], vec![Datum::text("row 5"), Datum::Int4(50)],]
    );
}

#[test]
fn partial_aggregates_merge_at_the_gateway() {
    let calls = || {
        vec![
            call("count", vec![]),
            call("sum", vec![column(0)]),
            call("avg", vec![column(0)]),
            call("max", vec![Expr::Column(2, Type::Text)]),
        ]
    };
    let program = || Program {
        layout: layout(),
        filter: None,
        output: Output::Partial { group_by: vec![column(1)], aggregates: calls() },
    };
    let all = rows(100);
    let mut merger = Grouping::new(1, calls());
    for part in all.chunks(30) {
        for row in run(program(), part).rows() {
            merger.merge(row).unwrap();
        }
    }
    let merged: Vec<Vec<Datum>> = merger.finish(&EvalContext::none()).unwrap().into_rows().collect();
    let mut whole = Grouping::new(1, calls());
    for row in &all {
        whole.update(&row[1..2], row, &EvalContext::none()).unwrap();
    }
    let whole: Vec<Vec<Datum>> = whole.finish(&EvalContext::none()).unwrap().into_rows().collect();
    assert_eq!(merged, whole);
    assert_eq!(merged[0][..3], [Datum::Int4(0), Datum::Int8(34), Datum::Int8(1683)]);
    // Without groups there is one row even if there was none.
    let program = Program {
        layout: layout(),
        filter: None,
        output: Output::Partial { group_by: Vec::new(), aggregates: vec![call("count", vec![])] },
    };
    assert_eq!(run(program, &[]).row(0), [Datum::Int8(0)]);
}

#[test]
fn row_updates_read_and_write_one_row() {
    let layout = layout();
    let row = vec![Datum::Int4(1), Datum::Int4(5), Datum::text("x")];
    let key = layout.encode_key(&row).unwrap();
    let value = layout.encode_value(&row).unwrap();
    let fail = |code| Error::new(code, "violated");
    let update = |insert: Option<Vec<Datum>>, on_row| RowUpdate {
        layout: layout.clone(),
        insert,
        on_row,
        checks: vec![RowCheck { condition: op("<", column(1), int(10)), error: fail("23514") }],
        returning: vec![column(1)],
    };
    let plus = |n: i32| OnRow::Update { filter: None, set: vec![(1, op("+", column(1), int(n)))] };

    let changed = update(None, plus(1)).apply(&key, Some(&value)).unwrap();
    assert_eq!(changed.returned, Some(vec![Datum::Int4(6)]));
    let mut decoded = Vec::new();
    layout.decoder(None).decode(&key, &changed.write.unwrap().unwrap(), &mut decoded).unwrap();
    assert_eq!(decoded, [Datum::Int4(1), Datum::Int4(6), Datum::text("x")]);

    assert_eq!(update(None, plus(5)).apply(&key, Some(&value)).unwrap_err().code(), "23514");
    let none = update(None, plus(1)).apply(&key, None).unwrap();
    assert!(none.write.is_none() && none.returned.is_none());

    let inserted = update(Some(row.clone()), OnRow::Fail(fail("23505")));
    assert_eq!(inserted.apply(&key, None).unwrap().write, Some(Some(value.clone())));
    assert_eq!(inserted.apply(&key, Some(&value)).unwrap_err().code(), "23505");

    // ON CONFLICT DO UPDATE sees the row that was to be inserted behind the old one.
    let excluded = OnRow::Update { filter: None, set: vec![(1, op("+", column(1), column(4)))] };
    let merged = update(Some(vec![Datum::Int4(1), Datum::Int4(2), Datum::Null]), excluded);
    assert_eq!(merged.apply(&key, Some(&value)).unwrap().returned, Some(vec![Datum::Int4(7)]));

    let delete = update(None, OnRow::Delete { filter: Some(op("=", column(1), int(5))) });
    let gone = delete.apply(&key, Some(&value)).unwrap();
    assert_eq!((gone.write, gone.returned), (Some(None), Some(vec![Datum::Int4(5)])));

    let moves = update(None, OnRow::Update { filter: None, set: vec![(0, int(2))] });
    assert_eq!(moves.apply(&key, Some(&value)).unwrap_err().code(), "XX000");
}

/// Keys 1 1 2 5 5 7, as PostgreSQL answers `… OVER (ORDER BY k …)`.
fn partition() -> (Partition, Vec<i32>) {
    let keys = vec![1, 1, 2, 5, 5, 7];
    let values = keys.iter().map(|k| Datum::Int4(*k)).collect();
    let order = OrderKey { values, desc: false, nulls_first: false };
    let same = keys.clone();
    (Partition::new(6, |i| same[i] == same[i - 1], Some(order)), keys)
}

fn ints(values: &[Datum]) -> Vec<i64> {
    values.iter().map(|v| v.as_i64().unwrap_or(-1)).collect()
}

#[test]
fn window_functions_rank_rows() {
    let (partition, keys) = partition();
    let args = vec![keys.iter().map(|k| Datum::Int4(*k)).collect::<Vec<Datum>>()];
    let ctx = EvalContext::none();
    let run = |kind, args: &[Vec<Datum>]| compute(kind, args, &Frame::default(), &partition, &ctx).unwrap();
    assert_eq!(ints(&run(WindowKind::RowNumber, &[])), [1, 2, 3, 4, 5, 6]);
    assert_eq!(ints(&run(WindowKind::Rank, &[])), [1, 1, 3, 4, 4, 6]);
    assert_eq!(ints(&run(WindowKind::DenseRank, &[])), [1, 1, 2, 3, 3, 4]);
    assert_eq!(ints(&run(WindowKind::Ntile, &[vec![Datum::Int4(4); 6]])), [1, 1, 2, 2, 3, 4]);
    assert_eq!(ints(&run(WindowKind::Ntile, &[vec![Datum::Int4(10); 6]])), [1, 2, 3, 4, 5, 6]);
    assert_eq!(ints(&run(WindowKind::Lag, &args)), [-1, 1, 1, 2, 5, 5]);
    let lead = [args[0].clone(), vec![Datum::Int4(2); 6], vec![Datum::Int4(99); 6]];
    assert_eq!(ints(&run(WindowKind::Lead, &lead)), [2, 5, 5, 7, 99, 99]);
    assert_eq!(ints(&run(WindowKind::FirstValue, &args)), [1; 6]);
    assert_eq!(ints(&run(WindowKind::LastValue, &args)), [1, 1, 2, 5, 5, 7]);
    let nth = [args[0].clone(), vec![Datum::Int4(3); 6]];
    assert_eq!(ints(&run(WindowKind::NthValue, &nth)), [-1, -1, 2, 2, 2, 2]);
    let percent: Vec<f64> = run(WindowKind::PercentRank, &[]).iter().filter_map(Datum::as_f64).collect();
    assert_eq!(percent, [0.0, 0.0, 0.4, 0.6, 0.6, 1.0]);
    let zero = compute(WindowKind::Ntile, &[vec![Datum::Int4(0); 6]], &Frame::default(), &partition, &ctx);
    assert_eq!(zero.unwrap_err().code(), "22014");
    assert_eq!(window_functions("lag").len(), 3);
}

#[test]
fn aggregates_run_over_frames() {
    let (partition, keys) = partition();
    let mut rows = Batch::new(1);
    keys.iter().for_each(|k| rows.push([Datum::Int4(*k)]));
    let ctx = EvalContext::none();
    let run = |name: &str, unit, start, end, exclude| {
        let call = call(name, vec![column(0)]);
        ints(&window_aggregate(&call, &rows, &Frame { unit, start, end, exclude }, &partition, &ctx).unwrap())
    };
    use FrameBound::*;
    let n = |i: i64| Datum::Int8(i);
    let none = FrameExclude::NoOthers;
    assert_eq!(run("sum", FrameUnit::Range, UnboundedPreceding, CurrentRow, none), [2, 2, 4, 14, 14, 21]);
    assert_eq!(run("sum", FrameUnit::Rows, Preceding(n(1)), Following(n(1)), none), [2, 4, 8, 12, 17, 12]);
    assert_eq!(run("max", FrameUnit::Rows, Preceding(n(1)), Following(n(1)), none), [1, 2, 5, 5, 7, 7]);
    assert_eq!(run("sum", FrameUnit::Groups, Preceding(n(1)), CurrentRow, none), [2, 2, 4, 12, 12, 17]);
    assert_eq!(run("sum", FrameUnit::Range, Preceding(n(2)), Following(n(1)), none), [4, 4, 4, 10, 10, 17]);
    assert_eq!(run("count", FrameUnit::Rows, Following(n(1)), Following(n(2)), none), [2, 2, 2, 2, 1, 0]);
    assert_eq!(run("sum", FrameUnit::Rows, Following(n(4)), Following(n(9)), none), [12, 7, -1, -1, -1, -1]);
    let all = |exclude| run("sum", FrameUnit::Rows, UnboundedPreceding, UnboundedFollowing, exclude);
    assert_eq!(all(FrameExclude::CurrentRow), [20, 20, 19, 16, 16, 14]);
    assert_eq!(all(FrameExclude::Group), [19, 19, 19, 11, 11, 14]);
    assert_eq!(all(FrameExclude::Ties), [20, 20, 21, 16, 16, 21]);
}

#[test]
fn a_million_rows_are_summed_in_a_loop_that_allocates_nothing() {
    let calls = vec![call("count", vec![]), call("sum", vec![column(0)]), call("min", vec![column(0)])];
    let mut groups = Grouping::new(0, calls);
    let ctx = EvalContext::none();
    let mut row = [Datum::Int4(0)];
    for i in 0..1_000_000 {
        row[0] = Datum::Int4(i);
        groups.update(&[], &row, &ctx).unwrap();
    }
    let out = groups.finish(&ctx).unwrap();
    assert_eq!(out.row(0), [Datum::Int8(1_000_000), Datum::Int8(499_999_500_000), Datum::Int4(0)]);
}
