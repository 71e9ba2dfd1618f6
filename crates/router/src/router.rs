//! [`Router`]: cuts requests by range, finds leaseholders, joins answers.

use std::sync::Arc;
use std::time::Duration;

use base::env::Env;
use base::map::HashMap;
use base::{Key, NodeId, Span};
use bytes::Bytes;
use datum::Batch;
use datum::program::Output;
use futures::StreamExt as _;
use futures::stream;
use proto::{
    BoxFuture, ClearSpanRequest, GcRequest, GetRequest, KvError, KvSender, LockRequest, Partition, Piece,
    RangeDescriptor, RangeSender, Request, ResolveRequest, Response, ScanRequest, ScanResponse, ScanRows,
    UnlockRequest, ValidateRequest,
};

use crate::cache::DescriptorCache;
use crate::settings::Settings;
use crate::source::{DescriptorSource, Seek, nowhere};

type Answer = Result<Response, KvError>;

/// Brings requests to the leaseholders of their keys. Cheap to clone.
#[derive(Clone)]
pub struct Router(Arc<Inner>);

struct Inner {
    here: NodeId,
    cache: DescriptorCache,
    source: Arc<dyn DescriptorSource>,
    sender: Arc<dyn RangeSender>,
    settings: Settings,
    env: Env,
}

impl Router {
    /// A router of this node.
    pub fn new(
        here: NodeId,
        source: Arc<dyn DescriptorSource>,
        sender: Arc<dyn RangeSender>,
        env: &Env,
        settings: Settings,
    ) -> Router {
        let cache = DescriptorCache::default();
        Router(Arc::new(Inner { here, cache, source, sender, settings, env: env.child() }))
    }

    /// What it knows of ranges.
    pub fn cache(&self) -> &DescriptorCache {
        &self.0.cache
    }

    async fn route(&self, request: Request) -> Answer {
        match request {
            Request::Get(request) => self.get(request).await,
            Request::Scan(request) => self.scan(request).await,
            Request::Validate(ValidateRequest { txn, spans, read_ts, commit_ts }) => {
                let make = move |spans| {
                    Request::Validate(ValidateRequest { txn: txn.clone(), spans, read_ts, commit_ts })
                };
                self.by_span(spans, true, &make).await.map(|_| Response::Done)
            }
            // These act on each key for itself, as often as one likes: cutting them is safe.
            Request::Resolve(ResolveRequest { txn, spans, decision, number }) => {
                let make = move |spans| Request::Resolve(ResolveRequest { txn, spans, decision, number });
                self.by_span(spans, false, &make).await.map(Response::Resolved)
            }
            Request::ClearSpan(ClearSpanRequest { span }) => {
                let make = |mut spans: Vec<Span>| {
                    let span = spans.pop().unwrap_or_else(|| Span::new(Key::MIN, Key::MIN));
                    Request::ClearSpan(ClearSpanRequest { span })
                };
                self.by_span(vec![span], false, &make).await.map(|_| Response::Done)
            }
            Request::Gc(GcRequest { span, threshold }) => {
                let make = move |mut spans: Vec<Span>| {
                    let span = spans.pop().unwrap_or_else(|| Span::new(Key::MIN, Key::MIN));
                    Request::Gc(GcRequest { span, threshold })
                };
                self.by_span(vec![span], false, &make).await.map(Response::Collected)
            }
            Request::Lock(LockRequest { txn, keys, lock }) => {
                let make = move |keys| Request::Lock(LockRequest { txn: txn.clone(), keys, lock });
                self.by_key(keys, &make).await
            }
            Request::Unlock(UnlockRequest { txn, keys }) => {
                let make = move |keys| Request::Unlock(UnlockRequest { txn, keys });
                self.by_key(keys, &make).await
            }
            whole @ (Request::Commit(_)
            | Request::Update(_)
            | Request::Prepare(_)
            | Request::Record(_)
            | Request::QueryRecord(_)
            | Request::Recover(_)) => self.whole(whole).await,
        }
    }

    // -- what lies in one range ----------------------------------------------------------------------------

    /// Sends what must not be cut. `RangeChanged` comes out if it does not lie in one range.
    async fn whole(&self, request: Request) -> Answer {
        let Some(key) = request.route_key().cloned() else {
            return Err(KvError::Corrupt("a command without a key".into()));
        };
        let mut cuts = 0;
        loop {
            let range = self.find(&Seek::At(key.clone()), cuts > 0).await?;
            match self.to_leaseholder(&range, &request).await {
                // Only a stale guess is put right here; if the keys really lie apart, the sender must know.
                Err(KvError::RangeChanged { newer }) if cuts < self.0.settings.cuts_max => {
                    let unknown = newer.is_empty();
                    self.learn(&range, newer);
                    let now = self.find(&Seek::At(key.clone()), unknown).await?;
                    if now.id == range.id && now.span == range.span {
                        return Err(KvError::RangeChanged { newer: vec![now] });
                    }
                    if !lies_within(&request, &now) {
                        return Err(KvError::RangeChanged { newer: vec![now] });
                    }
                    cuts += 1;
                }
                answer => return answer,
            }
        }
    }

