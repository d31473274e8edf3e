//! Reads the ring buffer.

use std::os::fd::AsFd;

use aya::{
    Ebpf,
    maps::{MapData, RingBuf},
};

use super::{losses::Losses, record};
use crate::process::{
    Sink, SourceError, Stopper,
    pace::{NAP, Repair},
    running::{Source, Wake},
    tracker::Tracker,
};

/// The loaded programs and what reads their records.
pub(super) struct Reader {
    pub(super) ring: RingBuf<MapData>,
    pub(super) buffer_bytes: u32,
    pub(super) losses: Losses,
    pub(super) tracker: Tracker,
    /// The programs run as long as this lives.
    pub(super) _programs: Ebpf,
}

impl Source for Reader {
    fn run(mut self: Box<Self>, stop: &Stopper, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let mut repair = Repair::default();
        loop {
            let ready = Some(self.ring.as_fd());
            let mut woken = stop
                .wait(ready, repair.due_in())
                .map_err(SourceError::Wait)?;
            if woken == Wake::Ready {
                woken = stop.wait(None, Some(NAP)).map_err(SourceError::Wait)?;
            }
            self.drain(sink);
            if let Some(lost) = self.losses.since_last()? {
                self.tracker.gap(Some(lost.total()), lost.detail());
                repair.ask();
            }
            if repair.is_due() {
                repair.done();
                self.repair(sink);
            }
            self.tracker.flush(sink);
            if woken == Wake::Stop {
                return Ok(());
            }
        }
    }
}

impl Reader {
    /// Reads at least all that is in the ring when it is called, and not for ever.
    fn drain(&mut self, sink: &mut dyn Sink) {
        let page_bytes = rustix::param::page_size() as u64;
        self.tracker.set_clock();
        for _ in 0..self.buffer_bytes / record::LEAST_BYTES {
            let Some(item) = self.ring.next() else {
                break;
            };
            if let Some(observed) = record::parse(&item, page_bytes) {
                self.tracker.observe(observed);
            }
            drop(item);
            if self.tracker.is_full() {
                self.tracker.flush(sink);
            }
        }
    }

    /// Sets the table right after a loss. What ended before /proc was read has its record in the
    /// ring by then, unless that is lost: so it is read to its end before anything is concluded.
    fn repair(&mut self, sink: &mut dyn Sink) {
        self.tracker.compare_with_proc();
        self.drain(sink);
        self.tracker.report_suspects();
    }
}
