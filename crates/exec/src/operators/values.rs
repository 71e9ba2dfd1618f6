//! Rows of expressions: VALUES, and the one row of a SELECT without FROM.

use datum::{Batch, Expr};

use super::{BATCH_ROWS, Cx, Next, Operator, eval_rows};

pub(super) struct Values<'p> {
    width: usize,
    rows: &'p [Vec<Expr>],
    at: usize,
}

impl<'p> Values<'p> {
    pub fn new(width: usize, rows: &'p [Vec<Expr>]) -> Values<'p> {
        Values { width, rows, at: 0 }
    }
}

impl Operator for Values<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            let mut out = Batch::with_capacity(self.width, (self.rows.len() - self.at).min(BATCH_ROWS));
            while let Some(row) = self.rows.get(self.at) {
                if out.len() >= BATCH_ROWS {
                    break;
                }
                let values = eval_rows(cx, |eval| {
                    row.iter().map(|expr| expr.eval(&[], eval)).collect::<datum::Result<Vec<_>>>()
                })
                .await?;
                out.push(values);
                self.at += 1;
            }
            Ok((!out.is_empty()).then_some(out))
        })
    }
}