    // -- what is cut by key --------------------------------------------------------------------------------

    async fn get(&self, request: GetRequest) -> Answer {
        let count = request.keys.len();
        let mut values: Vec<Option<Bytes>> = vec![None; count];
        let mut todo: Vec<usize> = (0..count).collect();
        let mut cuts = 0;
        while !todo.is_empty() {
            let asked: Vec<(usize, Key)> = todo.drain(..).map(|i| (i, request.keys[i].clone())).collect();
            let groups = self.group(asked, |(_, key)| key, cuts > 0).await?;
            let mut parts = stream::iter(groups.into_iter().map(|(range, asked)| {
                let keys = asked.iter().map(|(_, key)| key.clone()).collect();
                let indexes: Vec<usize> = asked.into_iter().map(|(i, _)| i).collect();
                let part = Request::Get(GetRequest { keys, read: request.read.clone() });
                async move { (self.to_leaseholder(&range, &part).await, range, indexes) }
            }))
            // Locks are taken in key order, one range after the other: then two lockers do not meet head on.
            .buffered(if request.read.lock.is_some() {
                1
            } else {
                self.0.settings.parallel_max
            });
            while let Some((answer, range, indexes)) = parts.next().await {
                match answer {
                    Ok(Response::Get(found)) if found.len() == indexes.len() => {
                        for (i, value) in indexes.into_iter().zip(found) {
                            values[i] = value;
                        }
                    }
                    Ok(_) => return Err(misfit("get")),
                    Err(KvError::RangeChanged { newer }) => {
                        self.learn(&range, newer);
                        todo.extend(indexes);
                    }
                    Err(error) => return Err(error),
                }
            }
            cuts = self.count_cut(cuts)?;
        }
        Ok(Response::Get(values))
    }

    async fn by_key(&self, keys: Vec<Key>, make: &(dyn Fn(Vec<Key>) -> Request + Send + Sync)) -> Answer {
        let mut todo = keys;
        let mut cuts = 0;
        while !todo.is_empty() {
            let groups = self.group(std::mem::take(&mut todo), |key| key, cuts > 0).await?;
            for (range, keys) in groups {
                match self.to_leaseholder(&range, &make(keys.clone())).await {
                    Ok(_) => {}
                    Err(KvError::RangeChanged { newer }) => {
                        self.learn(&range, newer);
                        todo.extend(keys);
                    }
                    Err(error) => return Err(error),
                }
            }
            cuts = self.count_cut(cuts)?;
        }
        Ok(Response::Done)
    }

    /// Items by the range of their key, ranges in key order.
    async fn group<T>(
        &self,
        items: Vec<T>,
        key: fn(&T) -> &Key,
        fresh: bool,
    ) -> Result<Vec<(RangeDescriptor, Vec<T>)>, KvError> {
        let mut groups: Vec<(RangeDescriptor, Vec<T>)> = Vec::new();
        for item in items {
            let at = key(&item).clone();
            let known = groups.iter_mut().find(|(range, _)| range.span.contains(at.as_bytes()));
            match known {
                Some((_, group)) => group.push(item),
                None => {
                    let range = self.find(&Seek::At(at), fresh).await?;
                    groups.push((range, vec![item]));
                }
            }
        }
        groups.sort_by(|(a, _), (b, _)| a.span.start.cmp(&b.span.start));
        Ok(groups)
    }

    // -- what is cut by span -------------------------------------------------------------------------------

    /// Sends spans cut by range, and adds up what is counted. `together`: the spans of a range in one message.
    async fn by_span(
        &self,
        spans: Vec<Span>,
        together: bool,
        make: &(dyn Fn(Vec<Span>) -> Request + Send + Sync),
    ) -> Result<u64, KvError> {
        let mut total = 0;
        let mut todo = spans;
        let mut cuts = 0;
        todo.retain(|span| !span.is_empty());
        while !todo.is_empty() {
            let parts = self.cut(&todo, together, cuts > 0).await?;
            todo.clear();
            let mut answers = stream::iter(parts.into_iter().map(|(range, spans)| {
                let part = make(spans.clone());
                async move { (self.to_leaseholder(&range, &part).await, range, spans) }
            }))
            .buffer_unordered(self.0.settings.parallel_max);
            while let Some((answer, range, spans)) = answers.next().await {
                match answer {
                    Ok(Response::Resolved(n) | Response::Collected(n)) => total += n,
                    Ok(_) => {}
                    Err(KvError::RangeChanged { newer }) => {
                        self.learn(&range, newer);
                        todo.extend(spans);
                    }
                    Err(error) => return Err(error),
                }
            }
            cuts = self.count_cut(cuts)?;
        }
        Ok(total)
    }

