use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::identity::BootId;

#[test]
fn systemctl_is_read_as_it_reads_itself() {
    let restart = |units: &str| Some((Verb::Restart, units.to_owned()));
    let stop = |units: &str| Some((Verb::Stop, units.to_owned()));
    let cases = [
        ("systemctl restart nginx", restart("nginx.service")),
        (
            "/usr/bin/systemctl restart nginx.service",
            restart("nginx.service"),
        ),
        (
            "systemctl --quiet restart a b",
            restart("a.service b.service"),
        ),
        (
            "systemctl -q --no-block try-restart a",
            restart("a.service"),
        ),
        ("systemctl reload-or-restart a.socket", restart("a.socket")),
        ("systemctl condrestart a", restart("a.service")),
        (
            "systemctl restart a --job-mode replace b",
            restart("a.service b.service"),
        ),
        ("systemctl --job-mode=fail stop a", stop("a.service")),
        ("systemctl stop -- -.mount", stop("-.mount")),
        ("systemctl stop a x;y nginx* b", stop("a.service b.service")),
        ("systemctl -t service stop a", stop("a.service")),
        ("systemctl -tservice stop a", stop("a.service")),
        ("systemctl disable --now a", stop("a.service")),
        ("systemctl mask a --now", stop("a.service")),
        (
            "systemctl enable --now a",
            Some((Verb::Start, "a.service".into())),
        ),
        (
            "systemctl start php8.2-fpm",
            Some((Verb::Start, "php8.2-fpm.service".into())),
        ),
        (
            "systemctl reload a",
            Some((Verb::Reload, "a.service".into())),
        ),
        (
            "systemctl kill -s HUP a",
            Some((Verb::Kill, "a.service".into())),
        ),
        (
            "systemctl kill --kill-whom main -sHUP a",
            Some((Verb::Kill, "a.service".into())),
        ),
        ("systemctl enable a", None),
        ("systemctl status nginx", None),
        ("systemctl is-active stop", None),
        ("systemctl --user restart a", None),
        ("systemctl -H web1 restart a", None),
        ("systemctl -qMweb1 restart a", None),
        ("systemctl --machine=web1 restart a", None),
        ("systemctl --help restart a", None),
        ("systemctl isolate rescue.target", None),
        ("systemctl restart", None),
        ("systemctl restart nginx*", None),
        ("systemctl", None),
        ("journalctl restart a", None),
        ("", None),
    ];
    for (line, expected) in cases {
        let argv: Vec<_> = line.split(' ').collect();
        let found = systemctl_request(&argv).map(|(verb, units)| {
            let units: Vec<_> = units.iter().map(UnitName::as_str).collect();
            (verb, units.join(" "))
        });
        assert_eq!(found, expected, "{line}");
    }
    assert_eq!(systemctl_request(&[] as &[&str]), None);
}

#[test]
fn a_line_of_sudo_says_who_unless_it_was_refused_or_forged() {
    // (line, program, the user who is said to have asked)
    let ran = "     ann : PWD=/ ; USER=root ; COMMAND=/usr/bin/systemctl restart ok";
    let cases = [
        (ran, "/usr/bin/sudo", Some("ann")),
        (
            "ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/systemctl stop ok",
            "/usr/bin/sudo",
            Some("ann"),
        ),
        (ran, "/home/ann/sudo", None),
        (ran, "/tmp/usr/bin/sudo", None),
        (
            "ann : command not allowed ; PWD=/ ; USER=root ; COMMAND=/usr/bin/systemctl stop ok",
            "/usr/bin/sudo",
            None,
        ),
        (
            "ann : 3 incorrect password attempts ; USER=root ; COMMAND=/usr/bin/systemctl stop ok",
            "/usr/bin/sudo",
            None,
        ),
        (
            "ann : PWD=/x ; USER=root ; COMMAND=/usr/bin/systemctl stop ok ; USER=root ; COMMAND=/bin/id",
            "/usr/bin/sudo",
            None,
        ),
        (
            "ann : PWD=/ ; USER=www ; COMMAND=/usr/bin/systemctl stop ok",
            "/usr/bin/sudo",
            None,
        ),
        (
            "ann : PWD=/ ; USER=root ; COMMAND=/bin/ls",
            "/usr/bin/sudo",
            None,
        ),
        ("", "/usr/bin/sudo", None),
    ];
    for (message, program, user) in cases {
        let fields = [
            ("MESSAGE", message),
            ("_EXE", program),
            ("_COMM", "sudo"),
            ("_AUDIT_LOGINUID", "1001"),
        ];
        let found = request_of(&entry(&fields));
        let found = found.map(|(request, witness)| {
            assert_eq!(witness, Witness::Sudo);
            assert_eq!(request.actor.login_uid, Some(1001));
            request.actor.login_user.unwrap()
        });
        assert_eq!(found.as_deref(), user, "{message} by {program}");
    }
}

