//! Syntax trees of expressions as text, in the ways of PostgreSQL's `ruleutils.c`: in full every operator has its
//! parentheses; pretty, only those that must be.

use smol_str::SmolStr;

use super::{Style, quote_identifier, quote_string};
use crate::parse::ast::*;
use crate::parse::parser::with_stack;

/// What an expression is a part of: on this it depends whether it needs parentheses when printed prettily.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Parent<'a> {
    /// Something with brackets or commas of its own.
    None,
    /// An operator; whether it is the left side.
    Operator(&'a str, bool),
    /// AND
    And,
    /// OR
    Or,
    /// NOT
    Not,
    /// A subscript.
    Subscript,
    /// A field selection.
    Field,
    /// IS NULL, ANY, a cast, COLLATE: whatever is not simple needs parentheses.
    Other,
}

pub(super) struct Printer<'a> {
    pub(super) style: Style<'a>,
    pub(super) out: String,
    pub(super) level: i32,
    /// Something came that cannot be printed.
    pub(super) gave_up: bool,
}

/// PostgreSQL's PRETTYINDENT_VAR.
const CASE_INDENT: i32 = 4;
const INDENT_LIMIT: i32 = 40;

/// `-5` as one constant, and its type. Shown bare, what stands behind it (a cast, a subscript) would bind tighter
/// than its sign.
fn negative_number(expr: &Expr) -> Option<(&SmolStr, &'static str)> {
    match &expr.kind {
        ExprKind::Integer(digits) if digits.starts_with('-') => Some((
            digits,
            match digits.parse::<i64>() {
                Ok(number) if i32::try_from(number).is_ok() => "integer",
                Ok(_) => "bigint",
                Err(_) => "numeric",
            },
        )),
        ExprKind::Decimal(digits) if digits.starts_with('-') => Some((digits, "numeric")),
        _ => None,
    }
}

/// Whether it is printed as `name(…)`: index keys that are need no parentheses.
pub(super) fn looks_like_a_call(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Function(call) => !is_at_time_zone(call),
        ExprKind::Coalesce(_) | ExprKind::MinMax(..) | ExprKind::NullIf(..) | ExprKind::SqlValue(..) => true,
        _ => false,
    }
}

fn is_at_time_zone(call: &FunctionCall) -> bool {
    call.args.len() == 2 && call.name.last().is_some_and(|name| &**name == "timezone")
}

fn is_textual(ty: &TypeName) -> bool {
    let known = ty.name.last().and_then(|name| datum::Type::from_name(name));
    !ty.array && known.is_some_and(datum::Type::is_textual)
}

fn symbol_of(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Binary(op, ..) => Some(&op.symbol),
        _ => None,
    }
}

fn priority(symbol: &str) -> Option<u8> {
    match symbol.as_bytes().first()? {
        b'+' | b'-' => Some(1),
        b'*' | b'/' | b'%' => Some(2),
        _ => None,
    }
}

/// `isSimpleNode`: whether it needs no parentheses within this parent, printed prettily.
fn is_simple(expr: &Expr, parent: Parent<'_>) -> bool {
    use ExprKind::*;
    match &expr.kind {
        Field(..) => parent != Parent::Field,
        Binary(..) | Unary(..) | Like { .. } => match parent {
            Parent::Operator(outer, left) => {
                let inner = symbol_of(expr).and_then(priority);
                match (inner, priority(outer)) {
                    (Some(inner), Some(outer)) if inner == outer => left,
                    (Some(inner), Some(outer)) => inner > outer,
                    _ => false,
                }
            }
            Parent::And | Parent::Or | Parent::Not | Parent::Subscript | Parent::None => true,
            Parent::Field | Parent::Other => false,
        },
        IsNull(..)
        | IsTruth(..)
        | IsDistinct(_, _, false)
        | Exists(_)
        | Subquery(_)
        | InQuery(..)
        | ArrayQuery(_) => {
            matches!(parent, Parent::And | Parent::Or | Parent::Not | Parent::Subscript | Parent::None)
        }
        And(_) | Between { negated: false, symmetric: false, .. } | Not(_) | IsDistinct(_, _, true) => {
            matches!(parent, Parent::And | Parent::Or | Parent::Subscript | Parent::None)
        }
        Or(_) | Between { .. } => matches!(parent, Parent::Or | Parent::Subscript | Parent::None),
        InList(..) | AnyAll { .. } | Collate(..) => parent == Parent::None,
        // Between strings and others by their text formats: as simple as what is cast.
        Cast(inner, ty) if is_textual(ty) => is_simple(inner, Parent::Other),
        _ => true,
    }
}