    async fn cut(
        &self,
        spans: &[Span],
        together: bool,
        fresh: bool,
    ) -> Result<Vec<(RangeDescriptor, Vec<Span>)>, KvError> {
        let mut parts: Vec<(RangeDescriptor, Vec<Span>)> = Vec::new();
        for span in spans {
            let mut left = span.clone();
            while !left.is_empty() {
                let range = self.find(&Seek::At(left.start.clone()), fresh).await?;
                let end = left.end.clone().min(range.span.end.clone());
                let part = Span::new(left.start, end.clone());
                left = Span::new(end, left.end);
                match parts.iter_mut().find(|(known, _)| together && known.id == range.id) {
                    Some((_, spans)) => spans.push(part),
                    None => parts.push((range, vec![part])),
                }
            }
        }
        Ok(parts)
    }

    async fn scan(&self, request: ScanRequest) -> Answer {
        let unlimited = request.row_limit == 0 && request.byte_limit == 0 && request.read.lock.is_none();
        if !unlimited {
            return self.scan_in_order(request).await.map(Response::Scan);
        }
        let whole = [request.span.clone()];
        let parts = self.cut(&whole, false, false).await?;
        let mut spans: Vec<Span> = parts.into_iter().flat_map(|(_, spans)| spans).collect();
        if spans.len() <= 1 {
            return self.scan_in_order(request).await.map(Response::Scan);
        }
        if request.reverse {
            spans.reverse();
        }
        // Each part minds changes of its own ranges; the answers are joined in scan order.
        let mut answers = stream::iter(spans.into_iter().map(|span| {
            let part = ScanRequest { span, ..request.clone() };
            self.scan_in_order(part)
        }))
        .buffered(self.0.settings.parallel_max);
        let mut joined = Joined::new(&request);
        while let Some(answer) = answers.next().await {
            let ScanResponse { rows, resume } = answer?;
            joined.add(rows)?;
            // A range bounds its answer whatever was asked for; what lies behind is asked for again.
            if let Some(left) = resume {
                let left = if request.reverse {
                    Span::new(request.span.start.clone(), left.end)
                } else {
                    Span::new(left.start, request.span.end.clone())
                };
                return Ok(Response::Scan(ScanResponse { rows: joined.rows(), resume: Some(left) }));
            }
        }
        Ok(Response::Scan(ScanResponse { rows: joined.rows(), resume: None }))
    }

