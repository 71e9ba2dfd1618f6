//! pg_class and what hangs on it: pg_attribute, pg_attrdef, pg_index, pg_constraint, pg_sequence, pg_description …

use datum::{Batch, Datum, Result, Type};
use sql::catalog::{Generated, IndexKeyKind, ReferentialAction, RelationKind, TableDescriptor};

use super::columns::*;
use super::rows::{Relation, Rows, oid, shown_columns, shown_indexes, text};
use super::{VirtualContext, VirtualTable, catalog_table};

/// Tables of this file.
pub static TABLES: &[VirtualTable] = &[
    catalog_table("pg_class", &PG_CLASS, class),
    catalog_table("pg_attribute", &PG_ATTRIBUTE, attribute),
    catalog_table("pg_attrdef", &PG_ATTRDEF, attrdef),
    catalog_table("pg_index", &PG_INDEX, index),
    catalog_table("pg_constraint", &PG_CONSTRAINT, constraint),
    catalog_table("pg_sequence", &PG_SEQUENCE, sequence),
    catalog_table("pg_description", &PG_DESCRIPTION, description),
    catalog_table("pg_depend", &PG_DEPEND, depend),
    catalog_table("pg_rewrite", &PG_REWRITE, rewrite),
];

const HEAP_AM: u32 = 2;
const BTREE_AM: u32 = 403;
/// OID of pg_class, the class of most objects in pg_depend and pg_description.
const CLASS_OID: u32 = 1259;
const ATTRDEF_OID: u32 = 2604;

/// pg_attrdef has OIDs of its own: the table's, turned, and the column's.
fn attrdef_oid(table: &TableDescriptor, column: u32) -> Datum {
    Datum::Oid(0x8000_0000 | (table.id.0 << 11) | column)
}

fn class(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_CLASS);
    for relation in ctx.relations() {
        let (id, name, schema, owner, kind, am, natts, tuples) = match &relation {
            Relation::Table(t) => {
                let kind = match t.kind {
                    RelationKind::View { .. } => "v",
                    RelationKind::Table | RelationKind::Virtual => "r",
                };
                let am = if kind == "r" { HEAP_AM } else { 0 };
                let tuples = ctx.catalog.snapshot.statistics(t.id).map_or(-1.0, |s| s.rows as f32);
                (t.id, &t.name, t.schema, &t.owner, kind, am, shown_columns(t).count(), tuples)
            }
            Relation::Index(t, i) => (i.oid, &i.name, t.schema, &t.owner, "i", BTREE_AM, i.keys.len(), 0.0),
            Relation::Sequence(s) => (s.id, &s.name, s.schema, &s.owner, "S", 0, 3, 1.0),
        };
        let table = match &relation {
            Relation::Table(t) => Some(*t),
            _ => None,
        };
        let options: Vec<Datum> =
            table.map_or(&[][..], |t| &t.options).iter().map(|(k, v)| text(format!("{k}={v}"))).collect();
        rows.push([
            ("oid", oid(id)),
            ("relname", text(name)),
            ("relnamespace", oid(schema)),
            // Its rows have a type, for those who ask whether it has one.
            ("reltype", Datum::Oid(table.map_or(0, |t| 0x2000_0000 | t.id.0))),
            ("relowner", ctx.role(owner)),
            ("relam", Datum::Oid(am)),
            ("relfilenode", oid(id)),
            ("reltuples", Datum::Float4(tuples)),
            ("relhasindex", Datum::Bool(table.is_some_and(|t| shown_indexes(t).next().is_some()))),
            ("relpersistence", text("p")),
            ("relkind", text(kind)),
            ("relnatts", Datum::Int2(natts as i16)),
            ("relchecks", Datum::Int2(table.map_or(0, |t| t.checks.len() as i16))),
            ("relhasrules", Datum::Bool(kind == "v")),
            (
                "relhastriggers",
                Datum::Bool(table.is_some_and(|t| !t.foreign_keys.is_empty() || !t.referenced_by.is_empty())),
            ),
            ("relispopulated", Datum::Bool(true)),
            ("relreplident", text(if kind == "r" { "d" } else { "n" })),
            ("reloptions", if options.is_empty() { Datum::Null } else { Datum::array(Type::Text, options) }),
        ]);
    }
    Ok(rows.done())
}

