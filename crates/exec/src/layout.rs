//! [`TableLayout`]: how a table's rows and index entries lie in keys and values, made once per version of a table.

use std::sync::Arc;

use base::Key;
use base::map::HashMap;
use datum::{Datum, Expr, Result, RowLayout};
use parking_lot::Mutex;
use sql::catalog::*;

use crate::catalog::SessionCatalog;
use crate::error::corrupt;

/// How a table's rows and index entries lie in keys and values.
pub(crate) struct TableLayout {
    /// The table.
    pub table: Arc<TableDescriptor>,
    /// The primary index: a decoded row has the table's columns in order.
    pub primary: Arc<RowLayout>,
    /// Positions of the primary key's columns in `table.columns`.
    pub key_ordinals: Vec<usize>,
    /// The other indexes, in the table's order.
    pub secondary: Vec<IndexLayout>,
}

/// How a secondary index lies in keys and values.
pub(crate) struct IndexLayout {
    /// Its id.
    pub id: IndexId,
    /// Position in `table.indexes`.
    pub position: usize,
    /// Its entries: a decoded one has the table's columns, then one per expression key.
    pub layout: Arc<RowLayout>,
    /// Which of the table's columns an entry carries.
    pub covered: Vec<bool>,
    /// Expression keys, over the table's row.
    pub exprs: Vec<Expr>,
    /// WHERE, over the table's row.
    pub predicate: Option<Expr>,
    /// How far a schema change has come.
    pub state: IndexState,
    /// Unique.
    pub unique: bool,
}

impl TableLayout {
    /// The layout of a table; expressions of its indexes are bound against the catalog.
    pub fn new(table: &Arc<TableDescriptor>, catalog: &SessionCatalog) -> Result<TableLayout> {
        let missing = || corrupt(format!("table \"{}\" has no primary index", table.name));
        let first = table.indexes.first().ok_or_else(missing)?;
        let primary = sql::layout::row_layout(table, first.id).ok_or_else(missing)?;
        let mut secondary = Vec::with_capacity(table.indexes.len() - 1);
        for (position, index) in table.indexes.iter().enumerate().skip(1) {
            let layout = sql::layout::row_layout(table, index.id)
                .ok_or_else(|| corrupt(format!("index \"{}\" has a column that is not there", index.name)))?;
            let mut covered = vec![false; table.columns.len()];
            for ordinal in sql::layout::covered_columns(table, index) {
                covered[ordinal] = true;
            }
            let mut exprs = Vec::new();
            for key in &index.keys {
                if let IndexKeyKind::Expression(text, _) = &key.what {
                    exprs.push(crate::expressions::over_table(text, table, catalog)?);
                }
            }
            let predicate = match &index.predicate {
                Some(text) => Some(crate::expressions::over_table(text, table, catalog)?),
                None => None,
            };
            secondary.push(IndexLayout {
                id: index.id,
                position,
                layout: Arc::new(layout),
                covered,
                exprs,
                predicate,
                state: index.state,
                unique: index.unique,
            });
        }
        Ok(TableLayout {
            table: table.clone(),
            primary: Arc::new(primary),
            key_ordinals: sql::layout::primary_key_ordinals(table),
            secondary,
        })
    }

    /// A secondary index by id.
    pub fn index(&self, id: IndexId) -> Option<&IndexLayout> {
        self.secondary.iter().find(|index| index.id == id)
    }

    /// The layout of any index by id.
    pub fn row_layout(&self, id: IndexId) -> Result<&Arc<RowLayout>> {
        if sql::layout::is_primary_index(&self.table, id) {
            return Ok(&self.primary);
        }
        self.index(id)
            .map(|index| &index.layout)
            .ok_or_else(|| corrupt(format!("table \"{}\" has no index {id}", self.table.name)))
    }

    /// The key of the row with this primary key (values in key order).
    pub fn key_of(&self, values: &[Datum]) -> Result<Key> {
        self.primary.encode_key_prefix(values).map(Key::from)
    }

    /// The key of a row.
    pub fn row_key(&self, row: &[Datum]) -> Result<Key> {
        self.primary.encode_key(row).map(Key::from)
    }
}

const LAYOUTS_MAX: usize = 4096;

/// Layouts in use, by table and version.
#[derive(Default)]
pub(crate) struct LayoutCache(Mutex<HashMap<(DescriptorId, u64), Arc<TableLayout>>>);

impl LayoutCache {
    /// The layout of this version of a table.
    pub fn get(&self, table: &Arc<TableDescriptor>, catalog: &SessionCatalog) -> Result<Arc<TableLayout>> {
        let key = (table.id, table.version);
        if let Some(layout) = self.0.lock().get(&key) {
            return Ok(layout.clone());
        }
        let layout = Arc::new(TableLayout::new(table, catalog)?);
        let mut layouts = self.0.lock();
        if layouts.len() >= LAYOUTS_MAX {
            // Old versions are never asked for again; the live ones are made anew at little cost.
            layouts.clear();
        }
        layouts.insert(key, layout.clone());
        Ok(layout)
    }
}
