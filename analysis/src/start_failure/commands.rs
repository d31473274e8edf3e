//! Commands to copy.

use std::borrow::Cow;

use super::{
    Fix, FixKind,
    facts::{Standing, StartFacts},
    supervised::SUPERVISED,
};
use crate::{identity::UnitName, shell::word};

/// Starts the unit; the start limit is lifted before, if that was hit.
pub(super) fn start(facts: &StartFacts) -> Vec<String> {
    if let Some(program) = facts.setting(SUPERVISED) {
        return vec![format!("supervisorctl start {}", word(program))];
    }
    let name = name(facts.name());
    let mut commands = Vec::new();
    if facts.start_limit_was_hit() {
        commands.push(format!("systemctl reset-failed {name}"));
    }
    // A unit in a loop of restarts is being started: only `restart` begins anew.
    let verb = match facts.standing() {
        Standing::Runs | Standing::Starts => "restart",
        // Its script was run, so for systemd it is up.
        _ if facts.is_idle_script() => "restart",
        _ => "start",
    };
    commands.push(format!("systemctl {verb} {name}"));
    commands
}

/// `command`, then the start.
pub(super) fn then_start(command: String, facts: &StartFacts) -> Vec<String> {
    let mut commands = vec![command];
    commands.extend(start(facts));
    commands
}

/// Edits a file of the unit, then starts it.
pub(super) fn edit_and_start(path: &str, facts: &StartFacts) -> Vec<String> {
    let files = facts.unit.as_ref().map(|unit| &unit.status.files);
    let is_main = files
        .and_then(|files| files.first())
        .is_some_and(|file| file == path);
    if facts.setting(SUPERVISED).is_some() {
        return edit_supervised(path, facts);
    }
    if is_main {
        let edit = format!("systemctl edit --full {}", name(facts.name()));
        return then_start(edit, facts);
    }
    let mut commands = vec![edit(path, None)];
    commands.push("systemctl daemon-reload".to_owned());
    commands.extend(start(facts));
    commands
}

/// Edits the section of a program, then has supervisord read it, which starts what has changed.
fn edit_supervised(path: &str, facts: &StartFacts) -> Vec<String> {
    let update = "supervisorctl update".to_owned();
    let mut commands = vec![edit(path, None), update];
    commands.extend(start(facts));
    commands
}

/// The unit's own file.
pub(super) fn unit_file(facts: &StartFacts) -> Option<String> {
    facts.unit.as_ref()?.status.files.first().cloned()
}

/// Opens a file in an editor, at a line if one is known.
pub(super) fn edit(path: &str, line: Option<u32>) -> String {
    let line = line.map_or_else(String::new, |line| format!("+{line} "));
    format!("${{EDITOR:-vi}} {line}{}", word(path))
}

/// Corrects a file, tests it where its program can do that, then starts the unit.
pub(super) fn correct_file(
    path: &str,
    line: Option<u32>,
    test: Option<&str>,
    facts: &StartFacts,
) -> Fix {
    let mut commands = vec![edit(path, line)];
    commands.extend(test.map(str::to_owned));
    commands.extend(start(facts));
    Fix {
        what: FixKind::CorrectFile {
            path: path.to_owned(),
        },
        commands,
        risky: false,
    }
}

/// Adds settings to the unit in a file beside its own, then starts it.
pub(super) fn set(settings: &[String], facts: &StartFacts) -> Vec<String> {
    if let Some(unit) = facts
        .unit
        .as_ref()
        .filter(|_| facts.setting(SUPERVISED).is_some())
    {
        let path = unit.status.files.first().map_or("", String::as_str);
        return edit_supervised(path, facts);
    }
    let folder = format!("/etc/systemd/system/{}.d", facts.name());
    let file = word(&format!("{folder}/aiops.conf")).into_owned();
    let lines: Vec<_> = settings.iter().map(|line| word(line)).collect();
    let mut commands = vec![
        format!("mkdir -p {}", word(&folder)),
        format!(r"printf '%s\n' '[Service]' {} >> {file}", lines.join(" ")),
        "systemctl daemon-reload".to_owned(),
    ];
    commands.extend(start(facts));
    commands
}

