//! The program's own test says what is wrong with its configuration.

use super::*;
use crate::start_failure::{
    config_test::{BlamedPlace, ConfigFault, ConfigTest, TestOutcome},
    says::{Says, says},
    telling::only_warns,
};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if !facts.fails() {
        return None;
    }
    let failed = |test: &&ConfigTest| test.outcome == TestOutcome::Failed;
    let mut tests = facts.config_tests.iter().filter(failed);
    tests.find_map(|test| finding(test, facts))
}

fn finding(test: &ConfigTest, facts: &StartFacts) -> Option<Finding> {
    let (line, says) = blamed(test)?;
    let is_named = matches!(says.culprit, Some(Culprit::Path { .. }));
    // The test itself says that this file is invalid; of all else it only speaks. And what is
    // wrong with a file now need not have been wrong before somebody changed it.
    let certainty = match is_named && is_of_config(says.cause) && is_as_it_was(test, facts) {
        true => Certainty::Measured,
        false => Certainty::Inferred,
    };
    let evidence = vec![Evidence::ConfigTest {
        name: test.name.clone(),
        message: line.to_owned(),
    }];
    let fixes = match &says.culprit {
        Some(Culprit::Path { path, line }) if is_of_config(says.cause) => {
            // What is made at each start a test may miss before it.
            let test = (!is_prepared(facts)).then_some(test.command.as_str());
            let correct = commands::correct_file(path, *line, test, facts);
            vec![correct, commands::read_log(facts)]
        }
        _ => program_says::fixes(&says, facts),
    };
    Some(Finding {
        cause: says.cause,
        certainty,
        culprit: says.culprit,
        evidence,
        fixes,
    })
}

/// What the unit makes before it starts its program, and takes away with it.
fn is_prepared(facts: &StartFacts) -> bool {
    let commands = facts.unit.as_ref().map_or(&[][..], |unit| &unit.commands);
    let has_step = commands
        .iter()
        .any(|command| command.step == "ExecStartPre");
    has_step || facts.setting("RuntimeDirectory").is_some()
}

/// The line that blames something which a test can know, and what it says.
fn blamed(test: &ConfigTest) -> Option<(&str, Says)> {
    let Some(place) = &test.blames else {
        let lines = test.output.iter();
        let read = |line: &str| says(line).filter(is_known_to_tests);
        return lines
            .filter(|line| !only_warns(line))
            .find_map(|line| Some((line.as_str(), read(line)?)));
    };
    let is_of_place = |line: &&String| {
        let number = place.line.map(|number| number.to_string());
        line.contains(&place.path) && number.is_none_or(|number| line.contains(&number))
    };
    let line = test.output.iter().find(is_of_place);
    let line = line.or(test.output.first())?;
    // Where a configuration names a file that is not there, or a bad certificate.
    // The line behind the place may say it.
    let lines = test.output.iter().map(String::as_str);
    let mut messages = place.message.as_deref().into_iter().chain(lines);
    let of_other = |message| says(message).filter(|says| !is_of_config(says.cause));
    if let Some(says) = messages.find_map(of_other) {
        return is_known_to_tests(&says).then_some((line, says));
    }
    let culprit = Culprit::Path {
        path: place.path.clone(),
        line: place.line,
    };
    let says = Says {
        cause: cause(place, &test.output),
        culprit: Some(culprit),
    };
    Some((line, says))
}

/// What is wrong with the file, by the table of tests or by the words.
fn cause(place: &BlamedPlace, output: &[String]) -> StartCause {
    let in_words = |text: &str| Some(says(text)?.cause).filter(|cause| is_of_config(*cause));
    match place.fault {
        Some(ConfigFault::Syntax) => StartCause::ConfigSyntax,
        Some(ConfigFault::InvalidValue) => StartCause::ConfigInvalidValue,
        Some(ConfigFault::Missing) => StartCause::ConfigMissing,
        None => output
            .iter()
            .find_map(|line| in_words(line))
            .unwrap_or(StartCause::ConfigSyntax),
    }
}

fn is_of_config(cause: StartCause) -> bool {
    matches!(
        cause,
        StartCause::ConfigSyntax | StartCause::ConfigInvalidValue
    )
}

/// Rights, addresses and other hosts are not what a test sees: it runs with other rights, and
/// without a network.
fn is_known_to_tests(says: &Says) -> bool {
    is_of_config(says.cause)
        || matches!(
            says.cause,
            StartCause::ConfigMissing
                | StartCause::FileMissing
                | StartCause::DirectoryMissing
                | StartCause::CertificateInvalid
                | StartCause::UserMissing
                | StartCause::GroupMissing
        )
}

