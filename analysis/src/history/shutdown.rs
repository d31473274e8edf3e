//! A shutdown that nobody announced: `systemctl isolate reboot.target`, a signal to process 1 (how
//! containers are ended), a host without logind.
//!
//! Process 1 then says only at the end that it shuts down, with the targets that all that stops
//! comes before. Its job numbers tell what belongs to it: they only grow, and the targets' jobs are
//! among the first of the shutdown. So a stop by a later job is part of it, and one by an earlier
//! job was asked for before.

use super::{UnitHistory, manager::Line, track::UnitTrack};
use crate::event::Event;

/// Every way down goes through both: reboot, power-off, halt, kexec, soft reboot, exit.
pub const SHUTDOWN_TARGETS: [&str; 2] = ["umount.target", "shutdown.target"];

impl UnitHistory {
    /// Takes the news that a target of the shutdown was reached, and tells what stopped for it.
    pub(super) fn shutdown_reached(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        if !SHUTDOWN_TARGETS.contains(&line.unit.as_str()) {
            return;
        }
        self.boot.shutting_down = true;
        // Versions that do not number jobs leave no way to know.
        let Some(target) = line.job_id() else {
            return;
        };
        let part_of_it = |track: &UnitTrack| track.facts.job.is_some_and(|job| job.id > target);
        let ended = self.ended.iter_mut().map(|(unit, track)| (&*unit, track));
        for (unit, track) in ended.chain(&mut self.units) {
            if part_of_it(track) {
                track.facts.shutdown = true;
                events.extend(track.revise(unit));
            }
        }
    }
}
