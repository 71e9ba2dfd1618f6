//! From a plan to what EXPLAIN shows of it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use datum::Expr;
use datum::aggregate::AggregateCall;

use crate::catalog::{DescriptorId, IndexKeyKind, TableDescriptor};
use crate::deparse::{Names, expression, quote_identifier};
use crate::plan::*;

/// A value of a node's property.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Text.
    Text(String),
    /// Several, joined by commas in text.
    List(Vec<String>),
    /// A number.
    Number(f64),
}

/// A node as it is shown.
pub(super) struct Shown<'p> {
    /// The plan whose rows come out, then those that it hides (the one below a filter).
    pub plans: Vec<&'p Plan>,
    /// JSON's Node Type.
    pub kind: &'static str,
    /// The text format's first line.
    pub title: String,
    /// What the title says, for JSON.
    pub facts: Vec<(&'static str, String)>,
    /// Conditions, keys …
    pub properties: Vec<(&'static str, Value)>,
    /// Inputs and subqueries.
    pub children: Vec<Child<'p>>,
    /// Cost before the first row.
    pub startup_cost: f64,
    /// Estimated bytes of a row.
    pub width: u32,
    /// A separate node's condition was put here.
    pub filtered: bool,
}

impl<'p> Shown<'p> {
    /// The plan whose estimates are shown.
    pub fn plan(&self) -> &'p Plan {
        self.plans[0]
    }
}

/// A node below another.
pub(super) struct Child<'p> {
    /// Outer, Inner, Member, InitPlan, SubPlan
    pub relationship: &'static str,
    /// `SubPlan 1`, `CTE name`
    pub subplan: Option<String>,
    /// What.
    pub node: Shown<'p>,
}

/// A whole query; common table expressions come first.
pub(super) fn query(query: &Query, verbose: bool) -> Shown<'_> {
    let mut tables = BTreeMap::new();
    collect(&query.root, &mut tables);
    for cte in &query.ctes {
        collect(&cte.plan, &mut tables);
    }
    let mut shape = Shape { query, verbose, tables, subplans: RefCell::default() };
    let mut root = shape.node(&query.root);
    let ctes = query.ctes.iter().map(|cte| Child {
        relationship: "InitPlan",
        subplan: Some(format!("CTE {}", quote_identifier(&cte.name))),
        node: shape.node(&cte.plan),
    });
    let mut children: Vec<Child<'_>> = ctes.collect();
    children.append(&mut root.children);
    root.children = children;
    root
}

/// Names of the tables of a plan, to qualify columns with.
fn collect(plan: &Plan, tables: &mut BTreeMap<DescriptorId, String>) {
    let mut pending = vec![plan];
    while let Some(plan) = pending.pop() {
        match &plan.kind {
            PlanKind::Scan(scan) | PlanKind::LookupJoin { right: scan, .. } => {
                tables.insert(scan.table.id, scan.table.name.clone());
            }
            PlanKind::VirtualScan(table) => {
                tables.insert(table.id, table.name.clone());
            }
            _ => {}
        }
        pending.extend(inputs(plan));
    }
}

fn inputs(plan: &Plan) -> Vec<&Plan> {
    use PlanKind::*;
    match &plan.kind {
        Values(_) | Scan(_) | VirtualScan(_) | FunctionScan { .. } | WorkScan(_) | CteScan(_) => Vec::new(),
        Filter { input, .. }
        | Project { input, .. }
        | ProjectSet { input, .. }
        | Limit { input, .. }
        | Sort { input, .. }
        | Distinct { input }
        | DistinctOn { input, .. }
        | Aggregate { input, .. }
        | Window { input, .. }
        | LockRows { input, .. }
        | Insert { input, .. }
        | Update { input, .. }
        | Delete { input, .. }
        | LookupJoin { left: input, .. } => vec![input],
        NestedLoopJoin { left, right, .. } | HashJoin { left, right, .. } | SetOp { left, right, .. } => {
            vec![left, right]
        }
        Apply { input, inner, .. } => vec![input, inner],
        Append(plans) => plans.iter().collect(),
        Recursive { start, step, .. } => vec![start, step],
    }
}

struct Shape<'p> {
    query: &'p Query,
    verbose: bool,
    tables: BTreeMap<DescriptorId, String>,
    /// Names of subqueries by the address of their plans, in the order in which they are met.
    subplans: RefCell<BTreeMap<usize, String>>,
}

