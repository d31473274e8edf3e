//! The variables that a unit's command line uses.

use std::{collections::BTreeMap, fs, path::Path};

/// Larger files are no list of variables.
const MOST_BYTES: u64 = 64 * 1024;

/// Variables of a unit: `Environment=` and `EnvironmentFile=`.
#[derive(Debug, Default)]
pub(super) struct Environment(BTreeMap<String, String>);

impl Environment {
    pub(super) fn of(assignments: &[String]) -> Self {
        let pairs = assignments.iter().filter_map(|one| one.split_once('='));
        Self(
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Adds the variables of a file, which win.
    pub(super) fn read(&mut self, path: &str) {
        let place = Path::new(path);
        let is_small =
            fs::metadata(place).is_ok_and(|found| found.is_file() && found.len() <= MOST_BYTES);
        if let (true, Ok(text)) = (is_small, fs::read_to_string(place)) {
            self.0.extend(text.lines().filter_map(assignment));
        }
    }

    /// What the test gets of them. Words of the user's own language would not be understood; and
    /// what changes how programs are loaded is for the unit's own program alone.
    pub(super) fn for_test(&self, is_own_program: bool) -> BTreeMap<String, String> {
        const OURS: [&str; 5] = ["PATH", "LANG", "LANGUAGE", "ENV", "BASH_ENV"];
        const OF_LOADER: [&str; 4] = ["LD_", "GLIBC_", "GCONV_", "MALLOC_"];
        let is_passed = |name: &str| {
            let of_loader = OF_LOADER.iter().any(|start| name.starts_with(start));
            !OURS.contains(&name) && !name.starts_with("LC_") && (is_own_program || !of_loader)
        };
        let all = self.0.iter().filter(|(name, _)| is_passed(name));
        all.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Arguments as the program gets them: a variable that is a whole argument becomes several.
    pub(super) fn expand(&self, argv: &[String]) -> Vec<String> {
        let mut expanded = Vec::new();
        for argument in argv {
            match argument.strip_prefix('$') {
                Some(name) if is_name(name) => {
                    let value = self.0.get(name).map_or("", String::as_str);
                    expanded.extend(value.split_whitespace().map(str::to_owned));
                }
                _ => expanded.push(self.with_values(argument)),
            }
        }
        expanded
    }

    /// `${NAME}` within an argument.
    fn with_values(&self, argument: &str) -> String {
        self.0
            .iter()
            .fold(argument.to_owned(), |text, (name, value)| {
                text.replace(&format!("${{{name}}}"), value)
            })
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    !text.is_empty() && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// `NAME=value`, `NAME="value"`; no comment.
fn assignment(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let value = value.trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| {
        value
            .strip_prefix(*quote)
            .and_then(|value| value.strip_suffix(*quote))
    });
    Some((name.to_owned(), unquoted.unwrap_or(value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_has_the_units_variables_but_those_that_would_make_it_another_program() {
        let assignments = ["A=1", "LC_ALL=zh_CN.UTF-8", "PATH=/srv", "LD_PRELOAD=/x.so"];
        let environment = Environment::of(&assignments.map(str::to_owned));
        let names = |is_own| -> Vec<String> { environment.for_test(is_own).into_keys().collect() };
        assert_eq!(names(true), ["A", "LD_PRELOAD"]);
        assert_eq!(names(false), ["A"]);
    }

    #[test]
    fn variables_become_arguments_as_systemd_does_it() {
        let mut environment = Environment::of(&["CONFIG=/etc/a.conf".into(), "DIR=/srv".into()]);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, "# OPTS=no\nOPTS=\"-x  -y\"\nDIR='/opt'\nbad line\n").unwrap();
        environment.read(file.path().to_str().unwrap());
        let argv = [
            "p",
            "-c",
            "$CONFIG",
            "$OPTS",
            "$NONE",
            "--dir=${DIR}/x",
            "$$",
        ];
        let expanded = environment.expand(&argv.map(str::to_owned));
        assert_eq!(
            expanded,
            ["p", "-c", "/etc/a.conf", "-x", "-y", "--dir=/opt/x", "$$"]
        );
    }
}
