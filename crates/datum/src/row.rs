//! [`RowLayout`]: how the rows of a table or index lie in keys and values.
//!
//! A row of the primary index: `prefix · key columns (order-preserving) → format version · the other columns by id`.
//! An entry of a secondary index: `prefix · indexed columns · (primary key columns that are missing, unless unique
//! and without NULLs) → stored columns`. A column that was added later is absent in older rows and reads as its
//! `missing` value; one that was dropped is passed over.
//!
//! ```text
//! value   01 · n · n entries of key columns · entries of value columns, by id
//! ```
//!
//! Entries are those of [`crate::codec`], with the distance to the last position or id in the header. Key columns are
//! in the value where the key does not have them (the rest of a unique index) or does not have all of them (the
//! display scale of numeric, the sign of -0, how an interval is put together).

use base::encoding::DecodeError;
use bytes::Bytes;

use crate::error::{Error, Result, sqlstate};
use crate::types::Type;
use crate::value::Datum;
use crate::{Interval, Jsonb, codec, key};

/// The first byte of every value. A reader refuses what it does not know.
const FORMAT_VERSION: u8 = 1;

/// A column inside a key.
#[derive(Clone, Debug)]
pub struct KeyColumn {
    /// Position in the decoded row.
    pub ordinal: u32,
    /// Its type.
    pub ty: Type,
    /// Descending.
    pub desc: bool,
    /// NULLs before other values.
    pub nulls_first: bool,
}

/// A column inside a value.
#[derive(Clone, Debug)]
pub struct ValueColumn {
    /// Position in the decoded row.
    pub ordinal: u32,
    /// Stable id of the column within its table.
    pub id: u32,
    /// Its type.
    pub ty: Type,
    /// What a row written before the column existed has.
    pub missing: Datum,
}

/// How rows lie in keys and values.
#[derive(Clone, Debug)]
pub struct RowLayout {
    /// What every key begins with.
    pub prefix: Bytes,
    /// Columns in the key, in order.
    pub key: Vec<KeyColumn>,
    /// How many of the key columns make the key unique where none of them is NULL. Fewer than `key.len()` only in
    /// unique secondary indexes: then the rest of `key` lies in the value, unless one of the first is NULL.
    pub unique_prefix: Option<u32>,
    /// Columns in the value.
    pub value: Vec<ValueColumn>,
    /// Columns of the decoded row.
    pub width: u32,
}

impl RowLayout {
    /// The key of a row (all `width` columns).
    pub fn encode_key(&self, row: &[Datum]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(self.prefix.len() + 9 * self.key.len() + 8);
        self.encode_key_into(row, &mut out)?;
        Ok(out)
    }

    /// Appends the key of a row.
    pub fn encode_key_into(&self, row: &[Datum], out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.extend_from_slice(&self.prefix);
        for column in &self.key[..self.columns_in_key(row)] {
            key::encode(&row[column.ordinal as usize], column.desc, column.nulls_first, out)?;
        }
        check_key_size(&out[start..])
    }

    /// The prefix and the first `values.len()` key columns: a bound of a scan. All keys of rows that have these
    /// values begin with it, and no others do.
    pub fn encode_key_prefix(&self, values: &[Datum]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(self.prefix.len() + 9 * values.len() + 8);
        out.extend_from_slice(&self.prefix);
        for (column, value) in self.key.iter().zip(values) {
            key::encode(value, column.desc, column.nulls_first, &mut out)?;
        }
        Ok(out)
    }

    /// The value of a row (all `width` columns).
    pub fn encode_value(&self, row: &[Datum]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(2 + 10 * self.value.len());
        self.encode_value_into(row, &mut out);
        Ok(out)
    }