/// Has systemd read the unit's files, then starts it.
pub(super) fn reload_unit_files(facts: &StartFacts) -> Fix {
    Fix {
        what: FixKind::ReloadUnitFiles,
        commands: then_start("systemctl daemon-reload".to_owned(), facts),
        risky: false,
    }
}

/// Asks the same of another unit.
pub(super) fn ask_about(unit: &UnitName) -> String {
    format!("aiops diagnose start-failure {}", name(unit))
}

/// Another `Type=`, then the start.
pub(super) fn set_type(to: &str, facts: &StartFacts) -> Fix {
    Fix {
        what: FixKind::SetType { to: to.to_owned() },
        commands: set(&[format!("Type={to}")], facts),
        risky: false,
    }
}

/// A system user of this name, then the start.
pub(super) fn create_user(user: &str, facts: &StartFacts) -> Fix {
    Fix {
        what: FixKind::CreateUser {
            user: user.to_owned(),
        },
        commands: then_start(format!("useradd --system {}", word(user)), facts),
        risky: false,
    }
}

pub(super) fn create_group(group: &str, facts: &StartFacts) -> Fix {
    Fix {
        what: FixKind::CreateGroup {
            group: group.to_owned(),
        },
        commands: then_start(format!("groupadd --system {}", word(group)), facts),
        risky: false,
    }
}

/// The folder, owned by the unit's user, then the start.
pub(super) fn make_directory(path: &str, facts: &StartFacts) -> Fix {
    let owner = facts.setting("User").map_or_else(String::new, |user| {
        let group = facts.setting("Group");
        let group = group.map_or_else(String::new, |group| format!(" -g {}", word(group)));
        format!(" -o {}{group}", word(user))
    });
    Fix {
        what: FixKind::MakeDirectory {
            path: path.to_owned(),
        },
        commands: then_start(format!("install -d{owner} {}", word(path)), facts),
        risky: false,
    }
}

/// Look at the owners and modes of all folders above a file.
pub(super) fn allow_access(path: &str) -> Fix {
    Fix {
        what: FixKind::AllowAccess {
            path: path.to_owned(),
        },
        commands: vec![format!("namei -l {}", word(path))],
        risky: false,
    }
}

/// Read everything that the unit logged.
pub(super) fn read_log(facts: &StartFacts) -> Fix {
    let command = match facts.setting(SUPERVISED) {
        Some(program) => format!("supervisorctl tail {} stderr", word(program)),
        None => format!("journalctl -u {} -n 100 --no-pager", name(facts.name())),
    };
    Fix {
        what: FixKind::ReadLog,
        commands: vec![command],
        risky: false,
    }
}

/// A unit's name as a shell takes it: `nginx` for `nginx.service`.
pub(crate) fn name(unit: &UnitName) -> Cow<'_, str> {
    let full = unit.as_str();
    let short = match full.strip_suffix(".service") {
        // `a.mount.service` without its suffix would name another unit.
        Some(stem) if !stem.contains('.') => stem,
        _ => full,
    };
    word(short)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn names_are_words_of_a_shell() {
        // (unit, word)
        let cases = [
            ("nginx.service", "nginx"),
            ("getty@tty1.service", "getty@tty1"),
            ("a.mount.service", "a.mount.service"),
            ("nginx.socket", "nginx.socket"),
            (r"dev-a\x2db.mount", r"'dev-a\x2db.mount'"),
        ];
        for (unit, text) in cases {
            assert_eq!(name(&unit.parse().unwrap()), text);
        }
    }

    #[test]
    fn the_start_limit_is_lifted_before_the_start() {
        let facts = failed("start-limit-hit", exited(1), vec![]);
        assert_eq!(
            start(&facts),
            ["systemctl reset-failed nginx", "systemctl start nginx"]
        );
        assert_eq!(start(&resting()), ["systemctl start nginx"]);
    }
}