    /// One range after the other, until a limit is reached.
    async fn scan_in_order(&self, request: ScanRequest) -> Result<ScanResponse, KvError> {
        let reverse = request.reverse;
        let mut joined = Joined::new(&request);
        let mut left = request.span.clone();
        let mut cuts = 0;
        let mut fresh = false;
        while !left.is_empty() {
            let seek = if reverse { Seek::Before(left.end.clone()) } else { Seek::At(left.start.clone()) };
            let range = self.find(&seek, fresh).await?;
            fresh = false;
            let (span, rest) = if reverse {
                let start = left.start.clone().max(range.span.start.clone());
                (Span::new(start.clone(), left.end.clone()), Span::new(left.start.clone(), start))
            } else {
                let end = left.end.clone().min(range.span.end.clone());
                (Span::new(left.start.clone(), end.clone()), Span::new(end, left.end.clone()))
            };
            let part = ScanRequest {
                span,
                row_limit: joined.rows_left(),
                byte_limit: joined.bytes_left(),
                ..request.clone()
            };
            match self.to_leaseholder(&range, &Request::Scan(part)).await {
                Ok(Response::Scan(ScanResponse { rows, resume })) => {
                    joined.add(rows)?;
                    left = match resume {
                        Some(inner) if reverse => Span::new(left.start, inner.end),
                        Some(inner) => Span::new(inner.start, left.end),
                        None => rest,
                    };
                    let stopped = joined.is_full() || left_off(&range, &left, reverse);
                    if stopped && !left.is_empty() {
                        return Ok(ScanResponse { rows: joined.rows(), resume: Some(left) });
                    }
                }
                Ok(_) => return Err(misfit("scan")),
                Err(KvError::RangeChanged { newer }) => {
                    fresh = newer.is_empty();
                    self.learn(&range, newer);
                    cuts = self.count_cut(cuts)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(ScanResponse { rows: joined.rows(), resume: None })
    }

    fn count_cut(&self, cuts: u32) -> Result<u32, KvError> {
        if cuts >= self.0.settings.cuts_max {
            return Err(KvError::Unavailable {
                range: base::RangeId(0),
                why: "ranges change faster than they can be asked".into(),
            });
        }
        Ok(cuts + 1)
    }

    // -- which range, which node ---------------------------------------------------------------------------

    /// The range of a position; `fresh` asks the source even if the cache knows.
    async fn find(&self, seek: &Seek, fresh: bool) -> Result<RangeDescriptor, KvError> {
        let known = self.0.cache.get(seek);
        if !fresh && let Some(range) = known {
            return Ok(range);
        }
        let found = self.0.source.lookup(seek).await?;
        let sought = found.iter().find(|range| seek.finds(range)).cloned();
        for range in found {
            self.0.cache.insert(range);
        }
        // A higher generation in the cache (learnt from the range itself) beats the source.
        self.0.cache.get(seek).or(sought).ok_or_else(|| nowhere(seek))
    }

    fn learn(&self, stale: &RangeDescriptor, newer: Vec<RangeDescriptor>) {
        self.0.cache.remove(stale);
        for range in newer {
            self.0.cache.insert(range);
        }
    }

    /// Sends to whoever leads the range. Only what was not evaluated is sent again, or what only reads.
    async fn to_leaseholder(&self, range: &RangeDescriptor, request: &Request) -> Answer {
        let started = tokio::time::Instant::now();
        let settings = &self.0.settings;
        let mut candidates = self.candidates(range);
        let mut tried: HashMap<NodeId, u32> = HashMap::default();
        let mut rounds = 0;
        loop {
            let Some(node) = candidates.pop() else {
                if started.elapsed() >= settings.search_max {
                    let why = format!("no leaseholder was found within {:?}", settings.search_max);
                    return Err(KvError::Unavailable { range: range.id, why });
                }
                tokio::time::sleep(self.pause(rounds)).await;
                rounds += 1;
                tried.clear();
                candidates = self.candidates(range);
                continue;
            };
            let count = tried.entry(node).or_insert(0);
            *count += 1;
            let again = *count;
            match self.0.sender.send_to(node, range.id, request.clone()).await {
                Err(KvError::NotLeader { hint, .. }) => {
                    self.0.cache.set_leaseholder(range.id, hint);
                    // A hint goes first, but two nodes that point at each other end with the round.
                    if let Some(hint) = hint
                        && tried.get(&hint).copied().unwrap_or(0) < 2
                    {
                        candidates.retain(|other| *other != hint);
                        candidates.push(hint);
                    }
                }
                Err(KvError::Unavailable { why, .. }) => {
                    self.0.cache.set_leaseholder(range.id, None);
                    if started.elapsed() >= settings.search_max {
                        return Err(KvError::Unavailable { range: range.id, why });
                    }
                }
                Err(KvError::Unknown(_)) if request.is_read() && again < 3 => candidates.insert(0, node),
                answer => {
                    if !matches!(answer, Err(KvError::Unknown(_))) {
                        self.0.cache.set_leaseholder(range.id, Some(node));
                    }
                    return answer;
                }
            }
        }
    }

    /// Whom to ask, the best guess last.
    fn candidates(&self, range: &RangeDescriptor) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> =
            range.replicas.iter().filter(|replica| replica.voter).map(|replica| replica.node).collect();
        if nodes.is_empty() {
            // A descriptor without replicas (one node, nothing written down yet): it can only be here.
            nodes.push(self.0.here);
        }
        nodes.reverse();
        for best in [Some(self.0.here), self.0.cache.leaseholder(range.id)].into_iter().flatten() {
            if let Some(at) = nodes.iter().position(|node| *node == best) {
                let node = nodes.remove(at);
                nodes.push(node);
            }
        }
        nodes
    }

    fn pause(&self, tries: u32) -> Duration {
        let settings = &self.0.settings;
        let doubled = settings.backoff_min.saturating_mul(1u32.checked_shl(tries).unwrap_or(u32::MAX));
        let full = doubled.min(settings.backoff_max);
        full / 2 + full.mul_f64(self.0.env.rng().next_f64() / 2.0)
    }
}

impl KvSender for Router {
    fn send(&self, request: Request) -> BoxFuture<'_, Answer> {
        Box::pin(self.route(request))
    }
}

impl Partition for Router {
    fn pieces<'a>(&'a self, keys: &'a [Key], fresh: bool) -> BoxFuture<'a, Result<Vec<Piece>, KvError>> {
        Box::pin(async move {
            let mut out = Vec::with_capacity(keys.len());
            let mut last: Option<RangeDescriptor> = None;
            // Keys mostly come in order: one lookup for each range, not for each key.
            for key in keys {
                let range = match last.take() {
                    Some(range) if range.span.contains(key.as_bytes()) => range,
                    _ => self.find(&Seek::At(key.clone()), fresh).await?,
                };
                out.push(Piece(range.id.0));
                last = Some(range);
            }
            Ok(out)
        })
    }
}

/// Whether all keys of a command lie in a range, as far as its descriptor says.
fn lies_within(request: &Request, range: &RangeDescriptor) -> bool {
    let (writes, reads) = match request {
        Request::Commit(r) => (r.writes.as_slice(), r.reads.spans.as_slice()),
        Request::Prepare(r) => (r.writes.as_slice(), r.reads.spans.as_slice()),
        Request::Update(r) => (&[][..], r.reads.spans.as_slice()),
        _ => (&[][..], &[][..]),
    };
    writes.iter().all(|write| range.span.contains(write.key.as_bytes()))
        && reads.iter().all(|span| range.span.contains_span(span))
}

/// A scan stopped inside a range although nothing is full: its own limits did that.
fn left_off(range: &RangeDescriptor, left: &Span, reverse: bool) -> bool {
    if reverse { left.end > range.span.start } else { left.start < range.span.end }
}

fn misfit(request: &str) -> KvError {
    KvError::Corrupt(format!("the answer does not fit a {request}"))
}

/// The answers of a scan, joined in scan order. For aggregates the partial states of several ranges follow each
/// other: whoever merges them merges those of one group.
struct Joined {
    row_limit: u64,
    byte_limit: u64,
    counts_rows: bool,
    count: u64,
    bytes: u64,
    raw: Vec<(Key, Bytes)>,
    batch: Option<Batch>,
}

impl Joined {
    fn new(request: &ScanRequest) -> Joined {
        let program = request.program.as_ref();
        let aggregates = program.is_some_and(|p| matches!(p.output, Output::Partial { .. }));
        let width = program.map(|p| match &p.output {
            Output::Rows(columns) => columns.len(),
            Output::Partial { group_by, aggregates } => group_by.len() + aggregates.len(),
        });
        Joined {
            row_limit: request.row_limit,
            byte_limit: request.byte_limit,
            counts_rows: !aggregates,
            count: 0,
            bytes: 0,
            raw: Vec::new(),
            batch: width.map(Batch::new),
        }
    }

