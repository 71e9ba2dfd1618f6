//! The order of inner joins: greedy, from every promising start.
//!
//! The next table is one that a condition connects to what is joined already, and that leaves the fewest rows.
//! Dynamic programming finds better orders of a dozen tables, and none of sixty in time.

use datum::Expr;

use super::rewrite::Columns;
use super::{Planner, filtered};
use crate::logical::Rel;
use crate::plan::JoinKind;

/// Starts that are tried: all for few tables, the smallest for many.
const STARTS_MAX: usize = 8;

struct Leaf {
    rows: f64,
    columns: Columns,
}

struct Cond {
    /// Which leaves it reads.
    leaves: Vec<usize>,
    keeps: f64,
}

/// Joins the leaves on the conditions, each of which reads at least two of them.
pub(super) fn order(planner: &Planner<'_>, leaves: Vec<Rel>, conds: Vec<Expr>) -> Rel {
    if leaves.len() <= 1 {
        return filtered(leaves.into_iter().next().unwrap_or_else(Rel::unit), conds);
    }
    let facts: Vec<Leaf> =
        leaves.iter().map(|leaf| Leaf { rows: planner.rows(leaf), columns: Columns::of(leaf) }).collect();
    let facts_of = |cond: &Expr| Cond {
        leaves: (0..facts.len()).filter(|i| facts[*i].columns.touches(cond)).collect(),
        keeps: planner.selectivity(cond),
    };
    let cond_facts: Vec<Cond> = conds.iter().map(facts_of).collect();
    let mut starts: Vec<usize> = (0..facts.len()).collect();
    starts.sort_by(|a, b| facts[*a].rows.total_cmp(&facts[*b].rows));
    starts.truncate(STARTS_MAX);
    let tried = starts.into_iter().map(|start| greedy(start, &facts, &cond_facts));
    let Some((_, sequence)) = tried.min_by(|a, b| a.0.total_cmp(&b.0)) else { return Rel::unit() };
    build(leaves, conds, &cond_facts, &sequence)
}

/// The cost of the order that begins with `start`, and that order.
fn greedy(start: usize, leaves: &[Leaf], conds: &[Cond]) -> (f64, Vec<usize>) {
    let mut joined = vec![false; leaves.len()];
    let mut sequence = vec![start];
    joined[start] = true;
    let mut rows = leaves[start].rows;
    let mut cost = rows;
    while sequence.len() < leaves.len() {
        let mut best: Option<(bool, f64, usize)> = None;
        for (i, leaf) in leaves.iter().enumerate().filter(|(i, _)| !joined[*i]) {
            let applies = |c: &&Cond| c.leaves.contains(&i) && c.leaves.iter().all(|l| *l == i || joined[*l]);
            let mut connected = false;
            let mut after = rows * leaf.rows;
            for cond in conds.iter().filter(applies) {
                connected = true;
                after *= cond.keeps;
            }
            let better = match best {
                None => true,
                Some((was, least, _)) => (connected && !was) || (connected == was && after < least),
            };
            if better {
                best = Some((connected, after, i));
            }
        }
        let Some((_, after, next)) = best else { break };
        joined[next] = true;
        sequence.push(next);
        rows = after.max(1.0);
        cost += rows + leaves[next].rows;
    }
    (cost, sequence)
}

fn build(leaves: Vec<Rel>, conds: Vec<Expr>, facts: &[Cond], sequence: &[usize]) -> Rel {
    let mut leaves: Vec<Option<Rel>> = leaves.into_iter().map(Some).collect();
    let mut conds: Vec<Option<Expr>> = conds.into_iter().map(Some).collect();
    let mut joined = vec![false; leaves.len()];
    let mut tree: Option<Rel> = None;
    for i in sequence {
        joined[*i] = true;
        let Some(leaf) = leaves[*i].take() else { continue };
        let on: Vec<Expr> = facts
            .iter()
            .zip(&mut conds)
            .filter(|(fact, _)| fact.leaves.iter().all(|l| joined[*l]))
            .filter_map(|(_, cond)| cond.take())
            .collect();
        tree = Some(match tree {
            None => filtered(leaf, on),
            Some(left) => {
                Rel::Join { left: Box::new(left), right: Box::new(leaf), kind: JoinKind::Inner, on }
            }
        });
    }
    tree.unwrap_or_else(Rel::unit)
}
