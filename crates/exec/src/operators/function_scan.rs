//! Set-returning functions in FROM, side by side.

use base::memory::Reservation;
use datum::functions::series::SetRows;
use datum::{Batch, Datum, Expr, Result, Type};

use super::{BATCH_ROWS, Cx, Next, Operator, eval_rows};
use crate::error::out_of_memory;

type Call = (&'static str, Vec<Expr>, Vec<Type>);

pub(super) struct FunctionScan<'p> {
    calls: &'p [Call],
    ordinality: bool,
    /// What is left of each call's rows, once it has been made, and the memory that they take.
    rows: Option<(Vec<SetRows>, Reservation)>,
    count: i64,
}

impl<'p> FunctionScan<'p> {
    pub fn new(calls: &'p [Call], ordinality: bool) -> FunctionScan<'p> {
        FunctionScan { calls, ordinality, rows: None, count: 0 }
    }
}

/// The rows of one call over an input row. A scalar function is a set of one row.
pub(super) fn call(
    name: &str,
    args: &[Expr],
    input: &[Datum],
    eval: &datum::EvalContext<'_>,
) -> Result<SetRows> {
    let types: Vec<Type> = args.iter().map(Expr::ty).collect();
    let values = args.iter().map(|arg| arg.eval(input, eval)).collect::<Result<Vec<Datum>>>()?;
    if name.is_empty() {
        // A scalar expression in FROM.
        return Ok(SetRows::made(vec![values]));
    }
    if let Some(function) = datum::function::set_function(name, &types) {
        return function.rows(&values, eval);
    }
    match datum::function::function(name, &types) {
        Some(function) => Ok(SetRows::made(vec![vec![function.call(&values, &types, eval)?]])),
        None => Err(datum::Error::internal(format!("set-returning function {name} is not there"))),
    }
}

/// The memory of rows that are all there, counted against the statement's.
pub(super) fn reserved(cx: &Cx<'_>, sets: &[SetRows]) -> Result<Reservation> {
    let mut memory = cx.state.memory.reservation();
    for rows in sets {
        memory.grow(rows.memory_size() as u64).map_err(out_of_memory)?;
    }
    Ok(memory)
}

impl Operator for FunctionScan<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.rows.is_none() {
                let calls = self.calls;
                let rows = eval_rows(cx, |eval| {
                    calls
                        .iter()
                        .map(|(name, args, _)| call(name, args, &[], eval))
                        .collect::<Result<Vec<_>>>()
                })
                .await?;
                let memory = reserved(cx, &rows)?;
                self.rows = Some((rows, memory));
            }
            let Some((rows, _)) = &mut self.rows else { return Ok(None) };
            let width = self.calls.iter().map(|(_, _, types)| types.len()).sum::<usize>()
                + usize::from(self.ordinality);
            let mut out = Batch::new(width);
            while out.len() < BATCH_ROWS {
                let mut any = false;
                let mut row = Vec::with_capacity(width);
                for (rows, (_, _, types)) in rows.iter_mut().zip(self.calls) {
                    match rows.next()? {
                        Some(values) => {
                            any = true;
                            row.extend(values.into_iter().take(types.len()));
                        }
                        None => row.extend(types.iter().map(|_| Datum::Null)),
                    }
                }
                if !any {
                    break;
                }
                self.count += 1;
                if self.ordinality {
                    row.push(Datum::Int8(self.count));
                }
                out.push(row);
            }
            Ok((!out.is_empty()).then_some(out))
        })
    }
}
