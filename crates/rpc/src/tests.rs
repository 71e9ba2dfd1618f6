//! Client and server over pipes in memory.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::NodeId;
use futures::channel::mpsc;
use hybrid_clock::{Clock, Timestamp};
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Channel, Error, Identity, Peer, connect_over, identify, serve, serve_streams};

const MAX_OFFSET: Duration = Duration::from_millis(250);
const WITHIN: Duration = Duration::from_secs(5);
const CLUSTER: u128 = 0x1234;

fn clock(wall: &Arc<AtomicU64>) -> Clock {
    let wall = wall.clone();
    Clock::in_memory(Arc::new(move || wall.load(Ordering::SeqCst)), MAX_OFFSET)
}

fn at(seconds: u64) -> Arc<AtomicU64> {
    Arc::new(AtomicU64::new(seconds * 1_000_000_000))
}

fn identity(wall: &Arc<AtomicU64>) -> Identity {
    Identity { cluster: CLUSTER, node: NodeId(7), clock: clock(wall) }
}

struct Running {
    channel: Channel,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

async fn start(identity: Identity) -> Running {
    let (connections, streams) = mpsc::unbounded::<io::Result<DuplexStream>>();
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve_streams(streams, identity, stop.clone()));
    let connect = move || {
        let (here, there) = tokio::io::duplex(64 << 10);
        let sent = connections.unbounded_send(Ok(there));
        async move { sent.map(|()| here).map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused)) }
    };
    Running { channel: connect_over(connect, WITHIN).await.unwrap(), stop, server }
}

#[tokio::test]
async fn says_who_it_is_and_both_clocks_learn() {
    let server = identity(&at(1000));
    let running = start(server.clone()).await;
    // The caller is a fifth of a second behind.
    let caller = clock(&Arc::new(AtomicU64::new(999_800_000_000)));
    let peer = identify(&running.channel, &caller, None, WITHIN).await;
    assert_eq!(peer, Ok(Peer { cluster: CLUSTER, node: NodeId(7) }));
    assert!(caller.last() >= Timestamp::new(1_000_000_000_000, 0), "{}", caller.last());
    // And the other way round.
    let caller = clock(&Arc::new(AtomicU64::new(1_000_200_000_000)));
    identify(&running.channel, &caller, Some(CLUSTER), WITHIN).await.unwrap();
    assert!(server.clock.last() > Timestamp::new(1_000_200_000_000, 0), "{}", server.clock.last());
    running.stop.cancel();
    running.server.await.unwrap();
}

#[tokio::test]
async fn a_clock_too_far_ahead_is_refused_before_it_is_heard() {
    let server = identity(&at(1000));
    let running = start(server.clone()).await;
    let ahead = clock(&at(1001));
    let answer = identify(&running.channel, &ahead, Some(CLUSTER), WITHIN).await;
    assert!(matches!(answer, Err(Error::Clock(_))), "{answer:?}");
    assert!(server.clock.last() < Timestamp::new(1_000_500_000_000, 0), "{}", server.clock.last());
    // One that is far behind is answered, and refuses the answer itself.
    let behind = clock(&at(999));
    let answer = identify(&running.channel, &behind, Some(CLUSTER), WITHIN).await;
    assert!(matches!(answer, Err(Error::Clock(_))), "{answer:?}");
    assert!(behind.last() < Timestamp::new(999_500_000_000, 0), "{}", behind.last());
}

#[tokio::test]
async fn another_cluster_is_refused() {
    let running = start(identity(&at(1000))).await;
    let answer = identify(&running.channel, &clock(&at(1000)), Some(CLUSTER + 1), WITHIN).await;
    assert!(matches!(answer, Err(Error::OtherCluster(_))), "{answer:?}");
}

#[tokio::test]
async fn it_stops_when_told() {
    let running = start(identity(&at(1000))).await;
    identify(&running.channel, &clock(&at(1000)), None, WITHIN).await.unwrap();
    running.stop.cancel();
    running.server.await.unwrap();
    let answer = identify(&running.channel, &clock(&at(1000)), None, WITHIN).await;
    assert!(matches!(answer, Err(Error::Unreachable(_))), "{answer:?}");
}

#[tokio::test]
async fn serves_on_a_socket() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve(listener, identity(&at(1000)), stop.clone()));
    let channel = connect_over(move || tokio::net::TcpStream::connect(addr), WITHIN).await.unwrap();
    let peer = identify(&channel, &clock(&at(1000)), Some(CLUSTER), WITHIN).await;
    assert_eq!(peer, Ok(Peer { cluster: CLUSTER, node: NodeId(7) }));
    stop.cancel();
    server.await.unwrap();
}
