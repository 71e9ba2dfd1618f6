//! [`Expr`]: bound scalar expressions, evaluated over a row.
//!
//! Names, overloads and implicit casts are resolved by the binder (crate `sql`); what is left is a tree whose
//! leaves are constants, columns of the input row, parameters, and registers (values that an enclosing operator
//! has set: the columns of an outer query).
//!
//! This file has the tree and how to walk it; `eval.rs` evaluates, `fold.rs` simplifies, `deparse.rs` shows it as
//! EXPLAIN does. All of them grow the stack where a tree is deep (a sum of thousands of terms is).

use std::sync::Arc;

use crate::error::Result;
use crate::eval::ConstantSet;
use crate::function::{Function, Volatility};
use crate::types::{ColumnType, Type};
use crate::value::Datum;

/// A bound scalar expression.
#[derive(Debug)]
pub enum Expr {
    /// A constant.
    Const(Datum, Type),
    /// Column of the input row.
    Column(u32, Type),
    /// Statement parameter, from 0.
    Param(u32, Type),
    /// Value set by an enclosing operator: a column of an outer query.
    Register(u32, Type),
    /// A function or operator. Strict ones give NULL for a NULL argument without being called.
    Call {
        /// What.
        function: &'static Function,
        /// To what.
        args: Vec<Expr>,
        /// Resolved result type.
        ty: Type,
    },
    /// Three-valued AND.
    And(Vec<Expr>),
    /// Three-valued OR.
    Or(Vec<Expr>),
    /// Three-valued NOT.
    Not(Box<Expr>),
    /// IS NULL.
    IsNull(Box<Expr>),
    /// IS [NOT] DISTINCT FROM.
    IsDistinct {
        /// Left side.
        left: Box<Expr>,
        /// Right side, of the same type.
        right: Box<Expr>,
        /// IS NOT DISTINCT FROM.
        negated: bool,
    },
    /// CASE WHEN … (the simple form is rewritten into this one).
    Case {
        /// Condition and result.
        whens: Vec<(Expr, Expr)>,
        /// ELSE.
        otherwise: Option<Box<Expr>>,
        /// Result type.
        ty: Type,
    },
    /// COALESCE.
    Coalesce(Vec<Expr>, Type),
    /// GREATEST or LEAST.
    MinMax {
        /// GREATEST.
        greatest: bool,
        /// Of these, all of one type.
        args: Vec<Expr>,
        /// Result type.
        ty: Type,
    },
    /// A cast, with the target's modifier (varchar(n), numeric(p,s) …).
    Cast {
        /// What.
        expr: Box<Expr>,
        /// Into what.
        to: ColumnType,
        /// Written by the user (`::`, CAST): truncates varchar(n) silently; assignments raise 22001.
        explicit: bool,
    },
    /// `left op ANY/ALL (array)`, also IN with a list; `function` is the comparison.
    AnyAll {
        /// Left side.
        left: Box<Expr>,
        /// Boolean function of two arguments.
        function: &'static Function,
        /// The array.
        array: Box<Expr>,
        /// ALL rather than ANY.
        all: bool,
    },
    /// IN with a list of constants or expressions, all of the type of `left`; NOT IN is Not(In).
    In {
        /// Left side.
        left: Box<Expr>,
        /// The list.
        list: Arc<InList>,
    },
    /// ARRAY[…].
    Array(Vec<Expr>, &'static Type),
    /// array[i]
    Subscript {
        /// The array.
        array: Box<Expr>,
        /// The subscript (integer).
        index: Box<Expr>,
        /// Element type.
        ty: Type,
    },
    /// array[lower:upper]
    Slice {
        /// The array.
        array: Box<Expr>,
        /// First subscript.
        lower: Option<Box<Expr>>,
        /// Last subscript.
        upper: Option<Box<Expr>>,
        /// Array type.
        ty: Type,
    },
    /// ROW(…)
    Row(Vec<Expr>),
    /// Field of a record, from 0.
    Field(Box<Expr>, u32, Type),
}

/// The list of an IN. Built by [`InList::new`], which prepares a set when all are constants.
#[derive(Clone, Debug)]
pub struct InList {
    /// The members.
    pub items: Vec<Expr>,
    pub(crate) set: Option<ConstantSet>,
}

impl InList {
    /// The list of these members.
    pub fn new(items: Vec<Expr>) -> InList {
        let set = ConstantSet::of(&items);
        InList { items, set }
    }
}

/// What expressions that are not immutable ask for. `exec` implements it per session; at a leaseholder, where only
/// immutable expressions run, [`NoSession`] stands in.
pub trait Session: Send + Sync {
    /// Start of the transaction, microseconds since 2000-01-01 UTC.
    fn transaction_timestamp(&self) -> i64;
    /// Start of the statement.
    fn statement_timestamp(&self) -> i64;
    /// Now.
    fn clock_timestamp(&self) -> i64;
    /// Uniform in [0, 1).
    fn random(&self) -> f64;
    /// 16 random bytes for gen_random_uuid.
    fn random_uuid(&self) -> [u8; 16];
    /// A setting such as `TimeZone`, `DateStyle`, `search_path`; `None` if unknown.
    fn setting(&self, name: &str) -> Option<String>;
    /// Sets a setting (set_config).
    fn set_setting(&self, name: &str, value: &str, local: bool) -> Result<String>;
    /// A function of session or catalog state by name (current_user, current_schema, nextval, currval, pg_get_indexdef,
    /// format_type, to_regclass, pg_table_is_visible, obj_description …): strict or not as its registry entry says.
    fn call(&self, name: &str, args: &[Datum]) -> Result<Datum>;
    /// The settings that text formats, casts and date functions depend on. Sessions override it with their own.
    fn format_settings(&self) -> &FormatSettings {
        default_settings()
    }
}

use crate::settings::FormatSettings;

/// The settings of a fresh session: UTC, ISO dates.
pub fn default_settings() -> &'static FormatSettings {
    static DEFAULT: std::sync::LazyLock<FormatSettings> = std::sync::LazyLock::new(FormatSettings::default);
    &DEFAULT
}

