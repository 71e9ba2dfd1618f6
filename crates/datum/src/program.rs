//! What a leaseholder can do with the rows of a table or index: [`Program`] for scans, [`RowUpdate`] for the
//! read-modify-write of one row. All expressions in them are immutable, without parameters or registers.

use std::sync::Arc;

use crate::aggregate::AggregateCall;
use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::expr::{EvalContext, Expr};
use crate::grouping::Grouping;
use crate::row::{Decoder, RowLayout};
use crate::value::Datum;

/// A scan's filter and projection, or its filter and partial aggregation.
#[derive(Clone, Debug)]
pub struct Program {
    /// How keys and values become rows.
    pub layout: Arc<RowLayout>,
    /// Rows for which this is not true are left out. Over the layout's columns.
    pub filter: Option<Expr>,
    /// What comes out.
    pub output: Output,
}

/// What comes out of a [`Program`].
#[derive(Clone, Debug)]
pub enum Output {
    /// One row for each: these expressions over the layout's columns.
    Rows(Vec<Expr>),
    /// One row for each group: the group's values, then the partial state of each aggregate as
    /// [`crate::aggregate`] encodes it. Without `group_by` always exactly one row.
    Partial {
        /// What groups.
        group_by: Vec<Expr>,
        /// What is aggregated (no DISTINCT, no ORDER BY).
        aggregates: Vec<AggregateCall>,
    },
}

/// A read-modify-write of one row: UPDATE … WHERE key = …, DELETE … WHERE key = …, INSERT … ON CONFLICT.
#[derive(Clone, Debug)]
pub struct RowUpdate {
    /// How key and value become a row and back.
    pub layout: Arc<RowLayout>,
    /// If there is no row: insert this one (in full), unless `None`.
    pub insert: Option<Vec<crate::Datum>>,
    /// If there is a row.
    pub on_row: OnRow,
    /// Checked on the row to be written: the error if the expression is false (CHECK), or if the column is NULL.
    pub checks: Vec<RowCheck>,
    /// Output over (the row as written, or as deleted).
    pub returning: Vec<Expr>,
}

/// What happens to a row that is there.
#[derive(Clone, Debug)]
pub enum OnRow {
    /// Nothing: ON CONFLICT DO NOTHING.
    Nothing,
    /// This error: plain INSERT.
    Fail(crate::Error),
    /// Assignments where the filter is true: (column, value over the old row followed by `insert`'s row if any).
    Update {
        /// WHERE, over the same.
        filter: Option<Expr>,
        /// SET.
        set: Vec<(u32, Expr)>,
    },
    /// Removed where the filter is true.
    Delete {
        /// WHERE.
        filter: Option<Expr>,
    },
}

/// A condition on a row to be written.
#[derive(Clone, Debug)]
pub struct RowCheck {
    /// False is a violation; NULL and true are not.
    pub condition: Expr,
    /// What is reported.
    pub error: crate::Error,
}

/// The gateway's side of [`Output::Partial`]: takes the rows of all leaseholders, gives the groups' results.
pub type PartialMerger = Grouping;

/// A program at work on the rows of one scan, in any order.
#[derive(Debug)]
pub struct ProgramRunner {
    program: Arc<Program>,
    decoder: Decoder,
    row: Vec<Datum>,
    key: Vec<Datum>,
    out: Out,
    bytes: usize,
}

#[derive(Debug)]
enum Out {
    Rows(Batch),
    Groups(Grouping),
}

impl ProgramRunner {
    /// A program about to run. XX000 if one of its aggregates has no partial state.
    pub fn new(program: Arc<Program>) -> Result<ProgramRunner> {
        let mut columns = std::collections::BTreeSet::new();
        let mut need = |expr: &Expr| expr.collect_columns(&mut columns);
        program.filter.iter().for_each(&mut need);
        let out = match &program.output {
            Output::Rows(exprs) => {
                exprs.iter().for_each(&mut need);
                Out::Rows(Batch::new(exprs.len()))
            }
            Output::Partial { group_by, aggregates } => {
                group_by.iter().for_each(&mut need);
                for call in aggregates {
                    if !call.has_partial() {
                        return Err(Error::internal(format!("{} cannot be pushed down", call.function.name)));
                    }
                    call.args.iter().chain(&call.filter).for_each(&mut need);
                }
                Out::Groups(Grouping::new(group_by.len(), aggregates.clone()))
            }
        };
        let needed: Vec<bool> = (0..program.layout.width).map(|i| columns.contains(&i)).collect();
        let decoder = program.layout.decoder(Some(&needed));
        Ok(ProgramRunner { program, decoder, row: Vec::new(), key: Vec::new(), out, bytes: 0 })
    }

