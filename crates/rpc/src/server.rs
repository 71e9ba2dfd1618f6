//! The server side: accepts connections and answers calls until it is told to stop.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use proto::wire::rpc::{self as pb};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic::{Code, Request, Response, Status};

use crate::codec::Protobuf;
use crate::{Error, IDENTIFY, Identity, cluster_from, hear, now};

/// How long connections may take to end once the server stops.
const STOP_WAIT_MAX: Duration = Duration::from_secs(2);
/// After a failed accept (out of file descriptors): no sooner than this again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves on a listening socket until `stop`, then lets calls that are under way end.
pub async fn serve(listener: TcpListener, identity: Identity, stop: CancellationToken) {
    let streams = stream::unfold(listener, |listener| async move {
        let stream = loop {
            match listener.accept().await {
                Ok((stream, _)) => break stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection of a node");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        Some((Ok(stream), listener))
    });
    serve_streams(streams, identity, stop).await;
}

/// As [`serve`], on connections from anywhere.
pub async fn serve_streams<IO>(
    streams: impl Stream<Item = io::Result<IO>> + Send,
    identity: Identity,
    stop: CancellationToken,
) where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let streams = streams.map(|stream| stream.map(Connection));
    let stopped = stop.clone();
    let serving = Server::builder().serve_with_incoming_shutdown(Node(identity), streams, async move {
        stopped.cancelled().await;
    });
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(STOP_WAIT_MAX).await;
    };
    tokio::select! {
        biased;
        result = serving => if let Err(error) = result {
            tracing::error!(%error, "rpc server has failed");
        },
        () = overdue => tracing::info!("connections of other nodes were cut off"),
    }
}

/// The service.
#[derive(Clone)]
struct Node(Identity);

type Answering<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl tower_service::Service<http::Request<Body>> for Node {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering<Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let node = self.clone();
        Box::pin(async move {
            if request.uri().path() == IDENTIFY {
                let codec: Protobuf<pb::IdentifyResponse, pb::IdentifyRequest> = Protobuf::default();
                return Ok(tonic::server::Grpc::new(codec).unary(Identify(node.0), request).await);
            }
            Ok(Status::unimplemented("no such call").into_http())
        })
    }
}

struct Identify(Identity);

impl tower_service::Service<Request<pb::IdentifyRequest>> for Identify {
    type Response = Response<pb::IdentifyResponse>;
    type Error = Status;
    type Future = std::future::Ready<Result<Response<pb::IdentifyResponse>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<pb::IdentifyRequest>) -> Self::Future {
        ready(answer(&self.0, request.into_inner()).map(Response::new).map_err(status))
    }
}

fn answer(identity: &Identity, request: pb::IdentifyRequest) -> Result<pb::IdentifyResponse, Error> {
    // T12: before anything else of the message is used.
    hear(&identity.clock, request.clock)?;
    if !request.cluster.is_empty() {
        let cluster = cluster_from(&request.cluster)?;
        if cluster != identity.cluster {
            return Err(Error::OtherCluster(format!("{:032x}, not {cluster:032x}", identity.cluster)));
        }
    }
    let cluster = identity.cluster.to_be_bytes().to_vec().into();
    Ok(pb::IdentifyResponse { clock: now(&identity.clock)?, cluster, node: identity.node.0 })
}

fn status(error: Error) -> Status {
    let (code, why) = match error {
        Error::Clock(why) => (Code::OutOfRange, why),
        Error::OtherCluster(why) => (Code::FailedPrecondition, why),
        Error::Malformed(why) => (Code::InvalidArgument, why),
        Error::Unreachable(why) => (Code::Unavailable, why),
    };
    Status::new(code, why)
}

/// A connection, whatever it runs over.
struct Connection<IO>(IO);

impl<IO> Connected for Connection<IO> {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl<IO: AsyncRead + Unpin> AsyncRead for Connection<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Connection<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
