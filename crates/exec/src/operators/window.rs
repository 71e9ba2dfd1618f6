//! Window functions: the input is sorted into partitions, and each call gives one value per row.

use datum::window::{self, OrderKey, Partition};
use datum::{Batch, Datum, Error, Expr, Result, Type};
use sql::plan::{Frame, FrameBound, FrameExclude, FrameUnit, Plan, SortKey, WindowCall, WindowFunctionKind};

use super::cte::piece;
use super::sort::{compare_keys, eval_keys};
use super::{BoxOperator, Cx, Next, Operator, collect};

pub(super) struct Window<'p> {
    input: BoxOperator<'p>,
    width: usize,
    partition_by: &'p [Expr],
    order_by: &'p [SortKey],
    calls: &'p [WindowCall],
    output: Option<Batch>,
    at: usize,
    memory: Option<base::memory::Reservation>,
}

impl<'p> Window<'p> {
    pub fn new(
        input: BoxOperator<'p>,
        plan: &'p Plan,
        partition_by: &'p [Expr],
        order_by: &'p [SortKey],
        calls: &'p [WindowCall],
    ) -> Window<'p> {
        Window {
            input,
            width: plan.columns.len(),
            partition_by,
            order_by,
            calls,
            output: None,
            at: 0,
            memory: None,
        }
    }

    async fn run(&mut self, cx: &mut Cx<'_>) -> Result<Batch> {
        let mut memory = cx.state.memory.reservation();
        let input = collect(&mut *self.input, self.width, cx, &mut memory).await?;
        // Values computed per row take as much again, about.
        memory.grow(memory.bytes()).map_err(crate::error::out_of_memory)?;
        let eval = cx.eval();
        let mut rows: Vec<(Vec<Datum>, Vec<Datum>, usize)> = Vec::with_capacity(input.len());
        for (i, row) in input.rows().enumerate() {
            let part =
                self.partition_by.iter().map(|e| e.eval(row, &eval)).collect::<Result<Vec<Datum>>>()?;
            rows.push((part, eval_keys(self.order_by, row, &eval)?, i));
        }
        rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| compare_keys(&a.1, &b.1, self.order_by)));
        let mut out = Batch::with_capacity(self.width + self.calls.len(), input.len());
        let mut from = 0;
        while from < rows.len() {
            let len = rows[from..].iter().take_while(|row| row.0 == rows[from].0).count();
            self.partition(&rows[from..from + len], &input, &eval, &mut out)?;
            from += len;
        }
        self.memory = Some(memory);
        Ok(out)
    }

    /// The rows of one partition with the values of all calls.
    fn partition(
        &self,
        rows: &[(Vec<Datum>, Vec<Datum>, usize)],
        input: &Batch,
        eval: &datum::EvalContext<'_>,
        out: &mut Batch,
    ) -> Result<()> {
        let mut sorted = Batch::with_capacity(self.width, rows.len());
        for (_, _, at) in rows {
            sorted.push_row(input.row(*at));
        }
        let order = match self.order_by {
            [key] => Some(OrderKey {
                values: rows.iter().map(|row| row.1[0].clone()).collect(),
                desc: key.desc,
                nulls_first: key.nulls_first,
            }),
            _ => None,
        };
        let partition = Partition::new(rows.len(), |i| rows[i].1 == rows[i - 1].1, order);
        let mut columns = Vec::with_capacity(self.calls.len());
        for call in self.calls {
            let frame = frame(&call.frame, eval)?;
            columns.push(match &call.function {
                WindowFunctionKind::Aggregate(aggregate) => {
                    window::aggregate(aggregate, &sorted, &frame, &partition, eval)?
                }
                WindowFunctionKind::Window(name) => {
                    let types: Vec<Type> = call.args.iter().map(Expr::ty).collect();
                    let function = datum::function::window_function(name, &types)
                        .ok_or_else(|| Error::internal(format!("window function {name} is not there")))?;
                    let mut args = Vec::with_capacity(call.args.len());
                    for arg in &call.args {
                        args.push(
                            sorted.rows().map(|row| arg.eval(row, eval)).collect::<Result<Vec<Datum>>>()?,
                        );
                    }
                    window::compute(function.kind, &args, &frame, &partition, eval)?
                }
            });
        }
        let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
        for row in sorted.rows() {
            out.push(row.iter().cloned().chain(columns.iter_mut().map(|c| c.next().unwrap_or_default())));
        }
        Ok(())
    }
}

fn frame(frame: &Frame, eval: &datum::EvalContext<'_>) -> Result<window::Frame> {
    let bound = |bound: &FrameBound| -> Result<window::FrameBound> {
        Ok(match bound {
            FrameBound::UnboundedPreceding => window::FrameBound::UnboundedPreceding,
            FrameBound::Preceding(offset) => window::FrameBound::Preceding(offset.eval(&[], eval)?),
            FrameBound::CurrentRow => window::FrameBound::CurrentRow,
            FrameBound::Following(offset) => window::FrameBound::Following(offset.eval(&[], eval)?),
            FrameBound::UnboundedFollowing => window::FrameBound::UnboundedFollowing,
        })
    };
    Ok(window::Frame {
        unit: match frame.unit {
            FrameUnit::Rows => window::FrameUnit::Rows,
            FrameUnit::Range => window::FrameUnit::Range,
            FrameUnit::Groups => window::FrameUnit::Groups,
        },
        start: bound(&frame.start)?,
        end: bound(&frame.end)?,
        exclude: match frame.exclude {
            FrameExclude::NoOthers => window::FrameExclude::NoOthers,
            FrameExclude::CurrentRow => window::FrameExclude::CurrentRow,
            FrameExclude::Group => window::FrameExclude::Group,
            FrameExclude::Ties => window::FrameExclude::Ties,
        },
    })
}

impl Operator for Window<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.output.is_none() {
                self.output = Some(self.run(cx).await?);
            }
            Ok(self.output.as_ref().and_then(|output| piece(output, &mut self.at)))
        })
    }
}
