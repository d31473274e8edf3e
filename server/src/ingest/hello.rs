//! The opening of a stream: who speaks, where it goes on, and whether two machines do.

use analysis::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use delivery::{Clash, ForceReason, Hello, Receiver, StreamReset, Welcome, clone_suspected};
use proto::v1;
use sqlx::{PgConnection, PgPool};
use tracing::warn;
use uuid::Uuid;

use super::hello_facts::connected;
use crate::db::gaps::{self, GapRow};
use crate::db::hosts;
use crate::db::streams::{self, LockedStream, StoredClash};

/// A suspicion ends when only one machine has knocked for this long.
const ALONE_FOR: TimeDelta = TimeDelta::minutes(10);
/// So many clashes are remembered.
const CLASHES: usize = 32;

/// What becomes of a Hello.
#[derive(Debug)]
pub enum HelloAnswer {
    Welcome(Welcome),
    /// The agent was revoked, or never enrolled.
    Revoked,
    /// Two machines speak with this identity.
    CloneSuspected,
}

/// Opens a stream: raises the session, which fences older streams of this identity.
///
/// # Errors
///
/// If Postgres does not answer. Nothing was stored then, or all of it: a second Hello is harmless.
pub async fn hello(
    db: &PgPool,
    agent: Uuid,
    hello: &Hello,
    wire: &v1::Hello,
) -> sqlx::Result<HelloAnswer> {
    let mut tx = streams::begin(db).await?;
    streams::ensure(&mut tx, agent).await?;
    let Some(locked) = streams::lock(&mut tx, agent)
        .await?
        .filter(|locked| locked.active)
    else {
        return Ok(HelloAnswer::Revoked);
    };
    if note_clash(&mut tx, agent, &locked, hello).await? {
        tx.commit().await?;
        return Ok(HelloAnswer::CloneSuspected);
    }
    let outcome = Receiver::default().hello(&locked.row, hello);
    if let Some(reset) = &outcome.reset {
        let gap = reset_gap(agent, outcome.row.epoch, reset, locked.now);
        warn!(%agent, epoch = outcome.row.epoch, "new epoch for agent {agent}: {}", gap.detail);
        gaps::insert(&mut tx, agent, &[gap], locked.now).await?;
    }
    streams::store(&mut tx, agent, &outcome.row, locked.now).await?;
    let facts = connected(wire, hello.boot_id, locked.now);
    hosts::connected(&mut tx, agent, &facts, locked.now).await?;
    tx.commit().await?;
    Ok(HelloAnswer::Welcome(outcome.welcome))
}

/// Whether two machines are suspected, after this Hello was counted.
async fn note_clash(
    db: &mut PgConnection,
    agent: Uuid,
    locked: &LockedStream,
    hello: &Hello,
) -> sqlx::Result<bool> {
    let takes_over = locked.connected && locked.row.session > 0;
    let differs = hello.force_new_epoch == Some(ForceReason::ChainDiffers);
    let suspected_at = locked.clone_suspected_at;
    if !takes_over && !differs && suspected_at.is_none() {
        return Ok(false);
    }
    let mut clashes = locked.clashes.clone();
    clashes.retain(|clash| locked.now - clash.at < ALONE_FOR);
    clashes.push(StoredClash {
        at: locked.now,
        boot_id: hello.boot_id,
        fingerprint: STANDARD.encode(&hello.fingerprint),
    });
    clashes.drain(..clashes.len().saturating_sub(CLASHES));
    let suspected_at = suspicion(&clashes, suspected_at, locked.now);
    if suspected_at != locked.clone_suspected_at {
        warn!(%agent, suspected = suspected_at.is_some(), "two machines speak as agent {agent}?");
    }
    streams::store_clashes(db, agent, &clashes, suspected_at).await?;
    Ok(suspected_at.is_some())
}

/// Since when two machines are suspected, if they are. `clashes`: of the last [`ALONE_FOR`].
fn suspicion(
    clashes: &[StoredClash],
    since: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    if since.is_some() {
        let who = |clash: &StoredClash| (clash.boot_id, clash.fingerprint.clone());
        let alone = clashes
            .windows(2)
            .all(|pair| who(&pair[0]) == who(&pair[1]));
        return since.filter(|_| !alone);
    }
    let millis = |at: Timestamp| u64::try_from(at.timestamp_millis()).unwrap_or(0);
    let clashes: Vec<Clash> = clashes
        .iter()
        .map(|clash| Clash {
            at_ms: millis(clash.at),
            boot_id: clash.boot_id,
            fingerprint: clash.fingerprint.clone().into_bytes(),
        })
        .collect();
    clone_suspected(&clashes, millis(now)).then_some(now)
}

/// A new epoch may stand for a loss, so it is told like one.
fn reset_gap(agent: Uuid, epoch: u64, reset: &StreamReset, now: Timestamp) -> GapRow {
    let detail = match reset {
        StreamReset::SpoolLost => "the agent came with an empty spool".to_owned(),
        StreamReset::OtherEpoch { agent, server } => {
            format!("the agent's spool is of epoch {agent}, ours was {server}")
        }
        StreamReset::Behind {
            last_durable_seq,
            acked,
        } => {
            format!("the agent's spool ends at {last_durable_seq}, stored was up to {acked}")
        }
        StreamReset::Forced(reason) => format!("the agent asked for it: {reason:?}"),
    };
    GapRow {
        gap_id: gaps::gap_id(agent, "new-epoch", epoch, 0),
        at: now,
        source: "spool".to_owned(),
        reason: analysis::event::GapReason::SpoolDamaged.name(),
        lost: None,
        detail: format!("epoch {epoch} began: {detail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clash(machine: u128, seconds: i64) -> StoredClash {
        StoredClash {
            at: Timestamp::from_timestamp_nanos(seconds * 1_000_000_000),
            boot_id: Uuid::from_u128(machine),
            fingerprint: machine.to_string(),
        }
    }

    #[test]
    fn a_suspicion_lasts_while_two_machines_knock() {
        let at = |seconds: i64| Timestamp::from_timestamp_nanos(seconds * 1_000_000_000);
        // (what happened, who knocked, suspected before?, suspected after?)
        let two = [clash(1, 100), clash(2, 101), clash(1, 102), clash(2, 103)];
        let one = [clash(1, 100), clash(1, 101), clash(1, 102), clash(1, 103)];
        let cases: [(&str, &[StoredClash], bool, bool); 4] = [
            ("two machines fight", &two, false, true),
            ("one machine with a bad network", &one, false, false),
            ("both still there", &two[2..], true, true),
            ("only one of them is left", &one, true, false),
        ];
        for (name, clashes, before, after) in cases {
            let since = before.then(|| at(50));
            assert_eq!(
                suspicion(clashes, since, at(104)).is_some(),
                after,
                "{name}"
            );
        }
    }
}