fn attribute(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_ATTRIBUTE);
    let mut push =
        |id, name: &str, ty: datum::ColumnType, number: u32, not_null, has_default, identity, generated| {
            let facts = ty.ty.facts();
            let array = matches!(ty.ty, Type::Array(_));
            rows.push([
                ("attrelid", oid(id)),
                ("attname", text(name)),
                ("atttypid", Datum::Oid(ty.ty.oid())),
                ("attstattarget", Datum::Int4(-1)),
                ("attlen", Datum::Int2(ty.ty.len())),
                ("attnum", Datum::Int2(number as i16)),
                ("attndims", Datum::Int4(i32::from(array))),
                ("attcacheoff", Datum::Int4(-1)),
                ("atttypmod", Datum::Int4(ty.typmod)),
                ("attbyval", Datum::Bool(!array && facts.by_value)),
                ("attalign", text(facts.align.to_string())),
                ("attstorage", text(if array { 'x' } else { facts.storage }.to_string())),
                ("attcompression", text("")),
                ("attnotnull", Datum::Bool(not_null)),
                ("atthasdef", Datum::Bool(has_default)),
                ("attidentity", text(identity)),
                ("attgenerated", text(generated)),
                ("attislocal", Datum::Bool(true)),
                ("attcollation", Datum::Oid(facts.collation)),
            ]);
        };
    for relation in ctx.relations() {
        match relation {
            Relation::Table(t) => {
                for c in shown_columns(t) {
                    let (identity, generated) = match &c.generated {
                        Generated::No => ("", ""),
                        Generated::Identity { always: true, .. } => ("a", ""),
                        Generated::Identity { always: false, .. } => ("d", ""),
                        Generated::Stored { .. } => ("", "s"),
                    };
                    let has_default = c.default.is_some() || generated == "s";
                    push(t.id, &c.name, c.ty, c.id, !c.nullable, has_default, identity, generated);
                }
            }
            Relation::Index(t, i) => {
                let column = |id| t.columns.iter().find(|c| c.id == id);
                let keys = i.keys.iter().map(|key| match &key.what {
                    IndexKeyKind::Column(id) => column(*id).map(|c| (c.name.as_str(), c.ty)),
                    IndexKeyKind::Expression(_, ty) => Some(("expr", *ty)),
                });
                let include = i.include.iter().map(|id| column(*id).map(|c| (c.name.as_str(), c.ty)));
                for ((name, ty), number) in keys.chain(include).flatten().zip(1..) {
                    push(i.oid, name, ty, number, false, false, "", "");
                }
            }
            Relation::Sequence(s) => {
                let columns =
                    [("last_value", Type::Int8), ("log_cnt", Type::Int8), ("is_called", Type::Bool)];
                for ((name, ty), number) in columns.into_iter().zip(1..) {
                    push(s.id, name, ty.into(), number, true, false, "", "");
                }
            }
        }
    }
    Ok(rows.done())
}

fn attrdef(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_ATTRDEF);
    for table in ctx.tables() {
        for c in shown_columns(table) {
            let stored = match &c.generated {
                Generated::Stored { expr } => Some(expr),
                _ => None,
            };
            if let Some(expr) = c.default.as_ref().or(stored) {
                rows.push([
                    ("oid", attrdef_oid(table, c.id)),
                    ("adrelid", oid(table.id)),
                    ("adnum", Datum::Int2(c.id as i16)),
                    ("adbin", text(expr)),
                ]);
            }
        }
    }
    Ok(rows.done())
}

