//! What of an expression can run at a leaseholder: parameters and registers become constants, and so does what is
//! stable and needs no row; what is then immutable is pushed down, the rest stays here.

use datum::function::Volatility;
use datum::{EvalContext, Expr, Result};

/// The expression with parameters, registers and stable parts replaced by their values.
pub(crate) fn fold(expr: &Expr, eval: &EvalContext<'_>) -> Result<Expr> {
    let expr = expr.substitute(eval.params, eval.registers);
    if expr.is_immutable() {
        return Ok(expr);
    }
    fold_stable(&expr, eval)
}

fn fold_stable(expr: &Expr, eval: &EvalContext<'_>) -> Result<Expr> {
    if matches!(expr, Expr::Const(..)) {
        return Ok(expr.clone());
    }
    if !expr.has_columns() && expr.volatility() != Volatility::Volatile {
        let ty = expr.ty();
        // What fails here might never have been evaluated: it is left to fail in its place.
        return Ok(match expr.eval(&[], eval) {
            Ok(value) => Expr::Const(value, ty),
            Err(_) => expr.clone(),
        });
    }
    let mut failed = None;
    let folded = expr.map_children(&mut |child| match fold_stable(child, eval) {
        Ok(child) => child,
        Err(error) => {
            failed.get_or_insert(error);
            child.clone()
        }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(folded),
    }
}

/// A filter in two parts.
#[derive(Default)]
pub(crate) struct Split {
    /// What can run at a leaseholder, over columns for which `available` holds.
    pub pushed: Option<Expr>,
    /// The rest.
    pub kept: Option<Expr>,
}

/// Cuts a filter (already folded) into what can be pushed down and what cannot.
pub(crate) fn split(filter: Expr, available: impl Fn(u32) -> bool) -> Split {
    let pushable =
        |expr: &Expr| expr.is_immutable() && expr.columns().iter().all(|column| available(*column));
    if pushable(&filter) {
        return Split { pushed: Some(filter), kept: None };
    }
    let Expr::And(parts) = filter else { return Split { pushed: None, kept: Some(filter) } };
    let (pushed, kept): (Vec<Expr>, Vec<Expr>) = parts.into_iter().partition(|part| pushable(part));
    Split { pushed: conjunction(pushed), kept: conjunction(kept) }
}

fn conjunction(mut parts: Vec<Expr>) -> Option<Expr> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Expr::And(parts)),
    }
}
