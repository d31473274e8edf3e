//! Readings for [`analysis::monitor`], one after the other, cheap enough to go on for days: one
//! file a process, one call a critical unit.

use analysis::{
    identity::UnitName,
    monitor::{Critical, Sample, Sampled},
};

use crate::{
    CollectError,
    host::ClockReading,
    process::{ProcessStat, Procfs},
    systemd::Manager,
};

/// Reads all processes again and again.
pub struct Sampler {
    procfs: Procfs,
    found: Vec<ProcessStat>,
    /// Critical units, and those that critical processes belong to.
    units: Vec<UnitName>,
    manager: Option<Manager>,
    own_pid: u32,
}

/// What the reader itself has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnUse {
    pub cpu_ns: u64,
    pub rss_bytes: u64,
}

impl Sampler {
    /// Prepares to read; asks systemd only if there is a unit to ask about.
    ///
    /// # Errors
    ///
    /// [`CollectError::NoSystemd`] if critical units were named, and nobody knows about units.
    pub async fn new(
        pids: &[u32],
        units: &[UnitName],
    ) -> Result<(Self, Vec<Critical>), CollectError> {
        let procfs = Procfs::at("/proc");
        let of_pid = |pid: &u32| {
            let unit = procfs.placement(*pid).ok();
            let unit = unit.and_then(|placement| placement.unit);
            (
                *pid,
                unit.filter(|unit| unit.as_str().ends_with(".service")),
            )
        };
        let of_pids: Vec<_> = pids.iter().map(of_pid).collect();
        let mut asked = units.to_vec();
        asked.extend(of_pids.iter().filter_map(|(_, unit)| unit.clone()));
        asked.sort();
        asked.dedup();
        let manager = match asked.is_empty() {
            true => None,
            false => match Manager::connect().await {
                Ok(manager) => Some(manager),
                Err(error) if !units.is_empty() => return Err(error),
                Err(_) => None,
            },
        };
        let critical = of_pids
            .into_iter()
            .map(|(pid, unit)| Critical::process(pid, unit))
            .chain(units.iter().cloned().map(Critical::unit));
        let critical = critical.collect();
        let sampler = Self {
            procfs,
            found: Vec::new(),
            units: asked,
            manager,
            own_pid: std::process::id(),
        };
        Ok((sampler, critical))
    }

    /// One reading, and what reading has cost so far.
    ///
    /// # Errors
    ///
    /// [`CollectError::Read`] if procfs cannot be listed.
    pub async fn sample(&mut self) -> Result<(Sample, OwnUse), CollectError> {
        self.procfs.scan(&mut self.found)?;
        let now = ClockReading::now();
        let mut own = OwnUse::default();
        let processes = self.found.drain(..).map(|stat| {
            let cpu_ns = stat.user_ns.saturating_add(stat.system_ns);
            if stat.pid == self.own_pid {
                own = OwnUse {
                    cpu_ns,
                    rss_bytes: stat.rss_bytes,
                };
            }
            Sampled {
                process: stat.id(),
                comm: stat.comm,
                state: stat.state.letter(),
                cpu_ns,
                rss_bytes: stat.rss_bytes,
                threads: stat.threads,
            }
        });
        let processes = processes.collect();
        // Units last, so that the unit of a process that is gone knows about it.
        let mut units = Vec::with_capacity(self.units.len());
        for unit in &self.units {
            if let Some(manager) = &self.manager {
                // systemd is busy for seconds while it reloads, and says so the next time.
                units.extend(manager.unit_state(unit).await.ok());
            }
        }
        let sample = Sample {
            at: now.wall,
            since_boot_ns: now.since_boot_ns,
            processes,
            units,
        };
        Ok((sample, own))
    }
}
