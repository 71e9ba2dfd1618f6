//! Three voters in one process: nothing that is done for one voter may break with three.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base::{NodeId, RangeId};
use parking_lot::Mutex;
use proto::{BoxFuture, KvError};

use crate::raft::{Message, Reply, Transport, TransportError};
use crate::testing::{Disks, R1, Setup, commit, count, increment, steps};
use crate::{Config, Store};

/// Direct calls between stores; nodes can be cut off.
#[derive(Clone, Default)]
struct Wires(Arc<Mutex<Net>>);

#[derive(Default)]
struct Net {
    stores: Vec<(NodeId, Store)>,
    cut: BTreeSet<NodeId>,
}

struct From {
    node: NodeId,
    wires: Wires,
}

impl Transport for From {
    fn call(
        &self,
        to: NodeId,
        range: RangeId,
        message: Message,
        within: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        let (from, wires) = (self.node, self.wires.clone());
        Box::pin(async move {
            let lost = |why: &str| TransportError { node: to, why: why.to_owned() };
            let store = wires.reach(from, to).ok_or_else(|| lost("unreachable"))?;
            // A millisecond each way.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let reply = tokio::time::timeout(within, store.receive(range, message)).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            // Cut off meanwhile: the answer is lost.
            wires.reach(to, from).ok_or_else(|| lost("unreachable"))?;
            reply.ok().flatten().ok_or_else(|| lost("no answer"))
        })
    }
}

impl Wires {
    fn reach(&self, from: NodeId, to: NodeId) -> Option<Store> {
        let net = self.0.lock();
        if net.cut.contains(&from) || net.cut.contains(&to) {
            return None;
        }
        net.stores.iter().find(|(id, _)| *id == to).map(|(_, store)| store.clone())
    }

    fn cut(&self, node: NodeId) {
        self.0.lock().cut.insert(node);
    }

    fn heal(&self) {
        self.0.lock().cut.clear();
    }

    fn setup(&self, node: NodeId) -> Setup {
        let transport: Arc<dyn Transport> = Arc::new(From { node, wires: self.clone() });
        let config = Config { leaseholder_wait_max: Duration::from_millis(200), ..Config::default() };
        Setup { node, voters: vec![1, 2, 3], transport: Some(transport), config, ..Setup::default() }
    }

    async fn open(&self, node: NodeId, disks: &Disks) -> Store {
        let store = self.setup(node).open(disks).await;
        self.0.lock().stores.push((node, store.clone()));
        store
    }

    fn forget(&self, node: NodeId) {
        self.0.lock().stores.retain(|(id, _)| *id != node);
    }

    fn all(&self) -> Vec<(NodeId, Store)> {
        let net = self.0.lock();
        net.stores.iter().filter(|(id, _)| !net.cut.contains(id)).cloned().collect()
    }

