//! Causes and people, as text.

use super::{Catalogue, escape::one_line};
use crate::{
    cause::{Actor, Certainty, Stop, StopCause},
    dictionary,
};

/// The cause alone: "out of memory (limit of its cgroup)".
pub fn cause(cause: StopCause, catalogue: &Catalogue) -> String {
    catalogue.say(&format!("cause-{}", cause.name()))
}

pub fn certainty(certainty: Certainty, catalogue: &Catalogue) -> String {
    catalogue.say(&format!("certainty-{}", certainty.name()))
}

/// Cause, exit status, who, and how sure: one line.
pub fn line(stop: &Stop, catalogue: &Catalogue) -> String {
    let exit = stop.exit.map(dictionary::short).unwrap_or_default();
    // `exit 1` says that it was an exit code.
    let is_said = stop.cause == StopCause::ExitCode && !exit.is_empty();
    let (cause, mut detail) = match (is_said, exit.is_empty()) {
        (true, _) => (exit, String::new()),
        (false, true) => (cause(stop.cause, catalogue), String::new()),
        (false, false) => (cause(stop.cause, catalogue), format!(" {exit}")),
    };
    if let Some(somebody) = &stop.actor {
        detail.push_str(&catalogue.say("mark-comma"));
        detail.push_str(&actor(somebody, catalogue));
    }
    let parameters = [
        ("cause", cause.into()),
        ("detail", detail.into()),
        ("certainty", certainty(stop.certainty, catalogue).into()),
    ];
    catalogue.say_with("stop-line", &parameters)
}

/// A person and what they typed: "root (logged in as ana) with `systemctl restart nginx`".
pub fn actor(actor: &Actor, catalogue: &Catalogue) -> String {
    let name = |user: &Option<String>, uid: u32| {
        user.as_deref()
            .map_or_else(|| format!("uid {uid}"), |user| one_line(user).into_owned())
    };
    let user = name(&actor.user, actor.uid);
    let login = actor.login_uid.filter(|uid| *uid != actor.uid);
    let who = match login {
        None => catalogue.say_with("actor-user", &[("user", user.into())]),
        Some(uid) => {
            let login = name(&actor.login_user, uid);
            let parameters = [("user", user.into()), ("login", login.into())];
            catalogue.say_with("actor-user-login", &parameters)
        }
    };
    if actor.command.is_empty() {
        return who;
    }
    let command = one_line(&actor.command.join(" ")).into_owned();
    catalogue.say_with(
        "actor-command",
        &[("who", who.into()), ("command", command.into())],
    )
}
