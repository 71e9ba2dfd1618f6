//! Simplification: parts of an expression whose value is known are replaced by it.
//!
//! What would raise an error stays as it is, so that the error comes when (and only if) the expression is evaluated.

use crate::cast;
use crate::expr::{EvalContext, Expr};
use crate::function::Volatility;
use crate::types::Type;
use crate::value::Datum;

impl Expr {
    /// The same with immutable parts over constants evaluated.
    pub fn fold(&self, ctx: &EvalContext<'_>) -> Expr {
        self.transform(&mut |e| fold_node(e, Volatility::Immutable, ctx))
    }

    /// The same with stable parts (now(), casts that depend on settings), parameters and registers evaluated too:
    /// for one execution. What is left is volatile or reads columns.
    pub fn fold_stable(&self, ctx: &EvalContext<'_>) -> Expr {
        self.substitute(ctx.params, ctx.registers).transform(&mut |e| fold_node(e, Volatility::Stable, ctx))
    }
}

/// How much a cast depends on.
pub(crate) fn cast_volatility(from: Type, to: Type) -> Volatility {
    if from == to {
        return Volatility::Immutable;
    }
    if (from.is_object() && to.is_textual()) || (to.is_object() && from.is_textual()) {
        return Volatility::Stable;
    }
    cast::find(from, to).map_or(Volatility::Stable, |info| info.volatility)
}

fn known(expr: &Expr) -> Option<&Datum> {
    match expr {
        Expr::Const(value, _) => Some(value),
        _ => None,
    }
}

fn fold_node(expr: Expr, most: Volatility, ctx: &EvalContext<'_>) -> Expr {
    match expr {
        Expr::Const(..) | Expr::Column(..) | Expr::Param(..) | Expr::Register(..) => expr,
        Expr::And(parts) => junction(parts, false),
        Expr::Or(parts) => junction(parts, true),
        Expr::Case { whens, otherwise, ty } => {
            let mut kept = Vec::with_capacity(whens.len());
            for (condition, result) in whens {
                match known(&condition) {
                    // What stands after a condition that is true is never reached.
                    Some(Datum::Bool(true)) if kept.is_empty() => return result,
                    Some(Datum::Bool(true)) => {
                        return Expr::Case { whens: kept, otherwise: Some(Box::new(result)), ty };
                    }
                    Some(_) => {}
                    None => kept.push((condition, result)),
                }
            }
            match (kept.is_empty(), otherwise) {
                (true, Some(otherwise)) => *otherwise,
                (true, None) => Expr::Const(Datum::Null, ty),
                (false, otherwise) => Expr::Case { whens: kept, otherwise, ty },
            }
        }
        Expr::Coalesce(args, ty) => {
            let mut kept = Vec::with_capacity(args.len());
            for arg in args {
                match known(&arg) {
                    Some(Datum::Null) => {}
                    Some(_) => {
                        kept.push(arg);
                        break;
                    }
                    None => kept.push(arg),
                }
            }
            match kept.len() {
                0 => Expr::Const(Datum::Null, ty),
                1 => kept.swap_remove(0),
                _ => Expr::Coalesce(kept, ty),
            }
        }
        other => {
            let allowed = match &other {
                Expr::Call { function, args, ty } => {
                    // A strict function of NULL is NULL whatever the rest is, as long as that has no effects.
                    if function.strict
                        && args.iter().any(|a| matches!(known(a), Some(Datum::Null)))
                        && args.iter().all(|a| a.volatility() != Volatility::Volatile)
                        && function.volatility != Volatility::Volatile
                    {
                        return Expr::Const(Datum::Null, *ty);
                    }
                    within(function.volatility, most)
                }
                Expr::AnyAll { function, .. } => within(function.volatility, most),
                Expr::Cast { expr, to, .. } => within(cast_volatility(expr.ty(), to.ty), most),
                _ => true,
            };
            if !allowed || !other.children().iter().all(|c| c.is_const()) {
                return other;
            }
            match other.eval(&[], ctx) {
                Ok(value) => Expr::Const(value, other.ty()),
                Err(_) => other,
            }
        }
    }
}

fn within(volatility: Volatility, most: Volatility) -> bool {
    match volatility {
        Volatility::Immutable => true,
        Volatility::Stable => most == Volatility::Stable,
        Volatility::Volatile => false,
    }
}

fn junction(parts: Vec<Expr>, decisive: bool) -> Expr {
    let mut kept = Vec::with_capacity(parts.len());
    let mut null = false;
    for part in parts {
        match known(&part) {
            Some(Datum::Bool(b)) if *b == decisive => return Expr::bool(decisive),
            Some(Datum::Bool(_)) => {}
            Some(_) => null = true,
            None => kept.push(part),
        }
    }
    if null {
        kept.push(Expr::Const(Datum::Null, Type::Bool));
    }
    match (kept.len(), decisive) {
        (0, _) => Expr::bool(!decisive),
        (1, _) => kept.swap_remove(0),
        (_, false) => Expr::And(kept),
        (_, true) => Expr::Or(kept),
    }
}
