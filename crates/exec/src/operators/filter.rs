//! Rows for which a condition is true.

use datum::{Batch, Expr};

use super::{BoxOperator, Cx, Next, Operator, eval_rows};

pub(super) struct Filter<'p> {
    input: BoxOperator<'p>,
    condition: &'p Expr,
}

impl<'p> Filter<'p> {
    pub fn new(input: BoxOperator<'p>, condition: &'p Expr) -> Filter<'p> {
        Filter { input, condition }
    }
}

impl Operator for Filter<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            while let Some(batch) = self.input.next(cx).await? {
                let kept = filter_batch(batch, self.condition, cx).await?;
                if !kept.is_empty() {
                    return Ok(Some(kept));
                }
                cx.breathe().await?;
            }
            Ok(None)
        })
    }
}

/// The rows of a batch for which a condition is true.
pub(crate) async fn filter_batch(batch: Batch, condition: &Expr, cx: &mut Cx<'_>) -> datum::Result<Batch> {
    let mut keep = Vec::with_capacity(batch.len());
    eval_rows(cx, |eval| {
        while keep.len() < batch.len() {
            keep.push(condition.eval_bool(batch.row(keep.len()), eval)?);
        }
        Ok(())
    })
    .await?;
    let count = keep.iter().filter(|k| **k).count();
    if count == batch.len() {
        return Ok(batch);
    }
    let mut out = Batch::with_capacity(batch.width(), count);
    for (row, keep) in batch.into_rows().zip(keep) {
        if keep {
            out.push(row);
        }
    }
    Ok(out)
}