fn index(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_INDEX);
    for table in ctx.tables() {
        for i in shown_indexes(table) {
            let number = |what: &IndexKeyKind| match what {
                IndexKeyKind::Column(id) => Datum::Int2(*id as i16),
                IndexKeyKind::Expression(..) => Datum::Int2(0),
            };
            let include = i.include.iter().map(|id| Datum::Int2(*id as i16));
            let keys: Vec<Datum> = i.keys.iter().map(|key| number(&key.what)).chain(include).collect();
            let option = |key: &sql::catalog::IndexKey| {
                Datum::Int2(i16::from(key.desc) | i16::from(key.nulls_first) << 1)
            };
            let types = i.keys.iter().map(|key| match &key.what {
                IndexKeyKind::Column(id) => {
                    table.columns.iter().find(|c| c.id == *id).map_or(Type::Text, |c| c.ty.ty)
                }
                IndexKeyKind::Expression(_, ty) => ty.ty,
            });
            let classes: Vec<Datum> =
                types.clone().map(|ty| Datum::Oid(super::types::operator_class(ty))).collect();
            let collations: Vec<Datum> = types.map(|ty| Datum::Oid(ty.facts().collation)).collect();
            let expressions: Vec<&str> = i
                .keys
                .iter()
                .filter_map(|key| match &key.what {
                    IndexKeyKind::Expression(expr, _) => Some(expr.as_str()),
                    IndexKeyKind::Column(_) => None,
                })
                .collect();
            let public = i.state == sql::catalog::IndexState::Public;
            rows.push([
                ("indexrelid", oid(i.oid)),
                ("indrelid", oid(table.id)),
                ("indnatts", Datum::Int2(keys.len() as i16)),
                ("indnkeyatts", Datum::Int2(i.keys.len() as i16)),
                ("indisunique", Datum::Bool(i.unique)),
                ("indisprimary", Datum::Bool(i.primary)),
                ("indimmediate", Datum::Bool(true)),
                ("indisvalid", Datum::Bool(public)),
                ("indisready", Datum::Bool(public)),
                ("indislive", Datum::Bool(true)),
                ("indkey", vector(Type::Int2, keys)),
                ("indcollation", vector(Type::Oid, collations)),
                ("indclass", vector(Type::Oid, classes)),
                ("indoption", vector(Type::Int2, i.keys.iter().map(option).collect())),
                (
                    "indexprs",
                    super::rows::optional((!expressions.is_empty()).then(|| expressions.join(", "))),
                ),
                ("indpred", super::rows::optional(i.predicate.as_deref())),
            ]);
        }
    }
    Ok(rows.done())
}

/// int2vector and oidvector begin at 0.
fn vector(element: Type, items: Vec<Datum>) -> Datum {
    let mut array = datum::value::Array::new(element, items);
    array.lower = 0;
    Datum::Array(std::sync::Arc::new(array))
}

fn action(action: ReferentialAction) -> Datum {
    text(match action {
        ReferentialAction::NoAction => "a",
        ReferentialAction::Restrict => "r",
        ReferentialAction::Cascade => "c",
        ReferentialAction::SetNull => "n",
        ReferentialAction::SetDefault => "d",
    })
}

fn constraint(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_CONSTRAINT);
    let columns = |ids: &mut dyn Iterator<Item = u32>| {
        Datum::array(Type::Int2, ids.map(|id| Datum::Int2(id as i16)).collect())
    };
    for table in ctx.tables() {
        let common = |name: &str, kind: &str| {
            vec![
                ("conname", text(name)),
                ("connamespace", oid(table.schema)),
                ("contype", text(kind)),
                ("convalidated", Datum::Bool(true)),
                ("conrelid", oid(table.id)),
                ("conislocal", Datum::Bool(true)),
                ("connoinherit", Datum::Bool(kind != "c")),
                ("confupdtype", text(" ")),
                ("confdeltype", text(" ")),
                ("confmatchtype", text(" ")),
            ]
        };
        for i in shown_indexes(table).filter(|i| i.constraint || i.primary) {
            let mut row = common(&i.name, if i.primary { "p" } else { "u" });
            let mut keys = i.keys.iter().filter_map(|key| match key.what {
                IndexKeyKind::Column(id) => Some(id),
                IndexKeyKind::Expression(..) => None,
            });
            row.extend([("oid", oid(i.oid)), ("conindid", oid(i.oid)), ("conkey", columns(&mut keys))]);
            rows.push(row);
        }
        for check in &table.checks {
            let mut row = common(&check.name, "c");
            let mentioned = mentioned_columns(table, &check.expr);
            row.extend([
                ("oid", oid(check.oid)),
                ("conkey", columns(&mut mentioned.into_iter())),
                ("conbin", text(&check.expr)),
            ]);
            rows.push(row);
        }
        for key in &table.foreign_keys {
            let mut row = common(&key.name, "f");
            let target = ctx.catalog.snapshot.table_by_id(key.target);
            let index = target.and_then(|t| target_index(t, &key.target_columns));
            row.extend([
                ("oid", oid(key.oid)),
                ("conindid", index.map_or(Datum::Oid(0), oid)),
                ("confrelid", oid(key.target)),
                ("confupdtype", action(key.on_update)),
                ("confdeltype", action(key.on_delete)),
                ("confmatchtype", text(if key.match_full { "f" } else { "s" })),
                ("condeferrable", Datum::Bool(key.deferrable)),
                ("condeferred", Datum::Bool(key.initially_deferred)),
                ("conkey", columns(&mut key.columns.iter().copied())),
                ("confkey", columns(&mut key.target_columns.iter().copied())),
            ]);
            rows.push(row);
        }
    }
    Ok(rows.done())
}

