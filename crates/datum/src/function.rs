//! The registry of functions and operators: names, parameter and result types, and code.
//!
//! ```text
//!   sql (binder)  functions("abs"), operators("+")  ── PostgreSQL's overload rules ──►  &'static Function
//!   Expr::Call { function, args }                   ── eval ──►  (function.eval)(args, ctx)
//! ```
//! The tables live in [`crate::functions`]: `catalog.rs` holds one line per overload with the OIDs, types,
//! strictness and volatility of PostgreSQL's `pg_proc` and `pg_operator`; the code has one file per family.
//! Casts are not here: see `cast.rs`.

use std::fmt;
use std::sync::LazyLock;

use base::map::HashMap;

use crate::aggregate::AggregateFunction;
use crate::error::Result;
use crate::expr::EvalContext;
use crate::functions::catalog;
use crate::functions::series::{Series, SetRows};
use crate::types::Type;
use crate::value::Datum;
use crate::window::WindowFunction;

/// How a function's result depends on more than its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volatility {
    /// On nothing else: may be folded, and pushed to a leaseholder.
    Immutable,
    /// Constant within a statement.
    Stable,
    /// May differ at each call.
    Volatile,
}

/// What a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgType {
    /// Just this type (the binder casts).
    Exact(Type),
    /// anyelement (and anycompatible): all such parameters have one type, their common one.
    AnyElement,
    /// anyarray: of AnyElement's type.
    AnyArray,
    /// "any": whatever it is.
    Any,
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnType {
    /// Always this.
    Exact(Type),
    /// AnyElement's type.
    AnyElement,
    /// An array of AnyElement's type.
    AnyArray,
}

/// A scalar function's code. Strict functions never see NULL.
pub type ScalarFn = fn(&[Datum], &EvalContext<'_>) -> Result<Datum>;

/// The code of a function whose result depends on its arguments' types ("any" and polymorphic parameters).
pub type TypedFn = fn(&[Datum], &[Type], &EvalContext<'_>) -> Result<Datum>;

/// A set-returning function's code: its rows.
pub type SetFn = fn(&[Datum], &EvalContext<'_>) -> Result<Vec<Vec<Datum>>>;

/// Which comparison a function is, if it is one of a type's default order (a B-tree operator).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Comparison {
    /// The comparison with its sides exchanged.
    pub fn commuted(self) -> Comparison {
        match self {
            Comparison::Eq => Comparison::Eq,
            Comparison::Ne => Comparison::Ne,
            Comparison::Lt => Comparison::Gt,
            Comparison::Le => Comparison::Ge,
            Comparison::Gt => Comparison::Lt,
            Comparison::Ge => Comparison::Le,
        }
    }

    /// The comparison that is true where this one is false.
    pub fn negated(self) -> Comparison {
        match self {
            Comparison::Eq => Comparison::Ne,
            Comparison::Ne => Comparison::Eq,
            Comparison::Lt => Comparison::Ge,
            Comparison::Le => Comparison::Gt,
            Comparison::Gt => Comparison::Le,
            Comparison::Ge => Comparison::Lt,
        }
    }

    /// Whether it holds for this order of left and right.
    #[inline]
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Comparison::Eq => order.is_eq(),
            Comparison::Ne => order.is_ne(),
            Comparison::Lt => order.is_lt(),
            Comparison::Le => order.is_le(),
            Comparison::Gt => order.is_gt(),
            Comparison::Ge => order.is_ge(),
        }
    }
}

/// One overload of a scalar function or operator.
pub struct Function {
    /// Name in lower case; for operators that of the function behind them (`int4pl`).
    pub name: &'static str,
    /// pg_proc OID where PostgreSQL has the function, else 0.
    pub oid: u32,
    /// Parameters.
    pub args: &'static [ArgType],
    /// The last parameter may be repeated (for VARIADIC arrays it is the element, and `args` ends in it).
    pub variadic: bool,
    /// Result.
    pub ret: ReturnType,
    /// NULL in, NULL out.
    pub strict: bool,
    /// How much it depends on.
    pub volatility: Volatility,
    /// Its code.
    pub eval: ScalarFn,
    /// Code to be preferred where the arguments' types are known.
    pub typed: Option<TypedFn>,
    /// It is this comparison of its type's default order.
    pub comparison: Option<Comparison>,
    /// The operator's symbol if one is made of it: how EXPLAIN and deparsing show it.
    pub operator: Option<&'static str>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.name, self.oid)
    }
}

/// An operator: a symbol over operand types.
#[derive(Debug)]
pub struct Operator {
    /// `+`, `~~`, `->>` …
    pub symbol: &'static str,
    /// pg_operator OID.
    pub oid: u32,
    /// Left operand; `None` for prefix operators.
    pub left: Option<ArgType>,
    /// Right operand.
    pub right: ArgType,
    /// The function behind it.
    pub function: &'static Function,
    /// The operator with its operands exchanged, by symbol.
    pub commutator: Option<&'static str>,
    /// The operator that is true where this one is false, by symbol.
    pub negator: Option<&'static str>,
}

