//! What to do with a fleet that is up.

use std::path::Path;

use super::Places;
use super::config::Addresses;
use crate::workspace;

/// The text that `up` ends its start with.
pub fn text(places: &Places, addresses: &Addresses, login_link: &str, hosts: usize) -> String {
    let state = places
        .state
        .strip_prefix(workspace::root())
        .unwrap_or(&places.state);
    let machines = match hosts {
        0 => "an agent of this machine".to_owned(),
        1 => "an agent of this machine, and a host h1 with services that fail".to_owned(),
        _ => format!("an agent of this machine, and hosts h1 to h{hosts} with services that fail"),
    };
    let mut text = format!(
        "\nUp: {machines}. Ctrl-C ends it all.\n\n\
         The page: {}, with a certificate of its own authority ({}).\n\
         This link logs in once, within 15 minutes:\n  {login_link}\n\nTry:\n\n",
        addresses.url(),
        state.join("ca.pem").display(),
    );
    for (command, about) in suggestions(state, hosts > 0) {
        text += &format!("  {command:62} # {about}\n");
    }
    text
}

fn suggestions(state: &Path, with_hosts: bool) -> Vec<(String, &'static str)> {
    let state = state.display();
    let mut suggestions = vec![
        (format!("{state}/aiops host list"), "the hosts"),
        (
            format!("{state}/aiops events --follow"),
            "what happens, as it happens",
        ),
    ];
    if with_hosts {
        suggestions.extend([
            (
                format!("{state}/on h1 systemctl kill -s SEGV demo-web"),
                "crash a service, and look",
            ),
            (
                format!("{state}/on h1 systemctl restart demo-web"),
                "restart it",
            ),
            (
                format!("{state}/aiops --host h1 analyze restarts demo-web --period 1d"),
                "and tell the two apart",
            ),
            (
                format!("{state}/aiops --host h1 diagnose start-failure nginx"),
                "why a service does not start",
            ),
            (
                format!("{state}/aiops --host h1,h2,h3 analyze ptree"),
                "what runs, on several hosts",
            ),
            (
                format!("{state}/on h1 aiops diagnose start-failure nginx"),
                "the same there, with no server",
            ),
        ]);
    } else {
        suggestions.push((
            "cargo xtask up --hosts 3".to_owned(),
            "the same with real hosts to play with",
        ));
    }
    suggestions
}
