//! to_char of numbers, and to_number.
//!
//! A format is read into nodes and a [`Shape`] (how many digits before and after the point, and which signs); then
//! [`Writer`] walks nodes and digits side by side, as PostgreSQL does: what a `9` writes depends on where the number
//! begins, and signs and points wait for the first digit.

use num_bigint::BigInt;
use num_traits::Zero;

use super::datetime::{Case, ordinal_suffix};
use crate::ColumnType;
use crate::error::{Error, Result, sqlstate};
use crate::numeric::Numeric;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Comma,
    Point,
    Zero,
    Nine,
    Blank,
    Currency,
    LocalePoint,
    Exponent,
    Fill,
    Group,
    Minus,
    Plus,
    Brackets,
    RomanUpper,
    RomanLower,
    PlusMinus,
    Ordinal(Case),
    Shift,
    Sign,
}

#[derive(Clone, Copy, Debug)]
enum Node {
    Key(Key),
    Text(char),
}

const KEYS: &[(&str, Key)] = &[
    ("EEEE", Key::Exponent),
    ("FM", Key::Fill),
    ("MI", Key::Minus),
    ("PL", Key::Plus),
    ("PR", Key::Brackets),
    ("SG", Key::PlusMinus),
    (",", Key::Comma),
    (".", Key::Point),
    ("0", Key::Zero),
    ("9", Key::Nine),
    ("B", Key::Blank),
    ("C", Key::Blank),
    ("D", Key::LocalePoint),
    ("G", Key::Group),
    ("L", Key::Currency),
    ("V", Key::Shift),
    ("S", Key::Sign),
];

/// What the whole format says of the number.
#[derive(Clone, Debug, Default)]
struct Shape {
    pre: usize,
    post: usize,
    multiply: usize,
    zero_start: usize,
    zero_end: usize,
    decimal: bool,
    zero: bool,
    fill: bool,
    sign: SignPlace,
    pre_sign: usize,
    brackets: bool,
    minus: bool,
    plus: bool,
    roman: bool,
    shift: bool,
    exponent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum SignPlace {
    #[default]
    None,
    Before,
    After,
}

fn parse(format: &str) -> Result<(Vec<Node>, Shape)> {
    let mut nodes = Vec::new();
    let mut shape = Shape::default();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        if let Some(key) = special(rest) {
            shape.add(key.1)?;
            nodes.push(Node::Key(key.1));
            rest = &rest[key.0..];
            continue;
        }
        if c == '"' {
            let mut chars = rest.char_indices().skip(1);
            let mut end = rest.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    '\\' => nodes.extend(chars.next().map(|(_, c)| Node::Text(c))),
                    c => nodes.push(Node::Text(c)),
                }
            }
            rest = &rest[end..];
            continue;
        }
        let mut len = c.len_utf8();
        let mut text = c;
        if c == '\\' && rest[1..].starts_with('"') {
            text = '"';
            len = 2;
        }
        nodes.push(Node::Text(text));
        rest = &rest[len..];
    }
    Ok((nodes, shape))
}

/// The key that a format begins with, and its length.
fn special(rest: &str) -> Option<(usize, Key)> {
    let fixed = match rest.get(..2) {
        Some("TH") => Some(Key::Ordinal(Case::Upper)),
        Some("th") => Some(Key::Ordinal(Case::Lower)),
        Some("RN") => Some(Key::RomanUpper),
        Some("rn") => Some(Key::RomanLower),
        _ => None,
    };
    if let Some(key) = fixed {
        return Some((2, key));
    }
    KEYS.iter()
        .find(|(name, _)| rest.starts_with(name) || rest.starts_with(&name.to_ascii_lowercase()))
        .map(|(name, key)| (name.len(), *key))
}

