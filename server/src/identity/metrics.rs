//! What can be counted about identities.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// How many of each outcome there were; `outcome` is a stable name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    pub listener: &'static str,
    pub outcome: &'static str,
}

/// Counters of this process since its start.
#[derive(Debug, Default)]
pub struct IdentityMetrics {
    /// Connections by what became of them: `accepted`, or why they were refused.
    pub connections: Family<Outcome, Counter>,
    /// Calls to join or renew, by what became of them.
    pub enrolments: Family<Outcome, Counter>,
    /// Agents whose certificate has less than a quarter of its life left: they should have renewed
    /// it at half. The same on every replica.
    pub certificates_ending: Gauge,
}

impl IdentityMetrics {
    /// Makes the counters visible in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "connections",
            "Connections by listener and what became of them",
            self.connections.clone(),
        );
        registry.register(
            "enrolments",
            "Calls to join or to renew by what became of them",
            self.enrolments.clone(),
        );
        registry.register(
            "certificates_ending",
            "Agents that may speak and whose certificate has less than a quarter of its life left",
            self.certificates_ending.clone(),
        );
    }

    /// Counts one connection to `listener` (`http`, `agents`).
    pub fn connection(&self, listener: &'static str, outcome: &'static str) {
        let labels = Outcome { listener, outcome };
        self.connections.get_or_create(&labels).inc();
    }

    /// Counts one call.
    pub fn enrolment(&self, outcome: &'static str) {
        let listener = "http";
        self.enrolments
            .get_or_create(&Outcome { listener, outcome })
            .inc();
    }
}
