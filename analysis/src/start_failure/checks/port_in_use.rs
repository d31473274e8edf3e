//! Another process holds the address that the unit wants.

use super::*;
use crate::{
    identity::UnitName,
    start_failure::{
        Holder,
        address_in_use::{DOUBTFUL, Wanted, addresses_in_use, not_listening},
        doubt::is_doubtful,
        last_word::{Afterwards, PORT_IN_USE, afterwards},
        says::why,
    },
};

/// Units without which the host cannot be reached, or many others stop: not to be stopped first.
const ESSENTIAL: [&str; 7] = [
    "ssh.service",
    "ssh.socket",
    "sshd.service",
    "dbus.service",
    "docker.service",
    "containerd.service",
    "kubelet.service",
];

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if !facts.fails() {
        return None;
    }
    let log = facts.said();
    let mut lines = addresses_in_use(&log);
    let is_said = !lines.is_empty();
    if !is_said {
        lines = not_listening(&log);
    }
    lines.retain(|(line, _)| outcome(line, &log, facts) != Afterwards::WentOn);
    let (first, _) = lines.first()?;
    let wanted: Vec<Wanted> = lines
        .iter()
        .flat_map(|(_, wanted)| wanted)
        .copied()
        .collect();
    let found = holder(&wanted, &facts.sockets).or_else(|| of_arguments(facts));
    if !is_said && found.is_none() {
        return None;
    }
    let is_sure =
        |line| outcome(line, &log, facts) == Afterwards::Ended && !is_doubtful(line, facts);
    let sure = lines.iter().filter(|(line, _)| is_sure(line));
    let sure: Vec<&Wanted> = sure.flat_map(|(_, wanted)| wanted).collect();
    let is_sure =
        is_said && found.is_some_and(|(_, holder)| fits(&sure, holder) && held_then(holder, facts));
    let holder = found.map(|(_, holder)| holder);
    if wanted.is_empty() && holder.is_none() && is_about_a_path(&log) {
        return None;
    }
    let mut evidence = vec![said(first)];
    evidence.extend(holder.map(|holder| Evidence::Socket {
        holder: holder.clone(),
    }));
    let mut fixes = match holder {
        Some(holder) => fixes(holder, facts),
        None if !was_looked_for(facts) => vec![commands::read_log(facts)],
        // Nobody holds it now, so the next start may go well.
        None => vec![Fix {
            what: FixKind::ResetAndStart,
            commands: commands::start(facts),
            risky: false,
        }],
    };
    fixes.extend(
        wanted
            .first()
            .filter(|_| holder.is_none())
            .map(|wanted| change_port(wanted.port)),
    );
    Some(Finding {
        cause: StartCause::PortInUse,
        certainty: match is_sure {
            true => Certainty::Measured,
            false => Certainty::Inferred,
        },
        culprit: holder.map(|holder| Culprit::Process(holder.clone())),
        evidence,
        fixes,
    })
}

/// What became of the program after that line.
fn outcome(line: &LogLine, log: &[LogLine], facts: &StartFacts) -> Afterwards {
    afterwards(line, &PORT_IN_USE, facts.said_where(line, log))
}

/// Whether a socket is in the way of one of these without a doubt.
fn fits(wanted: &[&Wanted], holder: &Holder) -> bool {
    let mut fits = wanted.iter().filter_map(|wanted| wanted.fit(holder));
    fits.any(|fit| fit < DOUBTFUL)
}

/// Whether the address is the path of a Unix socket.
fn is_about_a_path(log: &[LogLine]) -> bool {
    why(log).is_some_and(|(_, says)| says.cause == StartCause::SocketPathInUse)
}

/// The socket that is in the way, and how well it fits: of the first address for which there is
/// no doubt, else of the first that has one.
fn holder<'a>(wanted: &[Wanted], sockets: &'a [Holder]) -> Option<(u8, &'a Holder)> {
    let fitting = wanted.iter().filter_map(|wanted| {
        let fitting = sockets
            .iter()
            .filter_map(|socket| Some((wanted.fit(socket)?, socket)));
        fitting.min_by_key(|(fit, holder)| (*fit, holder.process.is_none()))
    });
    fitting.min_by_key(|(fit, _)| *fit >= DOUBTFUL)
}

/// The socket on a port that the command line, or the configuration, names, where the log names none: it may be that one.
fn of_arguments(facts: &StartFacts) -> Option<(u8, &Holder)> {
    let ports = facts.unnamed_ports();
    let holder = facts
        .sockets
        .iter()
        .find(|socket| ports.contains(&socket.port))?;
    Some((DOUBTFUL, holder))
}

/// Whether a holder that is there would have been seen.
fn was_looked_for(facts: &StartFacts) -> bool {
    facts.limits.iter().all(|limit| limit.what != "sockets")
}

