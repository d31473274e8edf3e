//! Accounts, made and mended on the server's machine: the first administrator is nobody's guest.

use analysis::people::Role;
use chrono::Utc;
use clap::Subcommand;
use server::Database;
use server::config::Config;
use server::db::accounts as table;
use server::people::accounts::{self, Change, Link};

use super::Common;
use super::administer::ACTOR;

#[derive(Subcommand)]
pub enum AccountCommand {
    /// Make an account and print the link of its first login
    Create {
        #[command(flatten)]
        common: Common,
        name: String,
        /// viewer, operator or admin
        #[arg(long)]
        role: Role,
    },
    /// List the accounts as JSON
    List(Common),
    /// Keep somebody out; logins end and API tokens stop
    Disable(Named),
    /// Let somebody in again
    Enable(Named),
    /// Change what somebody may do; logins end
    SetRole {
        #[command(flatten)]
        common: Common,
        name: String,
        /// viewer, operator or admin
        #[arg(long)]
        role: Role,
    },
    /// Print a link that logs in once, for who has no password or forgot it
    LoginLink(Named),
}

#[derive(clap::Args)]
pub struct Named {
    #[command(flatten)]
    common: Common,
    name: String,
}

pub async fn run(command: AccountCommand) -> anyhow::Result<()> {
    match command {
        AccountCommand::Create { common, name, role } => create(common.load()?, &name, role).await,
        AccountCommand::List(common) => list(common.load()?).await,
        AccountCommand::Disable(named) => disable(named, true).await,
        AccountCommand::Enable(named) => disable(named, false).await,
        AccountCommand::SetRole { common, name, role } => {
            let role = Some(role);
            let change = Change {
                role,
                disabled: None,
            };
            change_account(common.load()?, &name, change).await
        }
        AccountCommand::LoginLink(Named { common, name }) => {
            login_link(common.load()?, &name).await
        }
    }
}

async fn create(config: Config, name: &str, role: Role) -> anyhow::Result<()> {
    let database = Database::open_beside(&config).await?;
    let made = accounts::create(&database.pool, ACTOR, name, role, Utc::now()).await?;
    println!("{}", address(&config, &made));
    database.close().await;
    Ok(())
}

async fn list(config: Config) -> anyhow::Result<()> {
    let database = Database::open_beside(&config).await?;
    let rows = table::list(&database.pool).await?;
    let shown: Vec<_> = rows.into_iter().map(accounts::shown).collect();
    println!("{}", serde_json::to_string_pretty(&shown)?);
    database.close().await;
    Ok(())
}

async fn disable(Named { common, name }: Named, disabled: bool) -> anyhow::Result<()> {
    let disabled = Some(disabled);
    let change = Change {
        role: None,
        disabled,
    };
    change_account(common.load()?, &name, change).await
}

async fn change_account(config: Config, name: &str, change: Change) -> anyhow::Result<()> {
    let database = Database::open_beside(&config).await?;
    accounts::change(&database.pool, ACTOR, name, change, Utc::now()).await?;
    database.close().await;
    Ok(())
}

async fn login_link(config: Config, name: &str) -> anyhow::Result<()> {
    let database = Database::open_beside(&config).await?;
    let made = accounts::login_link(&database.pool, ACTOR, name, Utc::now()).await?;
    println!("{}", address(&config, &made));
    database.close().await;
    Ok(())
}

/// Where the page takes the link.
fn address(config: &Config, link: &Link) -> String {
    let server = config.first_public_name();
    let server = server.with_port(config.listen.http.port());
    format!("https://{server}{}", link.path())
}
