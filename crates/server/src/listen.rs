//! The SQL port: accepts connections and hands them to the gateway.

use std::sync::Arc;
use std::time::Duration;

use gateway::Gateway;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// After a failed accept (out of file descriptors): no sooner than this again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts until `stop`. Connections live on in `tasks`.
pub async fn sql(listener: TcpListener, gateway: Arc<Gateway>, tasks: TaskTracker, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Answers are written whole: waiting for more to send would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, %peer, "no TCP_NODELAY");
                }
                let gateway = gateway.clone();
                tasks.spawn(async move { gateway.serve(stream, peer.to_string()).await });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
