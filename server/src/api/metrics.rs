//! What Prometheus reads.

use crate::identity::metrics::IdentityMetrics;

/// The counters of this process.
#[derive(Debug, Default)]
pub struct Metrics {
    pub identity: IdentityMetrics,
}