/// No session: what stands in at a leaseholder and while plans are made. Whatever needs one is an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSession;

impl Session for NoSession {
    fn transaction_timestamp(&self) -> i64 {
        0
    }

    fn statement_timestamp(&self) -> i64 {
        0
    }

    fn clock_timestamp(&self) -> i64 {
        0
    }

    fn random(&self) -> f64 {
        0.0
    }

    fn random_uuid(&self) -> [u8; 16] {
        [0; 16]
    }

    fn setting(&self, _: &str) -> Option<String> {
        None
    }

    fn set_setting(&self, name: &str, _: &str, _: bool) -> Result<String> {
        Err(crate::Error::internal(format!("no session to set {name} in")))
    }

    fn call(&self, name: &str, _: &[Datum]) -> Result<Datum> {
        Err(crate::Error::internal(format!("function {name} needs a session")))
    }
}

/// A session for tests: fixed times, a counter for randomness, settings in a map. Calls fail.
#[derive(Debug)]
pub struct TestSession {
    /// All clocks show this.
    pub now: i64,
    /// Format settings.
    pub settings: FormatSettings,
    values: std::sync::Mutex<std::collections::BTreeMap<String, String>>,
    draws: std::sync::atomic::AtomicU64,
}

impl Default for TestSession {
    fn default() -> TestSession {
        TestSession {
            now: 725_846_400_000_000,
            settings: FormatSettings { now: 725_846_400_000_000, ..FormatSettings::default() },
            values: std::sync::Mutex::default(),
            draws: std::sync::atomic::AtomicU64::new(0),
        }
    }
}