/// One overload of a set-returning function.
#[derive(Debug)]
pub struct SetFunction {
    /// Name in lower case.
    pub name: &'static str,
    /// pg_proc OID.
    pub oid: u32,
    /// Parameters.
    pub args: &'static [ArgType],
    /// The last parameter may be repeated.
    pub variadic: bool,
    /// Names and types of its output columns. One column that is named as the function: a set of scalars.
    pub columns: &'static [(&'static str, ReturnType)],
    /// No row if an argument is NULL.
    pub strict: bool,
    /// How much it depends on.
    pub volatility: Volatility,
    /// Its code.
    pub eval: SetFn,
}

impl SetFunction {
    /// Its rows; none if it is strict and an argument is NULL.
    pub fn call(&self, args: &[Datum], ctx: &EvalContext<'_>) -> Result<Vec<Vec<Datum>>> {
        if self.strict && args.iter().any(|a| matches!(a, Datum::Null)) {
            return Ok(Vec::new());
        }
        (self.eval)(args, ctx)
    }

    /// The same rows; those of a series are made as they are asked for.
    pub fn rows(&self, args: &[Datum], ctx: &EvalContext<'_>) -> Result<SetRows> {
        if self.name == "generate_series" && args.iter().all(|a| !a.is_null()) {
            return Ok(SetRows::Series(Series::new(args, ctx)?));
        }
        Ok(SetRows::made(self.call(args, ctx)?))
    }
}

impl Function {
    /// The result for these arguments: NULL if it is strict and one of them is. `types` are those of the arguments.
    pub fn call(&self, args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
        if self.strict && args.iter().any(|a| matches!(a, Datum::Null)) {
            return Ok(Datum::Null);
        }
        match self.typed {
            Some(typed) => typed(args, types, ctx),
            None => (self.eval)(args, ctx),
        }
    }

    /// The comparison with its sides exchanged, if this is a comparison of a default order.
    pub fn commuted(&'static self) -> Option<&'static Function> {
        let wanted = self.comparison?.commuted();
        let [left, right] = self.args else { return None };
        find_comparison(wanted, *right, *left)
    }

    /// The comparison that is true where this one is false.
    pub fn negated(&'static self) -> Option<&'static Function> {
        let wanted = self.comparison?.negated();
        let [left, right] = self.args else { return None };
        find_comparison(wanted, *left, *right)
    }
}

fn find_comparison(wanted: Comparison, left: ArgType, right: ArgType) -> Option<&'static Function> {
    let symbol = match wanted {
        Comparison::Eq => "=",
        Comparison::Ne => "<>",
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Gt => ">",
        Comparison::Ge => ">=",
    };
    operators(symbol).iter().find(|o| o.left == Some(left) && o.right == right).map(|o| o.function)
}

/// Groups of equal names in a table that is sorted by name.
type Groups = HashMap<&'static str, (usize, usize)>;

fn groups(names: impl Iterator<Item = &'static str>) -> Groups {
    let mut groups = Groups::default();
    for (i, name) in names.enumerate() {
        let group = groups.entry(name).or_insert((i, i));
        base::invariant!(group.1 == i, "the registry is sorted by name: {name}");
        group.1 = i + 1;
    }
    groups
}

static FUNCTIONS: LazyLock<Groups> = LazyLock::new(|| groups(catalog::FUNCTIONS.iter().map(|f| f.name)));
static OPERATORS: LazyLock<(Vec<Operator>, Groups)> = LazyLock::new(|| {
    // Operators take arrays where their functions are variadic: these have an entry of their own.
    let by_oid: HashMap<u32, &'static Function> =
        catalog::FUNCTIONS.iter().filter(|f| !f.variadic).map(|f| (f.oid, f)).collect();
    let operators: Vec<Operator> = catalog::OPERATORS
        .iter()
        .filter_map(|o| {
            let function = by_oid.get(&o.function)?;
            let (left, right) = match function.args {
                [right] => (None, *right),
                [left, right] => (Some(*left), *right),
                _ => return None,
            };
            let name = |s: &'static str| (!s.is_empty()).then_some(s);
            let (commutator, negator) = (name(o.commutator), name(o.negator));
            Some(Operator { symbol: o.symbol, oid: o.oid, left, right, function, commutator, negator })
        })
        .collect();
    let groups = groups(operators.iter().map(|o| o.symbol));
    (operators, groups)
});
static SET_FUNCTIONS: LazyLock<Groups> =
    LazyLock::new(|| groups(catalog::SET_FUNCTIONS.iter().map(|f| f.name)));
static AGGREGATES: LazyLock<Groups> =
    LazyLock::new(|| groups(crate::aggregate::AGGREGATES.iter().map(|f| f.name)));
static WINDOW_FUNCTIONS: LazyLock<Groups> =
    LazyLock::new(|| groups(crate::window::WINDOW_FUNCTIONS.iter().map(|f| f.name)));

fn group<T>(all: &'static [T], groups: &Groups, name: &str) -> &'static [T] {
    match groups.get(name) {
        Some(&(start, end)) => &all[start..end],
        None => &[],
    }
}

/// All overloads of a scalar function, by its name in lower case; empty if there is none.
pub fn functions(name: &str) -> &'static [Function] {
    group(catalog::FUNCTIONS, &FUNCTIONS, name)
}

/// Every scalar function, sorted by name (for pg_proc).
pub fn all_functions() -> &'static [Function] {
    catalog::FUNCTIONS
}