impl Shape {
    fn add(&mut self, key: Key) -> Result<()> {
        let error = |message: &str| Err(Error::new(sqlstate::SYNTAX_ERROR, message));
        if self.exponent && !matches!(key, Key::Ordinal(_)) {
            return error("\"EEEE\" must be the last pattern used");
        }
        match key {
            Key::Nine => {
                if self.brackets {
                    return error("\"9\" must be ahead of \"PR\"");
                }
                if self.shift {
                    self.multiply += 1;
                } else if self.decimal {
                    self.post += 1;
                } else {
                    self.pre += 1;
                }
            }
            Key::Zero => {
                if self.brackets {
                    return error("\"0\" must be ahead of \"PR\"");
                }
                if !self.zero && !self.decimal {
                    self.zero = true;
                    self.zero_start = self.pre + 1;
                }
                if self.decimal {
                    self.post += 1;
                } else {
                    self.pre += 1;
                }
                self.zero_end = self.pre + self.post;
            }
            Key::Point | Key::LocalePoint => {
                if self.decimal {
                    return error("multiple decimal points");
                }
                if self.shift {
                    return error("cannot use \"V\" and decimal point together");
                }
                self.decimal = true;
            }
            Key::Fill => self.fill = true,
            Key::Sign => {
                if self.sign != SignPlace::None {
                    return error("cannot use \"S\" twice");
                }
                if self.plus || self.minus || self.brackets {
                    return error("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
                }
                if self.decimal {
                    self.sign = SignPlace::After;
                } else {
                    self.sign = SignPlace::Before;
                    self.pre_sign = self.pre;
                }
            }
            Key::Minus | Key::Plus | Key::PlusMinus => {
                if self.sign != SignPlace::None {
                    let name = match key {
                        Key::Minus => "MI",
                        Key::Plus => "PL",
                        _ => "SG",
                    };
                    return error(&format!("cannot use \"S\" and \"{name}\" together"));
                }
                self.minus |= key != Key::Plus;
                self.plus |= key != Key::Minus;
            }
            Key::Brackets => {
                if self.sign != SignPlace::None || self.plus || self.minus {
                    return error("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
                }
                self.brackets = true;
            }
            Key::RomanUpper | Key::RomanLower => self.roman = true,
            Key::Shift => {
                if self.decimal {
                    return error("cannot use \"V\" and decimal point together");
                }
                self.shift = true;
            }
            Key::Exponent => {
                if self.fill
                    || self.sign != SignPlace::None
                    || self.brackets
                    || self.minus
                    || self.plus
                    || self.roman
                    || self.shift
                {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        "\"EEEE\" is incompatible with other formats",
                    )
                    .detail("\"EEEE\" may only be used together with digit and decimal point patterns."));
                }
                self.exponent = true;
            }
            _ => {}
        }
        Ok(())
    }

    /// What a number looks like that the format has no room for.
    fn hashes(&self) -> String {
        let mut text = "#".repeat(self.pre);
        text.push('.');
        text.push_str(&"#".repeat(self.post));
        text
    }

    /// Exponents of what is not finite.
    fn exponent_hashes(&self) -> String {
        format!(" {}.{}", "#".repeat(self.pre), "#".repeat(self.post + 4))
    }
}

/// to_char(numeric, format)
pub fn numeric_to_char(value: &Numeric, format: &str) -> Result<String> {
    let (nodes, mut shape) = parse(format)?;
    if shape.roman {
        let int = Some(value.to_i32()?);
        return Writer::new(&mut shape, "", false, 0).run(&nodes, roman(int));
    }
    if shape.exponent {
        if !value.is_finite() {
            return Ok(shape.exponent_hashes());
        }
        let text = scientific(value, shape.post as i32)?;
        return Ok(if text.starts_with('-') { text } else { format!(" {text}") });
    }
    let mut value = value.clone();
    if shape.shift {
        value = value.mul(&Numeric::from_parts(BigInt::from(10).pow(shape.multiply as u32), 0))?;
        shape.pre += shape.multiply;
    }
    let text = value.round(shape.post as i32).to_string();
    write(&nodes, shape, &text)
}

/// to_char(integer, format) and to_char(bigint, format)
pub fn int_to_char(value: i64, format: &str) -> Result<String> {
    numeric_to_char(&Numeric::from_i64(value), format)
}

/// to_char(double precision, format)
pub fn float_to_char(value: f64, format: &str) -> Result<String> {
    let (nodes, mut shape) = parse(format)?;
    if shape.roman {
        let int = value.round_ties_even();
        let int = (int.abs() < 2147483648.0).then_some(int as i32);
        return Writer::new(&mut shape, "", false, 0).run(&nodes, roman(int));
    }
    if shape.exponent {
        if !value.is_finite() {
            return Ok(shape.exponent_hashes());
        }
        let text = format!("{:.*e}", shape.post, value);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if digits.starts_with('-') { "" } else { " " };
        return Ok(format!("{sign}{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()));
    }
    let mut value = value;
    if shape.shift {
        value *= 10f64.powi(shape.multiply as i32);
        shape.pre += shape.multiply;
    }
    if !value.is_finite() {
        let text = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        return write(&nodes, shape, text);
    }
    // A double has 15 digits that mean something.
    let whole = format!("{:.0}", value.abs()).len();
    let post = if whole >= 15 { 0 } else { shape.post.min(15 - whole) };
    shape.post = post;
    write(&nodes, shape, &format!("{value:.post$}"))
}

/// A number in digits, `-` before it if negative.
fn write(nodes: &[Node], mut shape: Shape, text: &str) -> Result<String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits.to_owned()),
        None => (false, text.to_owned()),
    };
    let whole = digits.find('.').unwrap_or(digits.len());
    let (digits, spaces) = if whole < shape.pre {
        let pre = shape.pre;
        (digits, pre - whole)
    } else if whole > shape.pre {
        (shape.hashes(), 0)
    } else {
        (digits, 0)
    };
    Writer::new(&mut shape, &digits, negative, spaces).run(nodes, None)
}

