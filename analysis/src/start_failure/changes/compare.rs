//! Finds what differs between a good start and now.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{
    Change, Changed, Changes, FileChange, FileRole, GoodStart, HowKnown, NoGoodStart, PackagePart,
    StartRecord,
    diff::diff,
    facts::{ChangeFacts, FileSeen, FileStamp, Snapshot, folder_of},
    package_log, rank,
};
use crate::{Timestamp, scrub::scrub_text, start_failure::Culprit};

/// Moments of the agent, the journal and systemd for one start differ by so much.
const SAME_START: TimeDelta = TimeDelta::seconds(5);

/// What changed since the last good start.
pub(in crate::start_failure) fn changes(facts: &ChangeFacts, culprit: Option<&Culprit>) -> Changes {
    let Some(since) = since(facts) else {
        let no_good_start = match facts.journal_read {
            true => NoGoodStart::NoneOnRecord,
            false => NoGoodStart::JournalNotRead,
        };
        return Changes {
            since: None,
            no_good_start: Some(no_good_start),
            copied_at: None,
            changes: Vec::new(),
            omitted: 0,
        };
    };
    let kept = facts.kept.as_ref();
    let comparison = Comparison {
        facts,
        since: since.at,
        kept,
        // What an older start had may have changed before the one that counts.
        kept_is_older: kept.is_some_and(|kept| kept.started_at + SAME_START < since.at),
    };
    let mut found = comparison.packages();
    let has_new_program = found.iter().any(brings_program);
    // The package says it, and with versions.
    let told = |change: &Change| !(has_new_program && is_program(change));
    found.extend(comparison.files().into_iter().filter(told));
    found.extend(comparison.of_unit_and_host());
    found.extend(comparison.boot());
    let (changes, omitted) = rank::ranked(found, culprit);
    Changes {
        since: Some(since),
        no_good_start: None,
        copied_at: kept.map(|kept| kept.taken_at),
        changes,
        omitted,
    }
}

/// The last good start that anybody knows of.
fn since(facts: &ChangeFacts) -> Option<GoodStart> {
    let of_agent = facts.kept.as_ref().map(|kept| GoodStart {
        at: kept.started_at,
        known_from: StartRecord::Agent,
    });
    match (facts.good_start, of_agent) {
        (Some(known), Some(seen)) if known.at > seen.at + SAME_START => Some(known),
        (known, seen) => seen.or(known),
    }
}

struct Comparison<'a> {
    facts: &'a ChangeFacts,
    since: Timestamp,
    kept: Option<&'a Snapshot>,
    kept_is_older: bool,
}

/// What became of a file, how that is known, and when it was.
type Fate = (FileChange, HowKnown, Option<Timestamp>);

