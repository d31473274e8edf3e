//! The settings of a unit that decide whether its programs start.

use analysis::start_failure::facts::Setting;
use rustix::thread::CapabilitySet;
use zbus::Variant;

use super::properties::{Properties, flag, text};

/// Settings of which the value is a text, and those of environment files that have to be there.
pub(super) fn settings(kind: &Properties) -> Vec<Setting> {
    const OF_TEXT: [&str; 8] = [
        "Type",
        "User",
        "Group",
        "WorkingDirectory",
        "RootDirectory",
        "PIDFile",
        "ProtectSystem",
        "ProtectHome",
    ];
    const OF_LISTS: [&str; 8] = [
        "ReadOnlyPaths",
        "ReadWritePaths",
        "InaccessiblePaths",
        "StateDirectory",
        "LogsDirectory",
        "CacheDirectory",
        "RuntimeDirectory",
        "ConfigurationDirectory",
    ];
    let setting = |name: &str, value: String| Setting {
        name: name.to_owned(),
        value,
    };
    let mut found: Vec<Setting> = OF_TEXT
        .into_iter()
        .map(|name| setting(name, kind.text(name)))
        .filter(|setting| !setting.value.is_empty())
        .collect();
    let lists = OF_LISTS.map(|name| setting(name, kind.texts(name).join(" ")));
    found.extend(
        lists
            .into_iter()
            .filter(|setting| !setting.value.is_empty()),
    );
    let flags = ["PrivateTmp", "PrivateNetwork"].into_iter();
    found.extend(
        flags
            .filter(|name| kind.flag(name))
            .map(|name| setting(name, "yes".to_owned())),
    );
    found.extend(system_call_filter(kind).map(|calls| setting("SystemCallFilter", calls)));
    found.extend(bounding_set(kind).map(|names| setting("CapabilityBoundingSet", names)));
    found.extend(kind.rows("EnvironmentFiles").filter_map(|row| match row {
        [path, may_miss] if !flag(may_miss) => Some(setting("EnvironmentFile", text(path))),
        _ => None,
    }));
    found
}

/// What else a failed start may be about. The agent keeps the others to compare them later.
pub(super) fn rights(of_unit: &Properties, kind: &Properties) -> Vec<Setting> {
    let setting = |name: &str, value: String| Setting {
        name: name.to_owned(),
        value,
    };
    let groups = kind.texts("SupplementaryGroups").join(" ");
    let ambient = names(CapabilitySet::from_bits_truncate(
        kind.number("AmbientCapabilities"),
    ));
    let all = [
        setting("SupplementaryGroups", groups),
        setting("AmbientCapabilities", ambient),
        setting("ControlGroup", control_group(of_unit, kind)),
    ];
    let set = all.into_iter().filter(|setting| !setting.value.is_empty());
    let is_told = |setting: &Setting| !matches!(setting.value.as_str(), "infinity" | "no");
    // Those that others have as well.
    let is_known = |setting: &Setting| setting.name.starts_with("Private");
    let limits = limits(kind).into_iter();
    set.chain(limits.filter(|one| is_told(one) && !is_known(one)))
        .collect()
}

/// Where the unit's processes are, or were: systemd does not tell it of a unit that has none.
fn control_group(of_unit: &Properties, kind: &Properties) -> String {
    let told = kind.text("ControlGroup");
    let slice = kind.text("Slice");
    if !told.is_empty() || slice.is_empty() {
        return told;
    }
    format!("{}/{}", slice_path(&slice), of_unit.text("Id"))
}

/// `a-b.slice` lies within `a.slice`.
fn slice_path(slice: &str) -> String {
    let stem = slice.trim_end_matches(".slice");
    if stem == "-" {
        return String::new();
    }
    let ends = stem.match_indices('-').map(|(at, _)| at);
    let ends = ends.chain([stem.len()]);
    ends.map(|end| format!("/{}.slice", &stem[..end])).collect()
}

/// Limits that a unit meets, and what is kept from it.
pub(super) fn limits(kind: &Properties) -> Vec<Setting> {
    const OF_NUMBERS: [&str; 11] = [
        "LimitAS",
        "LimitCORE",
        "LimitDATA",
        "LimitFSIZE",
        "LimitMEMLOCK",
        "LimitNOFILE",
        "LimitNPROC",
        "LimitSTACK",
        "MemoryHigh",
        "MemoryMax",
        "TasksMax",
    ];
    const OF_FLAGS: [&str; 5] = [
        "NoNewPrivileges",
        "PrivateDevices",
        "PrivateNetwork",
        "PrivateTmp",
        "DynamicUser",
    ];
    if kind.text("Type").is_empty() {
        return Vec::new();
    }
    let number = |name: &str| match kind.number(name) {
        u64::MAX => "infinity".to_owned(),
        number => number.to_string(),
    };
    let numbers = OF_NUMBERS.map(|name| (name, number(name)));
    let flag = |name| if kind.flag(name) { "yes" } else { "no" };
    let flags = OF_FLAGS.map(|name| (name, flag(name).to_owned()));
    let setting = |(name, value): (&str, String)| Setting {
        name: name.to_owned(),
        value,
    };
    numbers.into_iter().chain(flags).map(setting).collect()
}

/// Longest list of system calls that is told.
const MOST_CALLS: usize = 8;

/// `~` and the calls that are forbidden, or those that are allowed; `None`: there is no filter.
fn system_call_filter(kind: &Properties) -> Option<String> {
    let [allows, Variant::Array(calls)] = kind.fields("SystemCallFilter") else {
        return None;
    };
    let mut names: Vec<_> = calls.inner().iter().map(text).collect();
    let more = names.len() > MOST_CALLS;
    names.truncate(MOST_CALLS);
    if names.is_empty() {
        return None;
    }
    let mark = if flag(allows) { "" } else { "~" };
    Some(format!(
        "{mark}{}{}",
        names.join(" "),
        if more { " ..." } else { "" }
    ))
}

/// The capabilities that its programs may have at most: `CAP_CHOWN CAP_KILL`; `None`: all.
fn bounding_set(kind: &Properties) -> Option<String> {
    let set = CapabilitySet::from_bits_truncate(kind.number("CapabilityBoundingSet"));
    (!set.is_all()).then(|| names(set))
}

/// `CAP_CHOWN CAP_KILL`.
fn names(set: CapabilitySet) -> String {
    let names = set.iter_names().map(|(name, _)| format!("CAP_{name}"));
    names.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_lies_within_those_that_begin_its_name() {
        // (slice, path)
        let cases = [
            ("system.slice", "/system.slice"),
            ("-.slice", ""),
            ("a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice"),
        ];
        for (slice, path) in cases {
            assert_eq!(slice_path(slice), path);
        }
    }
}