impl TestSession {
    fn draw(&self) -> u64 {
        let n = self.draws.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        // splitmix64: well spread and the same in every run.
        let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Session for TestSession {
    fn transaction_timestamp(&self) -> i64 {
        self.now
    }

    fn statement_timestamp(&self) -> i64 {
        self.now
    }

    fn clock_timestamp(&self) -> i64 {
        self.now
    }

    fn random(&self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn random_uuid(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.draw().to_be_bytes());
        bytes[8..].copy_from_slice(&self.draw().to_be_bytes());
        bytes
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.values.lock().ok()?.get(&name.to_ascii_lowercase()).cloned()
    }

    fn set_setting(&self, name: &str, value: &str, _: bool) -> Result<String> {
        if let Ok(mut values) = self.values.lock() {
            values.insert(name.to_ascii_lowercase(), value.to_string());
        }
        Ok(value.to_string())
    }

    fn call(&self, name: &str, _: &[Datum]) -> Result<Datum> {
        Err(crate::Error::internal(format!("function {name} needs a session")))
    }

    fn format_settings(&self) -> &FormatSettings {
        &self.settings
    }
}

/// What an expression is evaluated with.
#[derive(Clone, Copy)]
pub struct EvalContext<'a> {
    /// Statement parameters.
    pub params: &'a [Datum],
    /// Registers.
    pub registers: &'a [Datum],
    /// The session.
    pub session: &'a dyn Session,
}

impl EvalContext<'static> {
    /// Neither parameters nor registers nor a session: enough for immutable expressions.
    pub fn none() -> EvalContext<'static> {
        EvalContext { params: &[], registers: &[], session: &NoSession }
    }
}

impl<'a> EvalContext<'a> {
    /// Just a session.
    pub fn of(session: &'a dyn Session) -> EvalContext<'a> {
        EvalContext { params: &[], registers: &[], session }
    }

    /// The settings that formats depend on.
    #[inline]
    pub fn settings(&self) -> &'a FormatSettings {
        self.session.format_settings()
    }
}

/// Runs `f` on a stack that has room: recursion over expressions goes through here.
#[inline]
pub(crate) fn with_stack<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, f)
}

impl Clone for Expr {
    fn clone(&self) -> Expr {
        match self {
            Expr::Const(value, ty) => Expr::Const(value.clone(), *ty),
            Expr::Column(i, ty) => Expr::Column(*i, *ty),
            Expr::Param(i, ty) => Expr::Param(*i, *ty),
            Expr::Register(i, ty) => Expr::Register(*i, *ty),
            inner => with_stack(|| inner.map_children(&mut |child| child.clone())),
        }
    }
}

impl Expr {
    /// A boolean constant.
    pub fn bool(value: bool) -> Expr {
        Expr::Const(Datum::Bool(value), Type::Bool)
    }

    /// A call whose result type is the function's own (not a polymorphic one).
    pub fn call(function: &'static Function, args: Vec<Expr>) -> Expr {
        let types: Vec<Type> = args.iter().map(Expr::ty).collect();
        let ty = crate::function::return_type(function.ret, function.args, &types).unwrap_or(Type::Text);
        Expr::Call { function, args, ty }
    }

    /// The type of its value.
    pub fn ty(&self) -> Type {
        match self {
            Expr::Const(_, ty)
            | Expr::Column(_, ty)
            | Expr::Param(_, ty)
            | Expr::Register(_, ty)
            | Expr::Call { ty, .. }
            | Expr::Case { ty, .. }
            | Expr::Coalesce(_, ty)
            | Expr::MinMax { ty, .. }
            | Expr::Subscript { ty, .. }
            | Expr::Slice { ty, .. }
            | Expr::Field(_, _, ty) => *ty,
            Expr::And(_)
            | Expr::Or(_)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::IsDistinct { .. }
            | Expr::AnyAll { .. }
            | Expr::In { .. } => Type::Bool,
            Expr::Cast { to, .. } => to.ty,
            Expr::Array(_, element) => Type::Array(element),
            Expr::Row(_) => Type::Record,
        }
    }