/// All overloads of an operator, by its symbol (`!=` is `<>`).
pub fn operators(symbol: &str) -> &'static [Operator] {
    let symbol = if symbol == "!=" { "<>" } else { symbol };
    let (all, groups) = &*OPERATORS;
    group(all, groups, symbol)
}

/// Every operator, sorted by symbol (for pg_operator).
pub fn all_operators() -> &'static [Operator] {
    &OPERATORS.0
}

/// All overloads of a set-returning function.
pub fn set_functions(name: &str) -> &'static [SetFunction] {
    group(catalog::SET_FUNCTIONS, &SET_FUNCTIONS, name)
}

/// All overloads of an aggregate.
pub fn aggregates(name: &str) -> &'static [AggregateFunction] {
    group(crate::aggregate::AGGREGATES, &AGGREGATES, name)
}

/// All overloads of a window function that is not an aggregate.
pub fn window_functions(name: &str) -> &'static [WindowFunction] {
    group(crate::window::WINDOW_FUNCTIONS, &WINDOW_FUNCTIONS, name)
}

/// The overload that takes just these types: no coercion beyond polymorphic parameters.
pub fn function(name: &str, args: &[Type]) -> Option<&'static Function> {
    functions(name).iter().find(|f| matches(f.args, f.variadic, args))
}

/// The operator over just these types (`left` is `None` for prefix operators).
pub fn operator(symbol: &str, left: Option<Type>, right: Type) -> Option<&'static Operator> {
    let args: &[Type] = &match left {
        Some(left) => vec![left, right],
        None => vec![right],
    };
    operators(symbol).iter().find(|o| matches(o.function.args, false, args))
}

/// The set-returning function that takes just these types.
pub fn set_function(name: &str, args: &[Type]) -> Option<&'static SetFunction> {
    set_functions(name).iter().find(|f| matches(f.args, f.variadic, args))
}

/// The aggregate that takes just these types.
pub fn aggregate(name: &str, args: &[Type]) -> Option<&'static AggregateFunction> {
    aggregates(name).iter().find(|f| matches(f.args, false, args))
}

/// The window function that takes just these types.
pub fn window_function(name: &str, args: &[Type]) -> Option<&'static WindowFunction> {
    window_functions(name).iter().find(|f| matches(f.args, false, args))
}

/// The comparison of two values of one type in its default order, if there is one.
pub fn comparison(wanted: Comparison, ty: Type) -> Option<&'static Function> {
    let symbol = match wanted {
        Comparison::Eq => "=",
        Comparison::Ne => "<>",
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Gt => ">",
        Comparison::Ge => ">=",
    };
    let ty = match ty {
        Type::Varchar | Type::Unknown | Type::NodeTree => Type::Text,
        Type::Int2Vector => Type::Array(&Type::Int2),
        Type::OidVector => Type::Array(&Type::Oid),
        object if object.is_object() => Type::Oid,
        other => other,
    };
    operator(symbol, Some(ty), ty).map(|o| o.function)
}

/// A scalar function by its pg_proc OID.
pub fn function_by_oid(oid: u32) -> Option<&'static Function> {
    static BY_OID: LazyLock<HashMap<u32, &'static Function>> =
        LazyLock::new(|| catalog::FUNCTIONS.iter().filter(|f| f.oid != 0).map(|f| (f.oid, f)).collect());
    BY_OID.get(&oid).copied()
}

/// Whether parameters accept these types without a coercion.
fn matches(params: &[ArgType], variadic: bool, args: &[Type]) -> bool {
    if variadic {
        if args.len() + 1 < params.len() {
            return false;
        }
    } else if params.len() != args.len() {
        return false;
    }
    let mut element: Option<Type> = None;
    let mut same = |ty: Type| *element.get_or_insert(ty) == ty;
    args.iter().enumerate().all(|(i, &ty)| match params.get(i).or(params.last()) {
        Some(ArgType::Exact(wanted)) => *wanted == ty,
        Some(ArgType::AnyElement) => same(ty),
        Some(ArgType::AnyArray) => match ty {
            Type::Array(element) => same(*element),
            _ => false,
        },
        Some(ArgType::Any) => true,
        None => false,
    })
}

/// The result type of a function over these argument types, polymorphic ones resolved.
pub fn return_type(ret: ReturnType, params: &[ArgType], args: &[Type]) -> Option<Type> {
    let element = || {
        args.iter().enumerate().find_map(|(i, ty)| match params.get(i).or(params.last())? {
            ArgType::AnyElement => Some(*ty),
            ArgType::AnyArray => ty.element(),
            _ => None,
        })
    };
    match ret {
        ReturnType::Exact(ty) => Some(ty),
        ReturnType::AnyElement => element(),
        ReturnType::AnyArray => element()?.array_of(),
    }
}
