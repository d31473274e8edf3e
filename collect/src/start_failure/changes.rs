//! What is known of changes since the unit started well last.
//!
//! | module | what it does |
//! |---|---|
//! | [`good_start`] | finds that start in the journal |
//! | [`packages`] | reads what package managers logged, and what the unit has of it |

mod good_start;
mod packages;

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use analysis::{
    limitation::Limitation,
    start_failure::{
        StartFacts,
        attempts::SETTLED_AFTER,
        changes::{FileRole, GoodStart, StartRecord, facts::ChangeFacts},
        facts::Standing,
        says::blamed_paths,
    },
};

use self::good_start::Found;
use super::{files::View, time_left::TimeLeft};
use crate::{
    gather::{blocking, missing},
    good_starts::GoodStarts,
    systemd::UnitStart,
    unit_snapshot::{self, Packages},
};

const KEPT_WITHIN: Duration = Duration::from_millis(300);
const JOURNAL_WITHIN: Duration = Duration::from_millis(500);
const FILES_WITHIN: Duration = Duration::from_millis(900);
const PACKAGES_WITHIN: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) facts: Option<ChangeFacts>,
    pub(super) limits: Vec<Limitation>,
}

/// Reads what there is, if there is something to explain.
pub(super) async fn read(facts: &StartFacts, unit: &UnitStart, left: TimeLeft) -> Changed {
    let mut changed = Changed::default();
    if !matches!(facts.standing(), Standing::Fails | Standing::NotLoaded) {
        return changed;
    }
    let name = unit.facts.name.clone();
    let read = move || GoodStarts::of_this_host().read(&name);
    let kept = blocking(left.at_most(KEPT_WITHIN), "what the agent kept", read).await;
    let kept = kept.unwrap_or_else(|error| missing(&mut changed.limits, "kept-copies", &error));
    let status = &unit.facts.status;
    // A name that was mistyped: nothing has changed of it.
    if status.load_state == "not-found" && kept.is_none() {
        return changed;
    }
    let mut more = blamed(facts);
    if let Some(kept) = &kept {
        let files = kept.files.iter();
        more.extend(files.map(|file| (file.path.clone(), file.role)));
    }
    let journal_within = left.at_most(JOURNAL_WITHIN);
    let files_within = left.at_most(FILES_WITHIN);
    let (found, now) = tokio::join!(
        blocking(journal_within, "the journal", {
            let unit = unit.clone();
            move || good_start::find(&unit, Instant::now() + journal_within)
        }),
        blocking(files_within, "the files of the unit", {
            let unit = unit.clone();
            move || {
                let until = Instant::now() + files_within;
                Ok(unit_snapshot::take(&unit, &more, Packages::All, until))
            }
        }),
    );
    // That the journal cannot be read is told already.
    let found = found.unwrap_or_default();
    let now = now.unwrap_or_else(|error| missing(&mut changed.limits, "changes", &error));
    let mut known = ChangeFacts {
        good_start: best(&found, unit),
        journal_read: found.is_read,
        kernel_before: found.kernel.clone(),
        booted_at: facts.booted_at,
        kept,
        now,
        ..ChangeFacts::default()
    };
    let of_agent = known.kept.as_ref().map(|kept| kept.started_at);
    let of_journal = known.good_start.map(|start| start.at);
    if let Some(since) = of_agent.into_iter().chain(of_journal).min() {
        let limit = left.at_most(PACKAGES_WITHIN);
        let read = {
            let (unit, now) = (unit.clone(), known.now.clone());
            move || {
                let root = View::of_manager(Path::new("/proc")).place("/", "/");
                let until = Instant::now() + limit;
                Ok(packages::read(&root, &unit, &now, since, until))
            }
        };
        let read = blocking(limit, "the packages", read).await;
        let packages =
            read.unwrap_or_else(|error| missing(&mut changed.limits, "packages", &error));
        if packages.is_cut {
            changed.limits.push(cut("package-log"));
        }
        known.packages = packages.events;
        known.brings = packages.brings;
        known.as_packaged = packages.as_packaged;
    }
    let kept_cut = known.kept.as_ref().is_some_and(|kept| kept.files_cut);
    if kept_cut || known.now.files_cut {
        changed.limits.push(cut("changed-files"));
    }
    changed.facts = Some(known);
    changed
}

/// Of what there was more than was read.
fn cut(what: &str) -> Limitation {
    Limitation {
        what: what.to_owned(),
        why: "cut".to_owned(),
        count: 1,
    }
}

/// The last good start that the journal or systemd knows of.
fn best(found: &Found, unit: &UnitStart) -> Option<GoodStart> {
    let journaled = found.start.map(|start| GoodStart {
        at: start.at,
        known_from: StartRecord::Journal,
    });
    // That it was active for a moment is said of each program that could be executed.
    let settled = unit.active.filter(|(from, until)| {
        let until = until.or(unit.ended_at).filter(|until| until > from);
        until.is_some_and(|until| until - *from >= SETTLED_AFTER)
    });
    let remembered = settled.map(|(at, _)| GoodStart {
        at,
        known_from: StartRecord::Systemd,
    });
    journaled.into_iter().chain(remembered).max_by_key(|start| {
        // Both know the same start, each with its own clock reading.
        (
            start.at.timestamp(),
            start.known_from == StartRecord::Journal,
        )
    })
}

/// Files that the log blames.
fn blamed(facts: &StartFacts) -> Vec<(String, FileRole)> {
    let of_log = blamed_paths(&facts.said());
    let is_configuration = |path: &String| {
        let is_of_unit = path.contains("/systemd/");
        path.starts_with("/etc/") && !is_of_unit
    };
    let paths = of_log.into_iter().filter(is_configuration);
    paths.map(|path| (path, FileRole::Configuration)).collect()
}

/// What was read of packages.
#[derive(Debug, Default)]
struct Logged {
    events: Vec<analysis::start_failure::changes::package_log::PackageEvent>,
    brings: BTreeMap<String, analysis::start_failure::changes::PackagePart>,
    as_packaged: BTreeMap<String, bool>,
    /// There is more in the logs than was read of the time that matters.
    is_cut: bool,
}