    /// Its direct parts, in order of evaluation.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Const(..) | Expr::Column(..) | Expr::Param(..) | Expr::Register(..) => Vec::new(),
            Expr::Call { args, .. }
            | Expr::And(args)
            | Expr::Or(args)
            | Expr::Coalesce(args, _)
            | Expr::MinMax { args, .. }
            | Expr::Array(args, _)
            | Expr::Row(args) => args.iter().collect(),
            Expr::Not(inner)
            | Expr::IsNull(inner)
            | Expr::Field(inner, _, _)
            | Expr::Cast { expr: inner, .. } => {
                vec![inner]
            }
            Expr::IsDistinct { left, right, .. } => vec![left, right],
            Expr::Case { whens, otherwise, .. } => {
                whens.iter().flat_map(|(c, v)| [c, v]).chain(otherwise.as_deref()).collect()
            }
            Expr::AnyAll { left, array, .. } => vec![left, array],
            Expr::In { left, list } => std::iter::once(&**left).chain(&list.items).collect(),
            Expr::Subscript { array, index, .. } => vec![array, index],
            Expr::Slice { array, lower, upper, .. } => {
                std::iter::once(&**array).chain(lower.as_deref()).chain(upper.as_deref()).collect()
            }
        }
    }

    /// The same node over other children: each is what `f` makes of the old one.
    pub fn map_children(&self, f: &mut dyn FnMut(&Expr) -> Expr) -> Expr {
        let mut all = |list: &[Expr]| list.iter().map(&mut *f).collect::<Vec<Expr>>();
        match self {
            Expr::Const(value, ty) => Expr::Const(value.clone(), *ty),
            Expr::Column(i, ty) => Expr::Column(*i, *ty),
            Expr::Param(i, ty) => Expr::Param(*i, *ty),
            Expr::Register(i, ty) => Expr::Register(*i, *ty),
            Expr::Call { function, args, ty } => Expr::Call { function, args: all(args), ty: *ty },
            Expr::And(args) => Expr::And(all(args)),
            Expr::Or(args) => Expr::Or(all(args)),
            Expr::Not(inner) => Expr::Not(Box::new(f(inner))),
            Expr::IsNull(inner) => Expr::IsNull(Box::new(f(inner))),
            Expr::IsDistinct { left, right, negated } => {
                Expr::IsDistinct { left: Box::new(f(left)), right: Box::new(f(right)), negated: *negated }
            }
            Expr::Case { whens, otherwise, ty } => Expr::Case {
                whens: whens.iter().map(|(c, v)| (f(c), f(v))).collect(),
                otherwise: otherwise.as_ref().map(|e| Box::new(f(e))),
                ty: *ty,
            },
            Expr::Coalesce(args, ty) => Expr::Coalesce(all(args), *ty),
            Expr::MinMax { greatest, args, ty } => {
                Expr::MinMax { greatest: *greatest, args: all(args), ty: *ty }
            }
            Expr::Cast { expr, to, explicit } => {
                Expr::Cast { expr: Box::new(f(expr)), to: *to, explicit: *explicit }
            }
            Expr::AnyAll { left, function, array, all } => {
                Expr::AnyAll { left: Box::new(f(left)), function, array: Box::new(f(array)), all: *all }
            }
            Expr::In { left, list } => {
                let left = Box::new(f(left));
                // Lists of constants are shared rather than rebuilt.
                let list = match list.set {
                    Some(_) => list.clone(),
                    None => Arc::new(InList::new(list.items.iter().map(&mut *f).collect())),
                };
                Expr::In { left, list }
            }
            Expr::Array(items, element) => Expr::Array(all(items), element),
            Expr::Subscript { array, index, ty } => {
                Expr::Subscript { array: Box::new(f(array)), index: Box::new(f(index)), ty: *ty }
            }
            Expr::Slice { array, lower, upper, ty } => Expr::Slice {
                array: Box::new(f(array)),
                lower: lower.as_ref().map(|e| Box::new(f(e))),
                upper: upper.as_ref().map(|e| Box::new(f(e))),
                ty: *ty,
            },
            Expr::Row(items) => Expr::Row(all(items)),
            Expr::Field(inner, i, ty) => Expr::Field(Box::new(f(inner)), *i, *ty),
        }
    }

    /// Visits it and all its parts, parents first. Needs no stack, however deep the tree.
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        let mut pending = vec![self];
        while let Some(expr) = pending.pop() {
            visit(expr);
            pending.extend(expr.children().into_iter().rev());
        }
    }

    /// Whether any part of it is so.
    pub fn any(&self, test: &dyn Fn(&Expr) -> bool) -> bool {
        let mut pending = vec![self];
        while let Some(expr) = pending.pop() {
            if test(expr) {
                return true;
            }
            pending.extend(expr.children());
        }
        false
    }

    /// Rebuilds it from the leaves up: `f` sees each node after its children have been transformed.
    pub fn transform(&self, f: &mut dyn FnMut(Expr) -> Expr) -> Expr {
        let rebuilt = match self {
            Expr::Const(..) | Expr::Column(..) | Expr::Param(..) | Expr::Register(..) => self.clone(),
            inner => with_stack(|| inner.map_children(&mut |child| child.transform(f))),
        };
        f(rebuilt)
    }

    /// The same over a row whose columns lie elsewhere: column `i` becomes `map(i)`.
    pub fn remap_columns(&self, map: &dyn Fn(u32) -> u32) -> Expr {
        self.transform(&mut |e| match e {
            Expr::Column(i, ty) => Expr::Column(map(i), ty),
            other => other,
        })
    }

    /// The same with columns replaced by expressions: column `i` becomes `map(i)` where that is something.
    pub fn replace_columns(&self, map: &dyn Fn(u32) -> Option<Expr>) -> Expr {
        self.transform(&mut |e| match e {
            Expr::Column(i, ty) => map(i).unwrap_or(Expr::Column(i, ty)),
            other => other,
        })
    }

    /// The same with the values of parameters and registers in place of them (those within the slices).
    pub fn substitute(&self, params: &[Datum], registers: &[Datum]) -> Expr {
        self.transform(&mut |e| match e {
            Expr::Param(i, ty) if (i as usize) < params.len() => Expr::Const(params[i as usize].clone(), ty),
            Expr::Register(i, ty) if (i as usize) < registers.len() => {
                Expr::Const(registers[i as usize].clone(), ty)
            }
            other => other,
        })
    }

    /// Adds the columns it reads to `columns`.
    pub fn collect_columns(&self, columns: &mut std::collections::BTreeSet<u32>) {
        self.walk(&mut |e| {
            if let Expr::Column(i, _) = e {
                columns.insert(*i);
            }
        });
    }

    /// The columns it reads.
    pub fn columns(&self) -> std::collections::BTreeSet<u32> {
        let mut columns = std::collections::BTreeSet::new();
        self.collect_columns(&mut columns);
        columns
    }

    /// Whether it reads any column.
    pub fn has_columns(&self) -> bool {
        self.any(&|e| matches!(e, Expr::Column(..)))
    }

    /// Whether it is a constant.
    pub fn is_const(&self) -> bool {
        matches!(self, Expr::Const(..))
    }

    /// How much its value depends on, apart from columns, parameters and registers.
    pub fn volatility(&self) -> Volatility {
        let mut volatility = Volatility::Immutable;
        self.walk(&mut |e| {
            let own = match e {
                Expr::Call { function, .. } | Expr::AnyAll { function, .. } => function.volatility,
                Expr::Cast { expr, to, .. } => crate::fold::cast_volatility(expr.ty(), to.ty),
                _ => Volatility::Immutable,
            };
            volatility = match (volatility, own) {
                (Volatility::Volatile, _) | (_, Volatility::Volatile) => Volatility::Volatile,
                (Volatility::Stable, _) | (_, Volatility::Stable) => Volatility::Stable,
                _ => Volatility::Immutable,
            };
        });
        volatility
    }

    /// Whether it depends on its columns only, and so may run at a leaseholder: no session, no parameter, no
    /// register.
    pub fn is_immutable(&self) -> bool {
        self.volatility() == Volatility::Immutable
            && !self.any(&|e| matches!(e, Expr::Param(..) | Expr::Register(..)))
    }
}