impl<'a> Printer<'a> {
    pub(super) fn new(style: Style<'a>) -> Printer<'a> {
        Printer { style, out: String::new(), level: 0, gave_up: false }
    }

    pub(super) fn done(self) -> String {
        self.out
    }

    pub(super) fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(super) fn name(&mut self, name: &str) {
        self.out.push_str(&quote_identifier(name));
    }

    pub(super) fn qname(&mut self, name: &[Name]) {
        // Objects of pg_catalog are found without saying so.
        let name = match name {
            [schema, rest @ ..] if &**schema == "pg_catalog" && !rest.is_empty() => rest,
            all => all,
        };
        for (i, part) in name.iter().enumerate() {
            if i > 0 {
                self.push(".");
            }
            self.name(part);
        }
    }

    /// `appendContextKeyword`: on a line of its own where lines are broken.
    pub(super) fn keyword(&mut self, word: &str, before: i32, after: i32, plus: i32) {
        if !self.style.indent {
            return self.push(word);
        }
        self.level += before;
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
        let level = self.level.max(0);
        let indent = if level < INDENT_LIMIT {
            level
        } else {
            (INDENT_LIMIT + (level - INDENT_LIMIT) / 4) % INDENT_LIMIT
        };
        self.out.extend(std::iter::repeat_n(' ', usize::try_from(indent + plus).unwrap_or(0)));
        self.out.push_str(word);
        self.level = (self.level + after).max(0);
    }

    pub(super) fn list(&mut self, items: &[Expr]) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.expr(item, Parent::None);
        }
    }

    /// A part that gets parentheses of its own where pretty printing needs them (in full it has them anyway).
    fn part(&mut self, expr: &Expr, parent: Parent<'_>) {
        let parens = self.style.pretty && !is_simple(expr, parent);
        if parens {
            self.push("(");
        }
        self.expr(expr, parent);
        if parens {
            self.push(")");
        }
    }

    fn open(&mut self) {
        if !self.style.pretty {
            self.push("(");
        }
    }

    fn close(&mut self) {
        if !self.style.pretty {
            self.push(")");
        }
    }

    fn infix(&mut self, left: &Expr, symbol: &str, right: &Expr) {
        self.open();
        self.part(left, Parent::Operator(symbol, true));
        self.push(&format!(" {symbol} "));
        self.part(right, Parent::Operator(symbol, false));
        self.close();
    }

    fn junction(&mut self, parts: &[Expr], word: &str, parent: Parent<'_>) {
        self.open();
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                self.push(word);
            }
            self.part(part, parent);
        }
        self.close();
    }

    fn call(&mut self, name: &str, args: &[Expr]) {
        self.push(name);
        self.push("(");
        self.list(args);
        self.push(")");
    }

    pub(super) fn expr(&mut self, expr: &Expr, parent: Parent<'_>) {
        with_stack(|| self.expr_here(expr, parent));
    }

    fn expr_here(&mut self, expr: &Expr, _: Parent<'_>) {
        use ExprKind::*;
        if let Some((digits, ty)) = negative_number(expr) {
            return self.push(&format!("'{digits}'::{ty}"));
        }
        match &expr.kind {
            Column(name) => {
                for (i, part) in name.iter().enumerate() {
                    if i > 0 {
                        self.push(".");
                    }
                    self.name(part);
                }
            }
            Star(name) => {
                if !name.is_empty() {
                    self.qname(name);
                    self.push(".");
                }
                self.push("*");
            }
            Null => self.push("NULL"),
            Bool(b) => self.push(if *b { "true" } else { "false" }),
            Integer(digits) | Decimal(digits) => self.push(digits),
            String(text) => self.push(&quote_string(text)),
            Bits(bits) => self.push(&format!("B'{bits}'")),
            Param(n) => self.push(&format!("${n}")),
            Cast(inner, ty) => self.cast(inner, ty),
            Unary(op, inner) => {
                self.open();
                self.push(&format!("{} ", op.symbol));
                self.part(inner, Parent::Operator("", false));
                self.close();
            }
            Binary(op, left, right) => self.infix(left, &op.symbol, right),
            And(parts) => self.junction(parts, " AND ", Parent::And),
            Or(parts) => self.junction(parts, " OR ", Parent::Or),
            Not(inner) => {
                self.open();
                self.push("NOT ");
                self.part(inner, Parent::Not);
                self.close();
            }
            IsNull(inner, not) => self.postfix(inner, if *not { " IS NOT NULL" } else { " IS NULL" }),
            IsTruth(inner, truth, not) => {
                let word = match truth {
                    Truth::True => "TRUE",
                    Truth::False => "FALSE",
                    Truth::Unknown => "UNKNOWN",
                };
                self.postfix(inner, &format!(" IS {}{word}", if *not { "NOT " } else { "" }));
            }
            IsDistinct(left, right, not) => {
                if *not {
                    self.open();
                    self.push("NOT ");
                }
                self.infix(left, "IS DISTINCT FROM", right);
                if *not {
                    self.close();
                }
            }
            Between { expr, low, high, negated, symmetric } => {
                self.between(expr, low, high, *negated, *symmetric)
            }
            Like { kind, expr, pattern, escape, negated } => {
                let symbol = match (kind, negated) {
                    (LikeKind::Like, false) => "~~",
                    (LikeKind::Like, true) => "!~~",
                    (LikeKind::ILike, false) => "~~*",
                    (LikeKind::ILike, true) => "!~~*",
                    (LikeKind::Similar, _) => "SIMILAR TO",
                };
                if escape.is_none() && *kind != LikeKind::Similar {
                    return self.infix(expr, symbol, pattern);
                }
                self.push("(");
                self.part(expr, Parent::Other);
                self.push(if *negated { " NOT" } else { "" });
                self.push(match kind {
                    LikeKind::Like => " LIKE ",
                    LikeKind::ILike => " ILIKE ",
                    LikeKind::Similar => " SIMILAR TO ",
                });
                self.part(pattern, Parent::Other);
                if let Some(escape) = escape {
                    self.push(" ESCAPE ");
                    self.part(escape, Parent::Other);
                }
                self.push(")");
            }
            InList(left, items, not) => {
                self.open();
                self.part(left, Parent::Other);
                self.push(if *not { " <> ALL (ARRAY[" } else { " = ANY (ARRAY[" });
                self.list(items);
                self.push("])");
                self.close();
            }
            InQuery(left, query, not) => {
                if *not {
                    self.push("(NOT ");
                }
                self.push("(");
                self.expr(left, Parent::None);
                self.push(" IN (");
                self.subquery(query);
                self.push(if *not { ")))" } else { "))" });
            }
            AnyAll { left, op, all, right } => {
                self.open();
                self.part(left, Parent::Other);
                self.push(&format!(" {} {} (", op.symbol, if *all { "ALL" } else { "ANY" }));
                match right {
                    AnyRight::Array(array) => self.part(array, Parent::Other),
                    AnyRight::Query(query) => self.subquery(query),
                }
                self.push(")");
                self.close();
            }
            Exists(query) => {
                self.open();
                self.push("EXISTS (");
                self.subquery(query);
                self.push(")");
                self.close();
            }
            Subquery(query) => {
                self.push("(");
                self.subquery(query);
                self.push(")");
            }
            ArrayQuery(query) => {
                self.push("ARRAY(");
                self.subquery(query);
                self.push(")");
            }
            Array(items) => {
                self.push("ARRAY[");
                self.list(items);
                self.push("]");
            }
            Row(items) => self.call("ROW", items),
            Case { operand, whens, otherwise } => self.case(operand.as_deref(), whens, otherwise.as_deref()),
            Function(call) => self.function(call),
            Coalesce(items) => self.call("COALESCE", items),
            MinMax(greatest, items) => self.call(if *greatest { "GREATEST" } else { "LEAST" }, items),
            NullIf(a, b) => {
                self.push("NULLIF(");
                self.expr(a, Parent::None);
                self.push(", ");
                self.expr(b, Parent::None);
                self.push(")");
            }
            Subscript(array, subscripts) => {
                let bare = matches!(array.kind, Column(_));
                self.push(if bare { "" } else { "(" });
                self.expr(array, Parent::Subscript);
                self.push(if bare { "" } else { ")" });
                for subscript in subscripts {
                    self.subscript(subscript);
                }
            }
            Field(inner, name) => {
                self.push("(");
                self.expr(inner, Parent::Field);
                self.push(").");
                self.name(name);
            }
            FieldStar(inner) => {
                self.push("(");
                self.expr(inner, Parent::Field);
                self.push(").*");
            }
            Collate(inner, name) => {
                self.open();
                self.part(inner, Parent::Other);
                self.push(" COLLATE ");
                self.qname(name);
                self.close();
            }
            SqlValue(value, precision) => {
                self.push(match value {
                    crate::parse::ast::SqlValue::CurrentDate => "CURRENT_DATE",
                    crate::parse::ast::SqlValue::CurrentTime => "CURRENT_TIME",
                    crate::parse::ast::SqlValue::CurrentTimestamp => "CURRENT_TIMESTAMP",
                    crate::parse::ast::SqlValue::LocalTime => "LOCALTIME",
                    crate::parse::ast::SqlValue::LocalTimestamp => "LOCALTIMESTAMP",
                    crate::parse::ast::SqlValue::CurrentUser => "CURRENT_USER",
                    crate::parse::ast::SqlValue::CurrentRole => "CURRENT_ROLE",
                    crate::parse::ast::SqlValue::User => "USER",
                    crate::parse::ast::SqlValue::SessionUser => "SESSION_USER",
                    crate::parse::ast::SqlValue::CurrentCatalog => "CURRENT_CATALOG",
                    crate::parse::ast::SqlValue::CurrentSchema => "CURRENT_SCHEMA",
                });
                if let Some(precision) = precision {
                    self.push(&format!("({precision})"));
                }
            }
            Grouping(items) => self.call("GROUPING", items),
            Default => self.push("DEFAULT"),
            CurrentOf(_) | Bound(_) => self.gave_up = true,
        }
    }

    fn postfix(&mut self, inner: &Expr, words: &str) {
        self.open();
        self.part(inner, Parent::Other);
        self.push(words);
        self.close();
    }

    fn between(&mut self, expr: &Expr, low: &Expr, high: &Expr, negated: bool, symmetric: bool) {
        if symmetric {
            self.push("(");
            self.part(expr, Parent::Other);
            self.push(if negated { " NOT BETWEEN SYMMETRIC " } else { " BETWEEN SYMMETRIC " });
            self.part(low, Parent::Other);
            self.push(" AND ");
            self.part(high, Parent::Other);
            return self.push(")");
        }
        let (first, word, second) = if negated { ("<", " OR ", ">") } else { (">=", " AND ", "<=") };
        self.open();
        self.infix(expr, first, low);
        self.push(word);
        self.infix(expr, second, high);
        self.close();
    }

    fn cast(&mut self, inner: &Expr, ty: &TypeName) {
        let is_regclass = ty.name.last().is_some_and(|name| &**name == "regclass") && !ty.array;
        match &inner.kind {
            ExprKind::String(text) => {
                let named = if is_regclass { self.style.relation.and_then(|f| f(text)) } else { None };
                self.push(&quote_string(named.as_deref().unwrap_or(text)));
            }
            ExprKind::Null => self.push("NULL"),
            ExprKind::Array(items) if items.is_empty() => self.push("ARRAY[]"),
            _ => {
                self.open();
                self.part(inner, Parent::Other);
                self.close();
            }
        }
        self.push("::");
        self.type_name(ty);
    }

    pub(super) fn type_name(&mut self, ty: &TypeName) {
        let known =
            ty.name.last().filter(|_| ty.name.len() <= 2).and_then(|name| datum::Type::from_name(name));
        match known {
            // SQL's name of it; `char` of the grammar is bpchar, pg_catalog's own type is "char".
            Some(known) if ty.interval_fields < 0 => {
                let mut name = known.to_string();
                let numbers: Vec<std::string::String> = ty
                    .modifiers
                    .iter()
                    .map(|m| match &m.kind {
                        ExprKind::Integer(digits) => digits.to_string(),
                        _ => "?".to_owned(),
                    })
                    .collect();
                if known == datum::Type::Bpchar && numbers.is_empty() && !ty.array {
                    name = "bpchar".to_owned();
                }
                if !numbers.is_empty() {
                    let modifier = format!("({})", numbers.join(","));
                    // time(3) with time zone
                    match name.split_once(" with") {
                        Some((first, rest)) => name = format!("{first}{modifier} with{rest}"),
                        None => name.push_str(&modifier),
                    }
                }
                self.push(&name);
            }
            Some(known) => {
                self.push(
                    &datum::ColumnType { ty: known, typmod: (ty.interval_fields << 16) | 0xffff }.to_string(),
                );
            }
            None => self.qname(&ty.name),
        }
        if ty.array {
            self.push("[]");
        }
    }

    fn case(&mut self, operand: Option<&Expr>, whens: &[(Expr, Expr)], otherwise: Option<&Expr>) {
        self.keyword("CASE", 0, CASE_INDENT, 0);
        if let Some(operand) = operand {
            self.push(" ");
            self.expr(operand, Parent::None);
        }
        for (condition, result) in whens {
            self.space();
            self.keyword("WHEN ", 0, 0, 0);
            self.expr(condition, Parent::None);
            self.push(" THEN ");
            self.expr(result, Parent::None);
        }
        self.space();
        self.keyword("ELSE ", 0, 0, 0);
        match otherwise {
            Some(otherwise) => self.expr(otherwise, Parent::None),
            None => self.push("NULL"),
        }
        self.space();
        self.keyword("END", -CASE_INDENT, 0, 0);
    }

    fn space(&mut self) {
        if !self.style.indent {
            self.push(" ");
        }
    }

    fn subscript(&mut self, subscript: &crate::parse::ast::Subscript) {
        use crate::parse::ast::Subscript as S;
        self.push("[");
        match subscript {
            S::Index(index) => self.expr(index, Parent::None),
            S::Slice(lower, upper) => {
                if let Some(lower) = lower {
                    self.expr(lower, Parent::None);
                }
                self.push(":");
                if let Some(upper) = upper {
                    self.expr(upper, Parent::None);
                }
            }
        }
        self.push("]");
    }

    fn function(&mut self, call: &FunctionCall) {
        let name = call.name.last().map_or("", |name| name);
        match (name, call.args.as_slice()) {
            ("timezone", [zone, time]) if is_at_time_zone(call) => {
                self.push("(");
                self.part(&time.value, Parent::Other);
                self.push(" AT TIME ZONE ");
                self.part(&zone.value, Parent::Other);
                return self.push(")");
            }
            ("extract", [field, from]) => {
                if let ExprKind::String(field) = &field.value.kind {
                    self.push("EXTRACT(");
                    self.name(field);
                    self.push(" FROM ");
                    self.expr(&from.value, Parent::None);
                    return self.push(")");
                }
            }
            _ => {}
        }
        self.qname(&call.name);
        self.push("(");
        if call.distinct {
            self.push("DISTINCT ");
        }
        if call.star {
            self.push("*");
        }
        for (i, arg) in call.args.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            if call.variadic && i + 1 == call.args.len() {
                self.push("VARIADIC ");
            }
            if let Some(name) = &arg.name {
                self.name(name);
                self.push(" => ");
            }
            self.expr(&arg.value, Parent::None);
        }
        if !call.order_by.is_empty() {
            self.push(" ORDER BY ");
            self.order_by(&call.order_by);
        }
        self.push(")");
        if let Some(within) = &call.within_group {
            self.push(" WITHIN GROUP (ORDER BY ");
            self.order_by(within);
            self.push(")");
        }
        if let Some(filter) = &call.filter {
            self.push(" FILTER (WHERE ");
            self.expr(filter, Parent::None);
            self.push(")");
        }
        if let Some(over) = &call.over {
            self.push(" OVER ");
            self.window(over);
        }
    }

    pub(super) fn order_by(&mut self, items: &[OrderItem]) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.order_key(&item.expr);
            if let Some(using) = &item.using {
                self.push(&format!(" USING {}", using.symbol));
            }
            if item.desc {
                self.push(" DESC");
            }
            match item.nulls_first {
                Some(first) if first != item.desc => {
                    self.push(if first { " NULLS FIRST" } else { " NULLS LAST" });
                }
                _ => {}
            }
        }
    }

    /// Sort keys and group keys that are no plain columns have parentheses in PostgreSQL, unless they are calls.
    pub(super) fn order_key(&mut self, expr: &Expr) {
        use ExprKind::*;
        let bare = matches!(expr.kind, Column(_) | Integer(_)) && negative_number(expr).is_none()
            || looks_like_a_call(expr)
            || !self.style.pretty;
        self.push(if bare { "" } else { "(" });
        self.expr(expr, Parent::None);
        self.push(if bare { "" } else { ")" });
    }
}