/// Whether the holder was there already when the start failed. A socket has no birthday: that of
/// its process stands for it. Where that is not known, another may have been there.
fn held_then(holder: &Holder, facts: &StartFacts) -> bool {
    let failed_at = facts.attempt.as_ref().and_then(|attempt| attempt.failed_at);
    let times = holder.since.zip(failed_at);
    times.is_some_and(|(since, failed_at)| since <= failed_at)
}

fn fixes(holder: &Holder, facts: &StartFacts) -> Vec<Fix> {
    let change = change_port(holder.port);
    if holder.container.is_some() || holder.comm.as_deref() == Some("docker-proxy") {
        let find = format!("docker ps --filter publish={}", holder.port);
        let stop = Fix {
            what: FixKind::StopContainer { port: holder.port },
            commands: vec![find],
            risky: true,
        };
        return vec![stop, change];
    }
    // What a run before left behind no stop of the unit ends.
    let is_left_over = holder.unit.as_ref() == Some(facts.name());
    let of_other = holder
        .unit
        .as_ref()
        .filter(|unit| is_stoppable(unit) && !is_left_over);
    if let Some(unit) = of_other {
        let stop = format!("systemctl stop {}", commands::name(unit));
        let stop = Fix {
            what: FixKind::StopHolder { unit: unit.clone() },
            commands: commands::then_start(stop, facts),
            risky: true,
        };
        return match is_essential(unit) {
            true => vec![change, stop],
            false => vec![stop, change],
        };
    }
    match holder.process {
        Some(process) if process.pid > 1 => {
            let end = Fix {
                what: FixKind::EndProcess { pid: process.pid },
                commands: commands::then_start(format!("kill {}", process.pid), facts),
                risky: !is_left_over,
            };
            vec![end, change]
        }
        _ => vec![change],
    }
}

fn change_port(port: u16) -> Fix {
    Fix {
        what: FixKind::ChangePort { port },
        commands: vec![],
        risky: false,
    }
}

/// A login session, a user's manager or process 1 itself is more than the one who holds the port.
fn is_stoppable(unit: &UnitName) -> bool {
    let name = unit.as_str();
    let kinds = [".service", ".socket"];
    kinds.iter().any(|kind| name.ends_with(kind)) && !name.starts_with("user@")
}

