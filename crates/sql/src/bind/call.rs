//! Calls: operators, functions, aggregates, window functions and set-returning functions, with PostgreSQL's choice
//! of overloads and its messages.

use datum::aggregate::AggregateCall;
use datum::error::sqlstate;
use datum::function::{self, Function};
use datum::{ColumnType, Datum, Error, Expr, Result, Type};

use super::Binder;
use super::coerce::{Candidate, Choice, Coercion, choose, resolve_polymorphic, result_type};
use super::scope::{Clause, NamedWindow, WindowGroup};
use crate::logical::same_expr;
use crate::parse::ast::{self, FunctionCall, OpName, Pos};
use crate::plan::{Frame, FrameBound, FrameExclude, FrameUnit, SortKey, WindowCall, WindowFunctionKind};

const CAST_HINT: &str = "You might need to add explicit type casts.";

impl Binder<'_> {
    /// The function behind an operator for these operand types, and the types that it takes.
    pub(crate) fn choose_operator(
        &mut self,
        op: &OpName,
        types: &[Type],
    ) -> Result<(&'static Function, Vec<Type>)> {
        let show = || {
            let symbol = match &op.schema {
                Some(schema) => format!("{schema}.{}", op.symbol),
                None => op.symbol.to_string(),
            };
            match types {
                [right] => format!("{symbol} {right}"),
                [left, right] => format!("{left} {symbol} {right}"),
                _ => symbol,
            }
        };
        let all = if op.schema.as_ref().is_none_or(|s| s == "pg_catalog") {
            function::operators(&op.symbol)
        } else {
            &[]
        };
        let candidates: Vec<Candidate<'_>> = all
            .iter()
            .enumerate()
            .filter(|(_, o)| o.function.args.len() == types.len())
            .map(|(index, o)| Candidate { args: o.function.args, variadic: false, index })
            .collect();
        match choose(&candidates, types, true) {
            Choice::One(index) => {
                let function = all[index].function;
                let resolved = resolve_polymorphic(function.args, types)
                    .ok_or_else(|| Error::internal("a chosen operator fits"))?;
                Ok((function, resolved))
            }
            Choice::Several => Err(Error::new(
                sqlstate::AMBIGUOUS_FUNCTION,
                format!("operator is not unique: {}", show()),
            )
            .hint("Could not choose a best candidate operator. You might need to add explicit type casts.")
            .at(op.pos as usize)),
            Choice::None => Err(Error::new(
                sqlstate::UNDEFINED_FUNCTION,
                format!("operator does not exist: {}", show()),
            )
            .hint("No operator matches the given name and argument types. You might need to add explicit type casts.")
            .at(op.pos as usize)),
        }
    }

    pub(crate) fn operator_call(&mut self, op: &OpName, args: Vec<(Expr, Pos)>) -> Result<Expr> {
        let types: Vec<Type> = args.iter().map(|(e, _)| e.ty()).collect();
        let (function, wanted) = self.choose_operator(op, &types)?;
        let mut out = Vec::with_capacity(args.len());
        for ((expr, pos), ty) in args.into_iter().zip(&wanted) {
            out.push(self.coerce(expr, pos, *ty)?);
        }
        let ty = result_type(function.ret, function.args, &wanted);
        Ok(Expr::Call { function, args: out, ty })
    }

    /// A function of pg_catalog that syntax stands for.
    pub(crate) fn function_by_name(&mut self, name: &str, args: Vec<(Expr, Pos)>, pos: Pos) -> Result<Expr> {
        match self.scalar_call(name, args, false, pos)? {
            Some(found) => Ok(found),
            None => {
                Err(Error::new(sqlstate::UNDEFINED_FUNCTION, format!("function {name}() does not exist"))
                    .at(pos as usize))
            }
        }
    }

    /// `None` if there is no function of that name.
    fn scalar_call(
        &mut self,
        name: &str,
        args: Vec<(Expr, Pos)>,
        variadic: bool,
        pos: Pos,
    ) -> Result<Option<Expr>> {
        let all = function::functions(name);
        if all.is_empty() {
            return Ok(None);
        }
        let types: Vec<Type> = args.iter().map(|(e, _)| e.ty()).collect();
        if variadic {
            return self.variadic_array_call(name, args, pos).map(Some);
        }
        let candidates: Vec<Candidate<'_>> = all
            .iter()
            .enumerate()
            .map(|(index, f)| Candidate { args: f.args, variadic: f.variadic, index })
            .collect();
        match choose(&candidates, &types, false) {
            Choice::One(index) => {
                let function = &all[index];
                let wanted = resolve_polymorphic(function.args, &types)
                    .ok_or_else(|| Error::internal("a chosen function fits"))?;
                let mut out = Vec::with_capacity(args.len());
                for ((expr, at), ty) in args.into_iter().zip(&wanted) {
                    out.push(self.coerce(expr, at, *ty)?);
                }
                let ty = result_type(function.ret, function.args, &wanted);
                Ok(Some(Expr::Call { function, args: out, ty }))
            }
            Choice::Several => Err(Error::new(
                sqlstate::AMBIGUOUS_FUNCTION,
                format!("function {} is not unique", signature(name, &types)),
            )
            .hint(format!("Could not choose a best candidate function. {CAST_HINT}"))
            .at(pos as usize)),
            Choice::None => Ok(None),
        }
    }

    /// `f(VARIADIC array)`: only of a constant array, whose elements are then the arguments.
    fn variadic_array_call(&mut self, name: &str, mut args: Vec<(Expr, Pos)>, pos: Pos) -> Result<Expr> {
        let Some((last, at)) = args.pop() else {
            return Err(Error::internal("VARIADIC has an argument"));
        };
        let Expr::Array(items, _) = last else {
            return Err(
                Error::unsupported("VARIADIC with an argument that is no ARRAY constructor").at(at as usize)
            );
        };
        args.extend(items.into_iter().map(|e| (e, at)));
        match self.scalar_call(name, args, false, pos)? {
            Some(found) => Ok(found),
            None => {
                Err(Error::new(sqlstate::UNDEFINED_FUNCTION, format!("function {name}() does not exist"))
                    .at(pos as usize))
            }
        }
    }

    /// A call as written.
    pub(crate) fn call(&mut self, call: &FunctionCall, pos: Pos) -> Result<Expr> {
        let (schema, name) = match call.name.as_slice() {
            [name] => (None, name),
            [schema, name] | [_, schema, name] => (Some(schema), name),
            _ => return Err(Error::new(sqlstate::SYNTAX_ERROR, "improper qualified name").at(pos as usize)),
        };
        let known_schema = schema.is_none_or(|s| s.text == "pg_catalog" || s.text == "information_schema");
        if call.args.iter().any(|a| a.name.is_some()) {
            return Err(Error::unsupported("named arguments").at(pos as usize));
        }
        if known_schema {
            let name = name.text.as_str();
            let is_window = !function::window_functions(name).is_empty();
            let is_aggregate = !function::aggregates(name).is_empty();
            if is_window && call.over.is_none() && call.within_group.is_none() {
                return Err(Error::new(
                    sqlstate::WRONG_OBJECT_TYPE,
                    format!("window function {name} requires an OVER clause"),
                )
                .at(pos as usize));
            }
            if let Some(over) = &call.over {
                if is_window || is_aggregate {
                    return self.window_call(call, over, name, pos);
                }
                if !function::functions(name).is_empty() {
                    return Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        format!(
                            "OVER specified, but {name} is not a window function nor an aggregate function"
                        ),
                    )
                    .at(pos as usize));
                }
            } else if is_aggregate && let Some(found) = self.aggregate_call(call, name, pos)? {
                return Ok(found);
            }
            let refused = |what: &str| {
                Err(Error::new(
                    sqlstate::WRONG_OBJECT_TYPE,
                    format!("{what} specified, but {name} is not an aggregate function"),
                )
                .at(pos as usize))
            };
            let mut args = Vec::with_capacity(call.args.len());
            for arg in &call.args {
                args.push((self.expr(&arg.value)?, arg.value.pos));
            }
            let types: Vec<Type> = args.iter().map(|(e, _)| e.ty()).collect();
            let exists = !function::functions(name).is_empty();
            if exists {
                if call.star {
                    return Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        format!("{name}(*) specified, but {name} is not an aggregate function"),
                    )
                    .at(pos as usize));
                }
                if call.distinct {
                    return refused("DISTINCT");
                }
                if call.filter.is_some() {
                    return refused("FILTER");
                }
                if call.within_group.is_some() {
                    return refused("WITHIN GROUP");
                }
                if !call.order_by.is_empty() {
                    return refused("ORDER BY");
                }
            }
            if let Some(found) = self.scalar_call(name, args.clone(), call.variadic, pos)? {
                return Ok(found);
            }
            if !function::set_functions(name).is_empty()
                && let Some((function, wanted)) = self.choose_set_function(name, &types, pos)?
            {
                return self.set_call(function, args, wanted, pos);
            }
            // `int4(x)`: a cast in the form of a call.
            if let ([(_, at)], Some(ty)) = (args.as_slice(), Type::from_name(name))
                && let at = *at
                && let Some((arg, _)) = args.into_iter().next()
            {
                let from = arg.ty();
                let allowed = from == Type::Unknown
                    || from == ty
                    || datum::cast::find(from, ty).is_some_and(|i| !i.through_text || ty.category() == 'S');
                if allowed
                    && let Some(found) =
                        self.try_coerce(arg, at, ColumnType::plain(ty), Coercion::Explicit)?
                {
                    return Ok(found);
                }
            }
            return Err(Error::new(
                sqlstate::UNDEFINED_FUNCTION,
                format!("function {} does not exist", signature(&full_name(call), &types)),
            )
            .hint("No function matches the given name and argument types. You might need to add explicit type casts.")
            .at(pos as usize));
        }
        let mut types = Vec::new();
        for arg in &call.args {
            types.push(self.expr(&arg.value)?.ty());
        }
        Err(Error::new(
            sqlstate::UNDEFINED_FUNCTION,
            format!("function {} does not exist", signature(&full_name(call), &types)),
        )
        .hint("No function matches the given name and argument types. You might need to add explicit type casts.")
        .at(pos as usize))
    }

    /// The set-returning function for these types, and the types it takes.
    pub(crate) fn choose_set_function(
        &mut self,
        name: &str,
        types: &[Type],
        pos: Pos,
    ) -> Result<Option<(&'static function::SetFunction, Vec<Type>)>> {
        let all = function::set_functions(name);
        let candidates: Vec<Candidate<'_>> = all
            .iter()
            .enumerate()
            .map(|(index, f)| Candidate { args: f.args, variadic: f.variadic, index })
            .collect();
        match choose(&candidates, types, false) {
            Choice::One(index) => {
                Ok(resolve_polymorphic(all[index].args, types).map(|wanted| (&all[index], wanted)))
            }
            Choice::Several => Err(Error::new(
                sqlstate::AMBIGUOUS_FUNCTION,
                format!("function {} is not unique", signature(name, types)),
            )
            .hint(format!("Could not choose a best candidate function. {CAST_HINT}"))
            .at(pos as usize)),
            Choice::None => Ok(None),
        }
    }

    /// A set-returning function in a select list.
    fn set_call(
        &mut self,
        function: &'static function::SetFunction,
        args: Vec<(Expr, Pos)>,
        wanted: Vec<Type>,
        pos: Pos,
    ) -> Result<Expr> {
        let level = self.level();
        if !level.clause.sets() || level.in_aggregate || level.in_window {
            let place = if level.in_aggregate { "aggregate function calls" } else { level.clause.name() };
            let message = if level.in_aggregate {
                "aggregate function calls cannot contain set-returning function calls".to_owned()
            } else {
                format!("set-returning functions are not allowed in {place}")
            };
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(pos as usize));
        }
        let mut out = Vec::with_capacity(args.len());
        for ((expr, at), ty) in args.into_iter().zip(&wanted) {
            out.push(self.coerce(expr, at, *ty)?);
        }
        let columns: Vec<Type> =
            function.columns.iter().map(|(_, ret)| result_type(*ret, function.args, &wanted)).collect();
        let ty = match columns.as_slice() {
            [only] => *only,
            _ => Type::Record,
        };
        let id = self.new_col(function.name, ColumnType::plain(ty));
        if columns.len() > 1 {
            let fields = function.columns.iter().zip(&columns).map(|((name, _), ty)| (*name, *ty));
            self.cols[id as usize].fields = Some(fields.collect());
        }
        self.level().sets.push((id, function.name, out, ty));
        Ok(self.column(id))
    }

    /// An aggregate; `None` if no aggregate of the name takes such arguments but a plain function may.
    fn aggregate_call(&mut self, call: &FunctionCall, name: &str, pos: Pos) -> Result<Option<Expr>> {
        if self.level().in_aggregate {
            return Err(Error::new(sqlstate::GROUPING_ERROR, "aggregate function calls cannot be nested")
                .at(pos as usize));
        }
        // Arguments see the rows before grouping, and their subqueries belong there.
        let pending = std::mem::take(&mut self.level().pending);
        let depth = self.levels.len();
        self.level().in_aggregate = true;
        let outcome = self.aggregate_parts(call, name, pos);
        self.level().in_aggregate = false;
        let mine = std::mem::replace(&mut self.level().pending, pending);
        let Some(bound) = outcome? else { return Ok(None) };
        // It belongs to the innermost level that its columns come from.
        let mut used = Vec::new();
        for e in bound.args.iter().chain(&bound.filter).chain(bound.order_by.iter().map(|o| &o.0)) {
            used.extend(crate::logical::expr_cols(e));
        }
        let owner = if used.is_empty() || !mine.is_empty() {
            depth - 1
        } else {
            self.level_of(&used).unwrap_or(depth - 1)
        };
        // The clause of the query that it belongs to, which may be one around this.
        let clause = self.levels[owner].clause;
        if !clause.aggregates() {
            let message = match clause {
                Clause::On => "aggregate functions are not allowed in JOIN conditions".to_owned(),
                Clause::FromFunction => "aggregate functions are not allowed in functions in FROM".to_owned(),
                other => format!("aggregate functions are not allowed in {}", other.name()),
            };
            return Err(Error::new(sqlstate::GROUPING_ERROR, message).at(pos as usize));
        }
        if self.levels[owner].in_aggregate {
            return Err(Error::new(sqlstate::GROUPING_ERROR, "aggregate function calls cannot be nested")
                .at(pos as usize));
        }
        let ty = bound.ty;
        // The same call again is the same column.
        if mine.is_empty() {
            let found =
                self.levels[owner].aggs.calls.iter().find(|(_, c, _)| same_call(c, &bound)).map(|c| c.0);
            if let Some(id) = found {
                return Ok(Some(self.column(id)));
            }
        }
        let id = self.new_col(name, ColumnType::plain(ty));
        let level = &mut self.levels[owner];
        level.aggs.pending.extend(mine);
        level.aggs.calls.push((id, bound, pos));
        Ok(Some(self.column(id)))
    }

    /// The innermost level that one of these columns belongs to.
    fn level_of(&self, ids: &[u32]) -> Option<usize> {
        self.levels
            .iter()
            .enumerate()
            .rev()
            .find(|(_, level)| level.items.iter().any(|i| i.cols.iter().any(|c| ids.contains(&c.id))))
            .map(|(i, _)| i)
    }

    fn aggregate_parts(
        &mut self,
        call: &FunctionCall,
        name: &str,
        pos: Pos,
    ) -> Result<Option<AggregateCall>> {
        let all = function::aggregates(name);
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            args.push((self.expr(&arg.value)?, arg.value.pos));
        }
        let mut order_by = Vec::new();
        let ordered_set = call.within_group.is_some();
        let items = call.within_group.as_ref().unwrap_or(&call.order_by);
        for item in items {
            let bound = self.expr(&item.expr)?;
            if ordered_set {
                args.push((bound.clone(), item.expr.pos));
            }
            let bound = self.resolve_unknown(bound)?;
            order_by.push((bound, item.desc, item.nulls_first.unwrap_or(item.desc)));
        }
        let types: Vec<Type> = args.iter().map(|(e, _)| e.ty()).collect();
        let candidates: Vec<Candidate<'_>> = all
            .iter()
            .enumerate()
            .filter(|(_, f)| f.is_ordered_set() == ordered_set && (!call.star || f.args.is_empty()))
            .map(|(index, f)| Candidate { args: f.args, variadic: false, index })
            .collect();
        if args.is_empty() && !call.star && candidates.iter().any(|c| c.args.is_empty()) {
            return Err(Error::new(
                sqlstate::WRONG_OBJECT_TYPE,
                format!("{name}(*) must be used to call a parameterless aggregate function"),
            )
            .at(pos as usize));
        }
        let function = match choose(&candidates, &types, false) {
            Choice::One(index) => &all[index],
            Choice::Several => {
                return Err(Error::new(
                    sqlstate::AMBIGUOUS_FUNCTION,
                    format!("function {} is not unique", signature(name, &types)),
                )
                .hint(format!("Could not choose a best candidate function. {CAST_HINT}"))
                .at(pos as usize));
            }
            Choice::None if ordered_set || function::functions(name).is_empty() => {
                if !ordered_set && all.iter().any(|f| f.is_ordered_set()) {
                    return Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        format!("WITHIN GROUP is required for ordered-set aggregate {name}"),
                    )
                    .at(pos as usize));
                }
                if ordered_set && all.iter().all(|f| !f.is_ordered_set()) {
                    return Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        format!("{name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP"),
                    )
                    .at(pos as usize));
                }
                return Err(Error::new(
                    sqlstate::UNDEFINED_FUNCTION,
                    format!("function {} does not exist", signature(&full_name(call), &types)),
                )
                .hint("No function matches the given name and argument types. You might need to add explicit type casts.")
                .at(pos as usize));
            }
            Choice::None => return Ok(None),
        };
        let wanted = resolve_polymorphic(function.args, &types)
            .ok_or_else(|| Error::internal("a chosen aggregate fits"))?;
        let mut bound = Vec::with_capacity(args.len());
        for ((expr, at), ty) in args.into_iter().zip(&wanted) {
            bound.push(self.coerce(expr, at, *ty)?);
        }
        if call.distinct {
            for (expr, arg) in bound.iter().zip(&call.args) {
                if function::comparison(function::Comparison::Eq, expr.ty()).is_none() {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_FUNCTION,
                        format!("could not identify an equality operator for type {}", expr.ty()),
                    )
                    .at(arg.value.pos as usize));
                }
            }
            for ((order, _, _), item) in order_by.iter().zip(items) {
                if !bound.iter().any(|arg| same_expr(arg, order)) && !ordered_set {
                    return Err(Error::new(
                        sqlstate::INVALID_COLUMN_REFERENCE,
                        "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
                    )
                    .at(item.expr.pos as usize));
                }
            }
        }
        let filter = match &call.filter {
            Some(filter) => {
                let condition = self.in_clause(Clause::Filter, |b| b.expr(filter))?;
                Some(self.coerce_bool(condition, filter.pos, "FILTER")?)
            }
            None => None,
        };
        let ty = result_type(function.ret, function.args, &wanted);
        Ok(Some(AggregateCall { function, args: bound, distinct: call.distinct, filter, order_by, ty }))
    }

    fn window_call(
        &mut self,
        call: &FunctionCall,
        over: &ast::WindowSpec,
        name: &str,
        pos: Pos,
    ) -> Result<Expr> {
        let level = self.level();
        if level.in_aggregate {
            return Err(Error::new(
                sqlstate::GROUPING_ERROR,
                "aggregate function calls cannot contain window function calls",
            )
            .at(pos as usize));
        }
        if level.in_window {
            return Err(Error::new(sqlstate::WINDOWING_ERROR, "window function calls cannot be nested")
                .at(pos as usize));
        }
        if !level.clause.windows() {
            let message = match level.clause {
                Clause::On => "window functions are not allowed in JOIN conditions".to_owned(),
                other => format!("window functions are not allowed in {}", other.name()),
            };
            return Err(Error::new(sqlstate::WINDOWING_ERROR, message).at(pos as usize));
        }
        self.level().in_window = true;
        let outcome = self.window_parts(call, over, name, pos);
        self.level().in_window = false;
        outcome
    }

    fn window_parts(
        &mut self,
        call: &FunctionCall,
        over: &ast::WindowSpec,
        name: &str,
        pos: Pos,
    ) -> Result<Expr> {
        let window = self.window_definition(over)?;
        let refused =
            |what: &str| Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, what.to_owned()).at(pos as usize));
        if call.distinct {
            return refused("DISTINCT is not implemented for window functions");
        }
        if !call.order_by.is_empty() {
            return refused("aggregate ORDER BY is not implemented for window functions");
        }
        let frame = self.frame(window.frame.as_ref(), &window.order)?;
        let functions = function::window_functions(name);
        let (function, args, filter, ty) = if functions.is_empty() {
            let Some(bound) = self.aggregate_parts(call, name, pos)? else {
                return Err(Error::new(
                    sqlstate::UNDEFINED_FUNCTION,
                    format!("function {name} does not exist"),
                )
                .at(pos as usize));
            };
            let ty = bound.ty;
            let (args, filter) = (bound.args.clone(), bound.filter.clone());
            (WindowFunctionKind::Aggregate(bound), args, filter, ty)
        } else {
            if call.filter.is_some() {
                return refused("FILTER is not implemented for non-aggregate window functions");
            }
            let mut args = Vec::with_capacity(call.args.len());
            for arg in &call.args {
                args.push((self.expr(&arg.value)?, arg.value.pos));
            }
            let types: Vec<Type> = args.iter().map(|(e, _)| e.ty()).collect();
            let candidates: Vec<Candidate<'_>> = functions
                .iter()
                .enumerate()
                .map(|(index, f)| Candidate { args: f.args, variadic: false, index })
                .collect();
            let Choice::One(index) = choose(&candidates, &types, false) else {
                return Err(Error::new(
                    sqlstate::UNDEFINED_FUNCTION,
                    format!("function {} does not exist", signature(name, &types)),
                )
                .hint("No function matches the given name and argument types. You might need to add explicit type casts.")
                .at(pos as usize));
            };
            let chosen = &functions[index];
            let wanted = resolve_polymorphic(chosen.args, &types)
                .ok_or_else(|| Error::internal("a chosen window function fits"))?;
            let mut bound = Vec::with_capacity(args.len());
            for ((expr, at), ty) in args.into_iter().zip(&wanted) {
                bound.push(self.coerce(expr, at, *ty)?);
            }
            let ty = result_type(chosen.ret, chosen.args, &wanted);
            (WindowFunctionKind::Window(chosen.name), bound, None, ty)
        };
        let id = self.new_col(name, ColumnType::plain(ty));
        let made = WindowCall { function, args, filter, frame, ty };
        let groups = &mut self.level().windows;
        let same = groups.iter_mut().find(|g| {
            g.partition.len() == window.partition.len()
                && g.partition.iter().zip(&window.partition).all(|(a, b)| same_expr(a, b))
                && same_keys(&g.order, &window.order)
        });
        match same {
            Some(group) => group.calls.push((id, made)),
            None => groups.push(WindowGroup {
                partition: window.partition,
                order: window.order,
                calls: vec![(id, made)],
            }),
        }
        Ok(self.column(id))
    }

    /// A window as written, with what it takes from a named one.
    pub(crate) fn window_definition(&mut self, spec: &ast::WindowSpec) -> Result<NamedWindow> {
        let base = match &spec.base {
            Some(name) => {
                let found = self.level().named.iter().find(|w| w.name == name.text).cloned();
                match found {
                    Some(window) => Some(window),
                    None => {
                        return Err(Error::new(
                            sqlstate::UNDEFINED_OBJECT,
                            format!("window \"{}\" does not exist", name.text),
                        )
                        .at(name.pos as usize));
                    }
                }
            }
            None => None,
        };
        if spec.bare
            && let Some(base) = base
        {
            return Ok(base);
        }
        if let (Some(base), Some(name)) = (&base, &spec.base) {
            let refuse = |what: &str| {
                Err(Error::new(
                    sqlstate::WINDOWING_ERROR,
                    format!("cannot override {what} clause of window \"{}\"", name.text),
                )
                .at(spec.pos as usize))
            };
            if !spec.partition_by.is_empty() {
                return refuse("PARTITION BY");
            }
            if !spec.order_by.is_empty() && !base.order.is_empty() {
                return refuse("ORDER BY");
            }
            if base.frame.is_some() {
                return Err(Error::new(
                    sqlstate::WINDOWING_ERROR,
                    format!("cannot copy window \"{}\" because it has a frame clause", name.text),
                )
                .at(spec.pos as usize));
            }
        }
        let mut partition = base.as_ref().map(|b| b.partition.clone()).unwrap_or_default();
        for e in &spec.partition_by {
            let bound = self.in_clause(Clause::WindowPartition, |b| b.expr(e))?;
            partition.push(self.resolve_unknown(bound)?);
        }
        let mut order = base.map(|b| b.order).unwrap_or_default();
        for item in &spec.order_by {
            let bound = self.in_clause(Clause::WindowOrder, |b| b.expr(&item.expr))?;
            let expr = self.resolve_unknown(bound)?;
            order.push(SortKey { expr, desc: item.desc, nulls_first: item.nulls_first.unwrap_or(item.desc) });
        }
        Ok(NamedWindow { name: "".into(), partition, order, frame: spec.frame.clone() })
    }

    fn frame(&mut self, spec: Option<&ast::FrameSpec>, order: &[SortKey]) -> Result<Frame> {
        let Some(spec) = spec else {
            return Ok(Frame {
                unit: FrameUnit::Range,
                start: FrameBound::UnboundedPreceding,
                end: FrameBound::CurrentRow,
                exclude: FrameExclude::NoOthers,
            });
        };
        let at = spec.pos as usize;
        let has_offset = |edge: &ast::FrameEdge| {
            matches!(edge, ast::FrameEdge::Preceding(_) | ast::FrameEdge::Following(_))
        };
        if spec.unit == FrameUnit::Groups && order.is_empty() {
            return Err(
                Error::new(sqlstate::WINDOWING_ERROR, "GROUPS mode requires an ORDER BY clause").at(at)
            );
        }
        if spec.unit == FrameUnit::Range
            && (has_offset(&spec.start) || has_offset(&spec.end))
            && order.len() != 1
        {
            return Err(Error::new(
                sqlstate::WINDOWING_ERROR,
                "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
            )
            .at(at));
        }
        let mut edge = |edge: &ast::FrameEdge| -> Result<FrameBound> {
            let offset = |b: &mut Self, e: &ast::Expr| -> Result<Expr> {
                let bound = b.in_clause(Clause::WindowFrame, |b| b.expr(e))?;
                if bound.has_columns() {
                    let unit = match spec.unit {
                        FrameUnit::Rows => "ROWS",
                        FrameUnit::Range => "RANGE",
                        FrameUnit::Groups => "GROUPS",
                    };
                    return Err(Error::new(
                        sqlstate::INVALID_COLUMN_REFERENCE,
                        format!("argument of {unit} must not contain variables"),
                    )
                    .at(e.pos as usize));
                }
                match (spec.unit, order.first()) {
                    (FrameUnit::Range, Some(key)) => {
                        let ty = match key.expr.ty() {
                            Type::Date
                            | Type::Time
                            | Type::TimeTz
                            | Type::Timestamp
                            | Type::TimestampTz
                            | Type::Interval => Type::Interval,
                            ty if ty.is_numeric() => ty,
                            ty => {
                                return Err(Error::new(
                                    sqlstate::FEATURE_NOT_SUPPORTED,
                                    format!("RANGE with offset PRECEDING/FOLLOWING is not supported for column type {ty}"),
                                )
                                .at(e.pos as usize));
                            }
                        };
                        b.coerce_to(bound, e.pos, ty, "RANGE")
                    }
                    _ => b.coerce_to(
                        bound,
                        e.pos,
                        Type::Int8,
                        if spec.unit == FrameUnit::Rows { "ROWS" } else { "GROUPS" },
                    ),
                }
            };
            Ok(match edge {
                ast::FrameEdge::UnboundedPreceding => FrameBound::UnboundedPreceding,
                ast::FrameEdge::Preceding(e) => FrameBound::Preceding(offset(self, e)?),
                ast::FrameEdge::CurrentRow => FrameBound::CurrentRow,
                ast::FrameEdge::Following(e) => FrameBound::Following(offset(self, e)?),
                ast::FrameEdge::UnboundedFollowing => FrameBound::UnboundedFollowing,
            })
        };
        let (start, end) = (edge(&spec.start)?, edge(&spec.end)?);
        Ok(Frame { unit: spec.unit, start, end, exclude: spec.exclude })
    }
}

