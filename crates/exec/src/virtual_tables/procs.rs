//! pg_proc, pg_aggregate, pg_operator and pg_cast: the registry of functions as a catalog.

use std::sync::LazyLock;

use base::map::HashMap;
use datum::aggregate::AGGREGATES;
use datum::cast::{CASTS, CastContext};
use datum::function::{ArgType, ReturnType, Volatility, all_functions, all_operators, functions};
use datum::functions::catalog::{SET_FUNCTIONS, WINDOW_FUNCTIONS};
use datum::{Batch, Datum, Result, Type};

use super::columns::*;
use super::rows::{Rows, oid, text};
use super::{VirtualContext, VirtualTable, catalog_table};
use crate::catalog::system;

/// Tables of this file.
pub static TABLES: &[VirtualTable] = &[
    catalog_table("pg_proc", &PG_PROC, pg_proc),
    catalog_table("pg_aggregate", &PG_AGGREGATE, aggregate),
    catalog_table("pg_operator", &PG_OPERATOR, operator),
    catalog_table("pg_cast", &PG_CAST, cast),
];

const ANY: u32 = 2276;
const ANY_ARRAY: u32 = 2277;
const ANY_ELEMENT: u32 = 2283;
const INTERNAL: u32 = 2281;

/// Functions that only types refer to: their input, output and the like, with PostgreSQL's OIDs. Nobody can call them.
#[rustfmt::skip]
static IO_FUNCTIONS: &[(&str, u32)] = &[
    ("array_in", 750), ("array_out", 751), ("array_recv", 2400), ("array_send", 2401), ("array_subscript_handler",
    6179), ("array_typanalyze", 3816), ("boolin", 1242), ("boolout", 1243), ("boolrecv", 2436), ("boolsend", 2437),
    ("bpcharin", 1044), ("bpcharout", 1045), ("bpcharrecv", 2430), ("bpcharsend", 2431), ("bpchartypmodin", 2913),
    ("bpchartypmodout", 2914), ("byteain", 1244), ("byteaout", 31), ("bytearecv", 2412), ("byteasend", 2413),
    ("charin", 1245), ("charout", 33), ("charrecv", 2434), ("charsend", 2435), ("date_in", 1084), ("date_out",
    1085), ("date_recv", 2468), ("date_send", 2469), ("float4in", 200), ("float4out", 201), ("float4recv", 2424),
    ("float4send", 2425), ("float8in", 214), ("float8out", 215), ("float8recv", 2426), ("float8send", 2427),
    ("int2in", 38), ("int2out", 39), ("int2recv", 2404), ("int2send", 2405), ("int2vectorin", 40), ("int2vectorout",
    41), ("int2vectorrecv", 2410), ("int2vectorsend", 2411), ("int4in", 42), ("int4out", 43), ("int4recv", 2406),
    ("int4send", 2407), ("int8in", 460), ("int8out", 461), ("int8recv", 2408), ("int8send", 2409), ("interval_in",
    1160), ("interval_out", 1161), ("interval_recv", 2478), ("interval_send", 2479), ("intervaltypmodin", 2903),
    ("intervaltypmodout", 2904), ("json_in", 321), ("json_out", 322), ("json_recv", 323), ("json_send", 324),
    ("jsonb_in", 3806), ("jsonb_out", 3804), ("jsonb_recv", 3805), ("jsonb_send", 3803), ("namein", 34), ("nameout",
    35), ("namerecv", 2422), ("namesend", 2423), ("numeric_in", 1701), ("numeric_out", 1702), ("numeric_recv",
    2460), ("numeric_send", 2461), ("numerictypmodin", 2917), ("numerictypmodout", 2918), ("oidin", 1798),
    ("oidout", 1799), ("oidrecv", 2418), ("oidsend", 2419), ("oidvectorin", 54), ("oidvectorout", 55),
    ("oidvectorrecv", 2420), ("oidvectorsend", 2421), ("pg_char_to_encoding", 1264), ("pg_encoding_to_char", 1597),
    ("pg_node_tree_in", 195), ("pg_node_tree_out", 196), ("pg_node_tree_recv", 197), ("pg_node_tree_send", 198),
    ("raw_array_subscript_handler", 6180), ("record_in", 2290), ("record_out", 2291), ("record_recv", 2402),
    ("record_send", 2403), ("regclassin", 2218), ("regclassout", 2219), ("regclassrecv", 2452), ("regclasssend",
    2453), ("regnamespacein", 4084), ("regnamespaceout", 4085), ("regnamespacerecv", 4087), ("regnamespacesend",
    4088), ("regprocin", 44), ("regprocout", 45), ("regprocrecv", 2444), ("regprocsend", 2445), ("regtypein", 2220),
    ("regtypeout", 2221), ("regtyperecv", 2454), ("regtypesend", 2455), ("textin", 46), ("textout", 47),
    ("textrecv", 2414), ("textsend", 2415), ("time_in", 1143), ("time_out", 1144), ("time_recv", 2470),
    ("time_send", 2471), ("timestamp_in", 1312), ("timestamp_out", 1313), ("timestamp_recv", 2474),
    ("timestamp_send", 2475), ("timestamptypmodin", 2905), ("timestamptypmodout", 2906), ("timestamptz_in", 1150),
    ("timestamptz_out", 1151), ("timestamptz_recv", 2476), ("timestamptz_send", 2477), ("timestamptztypmodin",
    2907), ("timestamptztypmodout", 2908), ("timetypmodin", 2909), ("timetypmodout", 2910), ("timetz_in", 1350),
    ("timetz_out", 1351), ("timetz_recv", 2472), ("timetz_send", 2473), ("timetztypmodin", 2911),
    ("timetztypmodout", 2912), ("unknownin", 109), ("unknownout", 110), ("unknownrecv", 2416), ("unknownsend",
    2417), ("uuid_in", 2952), ("uuid_out", 2953), ("uuid_recv", 2961), ("uuid_send", 2962), ("varcharin", 1046),
    ("varcharout", 1047), ("varcharrecv", 2432), ("varcharsend", 2433), ("varchartypmodin", 2915),
    ("varchartypmodout", 2916), ("void_in", 2298), ("void_out", 2299), ("void_recv", 3120), ("void_send", 3121),
    ("xidin", 50), ("xidout", 51), ("xidrecv", 2440), ("xidsend", 2441),
];

