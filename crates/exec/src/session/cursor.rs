//! Cursors: DECLARE, FETCH, MOVE, CLOSE. What a cursor has fetched stays in memory, so that it can go back.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Batch, Error, Result};
use sql::statement::FetchDirection;

use super::portal::{Cursor, Portal, Progress};
use super::run::fields_of;
use super::{Block, Session};
use crate::api::Field;
use crate::operators::{Cx, Running};

fn undefined(name: &str) -> Error {
    Error::new(sqlstate::INVALID_CURSOR_NAME, format!("cursor \"{name}\" does not exist"))
}

impl Session {
    /// The columns of a cursor's rows.
    pub(super) fn cursor_fields(&self, name: &str) -> Option<Vec<Field>> {
        match &self.portals.get(name)?.progress {
            Progress::Running(run) => run.bound.fields.as_ref().map(|fields| fields.to_vec()),
            Progress::Buffered { bound, .. } => bound.fields.as_ref().map(|fields| fields.to_vec()),
            Progress::New | Progress::Done => None,
        }
    }

    /// DECLARE.
    pub(super) async fn declare(
        &mut self,
        name: &str,
        query: &sql::plan::Query,
        portal: &mut Portal,
        binary: bool,
        hold: bool,
        scroll: Option<bool>,
    ) -> Result<()> {
        if !hold && self.block != Block::Explicit {
            return Err(Error::new(
                sqlstate::NO_ACTIVE_SQL_TRANSACTION,
                "DECLARE CURSOR can only be used in transaction blocks",
            ));
        }
        if self.portals.contains_key(name) {
            return Err(Error::new(sqlstate::DUPLICATE_CURSOR, format!("cursor \"{name}\" already exists")));
        }
        let query = Arc::new(query.clone());
        let state = self.statement_state(portal.params.clone())?;
        if let Some(tx) = &mut self.tx {
            tx.rely_on(&query.depends_on);
        }
        let bound = super::portal::Bound {
            under: super::portal::Under { version: 0, local: 0, settings: 0 },
            statement: None,
            params: Vec::new(),
            fields: Some(Arc::new(fields_of(&query.root))),
            query: Some(query.clone()),
        };
        let running = Running::new(query, &state.memory);
        let run = super::portal::PortalRun { running, state, bound: Arc::new(bound), rest: None, sent: 0 };
        let mut cursor = Portal::new(portal.prepared.clone(), portal.params.clone(), Vec::new());
        cursor.progress = Progress::Running(Box::new(run));
        cursor.hold = hold;
        cursor.binary = binary;
        cursor.declared = Some((portal.prepared.text.clone(), self.node.now()));
        cursor.cursor = Some(Cursor { forward_only: scroll == Some(false), ..Cursor::default() });
        if hold {
            // It outlives its transaction: its rows are made now.
            self.fill(&mut cursor, usize::MAX).await?;
        }
        self.portals.insert(name.to_owned(), cursor);
        Ok(())
    }

    /// Fetches rows of a cursor until it has `upto`.
    async fn fill(&mut self, portal: &mut Portal, upto: usize) -> Result<()> {
        let Progress::Running(run) = &mut portal.progress else { return Ok(()) };
        let Some(cursor) = &mut portal.cursor else { return Ok(()) };
        while !cursor.complete && cursor.rows.as_ref().map_or(0, Batch::len) < upto {
            let Some(tx) = &mut self.tx else { break };
            let mut cx = Cx { txn: &mut tx.txn, state: &mut run.state, node: &self.node };
            match run.running.next(&mut cx).await? {
                Some(batch) => match &mut cursor.rows {
                    Some(rows) => rows.append(batch),
                    None => cursor.rows = Some(batch),
                },
                None => cursor.complete = true,
            }
        }
        Ok(())
    }

    /// FETCH and MOVE: rows in the order in which they come, and how many.
    pub(super) async fn fetch(
        &mut self,
        name: &str,
        direction: FetchDirection,
    ) -> Result<(Option<Batch>, usize)> {
        let mut portal = self.portals.remove(name).ok_or_else(|| undefined(name))?;
        let fetched = self.fetch_from(&mut portal, name, direction).await;
        self.portals.insert(name.to_owned(), portal);
        fetched
    }