fn full_name(call: &FunctionCall) -> String {
    let parts: Vec<&str> = call.name.iter().map(|n| n.text.as_str()).collect();
    parts.join(".")
}

/// `f(integer, unknown)`
fn signature(name: &str, types: &[Type]) -> String {
    let types: Vec<String> = types.iter().map(ToString::to_string).collect();
    format!("{name}({})", types.join(", "))
}

fn same_keys(a: &[SortKey], b: &[SortKey]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(x, y)| x.desc == y.desc && x.nulls_first == y.nulls_first && same_expr(&x.expr, &y.expr))
}

fn same_call(a: &AggregateCall, b: &AggregateCall) -> bool {
    std::ptr::eq(a.function, b.function)
        && a.distinct == b.distinct
        && a.args.len() == b.args.len()
        && a.args.iter().zip(&b.args).all(|(x, y)| same_expr(x, y))
        && match (&a.filter, &b.filter) {
            (None, None) => true,
            (Some(x), Some(y)) => same_expr(x, y),
            _ => false,
        }
        && a.order_by.len() == b.order_by.len()
        && a.order_by.iter().zip(&b.order_by).all(|(x, y)| x.1 == y.1 && x.2 == y.2 && same_expr(&x.0, &y.0))
        && a.args.iter().chain(&a.filter).all(|e| e.volatility() != function::Volatility::Volatile)
}

/// Whether a constant integer literal, for positions in ORDER BY and GROUP BY.
pub(crate) fn integer_literal(e: &ast::Expr) -> Option<i64> {
    match &e.kind {
        ast::ExprKind::Integer(text) => text.parse().ok(),
        _ => None,
    }
}

/// A constant of a type, for the binder's own use.
pub(crate) fn null_of(ty: Type) -> Expr {
    Expr::Const(Datum::Null, ty)
}