    /// Appends the value of a row.
    pub fn encode_value_into(&self, row: &[Datum], out: &mut Vec<u8>) {
        out.push(FORMAT_VERSION);
        let in_key = self.columns_in_key(row);
        let kept = |(position, column): &(usize, &KeyColumn)| {
            *position >= in_key || loses_in_key(&row[column.ordinal as usize])
        };
        let count = self.key.iter().enumerate().filter(kept).count();
        codec::put_varint(out, count as u64);
        let mut last = 0;
        for (position, column) in self.key.iter().enumerate().filter(kept) {
            codec::put_entry(out, (position - last) as u64, &row[column.ordinal as usize]);
            last = position;
        }
        let mut last = 0;
        let mut put = |column: &ValueColumn| {
            codec::put_entry(out, u64::from(column.id - last), &row[column.ordinal as usize]);
            last = column.id;
        };
        if self.value.is_sorted_by_key(|column| column.id) {
            self.value.iter().for_each(&mut put);
        } else {
            let mut columns: Vec<&ValueColumn> = self.value.iter().collect();
            columns.sort_by_key(|column| column.id);
            columns.into_iter().for_each(&mut put);
        }
    }

    /// A decoder of the columns that are needed (`None`: all), to be built once per scan. The others come out as
    /// NULL.
    pub fn decoder(&self, needed: Option<&[bool]>) -> Decoder {
        let needs = |ordinal: u32| needed.is_none_or(|n| n.get(ordinal as usize).copied().unwrap_or(false));
        let key: Vec<KeyStep> = self
            .key
            .iter()
            .map(|column| KeyStep { column: column.clone(), needed: needs(column.ordinal) })
            .collect();
        let mut value: Vec<ValueColumn> = self.value.iter().filter(|c| needs(c.ordinal)).cloned().collect();
        value.sort_by_key(|column| column.id);
        let last_key = key.iter().rposition(|step| step.needed).map_or(0, |at| at + 1);
        Decoder {
            prefix: self.prefix.len(),
            key,
            last_key,
            unique_prefix: self.unique_prefix.map(|n| n as usize),
            value,
            width: self.width as usize,
        }
    }

    /// How many key columns the key of this row has.
    fn columns_in_key(&self, row: &[Datum]) -> usize {
        match self.unique_prefix {
            Some(unique)
                if !self.key[..unique as usize].iter().any(|c| row[c.ordinal as usize].is_null()) =>
            {
                unique as usize
            }
            _ => self.key.len(),
        }
    }
}

/// Longer keys than this are refused: 54000, as PostgreSQL does with index rows.
const KEY_BYTES_MAX: usize = 64 << 10;

fn check_key_size(key: &[u8]) -> Result<()> {
    if key.len() > KEY_BYTES_MAX {
        return Err(Error::new(
            sqlstate::PROGRAM_LIMIT_EXCEEDED,
            format!("key size {} exceeds the maximum {KEY_BYTES_MAX}", key.len()),
        ));
    }
    Ok(())
}

/// Whether a key does not give this very value back, but one that is equal.
fn loses_in_key(datum: &Datum) -> bool {
    match datum {
        Datum::Float4(f) => *f == 0.0 && f.is_sign_negative(),
        Datum::Float8(f) => *f == 0.0 && f.is_sign_negative(),
        Datum::Numeric(n) => n.min_scale().is_some_and(|scale| scale != n.scale()),
        Datum::Interval(i) => {
            let canonical = Interval::from_span(i.span());
            (canonical.months, canonical.days, canonical.micros) != (i.months, i.days, i.micros)
        }
        Datum::Jsonb(j) => loses_jsonb(j),
        Datum::Array(array) => {
            array.items.iter().any(loses_in_key) || (array.items.is_empty() && array.lower != 1)
        }
        _ => false,
    }
}

fn loses_jsonb(value: &Jsonb) -> bool {
    match value {
        Jsonb::Number(n) => n.min_scale().is_some_and(|scale| scale != n.scale()),
        Jsonb::Array(items) => items.iter().any(loses_jsonb),
        Jsonb::Object(fields) => fields.iter().any(|(_, value)| loses_jsonb(value)),
        _ => false,
    }
}

