//! The limits of a unit.

use analysis::identity::UnitName;

use super::{
    calls::{property, refused},
    manager::Manager,
};
use crate::CollectError;

/// Limits that systemd put on a unit. `None`: no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitLimits {
    /// `MemoryMax=`: above it the kernel kills.
    pub memory_max_bytes: Option<u64>,
    /// `MemoryHigh=`: above it the kernel slows down and takes back.
    pub memory_high_bytes: Option<u64>,
    /// `TasksMax=`: threads and processes together.
    pub tasks_max: Option<u64>,
    /// `CPUQuota=`, in microseconds of CPU time per second.
    pub cpu_quota_us_per_s: Option<u64>,
}

impl Manager {
    /// The limits of a service, socket, mount, swap, slice or scope; other units have none.
    ///
    /// # Errors
    ///
    /// [`CollectError::Deadline`] if systemd does not answer.
    pub async fn unit_limits(&self, unit: &UnitName) -> Result<UnitLimits, CollectError> {
        let interface = match unit.as_str().rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("service") => "org.freedesktop.systemd1.Service",
            Some("socket") => "org.freedesktop.systemd1.Socket",
            Some("mount") => "org.freedesktop.systemd1.Mount",
            Some("swap") => "org.freedesktop.systemd1.Swap",
            Some("slice") => "org.freedesktop.systemd1.Slice",
            Some("scope") => "org.freedesktop.systemd1.Scope",
            _ => return Ok(UnitLimits::default()),
        };
        let path = self.load(unit).await?;
        let limit = async |name| -> Result<Option<u64>, CollectError> {
            let value = property(&self.connection, path.as_str(), interface, name).await?;
            let value = u64::try_from(value).map_err(|error| refused("Get", error))?;
            // systemd's word for "infinity".
            Ok(Some(value).filter(|value| *value != u64::MAX))
        };
        Ok(UnitLimits {
            memory_max_bytes: limit("MemoryMax").await?,
            memory_high_bytes: limit("MemoryHigh").await?,
            tasks_max: limit("TasksMax").await?,
            cpu_quota_us_per_s: limit("CPUQuotaPerSecUSec").await?,
        })
    }
}
