//! Expressions: precedence climbing with PostgreSQL's table.
//!
//! ```text
//!   OR < AND < NOT < IS < (< > = <= >= <>) < (BETWEEN IN LIKE ILIKE SIMILAR) < other operators < + - < * / % < ^
//!      < AT TIME ZONE < COLLATE < unary + - < [] < :: < .
//! ```
//! Comparisons and the BETWEEN family do not associate: `a < b = c` is a syntax error at `=`.

use datum::error::sqlstate;
use datum::{Error, Result};
use smol_str::SmolStr;

use super::ast::*;
use super::keywords::{Class, K};
use super::lexer::Tok;
use super::parser::Parser;
use crate::plan::{FrameExclude, FrameUnit};

const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const IS: u8 = 4;
const COMPARE: u8 = 5;
const BETWEEN: u8 = 6;
const OTHER: u8 = 8;
const ADD: u8 = 9;
const MUL: u8 = 10;
const POW: u8 = 11;
const AT: u8 = 12;
const COLLATE: u8 = 13;
const UNARY: u8 = 14;

fn op_precedence(symbol: &str) -> u8 {
    match symbol {
        "<" | ">" | "=" | "<=" | ">=" | "<>" | "!=" => COMPARE,
        "+" | "-" => ADD,
        "*" | "/" | "%" => MUL,
        "^" => POW,
        _ => OTHER,
    }
}

pub(crate) fn expr(kind: ExprKind, pos: Pos) -> Expr {
    Expr { kind, pos }
}

fn call(name: &str, args: Vec<Expr>, pos: Pos) -> Expr {
    let args = args.into_iter().map(|value| Arg { name: None, value }).collect();
    expr(
        ExprKind::Function(Box::new(FunctionCall {
            name: vec![Name { text: "pg_catalog".into(), pos }, Name { text: name.into(), pos }],
            args,
            variadic: false,
            star: false,
            distinct: false,
            order_by: Vec::new(),
            within_group: None,
            filter: None,
            over: None,
        })),
        pos,
    )
}

fn string_expr(text: &str, pos: Pos) -> Expr {
    expr(ExprKind::String(text.into()), pos)
}

pub(crate) fn pg_type(name: &str, pos: Pos) -> TypeName {
    TypeName {
        name: vec![Name { text: "pg_catalog".into(), pos }, Name { text: name.into(), pos }],
        modifiers: Vec::new(),
        interval_fields: -1,
        array: false,
        setof: false,
        pos,
    }
}

