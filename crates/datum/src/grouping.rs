//! [`Grouping`]: the hash table of grouped aggregation, for rows as well as for partial states.
//!
//! ```text
//!   group values ── hash ──► number of the group ──► keys[n·width ..]     states[n·aggregates ..]
//! ```
//! Groups come out in the order in which they came in. A single integer key does without hashing datums.

use base::map::HashMap;

use crate::aggregate::{Accumulator, AggregateCall};
use crate::batch::Batch;
use crate::error::{Error, Result, sqlstate};
use crate::expr::EvalContext;
use crate::value::Datum;

/// Groups with their aggregates' states.
#[derive(Debug)]
pub struct Grouping {
    calls: Vec<AggregateCall>,
    /// How many datums of a partial row belong to each aggregate.
    widths: Vec<usize>,
    key_width: usize,
    ints: HashMap<i64, u32>,
    others: HashMap<Box<[Datum]>, u32>,
    keys: Vec<Datum>,
    states: Vec<Accumulator>,
    groups: usize,
    key_bytes: usize,
}

impl Grouping {
    /// No groups yet, of keys so wide; with keys of width 0 there is one group from the start.
    pub fn new(key_width: usize, calls: Vec<AggregateCall>) -> Grouping {
        let widths = calls.iter().map(|c| c.partial_types().len()).collect();
        let mut grouping = Grouping {
            calls,
            widths,
            key_width,
            ints: HashMap::default(),
            others: HashMap::default(),
            keys: Vec::new(),
            states: Vec::new(),
            groups: 0,
            key_bytes: 0,
        };
        if key_width == 0 {
            grouping.insert(&[]);
        }
        grouping
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.groups
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.groups == 0
    }

    fn insert(&mut self, key: &[Datum]) -> usize {
        self.keys.extend_from_slice(key);
        self.key_bytes += 64 + 2 * key.iter().map(Datum::memory_size).sum::<usize>();
        self.states.extend(self.calls.iter().map(Accumulator::new));
        self.groups += 1;
        self.groups - 1
    }

    /// The group of a key; it is made if it is new.
    #[inline]
    fn group(&mut self, key: &[Datum]) -> usize {
        match key {
            [] => 0,
            [Datum::Int4(_) | Datum::Int8(_) | Datum::Int2(_)] => {
                // One column has one type, so that widths do not mix.
                let int = key[0].as_i64().unwrap_or_default();
                if let Some(group) = self.ints.get(&int) {
                    return *group as usize;
                }
                let group = self.insert(key);
                self.ints.insert(int, group as u32);
                group
            }
            key => {
                if let Some(group) = self.others.get(key) {
                    return *group as usize;
                }
                let group = self.insert(key);
                self.others.insert(key.into(), group as u32);
                group
            }
        }
    }

    /// Takes a row that belongs to the group of this key.
    #[inline]
    pub fn update(&mut self, key: &[Datum], row: &[Datum], ctx: &EvalContext<'_>) -> Result<()> {
        let group = self.group(key);
        let count = self.calls.len();
        for (state, call) in self.states[group * count..(group + 1) * count].iter_mut().zip(&self.calls) {
            state.update(call, row, ctx)?;
        }
        Ok(())
    }

    /// Takes a row of partial states: the group's values, then each aggregate's state.
    pub fn merge(&mut self, row: &[Datum]) -> Result<()> {
        if row.len() != self.key_width + self.widths.iter().sum::<usize>() {
            return Err(Error::new(
                sqlstate::DATA_CORRUPTED,
                "a row of partial aggregates has another width",
            ));
        }
        let (key, mut rest) = row.split_at(self.key_width);
        let group = self.group(key);
        let count = self.calls.len();
        for (i, width) in self.widths.iter().enumerate() {
            let (state, more) = rest.split_at(*width);
            self.states[group * count + i].merge(state)?;
            rest = more;
        }
        Ok(())
    }

    /// One row for each group: its values, then the aggregates' results.
    pub fn finish(self, ctx: &EvalContext<'_>) -> Result<Batch> {
        let count = self.calls.len();
        let mut out = Batch::with_capacity(self.key_width + count, self.groups);
        let mut keys = self.keys.into_iter();
        for group in 0..self.groups {
            let states = &self.states[group * count..(group + 1) * count];
            let results = states
                .iter()
                .zip(&self.calls)
                .map(|(s, c)| s.finish(c, ctx))
                .collect::<Result<Vec<Datum>>>()?;
            out.push(keys.by_ref().take(self.key_width).chain(results));
        }
        Ok(out)
    }

    /// One row for each group: its values, then the aggregates' partial states.
    pub fn finish_partial(self) -> Result<Batch> {
        let count = self.calls.len();
        let width = self.key_width + self.widths.iter().sum::<usize>();
        let mut out = Batch::with_capacity(width, self.groups);
        let mut keys = self.keys.into_iter();
        for group in 0..self.groups {
            let mut row: Vec<Datum> = keys.by_ref().take(self.key_width).collect();
            for state in &self.states[group * count..(group + 1) * count] {
                row.extend(state.partial()?);
            }
            out.push(row);
        }
        Ok(out)
    }

    /// Bytes that it holds, about.
    pub fn memory_size(&self) -> usize {
        self.key_bytes + self.states.iter().map(Accumulator::memory_size).sum::<usize>()
    }

    /// About how many bytes the keys and fixed states take: cheap to ask for after each row.
    pub fn memory_estimate(&self) -> usize {
        self.key_bytes + self.states.len() * std::mem::size_of::<Accumulator>()
    }
}
