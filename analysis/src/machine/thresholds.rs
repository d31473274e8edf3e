//! From where on a resource is short.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Resource, ResourceLevel};

/// From where on a resource is short.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Threshold {
    pub unit: ThresholdUnit,
    /// Above it is worth knowing.
    pub notice: Option<f64>,
    pub warning: Option<f64>,
    pub critical: Option<f64>,
    pub source: ThresholdSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdUnit {
    Percent,
    Count,
    /// Load by core.
    PerCore,
    PagesPerS,
}

/// Who set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdSource {
    /// The specification of background services, section 7.
    Specification,
    /// This program, where the specification says nothing.
    Own,
}

impl Threshold {
    pub(super) fn of(resource: Resource) -> Self {
        let levels = |unit, warning, critical, source| Self {
            unit,
            notice: None,
            warning: Some(warning),
            critical: Some(critical),
            source,
        };
        let specified = |warning, critical| {
            levels(
                ThresholdUnit::Percent,
                warning,
                critical,
                ThresholdSource::Specification,
            )
        };
        let own = |warning, critical| {
            levels(
                ThresholdUnit::Percent,
                warning,
                critical,
                ThresholdSource::Own,
            )
        };
        let noted = |notice, source| Self {
            unit: ThresholdUnit::Count,
            notice: Some(notice),
            warning: None,
            critical: None,
            source,
        };
        match resource {
            Resource::Cpu => specified(70.0, 90.0),
            Resource::Memory | Resource::CgroupMemory => specified(80.0, 95.0),
            Resource::DiskSpace => specified(80.0, 90.0),
            Resource::Inodes => own(80.0, 90.0),
            // The specification has one number for each of these and no level. Hosts of today are
            // mostly above it and well, so that it is no reason to wake anybody.
            Resource::Processes => noted(100.0, ThresholdSource::Specification),
            Resource::TcpConnections => noted(1000.0, ThresholdSource::Specification),
            Resource::Zombies => noted(0.0, ThresholdSource::Own),
            Resource::CpuSteal => own(10.0, 30.0),
            Resource::CpuPressure => own(50.0, 80.0),
            Resource::MemoryPressure => own(10.0, 40.0),
            Resource::IoPressure => own(30.0, 60.0),
            Resource::Load => levels(ThresholdUnit::PerCore, 1.5, 3.0, ThresholdSource::Own),
            Resource::Swap => own(50.0, 80.0),
            // Memory that is read back was needed after all.
            Resource::SwapIn => levels(
                ThresholdUnit::PagesPerS,
                100.0,
                1000.0,
                ThresholdSource::Own,
            ),
            Resource::DiskBusy => own(80.0, 95.0),
            Resource::NetworkUse => own(70.0, 90.0),
            Resource::NetworkLoss => own(0.1, 1.0),
            Resource::TcpRetransmits => own(2.0, 5.0),
            Resource::Tasks => own(80.0, 95.0),
            Resource::Uninterruptible => Self {
                unit: ThresholdUnit::Count,
                notice: None,
                warning: Some(0.0),
                critical: None,
                source: ThresholdSource::Own,
            },
        }
    }

    /// What `value` is, above these.
    pub(super) fn level(&self, value: f64) -> ResourceLevel {
        let above = |limit: Option<f64>| limit.is_some_and(|limit| value > limit);
        match () {
            () if above(self.critical) => ResourceLevel::Critical,
            () if above(self.warning) => ResourceLevel::Warning,
            () if above(self.notice) => ResourceLevel::Notice,
            () => ResourceLevel::Fine,
        }
    }
}
