//! `aiops audit`: who did what, and whether the record of it is whole.

use analysis::{
    audit::{AuditPage, Broken, Entry, Verifier},
    text,
};
use serde::Serialize;

use crate::{
    args::AuditCommand,
    context::Context,
    exit::{Exit, Failure},
    message::{Message, say},
    server::Server,
};

/// Entries of one request.
const PAGE: u32 = 1000;

pub async fn run(context: &Context, command: &AuditCommand) -> Result<Exit, Failure> {
    let server = context.server()?;
    match command {
        AuditCommand::List { since } => {
            let from = since.map(|since| context.printer.page().now - since.as_delta());
            let is_wanted = |entry: &Entry| from.is_none_or(|from| entry.at >= from);
            each(&server, |entry| {
                if is_wanted(&entry) {
                    context
                        .printer
                        .item(&entry, |page| text::audit::line(&entry, page))?;
                }
                Ok(())
            })
            .await?;
            Ok(Exit::Fine)
        }
        AuditCommand::Verify => verify(context, &server).await,
    }
}

/// What was found of a whole chain.
#[derive(Serialize)]
struct Whole<'a> {
    entries: i64,
    head: &'a str,
}

async fn verify(context: &Context, server: &Server) -> Result<Exit, Failure> {
    let mut verifier = Verifier::default();
    each(server, |entry| verifier.next(&entry).map_err(broken)).await?;
    let (entries, head) = verifier.head();
    context.printer.report(&Whole { entries, head }, |page| {
        let whole = say("cli-audit-whole").with("entries", entries);
        whole.with("hash", head).text(page.catalogue) + "\n"
    })?;
    context.printer.hint(&say("cli-audit-remember"));
    Ok(Exit::Fine)
}

fn broken(broken: Broken) -> Failure {
    let message: Message = match broken {
        Broken::Missing { expected, found } => say("cli-audit-broken-missing")
            .with("expected", expected)
            .with("found", found),
        Broken::NotContinued(entry) => say("cli-audit-broken-not-continued").with("entry", entry),
        Broken::Changed(entry) => say("cli-audit-broken-changed").with("entry", entry),
    };
    Failure::new(Exit::ProblemFound, say("cli-audit-broken"))
        .detailed(message)
        .hint(say("cli-audit-broken-hint"))
}

/// Goes through all entries, the oldest first.
async fn each(
    server: &Server,
    mut take: impl FnMut(Entry) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let query = [("after", after.to_string()), ("limit", PAGE.to_string())];
        let page: AuditPage = server.get("/audit", &query).await?;
        page.entries.into_iter().try_for_each(&mut take)?;
        match page.next {
            // A server that does not move on would be asked for ever.
            Some(next) if next > after => after = next,
            _ => return Ok(()),
        }
    }
}
