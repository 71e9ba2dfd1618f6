//! Transactions under load over `LocalKv`: hot rows, bulk loads, clients that go away.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base::memory::Account;
use base::{Key, NodeId, ProcessId, Span};
use bytes::Bytes;
use range::{LocalKv, ManualClock};
use txn::{Coordinator, Error, Parts, ScanOptions, Settings, TxnOptions};

fn key(n: u32) -> Key {
    Key::from(format!("k{n:06}").into_bytes())
}

fn number(value: &Option<Bytes>) -> u64 {
    value.as_ref().and_then(|v| std::str::from_utf8(v).ok()?.parse().ok()).unwrap_or(0)
}

struct World {
    kv: LocalKv,
    coordinator: Arc<Coordinator>,
    metrics: base::metrics::Registry,
}

fn world(splits: &[Key], settings: Settings, memory: u64) -> World {
    let clock = ManualClock::at(1_000_000_000_000).hybrid(Duration::from_millis(250));
    let kv = LocalKv::new(clock.clone(), splits, range::Settings::default());
    let metrics = base::metrics::Registry::default();
    let coordinator = Coordinator::new(Parts {
        sender: Arc::new(kv.clone()),
        partition: Arc::new(kv.clone()),
        clock: Arc::new(clock),
        env: support::env(3),
        node: NodeId(1),
        process: ProcessId(1),
        settings,
        registry: metrics.clone(),
        memory: Account::root("test", memory),
        peers: None,
    });
    World { kv, coordinator: coordinator.expect("the directory is usable"), metrics }
}

impl World {
    fn commits(&self, path: &str) -> u64 {
        self.metrics.counter("txn_commit_total", &[("path", path)], "").get()
    }
}