    /// Takes in a row. Whether it passed the filter: then it is a row of the output, or of a group.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> Result<bool> {
        self.row.clear();
        self.decoder.decode(key, value, &mut self.row)?;
        let ctx = EvalContext::none();
        if let Some(filter) = &self.program.filter
            && !filter.eval_bool(&self.row, &ctx)?
        {
            return Ok(false);
        }
        match (&mut self.out, &self.program.output) {
            (Out::Rows(batch), Output::Rows(exprs)) => {
                self.key.clear();
                for expr in exprs {
                    let value = expr.eval(&self.row, &ctx)?;
                    self.bytes += value.memory_size();
                    self.key.push(value);
                }
                batch.push(self.key.drain(..));
            }
            (Out::Groups(groups), Output::Partial { group_by, .. }) => {
                self.key.clear();
                for expr in group_by {
                    self.key.push(expr.eval(&self.row, &ctx)?);
                }
                groups.update(&self.key, &self.row, &ctx)?;
                self.bytes = groups.memory_estimate();
            }
            _ => return Err(Error::internal("a program changed while it ran")),
        }
        Ok(true)
    }

    /// About how many bytes of output there are.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The output.
    pub fn finish(self) -> Result<Batch> {
        match self.out {
            Out::Rows(batch) => Ok(batch),
            Out::Groups(groups) => groups.finish_partial(),
        }
    }
}

/// What a [`RowUpdate`] makes of a row.
#[derive(Clone, Debug, Default)]
pub struct RowOutcome {
    /// The row's new value under its key, `Some(None)` if it goes; `None` = nothing is written.
    pub write: Option<Option<Vec<u8>>>,
    /// The returning columns, if the row was written or deleted.
    pub returned: Option<Vec<Datum>>,
}

impl RowUpdate {
    /// Applies it to the row under this key: `old` is its newest value, `None` if there is no row.
    pub fn apply(&self, key: &[u8], old: Option<&[u8]>) -> Result<RowOutcome> {
        let ctx = EvalContext::none();
        let Some(old) = old else {
            return match &self.insert {
                Some(row) => self.write(key, row, &ctx),
                None => Ok(RowOutcome::default()),
            };
        };
        let passes = |filter: &Option<Expr>, row: &[Datum]| match filter {
            Some(filter) => filter.eval_bool(row, &ctx),
            None => Ok(true),
        };
        match &self.on_row {
            OnRow::Nothing => Ok(RowOutcome::default()),
            OnRow::Fail(error) => Err(error.clone()),
            OnRow::Update { filter, set } => {
                let mut row = self.decode(key, old)?;
                let width = row.len();
                row.extend(self.insert.iter().flatten().cloned());
                if !passes(filter, &row)? {
                    return Ok(RowOutcome::default());
                }
                // All values are of the old row: assigned only once all are known.
                let values = set
                    .iter()
                    .map(|(column, value)| Ok((*column as usize, value.eval(&row, &ctx)?)))
                    .collect::<Result<Vec<(usize, Datum)>>>()?;
                row.truncate(width);
                for (column, value) in values {
                    *row.get_mut(column).ok_or_else(|| Error::internal("an assignment to no column"))? =
                        value;
                }
                self.write(key, &row, &ctx)
            }
            OnRow::Delete { filter } => {
                let row = self.decode(key, old)?;
                if !passes(filter, &row)? {
                    return Ok(RowOutcome::default());
                }
                Ok(RowOutcome { write: Some(None), returned: Some(self.returned(&row, &ctx)?) })
            }
        }
    }

    fn decode(&self, key: &[u8], value: &[u8]) -> Result<Vec<Datum>> {
        let mut row = Vec::with_capacity(self.layout.width as usize);
        self.layout.decoder(None).decode(key, value, &mut row)?;
        Ok(row)
    }

    fn returned(&self, row: &[Datum], ctx: &EvalContext<'_>) -> Result<Vec<Datum>> {
        self.returning.iter().map(|e| e.eval(row, ctx)).collect()
    }

    fn write(&self, key: &[u8], row: &[Datum], ctx: &EvalContext<'_>) -> Result<RowOutcome> {
        for check in &self.checks {
            if let Datum::Bool(false) = check.condition.eval(row, ctx)? {
                return Err(check.error.clone());
            }
        }
        if self.layout.encode_key(row)? != key {
            return Err(Error::internal("an update would move a row to another key"));
        }
        Ok(RowOutcome {
            write: Some(Some(self.layout.encode_value(row)?)),
            returned: Some(self.returned(row, ctx)?),
        })
    }
}
