//! `aiops account` and `aiops token`: who may ask the server.

use analysis::{
    people::{
        Account, AccountChange, AccountList, ApiToken, ApiTokenList, LoginLink, MadeApiToken,
        NewAccount, NewApiToken,
    },
    text::{
        fleet::Page,
        table::{Cell, Table},
        time::{ago, moment},
    },
};
use reqwest::Method;
use serde_json::json;

use crate::{
    args::{AccountCommand, TokenCommand},
    context::Context,
    exit::{Exit, Failure},
    message::say,
    server::{Server, path_segment},
};

pub async fn accounts(context: &Context, command: &AccountCommand) -> Result<Exit, Failure> {
    let server = context.server()?;
    match command {
        AccountCommand::List => {
            let list: AccountList = server.get("/accounts", &[]).await?;
            context
                .printer
                .report(&list, |page| account_table(&list.accounts, page))?;
        }
        AccountCommand::Create { name, role } => {
            let new = NewAccount {
                name: name.clone(),
                role: *role,
            };
            let link: LoginLink = server.post("/accounts", &new).await?;
            print_link(context, &server, &link)?;
        }
        AccountCommand::Link { name } => {
            let path = format!("/accounts/{}/login-link", path_segment(name));
            let link: LoginLink = server.post(&path, &json!({})).await?;
            print_link(context, &server, &link)?;
        }
        AccountCommand::Disable { name } => {
            let change = AccountChange {
                disabled: Some(true),
                ..AccountChange::default()
            };
            update(context, &server, name, change).await?;
        }
        AccountCommand::Enable { name } => {
            let change = AccountChange {
                disabled: Some(false),
                ..AccountChange::default()
            };
            update(context, &server, name, change).await?;
        }
        AccountCommand::SetRole { name, role } => {
            let change = AccountChange {
                role: Some(*role),
                ..AccountChange::default()
            };
            update(context, &server, name, change).await?;
        }
    }
    Ok(Exit::Fine)
}

async fn update(
    context: &Context,
    server: &Server,
    name: &str,
    change: AccountChange,
) -> Result<(), Failure> {
    let path = format!("/accounts/{}", path_segment(name));
    let account: Account = server.patch(&path, &change).await?;
    context.printer.report(&account, |page| {
        let id = match account.disabled_at {
            Some(_) => "cli-account-changed-disabled",
            None => "cli-account-changed",
        };
        let changed = say(id).with("name", account.name.as_str());
        changed
            .with("role", account.role.name())
            .text(page.catalogue)
            + "\n"
    })
}

fn print_link(context: &Context, server: &Server, link: &LoginLink) -> Result<(), Failure> {
    // The address alone, so that it can be piped to where it is to go.
    let address = format!("{}{}", server.address(), link.path);
    context.printer.report(link, |_| address + "\n")?;
    let until = moment(link.expires_at, context.printer.page().zone);
    let valid = say("cli-link-valid").with("name", link.account.name.as_str());
    context.printer.hint(&valid.with("until", until));
    Ok(())
}

fn account_table(accounts: &[Account], page: &Page<'_>) -> String {
    let head = |column| page.catalogue.say(&format!("cli-account-heading-{column}"));
    let mut table = Table::with_headings(["name", "role", "login", "since"].map(head));
    for account in accounts {
        let login = match (account.disabled_at, account.has_password) {
            (Some(at), _) => {
                say("cli-account-disabled").with("when", ago(at, page.now, page.catalogue))
            }
            (None, true) => say("cli-account-password"),
            (None, false) => say("cli-account-link"),
        };
        table.row([
            Cell::from(account.name.as_str()),
            Cell::from(account.role.name()),
            Cell::from(login.text(page.catalogue)),
            Cell::from(ago(account.created_at, page.now, page.catalogue)),
        ]);
    }
    table.render(page.width, page.style)
}

pub async fn tokens(context: &Context, command: &TokenCommand) -> Result<Exit, Failure> {
    let server = context.server()?;
    match command {
        TokenCommand::List => {
            let list: ApiTokenList = server.get("/api-tokens", &[]).await?;
            context
                .printer
                .report(&list, |page| token_table(&list.tokens, page))?;
        }
        TokenCommand::Create { name, role, ttl } => {
            let new = NewApiToken {
                name: name.clone(),
                role: *role,
                ttl_s: ttl.map(|ttl| ttl.as_duration().as_secs()),
            };
            let made: MadeApiToken = server.post("/api-tokens", &new).await?;
            context
                .printer
                .report(&made, |_| made.secret.clone() + "\n")?;
            let shown = match made.token.expires_at {
                Some(at) => {
                    let until = moment(at, context.printer.page().zone);
                    say("cli-token-shown-once").with("until", until)
                }
                None => say("cli-token-shown-once-endless"),
            };
            context
                .printer
                .hint(&shown.with("role", made.token.role.name()));
        }
        TokenCommand::Remove { name } => {
            let path = format!("/api-tokens/{}", path_segment(name));
            server.order(Method::DELETE, &path, None::<&()>).await?;
            let removed = say("cli-token-removed").with("name", name.as_str());
            context.printer.note(&removed);
        }
    }
    Ok(Exit::Fine)
}

fn token_table(tokens: &[ApiToken], page: &Page<'_>) -> String {
    if tokens.is_empty() {
        return page.catalogue.say("cli-token-none") + "\n";
    }
    let head = |column| page.catalogue.say(&format!("cli-token-heading-{column}"));
    let columns = ["name", "role", "account", "expires", "used"];
    let mut table = Table::with_headings(columns.map(head));
    for token in tokens {
        let when = |at: Option<_>, none: &str| match at {
            Some(at) => ago(at, page.now, page.catalogue),
            None => page.catalogue.say(none),
        };
        table.row([
            Cell::from(token.name.as_str()),
            Cell::from(token.role.name()),
            Cell::from(token.account.as_deref().unwrap_or("-")),
            Cell::from(when(token.expires_at, "cli-token-no-end")),
            Cell::from(when(token.last_used_at, "cli-token-unused")),
        ]);
    }
    table.render(page.width, page.style)
}
