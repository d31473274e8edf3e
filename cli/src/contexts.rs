//! `aiops context`: the servers that are known.

use analysis::text::table::{Cell, Table};
use serde::Serialize;

use crate::{
    args::ContextCommand,
    config::Connection,
    context::Context,
    exit::{Exit, Failure},
    message::say,
};

/// A context as it may be seen: without its token.
#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    current: bool,
    server: &'a str,
    user: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(name: &'a str, connection: &'a Connection, current: &str) -> Self {
        Self {
            name,
            current: name == current,
            server: &connection.server,
            user: connection.user.as_deref(),
        }
    }
}

pub fn run(context: &Context, command: &ContextCommand) -> Result<Exit, Failure> {
    let mut contexts = context.place.contexts()?;
    let named = context.place.context.as_deref();
    let current = named.unwrap_or(contexts.current()).to_owned();
    match command {
        ContextCommand::List => {
            let all = contexts.iter();
            let all: Vec<_> = all
                .map(|(name, one)| Shown::of(name, one, &current))
                .collect();
            print(context, &all, &all)?;
        }
        ContextCommand::Show { name } => {
            let name = name.as_deref().unwrap_or(&current);
            let shown = Shown::of(name, contexts.connection(name)?, &current);
            print(context, &shown, std::slice::from_ref(&shown))?;
        }
        ContextCommand::Use { name } => {
            contexts.choose(name)?;
            let server = contexts.connection(name)?.server.as_str();
            let used = say("cli-context-used").with("name", name.as_str());
            context.printer.note(&used.with("server", server));
        }
        ContextCommand::Remove { name } => {
            contexts.remove(name)?;
            let removed = say("cli-context-removed").with("name", name.as_str());
            context.printer.note(&removed);
            context.printer.hint(&say("cli-context-token-stays"));
        }
    }
    Ok(Exit::Fine)
}

fn print(context: &Context, report: &impl Serialize, rows: &[Shown<'_>]) -> Result<(), Failure> {
    context.printer.report(report, |page| {
        let head = |column| page.catalogue.say(&format!("cli-context-heading-{column}"));
        if rows.is_empty() {
            return page.catalogue.say("cli-context-none") + "\n";
        }
        let mut table = Table::with_headings(["current", "name", "server", "user"].map(head));
        for row in rows {
            table.row([
                Cell::from(if row.current { "*" } else { "" }),
                Cell::from(row.name),
                Cell::from(row.server),
                Cell::from(row.user.unwrap_or("-")),
            ]);
        }
        table.render(page.width, page.style)
    })
}
