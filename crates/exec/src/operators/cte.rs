//! Rows of a common table expression that was computed before.

use datum::Batch;

use super::{BATCH_ROWS, Cx, Next, Operator};

pub(super) struct CteScan {
    index: usize,
    at: usize,
}

impl CteScan {
    pub fn new(index: usize) -> CteScan {
        CteScan { index, at: 0 }
    }
}

/// The next rows of a batch that is handed on piece by piece.
pub(super) fn piece(all: &Batch, at: &mut usize) -> Option<Batch> {
    if *at >= all.len() {
        return None;
    }
    let end = (*at + BATCH_ROWS).min(all.len());
    let mut out = Batch::with_capacity(all.width(), end - *at);
    for i in *at..end {
        out.push_row(all.row(i));
    }
    *at = end;
    Some(out)
}

impl Operator for CteScan {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            let all = cx.state.ctes.get(self.index).cloned().ok_or_else(|| {
                datum::Error::internal("a common table expression is read before it was computed")
            })?;
            Ok(piece(&all, &mut self.at))
        })
    }
}