fn width(plan: &Plan) -> u32 {
    plan.columns.iter().map(|column| u32::try_from(column.ty.ty.len()).unwrap_or(32)).sum()
}

fn text(condition: String) -> Value {
    Value::Text(condition)
}

impl<'p> Shape<'p> {
    fn qualified(&self, name: &str, origin: Option<(DescriptorId, u32)>) -> String {
        match origin.and_then(|(table, _)| self.tables.get(&table)) {
            Some(table) if self.tables.len() > 1 || self.verbose => {
                format!("{}.{}", quote_identifier(table), quote_identifier(name))
            }
            _ => quote_identifier(name),
        }
    }

    /// The name of a subquery: an InitPlan if it runs once.
    fn subplan(&self, inner: &Plan, once: bool) -> String {
        let mut names = self.subplans.borrow_mut();
        let kind = if once { "InitPlan" } else { "SubPlan" };
        let number = names.values().filter(|name| name.starts_with(kind)).count() + 1;
        names.entry(std::ptr::from_ref(inner) as usize).or_insert_with(|| format!("{kind} {number}")).clone()
    }

    /// What the columns that come out of a plan are, as expressions over tables: conditions above it are shown so.
    fn labels(&self, plan: &Plan) -> Vec<String> {
        crate::parse::parser::with_stack(|| self.labels_here(plan))
    }

    fn labels_here(&self, plan: &Plan) -> Vec<String> {
        match &plan.kind {
            PlanKind::Filter { input, .. }
            | PlanKind::Limit { input, .. }
            | PlanKind::Sort { input, .. }
            | PlanKind::Distinct { input }
            | PlanKind::DistinctOn { input, .. }
            | PlanKind::LockRows { input, .. } => self.labels(input),
            PlanKind::Project { input, exprs } => {
                let labels = self.labels(input);
                exprs.iter().map(|expr| self.over(expr, &labels)).collect()
            }
            PlanKind::Aggregate { input, group_by, aggregates, grouping, .. } => {
                let labels = self.labels(input);
                let keys = group_by.iter().map(|expr| self.over(expr, &labels));
                let calls = aggregates.iter().map(|call| self.aggregate(call, &labels));
                keys.chain(calls).chain(grouping.iter().map(|_| "GROUPING".to_owned())).collect()
            }
            PlanKind::NestedLoopJoin { left, right, kind, .. }
            | PlanKind::HashJoin { left, right, kind, .. } => {
                let mut labels = self.labels(left);
                if !matches!(kind, JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti) {
                    labels.extend(self.labels(right));
                }
                labels
            }
            PlanKind::LookupJoin { left, right, kind, .. } => {
                let mut labels = self.labels(left);
                if !matches!(kind, JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti) {
                    labels.extend(self.scanned(right));
                }
                labels
            }
            PlanKind::Apply { input, inner, kind, bind } => {
                let mut labels = self.labels(input);
                let name = self.subplan(inner, bind.is_empty());
                match kind {
                    ApplyKind::Lateral { .. } => labels.extend(self.labels(inner)),
                    ApplyKind::Exists => labels.push(format!("EXISTS({name})")),
                    ApplyKind::Array(_) => labels.push(format!("ARRAY({name})")),
                    ApplyKind::Scalar | ApplyKind::Any { .. } => labels.push(format!("({name})")),
                }
                labels
            }
            _ => plan.columns.iter().map(|column| self.qualified(&column.name, column.origin)).collect(),
        }
    }

    /// Columns that a scan gives.
    fn scanned(&self, scan: &Scan) -> Vec<String> {
        let columns = scan.output.iter().filter_map(|i| scan.table.columns.get(*i));
        columns.map(|c| self.qualified(&c.name, Some((scan.table.id, c.id)))).collect()
    }

    /// An expression over columns of these labels.
    fn over(&self, expr: &Expr, labels: &[String]) -> String {
        let column = |i: u32| labels.get(i as usize).cloned().unwrap_or_else(|| format!("#{i}"));
        expression(expr, Names { column: &column, object: &|_, _| None })
    }

    /// An expression over the rows of some plans, side by side.
    fn show(&self, expr: &Expr, inputs: &[&Plan]) -> String {
        let labels: Vec<String> = inputs.iter().flat_map(|input| self.labels(input)).collect();
        self.over(expr, &labels)
    }