/// Whether the test saw for sure what the program saw when it failed.
fn is_as_it_was(test: &ConfigTest, facts: &StartFacts) -> bool {
    let Some(place) = test.blames.as_ref().filter(|place| !place.is_doubtful) else {
        return false;
    };
    let failed_at = facts.attempt.as_ref().and_then(|attempt| attempt.failed_at);
    matches!((place.changed_at, failed_at), (Some(changed), Some(failed)) if changed <= failed)
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};
    use crate::start_failure::diagnose;

    fn test_of_haproxy(message: &str) -> ConfigTest {
        let path = "/etc/haproxy/haproxy.cfg";
        ConfigTest {
            name: "haproxy".into(),
            command: format!("haproxy -c -f {path}"),
            user: "root".into(),
            outcome: TestOutcome::Failed,
            status: exited(1),
            output: vec![format!("[ALERT] config : parsing [{path}:35] : {message}")],
            blames: Some(BlamedPlace {
                path: path.into(),
                line: Some(35),
                message: Some(message.into()),
                fault: None,
                changed_at: Some(at(-9)),
                is_doubtful: false,
            }),
        }
    }

    fn facts(test: ConfigTest) -> StartFacts {
        let mut facts = failed("exit-code", exited(1), vec![]);
        facts.config_tests = vec![test];
        facts
    }

    #[test]
    fn a_test_that_names_a_place_is_measured_and_mended_there() {
        let facts = facts(test_of_haproxy(
            "unknown keyword 'bnd' in 'defaults' section",
        ));
        let verdict = diagnose(facts).verdict;
        assert_eq!(
            (verdict.cause, verdict.certainty),
            (StartCause::ConfigSyntax, Certainty::Measured)
        );
        let path = "/etc/haproxy/haproxy.cfg".to_owned();
        let culprit = Culprit::Path {
            path,
            line: Some(35),
        };
        assert_eq!(verdict.culprit, Some(culprit));
        assert_eq!(
            verdict.fixes[0].commands,
            [
                "${EDITOR:-vi} +35 /etc/haproxy/haproxy.cfg",
                "haproxy -c -f /etc/haproxy/haproxy.cfg",
                "systemctl start nginx"
            ]
        );
    }

    #[test]
    fn only_what_the_program_saw_as_well_is_measured() {
        // (when the file was changed, whether the program may see it otherwise, certainty)
        let cases = [
            (Some(at(-9)), false, Certainty::Measured),
            (Some(at(30)), false, Certainty::Inferred),
            (None, false, Certainty::Inferred),
            (Some(at(-9)), true, Certainty::Inferred),
        ];
        for (changed_at, is_doubtful, certainty) in cases {
            let mut test = test_of_haproxy("unknown keyword 'bnd'");
            let place = test.blames.as_mut().unwrap();
            (place.changed_at, place.is_doubtful) = (changed_at, is_doubtful);
            let finding = check(&facts(test)).unwrap();
            assert_eq!(finding.certainty, certainty, "{changed_at:?} {is_doubtful}");
        }
    }

    #[test]
    fn a_warning_is_no_reason_and_no_place_is_measured_that_was_not_blamed() {
        let path = "/etc/haproxy/haproxy.cfg";
        let mut test = test_of_haproxy("unknown keyword 'bnd'");
        test.blames = None;
        let finding = check(&facts(test.clone())).unwrap();
        assert_eq!(finding.certainty, Certainty::Inferred);
        test.output = vec![format!(
            "[WARNING] (9) : parsing [{path}:13] : unknown keyword"
        )];
        assert_eq!(check(&facts(test)), None);
    }

    #[test]
    fn what_a_test_cannot_know_is_no_syntax_error() {
        // (message, cause)
        let cases = [
            (
                "cannot bind socket (Permission denied) for [0.0.0.0:80]",
                None,
            ),
            ("could not resolve address 'db.example.com'", None),
            (
                "unable to stat SSL certificate from file '/etc/x.pem' : No such file or directory.",
                Some(false),
            ),
            ("unknown keyword 'bnd'", Some(true)),
        ];
        for (message, of_config) in cases {
            let finding = check(&facts(test_of_haproxy(message)));
            let found = finding.as_ref().map(|finding| is_of_config(finding.cause));
            assert_eq!(found, of_config, "{message} {finding:?}");
            let is_measured = |finding: Finding| finding.certainty == Certainty::Measured;
            assert_eq!(finding.is_some_and(is_measured), of_config == Some(true));
        }
    }

    #[test]
    fn a_test_that_did_not_fail_blames_nothing() {
        for outcome in [TestOutcome::Passed, TestOutcome::Inconclusive] {
            let test = test_of_haproxy("unknown keyword 'bnd'");
            assert_eq!(check(&facts(ConfigTest { outcome, ..test })), None);
        }
    }
}
