//! `aiops login` and `aiops logout`: a password once, then a token of one's own for 30 days.

mod authority;
mod password;

use std::{env, time::Duration};

use analysis::{
    people::{LinkLogin, Login as Credentials, MadeApiToken, Me, NewApiToken, NewPassword},
    text::time::moment,
};
use reqwest::Method;

use crate::{
    args::Login,
    config::Connection,
    context::Context,
    exit::{Exit, Failure},
    message::say,
    server::{Server, path_segment},
};

/// How long the token of a login works.
const TOKEN_LASTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub async fn log_in(context: &Context, asked: &Login) -> Result<Exit, Failure> {
    let url = asked.server.parse::<reqwest::Url>().ok();
    let Some(url) = url.filter(|url| url.scheme() == "https" && url.has_host()) else {
        let message = say("cli-login-https").with("server", asked.server.as_str());
        return Err(Failure::new(Exit::Usage, message));
    };
    // As browsers write it: the server compares it with the origin of a session.
    let address = &url.origin().ascii_serialization();
    let link = url.fragment().and_then(|part| part.strip_prefix("link="));
    if asked.set_password && link.is_none() {
        return Err(Failure::new(Exit::Usage, say("cli-set-password-link-only")));
    }
    // Read before anything is sent: a configuration that cannot be written later is told now.
    let mut contexts = context.place.contexts()?;
    let user = match link {
        Some(_) => None,
        None => Some(user(asked)?),
    };
    let ca = authority::fetch(address, asked.ca_pin.as_deref(), &context.printer).await?;
    let connection = Connection {
        server: address.clone(),
        ca: Some(ca),
        ca_file: None,
        user: None,
        token_name: None,
        token: String::new(),
    };
    let server = Server::new(connection.clone())?;
    // Before the link is used up: it works once.
    let new_password = match asked.set_password {
        true => Some(password::new(asked, address, &context.printer)?),
        false => None,
    };
    let (me, mut session): (Me, _) = match (link, user) {
        (Some(token), _) => {
            let link = LinkLogin {
                token: token.to_owned(),
            };
            server.log_in("/login/link", &link).await?
        }
        (None, name) => {
            let name = name.unwrap_or_default();
            let password = password::ask(asked, &name, address, &context.printer)?;
            let credentials = Credentials { name, password };
            server.log_in("/login", &credentials).await?
        }
    };
    let wanted = NewApiToken {
        name: token_name(
            &me.name,
            &context
                .printer
                .page()
                .now
                .format("%Y%m%d-%H%M%S")
                .to_string(),
        ),
        role: me.role,
        ttl_s: Some(TOKEN_LASTS.as_secs()),
    };
    let made: Result<MadeApiToken, _> = session.post("/api-tokens", &wanted).await;
    let mut unset = None;
    if let Some(new) = new_password {
        let new = NewPassword { old: None, new };
        match session.set_password(&new).await {
            Ok(renewed) => session = renewed,
            Err(failure) => unset = Some(failure),
        }
    }
    // The session is of no more use; if it cannot be ended it ends by itself.
    let _ = session.order(Method::POST, "/logout", None::<&()>).await;
    let made = made?;
    let name = asked
        .name
        .as_deref()
        .or(url.host_str())
        .unwrap_or("default");
    let connection = Connection {
        user: Some(me.name.clone()),
        token_name: Some(made.token.name),
        token: made.secret,
        ..connection
    };
    contexts.put(name, connection)?;
    let zone = context.printer.page().zone;
    let until = made.token.expires_at.map(|at| moment(at, zone));
    let logged_in = say("cli-logged-in")
        .with("server", address.as_str())
        .with("user", me.name)
        .with("role", me.role.name())
        .with("name", name)
        .with("until", until.unwrap_or_default());
    context.printer.note(&logged_in);
    unset.map_or(Ok(Exit::Fine), |failure| {
        let why = failure.message.text(context.printer.catalogue());
        let message = say("cli-password-not-set").with("why", why);
        Err(Failure::new(failure.exit, message))
    })
}

pub async fn log_out(context: &Context, name: Option<&str>) -> Result<Exit, Failure> {
    let mut contexts = context.place.contexts()?;
    let named = name.or(context.place.context.as_deref());
    let name = named.unwrap_or(contexts.current()).to_owned();
    let connection = contexts.connection(&name)?.clone();
    let address = connection.server.clone();
    let Some(token_name) = connection.token_name.clone() else {
        contexts.remove(&name)?;
        let left = say("cli-logged-out-hand-made").with("name", name);
        context.printer.note(&left);
        return Ok(Exit::Fine);
    };
    let path = format!("/api-tokens/{}", path_segment(&token_name));
    let removal = match Server::new(connection) {
        Ok(server) => server.order(Method::DELETE, &path, None::<&()>).await,
        Err(failure) => Err(failure),
    };
    // A server that is gone for good must not keep its context here.
    contexts.remove(&name)?;
    let Err(failure) = removal else {
        let done = say("cli-logged-out").with("name", name);
        context.printer.note(&done.with("server", address));
        return Ok(Exit::Fine);
    };
    let removed = say("cli-context-removed").with("name", name);
    context.printer.note(&removed);
    // A token that had ended already is what was wanted.
    if failure.exit == Exit::NotAllowed || failure.exit == Exit::NoSuchTarget {
        return Ok(Exit::Fine);
    }
    let why = failure.message.text(context.printer.catalogue());
    let message = say("cli-token-not-removed").with("why", why);
    Err(Failure::new(failure.exit, message))
}

fn user(asked: &Login) -> Result<String, Failure> {
    let name = asked.user.clone().or_else(|| env::var("USER").ok());
    name.filter(|name| !name.is_empty())
        .ok_or_else(|| Failure::new(Exit::Usage, say("cli-no-user")).hint(say("cli-no-user-hint")))
}

/// Says in the list of tokens whose it is and where it lies.
fn token_name(user: &str, at: &str) -> String {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    let host: String = host.chars().take(40).collect();
    let user: String = user.chars().take(30).collect();
    format!("cli-{user}-{host}-{at}")
}