impl Parser<'_> {
    /// a_expr.
    pub(crate) fn expr(&mut self) -> Result<Expr> {
        self.expr_above(0)
    }

    /// b_expr, as in DEFAULT: no AND, OR, NOT, IS NULL.
    pub(crate) fn b_expr(&mut self) -> Result<Expr> {
        self.expr_above(COMPARE)
    }

    pub(crate) fn expr_list(&mut self) -> Result<Vec<Expr>> {
        self.list(Self::expr)
    }

    fn expr_above(&mut self, min: u8) -> Result<Expr> {
        self.nested(|p| p.climb(min))
    }

    fn climb(&mut self, min: u8) -> Result<Expr> {
        let mut left = self.prefix()?;
        // The precedence of the last non-associative operator at this level: an equal one may not follow.
        let mut barred = 0u8;
        let mut chain = 0u32;
        loop {
            let t = self.peek();
            let prec = self.infix_precedence();
            if prec == 0 || prec < min {
                return Ok(left);
            }
            if prec == barred {
                return Err(self.error());
            }
            chain += 1;
            if chain > super::parser::DEPTH_MAX && !matches!(t.kw, K::AND | K::OR) {
                return Err(super::parser::too_deep());
            }
            barred = 0;
            match prec {
                OR | AND => {
                    self.next();
                    let right = self.expr_above(prec + 1)?;
                    left = match (prec, left) {
                        (AND, Expr { kind: ExprKind::And(mut items), pos }) => {
                            items.push(right);
                            expr(ExprKind::And(items), pos)
                        }
                        (OR, Expr { kind: ExprKind::Or(mut items), pos }) => {
                            items.push(right);
                            expr(ExprKind::Or(items), pos)
                        }
                        (AND, left) => expr(ExprKind::And(vec![left, right]), t.pos),
                        (_, left) => expr(ExprKind::Or(vec![left, right]), t.pos),
                    };
                }
                IS => {
                    (left, barred) = self.is_suffix(left)?;
                    // `a IS NULL::text` casts the test: nothing else could be meant.
                    left = self.postfix(left)?;
                }
                BETWEEN => {
                    left = self.between_suffix(left)?;
                    left = self.postfix(left)?;
                    barred = BETWEEN;
                }
                AT => {
                    self.i += 3;
                    let zone = self.expr_above(AT + 1)?;
                    left = call("timezone", vec![zone, left], t.pos);
                }
                COLLATE => {
                    self.next();
                    let name = self.qname()?;
                    left = expr(ExprKind::Collate(Box::new(left), name), t.pos);
                }
                _ if t.kw == K::OVERLAPS => {
                    self.next();
                    let right = self.expr_above(prec + 1)?;
                    let (ExprKind::Row(a), ExprKind::Row(b)) = (left.kind, right.kind) else {
                        return Err(self.error_at(t));
                    };
                    left = call("overlaps", a.into_iter().chain(b).collect(), t.pos);
                }
                _ => {
                    let op = self.operator()?;
                    if matches!(self.kw(), K::ANY | K::SOME | K::ALL) && self.is_punct_at(1, b'(') {
                        let all = self.next().kw == K::ALL;
                        let right = if self.group_is_query(0) {
                            self.expect_punct(b'(')?;
                            let query = self.query()?;
                            self.expect_punct(b')')?;
                            AnyRight::Query(Box::new(query))
                        } else {
                            self.expect_punct(b'(')?;
                            let array = self.expr()?;
                            self.expect_punct(b')')?;
                            AnyRight::Array(Box::new(array))
                        };
                        left = expr(ExprKind::AnyAll { left: Box::new(left), op, all, right }, t.pos);
                    } else {
                        let right = self.expr_above(prec + 1)?;
                        left = expr(ExprKind::Binary(op, Box::new(left), Box::new(right)), t.pos);
                    }
                    if prec == COMPARE {
                        barred = COMPARE;
                    }
                }
            }
        }
    }

    fn infix_precedence(&self) -> u8 {
        let t = self.peek();
        match t.tok {
            Tok::Op => {
                let symbol = self.text(t);
                if symbol == "=>" { 0 } else { op_precedence(symbol) }
            }
            Tok::Word => match t.kw {
                K::OR => OR,
                K::AND => AND,
                K::IS | K::ISNULL | K::NOTNULL => IS,
                K::BETWEEN | K::IN | K::LIKE | K::ILIKE => BETWEEN,
                // `substring(x SIMILAR y ESCAPE z)` has a SIMILAR of its own.
                K::SIMILAR if self.kw_at(1) == K::TO => BETWEEN,
                K::NOT if matches!(self.kw_at(1), K::BETWEEN | K::IN | K::LIKE | K::ILIKE | K::SIMILAR) => {
                    BETWEEN
                }
                K::OPERATOR if self.is_punct_at(1, b'(') => OTHER,
                K::OVERLAPS => OTHER,
                K::AT if self.kw_at(1) == K::TIME && self.kw_at(2) == K::ZONE => AT,
                K::COLLATE => COLLATE,
                _ => 0,
            },
            _ => 0,
        }
    }

    /// An operator, OPERATOR(schema.op) too.
    pub(crate) fn operator(&mut self) -> Result<OpName> {
        let pos = self.pos();
        if self.is(K::OPERATOR) && self.is_punct_at(1, b'(') {
            self.i += 2;
            let mut schema = None;
            while self.peek().tok != Tok::Op {
                schema = Some(self.col_id()?.text);
                self.expect_punct(b'.')?;
            }
            let t = self.next();
            let symbol = SmolStr::new(self.text(t));
            self.expect_punct(b')')?;
            return Ok(OpName { symbol, schema, pos });
        }
        let t = self.peek();
        if t.tok != Tok::Op {
            return Err(self.error());
        }
        self.i += 1;
        let symbol = match self.text(t) {
            "!=" => "<>",
            other => other,
        };
        Ok(OpName { symbol: symbol.into(), schema: None, pos })
    }

    fn is_suffix(&mut self, left: Expr) -> Result<(Expr, u8)> {
        let t = self.next();
        let pos = t.pos;
        let left = Box::new(left);
        if t.kw == K::ISNULL {
            return Ok((expr(ExprKind::IsNull(left, false), pos), 0));
        }
        if t.kw == K::NOTNULL {
            return Ok((expr(ExprKind::IsNull(left, true), pos), 0));
        }
        let negated = self.eat(K::NOT);
        let kind = match self.kw() {
            K::NULL => ExprKind::IsNull(left, negated),
            K::TRUE => ExprKind::IsTruth(left, Truth::True, negated),
            K::FALSE => ExprKind::IsTruth(left, Truth::False, negated),
            K::UNKNOWN => ExprKind::IsTruth(left, Truth::Unknown, negated),
            K::DISTINCT => {
                self.next();
                self.expect(K::FROM)?;
                let right = self.expr_above(COMPARE)?;
                return Ok((expr(ExprKind::IsDistinct(left, Box::new(right), negated), pos), IS));
            }
            K::DOCUMENT | K::NORMALIZED | K::NFC | K::NFD | K::NFKC | K::NFKD => {
                return Err(Error::unsupported("IS DOCUMENT or IS NORMALIZED").at(pos as usize));
            }
            _ => return Err(self.error()),
        };
        self.next();
        Ok((expr(kind, pos), 0))
    }

    fn between_suffix(&mut self, left: Expr) -> Result<Expr> {
        let pos = self.pos();
        let negated = self.eat(K::NOT);
        let left = Box::new(left);
        let t = self.next();
        let kind = match t.kw {
            K::BETWEEN => {
                let symmetric = self.eat(K::SYMMETRIC);
                if !symmetric {
                    self.eat(K::ASYMMETRIC);
                }
                let low = Box::new(self.expr_above(BETWEEN + 1)?);
                self.expect(K::AND)?;
                let high = Box::new(self.expr_above(BETWEEN + 1)?);
                ExprKind::Between { expr: left, low, high, negated, symmetric }
            }
            K::IN => {
                if self.group_is_query(0) {
                    self.next();
                    let query = self.query()?;
                    self.expect_punct(b')')?;
                    ExprKind::InQuery(left, Box::new(query), negated)
                } else {
                    let list = self.paren_list(Self::expr)?;
                    ExprKind::InList(left, list, negated)
                }
            }
            K::LIKE | K::ILIKE | K::SIMILAR => {
                let kind = match t.kw {
                    K::LIKE => LikeKind::Like,
                    K::ILIKE => LikeKind::ILike,
                    _ => {
                        self.expect(K::TO)?;
                        LikeKind::Similar
                    }
                };
                if matches!(self.kw(), K::ANY | K::SOME | K::ALL)
                    && self.is_punct_at(1, b'(')
                    && kind != LikeKind::Similar
                {
                    let all = self.next().kw == K::ALL;
                    let symbol = match (kind, negated) {
                        (LikeKind::Like, false) => "~~",
                        (LikeKind::Like, true) => "!~~",
                        (_, false) => "~~*",
                        (_, true) => "!~~*",
                    };
                    let op = OpName { symbol: symbol.into(), schema: None, pos };
                    let is_query = self.group_is_query(0);
                    self.expect_punct(b'(')?;
                    let right = if is_query {
                        AnyRight::Query(Box::new(self.query()?))
                    } else {
                        AnyRight::Array(Box::new(self.expr()?))
                    };
                    self.expect_punct(b')')?;
                    return Ok(expr(ExprKind::AnyAll { left, op, all, right }, pos));
                }
                let pattern = Box::new(self.expr_above(BETWEEN + 1)?);
                let escape =
                    if self.eat(K::ESCAPE) { Some(Box::new(self.expr_above(BETWEEN + 1)?)) } else { None };
                ExprKind::Like { kind, expr: left, pattern, escape, negated }
            }
            _ => return Err(self.error_at(t)),
        };
        Ok(expr(kind, pos))
    }

    fn prefix(&mut self) -> Result<Expr> {
        let t = self.peek();
        if t.kw == K::NOT {
            self.next();
            let inner = self.expr_above(NOT)?;
            return Ok(expr(ExprKind::Not(Box::new(inner)), t.pos));
        }
        if t.tok == Tok::Op || (t.kw == K::OPERATOR && self.is_punct_at(1, b'(')) {
            let symbol = if t.tok == Tok::Op { self.text(t) } else { "" };
            match symbol {
                "+" | "-" => {
                    let op = self.operator()?;
                    // A sign before digits is part of the number, so that the least integers can be written.
                    let number = self.peek();
                    let inner = self.expr_above(UNARY)?;
                    if op.symbol == "-" && matches!(number.tok, Tok::Integer | Tok::Decimal) {
                        match &inner.kind {
                            ExprKind::Integer(text) => {
                                return Ok(expr(ExprKind::Integer(format!("-{text}").into()), t.pos));
                            }
                            ExprKind::Decimal(text) => {
                                return Ok(expr(ExprKind::Decimal(format!("-{text}").into()), t.pos));
                            }
                            _ => {}
                        }
                    }
                    return Ok(expr(ExprKind::Unary(op, Box::new(inner)), t.pos));
                }
                "<" | ">" | "=" | "<=" | ">=" | "<>" | "!=" | "*" | "/" | "%" | "^" | "=>" => {
                    return Err(self.error());
                }
                _ => {
                    let op = self.operator()?;
                    let inner = self.expr_above(OTHER + 1)?;
                    return Ok(expr(ExprKind::Unary(op, Box::new(inner)), t.pos));
                }
            }
        }
        let primary = self.primary()?;
        self.postfix(primary)
    }

    /// Subscripts, casts and field selection after a primary.
    fn postfix(&mut self, mut left: Expr) -> Result<Expr> {
        let mut chain = 0u32;
        loop {
            chain += 1;
            if chain > super::parser::DEPTH_MAX {
                return Err(super::parser::too_deep());
            }
            let t = self.peek();
            match t.tok {
                Tok::Cast => {
                    self.next();
                    let ty = self.type_name()?;
                    left = expr(ExprKind::Cast(Box::new(left), Box::new(ty)), t.pos);
                }
                Tok::Punct(b'[') => {
                    let subscripts = self.subscripts()?;
                    left = expr(ExprKind::Subscript(Box::new(left), subscripts), t.pos);
                }
                Tok::Punct(b'.') => {
                    self.next();
                    if self.eat_op("*") {
                        left = expr(ExprKind::FieldStar(Box::new(left)), t.pos);
                    } else {
                        let name = self.col_label()?;
                        left = expr(ExprKind::Field(Box::new(left), name), t.pos);
                    }
                }
                _ => return Ok(left),
            }
        }
    }

    pub(crate) fn subscripts(&mut self) -> Result<Vec<Subscript>> {
        let mut out = Vec::new();
        while self.eat_punct(b'[') {
            let lower =
                if self.is_punct(b':') || self.is_punct(b']') { None } else { Some(Box::new(self.expr()?)) };
            if self.eat_punct(b':') {
                let upper = if self.is_punct(b']') { None } else { Some(Box::new(self.expr()?)) };
                out.push(Subscript::Slice(lower, upper));
            } else {
                match lower {
                    Some(index) => out.push(Subscript::Index(index)),
                    None => return Err(self.error()),
                }
            }
            self.expect_punct(b']')?;
        }
        Ok(out)
    }

    pub(crate) fn primary(&mut self) -> Result<Expr> {
        let t = self.peek();
        let pos = t.pos;
        match t.tok {
            Tok::Integer => {
                self.next();
                Ok(expr(ExprKind::Integer(self.text(t).into()), pos))
            }
            Tok::Decimal => {
                self.next();
                Ok(expr(ExprKind::Decimal(self.text(t).into()), pos))
            }
            Tok::String | Tok::Escape | Tok::UnicodeString | Tok::Dollar => {
                let text = self.string()?;
                Ok(expr(ExprKind::String(text.into()), pos))
            }
            Tok::Bits | Tok::Hex => Err(Error::unsupported("type bit").at(pos as usize)),
            Tok::Param => {
                self.next();
                let number =
                    self.text(t).get(1..).and_then(|n| n.parse::<u32>().ok()).filter(|n| *n <= 65535);
                match number {
                    Some(n) if n > 0 => {
                        self.max_param = self.max_param.max(n);
                        Ok(expr(ExprKind::Param(n), pos))
                    }
                    _ => Err(Error::new(
                        sqlstate::UNDEFINED_PARAMETER,
                        format!("there is no parameter {}", self.text(t)),
                    )
                    .at(pos as usize)),
                }
            }
            Tok::Punct(b'(') => self.parenthesised(),
            Tok::Word | Tok::Quoted | Tok::UnicodeQuoted => self.word_primary(),
            _ => Err(self.error()),
        }
    }

    fn parenthesised(&mut self) -> Result<Expr> {
        let pos = self.pos();
        if self.group_is_query(0) {
            self.next();
            let query = self.query()?;
            self.expect_punct(b')')?;
            return Ok(expr(ExprKind::Subquery(Box::new(query)), pos));
        }
        self.expect_punct(b'(')?;
        let first = self.expr()?;
        if self.eat_punct(b',') {
            let mut items = vec![first];
            items.extend(self.expr_list()?);
            self.expect_punct(b')')?;
            return Ok(expr(ExprKind::Row(items), pos));
        }
        self.expect_punct(b')')?;
        Ok(first)
    }

    fn word_primary(&mut self) -> Result<Expr> {
        let t = self.peek();
        let pos = t.pos;
        let paren = self.is_punct_at(1, b'(');
        let kind = match t.kw {
            K::NULL => ExprKind::Null,
            K::TRUE => ExprKind::Bool(true),
            K::FALSE => ExprKind::Bool(false),
            K::DEFAULT => ExprKind::Default,
            K::CURRENT_DATE => ExprKind::SqlValue(SqlValue::CurrentDate, None),
            K::CURRENT_USER => ExprKind::SqlValue(SqlValue::CurrentUser, None),
            K::CURRENT_ROLE => ExprKind::SqlValue(SqlValue::CurrentRole, None),
            K::USER => ExprKind::SqlValue(SqlValue::User, None),
            K::SESSION_USER => ExprKind::SqlValue(SqlValue::SessionUser, None),
            K::CURRENT_CATALOG => ExprKind::SqlValue(SqlValue::CurrentCatalog, None),
            K::CURRENT_SCHEMA if !paren => ExprKind::SqlValue(SqlValue::CurrentSchema, None),
            K::CURRENT_TIME | K::CURRENT_TIMESTAMP | K::LOCALTIME | K::LOCALTIMESTAMP => {
                self.next();
                let precision = self.opt_precision()?;
                let what = match t.kw {
                    K::CURRENT_TIME => SqlValue::CurrentTime,
                    K::CURRENT_TIMESTAMP => SqlValue::CurrentTimestamp,
                    K::LOCALTIME => SqlValue::LocalTime,
                    _ => SqlValue::LocalTimestamp,
                };
                return Ok(expr(ExprKind::SqlValue(what, precision), pos));
            }
            K::CASE => return self.case(),
            K::EXISTS if paren => {
                self.i += 2;
                let query = self.query()?;
                self.expect_punct(b')')?;
                return Ok(expr(ExprKind::Exists(Box::new(query)), pos));
            }
            K::ARRAY => {
                self.next();
                if self.is_punct(b'[') {
                    return self.array_brackets(pos);
                }
                self.expect_punct(b'(')?;
                let query = self.query()?;
                self.expect_punct(b')')?;
                return Ok(expr(ExprKind::ArrayQuery(Box::new(query)), pos));
            }
            K::ROW if paren => {
                self.i += 2;
                let items = if self.is_punct(b')') { Vec::new() } else { self.expr_list()? };
                self.expect_punct(b')')?;
                return Ok(expr(ExprKind::Row(items), pos));
            }
            K::CAST if paren => {
                self.i += 2;
                let inner = self.expr()?;
                self.expect(K::AS)?;
                let ty = self.type_name()?;
                self.expect_punct(b')')?;
                return Ok(expr(ExprKind::Cast(Box::new(inner), Box::new(ty)), pos));
            }
            K::COALESCE | K::GREATEST | K::LEAST | K::GROUPING if paren => {
                self.next();
                let items = self.paren_list(Self::expr)?;
                let kind = match t.kw {
                    K::COALESCE => ExprKind::Coalesce(items),
                    K::GROUPING => ExprKind::Grouping(items),
                    other => ExprKind::MinMax(other == K::GREATEST, items),
                };
                return Ok(expr(kind, pos));
            }
            K::NULLIF if paren => {
                self.i += 2;
                let a = self.expr()?;
                self.expect_punct(b',')?;
                let b = self.expr()?;
                self.expect_punct(b')')?;
                return Ok(expr(ExprKind::NullIf(Box::new(a), Box::new(b)), pos));
            }
            K::EXTRACT | K::POSITION | K::SUBSTRING | K::OVERLAY | K::TRIM | K::TREAT | K::NORMALIZE
                if paren =>
            {
                return self.special_call();
            }
            K::COLLATION if paren && self.kw_at(2) == K::FOR => {
                self.i += 3;
                self.expect_punct(b'(')?;
                let inner = self.expr()?;
                self.expect_punct(b')')?;
                return Ok(call("pg_collation_for", vec![inner], pos));
            }
            K::INTERVAL
                if matches!(self.peek_at(1).tok, Tok::String | Tok::Escape | Tok::Dollar)
                    || (paren && self.peek_at(2).tok == Tok::Integer) =>
            {
                self.next();
                let mut ty = pg_type("interval", pos);
                if let Some(precision) = self.opt_precision()? {
                    ty.modifiers = vec![expr(ExprKind::Integer(precision.to_string().into()), pos)];
                }
                let value_pos = self.pos();
                let value = self.string()?;
                self.interval_fields(&mut ty)?;
                let inner = string_expr(&value, value_pos);
                return Ok(expr(ExprKind::Cast(Box::new(inner), Box::new(ty)), pos));
            }
            // `TIMESTAMP '…'`, `double precision '…'`, `varchar(3) '…'`: a type, then a string.
            _ if t.kw.class() == Class::ColName && t.kw != K::VALUES && self.typed_string_follows() => {
                let ty = self.type_name()?;
                let value_pos = self.pos();
                let value = self.string()?;
                let inner = string_expr(&value, value_pos);
                return Ok(expr(ExprKind::Cast(Box::new(inner), Box::new(ty)), pos));
            }
            K::IDENT => return self.name_primary(),
            other => match other.class() {
                Class::Unreserved | Class::ColName => return self.name_primary(),
                Class::TypeFunc
                    if paren || matches!(self.peek_at(1).tok, Tok::String) || self.is_punct_at(1, b'.') =>
                {
                    return self.name_primary();
                }
                _ => return Err(self.error()),
            },
        };
        self.next();
        Ok(expr(kind, pos))
    }

    /// Whether a type name of SQL's own and then a string constant follow.
    fn typed_string_follows(&self) -> bool {
        let mut n = 1;
        // Words of the type's name: double precision, character varying, timestamp with time zone.
        loop {
            let t = self.peek_at(n);
            match t.tok {
                Tok::String | Tok::Escape | Tok::UnicodeString | Tok::Dollar => return true,
                Tok::Word
                    if matches!(
                        t.kw,
                        K::PRECISION
                            | K::VARYING
                            | K::WITH
                            | K::WITHOUT
                            | K::TIME
                            | K::ZONE
                            | K::CHARACTER
                            | K::CHAR
                            | K::VARCHAR
                    ) =>
                {
                    n += 1;
                }
                Tok::Punct(b'(') => {
                    // Modifiers.
                    let mut k = n + 1;
                    while matches!(self.peek_at(k).tok, Tok::Integer | Tok::Punct(b',')) {
                        k += 1;
                    }
                    if k == n + 1 || self.peek_at(k).tok != Tok::Punct(b')') {
                        return false;
                    }
                    n = k + 1;
                }
                _ => return false,
            }
        }
    }

    fn opt_precision(&mut self) -> Result<Option<i32>> {
        if !self.is_punct(b'(') {
            return Ok(None);
        }
        self.next();
        let value = self.signed_integer()?;
        self.expect_punct(b')')?;
        Ok(Some(i32::try_from(value).unwrap_or(i32::MAX)))
    }

    fn array_brackets(&mut self, pos: Pos) -> Result<Expr> {
        self.nested(|p| {
            p.expect_punct(b'[')?;
            let mut items = Vec::new();
            while !p.is_punct(b']') {
                let at = p.pos();
                items.push(if p.is_punct(b'[') { p.array_brackets(at)? } else { p.expr()? });
                if !p.eat_punct(b',') {
                    break;
                }
            }
            p.expect_punct(b']')?;
            Ok(expr(ExprKind::Array(items), pos))
        })
    }

    fn case(&mut self) -> Result<Expr> {
        let pos = self.next().pos;
        let operand = if self.is(K::WHEN) { None } else { Some(Box::new(self.expr()?)) };
        let mut whens = Vec::new();
        while self.eat(K::WHEN) {
            let when = self.expr()?;
            self.expect(K::THEN)?;
            whens.push((when, self.expr()?));
        }
        if whens.is_empty() {
            return Err(self.error());
        }
        let otherwise = if self.eat(K::ELSE) { Some(Box::new(self.expr()?)) } else { None };
        self.expect(K::END)?;
        Ok(expr(ExprKind::Case { operand, whens, otherwise }, pos))
    }

    /// EXTRACT(x FROM y), POSITION(a IN b), SUBSTRING(a FROM b FOR c), OVERLAY, TRIM.
    fn special_call(&mut self) -> Result<Expr> {
        let t = self.next();
        let pos = t.pos;
        self.expect_punct(b'(')?;
        let out = match t.kw {
            K::EXTRACT => {
                let field_pos = self.pos();
                let field =
                    if self.is_string() { self.string()? } else { self.col_label()?.text.to_string() };
                self.expect(K::FROM)?;
                let source = self.expr()?;
                call("extract", vec![string_expr(&field, field_pos), source], pos)
            }
            K::POSITION => {
                let needle = self.expr_above(BETWEEN + 1)?;
                if self.eat(K::IN) {
                    let haystack = self.expr_above(BETWEEN + 1)?;
                    call("position", vec![haystack, needle], pos)
                } else {
                    let mut args = vec![needle];
                    while self.eat_punct(b',') {
                        args.push(self.expr()?);
                    }
                    call("position", args, pos)
                }
            }
            K::SUBSTRING => {
                let mut args = Vec::new();
                if !self.is_punct(b')') {
                    args.push(self.expr()?);
                }
                if self.eat(K::SIMILAR) {
                    args.push(self.expr_above(BETWEEN + 1)?);
                    self.expect(K::ESCAPE)?;
                    args.push(self.expr()?);
                } else if self.is(K::FROM) || self.is(K::FOR) {
                    let (mut from, mut len) = (None, None);
                    loop {
                        if from.is_none() && self.eat(K::FROM) {
                            from = Some(self.expr()?);
                        } else if len.is_none() && self.eat(K::FOR) {
                            len = Some(self.expr()?);
                        } else {
                            break;
                        }
                    }
                    args.push(from.unwrap_or_else(|| expr(ExprKind::Integer("1".into()), pos)));
                    args.extend(len);
                } else {
                    while self.eat_punct(b',') {
                        args.push(self.expr()?);
                    }
                }
                call("substring", args, pos)
            }
            K::OVERLAY => {
                let mut args = vec![self.expr()?];
                if self.eat(K::PLACING) {
                    args.push(self.expr()?);
                    self.expect(K::FROM)?;
                    args.push(self.expr()?);
                    if self.eat(K::FOR) {
                        args.push(self.expr()?);
                    }
                } else {
                    while self.eat_punct(b',') {
                        args.push(self.expr()?);
                    }
                }
                call("overlay", args, pos)
            }
            K::TRIM => {
                let name = if self.eat(K::LEADING) {
                    "ltrim"
                } else if self.eat(K::TRAILING) {
                    "rtrim"
                } else {
                    self.eat(K::BOTH);
                    "btrim"
                };
                let mut args = Vec::new();
                if self.eat(K::FROM) {
                    args.extend(self.expr_list()?);
                } else {
                    let first = self.expr()?;
                    if self.eat(K::FROM) {
                        args.extend(self.expr_list()?);
                        args.push(first);
                    } else {
                        args.push(first);
                        while self.eat_punct(b',') {
                            args.push(self.expr()?);
                        }
                    }
                }
                call(name, args, pos)
            }
            _ => return Err(Error::unsupported(format!("{}()", t.kw.text())).at(pos as usize)),
        };
        self.expect_punct(b')')?;
        Ok(out)
    }

    /// A column, a call, or a user-visible type name before a string.
    fn name_primary(&mut self) -> Result<Expr> {
        let pos = self.pos();
        let mut name = vec![self.col_label()?];
        loop {
            if !self.is_punct(b'.') {
                break;
            }
            let after = self.peek_at(1);
            if after.tok == Tok::Op && self.text(after) == "*" {
                self.i += 2;
                return Ok(expr(ExprKind::Star(name), pos));
            }
            self.next();
            name.push(self.col_label()?);
        }
        if self.is_punct(b'(') {
            return self.function_call(name, pos);
        }
        // `date '2020-01-01'`, `regclass 't'`: any type name before a string.
        if matches!(self.peek().tok, Tok::String | Tok::Escape | Tok::UnicodeString | Tok::Dollar)
            && name.len() <= 2
        {
            let ty = TypeName {
                name,
                modifiers: Vec::new(),
                interval_fields: -1,
                array: false,
                setof: false,
                pos,
            };
            let value_pos = self.pos();
            let value = self.string()?;
            return Ok(expr(ExprKind::Cast(Box::new(string_expr(&value, value_pos)), Box::new(ty)), pos));
        }
        Ok(expr(ExprKind::Column(name), pos))
    }

    /// From the opening parenthesis to FILTER and OVER.
    pub(crate) fn function_call(&mut self, name: QName, pos: Pos) -> Result<Expr> {
        self.expect_punct(b'(')?;
        let mut call = FunctionCall {
            name,
            args: Vec::new(),
            variadic: false,
            star: false,
            distinct: false,
            order_by: Vec::new(),
            within_group: None,
            filter: None,
            over: None,
        };
        if self.is_op("*") && self.is_punct_at(1, b')') {
            self.next();
            call.star = true;
        } else if !self.is_punct(b')') {
            if self.eat(K::DISTINCT) {
                call.distinct = true;
            } else {
                self.eat(K::ALL);
            }
            loop {
                let last = self.eat(K::VARIADIC);
                call.variadic |= last;
                let after = self.peek_at(1);
                let named = matches!(self.peek().tok, Tok::Word | Tok::Quoted)
                    && (after.tok == Tok::Assign || (after.tok == Tok::Op && self.text(after) == "=>"));
                let name = if named {
                    let name = self.type_function_name()?;
                    self.next();
                    Some(name)
                } else {
                    None
                };
                call.args.push(Arg { name, value: self.expr()? });
                if last || !self.eat_punct(b',') {
                    break;
                }
            }
            if self.is(K::ORDER) {
                call.order_by = self.order_by()?;
            }
        }
        self.expect_punct(b')')?;
        if self.eat(K::WITHIN) {
            self.expect(K::GROUP)?;
            self.expect_punct(b'(')?;
            call.within_group = Some(self.order_by()?);
            self.expect_punct(b')')?;
        }
        if self.is(K::FILTER) && self.is_punct_at(1, b'(') {
            self.i += 2;
            self.expect(K::WHERE)?;
            call.filter = Some(Box::new(self.expr()?));
            self.expect_punct(b')')?;
        }
        if self.is(K::OVER) {
            self.next();
            let at = self.pos();
            call.over = Some(Box::new(if self.is_punct(b'(') {
                self.window_spec()?
            } else {
                let base = Some(self.col_id()?);
                WindowSpec {
                    base,
                    bare: true,
                    partition_by: Vec::new(),
                    order_by: Vec::new(),
                    frame: None,
                    pos: at,
                }
            }));
        }
        Ok(expr(ExprKind::Function(Box::new(call)), pos))
    }

    pub(crate) fn window_spec(&mut self) -> Result<WindowSpec> {
        let pos = self.pos();
        self.expect_punct(b'(')?;
        let base = if matches!(self.kw(), K::PARTITION | K::RANGE | K::ROWS | K::GROUPS) {
            None
        } else {
            self.try_col_id()?
        };
        let mut spec = WindowSpec {
            base,
            bare: false,
            partition_by: Vec::new(),
            order_by: Vec::new(),
            frame: None,
            pos,
        };
        if self.eat_all(&[K::PARTITION, K::BY]) {
            spec.partition_by = self.expr_list()?;
        }
        if self.is(K::ORDER) {
            spec.order_by = self.order_by()?;
        }
        let unit = match self.kw() {
            K::RANGE => Some(FrameUnit::Range),
            K::ROWS => Some(FrameUnit::Rows),
            K::GROUPS => Some(FrameUnit::Groups),
            _ => None,
        };
        if let Some(unit) = unit {
            let frame_pos = self.next().pos;
            let (start, end) = if self.eat(K::BETWEEN) {
                let start = self.frame_edge()?;
                self.expect(K::AND)?;
                (start, self.frame_edge()?)
            } else {
                (self.frame_edge()?, FrameEdge::CurrentRow)
            };
            let rank = |edge: &FrameEdge| match edge {
                FrameEdge::UnboundedPreceding => 0,
                FrameEdge::Preceding(_) => 1,
                FrameEdge::CurrentRow => 2,
                FrameEdge::Following(_) => 3,
                FrameEdge::UnboundedFollowing => 4,
            };
            let bad = |m: &str| Err(Error::new(sqlstate::WINDOWING_ERROR, m).at(frame_pos as usize));
            match (&start, &end) {
                (FrameEdge::UnboundedFollowing, _) => {
                    return bad("frame start cannot be UNBOUNDED FOLLOWING");
                }
                (_, FrameEdge::UnboundedPreceding) => return bad("frame end cannot be UNBOUNDED PRECEDING"),
                (FrameEdge::CurrentRow, FrameEdge::Preceding(_)) => {
                    return bad("frame starting from current row cannot have preceding rows");
                }
                (FrameEdge::Following(_), e) if rank(e) == 1 => {
                    return bad("frame starting from following row cannot have preceding rows");
                }
                (FrameEdge::Following(_), FrameEdge::CurrentRow) => {
                    return bad("frame starting from following row cannot end with current row");
                }
                _ => {}
            }
            let exclude = if self.eat(K::EXCLUDE) {
                if self.eat_all(&[K::CURRENT, K::ROW]) {
                    FrameExclude::CurrentRow
                } else if self.eat(K::GROUP) {
                    FrameExclude::Group
                } else if self.eat(K::TIES) {
                    FrameExclude::Ties
                } else if self.eat_all(&[K::NO, K::OTHERS]) {
                    FrameExclude::NoOthers
                } else {
                    return Err(self.error());
                }
            } else {
                FrameExclude::NoOthers
            };
            spec.frame = Some(FrameSpec { unit, start, end, exclude, pos: frame_pos });
        }
        self.expect_punct(b')')?;
        Ok(spec)
    }

    fn frame_edge(&mut self) -> Result<FrameEdge> {
        if self.eat_all(&[K::UNBOUNDED, K::PRECEDING]) {
            return Ok(FrameEdge::UnboundedPreceding);
        }
        if self.eat_all(&[K::UNBOUNDED, K::FOLLOWING]) {
            return Ok(FrameEdge::UnboundedFollowing);
        }
        if self.eat_all(&[K::CURRENT, K::ROW]) {
            return Ok(FrameEdge::CurrentRow);
        }
        let offset = Box::new(self.expr()?);
        if self.eat(K::PRECEDING) {
            Ok(FrameEdge::Preceding(offset))
        } else if self.eat(K::FOLLOWING) {
            Ok(FrameEdge::Following(offset))
        } else {
            Err(self.error())
        }
    }

    /// A type.
    pub(crate) fn type_name(&mut self) -> Result<TypeName> {
        let pos = self.pos();
        let setof = self.eat(K::SETOF);
        let mut ty = self.simple_type()?;
        ty.setof = setof;
        ty.pos = pos;
        if self.eat(K::ARRAY) {
            ty.array = true;
            if self.eat_punct(b'[') {
                self.signed_integer()?;
                self.expect_punct(b']')?;
            }
        } else {
            while self.is_punct(b'[') && (self.is_punct_at(1, b']') || self.is_punct_at(2, b']')) {
                self.next();
                if !self.is_punct(b']') {
                    self.signed_integer()?;
                }
                self.expect_punct(b']')?;
                ty.array = true;
            }
        }
        Ok(ty)
    }

    fn simple_type(&mut self) -> Result<TypeName> {
        let t = self.peek();
        let pos = t.pos;
        let simple = |p: &mut Self, name: &str| {
            p.next();
            Ok(pg_type(name, pos))
        };
        match t.kw {
            K::INT | K::INTEGER => simple(self, "int4"),
            K::SMALLINT => simple(self, "int2"),
            K::BIGINT => simple(self, "int8"),
            K::REAL => simple(self, "float4"),
            K::BOOLEAN => simple(self, "bool"),
            K::FLOAT => {
                self.next();
                match self.opt_precision()? {
                    None => Ok(pg_type("float8", pos)),
                    Some(p) if p < 1 => Err(Error::new(
                        sqlstate::INVALID_PARAMETER_VALUE,
                        "precision for type float must be at least 1 bit",
                    )
                    .at(pos as usize)),
                    Some(p) if p <= 24 => Ok(pg_type("float4", pos)),
                    Some(p) if p <= 53 => Ok(pg_type("float8", pos)),
                    Some(_) => Err(Error::new(
                        sqlstate::INVALID_PARAMETER_VALUE,
                        "precision for type float must be less than 54 bits",
                    )
                    .at(pos as usize)),
                }
            }
            K::DOUBLE if self.kw_at(1) == K::PRECISION => {
                self.i += 2;
                Ok(pg_type("float8", pos))
            }
            K::DECIMAL | K::DEC | K::NUMERIC => {
                self.next();
                let mut ty = pg_type("numeric", pos);
                ty.modifiers = self.type_modifiers()?;
                Ok(ty)
            }
            K::CHARACTER | K::CHAR | K::VARCHAR | K::NATIONAL | K::NCHAR => {
                if t.kw == K::NATIONAL {
                    self.next();
                    if !matches!(self.kw(), K::CHARACTER | K::CHAR) {
                        return Err(self.error());
                    }
                }
                self.next();
                let varying = t.kw == K::VARCHAR || self.eat(K::VARYING);
                let mut ty = pg_type(if varying { "varchar" } else { "bpchar" }, pos);
                ty.modifiers = self.type_modifiers()?;
                if ty.modifiers.is_empty() && !varying {
                    ty.modifiers = vec![expr(ExprKind::Integer("1".into()), pos)];
                }
                Ok(ty)
            }
            K::BIT => Err(Error::unsupported("type bit").at(pos as usize)),
            K::TIMESTAMP | K::TIME => {
                self.next();
                let precision = self.opt_precision()?;
                let zone = if self.kw_at(1) == K::TIME
                    && self.kw_at(2) == K::ZONE
                    && matches!(self.kw(), K::WITH | K::WITHOUT)
                {
                    let with = self.is(K::WITH);
                    self.i += 3;
                    with
                } else {
                    false
                };
                let name = match (t.kw == K::TIMESTAMP, zone) {
                    (true, true) => "timestamptz",
                    (true, false) => "timestamp",
                    (false, true) => "timetz",
                    (false, false) => "time",
                };
                let mut ty = pg_type(name, pos);
                if let Some(p) = precision {
                    ty.modifiers = vec![expr(ExprKind::Integer(p.to_string().into()), pos)];
                }
                Ok(ty)
            }
            K::INTERVAL => {
                self.next();
                let mut ty = pg_type("interval", pos);
                if let Some(p) = self.opt_precision()? {
                    ty.modifiers = vec![expr(ExprKind::Integer(p.to_string().into()), pos)];
                } else {
                    self.interval_fields(&mut ty)?;
                }
                Ok(ty)
            }
            _ => {
                let mut name = vec![self.type_function_name()?];
                while self.eat_punct(b'.') {
                    name.push(self.col_label()?);
                }
                if self.is_op("%") && self.kw_at(1) == K::TYPE {
                    return Err(Error::unsupported("%TYPE").at(pos as usize));
                }
                let modifiers = self.type_modifiers()?;
                Ok(TypeName { name, modifiers, interval_fields: -1, array: false, setof: false, pos })
            }
        }
    }

    fn type_modifiers(&mut self) -> Result<Vec<Expr>> {
        if self.is_punct(b'(') { self.paren_list(Self::expr) } else { Ok(Vec::new()) }
    }

    /// YEAR TO MONTH and the like, as PostgreSQL's bit mask.
    fn interval_fields(&mut self, ty: &mut TypeName) -> Result<()> {
        const MONTH: i32 = 1 << 1;
        const YEAR: i32 = 1 << 2;
        const DAY: i32 = 1 << 3;
        const HOUR: i32 = 1 << 10;
        const MINUTE: i32 = 1 << 11;
        const SECOND: i32 = 1 << 12;
        let rank = |k: K| match k {
            K::YEAR => Some(0),
            K::MONTH => Some(1),
            K::DAY => Some(2),
            K::HOUR => Some(3),
            K::MINUTE => Some(4),
            K::SECOND => Some(5),
            _ => None,
        };
        let bits = [YEAR, MONTH, DAY, HOUR, MINUTE, SECOND];
        let Some(first) = rank(self.kw()) else { return Ok(()) };
        self.next();
        let mut last = first;
        if self.is(K::TO)
            && let Some(to) = rank(self.kw_at(1))
        {
            let allowed = match first {
                0 => to == 1,
                2..=4 => to > first,
                _ => false,
            };
            if !allowed {
                self.next();
                return Err(self.error());
            }
            self.i += 2;
            last = to;
        }
        ty.interval_fields = bits[first..=last].iter().fold(0, |a, b| a | b);
        if last == 5
            && let Some(p) = self.opt_precision()?
        {
            ty.modifiers = vec![expr(ExprKind::Integer(p.to_string().into()), ty.pos)];
        }
        Ok(())
    }
}