/// TPC-B with one branch: sixteen clients lock, read and write the same row. With locks nobody conflicts.
#[tokio::test]
async fn a_hot_row_never_conflicts_when_it_is_locked() {
    let world = world(&[], Settings::default(), 64 << 20);
    let conflicts = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for client in 0..16u32 {
        let (coordinator, conflicts) = (world.coordinator.clone(), conflicts.clone());
        clients.push(tokio::spawn(async move {
            for round in 0..20u32 {
                let mut txn = coordinator.begin(TxnOptions::default()).unwrap();
                let run = async {
                    // Its own account first, as pgbench does: an earlier read that must stay valid.
                    let own = key(100 + client);
                    txn.begin_statement()?;
                    let balance = number(&txn.get_for_update(std::slice::from_ref(&own)).await?[0]);
                    txn.put(own, (balance + 1).to_string().into())?;
                    tokio::task::yield_now().await;
                    txn.begin_statement()?;
                    let branch = number(&txn.get_for_update(&[key(0)]).await?[0]);
                    txn.put(key(0), (branch + 1).to_string().into())?;
                    txn.put(key(10_000 + client * 100 + round), Bytes::from_static(b"history"))?;
                    txn.commit().await
                };
                if let Err(error) = run.await {
                    assert!(matches!(error, Error::Conflict { .. }), "{error}");
                    conflicts.fetch_add(1, Ordering::Relaxed);
                }
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    // The first updates find no row to lock; from then on there is one.
    let lost = conflicts.load(Ordering::Relaxed);
    let mut txn = world.coordinator.begin(TxnOptions::default()).unwrap();
    txn.begin_statement().unwrap();
    let branch = number(&txn.get(&[key(0)], None).await.unwrap()[0]);
    assert_eq!(branch as usize, 16 * 20 - lost, "every acknowledged update is there");
    assert!(lost <= 15, "{lost} conflicts: more than the first round explains");
}

#[tokio::test]
async fn a_locked_row_that_exists_never_conflicts() {
    let world = world(&[], Settings::default(), 64 << 20);
    let mut setup = world.coordinator.begin(TxnOptions::default()).unwrap();
    setup.put(key(0), "0".into()).unwrap();
    setup.commit().await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..16 {
        let coordinator = world.coordinator.clone();
        clients.push(tokio::spawn(async move {
            for _ in 0..20 {
                let mut txn = coordinator.begin(TxnOptions::default()).unwrap();
                txn.begin_statement().unwrap();
                let branch = number(&txn.get_for_update(&[key(0)]).await.unwrap()[0]);
                tokio::task::yield_now().await;
                txn.put(key(0), (branch + 1).to_string().into()).unwrap();
                txn.commit().await.unwrap();
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    let mut txn = world.coordinator.begin(TxnOptions::default()).unwrap();
    txn.begin_statement().unwrap();
    assert_eq!(number(&txn.get(&[key(0)], None).await.unwrap()[0]), 320);
}

#[tokio::test]
async fn a_bulk_load_larger_than_memory_commits_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        write_buffer_bytes_max: 1 << 20,
        spill_dir: Some(dir.path().to_path_buf()),
        commit_bytes_max: 256 << 10,
        prepare_bytes_max: 64 << 10,
        prepare_window_bytes_max: 256 << 10,
        evidence_count_max: 8,
        ..Settings::default()
    };
    const ROWS: u32 = 30_000;
    let world = world(&[key(10_000), key(20_000)], settings, 3 << 20);
    let mut txn = world.coordinator.begin(TxnOptions::default()).unwrap();
    txn.begin_statement().unwrap();
    for n in 0..ROWS {
        // Any order but that of the keys.
        let k = n.wrapping_mul(7919) % ROWS;
        txn.put(key(k), Bytes::from(vec![b'x'; 100])).unwrap();
    }
    txn.begin_statement().unwrap();
    let own = txn.scan_all(Span::new(key(9_990), key(10_010)), ScanOptions::default()).await.unwrap();
    assert_eq!(own.len(), 20, "it sees its own rows, though they are in files");
    txn.commit().await.unwrap();
    assert_eq!(world.commits("open"), 1);
    // Readers find it whole, whether the janitor has been there or not.
    let mut reader = world.coordinator.begin(TxnOptions::default()).unwrap();
    reader.begin_statement().unwrap();
    let rows = reader.scan_all(Span::new(key(0), key(ROWS)), ScanOptions::default()).await.unwrap();
    assert_eq!(rows.len(), ROWS as usize);
    world.coordinator.settled().await;
}

#[tokio::test]
async fn a_commit_goes_on_when_its_client_has_gone() {
    let world = world(&[key(5)], Settings::default(), 1 << 20);
    for round in 0..30 {
        let mut txn = world.coordinator.begin(TxnOptions::default()).unwrap();
        txn.put(key(1), Bytes::from(round.to_string())).unwrap();
        txn.put(key(9), Bytes::from(round.to_string())).unwrap();
        let commit = txn.commit();
        let mut commit = std::pin::pin!(commit);
        // Polled a few times, then dropped in the middle.
        for _ in 0..round {
            if futures::poll!(&mut commit).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    world.coordinator.settled().await;
    let mut reader = world.coordinator.begin(TxnOptions::default()).unwrap();
    reader.begin_statement().unwrap();
    let values = reader.get(&[key(1), key(9)], None).await.unwrap();
    assert_eq!(values[0], values[1], "both or none");
    assert!(values[0].is_some());
}

#[tokio::test]
async fn ranges_that_split_during_a_load_do_not_hurt() {
    let settings = Settings { commit_bytes_max: 2 << 10, prepare_bytes_max: 1 << 10, ..Settings::default() };
    let world = world(&[], settings, 8 << 20);
    for round in 0..10u32 {
        let mut txn = world.coordinator.begin(TxnOptions::default()).unwrap();
        for n in 0..200 {
            txn.put(key(n), Bytes::from(round.to_string())).unwrap();
        }
        let committing = tokio::spawn(txn.commit());
        tokio::task::yield_now().await;
        // Refused while commands are in flight; then the next round splits.
        let _split = world.kv.split(&key(round * 17 + 5));
        committing.await.unwrap().unwrap();
        let mut reader = world.coordinator.begin(TxnOptions::default()).unwrap();
        reader.begin_statement().unwrap();
        let rows = reader.scan_all(Span::new(key(0), key(200)), ScanOptions::default()).await.unwrap();
        assert_eq!(rows.len(), 200);
        assert!(rows.iter().all(|(_, v)| v.as_ref() == round.to_string().as_bytes()), "round {round}");
    }
    assert!(world.kv.descriptors().len() > 5);
}

#[tokio::test]
async fn the_loop_runs_conflicts_again_until_they_pass() {
    let world = world(&[], Settings::default(), 8 << 20);
    let mut clients = Vec::new();
    for _ in 0..4 {
        let coordinator = world.coordinator.clone();
        clients.push(tokio::spawn(async move {
            for _ in 0..10 {
                let added = coordinator.run(TxnOptions::default(), |txn| {
                    Box::pin(async move {
                        let before = number(&txn.get(&[key(0)], None).await?[0]);
                        tokio::task::yield_now().await;
                        txn.put(key(0), (before + 1).to_string().into())
                    })
                });
                added.await.unwrap();
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    let mut txn = world.coordinator.begin(TxnOptions::default()).unwrap();
    txn.begin_statement().unwrap();
    assert_eq!(number(&txn.get(&[key(0)], None).await.unwrap()[0]), 40);
}
