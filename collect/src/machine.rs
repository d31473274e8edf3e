//! The machine as a whole: what the kernel counts, and what is in use of what there is.

mod counters;
mod mounts;
mod state;

pub(crate) use self::mounts::mount_of;

use std::time::Duration;

use analysis::{
    machine::{Machine, MachineFacts, machine},
    order::Progress,
    processes::ProcessesAsked,
};

pub(crate) use self::state::cores;
use crate::{NoAnswer, processes};

/// What rates are over: long enough that a moment does not decide, short enough to wait for.
const WATCHED: Duration = Duration::from_secs(2);

/// Answers `analyze system`.
pub(crate) async fn look(progress: &(dyn Fn(Progress) + Sync)) -> Result<Machine, NoAnswer> {
    let before = processes::blocking(|| Ok(counters::counters())).await?;
    let processes = processes::watch_for(WATCHED, &ProcessesAsked::default(), progress).await?;
    let (after, state) = processes::blocking(|| {
        let after = counters::counters();
        Ok((after, state::state()))
    })
    .await?;
    Ok(machine(MachineFacts {
        before,
        after,
        state,
        processes,
    }))
}

#[cfg(test)]
mod tests {
    use analysis::machine::Resource;

    use super::*;

    #[tokio::test]
    async fn this_machine_has_a_cpu_memory_and_a_disk() {
        let report = look(&|_| ()).await.unwrap();
        for resource in [Resource::Cpu, Resource::Memory, Resource::Load] {
            let mut found = report
                .findings
                .iter()
                .filter(|one| one.resource == resource);
            let finding = found.next().unwrap();
            assert!(finding.value >= 0.0, "{finding:?}");
        }
        assert!(report.interval_ms >= 2000 && report.cores > 0, "{report:?}");
    }
}
