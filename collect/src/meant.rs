//! Units that may have been meant by a name that none has.

use std::time::Duration;

use analysis::{identity::UnitName, start_failure::similar::similar};
use tokio::time::timeout;

use crate::{CollectError, systemd::Manager};

/// To offer a name is worth no more than this.
const WITHIN: Duration = Duration::from_secs(2);

/// The nearest names, the nearest first. Empty: there is such a unit, none is near, or systemd
/// cannot be asked.
pub(crate) async fn meant(asked: &UnitName) -> Vec<UnitName> {
    let names = timeout(WITHIN, names()).await;
    match names {
        Ok(Ok(names)) if !names.contains(asked) => similar(asked, names),
        _ => Vec::new(),
    }
}

async fn names() -> Result<Vec<UnitName>, CollectError> {
    Manager::connect().await?.unit_names().await
}
