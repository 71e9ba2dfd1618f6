//! Bound expressions as text that binds to the same again: every cast is written, every operator in parentheses.

use datum::deparse::constant;
use datum::{Datum, Expr, Type};

use super::{quote_identifier, quote_string};

/// What a bound expression does not say itself.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// Name of a column of the input row, quoted and qualified as it is to be shown.
    pub column: &'a dyn Fn(u32) -> String,
    /// Name of an object by the type of its reference (regclass …) and OID, quoted and qualified; `None` shows the
    /// number.
    pub object: &'a dyn Fn(Type, u32) -> Option<String>,
}

/// An expression as PostgreSQL would deparse it without pretty-printing: `(price > (0)::numeric)`. A cast at the top
/// that was not written (an assignment's) is left out.
pub fn expression(expr: &Expr, names: Names<'_>) -> String {
    let mut out = String::new();
    Show { names, out: &mut out }.show(expr, false);
    out
}

struct Show<'a> {
    names: Names<'a>,
    out: &'a mut String,
}

impl Show<'_> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn list(&mut self, items: &[Expr]) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.show(item, true);
        }
    }

    fn call(&mut self, name: &str, args: &[Expr]) {
        self.push(name);
        self.push("(");
        self.list(args);
        self.push(")");
    }

    fn junction(&mut self, parts: &[Expr], word: &str) {
        self.push("(");
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                self.push(word);
            }
            self.show(part, false);
        }
        self.push(")");
    }

    fn constant(&mut self, value: &Datum, ty: Type) {
        let text = match (value, ty) {
            (Datum::Oid(oid), object) if object.is_object() => {
                let name = (self.names.object)(ty, *oid).unwrap_or_else(|| oid.to_string());
                format!("{}::{ty}", quote_string(&name))
            }
            (Datum::Null, Type::Unknown) => "NULL".to_owned(),
            (Datum::Text(text), Type::Unknown) => quote_string(text),
            _ => constant(value, ty),
        };
        self.push(&text);
    }

    /// `left symbol right` in parentheses.
    fn infix(&mut self, left: &Expr, word: &str, right: &Expr) {
        self.push("(");
        self.show(left, true);
        self.push(word);
        self.show(right, true);
        self.push(")");
    }

    /// `left = ANY (…)`, `left <> ALL (…)`. PostgreSQL has no operators of varchar: it compares as text.
    fn members(&mut self, left: &Expr, items: &[Expr], negated: bool) {
        let as_text = left.ty() == Type::Varchar;
        let (open, close, array) = if as_text { ("((", ")::text", ")::text[]") } else { ("(", "", "") };
        self.push(open);
        self.show(left, true);
        self.push(close);
        self.push(if negated { " <> ALL (" } else { " = ANY (" });
        self.push(if as_text { "(ARRAY[" } else { "ARRAY[" });
        self.list(items);
        self.push("]");
        self.push(array);
        self.push("))");
    }

    /// `implicit`: a cast that the user did not write is shown all the same.
    fn show(&mut self, expr: &Expr, implicit: bool) {
        crate::parse::parser::with_stack(|| self.show_here(expr, implicit));
    }

    fn show_here(&mut self, expr: &Expr, implicit: bool) {
        match expr {
            Expr::Const(value, ty) => self.constant(value, *ty),
            Expr::Column(i, _) => {
                let name = (self.names.column)(*i);
                self.push(&name);
            }
            Expr::Param(i, _) => self.push(&format!("${}", i + 1)),
            Expr::Register(i, _) => self.push(&format!("${i}")),
            Expr::Call { function, args, .. } => match (function.operator, function.name, args.as_slice()) {
                (Some(symbol), _, [left, right]) => self.infix(left, &format!(" {symbol} "), right),
                (Some(symbol), _, [right]) => {
                    self.push(&format!("({symbol} "));
                    self.show(right, true);
                    self.push(")");
                }
                (_, "timezone", [zone, time]) => self.infix(time, " AT TIME ZONE ", zone),
                (_, "extract", [Expr::Const(Datum::Text(field), _), from]) => {
                    self.push(&format!("EXTRACT({} FROM ", quote_identifier(field)));
                    self.show(from, true);
                    self.push(")");
                }
                // SQL's words without parentheses have no OID.
                (_, name, []) if function.oid == 0 => self.push(&name.to_uppercase()),
                (_, name, args) => self.call(&quote_identifier(name), args),
            },
            Expr::And(parts) => self.junction(parts, " AND "),
            Expr::Or(parts) => self.junction(parts, " OR "),
            Expr::Not(inner) => match &**inner {
                Expr::IsNull(tested) => {
                    self.push("(");
                    self.show(tested, true);
                    self.push(" IS NOT NULL)");
                }
                Expr::In { left, list } => self.members(left, &list.items, true),
                other => {
                    self.push("(NOT ");
                    self.show(other, false);
                    self.push(")");
                }
            },
            Expr::IsNull(inner) => {
                self.push("(");
                self.show(inner, true);
                self.push(" IS NULL)");
            }
            Expr::IsDistinct { left, right, negated } => {
                // IS TRUE and IS FALSE are bound as this.
                match (&**right, negated) {
                    (Expr::Const(Datum::Bool(truth), _), negated) => {
                        self.push("(");
                        self.show(left, false);
                        let not = if *negated { "" } else { "NOT " };
                        self.push(&format!(" IS {not}{})", if *truth { "TRUE" } else { "FALSE" }));
                    }
                    (_, true) => {
                        self.push("(NOT ");
                        self.infix(left, " IS DISTINCT FROM ", right);
                        self.push(")");
                    }
                    (_, false) => self.infix(left, " IS DISTINCT FROM ", right),
                }
            }
            Expr::Case { whens, otherwise, ty } => {
                self.push("CASE");
                for (condition, result) in whens {
                    self.push(" WHEN ");
                    self.show(condition, false);
                    self.push(" THEN ");
                    self.show(result, true);
                }
                self.push(" ELSE ");
                match otherwise {
                    Some(otherwise) => self.show(otherwise, true),
                    None => self.constant(&Datum::Null, *ty),
                }
                self.push(" END");
            }
            Expr::Coalesce(args, _) => self.call("COALESCE", args),
            Expr::MinMax { greatest, args, .. } => {
                self.call(if *greatest { "GREATEST" } else { "LEAST" }, args)
            }
            Expr::Cast { expr, to, explicit } => {
                if !explicit && !implicit {
                    return self.show(expr, false);
                }
                match &**expr {
                    // A literal of the type with a modifier, or of a name: no parentheses.
                    Expr::Const(Datum::Text(text), ty) if *ty == to.ty || *ty == Type::Unknown => {
                        self.push(&format!("{}::{to}", quote_string(text)));
                    }
                    Expr::Const(Datum::Text(text), Type::Text) if to.ty.is_object() => {
                        self.push(&format!("{}::{to}", quote_string(text)));
                    }
                    inner => {
                        self.push("(");
                        self.show(inner, false);
                        self.push(&format!(")::{to}"));
                    }
                }
            }
            Expr::AnyAll { left, function, array, all } => {
                self.push("(");
                self.show(left, true);
                let symbol = function.operator.unwrap_or(function.name);
                self.push(&format!(" {symbol} {} (", if *all { "ALL" } else { "ANY" }));
                self.show(array, true);
                self.push("))");
            }
            Expr::In { left, list } => self.members(left, &list.items, false),
            Expr::Array(items, element) => {
                self.push("ARRAY[");
                self.list(items);
                self.push("]");
                if items.is_empty() {
                    self.push(&format!("::{}[]", datum::ColumnType::plain(**element)));
                }
            }
            Expr::Subscript { array, index, .. } => {
                self.subscripted(array);
                self.push("[");
                self.show(index, false);
                self.push("]");
            }
            Expr::Slice { array, lower, upper, .. } => {
                self.subscripted(array);
                self.push("[");
                if let Some(lower) = lower {
                    self.show(lower, false);
                }
                self.push(":");
                if let Some(upper) = upper {
                    self.show(upper, false);
                }
                self.push("]");
            }
            Expr::Row(items) => self.call("ROW", items),
            Expr::Field(inner, i, _) => {
                self.push("(");
                self.show(inner, true);
                self.push(&format!(").f{}", i + 1));
            }
        }
    }

    fn subscripted(&mut self, array: &Expr) {
        let bare = matches!(array, Expr::Column(..) | Expr::Subscript { .. } | Expr::Slice { .. });
        if !bare {
            self.push("(");
        }
        self.show(array, true);
        if !bare {
            self.push(")");
        }
    }
}
