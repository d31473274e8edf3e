//! Services that fail to start in real ways, each with the truth about why.
//!
//! A file of `tests/corpus/` is one host: the packages of Debian that are installed on it, and the
//! cases that are tried there, one after the other. A case says how the service is broken, and what
//! is to be said of it; [`run`] tries it, and [`score`] tells how often the truth was found.

mod run;
mod score;
mod table;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

pub use run::{boot, try_cases, try_on};
pub use score::{Score, Tried};
pub use table::{Table, markdown};

/// What fails on one host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// The name of its file.
    #[serde(skip)]
    pub name: String,
    /// Of Debian. What they depend on comes along.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Memory of the host: its files count as well.
    #[serde(default = "Family::memory")]
    pub memory: String,
    /// Shell that makes the host ready for all cases.
    #[serde(default)]
    pub prepare: String,
    /// Files and folders that are as before again after each case. Those of [`Case::files`] are anyway.
    #[serde(default)]
    pub keep: Vec<String>,
    #[serde(rename = "case")]
    pub cases: Vec<Case>,
}

/// One way to fail, and the truth about it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// What is asked about.
    pub unit: String,
    /// The unit file, if the case brings one of its own.
    pub text: Option<String>,
    /// More files, by their paths.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Shell that breaks it.
    #[serde(default, rename = "break")]
    pub break_it: String,
    /// Shell that starts it; `systemctl start UNIT` unless told. It may fail.
    pub start: Option<String>,
    /// What of `systemctl show` tells that it is over; unless told, that it failed for good, or over
    /// and over again.
    pub settled: Option<String>,
    /// The code.
    pub cause: String,
    /// In short: `/etc/nginx/nginx.conf:3`, `0.0.0.0:80 apache2`, `user www`. `None`: nobody.
    pub culprit: Option<String>,
    /// The recommended fix makes it start. This is shell with which the operator's editor changes
    /// `$file`; empty if there is nothing to edit.
    pub fix: Option<String>,
    /// Shell that repairs what else was broken, and what [`Family::keep`] does not cover.
    #[serde(default)]
    pub undo: String,
}

impl Family {
    fn memory() -> String {
        "1G".to_owned()
    }
}

impl Case {
    /// The files that it brings, its unit file among them.
    pub fn all_files(&self) -> BTreeMap<String, String> {
        let mut files = self.files.clone();
        if let Some(text) = &self.text {
            files.insert(unit_file(&self.unit), text.clone());
        }
        files
    }

    pub fn is_healthy(&self) -> bool {
        self.cause == "healthy"
    }
}

fn unit_file(unit: &str) -> String {
    let suffix = if unit.contains('.') { "" } else { ".service" };
    format!("/etc/systemd/system/{unit}{suffix}")
}

/// All families, or those cases whose names begin with one of `wanted`.
///
/// # Errors
///
/// If a file cannot be read, or two cases have one name.
pub fn load(wanted: &[String]) -> Result<Vec<Family>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut families = BTreeMap::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let stem = path.file_stem().context("a file has a name")?;
        let name = stem.to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        let mut family: Family =
            toml::from_str(&text).with_context(|| path.display().to_string())?;
        family.name.clone_from(&name);
        families.insert(name, family);
    }
    let mut names = std::collections::BTreeSet::new();
    for case in families.values().flat_map(|family| &family.cases) {
        ensure!(
            names.insert(case.name.clone()),
            "{} is there twice",
            case.name
        );
    }
    let mut families: Vec<_> = families.into_values().collect();
    if !wanted.is_empty() {
        for family in &mut families {
            family
                .cases
                .retain(|case| wanted.iter().any(|name| case.name.starts_with(name)));
        }
        families.retain(|family| !family.cases.is_empty());
    }
    Ok(families)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_cases_can_be_read() {
        let families = load(&[]).unwrap();
        assert!(families.iter().all(|family| !family.cases.is_empty()));
    }

    #[test]
    fn cases_are_found_by_the_beginnings_of_their_names() {
        let families = load(&["nginx-heal".to_owned()]).unwrap();
        let names = families.iter().flat_map(|family| &family.cases);
        assert_eq!(
            names.map(|case| &case.name).collect::<Vec<_>>(),
            ["nginx-healthy"]
        );
    }
}
