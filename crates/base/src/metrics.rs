//! Metric handles and their registry, written out in Prometheus' text format.
//!
//! A handle is declared beside the code that it measures and registered once; updating it is one atomic add.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// Only goes up.
#[derive(Clone, Default, Debug)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds one.
    pub fn inc(&self) {
        self.add(1);
    }
    /// Adds `by`.
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }
    /// The value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Goes up and down.
#[derive(Clone, Default, Debug)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// Sets the value.
    pub fn set(&self, to: i64) {
        self.0.store(to, Ordering::Relaxed);
    }
    /// Adds `by`, which may be negative.
    pub fn add(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }
    /// The value.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

const BUCKETS: usize = 24;

#[derive(Default, Debug)]
struct HistogramCells {
    buckets: [AtomicU64; BUCKETS],
    count: AtomicU64,
    sum_nanos: AtomicU64,
}

/// Durations in buckets that double from 1 µs to 8 s.
#[derive(Clone, Default, Debug)]
pub struct Histogram(Arc<HistogramCells>);

impl Histogram {
    /// Counts one duration.
    pub fn observe(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let micros = nanos.div_ceil(1000).max(1);
        let bucket = (64 - (micros - 1).leading_zeros() as usize).min(BUCKETS);
        if let Some(cell) = self.0.buckets.get(bucket) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
        self.0.count.fetch_add(1, Ordering::Relaxed);
        self.0.sum_nanos.fetch_add(nanos, Ordering::Relaxed);
    }
    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }
}

#[derive(Clone)]
enum Metric {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

struct Family {
    help: &'static str,
    series: BTreeMap<String, Metric>,
}

/// All metrics of a node. Cheap to clone.
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<BTreeMap<&'static str, Family>>>);

impl Registry {
    /// The counter of that name and these labels; made at the first call.
    pub fn counter(&self, name: &'static str, labels: &[(&str, &str)], help: &'static str) -> Counter {
        match self.series(name, labels, help, || Metric::Counter(Counter::default())) {
            Metric::Counter(c) => c,
            _ => Counter::default(),
        }
    }

    /// The gauge of that name and these labels; made at the first call.
    pub fn gauge(&self, name: &'static str, labels: &[(&str, &str)], help: &'static str) -> Gauge {
        match self.series(name, labels, help, || Metric::Gauge(Gauge::default())) {
            Metric::Gauge(g) => g,
            _ => Gauge::default(),
        }
    }

    /// The histogram (seconds) of that name and these labels; made at the first call.
    pub fn histogram(&self, name: &'static str, labels: &[(&str, &str)], help: &'static str) -> Histogram {
        match self.series(name, labels, help, || Metric::Histogram(Histogram::default())) {
            Metric::Histogram(h) => h,
            _ => Histogram::default(),
        }
    }

    fn series(
        &self,
        name: &'static str,
        labels: &[(&str, &str)],
        help: &'static str,
        make: impl FnOnce() -> Metric,
    ) -> Metric {
        let mut key = String::new();
        for (label, value) in labels {
            let sep = if key.is_empty() { "" } else { "," };
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(key, "{sep}{label}=\"{value}\"");
        }
        let mut families = self.0.lock();
        let family = families.entry(name).or_insert_with(|| Family { help, series: BTreeMap::new() });
        family.series.entry(key).or_insert_with(make).clone()
    }

    /// Everything in Prometheus' text exposition format.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for (name, family) in self.0.lock().iter() {
            let kind = match family.series.values().next() {
                Some(Metric::Counter(_)) => "counter",
                Some(Metric::Gauge(_)) => "gauge",
                _ => "histogram",
            };
            let _ = writeln!(out, "# HELP {name} {}\n# TYPE {name} {kind}", family.help);
            for (labels, metric) in &family.series {
                let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
                match metric {
                    Metric::Counter(c) => drop(writeln!(out, "{name}{braced} {}", c.get())),
                    Metric::Gauge(g) => drop(writeln!(out, "{name}{braced} {}", g.get())),
                    Metric::Histogram(h) => render_histogram(&mut out, name, labels, h),
                }
            }
        }
        out
    }
}

fn render_histogram(out: &mut String, name: &str, labels: &str, h: &Histogram) {
    let sep = if labels.is_empty() { "" } else { "," };
    let mut seen = 0;
    for (i, bucket) in h.0.buckets.iter().enumerate() {
        seen += bucket.load(Ordering::Relaxed);
        let le = (1u64 << i) as f64 / 1e6;
        let _ = writeln!(out, "{name}_bucket{{{labels}{sep}le=\"{le}\"}} {seen}");
    }
    let count = h.count();
    let _ = writeln!(out, "{name}_bucket{{{labels}{sep}le=\"+Inf\"}} {count}");
    let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    let sum = h.0.sum_nanos.load(Ordering::Relaxed) as f64 / 1e9;
    let _ = writeln!(out, "{name}_sum{braced} {sum}\n{name}_count{braced} {count}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_in_prometheus_text_format() {
        let registry = Registry::default();
        registry.counter("txn_total", &[("path", "1pc")], "Commits.").add(3);
        registry.counter("txn_total", &[("path", "1pc")], "Commits.").inc();
        registry.gauge("sessions", &[], "Open sessions.").set(-2);
        registry.histogram("commit_seconds", &[], "Commit latency.").observe(Duration::from_micros(3));
        let text = registry.render();
        assert!(text.contains("# TYPE txn_total counter\ntxn_total{path=\"1pc\"} 4\n"), "{text}");
        assert!(text.contains("sessions -2\n"), "{text}");
        assert!(text.contains("commit_seconds_bucket{le=\"0.000002\"} 0\n"), "{text}");
        assert!(text.contains("commit_seconds_bucket{le=\"0.000004\"} 1\n"), "{text}");
        assert!(text.contains("commit_seconds_count 1\n"), "{text}");
    }
}
