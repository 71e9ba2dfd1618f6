//! Expressions over each row.

use datum::{Batch, Expr};

use super::{BoxOperator, Cx, Next, Operator, eval_rows};

pub(super) struct Project<'p> {
    input: BoxOperator<'p>,
    exprs: &'p [Expr],
}

impl<'p> Project<'p> {
    pub fn new(input: BoxOperator<'p>, exprs: &'p [Expr]) -> Project<'p> {
        Project { input, exprs }
    }
}

impl Operator for Project<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            match self.input.next(cx).await? {
                Some(batch) => project_batch(&batch, self.exprs, cx).await.map(Some),
                None => Ok(None),
            }
        })
    }
}

/// Expressions over each row of a batch.
pub(crate) async fn project_batch(batch: &Batch, exprs: &[Expr], cx: &mut Cx<'_>) -> datum::Result<Batch> {
    let mut out = Batch::with_capacity(exprs.len(), batch.len());
    let mut row = Vec::with_capacity(exprs.len());
    let session = cx.state.session.clone();
    eval_rows(cx, |eval| {
        while out.len() < batch.len() {
            row.clear();
            let input = batch.row(out.len());
            for expr in exprs {
                row.push(expr.eval(input, eval)?);
            }
            out.push(row.drain(..));
            session.row_done();
        }
        Ok(())
    })
    .await?;
    Ok(out)
}
