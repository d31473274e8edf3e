//! Which configuration a program means that complains of it and does not name its path.

use std::sync::LazyLock;

use regex::Regex;

use super::*;
use crate::start_failure::says::{is_config, line_number};

/// `site.conf`, `site.conf:3`.
static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
    let words = r#"(?:^|[\s"'`(\[])(?<name>[\w@-][\w.@-]*\.(?:conf|cnf|cfg|config|ini|ya?ml|toml|json|xml))\b(?::(?<line>\d{1,7}))?"#;
    Regex::new(words).expect("it is a regular expression")
});

/// Adds the file that is meant: the one of the command line, or one that lies beside it.
pub(super) fn named(says: Says, line: &LogLine, facts: &StartFacts) -> Says {
    let is_of_config = matches!(
        says.cause,
        StartCause::ConfigSyntax | StartCause::ConfigInvalidValue | StartCause::ConfigMissing
    );
    if !is_of_config || says.culprit.is_some() {
        return says;
    }
    let command = facts.failed_command().or_else(|| {
        let unit = facts.unit.as_ref()?;
        unit.commands
            .iter()
            .find(|command| command.step == "ExecStart")
    });
    let arguments = command.map_or(&[][..], |command| &command.argv);
    let arguments = arguments.get(1..).unwrap_or_default();
    let culprit = relative(line, arguments, facts).or_else(|| {
        let of_arguments = arguments.iter().find_map(|word| of_argument(word));
        let known = || Some(facts.configurations.first()?.path.as_str());
        let path = of_arguments.or_else(known)?;
        Some(Culprit::Path {
            path: path.to_owned(),
            line: number_near(line, &facts.said()),
        })
    });
    Says { culprit, ..says }
}

/// The file that is named as on the command line: from the unit's folder.
fn relative(line: &LogLine, arguments: &[String], facts: &StartFacts) -> Option<Culprit> {
    let found = RELATIVE.captures(&line.message)?;
    let name = &found["name"];
    arguments.iter().find(|word| *word == name)?;
    let folder = facts.setting("WorkingDirectory").unwrap_or("/");
    let folder = folder.trim_start_matches('!').trim_end_matches('/');
    let number = found
        .name("line")
        .and_then(|line| line.as_str().parse().ok());
    Some(Culprit::Path {
        path: format!("{folder}/{name}"),
        line: number.or_else(|| number_near(line, &facts.said())),
    })
}

/// The configuration file that an argument names: `/etc/x.conf`, `--config=/etc/x.conf`.
fn of_argument(word: &str) -> Option<&str> {
    let path = &word[word.find('/')?..];
    let is_option = word.starts_with('-') || word.starts_with('/');
    (is_option && is_config(path)).then_some(path)
}

/// Lines around one in which the number may stand.
const NEAR: usize = 3;

/// "at line 12", in the message or in those of the same program around it.
fn number_near(line: &LogLine, log: &[LogLine]) -> Option<u32> {
    let at = log.iter().position(|other| other == line)?;
    let around = &log[at.saturating_sub(NEAR)..log.len().min(at + NEAR + 1)];
    let own = around.iter().filter(|other| other.source == line.source);
    line_number(&line.message)
        .or_else(|| own.filter_map(|other| line_number(&other.message)).next())
}

#[cfg(test)]
mod tests {
    use super::{super::super::super::testing::*, *};
    use crate::start_failure::facts::Setting;

    fn path(path: &str, line: Option<u32>) -> Option<Culprit> {
        Some(Culprit::Path {
            path: path.into(),
            line,
        })
    }

    #[test]
    fn a_name_of_the_command_line_is_meant_from_the_units_folder() {
        // (message, culprit)
        let cases = [
            (
                "Options error: Unrecognized option or missing or extra parameter(s) in site.conf:3: cipherr (2.6.14)",
                path("/etc/openvpn/server/site.conf", Some(3)),
            ),
            (
                "Options error: In [CMD-LINE]:1: Error opening configuration file: site.conf",
                path("/etc/openvpn/server/site.conf", None),
            ),
            ("Unrecognized option in other.conf:3: cipherr", None),
        ];
        for (message, culprit) in cases {
            let mut facts = failed("exit-code", exited(1), vec![line("openvpn", message)]);
            let unit = facts.unit.as_mut().unwrap();
            unit.commands[0].argv = ["openvpn", "--config", "site.conf"].map(Into::into).into();
            unit.settings.push(Setting {
                name: "WorkingDirectory".into(),
                value: "/etc/openvpn/server".into(),
            });
            assert_eq!(check(&facts).unwrap().culprit, culprit, "{message}");
        }
    }

    #[test]
    fn a_configuration_that_is_not_named_is_that_of_the_command_line() {
        let log = vec![
            line("redis", "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***"),
            line("redis", "Reading the configuration file, at line 2"),
            line("redis", ">>> 'foo bar'"),
            line("redis", "Bad directive or wrong number of arguments"),
        ];
        let mut facts = failed("exit-code", exited(1), log);
        facts.unit.as_mut().unwrap().commands[0].argv = ["redis-server", "/etc/redis/redis.conf"]
            .map(Into::into)
            .into();
        let finding = check(&facts).unwrap();
        assert_eq!(finding.cause, StartCause::ConfigSyntax);
        assert_eq!(finding.culprit, path("/etc/redis/redis.conf", Some(2)));
    }
}
