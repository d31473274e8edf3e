//! What can be counted about orders.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// How an order ended; a stable name of `analysis::order::Outcome`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Ended {
    pub outcome: String,
}

/// Counters of this process since its start.
#[derive(Debug)]
pub struct OrderMetrics {
    ended: Family<Ended, Counter>,
    answer_time: Histogram,
    /// Updates of orders that were given to another agent.
    pub of_others: Counter,
    /// Orders that have not ended, whichever replica they are on.
    pub open: Gauge,
}

impl Default for OrderMetrics {
    fn default() -> Self {
        Self {
            ended: Family::default(),
            // 5 ms to 160 s.
            answer_time: Histogram::new(exponential_buckets(0.005, 2.0, 16)),
            of_others: Counter::default(),
            open: Gauge::default(),
        }
    }
}

impl OrderMetrics {
    /// Makes the counters visible in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "orders",
            "Orders that ended, by outcome",
            self.ended.clone(),
        );
        registry.register_with_unit(
            "order_answer_time",
            "From the question to the stored answer of a host",
            Unit::Seconds,
            self.answer_time.clone(),
        );
        registry.register(
            "order_updates_of_others",
            "Updates of orders that were given to another agent",
            self.of_others.clone(),
        );
        registry.register(
            "open_orders",
            "Orders that have not ended",
            self.open.clone(),
        );
    }

    /// An order ended. `outcome` is one of ours, never a host's text.
    pub fn ended(&self, outcome: &str) {
        let outcome = outcome.to_owned();
        self.ended.get_or_create(&Ended { outcome }).inc();
    }

    /// A host answered `seconds` after it was asked.
    pub fn answered(&self, seconds: f64) {
        self.answer_time.observe(seconds);
    }
}
