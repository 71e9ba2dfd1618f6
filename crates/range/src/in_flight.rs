//! Commands in flight: from before their T1 check until they are applied, or known never to be.
//!
//! A read bumps the timestamp cache first and looks here second; a write registers here first and looks at the
//! timestamp cache second. So whichever comes first, one of the two sees the other: the write moves above the
//! read, or the read waits for the write.
//!
//! ```text
//!   read   bump cache ─────────────► look here ──► wait ──► snapshot
//!   write             register here ─► look at cache ─► evaluate ─► proposed ─► applied
//! ```

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use base::{Key, Span, Timestamp};
use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::sync::Notify;

use crate::proposer::Fate;

/// What a command writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Footprint {
    /// Single keys.
    pub keys: SmallVec<[Key; 1]>,
    /// Spans, when the keys are not known before.
    pub spans: Vec<Span>,
    /// The anchor whose record it may change.
    pub record: Option<Key>,
    /// It writes nothing below this.
    pub bound: Timestamp,
}

/// A command in flight.
pub(crate) struct Command {
    footprint: Footprint,
    bound: Mutex<Timestamp>,
    stage: AtomicU8,
    changed: Notify,
}

const EVALUATING: u8 = 0;
const PROPOSED: u8 = 1;
const APPLIED: u8 = 2;
const NOT_APPLIED: u8 = 3;
const UNKNOWN: u8 = 4;

/// Several commands.
pub(crate) type Commands = SmallVec<[Arc<Command>; 4]>;

impl Command {
    /// It is known now that it writes nothing below `bound`, which is no less than what was known before.
    pub(crate) fn raise_bound(&self, bound: Timestamp) {
        *self.bound.lock() = bound;
    }

    fn set(&self, stage: u8) {
        // Stages only go up: once the incarnation is over nobody is made to wait again.
        self.stage.fetch_max(stage, Ordering::AcqRel);
        self.changed.notify_waiters();
    }

    async fn reached(&self, least: u8) -> u8 {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let stage = self.stage.load(Ordering::Acquire);
            if stage >= least {
                return stage;
            }
            changed.await;
        }
    }

    /// Waits for its fate.
    pub(crate) async fn settled(&self) -> Fate {
        match self.reached(APPLIED).await {
            APPLIED => Fate::Applied,
            NOT_APPLIED => Fate::NotApplied,
            _ => Fate::Unknown,
        }
    }

    /// Waits until it has been proposed or has given up.
    pub(crate) async fn proposed(&self) {
        self.reached(PROPOSED).await;
    }
}

/// Everything in flight in one incarnation.
#[derive(Default)]
pub(crate) struct InFlight {
    /// Reads look here before they take the mutex.
    count: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    keys: BTreeMap<Key, Commands>,
    spans: Vec<(Span, Arc<Command>)>,
    records: BTreeMap<Key, Commands>,
}

/// A registered command that has not been proposed; unregistered on drop.
pub(crate) struct Registered {
    in_flight: Arc<InFlight>,
    command: Option<Arc<Command>>,
}

impl InFlight {
    /// Registers a command, before its T1 check.
    pub(crate) fn register(self: &Arc<Self>, footprint: Footprint) -> Registered {
        let command = Arc::new(Command {
            bound: Mutex::new(footprint.bound),
            footprint,
            stage: AtomicU8::new(EVALUATING),
            changed: Notify::new(),
        });
        self.count.fetch_add(1, Ordering::SeqCst);
        let mut inner = self.inner.lock();
        for key in &command.footprint.keys {
            push(&mut inner.keys, key, &command);
        }
        for span in &command.footprint.spans {
            inner.spans.push((span.clone(), command.clone()));
        }
        if let Some(anchor) = &command.footprint.record {
            push(&mut inner.records, anchor, &command);
        }
        drop(inner);
        Registered { in_flight: self.clone(), command: Some(command) }
    }

