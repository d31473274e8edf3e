//! Which changes come first.

use std::cmp::Reverse;

use super::{Change, Changed, FileChange, FileRole, HowKnown, PackagePart};
use crate::start_failure::Culprit;

/// Changes that are told.
const MOST: usize = 100;
/// Packages among them that the unit has nothing of.
const MOST_OTHER_PACKAGES: usize = 20;
/// Diffs that are told; they are the largest part of it.
const MOST_DIFFS: usize = 20;

/// The changes in the order in which somebody would look at them, and how many are left out.
pub(super) fn ranked(mut changes: Vec<Change>, culprit: Option<&Culprit>) -> (Vec<Change>, u32) {
    for change in &mut changes {
        change.concerns_culprit = culprit.is_some_and(|culprit| concerns(&change.what, culprit));
    }
    changes.sort_by_key(|change| {
        let first = !change.concerns_culprit;
        (first, tier(change), Reverse(change.at))
    });
    let all = changes.len();
    let mut others = 0;
    changes.retain(|change| {
        others += usize::from(is_other_package(change));
        !is_other_package(change) || others <= MOST_OTHER_PACKAGES
    });
    changes.truncate(MOST);
    for change in changes
        .iter_mut()
        .filter(|change| change.diff.is_some())
        .skip(MOST_DIFFS)
    {
        change.diff = None;
    }
    let omitted = u32::try_from(all - changes.len()).unwrap_or(u32::MAX);
    (changes, omitted)
}

/// How often a change like it is why a service does not start any more, the most often first.
fn tier(change: &Change) -> u8 {
    match &change.what {
        Changed::File {
            role: FileRole::Accounts,
            ..
        } => 5,
        Changed::File {
            how: FileChange::Replaced,
            ..
        } => 4,
        Changed::File {
            role: FileRole::Program,
            ..
        } => 1,
        // Those that a package brought are a part of its upgrade.
        Changed::File {
            as_packaged: Some(true),
            ..
        } => 3,
        Changed::File { .. } => 0,
        Changed::Package { brings, .. } => match brings {
            PackagePart::Program | PackagePart::Files => 1,
            PackagePart::Library => 2,
            PackagePart::Other => 6,
        },
        Changed::Setting { .. } | Changed::Account { .. } => 2,
        Changed::Mount { .. } => 3,
        Changed::Boot {
            kernel_before: Some(before),
            kernel: Some(now),
        } if before != now => 3,
        Changed::Boot { .. } => 5,
    }
}

fn is_other_package(change: &Change) -> bool {
    matches!(
        change.what,
        Changed::Package {
            brings: PackagePart::Other,
            ..
        }
    ) && !change.concerns_culprit
}

/// Whether a change is one of just what is blamed.
fn concerns(what: &Changed, culprit: &Culprit) -> bool {
    match (what, culprit) {
        (Changed::File { path, .. }, Culprit::Path { path: blamed, .. }) => path == blamed,
        (Changed::Mount { point, .. }, Culprit::Path { path, .. }) => {
            let below = path.strip_prefix(point.trim_end_matches('/'));
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        (Changed::Account { name, .. }, Culprit::User { user }) => *name == format!("user {user}"),
        (Changed::Account { name, .. }, Culprit::Group { group }) => {
            *name == format!("group {group}")
        }
        (Changed::Setting { name, .. }, Culprit::Limit { name: blamed }) => name == blamed,
        (Changed::Setting { name, .. }, Culprit::User { .. }) => name == "User",
        (Changed::Setting { name, .. }, Culprit::Group { .. }) => name == "Group",
        (Changed::Package { name, .. }, Culprit::Library { name: blamed }) => {
            // `libssl.so.3` is in `libssl3:amd64`.
            let package = name.split(':').next().unwrap_or_default();
            let library: String = blamed.split(".so.").collect();
            package == library || package.strip_suffix("t64") == Some(&library)
        }
        // What holds the port came with a package of its name.
        (Changed::Package { name, before, .. }, Culprit::Process(holder)) => {
            let package = name.split(':').next();
            before.is_none() && package == holder.comm.as_deref()
        }
        _ => false,
    }
}

impl Change {
    /// Whether it is more than a time of a file.
    pub fn is_sure(&self) -> bool {
        self.how_known != HowKnown::Timestamp
    }
}