    /// Commits at whoever leads, trying again until somebody does.
    async fn increment(&self) -> (NodeId, u64) {
        for _ in 0..200 {
            for (node, store) in self.all() {
                match increment(&store).await {
                    Ok(n) => return (node, n),
                    Err(KvError::NotLeader { .. } | KvError::Unavailable { .. } | KvError::Unknown(_)) => {}
                    Err(e) => panic!("{e}"),
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for (node, store) in self.all() {
            eprintln!("{node}: {}", store.replica(R1).unwrap().group().describe());
        }
        panic!("nobody leads");
    }

    async fn shutdown(&self) {
        let stores = std::mem::take(&mut self.0.lock().stores);
        for (_, store) in stores {
            store.shutdown().await;
        }
    }
}

struct Cluster {
    wires: Wires,
    disks: Vec<Disks>,
}

impl Cluster {
    async fn start() -> Cluster {
        let wires = Wires::default();
        let disks: Vec<Disks> = (0..3).map(|_| Disks::default()).collect();
        for (i, disks) in disks.iter().enumerate() {
            wires.open(NodeId(i as u64 + 1), disks).await;
        }
        Cluster { wires, disks }
    }

    /// Waits until every replica has applied the same, and checks that it is whole.
    async fn converge(&self, at_least: u64) {
        let (_, last) = self.wires.increment().await;
        assert!(last > at_least, "{at_least} were acknowledged, {} are there", last - 1);
        for _ in 0..400 {
            if self.disks.iter().all(|d| count(&d.data) >= last) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        for disks in &self.disks {
            assert_eq!(count(&disks.data), last);
            assert_eq!(steps(&disks.data), (1..=last).collect::<Vec<_>>());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn three_voters_elect_one_and_apply_the_same() {
    let cluster = Cluster::start().await;
    let mut last = 0;
    for _ in 0..20 {
        last = cluster.wires.increment().await.1;
    }
    cluster.converge(last).await;
    cluster.wires.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_cut_off_stops_serving_and_another_takes_over() {
    let cluster = Cluster::start().await;
    let (old, n) = cluster.wires.increment().await;
    let old_store = cluster.wires.all().into_iter().find(|(id, _)| *id == old).unwrap().1;
    cluster.wires.cut(old);
    // What it takes now can never be committed, and after its lease it takes nothing at all.
    let hanging = tokio::spawn({
        let store = old_store.clone();
        async move { increment(&store).await }
    });
    tokio::time::sleep(Config::default().lease).await;
    let read = old_store.send(R1, crate::testing::get("k")).await;
    assert!(matches!(read, Err(KvError::Unavailable { .. } | KvError::NotLeader { .. })), "{read:?}");
    let mut last = n;
    for _ in 0..5 {
        let (node, n) = cluster.wires.increment().await;
        assert_ne!(node, old);
        assert!(n > last);
        last = n;
    }
    cluster.wires.heal();
    let answer = hanging.await.unwrap();
    assert!(matches!(answer, Err(KvError::Unknown(_) | KvError::Unavailable { .. })), "{answer:?}");
    cluster.converge(last).await;
    cluster.wires.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn all_killed_at_once_lose_nothing_acknowledged() {
    let mut cluster = Cluster::start().await;
    let mut last = 0;
    for round in 0..5 {
        for _ in 0..=round {
            last = cluster.wires.increment().await.1;
        }
        let after: Vec<Disks> = cluster.disks.iter().map(|d| d.crashed(round % 2 == 0)).collect();
        cluster.wires.shutdown().await;
        cluster.disks = after;
        for (i, disks) in cluster.disks.iter().enumerate() {
            cluster.wires.open(NodeId(i as u64 + 1), disks).await;
        }
    }
    cluster.converge(last).await;
    cluster.wires.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_was_away_for_longer_than_the_log_gets_a_snapshot() {
    let mut cluster = Cluster::start().await;
    let (leader, mut last) = cluster.wires.increment().await;
    let away = NodeId(if leader == NodeId(3) { 2 } else { 3 });
    let at = away.0 as usize - 1;
    let store = cluster.wires.all().into_iter().find(|(id, _)| *id == away).unwrap().1;
    store.shutdown().await;
    cluster.wires.forget(away);
    cluster.disks[at] = cluster.disks[at].crashed(false);
    for _ in 0..10 {
        last = cluster.wires.increment().await.1;
    }
    for (_, store) in cluster.wires.all() {
        let group = store.replica(R1).unwrap().group().clone();
        let applied = group.last_applied().unwrap();
        assert_eq!(group.purge(applied.index).await, Ok(Some(applied)));
    }
    cluster.wires.open(away, &cluster.disks[at]).await;
    cluster.converge(last).await;
    cluster.wires.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_quorum_nothing_is_served_and_nothing_hangs() {
    let cluster = Cluster::start().await;
    let (leader, last) = cluster.wires.increment().await;
    let store = cluster.wires.all().into_iter().find(|(id, _)| *id == leader).unwrap().1;
    for id in 1..=3 {
        if NodeId(id) != leader {
            cluster.wires.cut(NodeId(id));
        }
    }
    tokio::time::sleep(Config::default().lease * 2).await;
    let answer = tokio::time::timeout(Duration::from_secs(2), store.send(R1, commit(&[]))).await;
    let answer = answer.expect("no hang");
    assert!(matches!(answer, Err(KvError::Unavailable { .. } | KvError::NotLeader { .. })), "{answer:?}");
    cluster.wires.heal();
    cluster.converge(last).await;
    cluster.wires.shutdown().await;
}
