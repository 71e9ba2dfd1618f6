//! The HTTP port: `/healthz` (alive), `/readyz` (may take traffic), `/metrics` (Prometheus), `/` (what this is).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use base::metrics::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the endpoints know of their node.
pub struct Health {
    /// Serves SQL and is not draining.
    pub ready: AtomicBool,
    /// Whether the store still serves; false once an engine has failed.
    pub alive: Box<dyn Fn() -> bool + Send + Sync>,
    /// Brings gauges up to date before they are read.
    pub refresh: Box<dyn Fn() + Send + Sync>,
    /// The node's metrics.
    pub metrics: Registry,
    /// One line about the node.
    pub title: String,
}

/// Serves until `stop`.
pub async fn serve(listener: TcpListener, health: Arc<Health>, stop: CancellationToken) {
    let app = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/", get(index))
        .with_state(health);
    let served = axum::serve(listener, app).with_graceful_shutdown(async move { stop.cancelled().await });
    if let Err(error) = served.await {
        tracing::error!(%error, "the HTTP port has failed");
    }
}

async fn healthz(State(health): State<Arc<Health>>) -> impl IntoResponse {
    if (health.alive)() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the storage engine has failed; see the log\n")
    }
}

async fn readyz(State(health): State<Arc<Health>>) -> impl IntoResponse {
    if health.ready.load(Ordering::Acquire) && (health.alive)() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

async fn metrics(State(health): State<Arc<Health>>) -> impl IntoResponse {
    (health.refresh)();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], health.metrics.render())
}

async fn index(State(health): State<Arc<Health>>) -> impl IntoResponse {
    Html(format!(
        "<!doctype html><title>Holdfast</title><h1>Holdfast</h1><p>{}</p>\
         <ul><li><a href=/healthz>health</a><li><a href=/readyz>readiness</a><li><a href=/metrics>metrics</a></ul>",
        health.title
    ))
}