/// The unique index that a foreign key rests on.
fn target_index(target: &TableDescriptor, columns: &[u32]) -> Option<sql::catalog::DescriptorId> {
    let covers = |i: &&sql::catalog::IndexDescriptor| {
        i.unique
            && i.keys.len() == columns.len()
            && i.keys.iter().all(|k| matches!(k.what, IndexKeyKind::Column(id) if columns.contains(&id)))
    };
    shown_indexes(target).find(covers).map(|i| i.oid)
}

/// Columns that an expression's text names.
pub fn mentioned_columns(table: &TableDescriptor, expr: &str) -> Vec<u32> {
    shown_columns(table).filter(|c| mentions(expr, &c.name)).map(|c| c.id).collect()
}

/// Whether an expression's text names a column, quoted or not.
fn mentions(expr: &str, column: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    expr.match_indices(column).any(|(at, found)| {
        !expr[..at].chars().next_back().is_some_and(word)
            && !expr[at + found.len()..].chars().next().is_some_and(word)
    })
}

fn sequence(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_SEQUENCE);
    for s in ctx.catalog.snapshot.sequences(ctx.catalog.database) {
        rows.push([
            ("seqrelid", oid(s.id)),
            ("seqtypid", Datum::Oid(s.ty.oid())),
            ("seqstart", Datum::Int8(s.start)),
            ("seqincrement", Datum::Int8(s.increment)),
            ("seqmax", Datum::Int8(s.max)),
            ("seqmin", Datum::Int8(s.min)),
            ("seqcache", Datum::Int8(s.cache)),
            ("seqcycle", Datum::Bool(s.cycle)),
        ]);
    }
    Ok(rows.done())
}

fn description(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_DESCRIPTION);
    let mut push = |id, class: u32, sub: u32, comment: &str| {
        rows.push([
            ("objoid", oid(id)),
            ("classoid", Datum::Oid(class)),
            ("objsubid", Datum::Int4(sub as i32)),
            ("description", text(comment)),
        ]);
    };
    for table in ctx.tables() {
        for (column, comment) in &table.comments {
            push(table.id, CLASS_OID, *column, comment);
        }
    }
    for schema in ctx.schemas() {
        if let Some((_, comment)) = ctx.catalog.snapshot.comment(schema.id) {
            push(schema.id, 2615, 0, comment);
        }
    }
    for relation in ctx.relations() {
        let id = match relation {
            Relation::Table(_) => continue,
            Relation::Index(_, i) => i.oid,
            Relation::Sequence(s) => s.id,
        };
        if let Some((_, comment)) = ctx.catalog.snapshot.comment(id) {
            push(id, CLASS_OID, 0, comment);
        }
    }
    Ok(rows.done())
}

fn depend(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_DEPEND);
    for s in ctx.catalog.snapshot.sequences(ctx.catalog.database) {
        let Some((table, column)) = s.owned_by else { continue };
        let identity = ctx.catalog.snapshot.table_by_id(table).is_some_and(|t| {
            let owner = t.columns.iter().find(|c| c.id == column);
            owner.is_some_and(|c| matches!(c.generated, Generated::Identity { .. }))
        });
        rows.push([
            ("classid", Datum::Oid(CLASS_OID)),
            ("objid", oid(s.id)),
            ("refclassid", Datum::Oid(CLASS_OID)),
            ("refobjid", oid(table)),
            ("refobjsubid", Datum::Int4(column as i32)),
            ("deptype", text(if identity { "i" } else { "a" })),
        ]);
    }
    for table in ctx.tables() {
        for c in shown_columns(table).filter(|c| c.default.is_some()) {
            rows.push([
                ("classid", Datum::Oid(ATTRDEF_OID)),
                ("objid", attrdef_oid(table, c.id)),
                ("refclassid", Datum::Oid(CLASS_OID)),
                ("refobjid", oid(table.id)),
                ("refobjsubid", Datum::Int4(c.id as i32)),
                ("deptype", text("a")),
            ]);
        }
    }
    Ok(rows.done())
}

fn rewrite(ctx: &VirtualContext<'_>) -> Result<Batch> {
    let mut rows = Rows::new(&PG_REWRITE);
    for table in ctx.tables().filter(|t| matches!(t.kind, RelationKind::View { .. })) {
        rows.push([
            ("oid", Datum::Oid(super::functions::rule_oid(table))),
            ("rulename", text("_RETURN")),
            ("ev_class", oid(table.id)),
            ("ev_type", text("1")),
            ("ev_enabled", text("O")),
            ("is_instead", Datum::Bool(true)),
        ]);
    }
    Ok(rows.done())
}
