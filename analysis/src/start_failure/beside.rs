//! What is wrong as well, and did not end the last start.

use super::{
    Evidence, Finding,
    facts::{ExecCommand, StartFacts},
};
use crate::process::ExitStatus;

/// Whether a finding is only about the next start: a test finds the configuration wrong as it is
/// now, and what ended the last start is known to be something else.
pub(super) fn is_beside(finding: &Finding, facts: &StartFacts) -> bool {
    let is_of_test = |evidence: &Evidence| matches!(evidence, Evidence::ConfigTest { .. });
    finding.evidence.iter().any(is_of_test)
        && (facts.asked_to_end().is_some() || crashed(facts) || another_step_refused(facts))
}

/// Whether a signal ended it that is not its own: who finds a fault in a file exits, or aborts.
fn crashed(facts: &StartFacts) -> bool {
    let is_other = |signal: crate::process::Signal| signal != crate::process::Signal::ABRT;
    matches!(facts.result(), "signal" | "core-dump")
        && matches!(facts.status(), Some(ExitStatus::Signaled { signal, .. }) if is_other(signal))
}

/// Whether a command before, or after, the program failed that is another program, and said nothing
/// of a file that the test blames.
fn another_step_refused(facts: &StartFacts) -> bool {
    let Some(failed) = facts.failed_command() else {
        return false;
    };
    let commands = facts.unit.as_ref().map_or(&[][..], |unit| &unit.commands);
    let mut main = commands
        .iter()
        .filter(|command| command.step == "ExecStart");
    let is_own = main.any(|command| program(command) == program(failed));
    let tests = || facts.config_tests.iter();
    let is_test = tests().any(|test| failed.argv.join(" ").contains(&*test.name));
    let blamed = tests().filter_map(|test| test.blames.as_ref());
    let is_named = blamed.into_iter().any(|place| {
        let mut log = facts.log().iter();
        log.any(|line| line.message.contains(&place.path))
    });
    failed.step != "ExecStart" && !is_own && !is_test && !is_named
}

fn program(command: &ExecCommand) -> &str {
    command.path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            ConfigTest, FixKind, StartCause,
            config_test::{BlamedPlace, TestOutcome},
            diagnose,
            testing::*,
        },
        *,
    };
    use crate::process::Signal;

    /// nginx, with a broken file.
    fn broken(mut facts: StartFacts) -> StartFacts {
        let path = "/etc/nginx/conf.d/shop.conf";
        facts.config_tests = vec![ConfigTest {
            name: "nginx".into(),
            command: "nginx -t".into(),
            user: "root".into(),
            outcome: TestOutcome::Failed,
            status: exited(1),
            output: vec![format!(
                "nginx: [emerg] invalid parameter \"xxx\" in {path}:2"
            )],
            blames: Some(BlamedPlace {
                path: path.into(),
                line: Some(2),
                message: None,
                fault: None,
                changed_at: Some(at(-9)),
                is_doubtful: false,
            }),
        }];
        facts
    }

    fn causes(facts: StartFacts) -> Vec<StartCause> {
        let report = diagnose(facts);
        report
            .findings
            .iter()
            .map(|finding| finding.cause)
            .collect()
    }

    #[test]
    fn another_command_that_refused_is_what_ended_the_start() {
        let mut facts = broken(failed(
            "exit-code",
            exited(1),
            vec![line("sh", "maintenance window: refused by policy")],
        ));
        assert_eq!(causes(facts.clone())[0], StartCause::ConfigSyntax);
        facts.attempt.as_mut().unwrap().step = Some("ExecStartPre".into());
        let command = &mut facts.unit.as_mut().unwrap().commands[0];
        (command.step, command.path, command.argv) = (
            "ExecStartPre".into(),
            "/bin/sh".into(),
            vec!["/bin/sh".into()],
        );
        let found = causes(facts.clone());
        assert_eq!(found[0], StartCause::PreStartFailed);
        assert!(found.contains(&StartCause::ConfigSyntax), "{found:?}");
        facts.unit.as_mut().unwrap().commands[0].path = "/usr/sbin/nginx".into();
        facts.unit.as_mut().unwrap().commands[0].argv = vec!["nginx".into(), "-t".into()];
        assert_eq!(causes(facts)[0], StartCause::ConfigSyntax);
    }

    #[test]
    fn whoever_ended_it_comes_before_what_blocks_the_next_start() {
        let sent =
            "nginx.service: Sent signal SIGSEGV to main process 812 (nginx) on client request.";
        let facts = failed(
            "core-dump",
            killed(Signal::SEGV),
            vec![line("systemd", sent)],
        );
        let report = diagnose(broken(facts.clone()));
        let found: Vec<_> = report
            .findings
            .iter()
            .map(|finding| finding.cause)
            .collect();
        assert_eq!(
            found,
            [StartCause::EndedOnRequest, StartCause::ConfigSyntax]
        );
        let path = "/etc/nginx/conf.d/shop.conf".to_owned();
        assert_eq!(report.verdict.fixes[0].what, FixKind::CorrectFile { path });
        assert_eq!(causes(facts), [StartCause::EndedOnRequest]);
        let crash = failed("signal", killed(Signal::SEGV), vec![]);
        assert_eq!(
            causes(broken(crash)),
            [StartCause::CrashAtStart, StartCause::ConfigSyntax]
        );
    }

    #[test]
    fn a_stop_is_a_request_and_another_signal_is_none() {
        let stop = line("systemd", "Stopping nginx.service - A web server...");
        let told = failed(
            "exit-code",
            exited(1),
            vec![stop, line("sh", "shutting down")],
        );
        assert_eq!(causes(told)[0], StartCause::EndedOnRequest);
        let hup =
            "nginx.service: Sent signal SIGHUP to main process 812 (nginx) on client request.";
        let facts = failed("signal", killed(Signal::SEGV), vec![line("systemd", hup)]);
        assert_eq!(causes(facts), [StartCause::CrashAtStart]);
        let forged =
            "nginx.service: Sent signal SIGSEGV to main process 812 (nginx) on client request.";
        let facts = failed("signal", killed(Signal::SEGV), vec![line("nginx", forged)]);
        assert_eq!(causes(facts), [StartCause::CrashAtStart]);
    }
}
