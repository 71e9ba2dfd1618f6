//! EXPLAIN: plans in PostgreSQL's text format and as JSON, with what EXPLAIN ANALYZE has measured.
//!
//! ```text
//!   plan::Query ── shape.rs ──► Shown (names, conditions, children) ── text or JSON ──► lines
//! ```
//! Nodes that only compute columns are not shown, as in PostgreSQL; conditions of a Filter stand at the node below
//! it; subqueries stand below the node whose rows they extend, as SubPlan or (if they run once) InitPlan.

mod shape;

use std::fmt::Write as _;
use std::time::Duration;

use datum::Result;

use crate::plan::{Plan, Query};
use crate::statement::{Explain, ExplainFormat, StatementKind};
use shape::{Shown, Value};

/// What was measured of a node.
#[derive(Clone, Copy, Debug, Default)]
pub struct Actual {
    /// Rows handed on, in total.
    pub rows: u64,
    /// How often it was begun.
    pub loops: u64,
    /// Time until the first rows of the first run.
    pub startup: Duration,
    /// Time spent in it, inputs included.
    pub total: Duration,
}

/// The lines of an EXPLAIN (one, with line breaks, for JSON). `actual` gives what ANALYZE measured of a node of the
/// plan, `took` how long it ran in all; both say nothing without ANALYZE.
///
/// # Errors
/// None at present.
pub fn render(
    query: &Query,
    explain: &Explain,
    actual: &dyn Fn(&Plan) -> Option<Actual>,
    took: Option<Duration>,
) -> Result<Vec<String>> {
    let root = shape::query(query, explain.verbose);
    let out = Output { explain, actual, analyzed: took.is_some() };
    match explain.format {
        ExplainFormat::Text => {
            let mut lines = Vec::new();
            out.text(&root, 0, true, &mut lines);
            if let Some(took) = took.filter(|_| explain.summary) {
                lines.push(format!("Execution Time: {:.3} ms", millis(took)));
            }
            Ok(lines)
        }
        ExplainFormat::Json => {
            let mut json = String::from("[\n  {\n    \"Plan\": ");
            out.json(&root, 2, None, &mut json);
            if let Some(took) = took.filter(|_| explain.summary) {
                let _ = write!(
                    json,
                    ",\n    \"Triggers\": [\n    ],\n    \"Execution Time\": {:.3}",
                    millis(took)
                );
            }
            json.push_str("\n  }\n]");
            Ok(vec![json])
        }
    }
}

