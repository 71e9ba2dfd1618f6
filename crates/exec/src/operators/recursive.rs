//! WITH RECURSIVE: rounds of the recursive term over the rows of the last round, until one gives nothing new.

use std::sync::Arc;

use base::map::HashSet;
use base::memory::Reservation;
use datum::{Batch, Datum, Result};
use sql::plan::Plan;

use super::{BoxOperator, Cx, Next, Operator, build, cte::piece, row_bytes};
use crate::error::out_of_memory;

pub(super) struct Recursive<'p> {
    id: u32,
    step: &'p Plan,
    union_all: bool,
    current: Option<BoxOperator<'p>>,
    /// Rows of this round so far: the work table of the next one.
    round: Batch,
    round_memory: Option<Reservation>,
    /// UNION: every row there has been.
    seen: HashSet<Vec<Datum>>,
    seen_memory: Option<Reservation>,
}

impl<'p> Recursive<'p> {
    pub fn new(id: u32, start: &'p Plan, step: &'p Plan, union_all: bool) -> Recursive<'p> {
        Recursive {
            id,
            step,
            union_all,
            current: Some(build(start)),
            round: Batch::new(start.columns.len()),
            round_memory: None,
            seen: HashSet::default(),
            seen_memory: None,
        }
    }

    fn take(&mut self, batch: Batch, cx: &Cx<'_>) -> Result<Batch> {
        let fresh = if self.union_all {
            batch
        } else {
            let memory = self.seen_memory.get_or_insert_with(|| cx.state.memory.reservation());
            let mut fresh = Batch::new(batch.width());
            for row in batch.rows() {
                if !self.seen.contains(row) {
                    memory.grow(row_bytes(row) + 32).map_err(out_of_memory)?;
                    self.seen.insert(row.to_vec());
                    fresh.push_row(row);
                }
            }
            fresh
        };
        let memory = self.round_memory.get_or_insert_with(|| cx.state.memory.reservation());
        memory.grow(super::batch_bytes(&fresh)).map_err(out_of_memory)?;
        self.round.append(fresh.clone());
        Ok(fresh)
    }
}

impl Operator for Recursive<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            loop {
                let Some(current) = &mut self.current else { return Ok(None) };
                if let Some(batch) = current.next(cx).await? {
                    let fresh = self.take(batch, cx)?;
                    if !fresh.is_empty() {
                        return Ok(Some(fresh));
                    }
                    continue;
                }
                cx.breathe().await?;
                if self.round.is_empty() {
                    self.current = None;
                    cx.state.work.remove(&self.id);
                    return Ok(None);
                }
                let width = self.round.width();
                let round = std::mem::replace(&mut self.round, Batch::new(width));
                self.round_memory = None;
                cx.state.work.insert(self.id, Arc::new(round));
                self.current = Some(build(self.step));
            }
        })
    }
}

/// Rows of the last round.
pub(super) struct WorkScan {
    id: u32,
    rows: Option<Arc<Batch>>,
    at: usize,
}

impl WorkScan {
    pub fn new(id: u32) -> WorkScan {
        WorkScan { id, rows: None, at: 0 }
    }
}

impl Operator for WorkScan {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.rows.is_none() {
                self.rows = cx.state.work.get(&self.id).cloned();
            }
            Ok(self.rows.as_ref().and_then(|rows| piece(rows, &mut self.at)))
        })
    }
}
