//! [`RowWriter`]: puts rows of one table and the entries of its indexes, and checks what a row must satisfy.

use std::sync::Arc;

use base::Key;
use base::map::HashSet;
use bytes::Bytes;
use datum::{Datum, EvalContext, Expr, Result};
use parking_lot::Mutex;
use sql::catalog::{IndexState, TableDescriptor};

use super::violation;
use crate::layout::{IndexLayout, TableLayout};
use crate::operators::Cx;

/// Puts rows of one table.
pub(crate) struct RowWriter {
    pub layout: Arc<TableLayout>,
    /// Ordinals of columns that may not be NULL.
    not_null: Vec<usize>,
    /// The primary key is a hidden row id: always new, never looked for.
    hidden_key: Option<usize>,
    /// Of a storage that this writer alone has filled so far: the greatest key in it. Rows above it need not be
    /// looked for.
    greatest: Mutex<Option<Key>>,
}

/// An entry of a secondary index.
pub(crate) struct Entry {
    pub key: Key,
    pub value: Bytes,
    /// The key stands for its values alone: nothing else may have it.
    pub unique: bool,
}

impl RowWriter {
    pub fn new(table: &Arc<TableDescriptor>, cx: &Cx<'_>) -> Result<RowWriter> {
        let layout = cx.layout(table)?;
        let not_null = (0..table.columns.len()).filter(|i| !table.columns[*i].nullable).collect();
        let hidden_key = match layout.key_ordinals.as_slice() {
            [one] if table.columns[*one].hidden => Some(*one),
            _ => None,
        };
        Ok(RowWriter { layout, not_null, hidden_key, greatest: Mutex::new(None) })
    }

    /// A writer that fills a new storage, alone.
    pub fn filling(table: &Arc<TableDescriptor>, cx: &Cx<'_>) -> Result<RowWriter> {
        let writer = RowWriter::new(table, cx)?;
        *writer.greatest.lock() = Some(Key::MIN);
        Ok(writer)
    }

    /// Whether a key may be taken already.
    fn may_be_taken(&self, key: &Key) -> bool {
        match &mut *self.greatest.lock() {
            Some(greatest) if key > greatest => {
                *greatest = key.clone();
                false
            }
            _ => true,
        }
    }

    pub fn table(&self) -> &Arc<TableDescriptor> {
        &self.layout.table
    }

    /// Gives a row without a visible key its hidden one.
    pub fn complete(&self, row: &mut [Datum], cx: &Cx<'_>) {
        if let Some(ordinal) = self.hidden_key
            && row[ordinal].is_null()
        {
            row[ordinal] = Datum::Int8(cx.node.next_rowid());
        }
    }

    /// NOT NULL and CHECK.
    pub fn check(&self, row: &[Datum], checks: &[(String, Expr)], cx: &Cx<'_>) -> Result<()> {
        let table = self.table();
        if let Some(ordinal) = self.not_null.iter().find(|i| row[**i].is_null()) {
            return Err(violation::not_null(table, *ordinal, row, cx));
        }
        let eval = cx.eval();
        for (name, condition) in checks {
            if condition.eval(row, &eval)?.as_bool() == Some(false) {
                return Err(violation::check(table, name, row, cx));
            }
        }
        Ok(())
    }

    /// The values of an index's expression keys.
    pub fn expression_values(
        index: &IndexLayout,
        row: &[Datum],
        eval: &EvalContext<'_>,
    ) -> Result<Vec<Datum>> {
        index.exprs.iter().map(|expr| expr.eval(row, eval)).collect()
    }

    /// The entry of a row in a secondary index, if it has one.
    pub fn entry(index: &IndexLayout, row: &[Datum], eval: &EvalContext<'_>) -> Result<Option<Entry>> {
        if let Some(predicate) = &index.predicate
            && !predicate.eval_bool(row, eval)?
        {
            return Ok(None);
        }
        let layout = &index.layout;
        let wide;
        let row = if index.exprs.is_empty() {
            row
        } else {
            let mut all = row.to_vec();
            all.extend(Self::expression_values(index, row, eval)?);
            wide = all;
            &wide[..]
        };
        let unique = layout.unique_prefix.is_some_and(|prefix| {
            layout.key[..prefix as usize].iter().all(|k| !row[k.ordinal as usize].is_null())
        });
        let key = Key::from(layout.encode_key(row)?);
        let value = Bytes::from(layout.encode_value(row)?);
        Ok(Some(Entry { key, value, unique }))
    }

