//! The line that `sudo` writes before it runs a command.

use super::{Request, systemctl_request};
use crate::{cause::Actor, journal::JournalEntry};

/// Where distributions install it. A program of that name elsewhere may be anybody's.
const PROGRAMS: [&str; 4] = [
    "/usr/bin/sudo",
    "/bin/sudo",
    "/usr/sbin/sudo",
    "/usr/local/bin/sudo",
];

/// What the kernel gives as login uid where nobody logged in.
const NO_LOGIN: u32 = u32::MAX;

pub(super) fn request_of(entry: &JournalEntry) -> Option<Request> {
    let is_sudo = match entry.field("_EXE") {
        Some(program) => PROGRAMS.contains(&program),
        None => entry.field("_COMM") == Some("sudo"),
    };
    if !is_sudo {
        return None;
    }
    let line = Line::parse(entry.message())?;
    // As another user, systemctl must ask polkit: whether it may is not in this line.
    if line.target != "root" {
        return None;
    }
    let command: Vec<String> = line.command.split_whitespace().map(str::to_owned).collect();
    let (verb, units) = systemctl_request(&command)?;
    let login_uid = entry
        .number("_AUDIT_LOGINUID")
        .filter(|uid| *uid != NO_LOGIN);
    let actor = Actor {
        uid: 0,
        user: Some("root".to_owned()),
        login_uid,
        login_user: Some(line.user.to_owned()),
        command,
        ancestors: vec!["sudo".to_owned()],
    };
    Some(Request {
        verb,
        units,
        actor,
        at: entry.at,
    })
}

/// `     ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/systemctl restart ok`
struct Line<'a> {
    user: &'a str,
    target: &'a str,
    command: &'a str,
}

impl<'a> Line<'a> {
    fn parse(message: &'a str) -> Option<Self> {
        let (user, rest) = message.trim_start().split_once(" : ")?;
        // A directory can be named so that it looks like a second command: believe neither.
        if rest.matches("COMMAND=").count() != 1 {
            return None;
        }
        let (settings, command) = rest.split_once("COMMAND=")?;
        let mut target = None;
        for setting in settings.split(" ; ").filter(|setting| !setting.is_empty()) {
            // `command not allowed`, `3 incorrect password attempts`: it did not run.
            let (name, value) = setting.split_once('=')?;
            if !name.chars().all(|c| c.is_ascii_uppercase()) {
                return None;
            }
            if name == "USER" {
                target = Some(value.trim_end_matches([' ', ';']));
            }
        }
        Some(Self {
            user,
            target: target?,
            command,
        })
    }
}
