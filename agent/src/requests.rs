//! Remembers who asked systemd for what.
//!
//! systemd does not write it down. When the process source sees `systemctl` run, we write a note
//! into the host's own journal: it stays there, is read again by cursor like every other entry,
//! and tells also the local command, with no server at all.

use std::io;

use analysis::{
    cause::Actor,
    journal::message_id,
    request::{Request, systemctl_request},
};
use collect::{CollectError, host::Host, journal};
use tracing::{debug, warn};

use crate::{process::ExecSeen, uplink::whole};

/// The identifier of our notes in the journal.
const IDENTIFIER: &str = "aiops-agent";

/// Writes a note if `seen` asks systemd to do something to a unit.
pub fn note(seen: ExecSeen) {
    // Names may change, and this is rare: no cache that outlives the note.
    let mut users = Host::at("/").users();
    let name = |uid| users.name(uid).map(str::to_owned);
    let Some(request) = request(seen, name) else {
        return;
    };
    let json = serde_json::to_string(&request).expect("names and numbers are JSON");
    let id = message_id::AIOPS_REQUEST.simple().to_string();
    let fields = [
        ("MESSAGE", message(&request)),
        ("MESSAGE_ID", id),
        ("PRIORITY", "6".to_owned()),
        ("SYSLOG_IDENTIFIER", IDENTIFIER.to_owned()),
        ("AIOPS_REQUEST", json),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    match journal::send(&fields) {
        Ok(()) => {}
        Err(CollectError::Read { source, .. }) if is_absent(&source) => {
            debug!("there is no journald to take the note");
        }
        Err(error) => warn!("a request is not in the journal: {}", whole(&error)),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

/// For people who read the journal.
fn message(request: &Request) -> String {
    let units: Vec<&str> = request.units.iter().map(|unit| unit.as_str()).collect();
    let actor = &request.actor;
    let who = actor.login_user.as_ref().or(actor.user.as_ref());
    let who = who.cloned().unwrap_or_else(|| format!("uid {}", actor.uid));
    format!(
        "{who} asked systemd to {} {}",
        request.verb.name(),
        units.join(" ")
    )
}

fn request(seen: ExecSeen, mut user_name: impl FnMut(u32) -> Option<String>) -> Option<Request> {
    let (verb, units) = systemctl_request(&seen.event.argv)?;
    // Whoever it was: a note says who, and is believed.
    let uid = seen.event.uid?;
    let actor = Actor {
        uid,
        user: user_name(uid),
        login_uid: seen.event.login_uid,
        login_user: seen.event.login_uid.and_then(&mut user_name),
        command: seen.event.argv,
        ancestors: seen.ancestors,
    };
    Some(Request {
        verb,
        units,
        actor,
        at: seen.at,
    })
}

#[cfg(test)]
mod tests {
    use analysis::{
        event::{Placement, ProcessExecuted, Verb},
        process::ProcessId,
    };

    use super::*;

    fn seen(argv: &[&str]) -> ExecSeen {
        ExecSeen {
            event: ProcessExecuted {
                process: ProcessId {
                    pid: 7,
                    start_ns: 1,
                },
                parent_pid: 6,
                uid: Some(0),
                login_uid: Some(1001),
                session: Some(3),
                comm: "systemctl".into(),
                argv: argv.iter().map(|word| (*word).to_owned()).collect(),
                argv_truncated: false,
                placement: Placement::default(),
            },
            at: chrono::DateTime::UNIX_EPOCH,
            ancestors: vec!["sudo".into(), "bash".into()],
        }
    }

    #[test]
    fn a_restart_by_a_person_is_noted_with_both_names() {
        let name = |uid| Some(if uid == 0 { "root" } else { "ann" }.to_owned());
        let request = request(seen(&["systemctl", "restart", "nginx"]), name).unwrap();
        assert_eq!(request.verb, Verb::Restart);
        assert_eq!(request.actor.user.as_deref(), Some("root"));
        assert_eq!(
            message(&request),
            "ann asked systemd to restart nginx.service"
        );
    }

    #[test]
    fn a_question_is_no_request() {
        let asked = request(seen(&["systemctl", "status", "nginx"]), |_| None);
        assert_eq!(asked, None);
    }
}
