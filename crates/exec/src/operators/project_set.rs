//! Set-returning functions in a select list: each input row as often as the longest of its sets.

use base::memory::Reservation;
use datum::functions::series::SetRows;
use datum::{Batch, Datum, Expr, Result, Type};

use super::{BATCH_ROWS, BoxOperator, Cx, Next, Operator, eval_rows, function_scan};

type Call = (&'static str, Vec<Expr>, Type);

pub(super) struct ProjectSet<'p> {
    input: BoxOperator<'p>,
    calls: &'p [Call],
    batch: Option<(Batch, usize)>,
    /// What is left of the sets of the row under way, and the memory that they take.
    sets: Option<(Vec<SetRows>, Reservation)>,
}

impl<'p> ProjectSet<'p> {
    pub fn new(input: BoxOperator<'p>, calls: &'p [Call]) -> ProjectSet<'p> {
        ProjectSet { input, calls, batch: None, sets: None }
    }
}

impl Operator for ProjectSet<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            let mut out: Option<Batch> = None;
            loop {
                let (batch, at) = match &mut self.batch {
                    Some((batch, at)) if *at < batch.len() => (&*batch, at),
                    _ => match self.input.next(cx).await? {
                        Some(batch) => {
                            self.batch = Some((batch, 0));
                            continue;
                        }
                        None => return Ok(out.filter(|out| !out.is_empty())),
                    },
                };
                let row = batch.row(*at);
                if self.sets.is_none() {
                    let calls = self.calls;
                    let sets = eval_rows(cx, |eval| {
                        calls
                            .iter()
                            .map(|(name, args, _)| function_scan::call(name, args, row, eval))
                            .collect::<Result<Vec<_>>>()
                    })
                    .await?;
                    let memory = function_scan::reserved(cx, &sets)?;
                    self.sets = Some((sets, memory));
                }
                let Some((sets, _)) = &mut self.sets else { continue };
                let width = row.len() + self.calls.len();
                let out = out.get_or_insert_with(|| Batch::new(width));
                let mut members = Vec::with_capacity(self.calls.len());
                while out.len() < BATCH_ROWS {
                    let mut any = false;
                    for set in sets.iter_mut() {
                        members.push(match set.next()? {
                            Some(mut values) => {
                                any = true;
                                match values.len() {
                                    1 => values.swap_remove(0),
                                    n => Datum::record(values, vec![Type::Text; n]),
                                }
                            }
                            None => Datum::Null,
                        });
                    }
                    if !any {
                        self.sets = None;
                        *at += 1;
                        break;
                    }
                    out.push(row.iter().cloned().chain(members.drain(..)));
                }
                if out.len() >= BATCH_ROWS {
                    return Ok(Some(std::mem::take(out)));
                }
            }
        })
    }
}
