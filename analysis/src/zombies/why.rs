//! Why a parent does not reap, and what to do about it.

use super::{Handling, ParentDetails, ZombieAdvice, ZombieCause, ZombieEvidence, build::Looked};
use crate::{cause::Certainty, identity::UnitName, process_tree::ProcessFact};

/// A parent that uses more than this of a core between the readings is busy.
const BUSY_PERCENT: f64 = 70.0;

pub(super) struct Verdict {
    pub(super) cause: ZombieCause,
    pub(super) certainty: Certainty,
    pub(super) evidence: Vec<ZombieEvidence>,
    pub(super) advice: Vec<ZombieAdvice>,
}

pub(super) fn verdict(looked: &Looked<'_>, pid: u32, zombies: &[&ProcessFact]) -> Verdict {
    let nothing = ParentDetails::default();
    let case = Case {
        looked,
        parent: looked.all.get(&pid).copied(),
        details: looked.facts.parents.get(&pid).unwrap_or(&nothing),
        zombies,
    };
    let (cause, certainty) = case.cause();
    Verdict {
        cause,
        certainty,
        evidence: case.evidence(cause),
        advice: case.advice(cause),
    }
}

struct Case<'a> {
    looked: &'a Looked<'a>,
    /// `None`: it is outside the pid namespace, or ended just now.
    parent: Option<&'a ProcessFact>,
    details: &'a ParentDetails,
    zombies: &'a [&'a ProcessFact],
}

