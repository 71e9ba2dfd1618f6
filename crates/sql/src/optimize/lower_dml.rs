//! INSERT, UPDATE, DELETE: the shapes of rows that `exec` expects.

use datum::{Error, Result};

use super::lower::{Lowered, Lowering, Needed, positions};
use crate::logical::{ColId, Rel, expr_cols};
use crate::plan::{OnConflict, PlanKind};

impl Lowering<'_, '_> {
    pub(super) fn insert(&mut self, rel: &Rel, rows: f64) -> Result<Lowered> {
        let Rel::Insert { table, input, row, on_conflict, checks, cols, existing, returning } = rel else {
            return Err(Error::internal("not an insert"));
        };
        let below: Needed = row.iter().flat_map(expr_cols).collect();
        let input = self.lower(input, &below)?;
        let map = positions(&input.cols);
        let written = positions(cols);
        let both: Vec<ColId> = existing.iter().chain(cols).copied().collect();
        let both = positions(&both);
        let on_conflict = match on_conflict {
            None => None,
            Some(OnConflict::Nothing(index)) => Some(OnConflict::Nothing(*index)),
            Some(OnConflict::Update { index, set, filter }) => Some(OnConflict::Update {
                index: *index,
                set: set.iter().map(|(at, e)| Ok((*at, self.expr(e, &both)?))).collect::<Result<_>>()?,
                filter: filter.as_ref().map(|f| self.expr(f, &both)).transpose()?,
            }),
        };
        let cost = input.plan.cost + rows * 5.0;
        let kind = PlanKind::Insert {
            table: table.clone(),
            row: self.exprs(row, &map)?,
            on_conflict,
            checks: checks
                .iter()
                .map(|(n, e)| Ok((n.clone(), self.expr(e, &written)?)))
                .collect::<Result<_>>()?,
            returning: returning.iter().map(|(_, e)| self.expr(e, &written)).collect::<Result<_>>()?,
            input: Box::new(input.plan),
        };
        Ok(self.done(kind, returning.iter().map(|r| r.0).collect(), rows, cost))
    }

    pub(super) fn update(&mut self, rel: &Rel, rows: f64) -> Result<Lowered> {
        let Rel::Update { table, input, old, set, checks, cols, returning } = rel else {
            return Err(Error::internal("not an update"));
        };
        let read = set.iter().map(|s| &s.1).chain(returning.iter().map(|r| &r.1));
        let shape = target_first(input, old, read.flat_map(expr_cols));
        let input = self.exactly(input, &shape)?;
        let map = positions(&shape);
        let written = positions(cols);
        // RETURNING sees the new row where the input has the old one.
        let after: Vec<ColId> = cols.iter().chain(&shape[old.len()..]).copied().collect();
        let after = positions(&after);
        let cost = input.cost + rows * 8.0;
        let kind = PlanKind::Update {
            table: table.clone(),
            set: set.iter().map(|(at, e)| Ok((*at, self.expr(e, &map)?))).collect::<Result<_>>()?,
            checks: checks
                .iter()
                .map(|(n, e)| Ok((n.clone(), self.expr(e, &written)?)))
                .collect::<Result<_>>()?,
            returning: returning.iter().map(|(_, e)| self.expr(e, &after)).collect::<Result<_>>()?,
            input: Box::new(input),
        };
        Ok(self.done(kind, returning.iter().map(|r| r.0).collect(), rows, cost))
    }

    pub(super) fn delete(&mut self, rel: &Rel, rows: f64) -> Result<Lowered> {
        let Rel::Delete { table, input, old, returning } = rel else {
            return Err(Error::internal("not a delete"));
        };
        let shape = target_first(input, old, returning.iter().flat_map(|r| expr_cols(&r.1)));
        let input = self.exactly(input, &shape)?;
        let map = positions(&shape);
        let cost = input.cost + rows * 8.0;
        let kind = PlanKind::Delete {
            table: table.clone(),
            returning: returning.iter().map(|(_, e)| self.expr(e, &map)).collect::<Result<_>>()?,
            input: Box::new(input),
        };
        Ok(self.done(kind, returning.iter().map(|r| r.0).collect(), rows, cost))
    }
}

/// The target's row, then whatever else of the input is read.
fn target_first(input: &Rel, old: &[ColId], read: impl Iterator<Item = ColId>) -> Vec<ColId> {
    let made = input.cols();
    let mut shape = old.to_vec();
    for id in read {
        if made.contains(&id) && !shape.contains(&id) {
            shape.push(id);
        }
    }
    shape
}