static IO_BY_NAME: LazyLock<HashMap<&'static str, u32>> =
    LazyLock::new(|| IO_FUNCTIONS.iter().copied().collect());

/// The OID of a type's function, 0 if it has none of this name.
pub fn io_function(name: &str) -> Datum {
    Datum::Oid(IO_BY_NAME.get(name).copied().unwrap_or(0))
}

/// A function of any kind, as pg_proc shows it.
pub struct Proc {
    /// OID.
    pub oid: u32,
    /// Name.
    pub name: &'static str,
    /// OIDs of parameter types.
    pub args: Vec<u32>,
    /// The last parameter may be repeated.
    pub variadic: bool,
    /// OID of the result's type.
    pub result: u32,
    /// Output columns of a set of rows.
    pub columns: &'static [(&'static str, ReturnType)],
    /// f, a, w
    pub kind: char,
    /// Returns a set.
    pub set: bool,
    /// NULL in, NULL out.
    pub strict: bool,
    /// How much it depends on.
    pub volatility: Volatility,
}

fn argument(arg: ArgType) -> u32 {
    match arg {
        ArgType::Exact(ty) => ty.oid(),
        ArgType::AnyElement => ANY_ELEMENT,
        ArgType::AnyArray => ANY_ARRAY,
        ArgType::Any => ANY,
    }
}

fn result(ret: ReturnType) -> u32 {
    match ret {
        ReturnType::Exact(ty) => ty.oid(),
        ReturnType::AnyElement => ANY_ELEMENT,
        ReturnType::AnyArray => ANY_ARRAY,
    }
}

/// A variadic parameter is an array of what may be repeated.
fn arguments(args: &[ArgType], variadic: bool) -> Vec<u32> {
    let mut out: Vec<u32> = args.iter().map(|arg| argument(*arg)).collect();
    if let (true, Some(last), Some(ArgType::Exact(ty))) = (variadic, out.last_mut(), args.last()) {
        *last = ty.array_of().map_or(*last, Type::oid);
    }
    out
}