    /// Inserts rows: unique keys are checked for all of them at once. Each row has been [`RowWriter::complete`]d and
    /// [`RowWriter::check`]ed.
    pub async fn insert(&self, rows: &[&[Datum]], cx: &mut Cx<'_>) -> Result<()> {
        let mut checks: Vec<(Key, usize, Option<usize>)> = Vec::new();
        let mut puts: Vec<(Key, Bytes)> = Vec::with_capacity(rows.len());
        let mut seen: HashSet<Key> = HashSet::default();
        let mut duplicate = None;
        {
            let eval = cx.eval();
            for (i, row) in rows.iter().enumerate() {
                let key = self.layout.row_key(row)?;
                if self.hidden_key.is_none() {
                    if rows.len() > 1 && !seen.insert(key.clone()) {
                        duplicate.get_or_insert((i, None));
                    }
                    if self.may_be_taken(&key) {
                        checks.push((key.clone(), i, None));
                    }
                }
                puts.push((key, self.layout.primary.encode_value(row)?.into()));
                for (at, index) in self.layout.secondary.iter().enumerate() {
                    if index.state == IndexState::DeleteOnly {
                        continue;
                    }
                    let Some(entry) = Self::entry(index, row, &eval)? else { continue };
                    if entry.unique {
                        if rows.len() > 1 && !seen.insert(entry.key.clone()) {
                            duplicate.get_or_insert((i, Some(at)));
                        }
                        checks.push((entry.key.clone(), i, Some(at)));
                    }
                    puts.push((entry.key, entry.value));
                }
            }
        }
        if !checks.is_empty() {
            let keys: Vec<Key> = checks.iter().map(|(key, ..)| key.clone()).collect();
            let found = cx.txn.get_now(&keys).await?;
            if let Some(at) = found.iter().position(Option::is_some) {
                let (_, row, index) = checks[at];
                return Err(self.unique_violation(rows[row], index, cx)?);
            }
        }
        if let Some((row, index)) = duplicate {
            return Err(self.unique_violation(rows[row], index, cx)?);
        }
        for (key, value) in puts {
            cx.txn.put(key, value)?;
        }
        Ok(())
    }

    /// 23505 for a row and one of its indexes (a position in `layout.secondary`, `None` is the primary one).
    pub fn unique_violation(&self, row: &[Datum], index: Option<usize>, cx: &Cx<'_>) -> Result<datum::Error> {
        let table = self.table();
        Ok(match index {
            None => violation::unique(table, &table.indexes[0], row, &[], cx),
            Some(at) => {
                let index = &self.layout.secondary[at];
                let exprs = Self::expression_values(index, row, &cx.eval())?;
                violation::unique(table, &table.indexes[index.position], row, &exprs, cx)
            }
        })
    }

    /// Removes a row and its entries.
    pub fn delete(&self, row: &[Datum], cx: &mut Cx<'_>) -> Result<()> {
        let mut keys = vec![self.layout.row_key(row)?];
        {
            let eval = cx.eval();
            for index in &self.layout.secondary {
                if let Some(entry) = Self::entry(index, row, &eval)? {
                    keys.push(entry.key);
                }
            }
        }
        keys.into_iter().try_for_each(|key| cx.txn.delete(key))
    }

    /// Changes rows, given as they were and as they are to be. Old keys go before new ones are looked for, so that
    /// rows may exchange their keys.
    pub async fn update(&self, pairs: &[(&[Datum], &[Datum])], cx: &mut Cx<'_>) -> Result<()> {
        let mut deletes: Vec<Key> = Vec::new();
        let mut puts: Vec<(Key, Bytes)> = Vec::new();
        let mut checks: Vec<(Key, usize, Option<usize>)> = Vec::new();
        {
            let eval = cx.eval();
            for (i, (old, new)) in pairs.iter().enumerate() {
                let (old_key, new_key) = (self.layout.row_key(old)?, self.layout.row_key(new)?);
                if old_key != new_key {
                    deletes.push(old_key);
                    checks.push((new_key.clone(), i, None));
                }
                puts.push((new_key, self.layout.primary.encode_value(new)?.into()));
                for (at, index) in self.layout.secondary.iter().enumerate() {
                    let before = Self::entry(index, old, &eval)?;
                    let after = Self::entry(index, new, &eval)?;
                    let same_key = match (&before, &after) {
                        (Some(before), Some(after)) => before.key == after.key,
                        _ => false,
                    };
                    if let Some(before) = &before
                        && !same_key
                    {
                        deletes.push(before.key.clone());
                    }
                    let Some(after) = after else { continue };
                    if index.state == IndexState::DeleteOnly {
                        continue;
                    }
                    if same_key && before.is_some_and(|before| before.value == after.value) {
                        // A write-only index may lack the entry as yet.
                        if index.state == IndexState::Public {
                            continue;
                        }
                    } else if !same_key && after.unique {
                        checks.push((after.key.clone(), i, Some(at)));
                    }
                    puts.push((after.key, after.value));
                }
            }
        }
        for key in deletes {
            cx.txn.delete(key)?;
        }
        if !checks.is_empty() {
            let keys: Vec<Key> = checks.iter().map(|(key, ..)| key.clone()).collect();
            let found = cx.txn.get_now(&keys).await?;
            if let Some(at) = found.iter().position(Option::is_some) {
                let (_, row, index) = checks[at];
                return Err(self.unique_violation(pairs[row].1, index, cx)?);
            }
            if checks.len() > 1 {
                let mut seen: HashSet<&Key> = HashSet::default();
                if let Some((_, row, index)) = checks.iter().find(|(key, ..)| !seen.insert(key)) {
                    return Err(self.unique_violation(pairs[*row].1, *index, cx)?);
                }
            }
        }
        for (key, value) in puts {
            cx.txn.put(key, value)?;
        }
        Ok(())
    }
}