#[test]
fn where_nobody_logged_in_there_is_no_login() {
    let fields = [
        (
            "MESSAGE",
            "ann : USER=root ; COMMAND=/bin/systemctl stop ok",
        ),
        ("_COMM", "sudo"),
        ("_AUDIT_LOGINUID", "4294967295"),
    ];
    let (request, _) = request_of(&entry(&fields)).unwrap();
    assert_eq!(request.actor.login_uid, None);
}

#[test]
fn a_note_is_believed_only_if_root_sent_it() {
    let request = Request {
        verb: Verb::Restart,
        units: vec!["ok.service".parse().unwrap()],
        actor: actor("systemctl", &["bash"]),
        at: Timestamp::UNIX_EPOCH,
    };
    let payload = serde_json::to_string(&request).unwrap();
    let id = message_id::AIOPS_REQUEST.simple().to_string();
    let note = |uid: &'static str, payload: &str| {
        let fields = [
            ("MESSAGE_ID", id.as_str()),
            ("_UID", uid),
            ("AIOPS_REQUEST", payload),
        ];
        request_of(&entry(&fields))
    };
    assert_eq!(note("0", &payload), Some((request, Witness::Agent)));
    assert_eq!(note("1001", &payload), None);
    assert_eq!(note("0", "{\"verb\":\"dance\"}"), None);
}

#[test]
fn package_managers_are_known_by_their_names() {
    let cases: &[(&str, &[&str], bool)] = &[
        (
            "systemctl",
            &["ok.postinst", "dpkg", "apt-get", "bash"],
            true,
        ),
        ("/bin/systemctl", &["unattended-upgr"], true),
        ("unattended-upgrade", &[], true),
        ("systemctl", &["dpkg-reconfigure"], true),
        ("systemctl", &["bash", "sshd"], false),
        ("systemctl", &["aptly", "rpmsg", "yummy"], false),
        ("systemctl", &[], false),
    ];
    for (program, ancestors, expected) in cases {
        let found = is_package_manager(&actor(program, ancestors));
        assert_eq!(found, *expected, "{program} below {ancestors:?}");
    }
    // What is restarted does not make it an upgrade.
    let mut named = actor("systemctl", &["bash"]);
    named.command.extend(["restart".into(), "dpkg".into()]);
    assert!(!is_package_manager(&named));
}

fn actor(program: &str, ancestors: &[&str]) -> Actor {
    Actor {
        uid: 0,
        user: Some("root".into()),
        login_uid: None,
        login_user: None,
        command: vec![program.into()],
        ancestors: ancestors.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn entry(fields: &[(&str, &str)]) -> JournalEntry {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    JournalEntry {
        cursor: String::new(),
        at: Timestamp::UNIX_EPOCH,
        monotonic_us: 0,
        boot: BootId(Uuid::nil()),
        fields: fields.iter().map(own).collect::<BTreeMap<_, _>>(),
    }
}