/// Every function that has an OID, in its order.
pub static PROCS: LazyLock<Vec<Proc>> = LazyLock::new(|| {
    let scalar = all_functions().iter().map(|f| Proc {
        oid: f.oid,
        name: f.name,
        args: arguments(f.args, f.variadic),
        variadic: f.variadic,
        result: result(f.ret),
        columns: &[],
        kind: 'f',
        set: false,
        strict: f.strict,
        volatility: f.volatility,
    });
    let sets = SET_FUNCTIONS.iter().map(|f| Proc {
        oid: f.oid,
        name: f.name,
        args: arguments(f.args, f.variadic),
        variadic: f.variadic,
        result: match f.columns {
            [(_, only)] => result(*only),
            _ => Type::Record.oid(),
        },
        columns: if f.columns.len() > 1 { f.columns } else { &[] },
        kind: 'f',
        set: true,
        strict: f.strict,
        volatility: f.volatility,
    });
    let plain = |oid, name, args: &[ArgType], ret, kind| Proc {
        oid,
        name,
        args: arguments(args, false),
        variadic: false,
        result: result(ret),
        columns: &[],
        kind,
        set: false,
        strict: false,
        volatility: Volatility::Immutable,
    };
    let aggregates = AGGREGATES.iter().map(|f| plain(f.oid, f.name, f.args, f.ret, 'a'));
    let windows = WINDOW_FUNCTIONS.iter().map(|f| plain(f.oid, f.name, f.args, f.ret, 'w'));
    let io = IO_FUNCTIONS.iter().filter(|(name, _)| functions(name).is_empty()).map(|(name, oid)| Proc {
        oid: *oid,
        name,
        args: vec![INTERNAL],
        variadic: false,
        result: INTERNAL,
        columns: &[],
        kind: 'f',
        set: false,
        strict: true,
        volatility: Volatility::Immutable,
    });
    let mut all: Vec<Proc> =
        scalar.chain(sets).chain(aggregates).chain(windows).chain(io).filter(|proc| proc.oid != 0).collect();
    all.sort_by_key(|proc| proc.oid);
    all.dedup_by_key(|proc| proc.oid);
    all
});

/// A function by its OID.
pub fn proc_by_oid(oid: u32) -> Option<&'static Proc> {
    let at = PROCS.binary_search_by_key(&oid, |proc| proc.oid).ok()?;
    PROCS.get(at)
}

fn oids(items: impl IntoIterator<Item = u32>) -> Vec<Datum> {
    items.into_iter().map(Datum::Oid).collect()
}

/// oidvector begins at 0.
fn oid_vector(items: &[u32]) -> Datum {
    let mut array = datum::value::Array::new(Type::Oid, oids(items.iter().copied()));
    array.lower = 0;
    Datum::Array(std::sync::Arc::new(array))
}

fn pg_proc(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_PROC);
    for p in PROCS.iter() {
        let variadic = match (p.variadic, p.args.last()) {
            (true, Some(&ANY)) => ANY,
            (true, Some(last)) => Type::from_oid(*last).and_then(Type::element).map_or(ANY, Type::oid),
            _ => 0,
        };
        let mut row = vec![
            ("oid", Datum::Oid(p.oid)),
            ("proname", text(p.name)),
            ("pronamespace", oid(system::PG_CATALOG)),
            ("proowner", oid(system::ROOT)),
            ("prolang", Datum::Oid(12)),
            ("procost", Datum::Float4(1.0)),
            ("prorows", Datum::Float4(if p.set { 1000.0 } else { 0.0 })),
            ("provariadic", Datum::Oid(variadic)),
            ("prokind", text(p.kind.to_string())),
            ("proisstrict", Datum::Bool(p.strict)),
            ("proretset", Datum::Bool(p.set)),
            (
                "provolatile",
                text(match p.volatility {
                    Volatility::Immutable => "i",
                    Volatility::Stable => "s",
                    Volatility::Volatile => "v",
                }),
            ),
            ("proparallel", text("s")),
            ("pronargs", Datum::Int2(p.args.len() as i16)),
            ("prorettype", Datum::Oid(p.result)),
            ("proargtypes", oid_vector(&p.args)),
            ("prosrc", text(p.name)),
        ];
        if !p.columns.is_empty() {
            let types = p.args.iter().copied().chain(p.columns.iter().map(|(_, ret)| result(*ret)));
            let modes = p.args.iter().map(|_| "i").chain(p.columns.iter().map(|_| "o"));
            let names = p.args.iter().map(|_| "").chain(p.columns.iter().map(|(name, _)| *name));
            row.extend([
                ("proallargtypes", Datum::array(Type::Oid, oids(types))),
                ("proargmodes", Datum::array(Type::Char, modes.map(text).collect())),
                ("proargnames", Datum::array(Type::Text, names.map(text).collect())),
            ]);
        } else if p.variadic {
            let last = p.args.len().saturating_sub(1);
            let modes = (0..p.args.len()).map(|i| text(if i == last { "v" } else { "i" }));
            row.extend([
                ("proallargtypes", Datum::array(Type::Oid, oids(p.args.iter().copied()))),
                ("proargmodes", Datum::array(Type::Char, modes.collect())),
            ]);
        }
        rows.push(row);
    }
    Ok(rows.done())
}

