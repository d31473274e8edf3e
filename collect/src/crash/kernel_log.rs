//! The kernel's own log of this boot, where there is no journal.

use analysis::{Timestamp, crash::Sighting, crash::sighting::sighting_of};

use crate::{
    CollectError,
    host::{ClockReading, Host},
    kernel_log::{KernelLog, KernelRead},
};

pub(super) fn read(since: Timestamp) -> Result<Vec<Sighting>, CollectError> {
    let boot = Host::at("/").boot_id()?;
    let clock = ClockReading::now();
    let mut log = KernelLog::open()?;
    let mut sightings = Vec::new();
    loop {
        match log.read()? {
            KernelRead::Line(line) => {
                let sighting = sighting_of(&line.to_entry(boot, &clock));
                sightings.extend(sighting.filter(|sighting| sighting.at >= since));
            }
            KernelRead::Lost(_) => {}
            KernelRead::Nothing => return Ok(sightings),
        }
    }
}
