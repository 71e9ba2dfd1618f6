//! LIMIT, OFFSET, and FETCH FIRST … WITH TIES.

use datum::error::sqlstate;
use datum::{Batch, Datum, Expr, Result};
use sql::plan::SortKey;

use super::{BoxOperator, Cx, Next, Operator, eval_count};

pub(super) struct Limit<'p> {
    input: BoxOperator<'p>,
    limit: Option<&'p Expr>,
    offset: Option<&'p Expr>,
    with_ties: Option<&'p [SortKey]>,
    stage: Stage,
}

enum Stage {
    Unopened,
    /// So many rows are still to be skipped, then so many are wanted.
    Open {
        skip: u64,
        want: Option<u64>,
    },
    /// The limit is reached; rows with these sort keys still belong to it.
    Ties(Vec<Datum>),
    Done,
}

impl<'p> Limit<'p> {
    pub fn new(
        input: BoxOperator<'p>,
        limit: Option<&'p Expr>,
        offset: Option<&'p Expr>,
        with_ties: Option<&'p [SortKey]>,
    ) -> Limit<'p> {
        Limit { input, limit, offset, with_ties, stage: Stage::Unopened }
    }

    async fn open(&mut self, cx: &mut Cx<'_>) -> Result<()> {
        let skip = match self.offset {
            Some(offset) => {
                eval_count(offset, cx, sqlstate::INVALID_ROW_COUNT_IN_OFFSET, "OFFSET").await?.unwrap_or(0)
            }
            None => 0,
        };
        let want = match self.limit {
            Some(limit) => eval_count(limit, cx, sqlstate::INVALID_ROW_COUNT_IN_LIMIT, "LIMIT").await?,
            None => None,
        };
        self.stage = if want == Some(0) { Stage::Done } else { Stage::Open { skip, want } };
        Ok(())
    }

    fn keys(&self, row: &[Datum], cx: &Cx<'_>) -> Result<Option<Vec<Datum>>> {
        let eval = cx.eval();
        match self.with_ties {
            Some(keys) => {
                keys.iter().map(|key| key.expr.eval(row, &eval)).collect::<Result<Vec<_>>>().map(Some)
            }
            None => Ok(None),
        }
    }

    /// What of a batch comes out.
    fn cut(&mut self, batch: Batch, cx: &Cx<'_>) -> Result<Batch> {
        if let Stage::Open { skip: 0, want } = &mut self.stage {
            match want {
                None => return Ok(batch),
                Some(want) if *want > batch.len() as u64 => {
                    *want -= batch.len() as u64;
                    return Ok(batch);
                }
                Some(_) => {}
            }
        }
        let mut out = Batch::new(batch.width());
        for row in batch.rows() {
            match &mut self.stage {
                Stage::Open { skip, .. } if *skip > 0 => *skip -= 1,
                Stage::Open { want, .. } => {
                    out.push_row(row);
                    if let Some(want) = want {
                        *want -= 1;
                        if *want == 0 {
                            self.stage = match self.keys(row, cx)? {
                                Some(keys) => Stage::Ties(keys),
                                None => Stage::Done,
                            };
                        }
                    }
                }
                Stage::Ties(keys) => {
                    let keys = std::mem::take(keys);
                    if self.keys(row, cx)?.as_ref() == Some(&keys) {
                        out.push_row(row);
                        self.stage = Stage::Ties(keys);
                    } else {
                        self.stage = Stage::Done;
                    }
                }
                Stage::Done | Stage::Unopened => break,
            }
        }
        Ok(out)
    }
}

impl Operator for Limit<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if matches!(self.stage, Stage::Unopened) {
                self.open(cx).await?;
            }
            while !matches!(self.stage, Stage::Done) {
                let Some(batch) = self.input.next(cx).await? else {
                    self.stage = Stage::Done;
                    break;
                };
                let out = self.cut(batch, cx)?;
                if !out.is_empty() {
                    return Ok(Some(out));
                }
            }
            Ok(None)
        })
    }
}