fn aggregate(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_AGGREGATE);
    for f in AGGREGATES {
        let direct = if f.is_ordered_set() { f.args.len().saturating_sub(1) } else { 0 };
        rows.push([
            ("aggfnoid", Datum::Oid(f.oid)),
            ("aggkind", text(if f.is_ordered_set() { "o" } else { "n" })),
            ("aggnumdirectargs", Datum::Int2(direct as i16)),
            ("aggfinalmodify", text("r")),
            ("aggmfinalmodify", text("r")),
            ("aggtranstype", Datum::Oid(INTERNAL)),
        ]);
    }
    Ok(rows.done())
}

fn operator(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_OPERATOR);
    let sides = |o: &datum::function::Operator| (o.left.map_or(0, argument), argument(o.right));
    let by_sides: HashMap<(&str, u32, u32), u32> = all_operators()
        .iter()
        .map(|o| {
            let (left, right) = sides(o);
            ((o.symbol, left, right), o.oid)
        })
        .collect();
    for o in all_operators() {
        let (left, right) = sides(o);
        let find = |symbol: Option<&'static str>, left: u32, right: u32| {
            symbol.and_then(|symbol| by_sides.get(&(symbol, left, right))).copied().unwrap_or(0)
        };
        let equality = o.function.comparison == Some(datum::function::Comparison::Eq);
        rows.push([
            ("oid", Datum::Oid(o.oid)),
            ("oprname", text(o.symbol)),
            ("oprnamespace", oid(system::PG_CATALOG)),
            ("oprowner", oid(system::ROOT)),
            ("oprkind", text(if o.left.is_some() { "b" } else { "l" })),
            ("oprcanmerge", Datum::Bool(equality)),
            ("oprcanhash", Datum::Bool(equality)),
            ("oprleft", Datum::Oid(left)),
            ("oprright", Datum::Oid(right)),
            ("oprresult", Datum::Oid(result(o.function.ret))),
            ("oprcom", Datum::Oid(find(o.commutator, right, left))),
            ("oprnegate", Datum::Oid(find(o.negator, left, right))),
            ("oprcode", Datum::Oid(o.function.oid)),
        ]);
    }
    Ok(rows.done())
}

fn cast(_: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_CAST);
    for (number, (from, to, context, _, same)) in (10_000..).zip(CASTS) {
        // The function named as the type, as PostgreSQL has it; what has none goes through text formats.
        let function = functions(to.facts().name)
            .iter()
            .find(|f| f.args.first() == Some(&ArgType::Exact(*from)) && f.oid != 0 && f.args.len() == 1)
            .map_or(0, |f| f.oid);
        let method = match (same, function) {
            (true, _) => "b",
            (false, 0) => "i",
            (false, _) => "f",
        };
        rows.push([
            ("oid", Datum::Oid(number)),
            ("castsource", Datum::Oid(from.oid())),
            ("casttarget", Datum::Oid(to.oid())),
            ("castfunc", Datum::Oid(if *same { 0 } else { function })),
            (
                "castcontext",
                text(match context {
                    CastContext::Explicit => "e",
                    CastContext::Assignment => "a",
                    CastContext::Implicit => "i",
                }),
            ),
            ("castmethod", text(method)),
        ]);
    }
    Ok(rows.done())
}
