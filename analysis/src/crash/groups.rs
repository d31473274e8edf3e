//! Crashes that are alike.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Crash, CrashCause, Signature, SignatureBasis};
use crate::{Timestamp, cause::Certainty, identity::UnitName, process::Signal};

/// Units that a group names.
const MOST_UNITS: usize = 8;

/// Crashes with one signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CrashGroup {
    pub signature: Signature,
    pub count: u32,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// Its program, or the unit where no more is known.
    pub program: String,
    pub units: Vec<UnitName>,
    pub signal: Option<Signal>,
    /// Of the newest.
    pub cause: CrashCause,
    pub certainty: Certainty,
    /// Of the newest: the function or the place.
    pub place: Option<String>,
}

/// `crashes` are sorted, the newest first; so are the groups.
pub(super) fn of(crashes: &[Crash]) -> Vec<CrashGroup> {
    let mut groups: BTreeMap<&str, CrashGroup> = BTreeMap::new();
    for crash in crashes {
        let group = groups
            .entry(&crash.signature.id)
            .or_insert_with(|| first(crash));
        group.count += 1;
        group.first_at = group.first_at.min(crash.at);
        let unit = crash.process.unit.iter().chain(&crash.process.user_unit);
        for unit in unit {
            if !group.units.contains(unit) && group.units.len() < MOST_UNITS {
                group.units.push(unit.clone());
            }
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| Reverse(group.last_at));
    groups
}

fn first(crash: &Crash) -> CrashGroup {
    let process = &crash.process;
    let program = process.exe.as_deref().map(super::report::base_name);
    let program = program.or(process.comm.as_deref());
    let unit = process.unit.as_ref().or(process.user_unit.as_ref());
    CrashGroup {
        signature: crash.signature.clone(),
        count: 0,
        first_at: crash.at,
        last_at: crash.at,
        program: program
            .or(unit.map(UnitName::as_str))
            .unwrap_or_default()
            .to_owned(),
        units: Vec::new(),
        signal: crash.signal,
        cause: crash.verdict.cause,
        certainty: crash.verdict.certainty,
        place: place(crash),
    }
}

/// The function that crashed, or its place in the file: `a+0x1220`.
fn place(crash: &Crash) -> Option<String> {
    let frames = crash.stack.iter().flat_map(|stack| stack.crashed());
    let function = frames.flat_map(|frame| &frame.function).next();
    // All that give up do so in the same place of libc.
    let tells = crash.signature.basis == SignatureBasis::Place;
    let place = crash.place.as_ref().filter(|_| tells);
    function.cloned().or_else(|| {
        place.map(|place| {
            format!(
                "{}+{}",
                super::report::base_name(&place.module),
                place.offset
            )
        })
    })
}
