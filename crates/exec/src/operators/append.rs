//! UNION ALL: one input after the other.

use sql::plan::Plan;

use super::{BoxOperator, Cx, Next, Operator, build};

pub(super) struct Append<'p> {
    left: std::slice::Iter<'p, Plan>,
    current: Option<BoxOperator<'p>>,
}

impl<'p> Append<'p> {
    pub fn new(inputs: &'p [Plan]) -> Append<'p> {
        Append { left: inputs.iter(), current: None }
    }
}

impl Operator for Append<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            loop {
                if let Some(current) = &mut self.current {
                    if let Some(batch) = current.next(cx).await? {
                        return Ok(Some(batch));
                    }
                    self.current = None;
                }
                match self.left.next() {
                    Some(plan) => self.current = Some(build(plan)),
                    None => return Ok(None),
                }
            }
        })
    }
}
