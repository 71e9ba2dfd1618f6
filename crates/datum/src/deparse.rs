//! Expressions as PostgreSQL shows them in EXPLAIN: `((a > 5) AND (b = 'x'::text))`.

use std::fmt;

use crate::expr::{Expr, default_settings, with_stack};
use crate::functions::text::{quote_identifier, quote_string};
use crate::types::{ColumnType, Type};
use crate::value::Datum;

impl Expr {
    /// As EXPLAIN shows it; `names` gives the name of each column of the input row.
    pub fn display<'e>(&'e self, names: &'e dyn Fn(u32) -> String) -> Display<'e> {
        Display { expr: self, names }
    }
}

/// Without names: columns are `#0`, `#1` ….
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.display(&|i| format!("#{i}")))
    }
}

/// See [`Expr::display`].
pub struct Display<'e> {
    expr: &'e Expr,
    names: &'e dyn Fn(u32) -> String,
}

impl fmt::Display for Display<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        show(self.expr, self.names, &mut out);
        f.write_str(&out)
    }
}

/// A constant as SQL: numbers bare, everything else quoted with its type.
pub fn constant(value: &Datum, ty: Type) -> String {
    // Of a column's type: `character` alone would be read as character(1), and cut the value.
    let shown = ColumnType::plain(ty);
    let text = match value {
        Datum::Null => return format!("NULL::{shown}"),
        Datum::Bool(b) => return b.to_string(),
        other => crate::text::to_string(other, ty, default_settings()),
    };
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match ty {
        Type::Int4 if plain => text,
        Type::Int4 => format!("'{text}'::integer"),
        Type::Numeric if plain && text.contains('.') => text,
        _ => format!("{}::{shown}", quote_string(&text)),
    }
}

fn list(items: &[Expr], names: &dyn Fn(u32) -> String, out: &mut String) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        show(item, names, out);
    }
}

fn junction(parts: &[Expr], word: &str, names: &dyn Fn(u32) -> String, out: &mut String) {
    out.push('(');
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(word);
        }
        show(part, names, out);
    }
    out.push(')');
}

fn show(expr: &Expr, names: &dyn Fn(u32) -> String, out: &mut String) {
    with_stack(|| show_inner(expr, names, out));
}

fn show_inner(expr: &Expr, names: &dyn Fn(u32) -> String, out: &mut String) {
    match expr {
        Expr::Const(value, ty) => out.push_str(&constant(value, *ty)),
        Expr::Column(i, _) => out.push_str(&names(*i)),
        Expr::Param(i, _) | Expr::Register(i, _) => {
            out.push('$');
            // Registers have their own numbers; EXPLAIN shows both alike, as PostgreSQL does.
            out.push_str(&if matches!(expr, Expr::Param(..)) { i + 1 } else { *i }.to_string());
        }
        Expr::Call { function, args, .. } => match (function.operator, args.as_slice()) {
            (Some(symbol), [left, right]) => {
                out.push('(');
                show(left, names, out);
                out.push_str(&format!(" {symbol} "));
                show(right, names, out);
                out.push(')');
            }
            (Some(symbol), [right]) => {
                out.push_str(&format!("({symbol} "));
                show(right, names, out);
                out.push(')');
            }
            _ => {
                out.push_str(&match (function.oid, args.is_empty()) {
                    // SQL's words without parentheses.
                    (0, true) => function.name.to_uppercase(),
                    _ => quote_identifier(function.name),
                });
                if function.oid != 0 || !args.is_empty() {
                    out.push('(');
                    list(args, names, out);
                    out.push(')');
                }
            }
        },
        Expr::And(parts) => junction(parts, " AND ", names, out),
        Expr::Or(parts) => junction(parts, " OR ", names, out),
        Expr::Not(inner) => {
            if let Expr::IsNull(tested) = &**inner {
                out.push('(');
                show(tested, names, out);
                out.push_str(" IS NOT NULL)");
            } else {
                out.push_str("(NOT ");
                show(inner, names, out);
                out.push(')');
            }
        }
        Expr::IsNull(inner) => {
            out.push('(');
            show(inner, names, out);
            out.push_str(" IS NULL)");
        }
        Expr::IsDistinct { left, right, negated } => {
            out.push('(');
            show(left, names, out);
            out.push_str(if *negated { " IS NOT DISTINCT FROM " } else { " IS DISTINCT FROM " });
            show(right, names, out);
            out.push(')');
        }
        Expr::Case { whens, otherwise, .. } => {
            out.push_str("CASE");
            for (condition, result) in whens {
                out.push_str(" WHEN ");
                show(condition, names, out);
                out.push_str(" THEN ");
                show(result, names, out);
            }
            if let Some(otherwise) = otherwise {
                out.push_str(" ELSE ");
                show(otherwise, names, out);
            }
            out.push_str(" END");
        }
        Expr::Coalesce(args, _) => call("COALESCE", args, names, out),
        Expr::MinMax { greatest, args, .. } => {
            call(if *greatest { "GREATEST" } else { "LEAST" }, args, names, out)
        }
        Expr::Cast { expr, to, .. } => {
            out.push('(');
            show(expr, names, out);
            out.push_str(&format!(")::{}", type_name(*to)));
        }
        Expr::AnyAll { left, function, array, all } => {
            out.push('(');
            show(left, names, out);
            let symbol = function.operator.unwrap_or(function.name);
            out.push_str(&format!(" {symbol} {} (", if *all { "ALL" } else { "ANY" }));
            show(array, names, out);
            out.push_str("))");
        }
        Expr::In { left, list: members } => {
            out.push('(');
            show(left, names, out);
            let ty = left.ty();
            let constants: Option<Vec<Datum>> = members
                .items
                .iter()
                .map(|m| if let Expr::Const(value, _) = m { Some(value.clone()) } else { None })
                .collect();
            match (constants, ty.array_of()) {
                (Some(items), Some(array)) => {
                    let text = crate::text::to_string(&Datum::array(ty, items), array, default_settings());
                    out.push_str(&format!(" = ANY ({}::{array}))", quote_string(&text)));
                }
                _ => {
                    out.push_str(" = ANY (ARRAY[");
                    list(&members.items, names, out);
                    out.push_str("]))");
                }
            }
        }
        Expr::Array(items, _) => {
            out.push_str("ARRAY[");
            list(items, names, out);
            out.push(']');
        }
        Expr::Subscript { array, index, .. } => {
            show(array, names, out);
            out.push('[');
            show(index, names, out);
            out.push(']');
        }
        Expr::Slice { array, lower, upper, .. } => {
            show(array, names, out);
            out.push('[');
            if let Some(lower) = lower {
                show(lower, names, out);
            }
            out.push(':');
            if let Some(upper) = upper {
                show(upper, names, out);
            }
            out.push(']');
        }
        Expr::Row(items) => call("ROW", items, names, out),
        Expr::Field(inner, i, _) => {
            out.push('(');
            show(inner, names, out);
            out.push_str(&format!(").f{}", i + 1));
        }
    }
}

fn type_name(ty: ColumnType) -> String {
    ty.to_string()
}

fn call(name: &str, args: &[Expr], names: &dyn Fn(u32) -> String, out: &mut String) {
    out.push_str(name);
    out.push('(');
    list(args, names, out);
    out.push(')');
}
