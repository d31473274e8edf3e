//! The command line of the server: `run`, and what an administrator does beside it.
//!
//! Exit status: 0 done, 1 failed, 2 wrong usage (clap's).

mod account;
mod administer;
mod health;
mod labels;
mod logging;

use std::path::PathBuf;
use std::process::ExitCode;

use analysis::people::Role;
use clap::{Args, Parser, Subcommand};
use server::Server;
use server::config::{Config, ConfigError, Period};
use server::private_postgres::PrivatePostgresError;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

use account::AccountCommand;
use labels::Label;

/// Stores what the agents of a fleet report, and answers people and their programs
#[derive(Parser)]
#[command(name = "aiops-server", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Common {
    /// The TOML file; without it the defaults and the environment (AIOPS_...)
    #[arg(long, env = "AIOPS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGINT or SIGTERM
    Run(Common),
    /// Ask the server that runs with this configuration whether it is ready
    Health(Common),
    /// Bring the schema of the database up to date and end
    Migrate(Common),
    /// Make join tokens, with which hosts become agents
    #[command(subcommand)]
    Token(TokenCommand),
    /// Make, list and revoke API tokens, with which programs read
    #[command(subcommand, name = "api-token")]
    ApiToken(ApiTokenCommand),
    /// Make, list and change accounts, with which people log in
    #[command(subcommand)]
    Account(AccountCommand),
    /// The server's own certificate authority
    #[command(subcommand)]
    Ca(CaCommand),
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a join token
    Create {
        #[command(flatten)]
        common: Common,
        /// How many hosts may join with it
        #[arg(long, default_value_t = 1)]
        uses: u32,
        /// How long it is good for: 30m, 1h, 7d
        #[arg(long, default_value = "1h")]
        ttl: Period,
        /// A label for the hosts that join with it; may be given again
        #[arg(long = "label", value_name = "KEY=VALUE")]
        labels: Vec<Label>,
        /// Print the one line to run on the host instead of JSON
        #[arg(long)]
        print_join: bool,
    },
}

#[derive(Subcommand)]
enum ApiTokenCommand {
    /// Make an API token and print it, this once
    Create {
        #[command(flatten)]
        common: Common,
        #[arg(long)]
        name: String,
        /// What it may do: viewer, operator or admin
        #[arg(long, default_value = "admin")]
        role: Role,
        /// How long it is good for: 12h, 90d; without it, until it is revoked
        #[arg(long)]
        ttl: Option<Period>,
    },
    /// List the API tokens as JSON, without the tokens themselves
    List(Common),
    /// Revoke the API token called so
    Revoke {
        #[command(flatten)]
        common: Common,
        #[arg(long)]
        name: String,
    },
}

#[derive(Subcommand)]
enum CaCommand {
    /// Print the certificates that agents trust, and the pin
    Show(Common),
}

/// Does what the arguments say.
///
/// # Errors
///
/// Whatever went wrong, for the one who typed the command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(dispatch(arguments.command))
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(common) => serve(common.load()?).await?,
        Command::Health(common) => return Ok(health::ask(&common.load()?).await),
        Command::Migrate(common) => administer::migrate(common.load()?).await?,
        Command::Token(TokenCommand::Create {
            common,
            uses,
            ttl,
            labels,
            print_join,
        }) => {
            let labels = labels.into_iter().map(Label::into_pair).collect();
            let new = server::identity::tokens::NewJoinToken { uses, ttl, labels };
            administer::create_join_token(common.load()?, new, print_join).await?;
        }
        Command::ApiToken(ApiTokenCommand::Create {
            common,
            name,
            role,
            ttl,
        }) => {
            let new = server::identity::tokens::NewApiToken {
                name,
                role,
                expires_at: ttl.map(|ttl| chrono::Utc::now() + ttl.as_delta()),
                account: None,
                made_by: None,
            };
            administer::create_api_token(common.load()?, new).await?;
        }
        Command::Account(command) => account::run(command).await?,
        Command::ApiToken(ApiTokenCommand::List(common)) => {
            administer::list_api_tokens(common.load()?).await?;
        }
        Command::ApiToken(ApiTokenCommand::Revoke { common, name }) => {
            administer::revoke_api_token(common.load()?, &name).await?;
        }
        Command::Ca(CaCommand::Show(common)) => administer::show_authority(common.load()?).await?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Common {
    fn load(&self) -> Result<Config, ConfigError> {
        Ok(Config::load(self.config.as_deref())?.with_machine_names())
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    logging::start(&config.log)?;
    // Before anything is started: a signal during the start ends the program at once, and the
    // private Postgres with it.
    let server = Server::bind(config).await?;
    let stop = stop_on_signal()?;
    server.run(stop).await
}

/// Is cancelled at the first SIGINT or SIGTERM.
fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let cancel = stop.clone();
    // Lives as long as the program; the runtime drops it at the end.
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        };
        info!("stopping: got {name}");
        cancel.cancel();
    });
    Ok(stop)
}

/// What the one who typed the command can do about the error.
pub fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(error) = error.downcast_ref::<ConfigError>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<PrivatePostgresError>() {
        return error.hint();
    }
    None
}