/// d.ddde+XX
fn scientific(value: &Numeric, post: i32) -> Result<String> {
    let exponent = match value.parts() {
        Some((mantissa, scale)) if !mantissa.is_zero() => {
            crate::numeric::decimal_digits(&mantissa) - 1 - i64::from(scale)
        }
        _ => 0,
    };
    let significand = match value.parts() {
        Some((mantissa, scale)) => {
            let power = i64::from(scale) + exponent;
            let ten = |n: i64| Numeric::from_parts(BigInt::from(10).pow(n as u32), 0);
            let mantissa = Numeric::from_parts(mantissa.into_owned(), 0);
            if power >= 0 {
                mantissa.div_to_scale(&ten(power), post)?
            } else {
                mantissa.mul(&ten(-power))?.round(post)
            }
        }
        None => Numeric::NaN,
    };
    Ok(format!("{significand}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()))
}

/// Roman numerals from 1 to 3999, else fifteen `#`.
fn roman(value: Option<i32>) -> Option<String> {
    const STEPS: [(i32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let Some(mut rest) = value.filter(|value| (1..=3999).contains(value)) else {
        return Some("#".repeat(15));
    };
    let mut text = String::new();
    for (step, letters) in STEPS {
        while rest >= step {
            text.push_str(letters);
            rest -= step;
        }
    }
    Some(text)
}

struct Writer<'a> {
    shape: &'a Shape,
    number: &'a [u8],
    negative: bool,
    /// Blanks before the number.
    spaces: usize,
    zero_start: usize,
    sign_place: SignPlace,
    brackets: bool,
    sign_written: bool,
    /// The last digit that FM keeps.
    last: Option<usize>,
    count: usize,
    current: usize,
    /// Where in `number`.
    at: usize,
    in_number: bool,
    /// What is written beyond does not count.
    cut: Option<usize>,
    out: String,
}

impl<'a> Writer<'a> {
    fn new(shape: &'a mut Shape, number: &'a str, negative: bool, spaces: usize) -> Writer<'a> {
        let shape = &*shape;
        let number = number.as_bytes();
        let mut sign_place = shape.sign;
        let mut brackets = shape.brackets;
        let sign_written;
        if shape.plus || shape.minus {
            sign_written = shape.minus;
        } else {
            if !negative && shape.fill {
                brackets = false;
            }
            sign_written = !negative && shape.fill && shape.sign == SignPlace::None;
            if sign_place == SignPlace::Before && shape.pre == shape.pre_sign {
                sign_place = SignPlace::After;
            }
        }
        let mut count = (shape.post + shape.pre).wrapping_sub(1);
        let mut last = None;
        if shape.fill && shape.decimal {
            last = number
                .iter()
                .position(|b| *b == b'.')
                .map(|point| number.iter().rposition(|b| *b != b'0').map_or(point, |digit| digit.max(point)));
            if let Some(kept) = &mut last
                && shape.zero_end > spaces
            {
                *kept = (*kept).max((shape.zero_end - spaces).min(number.len().saturating_sub(1)));
            }
        }
        if !sign_written && spaces == 0 {
            count = count.wrapping_add(1);
        }
        Writer {
            shape,
            number,
            negative,
            spaces,
            zero_start: shape.zero_start.saturating_sub(1),
            sign_place,
            brackets,
            sign_written,
            last,
            count,
            current: 0,
            at: 0,
            in_number: false,
            cut: None,
            out: String::new(),
        }
    }

    fn run(mut self, nodes: &[Node], roman: Option<String>) -> Result<String> {
        for node in nodes {
            let key = match node {
                Node::Text(c) => {
                    self.out.push(*c);
                    continue;
                }
                Node::Key(key) => *key,
            };
            let fill = self.shape.fill;
            match key {
                Key::Nine | Key::Zero | Key::Point | Key::LocalePoint if roman.is_some() => {}
                Key::Nine | Key::Zero | Key::Point | Key::LocalePoint => self.digit(key),
                Key::Comma | Key::Group => {
                    if self.in_number {
                        self.out.push(',');
                    } else if !fill {
                        self.out.push(' ');
                    }
                }
                // The locale C has no currency.
                Key::Currency => self.out.push(' '),
                Key::RomanUpper | Key::RomanLower => {
                    let text = roman.clone().unwrap_or_default();
                    let text = if key == Key::RomanLower { text.to_lowercase() } else { text };
                    if fill {
                        self.out.push_str(&text);
                    } else {
                        self.out.push_str(&format!("{text:>15}"));
                    }
                }
                Key::Ordinal(case) => {
                    if self.shape.roman
                        || self.number.first() == Some(&b'#')
                        || self.negative
                        || self.shape.decimal
                    {
                        continue;
                    }
                    if !self.number.last().is_some_and(u8::is_ascii_digit) {
                        return Err(Error::new(
                            sqlstate::INVALID_TEXT_REPRESENTATION,
                            format!("\"{}\" is not a number", String::from_utf8_lossy(self.number)),
                        ));
                    }
                    self.out.push_str(ordinal_suffix(&String::from_utf8_lossy(self.number), case));
                }
                Key::Minus => {
                    if self.negative {
                        self.out.push('-');
                    } else if !fill {
                        self.out.push(' ');
                    }
                }
                Key::Plus => {
                    if !self.negative {
                        self.out.push('+');
                    } else if !fill {
                        self.out.push(' ');
                    }
                }
                Key::PlusMinus => self.out.push(if self.negative { '-' } else { '+' }),
                _ => {}
            }
        }
        if let Some(cut) = self.cut {
            self.out.truncate(cut);
        }
        Ok(self.out)
    }

    fn current_byte(&self) -> u8 {
        self.number.get(self.at).copied().unwrap_or(0)
    }

    /// Whether a 0 before the point is left out: `9.9` of 0.1 is ` .1`.
    fn leaves_zero_out(&self) -> bool {
        !self.shape.zero && self.at == 0 && self.number.first() == Some(&b'0') && self.shape.post != 0
    }

    fn last_is_point(&self) -> bool {
        self.last.is_some_and(|last| self.number.get(last) == Some(&b'.'))
    }

    fn digit(&mut self, key: Key) {
        self.in_number = false;
        let begins = self.current >= self.spaces || (self.shape.zero && self.zero_start == self.current);
        if !self.sign_written && begins && (!self.leaves_zero_out() || self.last_is_point()) {
            if self.shape.sign != SignPlace::None {
                if self.sign_place == SignPlace::Before {
                    self.out.push(if self.negative { '-' } else { '+' });
                    self.sign_written = true;
                }
            } else if self.brackets {
                self.out.push(if self.negative { '<' } else { ' ' });
                self.sign_written = true;
            } else if !self.negative {
                if !self.shape.fill {
                    self.out.push(' ');
                }
                self.sign_written = true;
            } else {
                self.out.push('-');
                self.sign_written = true;
            }
        }
        if self.current < self.spaces && (self.zero_start > self.current || !self.shape.zero) {
            if !self.shape.fill {
                self.out.push(' ');
            }
        } else if self.shape.zero && self.current < self.spaces && self.zero_start <= self.current {
            self.out.push('0');
            self.in_number = true;
        } else {
            let byte = self.current_byte();
            if byte == b'.' {
                if !self.last_is_point() || self.shape.fill {
                    self.out.push('.');
                }
            } else if self.last.is_some_and(|last| self.at > last) && key != Key::Zero {
                // A zero at the end that FM leaves out.
            } else if self.leaves_zero_out() {
                if !self.shape.fill {
                    self.out.push(' ');
                } else if self.last_is_point() {
                    self.out.push('0');
                }
            } else if byte != 0 {
                self.out.push(byte as char);
                self.in_number = true;
            } else {
                // The number is shorter than the format (NaN): nothing is written from here on.
                self.in_number = true;
                self.cut.get_or_insert(self.out.len());
            }
            if byte != 0 {
                self.at += 1;
            }
        }
        let mut end = self
            .count
            .wrapping_add(usize::from(self.spaces > 0))
            .wrapping_add(usize::from(self.shape.decimal));
        if self.last.is_some_and(|last| last == self.at) {
            end = self.current;
        }
        if self.current + 1 == end {
            if self.sign_written && self.brackets {
                self.out.push(if self.negative { '>' } else { ' ' });
            } else if self.shape.sign != SignPlace::None && self.sign_place == SignPlace::After {
                self.out.push(if self.negative { '-' } else { '+' });
            }
        }
        self.current += 1;
    }
}

/// to_number(text, format). `None` is NULL.
pub fn to_number(text: &str, format: &str) -> Result<Option<Numeric>> {
    if format.is_empty() {
        return Ok(None);
    }
    let (nodes, shape) = parse(format)?;
    if shape.exponent {
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, "\"EEEE\" not supported for input"));
    }
    if shape.roman {
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, "\"RN\" not supported for input"));
    }
    let mut reader = NumberReader {
        text: text.as_bytes(),
        at: 0,
        shape: &shape,
        sign: None,
        digits: String::new(),
        point: false,
        post: 0,
        pre: 0,
    };
    for node in &nodes {
        if reader.at >= reader.text.len() {
            break;
        }
        reader.node(*node);
    }
    reader.sign_after();
    let mut digits = reader.digits.clone();
    if reader.sign == Some(b'-') {
        digits.insert(0, '-');
    }
    if digits.ends_with('.') {
        digits.pop();
    }
    let value = Numeric::parse(if digits.is_empty() || digits == "-" { " " } else { &digits })?;
    let (precision, scale) = (shape.pre + shape.multiply + reader.post, reader.post);
    let mut value = if precision == 0 || precision > 1000 {
        value
    } else {
        value.apply_typmod(ColumnType::numeric(precision as i32, scale as i32).typmod)?
    };
    if shape.shift {
        value = value.div(&Numeric::from_parts(BigInt::from(10).pow(shape.multiply as u32), 0))?;
    }
    Ok(Some(value))
}

