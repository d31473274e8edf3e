//! What can be counted about ingest.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::store::Stored;

/// Why something was refused; a stable name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Reason {
    pub reason: &'static str,
}

/// Counters of this process since its start.
#[derive(Debug)]
pub struct IngestMetrics {
    events: Counter,
    batches: Counter,
    refusals: Family<Reason, Counter>,
    unreadable: Counter,
    carried_twice: Counter,
    carried_unchecked: Counter,
    retries: Counter,
    ack_latency: Histogram,
    /// Streams that this replica serves.
    pub streams: Gauge,
}

impl Default for IngestMetrics {
    fn default() -> Self {
        Self {
            events: Counter::default(),
            batches: Counter::default(),
            refusals: Family::default(),
            unreadable: Counter::default(),
            carried_twice: Counter::default(),
            carried_unchecked: Counter::default(),
            retries: Counter::default(),
            // 0.5 ms to 16 s.
            ack_latency: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            streams: Gauge::default(),
        }
    }
}

impl IngestMetrics {
    /// Makes the counters visible in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("ingested_events", "Events stored", self.events.clone());
        registry.register(
            "ingested_batches",
            "Batches acknowledged",
            self.batches.clone(),
        );
        registry.register(
            "refusals",
            "Hellos and batches refused",
            self.refusals.clone(),
        );
        registry.register(
            "unreadable_records",
            "Records stored that this version cannot read",
            self.unreadable.clone(),
        );
        registry.register(
            "carried_twice",
            "Records left out because an older epoch holds them",
            self.carried_twice.clone(),
        );
        registry.register(
            "carried_unchecked",
            "Records stored although an older epoch may hold them",
            self.carried_unchecked.clone(),
        );
        registry.register(
            "ingest_retries",
            "Transactions that were tried again",
            self.retries.clone(),
        );
        registry.register_with_unit(
            "ack_latency",
            "From a batch's arrival to its acknowledgement",
            Unit::Seconds,
            self.ack_latency.clone(),
        );
        registry.register(
            "agent_streams",
            "Agents on this replica",
            self.streams.clone(),
        );
    }

    pub(super) fn stored(&self, stored: &Stored, took: Duration) {
        self.batches.inc();
        self.events.inc_by(stored.events);
        self.unreadable.inc_by(stored.unreadable);
        self.carried_twice.inc_by(stored.carried_twice);
        self.carried_unchecked.inc_by(stored.carried_unchecked);
        self.ack_latency.observe(took.as_secs_f64());
    }

    pub(super) fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&Reason { reason }).inc();
    }

    pub(super) fn retried(&self) {
        self.retries.inc();
    }
}
