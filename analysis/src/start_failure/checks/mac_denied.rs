//! A security module said no: AppArmor or SELinux, by a line of the kernel.

use std::sync::LazyLock;

use regex::Regex;

use super::*;
use crate::start_failure::says::why;

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if !facts.fails() {
        return None;
    }
    let mut denied = facts
        .kernel
        .iter()
        .filter_map(|line| Some((line, denied(&line.message)?)));
    let (line, denied) = denied.find(|(_, denied)| facts.is_of_unit(denied.pid, &denied.comm))?;
    if is_beside_the_point(&denied, facts) {
        return None;
    }
    Some(Finding {
        cause: StartCause::MacDenied,
        // That it was denied is certain. Whether the program could have done without, only it knows.
        certainty: Certainty::Inferred,
        culprit: denied.path.map(Culprit::path),
        evidence: vec![said(line)],
        fixes: vec![Fix {
            what: FixKind::ReadLog,
            commands: vec![denied.look.to_owned()],
            risky: false,
        }],
    })
}

/// Whether the program gives a reason that is none of a denial: many programs are denied something
/// at each start, and do without.
fn is_beside_the_point(denied: &Denied, facts: &StartFacts) -> bool {
    let log = facts.said();
    let Some((line, says)) = why(&log) else {
        return false;
    };
    let names_it = denied
        .path
        .as_ref()
        .is_some_and(|path| line.message.contains(path.as_str()));
    let is_denial = matches!(
        says.cause,
        StartCause::PermissionDenied
            | StartCause::PrivilegedPort
            | StartCause::CapabilityMissing
            | StartCause::SandboxDenied
            | StartCause::FileMissing
            | StartCause::ConfigMissing
            | StartCause::DirectoryMissing
            | StartCause::CertificateInvalid
    );
    !names_it && !is_denial
}

struct Denied {
    pid: Option<u32>,
    comm: String,
    path: Option<String>,
    look: &'static str,
}

static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b(?<name>pid|comm|name|path)=(?:"(?<text>[^"]*)"|(?<number>\d+))"#)
        .expect("it is a regular expression")
});

/// `apparmor="DENIED" operation="open" profile="..." name="/x" pid=7 comm="mysqld"`, or
/// `avc:  denied  { read } for  pid=7 comm="nginx" path="/x"`.
fn denied(message: &str) -> Option<Denied> {
    let look = match () {
        () if message.contains(r#"apparmor="DENIED""#) => "aa-status",
        () if message.contains("avc:") && message.contains("denied") => {
            "ausearch -m avc -ts recent"
        }
        () => return None,
    };
    let mut found = Denied {
        pid: None,
        comm: String::new(),
        path: None,
        look,
    };
    for field in FIELD.captures_iter(message) {
        let text = field.name("text").map_or("", |text| text.as_str());
        match &field["name"] {
            "pid" => {
                found.pid = field
                    .name("number")
                    .and_then(|pid| pid.as_str().parse().ok())
            }
            "comm" => text.clone_into(&mut found.comm),
            // SELinux has the last part of the path as `name`.
            _ if text.starts_with('/') => found.path = Some(text.to_owned()),
            _ => {}
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn only_what_was_denied_to_the_unit_counts() {
        let apparmor = r#"audit: type=1400 audit(1700000000.1:5): apparmor="DENIED" operation="open" class="file" profile="/usr/sbin/nginx" name="/srv/x" pid=700 comm="nginx" requested_mask="r""#;
        let selinux = r#"audit: type=1400 audit(1.2:3): avc:  denied  { read } for  pid=9 comm="nginx" path="/srv/y" dev="sda1" scontext=a tcontext=b"#;
        let other = r#"apparmor="DENIED" name="/srv/z" pid=12 comm="cupsd""#;
        // (line of the kernel, path)
        for (message, path) in [
            (apparmor, Some("/srv/x")),
            (selinux, Some("/srv/y")),
            (other, None),
        ] {
            let mut facts = failed(
                "exit-code",
                exited(1),
                vec![line("nginx", "Permission denied")],
            );
            facts.kernel = vec![line("kernel", message)];
            let culprit = check(&facts).and_then(|finding| finding.culprit);
            assert_eq!(culprit, path.map(Culprit::path), "{message}");
        }
    }

    #[test]
    fn what_is_denied_at_each_start_is_not_the_reason() {
        let status =
            r#"apparmor="DENIED" operation="open" name="/proc/9/status" pid=700 comm="nginx""#;
        // (what the program says, whether the denial counts)
        let cases = [
            ("open() \"/srv/x\" failed (13: Permission denied)", true),
            ("something is wrong", true),
            ("unknown variable: /proc/9/status", true),
            (
                "unknown directive \"lisen\" in /etc/nginx/nginx.conf:3",
                false,
            ),
            (
                "bind() to 10.0.0.5:80 failed (99: Cannot assign requested address)",
                false,
            ),
        ];
        for (message, counts) in cases {
            let log = vec![line("nginx", message)];
            let mut facts = failed("exit-code", exited(1), log);
            facts.kernel = vec![line("kernel", status)];
            assert_eq!(check(&facts).is_some(), counts, "{message}");
        }
    }
}
