//! Common table expressions that are read once become part of the query that reads them; those that are read by
//! nobody go.

use base::map::HashMap;
use datum::Expr;
use datum::function::Volatility;

use super::Planner;
use crate::bind::CteRel;
use crate::logical::{ApplyUse, ColId, Rel};
use crate::parse::parser::with_stack;

/// Inlines what may be inlined, and numbers the rest anew.
pub(super) fn ctes(planner: &mut Planner<'_>, root: &mut Rel, ctes: &mut Vec<CteRel>) {
    if ctes.is_empty() {
        return;
    }
    let mut reads = vec![0u32; ctes.len()];
    count(root, &mut reads);
    for cte in ctes.iter() {
        count(&cte.rel, &mut reads);
    }
    let inlined: Vec<bool> = ctes
        .iter()
        .zip(&reads)
        .map(|(cte, reads)| {
            !cte.writes
                && !cte.materialized
                && (cte.inline || *reads <= 1)
                && (cte.inline || !volatile(&cte.rel))
        })
        .collect();
    // Earlier ones are read by later ones only, so each is complete when its turn comes.
    let mut done: Vec<Option<Rel>> = Vec::with_capacity(ctes.len());
    let mut renamed = vec![usize::MAX; ctes.len()];
    let mut kept = Vec::new();
    for (i, mut cte) in std::mem::take(ctes).into_iter().enumerate() {
        replace(planner, &mut cte.rel, &done, &renamed);
        if inlined[i] {
            done.push(Some(cte.rel));
        } else {
            done.push(None);
            if cte.writes || reads[i] > 0 {
                renamed[i] = kept.len();
                kept.push(cte);
            }
        }
    }
    replace(planner, root, &done, &renamed);
    *ctes = kept;
}

fn count(rel: &Rel, reads: &mut [u32]) {
    if let Rel::CteScan { index, .. } = rel
        && let Some(reads) = reads.get_mut(*index)
    {
        *reads += 1;
    }
    with_stack(|| rel.inputs().into_iter().for_each(|input| count(input, reads)));
}

fn volatile(rel: &Rel) -> bool {
    let locks = matches!(rel, Rel::Scan { lock: Some(_), .. } | Rel::LockRows { .. });
    locks
        || rel.exprs().iter().any(|e| e.volatility() == Volatility::Volatile)
        || with_stack(|| rel.inputs().into_iter().any(volatile))
}

fn replace(planner: &mut Planner<'_>, rel: &mut Rel, done: &[Option<Rel>], renamed: &[usize]) {
    if let Rel::CteScan { index, cols } = rel {
        if let Some(Some(body)) = done.get(*index) {
            let mut body = body.clone();
            renumber(planner, &mut body);
            let exprs = cols.iter().zip(body.cols()).map(|(to, from)| (*to, planner.col(from))).collect();
            *rel = Rel::Project { input: Box::new(body), exprs };
        } else if let Some(to) = renamed.get(*index) {
            *index = *to;
        }
        return;
    }
    with_stack(|| {
        for input in rel.inputs_mut() {
            replace(planner, input, done, renamed);
        }
    });
}

/// Gives every column that the tree makes a new id, so that it can stand in a statement twice.
fn renumber(planner: &mut Planner<'_>, rel: &mut Rel) {
    let mut produced = Vec::new();
    rel.produced(&mut produced);
    produced.sort_unstable();
    produced.dedup();
    let map: HashMap<ColId, ColId> = produced.into_iter().map(|id| (id, planner.copy_col(id))).collect();
    rename(rel, &map);
    let planner = &*planner;
    rel.map_exprs(&mut |e: &Expr| e.replace_columns(&|id| map.get(&id).map(|to| planner.col(*to))));
}

fn rename(rel: &mut Rel, map: &HashMap<ColId, ColId>) {
    let to = |id: &mut ColId| {
        if let Some(new) = map.get(id) {
            *id = *new;
        }
    };
    match rel {
        Rel::Values { cols, .. }
        | Rel::Scan { cols, .. }
        | Rel::Virtual { cols, .. }
        | Rel::Functions { cols, .. }
        | Rel::Append { cols, .. }
        | Rel::SetOp { cols, .. }
        | Rel::Recursive { cols, .. }
        | Rel::WorkScan { cols, .. }
        | Rel::CteScan { cols, .. } => cols.iter_mut().for_each(to),
        Rel::Project { exprs, .. } => exprs.iter_mut().for_each(|e| to(&mut e.0)),
        Rel::ProjectSet { calls, .. } => calls.iter_mut().for_each(|c| to(&mut c.0)),
        Rel::Aggregate { group, aggs, grouping, .. } => {
            group.iter_mut().for_each(|g| to(&mut g.0));
            aggs.iter_mut().for_each(|a| to(&mut a.0));
            grouping.iter_mut().for_each(|g| to(&mut g.0));
        }
        Rel::Window { calls, .. } => calls.iter_mut().for_each(|c| to(&mut c.0)),
        Rel::Apply { kind, .. } => match kind {
            ApplyUse::Scalar(id)
            | ApplyUse::Exists(id)
            | ApplyUse::Any { out: id, .. }
            | ApplyUse::Array(id, _) => to(id),
            ApplyUse::Lateral { .. } => {}
        },
        Rel::LockRows { targets, .. } => targets.iter_mut().flat_map(|t| &mut t.key).for_each(to),
        Rel::Insert { cols, existing, returning, .. } => {
            cols.iter_mut().chain(existing).for_each(to);
            returning.iter_mut().for_each(|r| to(&mut r.0));
        }
        Rel::Update { cols, old, returning, .. } => {
            cols.iter_mut().chain(old).for_each(to);
            returning.iter_mut().for_each(|r| to(&mut r.0));
        }
        Rel::Delete { old, returning, .. } => {
            old.iter_mut().for_each(to);
            returning.iter_mut().for_each(|r| to(&mut r.0));
        }
        Rel::Filter { .. }
        | Rel::Limit { .. }
        | Rel::Sort { .. }
        | Rel::Distinct { .. }
        | Rel::DistinctOn { .. }
        | Rel::Join { .. } => {}
    }
    with_stack(|| rel.inputs_mut().into_iter().for_each(|input| rename(input, map)));
}