    /// An expression over a table's columns.
    fn over_table(&self, expr: &Expr, table: &TableDescriptor) -> String {
        let column = |i: u32| {
            let found = table.columns.get(i as usize);
            found.map_or_else(
                || format!("#{i}"),
                |column| self.qualified(&column.name, Some((table.id, column.id))),
            )
        };
        expression(expr, Names { column: &column, object: &|_, _| None })
    }

    fn list(&self, exprs: &[Expr], input: &Plan) -> Vec<String> {
        let labels = self.labels(input);
        exprs.iter().map(|expr| self.over(expr, &labels)).collect()
    }

    fn sort_keys(&self, keys: &[SortKey], input: &Plan) -> Vec<String> {
        let labels = self.labels(input);
        keys.iter()
            .map(|key| {
                let direction = match (key.desc, key.nulls_first) {
                    (false, false) => "",
                    (false, true) => " NULLS FIRST",
                    (true, true) => " DESC",
                    (true, false) => " DESC NULLS LAST",
                };
                let shown = self.over(&key.expr, &labels);
                // What is no plain column stands in parentheses, as in PostgreSQL.
                let plain = !shown.contains('(') || shown.starts_with('(');
                if plain { shown + direction } else { format!("({shown}){direction}") }
            })
            .collect()
    }

