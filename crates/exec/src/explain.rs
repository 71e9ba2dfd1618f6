//! EXPLAIN: the plan as text, with what EXPLAIN ANALYZE has measured.

use std::time::Duration;

use base::map::HashMap;
use datum::Result;
use sql::plan::{Plan, Query};
use sql::statement::Explain;

use crate::operators::Profile;

/// The lines of an EXPLAIN; `measured` is what ANALYZE found, by node, and how long it took.
pub(crate) fn render(
    explain: &Explain,
    query: &Query,
    measured: Option<(&HashMap<usize, Profile>, Duration)>,
) -> Result<Vec<String>> {
    let lookup = |plan: &Plan| {
        let profile = measured.as_ref()?.0.get(&crate::operators::node_id(plan))?;
        Some(sql::explain::Actual {
            rows: profile.rows,
            loops: profile.loops,
            startup: profile.first,
            total: profile.total,
        })
    };
    sql::explain::render(query, explain, &lookup, measured.map(|(_, took)| took))
}