/// How a scan reads rows of a layout: built once by [`RowLayout::decoder`].
#[derive(Clone, Debug)]
pub struct Decoder {
    prefix: usize,
    key: Vec<KeyStep>,
    /// Key columns from here on are not needed.
    last_key: usize,
    unique_prefix: Option<usize>,
    /// The needed ones, by id.
    value: Vec<ValueColumn>,
    width: usize,
}

#[derive(Clone, Debug)]
struct KeyStep {
    column: KeyColumn,
    needed: bool,
}

impl Decoder {
    /// Columns of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Appends the row's columns to `out`. XX001 if the bytes are none of ours; then `out` is as it was.
    pub fn decode(&self, key: &[u8], value: &[u8], out: &mut Vec<Datum>) -> Result<()> {
        let start = out.len();
        out.resize(start + self.width, Datum::Null);
        let row = &mut out[start..];
        let result = self.decode_key(key, row).and_then(|()| {
            self.decode_value(value, row).map_err(|error| {
                Error::new(
                    sqlstate::DATA_CORRUPTED,
                    format!("the value of a row cannot be read: {}", error.0),
                )
            })
        });
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn decode_key(&self, key: &[u8], row: &mut [Datum]) -> Result<()> {
        if self.last_key == 0 {
            return Ok(());
        }
        let mut rest = key
            .get(self.prefix..)
            .ok_or_else(|| Error::new(sqlstate::DATA_CORRUPTED, "a key is shorter than its prefix"))?;
        let mut has_null = false;
        for (position, KeyStep { column, needed }) in self.key[..self.last_key].iter().enumerate() {
            if self.unique_prefix == Some(position) && !has_null {
                // The rest is in the value.
                break;
            }
            if *needed {
                let datum = key::decode(&mut rest, column.ty, column.desc, column.nulls_first)?;
                has_null |= datum.is_null();
                row[column.ordinal as usize] = datum;
            } else {
                has_null |= key::skip(&mut rest, column.ty, column.desc)?;
            }
        }
        Ok(())
    }

    fn decode_value(&self, value: &[u8], row: &mut [Datum]) -> std::result::Result<(), DecodeError> {
        if self.value.is_empty() && self.last_key == 0 {
            return Ok(());
        }
        let mut input = value;
        match base::encoding::take_u8(&mut input)? {
            FORMAT_VERSION => {}
            _ => return Err(DecodeError("unknown format version")),
        }
        let mut position = 0usize;
        for _ in 0..codec::take_varint(&mut input)? {
            let header = codec::take_varint(&mut input)?;
            position = position.saturating_add((header >> 3) as usize);
            let step = self.key.get(position).ok_or(DecodeError("a key column that is none"))?;
            if step.needed {
                row[step.column.ordinal as usize] =
                    codec::take_body(&mut input, header & 7, step.column.ty, 0)?;
            } else {
                codec::skip_body(&mut input, header & 7)?;
            }
        }
        let mut id = 0u64;
        let mut wanted = self.value.iter();
        let mut next = wanted.next();
        while let Some(column) = next {
            if input.is_empty() {
                row[column.ordinal as usize] = column.missing.clone();
                next = wanted.next();
                continue;
            }
            let header = codec::take_varint(&mut input)?;
            id += header >> 3;
            // Columns that are not there were added after the row was written.
            while let Some(column) = next
                && u64::from(column.id) < id
            {
                row[column.ordinal as usize] = column.missing.clone();
                next = wanted.next();
            }
            match next {
                Some(column) if u64::from(column.id) == id => {
                    row[column.ordinal as usize] = codec::take_body(&mut input, header & 7, column.ty, 0)?;
                    next = wanted.next();
                }
                _ => codec::skip_body(&mut input, header & 7)?,
            }
        }
        Ok(())
    }
}
