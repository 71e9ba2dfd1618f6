//! Tables that the node computes: pg_catalog, information_schema.

use std::sync::Arc;

use sql::catalog::TableDescriptor;

use super::{Cx, Next, Operator};
use crate::catalog::system;
use crate::virtual_tables::VirtualContext;

pub(super) struct VirtualScan<'p> {
    table: &'p Arc<TableDescriptor>,
    done: bool,
}

impl<'p> VirtualScan<'p> {
    pub fn new(table: &'p Arc<TableDescriptor>) -> VirtualScan<'p> {
        VirtualScan { table, done: false }
    }
}

impl Operator for VirtualScan<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if std::mem::replace(&mut self.done, true) {
                return Ok(None);
            }
            let table = system::virtual_table(self.table.id).ok_or_else(|| {
                datum::Error::internal(format!("virtual table \"{}\" is not there", self.table.name))
            })?;
            let session = &cx.state.session;
            let context = VirtualContext {
                catalog: &session.catalog,
                node: cx.node,
                user: &session.user,
                pid: session.pid,
                session: &**session,
            };
            let batch = (table.rows)(&context)?;
            Ok((!batch.is_empty()).then_some(batch))
        })
    }
}