    fn shown(&self, plan: &'p Plan, kind: &'static str) -> Shown<'p> {
        Shown {
            plans: vec![plan],
            kind,
            title: kind.to_owned(),
            facts: Vec::new(),
            properties: Vec::new(),
            children: Vec::new(),
            startup_cost: 0.0,
            width: width(plan),
            filtered: false,
        }
    }

    /// A node with one input.
    fn unary(&mut self, plan: &'p Plan, kind: &'static str, input: &'p Plan) -> Shown<'p> {
        let mut shown = self.shown(plan, kind);
        let node = self.node(input);
        shown.startup_cost = node.startup_cost;
        shown.children.push(Child { relationship: "Outer", subplan: None, node });
        shown
    }

    fn node(&mut self, plan: &'p Plan) -> Shown<'p> {
        let mut shown = crate::parse::parser::with_stack(|| self.node_here(plan));
        if self.verbose
            && !plan.columns.is_empty()
            && !shown.properties.iter().any(|(name, _)| *name == "Output")
        {
            let output = self.labels(plan);
            shown.properties.insert(0, ("Output", Value::List(output)));
        }
        shown
    }

    fn node_here(&mut self, plan: &'p Plan) -> Shown<'p> {
        match &plan.kind {
            PlanKind::Values(rows) => {
                if rows.len() <= 1 {
                    return self.shown(plan, "Result");
                }
                let mut shown = self.shown(plan, "Values Scan");
                shown.title = "Values Scan on \"*VALUES*\"".to_owned();
                shown.facts.push(("Alias", "*VALUES*".to_owned()));
                shown
            }
            PlanKind::Scan(scan) => self.scan(plan, scan),
            PlanKind::VirtualScan(table) => {
                let mut shown = self.shown(plan, "Function Scan");
                shown.title = format!("Virtual Scan on {}", quote_identifier(&table.name));
                shown.facts.push(("Relation Name", table.name.clone()));
                shown
            }
            PlanKind::FunctionScan { calls, .. } => {
                let mut shown = self.shown(plan, "Function Scan");
                let names: Vec<&str> = calls.iter().map(|(name, ..)| *name).collect();
                shown.title = format!("Function Scan on {}", names.join(", "));
                shown.facts.push(("Function Name", names.join(", ")));
                if self.verbose {
                    let calls = calls.iter().map(|(name, args, _)| {
                        format!(
                            "{name}({})",
                            args.iter().map(|arg| self.over(arg, &[])).collect::<Vec<_>>().join(", ")
                        )
                    });
                    let calls: Vec<String> = calls.collect();
                    shown.properties.push(("Function Call", text(calls.join(", "))));
                }
                shown
            }
            PlanKind::Filter { input, condition } => {
                let condition = self.show(condition, &[input]);
                let mut shown = self.node(input);
                shown.properties.push(("Filter", text(condition)));
                shown.plans.insert(0, plan);
                shown.filtered = true;
                shown
            }
            PlanKind::Project { input, exprs } => {
                // Its work is shown as the output of the node below.
                let output = if self.verbose { self.list(exprs, input) } else { Vec::new() };
                let mut shown = self.node(input);
                shown.width = width(plan);
                if self.verbose && !output.is_empty() {
                    shown.properties.retain(|(name, _)| *name != "Output");
                    shown.properties.insert(0, ("Output", Value::List(output)));
                }
                shown
            }
            PlanKind::ProjectSet { input, .. } => self.unary(plan, "ProjectSet", input),
            PlanKind::Limit { input, .. } => self.unary(plan, "Limit", input),
            PlanKind::Sort { input, keys, limit } => {
                let mut shown = self.unary(plan, "Sort", input);
                shown.startup_cost = input.cost;
                shown.properties.push(("Sort Key", Value::List(self.sort_keys(keys, input))));
                if limit.is_some() {
                    shown.properties.push(("Sort Method", text("top-N heapsort".to_owned())));
                }
                shown
            }
            PlanKind::Distinct { input } => {
                let mut shown = self.unary(plan, "Aggregate", input);
                shown.title = "HashAggregate".to_owned();
                shown.facts.push(("Strategy", "Hashed".to_owned()));
                shown.startup_cost = input.cost;
                shown.properties.push(("Group Key", Value::List(self.labels(input))));
                shown
            }
            PlanKind::DistinctOn { input, on } => {
                let mut shown = self.unary(plan, "Unique", input);
                if self.verbose {
                    shown.properties.push(("Distinct Key", Value::List(self.list(on, input))));
                }
                shown
            }
            PlanKind::Aggregate { input, group_by, grouping_sets, aggregates, .. } => {
                let mut shown = self.unary(plan, "Aggregate", input);
                shown.startup_cost = input.cost;
                let keys = self.list(group_by, input);
                let hashed = !group_by.is_empty();
                shown.facts.push(("Strategy", if hashed { "Hashed" } else { "Plain" }.to_owned()));
                shown.facts.push(("Partial Mode", "Simple".to_owned()));
                if hashed {
                    shown.title = "HashAggregate".to_owned();
                }
                if grouping_sets.len() > 1 {
                    for set in grouping_sets {
                        let keys: Vec<String> = set.iter().filter_map(|i| keys.get(*i).cloned()).collect();
                        let keys = if keys.is_empty() { vec!["()".to_owned()] } else { keys };
                        shown.properties.push(("Group Key", Value::List(keys)));
                    }
                } else if hashed {
                    shown.properties.push(("Group Key", Value::List(keys.clone())));
                }
                if self.verbose {
                    let labels = self.labels(input);
                    let calls = aggregates.iter().map(|call| self.aggregate(call, &labels));
                    let output = keys.into_iter().chain(calls).collect();
                    shown.properties.insert(0, ("Output", Value::List(output)));
                }
                shown
            }
            PlanKind::Window { input, partition_by, order_by, .. } => {
                let mut shown = self.unary(plan, "WindowAgg", input);
                if !partition_by.is_empty() {
                    shown.properties.push(("Partition Key", Value::List(self.list(partition_by, input))));
                }
                if !order_by.is_empty() {
                    shown.properties.push(("Sort Key", Value::List(self.sort_keys(order_by, input))));
                }
                shown
            }
            PlanKind::NestedLoopJoin { left, right, kind, on } => {
                let mut shown = self.join(plan, "Nested Loop", *kind, left, right);
                if let Some(on) = on {
                    let condition = self.show(on, &[left, right]);
                    shown.properties.push(("Join Filter", text(condition)));
                }
                shown
            }
            PlanKind::HashJoin { left, right, kind, left_keys, right_keys, residual } => {
                let mut shown = self.join(plan, "Hash Join", *kind, left, right);
                shown.startup_cost = right.cost;
                let pairs = left_keys
                    .iter()
                    .zip(right_keys)
                    .map(|(l, r)| format!("({} = {})", self.show(l, &[left]), self.show(r, &[right])));
                shown.properties.push(("Hash Cond", text(and(pairs.collect()))));
                if let Some(residual) = residual {
                    let condition = self.show(residual, &[left, right]);
                    shown.properties.push(("Join Filter", text(condition)));
                }
                shown
            }
            PlanKind::LookupJoin { left, right, kind, keys, residual } => {
                self.lookup(plan, left, right, *kind, keys, residual.as_ref())
            }
            PlanKind::Apply { input, inner, kind, bind } => self.apply(plan, input, inner, kind, bind),
            PlanKind::Append(plans) => {
                let mut shown = self.shown(plan, "Append");
                for input in plans {
                    let node = self.node(input);
                    shown.children.push(Child { relationship: "Member", subplan: None, node });
                }
                shown
            }
            PlanKind::SetOp { left, right, kind } => {
                let mut shown = self.unary(plan, "SetOp", left);
                let command = match kind {
                    SetOpKind::Intersect => "Intersect",
                    SetOpKind::IntersectAll => "Intersect All",
                    SetOpKind::Except => "Except",
                    SetOpKind::ExceptAll => "Except All",
                };
                shown.title = format!("HashSetOp {command}");
                shown.facts.extend([("Strategy", "Hashed".to_owned()), ("Command", command.to_owned())]);
                let node = self.node(right);
                shown.children.push(Child { relationship: "Inner", subplan: None, node });
                shown
            }
            PlanKind::Recursive { start, step, .. } => {
                let mut shown = self.unary(plan, "Recursive Union", start);
                let node = self.node(step);
                shown.children.push(Child { relationship: "Inner", subplan: None, node });
                shown
            }
            PlanKind::WorkScan(_) => self.shown(plan, "WorkTable Scan"),
            PlanKind::CteScan(at) => {
                let mut shown = self.shown(plan, "CTE Scan");
                let name = self.query.ctes.get(*at).map_or("?", |cte| cte.name.as_str());
                shown.title = format!("CTE Scan on {}", quote_identifier(name));
                shown.facts.push(("CTE Name", name.to_owned()));
                shown
            }
            PlanKind::LockRows { input, .. } => self.unary(plan, "LockRows", input),
            PlanKind::Insert { table, input, on_conflict, .. } => {
                let mut shown = self.modify(plan, "Insert", table, input);
                match on_conflict {
                    None => {}
                    Some(OnConflict::Nothing(index)) => {
                        shown.properties.push(("Conflict Resolution", text("NOTHING".to_owned())));
                        if let Some(index) = index.and_then(|id| table.index(id)) {
                            let name = quote_identifier(&index.name);
                            shown.properties.push(("Conflict Arbiter Indexes", Value::List(vec![name])));
                        }
                    }
                    Some(OnConflict::Update { index, filter, .. }) => {
                        shown.properties.push(("Conflict Resolution", text("UPDATE".to_owned())));
                        if let Some(index) = table.index(*index) {
                            let name = quote_identifier(&index.name);
                            shown.properties.push(("Conflict Arbiter Indexes", Value::List(vec![name])));
                        }
                        if let Some(filter) = filter {
                            let excluded = |i: u32| {
                                let i = i as usize;
                                let columns = &table.columns;
                                match columns.get(i) {
                                    Some(column) => format!(
                                        "{}.{}",
                                        quote_identifier(&table.name),
                                        quote_identifier(&column.name)
                                    ),
                                    None => columns.get(i - columns.len()).map_or_else(
                                        || format!("#{i}"),
                                        |column| format!("excluded.{}", quote_identifier(&column.name)),
                                    ),
                                }
                            };
                            let filter =
                                expression(filter, Names { column: &excluded, object: &|_, _| None });
                            shown.properties.push(("Conflict Filter", text(filter)));
                        }
                    }
                }
                shown
            }
            PlanKind::Update { table, input, .. } => self.modify(plan, "Update", table, input),
            PlanKind::Delete { table, input, .. } => self.modify(plan, "Delete", table, input),
        }
    }

    fn modify(
        &mut self,
        plan: &'p Plan,
        operation: &str,
        table: &TableDescriptor,
        input: &'p Plan,
    ) -> Shown<'p> {
        let mut shown = self.unary(plan, "ModifyTable", input);
        shown.title = format!("{operation} on {}", quote_identifier(&table.name));
        shown.facts.extend([("Operation", operation.to_owned()), ("Relation Name", table.name.clone())]);
        shown
    }

    fn join(
        &mut self,
        plan: &'p Plan,
        kind: &'static str,
        join: JoinKind,
        left: &'p Plan,
        right: &'p Plan,
    ) -> Shown<'p> {
        let mut shown = self.unary(plan, kind, left);
        join_title(&mut shown, join);
        let node = self.node(right);
        shown.children.push(Child { relationship: "Inner", subplan: None, node });
        shown
    }

    fn aggregate(&self, call: &AggregateCall, labels: &[String]) -> String {
        let args: Vec<String> = call.args.iter().map(|arg| self.over(arg, labels)).collect();
        let args = if args.is_empty() { "*".to_owned() } else { args.join(", ") };
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let mut out = format!("{}({distinct}{args})", call.function.name);
        if let Some(filter) = &call.filter {
            out.push_str(&format!(" FILTER (WHERE {})", self.over(filter, labels)));
        }
        out
    }

    /// Conditions on an index's columns; `eq` gives expressions over `inputs`.
    fn bounds(&self, scan: &Scan) -> Option<String> {
        let index = scan.table.index(scan.index)?;
        let key = |i: usize| match &index.keys.get(i)?.what {
            IndexKeyKind::Column(id) => {
                let column = scan.table.columns.iter().find(|c| c.id == *id)?;
                Some(self.qualified(&column.name, Some((scan.table.id, column.id))))
            }
            IndexKeyKind::Expression(expr, _) => Some(expr.clone()),
        };
        let name = |i: usize| key(i).unwrap_or_else(|| format!("#{i}"));
        let value = |expr: &Expr| self.show(expr, &[]);
        let is_point =
            |b: &KeyBounds| b.eq.len() == 1 && b.lower.is_none() && b.upper.is_none() && !b.is_null;
        if scan.bounds.len() > 1 && scan.bounds.iter().all(is_point) {
            let values: Vec<String> = scan.bounds.iter().flat_map(|b| &b.eq).map(value).collect();
            return Some(format!("({} = ANY (ARRAY[{}]))", name(0), values.join(", ")));
        }
        let mut alternatives = Vec::new();
        for bound in &scan.bounds {
            let mut parts: Vec<String> = bound
                .eq
                .iter()
                .enumerate()
                .map(|(i, expr)| format!("({} = {})", name(i), value(expr)))
                .collect();
            let next = bound.eq.len();
            if let Some(lower) = &bound.lower {
                let symbol = if lower.inclusive { ">=" } else { ">" };
                parts.push(format!("({} {symbol} {})", name(next), value(&lower.value)));
            }
            if let Some(upper) = &bound.upper {
                let symbol = if upper.inclusive { "<=" } else { "<" };
                parts.push(format!("({} {symbol} {})", name(next), value(&upper.value)));
            }
            if bound.is_null {
                parts.push(format!("({} IS NULL)", name(next)));
            }
            if !parts.is_empty() {
                alternatives.push(and(parts));
            }
        }
        match alternatives.len() {
            0 => None,
            1 => alternatives.pop(),
            _ => Some(format!("({})", alternatives.join(" OR "))),
        }
    }

    fn scan(&mut self, plan: &'p Plan, scan: &'p Scan) -> Shown<'p> {
        let table = &scan.table;
        let index = table.index(scan.index);
        let primary = table.indexes.first().is_some_and(|first| first.id == scan.index);
        let condition = self.bounds(scan);
        let mut shown;
        match index
            .filter(|index| !index.name.is_empty() && (!primary || condition.is_some() || scan.ordered))
        {
            Some(index) => {
                let covered = crate::layout::covered_columns(table, index);
                let mut needed: Vec<usize> = scan.output.clone();
                if let Some(filter) = &scan.filter {
                    filter.walk(&mut |part| {
                        if let Expr::Column(i, _) = part {
                            needed.push(*i as usize);
                        }
                    });
                }
                let only = !primary && needed.iter().all(|column| covered.contains(column));
                shown = self.shown(plan, if only { "Index Only Scan" } else { "Index Scan" });
                let backward = if scan.reverse { " Backward" } else { "" };
                shown.title = format!(
                    "{}{backward} using {} on {}",
                    shown.kind,
                    quote_identifier(&index.name),
                    quote_identifier(&table.name)
                );
                shown
                    .facts
                    .push(("Scan Direction", if scan.reverse { "Backward" } else { "Forward" }.to_owned()));
                shown.facts.push(("Index Name", index.name.clone()));
            }
            None => {
                shown = self.shown(plan, "Seq Scan");
                shown.title = format!("Seq Scan on {}", quote_identifier(&table.name));
            }
        }
        shown.facts.push(("Relation Name", table.name.clone()));
        if scan.bounds.is_empty() {
            shown.properties.push(("One-Time Filter", text("false".to_owned())));
        }
        if let Some(condition) = condition {
            shown.properties.push(("Index Cond", text(condition)));
        }
        self.scan_rest(&mut shown, scan);
        shown
    }

    fn scan_rest(&self, shown: &mut Shown<'p>, scan: &Scan) {
        if let Some(filter) = &scan.filter {
            shown.properties.push(("Filter", text(self.over_table(filter, &scan.table))));
        }
        if let Some(limit) = &scan.limit {
            shown.properties.push(("Scan Limit", text(self.show(limit, &[]))));
        }
        if let Some((lock, wait)) = scan.lock {
            let lock = match lock {
                RowLock::KeyShare => "FOR KEY SHARE",
                RowLock::Share => "FOR SHARE",
                RowLock::NoKeyUpdate => "FOR NO KEY UPDATE",
                RowLock::Update => "FOR UPDATE",
            };
            let wait = match wait {
                LockWaitPolicy::Block => "",
                LockWaitPolicy::NoWait => " NOWAIT",
                LockWaitPolicy::SkipLocked => " SKIP LOCKED",
            };
            shown.properties.push(("Row Lock", text(format!("{lock}{wait}"))));
        }
    }

    fn lookup(
        &mut self,
        plan: &'p Plan,
        left: &'p Plan,
        right: &'p Scan,
        kind: JoinKind,
        keys: &[Expr],
        residual: Option<&Expr>,
    ) -> Shown<'p> {
        let mut shown = self.unary(plan, "Lookup Join", left);
        join_title(&mut shown, kind);
        let table = &right.table;
        let index = table.index(right.index);
        let index_name = index.map_or("", |index| index.name.as_str());
        shown.title.push_str(&format!(
            " using {} on {}",
            quote_identifier(index_name),
            quote_identifier(&table.name)
        ));
        shown.facts.extend([("Index Name", index_name.to_owned()), ("Relation Name", table.name.clone())]);
        let columns = index.map_or(&[][..], |index| &index.keys);
        let pairs = keys.iter().zip(columns).map(|(key, column)| {
            let name = match &column.what {
                IndexKeyKind::Column(id) => {
                    let column = table.columns.iter().find(|c| c.id == *id);
                    column.map_or_else(String::new, |c| self.qualified(&c.name, Some((table.id, c.id))))
                }
                IndexKeyKind::Expression(expr, _) => expr.clone(),
            };
            format!("({name} = {})", self.show(key, &[left]))
        });
        shown.properties.push(("Index Cond", text(and(pairs.collect()))));
        self.scan_rest(&mut shown, right);
        if let Some(residual) = residual {
            let mut labels = self.labels(left);
            labels.extend(self.scanned(right));
            shown.properties.push(("Join Filter", text(self.over(residual, &labels))));
        }
        shown
    }

    fn apply(
        &mut self,
        plan: &'p Plan,
        input: &'p Plan,
        inner: &'p Plan,
        kind: &'p ApplyKind,
        bind: &[(usize, u32)],
    ) -> Shown<'p> {
        if let ApplyKind::Lateral { outer, on } = kind {
            let join = if *outer { JoinKind::Left } else { JoinKind::Inner };
            let mut shown = self.join(plan, "Nested Loop", join, input, inner);
            if let Some(on) = on {
                let condition = self.show(on, &[input, inner]);
                shown.properties.push(("Join Filter", text(condition)));
            }
            return shown;
        }
        let mut shown = self.node(input);
        shown.width = width(plan);
        let relationship = if bind.is_empty() { "InitPlan" } else { "SubPlan" };
        let name = self.subplan(inner, bind.is_empty());
        let node = self.node(inner);
        shown.children.push(Child { relationship, subplan: Some(name), node });
        shown
    }
}

fn join_title(shown: &mut Shown<'_>, kind: JoinKind) {
    let word = match kind {
        JoinKind::Inner => "Inner",
        JoinKind::Left => "Left",
        JoinKind::Right => "Right",
        JoinKind::Full => "Full",
        JoinKind::Semi => "Semi",
        JoinKind::Anti | JoinKind::NullAwareAnti => "Anti",
    };
    shown.facts.push(("Join Type", word.to_owned()));
    if kind != JoinKind::Inner {
        let base = shown.kind.strip_suffix(" Join").unwrap_or(shown.kind);
        shown.title = format!("{base} {word} Join");
    }
}

/// Several conditions as one.
fn and(mut parts: Vec<String>) -> String {
    match parts.len() {
        1 => parts.pop().unwrap_or_default(),
        _ => format!("({})", parts.join(" AND ")),
    }
}