    fn add(&mut self, rows: ScanRows) -> Result<(), KvError> {
        match (rows, &mut self.batch) {
            (ScanRows::Raw(mut rows), None) => {
                self.count += rows.len() as u64;
                self.bytes += rows.iter().map(|(k, v)| (k.as_bytes().len() + v.len()) as u64).sum::<u64>();
                if self.raw.is_empty() {
                    self.raw = rows;
                } else {
                    self.raw.append(&mut rows);
                }
            }
            (ScanRows::Program(rows), Some(batch)) => {
                self.count += rows.len() as u64;
                // The size of a value is not known here: about as much as a short text.
                self.bytes += (rows.len() * rows.width().max(1) * 32) as u64;
                if batch.is_empty() {
                    *batch = rows;
                } else if batch.width() == rows.width() {
                    batch.append(rows);
                } else {
                    return Err(misfit("scan"));
                }
            }
            _ => return Err(misfit("scan")),
        }
        Ok(())
    }

    fn rows_left(&self) -> u64 {
        match (self.row_limit, self.counts_rows) {
            (0, _) => 0,
            (limit, true) => limit.saturating_sub(self.count).max(1),
            (limit, false) => limit,
        }
    }

    fn bytes_left(&self) -> u64 {
        if self.byte_limit == 0 { 0 } else { self.byte_limit.saturating_sub(self.bytes).max(1) }
    }

    fn is_full(&self) -> bool {
        let rows = self.row_limit > 0 && (!self.counts_rows || self.count >= self.row_limit);
        let bytes = self.byte_limit > 0 && self.bytes >= self.byte_limit;
        rows || bytes
    }

    fn rows(self) -> ScanRows {
        match self.batch {
            Some(batch) => ScanRows::Program(batch),
            None => ScanRows::Raw(self.raw),
        }
    }
}