impl Comparison<'_> {
    fn files(&self) -> Vec<Change> {
        let files = self.facts.now.files.iter();
        files.filter_map(|file| self.file(file)).collect()
    }

    fn file(&self, now: &FileSeen) -> Option<Change> {
        let before = self.kept.and_then(|kept| kept.file(&now.path));
        // The accounts themselves are compared, and most changes there are of others.
        if now.role == FileRole::Accounts && self.kept.is_some() {
            return None;
        }
        let (how, how_known, at) = match before {
            Some(before) => self.recorded(now, before)?,
            None => self.not_recorded(now)?,
        };
        let stamps = (
            before.and_then(|before| before.stamp.as_ref()),
            now.stamp.as_ref(),
        );
        let diff = match stamps {
            (Some(before), Some(now)) if how == FileChange::Modified => {
                let texts = before.text.as_deref().zip(now.text.as_deref());
                texts.and_then(|(before, now)| diff(before, now))
            }
            (before, now) if how == FileChange::Created || how == FileChange::Deleted => {
                let text = |stamp: Option<&FileStamp>| stamp.and_then(|stamp| stamp.text.clone());
                let (before, now) = (text(before), text(now));
                let is_known = before.is_some() || now.is_some();
                let texts = (before.unwrap_or_default(), now.unwrap_or_default());
                is_known.then(|| diff(&texts.0, &texts.1)).flatten()
            }
            _ => None,
        };
        Some(Change {
            what: Changed::File {
                path: now.path.clone(),
                role: now.role,
                how,
                as_packaged: self.facts.as_packaged.get(&now.path).copied(),
            },
            how_known,
            at,
            concerns_culprit: false,
            diff,
        })
    }

    /// What became of a file that the agent had looked at.
    fn recorded(&self, now: &FileSeen, before: &FileSeen) -> Option<Fate> {
        let by_record = |how, at| Some((how, HowKnown::Recorded, at));
        let (old, new) = match (&before.stamp, &now.stamp) {
            (None, None) => return None,
            (Some(_), None) => return by_record(FileChange::Deleted, None),
            (None, Some(new)) => return by_record(FileChange::Created, Some(new.changed_at)),
            (Some(old), Some(new)) => (old, new),
        };
        if self.kept_is_older && new.changed_at <= self.since {
            return None;
        }
        let is_other = match (&old.sha256, &new.sha256) {
            (Some(old), Some(new)) => old != new,
            _ if old.bytes != new.bytes => true,
            // The same size, and nobody may read it: the time decides.
            _ if old.modified_at != new.modified_at => return self.by_time(new),
            _ => false,
        };
        if is_other {
            let times = [new.modified_at, new.changed_at];
            let at = times.into_iter().find(|at| *at > self.since);
            return by_record(FileChange::Modified, at);
        }
        if (old.mode, old.uid, old.gid) != (new.mode, new.uid, new.gid) {
            let (before, after) = (old.permissions(), new.permissions());
            let how = FileChange::Permissions { before, after };
            return by_record(how, Some(new.changed_at));
        }
        // It was written between the start and the copy, so nobody knows what the start had.
        let at = old.modified_at;
        let is_late = at > self.since && at == new.modified_at;
        is_late.then_some((FileChange::Modified, HowKnown::Timestamp, Some(at)))
    }

    /// What became of a file that nobody had looked at.
    fn not_recorded(&self, now: &FileSeen) -> Option<Fate> {
        let Some(new) = &now.stamp else {
            // systemd names only such that it has loaded.
            let was_loaded = matches!(now.role, FileRole::UnitFile | FileRole::DropIn);
            return was_loaded.then_some((FileChange::Deleted, HowKnown::Timestamp, None));
        };
        let was_looked_for = self.kept.is_some_and(|kept| match now.role {
            FileRole::UnitFile | FileRole::DropIn => !kept.files.is_empty(),
            _ => kept.has_looked_into(folder_of(&now.path)),
        });
        if was_looked_for && new.changed_at > self.since {
            let at = Some(new.changed_at);
            return Some((FileChange::Created, HowKnown::Recorded, at));
        }
        self.by_time(new)
    }

    fn by_time(&self, new: &FileStamp) -> Option<Fate> {
        let (how, at) = match () {
            () if new.modified_at > self.since => (FileChange::Modified, new.modified_at),
            () if new.changed_at > self.since => (FileChange::Replaced, new.changed_at),
            () => return None,
        };
        Some((how, HowKnown::Timestamp, Some(at)))
    }

    fn packages(&self) -> Vec<Change> {
        let events = package_log::since(&self.facts.packages, self.since);
        let change = |event: package_log::PackageEvent| {
            // Of one that was removed the host has no list of files any more.
            let kept = self.kept.and_then(|kept| kept.packages.get(&event.name));
            let brings = kept.or_else(|| self.facts.brings.get(&event.name));
            let what = Changed::Package {
                brings: brings.copied().unwrap_or(PackagePart::Other),
                name: event.name,
                before: event.before,
                after: event.after,
            };
            plain(what, HowKnown::Logged, Some(event.at))
        };
        events.into_iter().map(change).collect()
    }

    /// What only the agent's record can tell.
    fn of_unit_and_host(&self) -> Vec<Change> {
        let Some(kept) = self.kept.filter(|_| !self.kept_is_older) else {
            return Vec::new();
        };
        let now = &self.facts.now;
        let mut found = Vec::new();
        // Without a unit systemd has no settings at all: the file that is gone says it all.
        if !now.settings.is_empty() {
            found.extend(differences(&kept.settings, &now.settings, setting));
        }
        found.extend(differences(
            &kept.accounts,
            &now.accounts,
            |name, before, after| Changed::Account {
                name,
                before,
                after,
            },
        ));
        if !now.mounts.is_empty() {
            found.extend(differences(
                &kept.mounts,
                &now.mounts,
                |point, before, after| Changed::Mount {
                    point,
                    before,
                    after,
                },
            ));
        }
        found
    }

    fn boot(&self) -> Option<Change> {
        let at = self.facts.booted_at.filter(|at| *at > self.since)?;
        let of_kept = self.kept.and_then(|kept| kept.kernel.clone());
        let what = Changed::Boot {
            kernel_before: of_kept.or_else(|| self.facts.kernel_before.clone()),
            kernel: self.facts.now.kernel.clone(),
        };
        Some(plain(what, HowKnown::Logged, Some(at)))
    }
}

fn brings_program(change: &Change) -> bool {
    matches!(
        change.what,
        Changed::Package {
            brings: PackagePart::Program,
            after: Some(_),
            ..
        }
    )
}

fn is_program(change: &Change) -> bool {
    matches!(
        change.what,
        Changed::File {
            role: FileRole::Program,
            how: FileChange::Modified | FileChange::Replaced,
            ..
        }
    )
}

fn plain(what: Changed, how_known: HowKnown, at: Option<Timestamp>) -> Change {
    Change {
        what,
        how_known,
        at,
        concerns_culprit: false,
        diff: None,
    }
}

fn setting(name: String, before: Option<String>, after: Option<String>) -> Changed {
    // The name says whether it is a secret: it has to stand before the value.
    let scrubbed = |value: Option<String>| {
        let variable = name.strip_prefix("Environment ");
        value.map(|value| match variable {
            None => scrub_text(&value),
            Some(variable) => {
                let both = scrub_text(&format!("{variable}={value}"));
                let start = format!("{variable}=");
                both.strip_prefix(&start).unwrap_or(&both).to_owned()
            }
        })
    };
    Changed::Setting {
        before: scrubbed(before),
        after: scrubbed(after),
        name,
    }
}

fn differences(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    what: impl Fn(String, Option<String>, Option<String>) -> Changed,
) -> Vec<Change> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let differs = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    let change = |name: &String| {
        let (before, after) = (before.get(name).cloned(), after.get(name).cloned());
        plain(what(name.clone(), before, after), HowKnown::Recorded, None)
    };
    differs.map(change).collect()
}

#[cfg(test)]
mod tests;
