//! What happens on streams: the part of the world that speaks the protocol, and checks each step.

use super::action::Fate;
use super::agent::{id_of, position};
use super::server::Outcome;
use super::world::{Checked, EVERYTHING, Wire, World, covers};
use delivery::{Action as Next, Record, Refusal, SendError, Spool, StreamReset, Welcome};

impl World {
    pub fn connect(&mut self, welcome_lost: bool) -> Checked {
        if let Some(wire) = self.live.take() {
            self.old.insert(0, wire);
            self.old.truncate(2);
        }
        self.running().sender.on_disconnect();
        for _ in 0..3 {
            let agent = self.agent.as_mut().expect("it runs");
            let hello = agent.sender.hello(&agent.spool);
            let before = self.server.row.clone();
            let outcome = self.server.hello(&hello);
            let (welcome, acked) = (outcome.welcome, outcome.row.acked);
            let raised = welcome.epoch > before.epoch && welcome.epoch > hello.epoch;
            let behind = hello.epoch == before.epoch && hello.last_durable_seq < before.acked;
            ensure!(
                raised || !behind,
                "a spool behind the server kept its epoch"
            );
            ensure!(
                raised || outcome.reset.is_none(),
                "an epoch was given twice"
            );
            if self.flips > 0 && fell_back(outcome.reset) {
                // The one header of the epoch got hit. The reset says so.
                let fresh = |(id, places): (&u64, &Vec<(u64, u64)>)| {
                    places
                        .last()
                        .is_some_and(|last| last.0 == hello.epoch)
                        .then_some(*id)
                };
                let fresh = self.places.iter().filter_map(fresh).collect();
                self.excuse_all_but(&fresh);
            }
            if welcome_lost {
                return Ok(());
            }
            match self.welcomed(welcome) {
                Ok(Next::Rehello(_)) => {}
                Ok(Next::SendFrom(seq)) => {
                    ensure!(seq == acked + 1, "resumes at {seq} after {acked}");
                    self.live = Some(Wire::default());
                    return Ok(());
                }
                Ok(Next::NewEpoch { cursors, .. }) => {
                    self.running().reposition = Some(position(&cursors));
                    self.live = Some(Wire::default());
                    self.find_places();
                    return Ok(());
                }
                Err(_) => {
                    self.running().sender.on_disconnect();
                    self.note_synced();
                    return Ok(());
                }
            }
        }
        Err("no stream after three Hellos".to_owned())
    }

    pub fn welcomed(&mut self, welcome: Welcome) -> Result<Next, SendError> {
        let agent = self.running();
        agent.sender.on_welcome(&mut agent.spool, welcome)
    }

    /// Learns the numbers that carried records have in the new epoch.
    pub fn find_places(&mut self) {
        let epoch = self.running().spool.epoch();
        let mut seq = 1;
        while let Ok(records) = self.running().spool.read_from(seq, &EVERYTHING) {
            let Some(last) = records.last() else { break };
            seq = last.seq + 1;
            for record in &records {
                self.note_place(record, (epoch, record.seq));
            }
        }
        self.unsynced.clear();
    }

    pub fn note_place(&mut self, record: &Record, place: (u64, u64)) {
        if let Some(gap) = record.gap() {
            // A lost declaration is covered by the declaration of its own loss.
            let declared = |places: &&mut Vec<_>| places.iter().any(|at| covers(&gap, *at));
            self.places
                .values_mut()
                .filter(declared)
                .for_each(|places| places.push(place));
        } else if let Some(id) = id_of(&record.payload) {
            self.places.entry(id).or_default().push(place);
        }
    }

    pub fn send(&mut self) -> Checked {
        let Some(agent) = &mut self.agent else {
            return Ok(());
        };
        let Some(wire) = &mut self.live else {
            return Ok(());
        };
        match agent.sender.next_batch(&mut agent.spool) {
            Ok(None) => {}
            Ok(Some(batch)) => {
                let after_power_cut = self.disk.copy();
                after_power_cut.power_cut(None);
                after_power_cut.fail_next_syncs(0);
                after_power_cut.set_full(false);
                let durable = Spool::open(after_power_cut, self.config.clone()).unwrap();
                // Damage on purpose is not what this looks for.
                let survives =
                    durable.epoch() == batch.epoch && durable.synced_seq() >= batch.last_seq();
                ensure!(
                    survives || self.flips > 0,
                    "sent {} undurably",
                    batch.last_seq()
                );
                wire.batches.push_back(batch);
            }
            Err(_) => self.cut(),
        }
        Ok(())
    }

    pub fn deliver(&mut self, from_old_stream: bool, fate: Fate) -> Checked {
        let wire = if from_old_stream {
            self.old.first_mut()
        } else {
            self.live.as_mut()
        };
        let Some(wire) = wire else { return Ok(()) };
        let Some(batch) = wire.batches.pop_front() else {
            return Ok(());
        };
        let tries: &[Outcome] = match fate {
            Fate::Lost => &[],
            Fate::Aborted => &[Outcome::Aborts],
            Fate::Stored | Fate::StoredUnanswered => &[Outcome::Commits],
            Fate::Twice => &[Outcome::Commits, Outcome::Commits],
        };
        let mut refused = false;
        for outcome in tries {
            let newest = self.server.row.session;
            match self.server.batch(&batch, *outcome) {
                Ok(ack) => {
                    ensure!(
                        batch.session == newest,
                        "stored for session {}",
                        batch.session
                    );
                    let stored = self.server.row.acked;
                    ensure!(
                        ack.is_none_or(|ack| ack <= stored),
                        "{ack:?} acked, {stored} stored"
                    );
                    wire.acks.extend(ack);
                }
                Err(Refusal::Malformed(why)) => return Err(format!("sent a bad batch: {why}")),
                Err(_) => refused = true,
            }
        }
        let ends = refused || matches!(fate, Fate::Aborted | Fate::StoredUnanswered);
        if ends && from_old_stream {
            self.old.remove(0);
        } else if ends {
            self.cut();
        }
        Ok(())
    }

    pub fn take_acks(&mut self) -> Checked {
        let (Some(agent), Some(wire)) = (&mut self.agent, &mut self.live) else {
            return Ok(());
        };
        for ack in wire.acks.drain(..) {
            agent
                .sender
                .on_ack(&mut agent.spool, ack)
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The stream breaks; what was on its way is gone.
    pub fn cut(&mut self) {
        self.live = None;
        if let Some(agent) = &mut self.agent {
            agent.sender.on_disconnect();
        }
    }
}

/// Whether the agent came with an older spool than the server knows, or with none.
fn fell_back(reset: Option<StreamReset>) -> bool {
    match reset {
        Some(StreamReset::SpoolLost) => true,
        Some(StreamReset::OtherEpoch { agent, server }) => agent < server,
        _ => false,
    }
}
