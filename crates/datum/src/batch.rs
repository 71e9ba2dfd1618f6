//! [`Batch`]: rows in one flat allocation, the unit that operators hand on.

use crate::value::Datum;

/// Rows of equal width.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    width: usize,
    len: usize,
    data: Vec<Datum>,
}

impl Batch {
    /// An empty batch of rows of this width.
    pub fn new(width: usize) -> Batch {
        Batch { width, len: 0, data: Vec::new() }
    }

    /// An empty batch with room for `rows`.
    pub fn with_capacity(width: usize, rows: usize) -> Batch {
        Batch { width, len: 0, data: Vec::with_capacity(width * rows) }
    }

    /// Columns of each row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The `i`-th row.
    pub fn row(&self, i: usize) -> &[Datum] {
        &self.data[i * self.width..(i + 1) * self.width]
    }

    /// The `i`-th row, to be changed.
    pub fn row_mut(&mut self, i: usize) -> &mut [Datum] {
        &mut self.data[i * self.width..(i + 1) * self.width]
    }

    /// All rows. Works for width 0 too.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[Datum]> {
        (0..self.len).map(|i| self.row(i))
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If its width is another one (a bug).
    pub fn push(&mut self, row: impl IntoIterator<Item = Datum>) {
        let before = self.data.len();
        self.data.extend(row);
        base::invariant!(self.data.len() - before == self.width, "a row fits its batch");
        self.len += 1;
    }

    /// Appends a row of clones.
    pub fn push_row(&mut self, row: &[Datum]) {
        base::invariant!(row.len() == self.width, "a row fits its batch");
        self.data.extend_from_slice(row);
        self.len += 1;
    }

    /// Keeps the first `len` rows.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.data.truncate(len * self.width);
        }
    }

    /// Takes the rows out one after the other.
    pub fn into_rows(self) -> impl Iterator<Item = Vec<Datum>> {
        let (width, len) = (self.width, self.len);
        let mut data = self.data.into_iter();
        (0..len).map(move |_| data.by_ref().take(width).collect())
    }

    /// Appends all rows of another batch of the same width.
    pub fn append(&mut self, other: Batch) {
        base::invariant!(other.width == self.width, "batches have one width");
        self.len += other.len;
        self.data.extend(other.data);
    }
}
