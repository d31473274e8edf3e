//! Conservation and liveness: what must hold when all faults are over.

use super::action::Action;
use super::agent::{LOG, PROCESS, id_of};
use super::rng::Rng;
use super::world::{Breakage, Checked, FIRST_PROCESS, World, covers};
use delivery::{Batch, GapReason, Kind, Refusal, Rules};
use std::collections::BTreeMap;

/// Lets `actions` happen, ends all faults, and counts.
pub fn check(seed: u64, actions: &[Action], rules: Rules, breakage: Breakage) -> Checked {
    let mut world = World::new(seed, rules, breakage);
    for (at, action) in actions.iter().enumerate() {
        world
            .apply(*action)
            .map_err(|why| format!("{why} (action {at}, {action:?})"))?;
    }
    world.heal()?;
    numbering(&world)?;
    conservation(&world)?;
    refuses_other_epochs(&mut world)
}

/// The actions that belong to a seed.
pub fn actions(seed: u64) -> Vec<Action> {
    let mut rng = Rng(seed ^ 0xac71_0115);
    let count = 40 + rng.below(160);
    (0..count)
        .map(|_| Action::from_number(rng.next()))
        .collect()
}

/// Within an epoch every number is accepted once and none is left out.
fn numbering(world: &World) -> Checked {
    let mut next: BTreeMap<u64, u64> = BTreeMap::new();
    for (epoch, first, last) in &world.server.ranges {
        let next = next.entry(*epoch).or_insert(1);
        if *first > *next || *last < *next {
            return Err(format!(
                "epoch {epoch}: {first}-{last} stored where {next} was next"
            ));
        }
        *next = last + 1;
    }
    Ok(())
}

/// Every event is stored once, unless its loss was declared or it never was durable.
fn conservation(world: &World) -> Checked {
    let mut stored: BTreeMap<u64, u32> = BTreeMap::new();
    for (_, record) in &world.server.rows {
        if record.kind == Kind::Event && (record.source == LOG || record.source == PROCESS) {
            let id = id_of(&record.payload).ok_or("stored a damaged payload")?;
            *stored.entry(id).or_default() += 1;
        }
    }
    for id in (0..world.log_len).chain(FIRST_PROCESS..world.next_process) {
        match stored.get(&id).copied().unwrap_or(0) {
            1 => {}
            0 if declared(world, id) => {}
            0 if id >= FIRST_PROCESS && world.excused.contains(&id) => {}
            count => {
                let (places, gaps) = (world.places.get(&id), &world.server.gaps);
                let resets = &world.server.resets;
                return Err(format!(
                    "event {id:#x} is stored {count} times, had {places:?}, {gaps:?}, {resets:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Whether a stored gap covers a number that the event had.
fn declared(world: &World, id: u64) -> bool {
    let places = world.places.get(&id).map_or(&[][..], Vec::as_slice);
    world.server.gaps.iter().any(|gap| {
        let dropped = matches!(gap.reason, GapReason::SpoolFull | GapReason::DiskUnwritable);
        // What can be read again may be dropped for lack of room, never for damage.
        (id >= FIRST_PROCESS || dropped) && places.iter().any(|at| covers(gap, *at))
    })
}

/// The newest session may not store for an older epoch either.
fn refuses_other_epochs(world: &mut World) -> Checked {
    let row = world.server.row.clone();
    let Some((_, record)) = world.server.rows.last().cloned() else {
        return Ok(());
    };
    let record = delivery::Record {
        seq: row.acked + 1,
        covers: 1,
        ..record
    };
    let batch = Batch {
        session: row.session,
        epoch: row.epoch - 1,
        first_seq: record.seq,
        records: vec![record],
    };
    match world.server.receiver.batch(&row, &batch.head()) {
        Err(Refusal::WrongEpoch { .. }) => Ok(()),
        other => Err(format!("a batch of an older epoch gave {other:?}")),
    }
}

/// The failure with every action left out that it does not need.
pub fn shrunk(seed: u64, mut actions: Vec<Action>, rules: Rules, breakage: Breakage) -> String {
    let mut at = 0;
    while at < actions.len() {
        let mut fewer = actions.clone();
        fewer.remove(at);
        if check(seed, &fewer, rules, breakage).is_err() {
            (actions, at) = (fewer, 0);
        } else {
            at += 1;
        }
    }
    let why = check(seed, &actions, rules, breakage);
    format!("seed {seed}: {why:?} after {actions:?}")
}
