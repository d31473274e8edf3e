//! What the server refused: an exit code, and words in the reader's language.

use analysis::fleet::Problem;
use reqwest::{Response, StatusCode};

use crate::{
    exit::{Exit, Failure},
    message::{Message, say},
};

/// What problems mean, by their kind. Kinds of a newer server are told in its own words alone.
const MEANINGS: &[(&str, &str)] = &[
    ("account-not-found", "cli-problem-account-not-found"),
    ("bad-body", "cli-problem-bad-request"),
    ("bad-parameter", "cli-problem-bad-request"),
    ("busy", "cli-problem-busy"),
    ("conflict", "cli-problem-conflict"),
    ("database-unavailable", "cli-problem-database-unavailable"),
    ("host-ambiguous", "cli-problem-host-ambiguous"),
    ("host-not-found", "cli-problem-host-not-found"),
    ("inquiry-not-found", "cli-problem-inquiry-not-found"),
    ("internal", "cli-problem-internal"),
    ("no-hosts", "cli-problem-no-hosts"),
    ("not-allowed", "cli-problem-not-allowed"),
    ("orders-unavailable", "cli-problem-orders-unavailable"),
    ("too-many-attempts", "cli-problem-too-many-attempts"),
    ("too-many-followers", "cli-problem-busy"),
    ("too-many-orders", "cli-problem-busy"),
    ("wrong-login", "cli-problem-wrong-login"),
];

/// Reads why the server refused.
pub async fn refusal(response: Response) -> Failure {
    let status = response.status();
    let server = response.url().origin().ascii_serialization();
    refused(&server, status, response.json::<Problem>().await.ok())
}

/// The exit code for a status.
pub fn exit_of(status: StatusCode) -> Exit {
    match status {
        status if status.is_success() => Exit::Fine,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
            Exit::NotAllowed
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => Exit::NoSuchTarget,
        StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT
        | StatusCode::REQUEST_TIMEOUT => Exit::Unreachable,
        // A name that is taken or means two hosts, a value that is no value.
        status if status.is_client_error() => Exit::Usage,
        _ => Exit::Broken,
    }
}

fn refused(server: &str, status: StatusCode, problem: Option<Problem>) -> Failure {
    let exit = exit_of(status);
    let Some(problem) = problem else {
        let message = say("cli-status").with("status", status.to_string());
        return Failure::new(exit, message);
    };
    if problem.kind == "unauthorized" {
        // The usual end of a login. The server's own hint is for programs.
        let message = say("cli-problem-unauthorized").with("server", server);
        return Failure::new(exit, message).hint(say("cli-login-again").with("server", server));
    }
    let words = problem.detail.unwrap_or(problem.title);
    let meaning = MEANINGS.iter().find(|(kind, _)| *kind == problem.kind);
    let message = match meaning {
        Some((_, id)) => say(id).with("detail", words),
        None => words.into(),
    };
    Failure {
        hint: problem.hint.map(Message::from),
        ..Failure::new(exit, message)
    }
}

#[cfg(test)]
mod tests {
    use analysis::text::{Catalogue, Language};

    use super::*;

    fn problem(kind: &str, detail: &str) -> Option<Problem> {
        Some(Problem {
            kind: kind.into(),
            title: "Title".into(),
            status: 404,
            detail: Some(detail.into()),
            hint: Some("did you mean `db-03`?".into()),
        })
    }

    #[test]
    fn a_refusal_says_in_both_languages_what_the_server_says_in_its_own() {
        let found = problem("host-not-found", "there is no host `db-3`");
        let failure = refused("https://a:1", StatusCode::NOT_FOUND, found);
        assert_eq!(failure.exit, Exit::NoSuchTarget);
        assert_eq!(failure.to_string(), "there is no host `db-3`");
        assert_eq!(failure.hint, Some("did you mean `db-03`?".into()));
        let chinese = failure.message.text(&Catalogue::of(Language::Chinese));
        assert_eq!(chinese, "没有这台主机：there is no host `db-3`");
        let newer = refused("", StatusCode::NOT_FOUND, problem("newer", "no such moon"));
        assert_eq!(newer.to_string(), "no such moon");
    }

    #[test]
    fn a_login_that_ended_is_begun_again_by_a_person() {
        let ended = problem("unauthorized", "this needs a login");
        let failure = refused("https://a:1", StatusCode::UNAUTHORIZED, ended);
        assert_eq!(failure.exit, Exit::NotAllowed);
        let hint = failure.hint.unwrap().to_string();
        assert!(hint.contains("aiops login https://a:1"), "{hint}");
    }

    #[test]
    fn every_status_has_its_exit_code() {
        for (status, exit) in [
            (204, Exit::Fine),
            (400, Exit::Usage),
            (401, Exit::NotAllowed),
            (403, Exit::NotAllowed),
            (404, Exit::NoSuchTarget),
            (405, Exit::Usage),
            (409, Exit::Usage),
            (429, Exit::NotAllowed),
            (500, Exit::Broken),
            (503, Exit::Unreachable),
            (504, Exit::Unreachable),
            (302, Exit::Broken),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refused("", status, None).exit, exit, "{status}");
        }
    }
}