struct NumberReader<'a> {
    text: &'a [u8],
    at: usize,
    shape: &'a Shape,
    sign: Option<u8>,
    digits: String,
    point: bool,
    pre: usize,
    post: usize,
}

impl NumberReader<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn node(&mut self, node: Node) {
        match node {
            Node::Text(_) => self.at += 1,
            Node::Key(Key::Nine | Key::Zero | Key::Point | Key::LocalePoint) => self.digit(),
            Node::Key(Key::Comma | Key::Group) => {
                let blank = self.digits.is_empty() && !self.shape.fill && self.peek() == b' ';
                let comma = self.peek() == b',' && !(self.digits.is_empty() && self.shape.fill);
                if blank || comma {
                    self.at += 1;
                }
            }
            Node::Key(Key::Currency) => {
                if !self.peek().is_ascii_digit() && !matches!(self.peek(), b'+' | b'-' | b'.' | b',') {
                    self.at += 1;
                }
            }
            Node::Key(Key::Ordinal(_)) => self.at += 2,
            Node::Key(Key::Minus | Key::Plus | Key::PlusMinus) => {
                if matches!(self.peek(), b'-' | b'+') {
                    self.sign = Some(self.peek());
                    self.at += 1;
                } else if self.peek() == b' ' {
                    self.at += 1;
                }
            }
            Node::Key(_) => {}
        }
    }

    fn digit(&mut self) {
        if self.peek() == b' ' {
            self.at += 1;
        }
        if self.at >= self.text.len() {
            return;
        }
        if self.pre + self.post == 0 && self.sign.is_none() {
            match self.peek() {
                b'-' | b'<' if self.peek() == b'-' || self.shape.brackets => {
                    self.sign = Some(b'-');
                    self.at += 1;
                }
                b'+' => {
                    self.sign = Some(b'+');
                    self.at += 1;
                }
                _ => {}
            }
        }
        let byte = self.peek();
        if byte.is_ascii_digit() {
            if self.point && self.post >= self.shape.post {
                return;
            }
            self.digits.push(byte as char);
            if self.point {
                self.post += 1;
            } else {
                self.pre += 1;
            }
            self.at += 1;
            if self.shape.sign != SignPlace::None && self.sign.is_none() && matches!(self.peek(), b'-' | b'+')
            {
                self.sign = Some(self.peek());
                self.at += 1;
            }
        } else if byte == b'.' && self.shape.decimal && !self.point {
            if self.digits.is_empty() {
                self.digits.push('0');
            }
            self.digits.push('.');
            self.point = true;
            self.at += 1;
        }
    }

    /// A sign behind the number.
    fn sign_after(&mut self) {
        if self.sign.is_none()
            && (self.shape.sign != SignPlace::None || self.shape.minus || self.shape.plus)
            && matches!(self.peek(), b'-' | b'+')
        {
            self.sign = Some(self.peek());
        }
    }
}