    async fn fetch_from(
        &mut self,
        portal: &mut Portal,
        name: &str,
        direction: FetchDirection,
    ) -> Result<(Option<Batch>, usize)> {
        if portal.cursor.is_none() {
            return Err(undefined(name));
        }
        let position = portal.cursor.as_ref().map_or(0, |cursor| cursor.position);
        if portal.cursor.as_ref().is_some_and(|cursor| cursor.forward_only) {
            let back = match direction {
                FetchDirection::Forward(n) => n.is_some_and(|n| n < 0),
                FetchDirection::Backward(n) => n.is_none_or(|n| n > 0),
                FetchDirection::Absolute(n) => n < 0 || (n as usize) <= position,
                FetchDirection::Relative(n) => n < 0,
            };
            if back {
                return Err(Error::new(
                    sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
                    "cursor can only scan forward",
                )
                .hint("Declare it with SCROLL option to enable backward scan."));
            }
        }
        let all = usize::MAX / 2;
        let count = |n: Option<i64>| n.map_or(all as i64, |n| n);
        // First and last row wanted, counted from 1.
        let (from, to) = match direction {
            FetchDirection::Forward(n) if count(n) < 0 => return self.back(portal, -count(n)),
            FetchDirection::Backward(n) if count(n) >= 0 => return self.back(portal, count(n)),
            FetchDirection::Forward(n) => forward(position, count(n)),
            FetchDirection::Backward(n) => forward(position, -count(n)),
            FetchDirection::Absolute(n) if n >= 0 => (n as usize, n as usize),
            FetchDirection::Absolute(n) => {
                self.fill(portal, all).await?;
                let total = rows(portal);
                let at = (total as i64 + 1 + n).max(0) as usize;
                (at, at)
            }
            FetchDirection::Relative(n) => {
                let at = (position as i64 + n).max(0) as usize;
                (at, at)
            }
        };
        self.fill(portal, to.min(all)).await?;
        let total = rows(portal);
        let Some(cursor) = &mut portal.cursor else { return Err(undefined(name)) };
        let mut out: Option<Batch> = None;
        let mut given = 0;
        if let Some(have) = &cursor.rows {
            for at in from.max(1)..=to.min(total) {
                out.get_or_insert_with(|| Batch::new(have.width())).push_row(have.row(at - 1));
                given += 1;
            }
        }
        let single = matches!(direction, FetchDirection::Absolute(_) | FetchDirection::Relative(_));
        cursor.position = if to > total {
            if cursor.complete { total + 1 } else { total }
        } else if single || to >= from {
            to
        } else {
            cursor.position
        };
        Ok((out, given))
    }

    /// FETCH BACKWARD.
    fn back(&mut self, portal: &mut Portal, count: i64) -> Result<(Option<Batch>, usize)> {
        let Some(cursor) = &mut portal.cursor else { return Ok((None, 0)) };
        let mut out: Option<Batch> = None;
        let mut given = 0;
        let total = cursor.rows.as_ref().map_or(0, Batch::len);
        if count == 0 {
            // The row on which it stands, once more.
            if let Some(rows) = &cursor.rows
                && (1..=total).contains(&cursor.position)
            {
                let mut one = Batch::new(rows.width());
                one.push_row(rows.row(cursor.position - 1));
                return Ok((Some(one), 1));
            }
            return Ok((None, 0));
        }
        for _ in 0..count {
            cursor.position = cursor.position.min(total + 1).saturating_sub(1);
            if cursor.position == 0 {
                break;
            }
            if let Some(rows) = &cursor.rows {
                out.get_or_insert_with(|| Batch::new(rows.width())).push_row(rows.row(cursor.position - 1));
                given += 1;
            }
        }
        Ok((out, given))
    }

    /// CLOSE.
    pub(super) fn close_cursor(&mut self, name: Option<&str>) -> Result<()> {
        match name {
            Some(name) => self.portals.remove(name).map(|_| ()).ok_or_else(|| undefined(name)),
            None => {
                self.portals.retain(|_, portal| portal.declared.is_none());
                Ok(())
            }
        }
    }
}

fn rows(portal: &Portal) -> usize {
    portal.cursor.as_ref().and_then(|cursor| cursor.rows.as_ref()).map_or(0, Batch::len)
}

/// Rows `position + 1 ..= position + n`.
fn forward(position: usize, n: i64) -> (usize, usize) {
    if n == 0 {
        return (position, position);
    }
    let to = position.saturating_add(usize::try_from(n).unwrap_or(0));
    (position + 1, to)
}
