//! The parser's state and its small steps: looking, taking, names, and errors.

use datum::error::sqlstate;
use datum::{Error, Result};
use smol_str::SmolStr;

use super::ast::{Name, Pos, QName};
use super::keywords::{Class, K};
use super::lexer::{self, Tok, Token, truncate_name};

/// How deep constructs may be nested: beyond, 54001.
pub(crate) const DEPTH_MAX: u32 = 2500;

/// Calls `f` with enough stack for one more level of a recursive walk.
pub(crate) fn with_stack<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 << 10, 2 << 20, f)
}

/// The error for nesting that is too deep.
pub(crate) fn too_deep() -> Error {
    Error::new(sqlstate::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded")
        .hint("Nest the statement less deeply: the limit is a fixed number of levels.")
}

pub(crate) struct Parser<'a> {
    pub(crate) src: &'a str,
    pub(crate) toks: Vec<Token>,
    pub(crate) i: usize,
    pub(crate) depth: u32,
    pub(crate) max_param: u32,
    /// For each opening parenthesis the index of its closing one; made when first asked for.
    closing: std::cell::OnceCell<Vec<u32>>,
    /// Tokens of a UESCAPE clause to leave out with the token that it belongs to.
    skip: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(src: &'a str) -> Result<Parser<'a>> {
        Ok(Parser {
            src,
            toks: lexer::tokens(src)?,
            i: 0,
            depth: 0,
            max_param: 0,
            closing: Default::default(),
            skip: 0,
        })
    }

    /// One level deeper.
    pub(crate) fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH_MAX {
            return Err(too_deep());
        }
        self.depth += 1;
        let out = with_stack(|| f(self));
        self.depth -= 1;
        out
    }

    pub(crate) fn peek(&self) -> Token {
        self.peek_at(0)
    }

    pub(crate) fn peek_at(&self, n: usize) -> Token {
        match self.toks.get(self.i + n) {
            Some(t) => *t,
            None => {
                Token { tok: Tok::End, kw: K::NONE, pos: self.src.len() as u32, end: self.src.len() as u32 }
            }
        }
    }

    pub(crate) fn kw(&self) -> K {
        self.peek().kw
    }

    pub(crate) fn kw_at(&self, n: usize) -> K {
        self.peek_at(n).kw
    }

    pub(crate) fn pos(&self) -> Pos {
        self.peek().pos
    }

    /// Where the token before ended.
    pub(crate) fn last_end(&self) -> Pos {
        match self.i.checked_sub(1).and_then(|i| self.toks.get(i)) {
            Some(t) => t.end,
            None => 0,
        }
    }

    pub(crate) fn text(&self, t: Token) -> &'a str {
        self.src.get(t.pos as usize..t.end as usize).unwrap_or("")
    }

    pub(crate) fn next(&mut self) -> Token {
        let t = self.peek();
        if t.tok != Tok::End {
            self.i += 1;
        }
        t
    }

    pub(crate) fn error_at(&self, t: Token) -> Error {
        let message = if t.tok == Tok::End {
            "syntax error at end of input".to_owned()
        } else {
            format!("syntax error at or near \"{}\"", self.text(t))
        };
        Error::new(sqlstate::SYNTAX_ERROR, message).at(t.pos as usize)
    }

    /// `syntax error at or near` the present token.
    pub(crate) fn error(&self) -> Error {
        self.error_at(self.peek())
    }

    pub(crate) fn is(&self, kw: K) -> bool {
        self.kw() == kw
    }

    pub(crate) fn eat(&mut self, kw: K) -> bool {
        let found = self.kw() == kw;
        if found {
            self.i += 1;
        }
        found
    }

    /// All of these in a row, or nothing.
    pub(crate) fn eat_all(&mut self, kws: &[K]) -> bool {
        let found = kws.iter().enumerate().all(|(n, kw)| self.kw_at(n) == *kw);
        if found {
            self.i += kws.len();
        }
        found
    }

    pub(crate) fn expect(&mut self, kw: K) -> Result<()> {
        if self.eat(kw) { Ok(()) } else { Err(self.error()) }
    }

    pub(crate) fn is_punct(&self, c: u8) -> bool {
        self.peek().tok == Tok::Punct(c)
    }

    pub(crate) fn is_punct_at(&self, n: usize, c: u8) -> bool {
        self.peek_at(n).tok == Tok::Punct(c)
    }

    pub(crate) fn eat_punct(&mut self, c: u8) -> bool {
        let found = self.is_punct(c);
        if found {
            self.i += 1;
        }
        found
    }

    pub(crate) fn expect_punct(&mut self, c: u8) -> Result<()> {
        if self.eat_punct(c) { Ok(()) } else { Err(self.error()) }
    }

    pub(crate) fn is_op(&self, op: &str) -> bool {
        let t = self.peek();
        t.tok == Tok::Op && self.text(t) == op
    }

    pub(crate) fn eat_op(&mut self, op: &str) -> bool {
        let found = self.is_op(op);
        if found {
            self.i += 1;
        }
        found
    }

    /// An identifier's text, if the token is one whatever its class.
    fn ident_text(&mut self) -> Result<Option<SmolStr>> {
        let t = self.peek();
        let text = self.text(t);
        Ok(match t.tok {
            Tok::Word => {
                let cut = truncate_name(text);
                if cut.bytes().any(|b| b.is_ascii_uppercase()) {
                    Some(SmolStr::new(cut.to_ascii_lowercase()))
                } else {
                    Some(SmolStr::new(cut))
                }
            }
            Tok::Quoted => {
                let inner = text.get(1..text.len() - 1).unwrap_or("");
                let name = if inner.contains('"') { inner.replace("\"\"", "\"") } else { inner.to_owned() };
                Some(SmolStr::new(truncate_name(&name)))
            }
            Tok::UnicodeQuoted => {
                let inner = text.get(3..text.len() - 1).unwrap_or("").replace("\"\"", "\"");
                let escape = self.uescape(1)?;
                let name = lexer::unicode(&inner, escape, t.pos as usize)?;
                Some(SmolStr::new(truncate_name(&name)))
            }
            _ => None,
        })
    }

    /// UESCAPE 'c' after `n` tokens; it is taken out of the token list.
    pub(crate) fn uescape(&mut self, n: usize) -> Result<char> {
        if self.kw_at(n) != K::UESCAPE {
            return Ok('\\');
        }
        let t = self.peek_at(n + 1);
        if t.tok != Tok::String {
            return Err(self.error_at(t));
        }
        let value = lexer::string_value(t.tok, self.text(t), t.pos as usize)?;
        let mut chars = value.chars();
        let escape = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_ascii_hexdigit() && !"+'\"".contains(c) && !c.is_whitespace() => c,
            _ => {
                return Err(
                    Error::new(sqlstate::SYNTAX_ERROR, "invalid Unicode escape character").at(t.pos as usize)
                );
            }
        };
        self.skip = 2;
        Ok(escape)
    }

    /// Whether the parenthesis after `n` tokens encloses a query rather than an expression or a join:
    /// `((SELECT 1) UNION …)` does, `((SELECT 1) + 1)` does not.
    pub(crate) fn group_is_query(&self, n: usize) -> bool {
        if !self.is_punct_at(n, b'(') {
            return false;
        }
        let mut inner = n;
        while self.is_punct_at(inner + 1, b'(') {
            inner += 1;
        }
        if !matches!(self.kw_at(inner + 1), K::SELECT | K::VALUES | K::WITH | K::TABLE) {
            return false;
        }
        let closing = self.closing.get_or_init(|| {
            let mut closing = vec![u32::MAX; self.toks.len()];
            let mut open = Vec::new();
            for (i, t) in self.toks.iter().enumerate() {
                match t.tok {
                    Tok::Punct(b'(') => open.push(i),
                    Tok::Punct(b')') => {
                        if let Some(at) = open.pop() {
                            closing[at] = i as u32;
                        }
                    }
                    _ => {}
                }
            }
            closing
        });
        // From the innermost out: what follows each group must be able to follow a query.
        (n + 1..=inner).rev().all(|k| {
            let after = closing.get(self.i + k).and_then(|c| self.toks.get((*c as usize).wrapping_add(1)));
            after.is_some_and(|t| {
                t.tok == Tok::Punct(b')')
                    || matches!(
                        t.kw,
                        K::UNION
                            | K::INTERSECT
                            | K::EXCEPT
                            | K::ORDER
                            | K::LIMIT
                            | K::OFFSET
                            | K::FETCH
                            | K::FOR
                    )
            })
        })
    }

    fn name_if(&mut self, allowed: fn(Class) -> bool) -> Result<Option<Name>> {
        let t = self.peek();
        if t.tok == Tok::Word && t.kw != K::NONE && !allowed(t.kw.class()) {
            return Ok(None);
        }
        Ok(self.ident_text()?.map(|text| {
            self.i += 1 + std::mem::take(&mut self.skip);
            Name { text, pos: t.pos }
        }))
    }

    /// ColId: a name of a column, table, …
    pub(crate) fn try_col_id(&mut self) -> Result<Option<Name>> {
        self.name_if(|c| matches!(c, Class::Unreserved | Class::ColName))
    }

    pub(crate) fn col_id(&mut self) -> Result<Name> {
        match self.try_col_id()? {
            Some(name) => Ok(name),
            None => Err(self.error()),
        }
    }

    /// type_function_name.
    pub(crate) fn type_function_name(&mut self) -> Result<Name> {
        match self.name_if(|c| matches!(c, Class::Unreserved | Class::TypeFunc))? {
            Some(name) => Ok(name),
            None => Err(self.error()),
        }
    }

    /// ColLabel: any word.
    pub(crate) fn col_label(&mut self) -> Result<Name> {
        match self.name_if(|_| true)? {
            Some(name) => Ok(name),
            None => Err(self.error()),
        }
    }

    /// A label without AS.
    pub(crate) fn try_bare_label(&mut self) -> Result<Option<Name>> {
        let t = self.peek();
        if t.tok == Tok::Word && !t.kw.bare_label() {
            return Ok(None);
        }
        self.name_if(|_| true)
    }

    /// A role: like ColId, but reserved words such as CURRENT_USER too.
    pub(crate) fn role(&mut self) -> Result<Name> {
        self.eat(K::GROUP);
        if matches!(self.kw(), K::CURRENT_USER | K::SESSION_USER | K::CURRENT_ROLE) {
            return self.col_label();
        }
        self.col_id()
    }

    /// any_name: `a`, `a.b`, `a.b.c`.
    pub(crate) fn qname(&mut self) -> Result<QName> {
        let mut out = vec![self.col_id()?];
        while self.is_punct(b'.') {
            self.i += 1;
            out.push(self.col_label()?);
        }
        Ok(out)
    }

    pub(crate) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut out = vec![item(self)?];
        while self.eat_punct(b',') {
            out.push(item(self)?);
        }
        Ok(out)
    }

    /// `( item, … )`
    pub(crate) fn paren_list<T>(&mut self, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect_punct(b'(')?;
        let out = self.list(item)?;
        self.expect_punct(b')')?;
        Ok(out)
    }

    pub(crate) fn name_list(&mut self) -> Result<Vec<Name>> {
        self.paren_list(Self::col_id)
    }

    pub(crate) fn opt_name_list(&mut self) -> Result<Vec<Name>> {
        if self.is_punct(b'(') { self.name_list() } else { Ok(Vec::new()) }
    }

    pub(crate) fn qname_list(&mut self) -> Result<Vec<QName>> {
        self.list(Self::qname)
    }

    pub(crate) fn is_string(&self) -> bool {
        matches!(self.peek().tok, Tok::String | Tok::Escape | Tok::UnicodeString | Tok::Dollar)
    }

    pub(crate) fn string(&mut self) -> Result<String> {
        let t = self.peek();
        if !self.is_string() {
            return Err(self.error());
        }
        let value = if t.tok == Tok::UnicodeString {
            let escape = self.uescape(1)?;
            let text = self.text(t);
            let raw = lexer::string_value(Tok::String, text.get(2..).unwrap_or(""), t.pos as usize)?;
            lexer::unicode(&raw, escape, t.pos as usize)?
        } else {
            lexer::string_value(t.tok, self.text(t), t.pos as usize)?
        };
        self.i += 1 + std::mem::take(&mut self.skip);
        Ok(value)
    }

    /// An integer that fits 64 bits, with a sign.
    pub(crate) fn signed_integer(&mut self) -> Result<i64> {
        let negative = if self.eat_op("-") {
            true
        } else {
            self.eat_op("+");
            false
        };
        let t = self.peek();
        if t.tok != Tok::Integer {
            return Err(self.error());
        }
        let text = self.text(t);
        let signed = if negative { format!("-{text}") } else { text.to_owned() };
        let value = signed.parse::<i64>().map_err(|_| {
            Error::new(
                sqlstate::NUMERIC_VALUE_OUT_OF_RANGE,
                format!("value \"{signed}\" is out of range for type bigint"),
            )
            .at(t.pos as usize)
        })?;
        self.i += 1;
        Ok(value)
    }

    pub(crate) fn if_exists(&mut self) -> bool {
        self.eat_all(&[K::IF, K::EXISTS])
    }

    pub(crate) fn if_not_exists(&mut self) -> bool {
        self.eat_all(&[K::IF, K::NOT, K::EXISTS])
    }

    /// CASCADE (true), RESTRICT or nothing.
    pub(crate) fn cascade(&mut self) -> bool {
        if self.eat(K::CASCADE) {
            return true;
        }
        self.eat(K::RESTRICT);
        false
    }
}
