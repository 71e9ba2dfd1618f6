//! INTERSECT and EXCEPT, with and without ALL: the right side is counted in memory, the left side streams.

use base::map::HashMap;
use base::memory::Reservation;
use datum::{Batch, Datum};
use sql::plan::SetOpKind;

use super::{BoxOperator, Cx, Next, Operator, row_bytes};
use crate::error::out_of_memory;

type Counts = HashMap<Vec<Datum>, (u64, bool)>;

pub(super) struct SetOp<'p> {
    left: BoxOperator<'p>,
    right: BoxOperator<'p>,
    kind: SetOpKind,
    width: usize,
    /// How often each row of the right side is still there; and whether it has been handed on.
    counts: Option<(Counts, Reservation)>,
}

impl<'p> SetOp<'p> {
    pub fn new(left: BoxOperator<'p>, right: BoxOperator<'p>, kind: SetOpKind, width: usize) -> SetOp<'p> {
        SetOp { left, right, kind, width, counts: None }
    }
}

impl Operator for SetOp<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.counts.is_none() {
                let mut memory = cx.state.memory.reservation();
                let mut counts = Counts::default();
                while let Some(batch) = self.right.next(cx).await? {
                    for row in batch.rows() {
                        match counts.get_mut(row) {
                            Some((count, _)) => *count += 1,
                            None => {
                                memory.grow(row_bytes(row) + 48).map_err(out_of_memory)?;
                                counts.insert(row.to_vec(), (1, false));
                            }
                        }
                    }
                }
                self.counts = Some((counts, memory));
            }
            let Some((counts, memory)) = &mut self.counts else { return Ok(None) };
            while let Some(batch) = self.left.next(cx).await? {
                let mut out = Batch::new(self.width);
                for row in batch.rows() {
                    let entry = counts.get_mut(row);
                    let keep = match (self.kind, entry) {
                        (SetOpKind::Intersect, Some((_, given))) => !std::mem::replace(given, true),
                        (SetOpKind::Intersect | SetOpKind::IntersectAll, None) => false,
                        (SetOpKind::IntersectAll, Some((count, _))) => {
                            let keep = *count > 0;
                            *count = count.saturating_sub(1);
                            keep
                        }
                        (SetOpKind::Except, Some(_)) => false,
                        (SetOpKind::Except, None) => {
                            memory.grow(row_bytes(row) + 48).map_err(out_of_memory)?;
                            counts.insert(row.to_vec(), (0, true));
                            true
                        }
                        (SetOpKind::ExceptAll, Some((count, _))) => {
                            let keep = *count == 0;
                            *count = count.saturating_sub(1);
                            keep
                        }
                        (SetOpKind::ExceptAll, None) => true,
                    };
                    if keep {
                        out.push_row(row);
                    }
                }
                if !out.is_empty() {
                    return Ok(Some(out));
                }
            }
            Ok(None)
        })
    }
}