fn is_essential(unit: &UnitName) -> bool {
    ESSENTIAL.contains(&unit.as_str()) || unit.as_str().starts_with("systemd-")
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};
    use crate::limitation::Limitation;

    fn facts(sockets: Vec<Holder>) -> StartFacts {
        let bind = "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)";
        let bind6 = "nginx: [emerg] bind() to [::]:80 failed (98: Address already in use)";
        let log = vec![line("nginx", bind), line("nginx", bind6)];
        let mut facts = failed("exit-code", exited(1), log);
        facts.sockets = sockets;
        facts
    }

    #[test]
    fn the_socket_that_is_in_the_way_names_the_culprit() {
        let mut late = apache("0.0.0.0:80", 80);
        late.since = Some(at(30));
        let mut unseen = apache("0.0.0.0:80", 80);
        (unseen.process, unseen.since) = (None, None);
        // (sockets, address of the culprit's, certainty)
        let cases = [
            (vec![], None, Certainty::Inferred),
            (vec![apache("0.0.0.0:81", 81)], None, Certainty::Inferred),
            (
                vec![apache("[::]:80", 80)],
                Some("[::]:80"),
                Certainty::Measured,
            ),
            (
                vec![apache("[::]:80", 80), apache("0.0.0.0:80", 80)],
                Some("0.0.0.0:80"),
                Certainty::Measured,
            ),
            // It came after the failure, so somebody else was there before it.
            (vec![late], Some("0.0.0.0:80"), Certainty::Inferred),
            // Nobody can say since when it has been there.
            (vec![unseen], Some("0.0.0.0:80"), Certainty::Inferred),
        ];
        for (sockets, address, certainty) in cases {
            let finding = check(&facts(sockets)).unwrap();
            let culprit = finding.culprit.as_ref().map(|culprit| match culprit {
                Culprit::Process(holder) => holder.address.as_str(),
                other => panic!("{other:?}"),
            });
            assert_eq!((culprit, finding.certainty), (address, certainty));
        }
    }

    #[test]
    fn a_socket_that_need_not_be_in_the_way_is_no_certain_culprit() {
        let bind = |address| format!("bind() to {address} failed (98: Address already in use)");
        // (address in the log, protocol and address of the socket, certainty)
        let cases = [
            ("[::]:80", "tcp", "[::]:80", Certainty::Measured),
            ("[::]:80", "tcp", "0.0.0.0:80", Certainty::Inferred),
            ("0.0.0.0:80", "tcp", "[::]:80", Certainty::Inferred),
            ("0.0.0.0:80", "udp", "0.0.0.0:80", Certainty::Inferred),
            ("udp 0.0.0.0:80", "udp", "0.0.0.0:80", Certainty::Measured),
        ];
        for (wanted, protocol, held, certainty) in cases {
            let mut socket = apache(held, 80);
            socket.protocol = protocol.into();
            let mut facts = facts(vec![socket]);
            facts.attempt.as_mut().unwrap().log = vec![line("nginx", &bind(wanted))];
            let finding = check(&facts).unwrap();
            assert!(finding.culprit.is_some());
            assert_eq!(finding.certainty, certainty, "{wanted} {protocol} {held}");
        }
    }

    #[test]
    fn a_port_of_another_line_is_no_certain_culprit() {
        // (a line before the failure, whether the socket on 80 is blamed)
        let cases = [
            ("connected to the database db, port 80", false),
            ("is another server running on port 80?", true),
        ];
        for (near, blamed) in cases {
            let mut facts = facts(vec![apache("0.0.0.0:80", 80)]);
            let failure = "cannot start server: bind: Address already in use";
            facts.attempt.as_mut().unwrap().log = vec![line("app", near), line("app", failure)];
            let finding = check(&facts).unwrap();
            assert_eq!(
                (finding.culprit.is_some(), finding.certainty),
                (blamed, Certainty::Inferred),
                "{near}"
            );
        }
    }

    #[test]
    fn a_port_that_only_the_command_line_names_is_no_certain_culprit() {
        let mut facts = facts(vec![apache("0.0.0.0:8000", 8000)]);
        let message = "OSError: [Errno 98] Address already in use";
        facts.attempt.as_mut().unwrap().log = vec![line("python3", message)];
        assert_eq!(check(&facts).unwrap().culprit, None);
        facts.unit.as_mut().unwrap().commands[0].argv = ["python3", "-m", "http.server", "8000"]
            .map(Into::into)
            .into();
        let finding = check(&facts).unwrap();
        assert!(finding.culprit.is_some());
        assert_eq!(finding.certainty, Certainty::Inferred);
    }

    #[test]
    fn a_traceback_shows_that_the_address_is_a_path() {
        let mut facts = facts(vec![]);
        facts.attempt.as_mut().unwrap().log = vec![
            line("python3", "Traceback (most recent call last):"),
            line("python3", "  File \"/opt/app.py\", line 3, in <module>"),
            line("python3", "    s.bind(\"/run/app.sock\")"),
            line("python3", "OSError: [Errno 98] Address already in use"),
        ];
        let verdict = crate::start_failure::diagnose(facts).verdict;
        assert_eq!(verdict.cause, StartCause::SocketPathInUse);
        assert_eq!(verdict.culprit, Some(Culprit::path("/run/app.sock")));
    }

    #[test]
    fn a_log_without_such_a_line_is_no_conflict() {
        let mut facts = facts(vec![apache("0.0.0.0:80", 80)]);
        facts.attempt.as_mut().unwrap().log = vec![line("nginx", "open() failed")];
        assert_eq!(check(&facts), None);
    }

    #[test]
    fn where_nobody_could_look_a_start_is_no_advice() {
        let mut facts = facts(vec![]);
        assert_eq!(check(&facts).unwrap().fixes[0].what, FixKind::ResetAndStart);
        facts.limits.push(Limitation {
            what: "sockets".into(),
            why: "the unit has a network namespace of its own".into(),
            count: 1,
        });
        assert_eq!(check(&facts).unwrap().fixes[0].what, FixKind::ReadLog);
    }

    /// Who holds the port: unit, program, and whether in a container.
    type Who = (Option<&'static str>, &'static str, bool);

    #[test]
    fn the_way_out_depends_on_who_holds_it() {
        let stop = ["systemctl stop apache2", "systemctl start nginx"];
        let kill = ["kill 2891", "systemctl start nginx"];
        let docker = ["docker ps --filter publish=80"];
        // (who holds it, commands of the first fix: none for the edit of the port)
        let cases: &[(Who, &[&str])] = &[
            ((Some("apache2"), "apache2", false), &stop),
            ((Some("session-3.scope"), "python3", false), &kill),
            ((Some("user@1000"), "python3", false), &kill),
            ((None, "python3", false), &kill),
            ((Some("ssh"), "sshd", false), &[]),
            ((Some("docker"), "docker-proxy", false), &docker),
            ((None, "java", true), &docker),
            ((Some("nginx"), "nginx", false), &kill),
        ];
        for ((named, comm, container), first) in cases {
            let mut holder = apache("0.0.0.0:80", 80);
            holder.unit = named.map(unit);
            holder.comm = Some((*comm).into());
            holder.container = container.then(|| "0123".into());
            let fixes = check(&facts(vec![holder])).unwrap().fixes;
            assert_eq!(fixes[0].commands, *first, "{named:?} {comm}");
            let change = FixKind::ChangePort { port: 80 };
            assert!(fixes.iter().any(|fix| fix.what == change));
        }
    }
}
