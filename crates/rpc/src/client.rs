//! The client side.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use base::NodeId;
use http::Uri;
use http::uri::PathAndQuery;
use hybrid_clock::Clock;
use hyper_util::rt::TokioIo;
use proto::wire::rpc::{self as pb};
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use crate::codec::Protobuf;
use crate::{Error, IDENTIFY, Peer, cluster_from, hear, now};

pub use tonic::transport::Channel;

/// Opens a channel over whatever `connect` opens, at once and again after a loss.
///
/// # Errors
/// If the first connection cannot be opened within `within`.
pub async fn connect_over<F, Fut, IO>(connect: F, within: Duration) -> Result<Channel, Error>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = io::Result<IO>> + Send + 'static,
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // The name is of no use to a connection that is opened elsewhere, but a request must bear one.
    let endpoint = Endpoint::from_static("http://node").connect_timeout(within);
    endpoint.connect_with_connector(Connect(connect)).await.map_err(|e| Error::Unreachable(full(&e)))
}

/// Asks who answers on the channel. A caller that belongs to a cluster is answered by its own only.
///
/// # Errors
/// See [`Error`].
pub async fn identify(
    channel: &Channel,
    clock: &Clock,
    cluster: Option<u128>,
    within: Duration,
) -> Result<Peer, Error> {
    let cluster = cluster.map_or_else(Vec::new, |cluster| cluster.to_be_bytes().to_vec());
    let request = pb::IdentifyRequest { clock: now(clock)?, cluster: cluster.into() };
    let codec: Protobuf<pb::IdentifyRequest, pb::IdentifyResponse> = Protobuf::default();
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    let calling = async {
        grpc.ready().await.map_err(|e| Error::Unreachable(full(&e)))?;
        let path = PathAndQuery::from_static(IDENTIFY);
        grpc.unary(tonic::Request::new(request), path, codec).await.map_err(error)
    };
    let answer = tokio::time::timeout(within, calling)
        .await
        .map_err(|_| Error::Unreachable(format!("no answer within {within:?}")))??
        .into_inner();
    hear(clock, answer.clock)?;
    Ok(Peer { cluster: cluster_from(&answer.cluster)?, node: NodeId(answer.node) })
}

fn error(status: Status) -> Error {
    let why = status.message().to_owned();
    match status.code() {
        Code::OutOfRange => Error::Clock(why),
        Code::FailedPrecondition => Error::OtherCluster(why),
        Code::InvalidArgument | Code::Unimplemented => Error::Malformed(why),
        _ => Error::Unreachable(why),
    }
}

/// An error with its causes, which tonic keeps apart.
fn full(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        out.push_str(": ");
        out.push_str(&error.to_string());
        cause = error.source();
    }
    out
}

#[derive(Clone)]
struct Connect<F>(F);

impl<F, Fut, IO> tower_service::Service<Uri> for Connect<F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = io::Result<IO>> + Send + 'static,
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Response = TokioIo<IO>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<IO>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let opening = (self.0)();
        Box::pin(async move { opening.await.map(TokioIo::new) })
    }
}