impl Case<'_> {
    fn cause(&self) -> (ZombieCause, Certainty) {
        if !self.zombies.iter().any(|fact| self.looked.was_dead(fact)) {
            return (ZombieCause::JustEnded, Certainty::Measured);
        }
        let Some(parent) = self.parent else {
            return (ZombieCause::Unknown, Certainty::Unknown);
        };
        let held = match parent.state {
            'T' => Some(ZombieCause::ParentStopped),
            't' => Some(ZombieCause::ParentTraced),
            'D' => Some(ZombieCause::ParentUninterruptible),
            _ => None,
        };
        if let Some(cause) = held {
            let certainty = match self.was_in_state(parent) {
                true => Certainty::Measured,
                // It may have been a moment.
                false => Certainty::Inferred,
            };
            return (cause, certainty);
        }
        if self.tracer().is_some() {
            return (ZombieCause::ZombieTraced, Certainty::Measured);
        }
        // What a program does with its time can only be guessed at from outside.
        let cause = match () {
            () if self.is_init_of_container(parent) => ZombieCause::ContainerWithoutInit,
            () if parent.pid() == 1 => ZombieCause::InitDoesNotReap,
            () if self.cpu_percent(parent) > BUSY_PERCENT => ZombieCause::ParentBusy,
            () => ZombieCause::ParentDoesNotWait,
        };
        (cause, Certainty::Inferred)
    }

    fn evidence(&self, cause: ZombieCause) -> Vec<ZombieEvidence> {
        let mut evidence = Vec::new();
        if cause == ZombieCause::JustEnded {
            return evidence;
        }
        let ms = self.looked.watched_ns / 1_000_000;
        evidence.push(ZombieEvidence::NotReapedWithin { ms });
        let Some(parent) = self.parent else {
            return evidence;
        };
        evidence.push(ZombieEvidence::State {
            state: parent.state,
            in_both: self.was_in_state(parent),
        });
        let tracer = match cause {
            ZombieCause::ParentTraced => self.details.tracer_pid,
            ZombieCause::ZombieTraced => self.tracer(),
            _ => None,
        };
        evidence.extend(tracer.map(|pid| self.tracer_evidence(pid)));
        let function = self.details.sleeps_in.clone();
        evidence.extend(function.map(|function| ZombieEvidence::SleepsIn { function }));
        if let Some(signal) = self.details.child_signal {
            let handling = signal.handling;
            evidence.push(ZombieEvidence::ChildSignal { handling });
            if signal.is_blocked {
                evidence.push(ZombieEvidence::ChildSignalBlocked);
            }
            if signal.is_pending {
                evidence.push(ZombieEvidence::ChildSignalPending);
            }
        }
        if cause == ZombieCause::ParentBusy {
            let percent = self.cpu_percent(parent).round();
            evidence.push(ZombieEvidence::Cpu { percent });
        }
        evidence
    }

    fn advice(&self, cause: ZombieCause) -> Vec<ZombieAdvice> {
        let Some(parent) = self.parent else {
            return Vec::new();
        };
        let pid = parent.pid();
        let mut advice = Vec::new();
        match cause {
            ZombieCause::JustEnded => return vec![ZombieAdvice::Wait],
            ZombieCause::ParentStopped => return vec![ZombieAdvice::Continue { pid }],
            ZombieCause::ParentTraced => {
                let tracer_pid = self.details.tracer_pid;
                return vec![ZombieAdvice::Detach { tracer_pid }];
            }
            ZombieCause::ZombieTraced => {
                let tracer_pid = self.tracer();
                return vec![ZombieAdvice::Detach { tracer_pid }];
            }
            // No signal reaches it, and a restart would hang, too.
            ZombieCause::ParentUninterruptible => return vec![ZombieAdvice::SeeStack { pid }],
            ZombieCause::InitDoesNotReap | ZombieCause::Unknown => return Vec::new(),
            ZombieCause::ContainerWithoutInit => {
                let container = parent.container.clone();
                return vec![ZombieAdvice::UseInit { container }];
            }
            ZombieCause::ParentBusy | ZombieCause::ParentDoesNotWait => {}
        }
        let listens = self
            .details
            .child_signal
            .is_some_and(|signal| signal.handling == Handling::Handler && !signal.is_blocked);
        if listens {
            advice.push(ZombieAdvice::Remind { pid });
        }
        advice.push(match parent.unit.as_ref().filter(|unit| is_service(unit)) {
            // What runs in a container is the container engine's to restart.
            Some(unit) if parent.container.is_none() => {
                ZombieAdvice::RestartUnit { unit: unit.clone() }
            }
            _ => ZombieAdvice::EndParent { pid },
        });
        advice
    }

    fn was_in_state(&self, parent: &ProcessFact) -> bool {
        let earlier = self.looked.facts.earlier.get(&parent.process);
        earlier.is_some_and(|earlier| earlier.state == parent.state)
    }

    fn tracer(&self) -> Option<u32> {
        let tracer = |fact: &&ProcessFact| {
            let zombie = self.looked.facts.zombies.get(&fact.pid())?;
            // Its parent would trace it, too, and is not in its own way.
            zombie
                .tracer_pid
                .filter(|tracer| *tracer != fact.parent_pid)
        };
        self.zombies.iter().find_map(tracer)
    }

    fn tracer_evidence(&self, pid: u32) -> ZombieEvidence {
        let comm = self.looked.all.get(&pid).map(|fact| fact.comm.clone());
        ZombieEvidence::Tracer { pid, comm }
    }

    fn is_init_of_container(&self, parent: &ProcessFact) -> bool {
        let is_first = self.details.pid_in_namespace == Some(1);
        is_first && (parent.pid() != 1 || parent.container.is_some())
    }

    #[expect(clippy::cast_precision_loss, reason = "a share that is rounded anyway")]
    fn cpu_percent(&self, parent: &ProcessFact) -> f64 {
        let earlier = self.looked.facts.earlier.get(&parent.process);
        let before = earlier.map_or(parent.cpu_ns, |earlier| earlier.cpu_ns);
        let used = parent.cpu_ns.saturating_sub(before);
        used as f64 / self.looked.watched_ns.max(1) as f64 * 100.0
    }
}

fn is_service(unit: &UnitName) -> bool {
    unit.as_str().ends_with(".service") && !unit.as_str().starts_with("user@")
}
