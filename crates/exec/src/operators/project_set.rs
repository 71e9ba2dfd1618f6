//! Set-returning functions in a select list: each input row as often as the longest of its sets.

use datum::{Batch, Datum, Expr, Result, Type};

use super::{BATCH_ROWS, BoxOperator, Cx, Next, Operator, eval_rows, function_scan};

type Call = (&'static str, Vec<Expr>, Type);

pub(super) struct ProjectSet<'p> {
    input: BoxOperator<'p>,
    calls: &'p [Call],
    batch: Option<(Batch, usize)>,
    /// The sets of the row under way, and how many of their members have been handed on.
    sets: Option<(Vec<Vec<Vec<Datum>>>, usize)>,
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
                    self.sets = Some((sets, 0));
                }
                let Some((sets, done)) = &mut self.sets else { continue };
                let longest = sets.iter().map(Vec::len).max().unwrap_or(0);
                let width = row.len() + self.calls.len();
                let out = out.get_or_insert_with(|| Batch::new(width));
                while *done < longest && out.len() < BATCH_ROWS {
                    let members = sets.iter().map(|set| match set.get(*done) {
                        Some(values) if values.len() == 1 => values[0].clone(),
                        Some(values) => Datum::record(values.clone(), vec![Type::Text; values.len()]),
                        None => Datum::Null,
                    });
                    out.push(row.iter().cloned().chain(members));
                    *done += 1;
                }
                if *done >= longest {
                    self.sets = None;
                    *at += 1;
                }
                if out.len() >= BATCH_ROWS {
                    return Ok(Some(std::mem::take(out)));
                }
            }
        })
    }
}