/// EXPLAIN of a statement without a plan.
pub fn utility(kind: &StatementKind, format: ExplainFormat) -> Vec<String> {
    let _ = kind;
    match format {
        ExplainFormat::Text => vec!["Utility statements have no plan structure".to_owned()],
        ExplainFormat::Json => vec!["[\n  \"Utility Statement\"\n]".to_owned()],
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

struct Output<'a> {
    explain: &'a Explain,
    actual: &'a dyn Fn(&Plan) -> Option<Actual>,
    analyzed: bool,
}

/// A time or a row count per loop.
struct PerLoop {
    startup: f64,
    total: f64,
    rows: f64,
    loops: u64,
}

impl Output<'_> {
    fn measured(&self, node: &Shown<'_>) -> Option<PerLoop> {
        let found = node.plans.iter().find_map(|plan| (self.actual)(plan))?;
        if found.loops == 0 {
            return None;
        }
        let loops = found.loops as f64;
        let total = millis(found.total) / loops;
        Some(PerLoop {
            startup: millis(found.startup).min(total),
            total,
            rows: found.rows as f64 / loops,
            loops: found.loops,
        })
    }

    /// Rows that a condition has thrown away, per loop: the first plan's rows are those left.
    fn removed(&self, node: &Shown<'_>) -> Option<f64> {
        let [kept, from, ..] = node.plans.as_slice() else { return None };
        let (kept, from) = ((self.actual)(kept)?, (self.actual)(from)?);
        Some(from.rows.saturating_sub(kept.rows) as f64 / (from.loops.max(1)) as f64)
    }

    fn properties(&self, node: &Shown<'_>) -> Vec<(String, Value)> {
        let mut out = Vec::new();
        for (name, value) in &node.properties {
            out.push(((*name).to_owned(), value.clone()));
            if *name == "Filter"
                && self.analyzed
                && node.filtered
                && let Some(removed) = self.removed(node).filter(|n| *n > 0.0)
            {
                out.push(("Rows Removed by Filter".to_owned(), Value::Number(removed.round())));
            }
        }
        out
    }

    fn text(&self, node: &Shown<'_>, indent: usize, root: bool, lines: &mut Vec<String>) {
        let mut line = " ".repeat(indent);
        if !root {
            line.push_str("->  ");
        }
        line.push_str(&node.title);
        let plan = node.plan();
        if self.explain.costs {
            let _ = write!(
                line,
                "  (cost={:.2}..{:.2} rows={:.0} width={})",
                node.startup_cost,
                plan.cost.max(node.startup_cost),
                plan.rows.max(0.0),
                node.width
            );
        }
        if self.analyzed {
            match self.measured(node) {
                Some(m) if self.explain.timing => {
                    let _ = write!(
                        line,
                        " (actual time={:.3}..{:.3} rows={:.0} loops={})",
                        m.startup, m.total, m.rows, m.loops
                    );
                }
                Some(m) => {
                    let _ = write!(line, " (actual rows={:.0} loops={})", m.rows, m.loops);
                }
                None => line.push_str(" (never executed)"),
            }
        }
        lines.push(line);
        let inner = if root { indent + 2 } else { indent + 6 };
        let pad = " ".repeat(inner);
        for (name, value) in self.properties(node) {
            lines.push(match value {
                Value::Text(text) => format!("{pad}{name}: {text}"),
                Value::List(items) => format!("{pad}{name}: {}", items.join(", ")),
                Value::Number(n) => format!("{pad}{name}: {n}"),
            });
        }
        for child in &node.children {
            match &child.subplan {
                Some(name) => {
                    lines.push(format!("{pad}{name}"));
                    self.text(&child.node, inner + 2, false, lines);
                }
                None => self.text(&child.node, inner, false, lines),
            }
        }
    }

    fn json(&self, node: &Shown<'_>, depth: usize, place: Option<(&str, Option<&str>)>, out: &mut String) {
        let pad = "  ".repeat(depth + 1);
        let mut fields: Vec<(String, String)> = vec![("Node Type".to_owned(), quote(node.kind))];
        if let Some((relationship, subplan)) = place {
            fields.push(("Parent Relationship".to_owned(), quote(relationship)));
            if let Some(subplan) = subplan {
                fields.push(("Subplan Name".to_owned(), quote(subplan)));
            }
        }
        for (name, value) in &node.facts {
            fields.push(((*name).to_owned(), quote(value)));
        }
        fields.push(("Parallel Aware".to_owned(), "false".to_owned()));
        fields.push(("Async Capable".to_owned(), "false".to_owned()));
        let plan = node.plan();
        if self.explain.costs {
            fields.push(("Startup Cost".to_owned(), format!("{:.2}", node.startup_cost)));
            fields.push(("Total Cost".to_owned(), format!("{:.2}", plan.cost.max(node.startup_cost))));
            fields.push(("Plan Rows".to_owned(), format!("{:.0}", plan.rows.max(0.0))));
            fields.push(("Plan Width".to_owned(), node.width.to_string()));
        }
        if self.analyzed {
            let m = self.measured(node);
            let m = m.unwrap_or(PerLoop { startup: 0.0, total: 0.0, rows: 0.0, loops: 0 });
            if self.explain.timing {
                fields.push(("Actual Startup Time".to_owned(), format!("{:.3}", m.startup)));
                fields.push(("Actual Total Time".to_owned(), format!("{:.3}", m.total)));
            }
            fields.push(("Actual Rows".to_owned(), format!("{:.0}", m.rows)));
            fields.push(("Actual Loops".to_owned(), m.loops.to_string()));
        }
        for (name, value) in self.properties(node) {
            let value = match value {
                Value::Text(text) => quote(&text),
                Value::Number(n) => format!("{n}"),
                Value::List(items) => {
                    let items: Vec<String> = items.iter().map(|item| quote(item)).collect();
                    format!("[{}]", items.join(", "))
                }
            };
            fields.push((name, value));
        }
        out.push_str("{\n");
        for (i, (name, value)) in fields.iter().enumerate() {
            if i > 0 {
                out.push_str(",\n");
            }
            let _ = write!(out, "{pad}{}: {value}", quote(name));
        }
        if !node.children.is_empty() {
            let _ = write!(out, ",\n{pad}\"Plans\": [\n");
            for (i, child) in node.children.iter().enumerate() {
                out.push_str(if i > 0 { ",\n" } else { "" });
                let _ = write!(out, "{pad}  ");
                self.json(&child.node, depth + 2, Some((child.relationship, child.subplan.as_deref())), out);
            }
            let _ = write!(out, "\n{pad}]");
        }
        let _ = write!(out, "\n{}}}", "  ".repeat(depth));
    }
}

/// A JSON string.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
