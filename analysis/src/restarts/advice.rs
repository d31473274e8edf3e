//! What can be done, where it follows from what was measured.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::StopRow;
use crate::{
    cause::{Certainty, Evidence, StopCause},
    identity::UnitName,
};

/// Something to do. The catalogues word it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "advice")]
pub enum Advice {
    /// The unit reached its own limit. `limit_bytes` is the one it reached last, where known.
    RaiseMemoryLimit {
        unit: UnitName,
        limit_bytes: Option<u64>,
    },
    /// The machine ran out of memory, and the kernel chose this unit.
    MachineMemory,
    /// A core dump was taken of this process.
    ReadCoreDump { pid: u32 },
    /// A signal that leaves a core ended it, and no core was taken.
    EnableCoreDumps { unit: UnitName },
    /// It did not stop or start in time.
    LookAtTimeouts { unit: UnitName },
    /// The program could not be executed at all (exit code 203).
    FixExecStart { unit: UnitName },
    /// systemd did not come back to it.
    NotRestarted { unit: UnitName },
}

/// QUIT, ILL, TRAP, ABRT, BUS, FPE, SEGV, XCPU, XFSZ, SYS: see signal(7).
pub(super) const LEAVE_CORE: [u8; 10] = [3, 4, 5, 6, 7, 8, 11, 24, 25, 31];
/// Exit code of systemd's own child, which could not execute the program.
const EXIT_EXEC: u8 = 203;

pub(super) fn follows_from(unit: &UnitName, stops: &[StopRow]) -> Vec<Advice> {
    let unit = || unit.clone();
    let newest = |cause: StopCause| stops.iter().find(|row| row.cause == cause);
    let mut advice = Vec::new();
    // A limit that was only inferred is not worth a command that changes one.
    if let Some(row) = newest(StopCause::OomCgroup)
        .filter(|row| row.certainty == Certainty::Measured || row.oom.is_some())
    {
        advice.push(Advice::RaiseMemoryLimit {
            unit: unit(),
            limit_bytes: row.oom.and_then(|oom| oom.limit_bytes),
        });
    }
    if newest(StopCause::OomSystem).is_some() {
        advice.push(Advice::MachineMemory);
    }
    advice.extend(about_cores(unit(), stops));
    if newest(StopCause::Timeout).is_some() {
        advice.push(Advice::LookAtTimeouts { unit: unit() });
    }
    let missing = crate::process::ExitStatus::Exited { code: EXIT_EXEC };
    if stops.iter().any(|row| row.exit == Some(missing)) {
        advice.push(Advice::FixExecStart { unit: unit() });
    }
    let last = stops.first();
    if last.is_some_and(|row| row.cause.is_failure() && row.next_start.is_none()) {
        advice.push(Advice::NotRestarted { unit: unit() });
    }
    advice
}

fn about_cores(unit: UnitName, stops: &[StopRow]) -> Option<Advice> {
    let crashed = stops.iter().find(|row| leaves_core(row))?;
    let taken = crashed.evidence.iter().find_map(|evidence| match evidence {
        Evidence::CoreDump { pid, .. } => Some(*pid),
        _ => None,
    });
    match taken {
        Some(pid) => Some(Advice::ReadCoreDump { pid }),
        // The kernel wrote one somewhere, but nobody journaled where.
        None if was_dumped(crashed) => None,
        None => Some(Advice::EnableCoreDumps { unit }),
    }
}

fn leaves_core(row: &StopRow) -> bool {
    let signal = match row.exit {
        Some(crate::process::ExitStatus::Signaled { signal, .. }) => signal,
        _ => return false,
    };
    row.cause == StopCause::Signal && LEAVE_CORE.contains(&signal.0)
}

fn was_dumped(row: &StopRow) -> bool {
    matches!(
        row.exit,
        Some(crate::process::ExitStatus::Signaled {
            core_dumped: true,
            ..
        })
    )
}