    /// Commands that may write one of these keys at or below `limit`.
    pub(crate) fn on_keys<'a>(&self, keys: impl IntoIterator<Item = &'a Key>, limit: Timestamp) -> Commands {
        let mut found = Commands::new();
        if self.count.load(Ordering::SeqCst) != 0 {
            let inner = self.inner.lock();
            for key in keys {
                inner.on_key(key, limit, &mut found);
            }
        }
        found
    }

    /// Commands that may write into the span at or below `limit`.
    pub(crate) fn on_span(&self, span: &Span, limit: Timestamp) -> Commands {
        let mut found = Commands::new();
        if self.count.load(Ordering::SeqCst) != 0 {
            self.inner.lock().on_span(span, limit, &mut found);
        }
        found
    }

    /// Commands that may change a record at this anchor.
    pub(crate) fn on_record(&self, anchor: &Key) -> Commands {
        if self.count.load(Ordering::SeqCst) == 0 {
            return Commands::new();
        }
        self.inner.lock().records.get(anchor).cloned().unwrap_or_default()
    }

    /// All that overlap another command's footprint, whatever their timestamps, without that command.
    pub(crate) fn around(&self, own: &Command, reads: &[Span]) -> Commands {
        let mut found = Commands::new();
        let inner = self.inner.lock();
        for key in &own.footprint.keys {
            inner.on_key(key, Timestamp::MAX, &mut found);
        }
        for span in own.footprint.spans.iter().chain(reads) {
            inner.on_span(span, Timestamp::MAX, &mut found);
        }
        if let Some(anchor) = &own.footprint.record {
            found.extend(inner.records.get(anchor).into_iter().flatten().cloned());
        }
        found.retain(|command| !std::ptr::eq(&**command, own));
        found
    }

    /// Every command at or below `limit`.
    pub(crate) fn all(&self, limit: Timestamp) -> Commands {
        let mut found = Commands::new();
        self.inner.lock().on_span(&Span::new(Key::MIN, Key::MAX), limit, &mut found);
        found
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// The incarnation is over: nobody shall wait any longer.
    pub(crate) fn close(&self) {
        let commands: Vec<Arc<Command>> = {
            let inner = self.inner.lock();
            let keys = inner.keys.values().flatten().chain(inner.records.values().flatten());
            keys.chain(inner.spans.iter().map(|(_, command)| command)).cloned().collect()
        };
        for command in commands {
            if command.stage.load(Ordering::Acquire) < APPLIED {
                command.set(UNKNOWN);
            }
        }
    }

    /// The fate of a proposed command is known.
    pub(crate) fn settle(&self, command: &Arc<Command>, fate: Fate) {
        self.remove(command);
        command.set(match fate {
            Fate::Applied => APPLIED,
            Fate::NotApplied => NOT_APPLIED,
            Fate::Unknown => UNKNOWN,
        });
    }

    fn remove(&self, command: &Arc<Command>) {
        let mut inner = self.inner.lock();
        for key in &command.footprint.keys {
            pull(&mut inner.keys, key, command);
        }
        if !command.footprint.spans.is_empty() {
            inner.spans.retain(|(_, other)| !Arc::ptr_eq(other, command));
        }
        if let Some(anchor) = &command.footprint.record {
            pull(&mut inner.records, anchor, command);
        }
        drop(inner);
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Inner {
    fn on_key(&self, key: &Key, limit: Timestamp, found: &mut Commands) {
        if let Some(commands) = self.keys.get(key) {
            found.extend(commands.iter().filter(|command| *command.bound.lock() <= limit).cloned());
        }
        for (span, command) in &self.spans {
            if span.contains(key.as_bytes()) && *command.bound.lock() <= limit {
                found.push(command.clone());
            }
        }
    }

    fn on_span(&self, span: &Span, limit: Timestamp, found: &mut Commands) {
        if span.is_empty() {
            return;
        }
        let within = (Bound::Included(&span.start), Bound::Excluded(&span.end));
        for commands in self.keys.range::<Key, _>(within).map(|(_, commands)| commands) {
            found.extend(commands.iter().filter(|command| *command.bound.lock() <= limit).cloned());
        }
        for (other, command) in &self.spans {
            if other.overlaps(span) && *command.bound.lock() <= limit {
                found.push(command.clone());
            }
        }
    }
}

fn push(map: &mut BTreeMap<Key, Commands>, key: &Key, command: &Arc<Command>) {
    match map.get_mut(key) {
        Some(commands) => commands.push(command.clone()),
        None => {
            let mut commands = Commands::new();
            commands.push(command.clone());
            map.insert(key.clone(), commands);
        }
    }
}

fn pull(map: &mut BTreeMap<Key, Commands>, key: &Key, command: &Arc<Command>) {
    if let Some(commands) = map.get_mut(key) {
        commands.retain(|other| !Arc::ptr_eq(other, command));
        if commands.is_empty() {
            map.remove(key);
        }
    }
}

impl Registered {
    /// The command.
    pub(crate) fn command(&self) -> &Arc<Command> {
        self.command.as_ref().expect("taken only with the guard itself")
    }

    /// It is being proposed: from now on whoever learns its fate calls [`InFlight::settle`].
    pub(crate) fn into_proposed(mut self) -> Arc<Command> {
        let command = self.command.take().expect("taken only here");
        command.set(PROPOSED);
        command
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Some(command) = self.command.take() {
            self.in_flight.settle(&command, Fate::NotApplied);
        }
    }
}
