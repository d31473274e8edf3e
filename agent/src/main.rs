//! `aiops-agent`: joins a host to a server, runs there, and says how it is.
//!
//! Exit status: 0 done, 1 failed or not well, 2 wrong usage.

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode, time::Duration};

use agent::{
    Agent,
    config::{Config, ConfigError, LogConfig, LogFormat},
    install::{InstallError, install},
    join::{JoinError, JoinOptions, Joined, PATIENCE, Refusal, join},
    manners,
    notify::Notify,
    orders::answer::answer,
    pin::CaPin,
    state_dir::{DEFAULT_STATE_DIR, StateDir, StateDirError},
    status::{self, Board, StatusError},
};
use clap::{Parser, Subcommand, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// After this, a source that still loads its programs holds nothing up.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// Sees what runs, starts and dies on this host, and tells an aiops server.
#[derive(Debug, Parser)]
#[command(name = "aiops-agent", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make this host known to a server. `aiops host add` prints the line to run.
    Join(JoinArgs),
    /// Run until told to stop.
    Run {
        /// Configuration [default: /etc/aiops/agent.toml, if it is there].
        #[arg(long)]
        config: Option<PathBuf>,
        /// Where identity and spool are [default: of the configuration].
        #[arg(long)]
        state_dir: Option<PathBuf>,
    },
    /// Say which sources run, whether the server is reached, and what waits.
    Status {
        #[arg(long, env = "AIOPS_STATE_DIR", default_value = DEFAULT_STATE_DIR)]
        state_dir: PathBuf,
        #[arg(short, long, default_value = "text")]
        output: Output,
    },
    /// Answer one question on standard input. The agent starts this itself.
    #[command(hide = true)]
    Answer {
        /// The kernel ends it after so much processor time.
        #[arg(long)]
        cpu_seconds: u64,
    },
}

#[derive(Debug, clap::Args)]
struct JoinArgs {
    /// Address of the server: https://HOST:8443.
    #[arg(long)]
    server: String,
    /// The join token.
    #[arg(long, env = "AIOPS_JOIN_TOKEN", hide_env_values = true)]
    token: String,
    /// Hash of the server's authority: sha256:HEX. Nothing is sent to a server of another one.
    #[arg(long)]
    ca_pin: CaPin,
    #[arg(long, env = "AIOPS_STATE_DIR", default_value = DEFAULT_STATE_DIR)]
    state_dir: PathBuf,
    /// How the host is called on the server [default: its own name].
    #[arg(long)]
    host_name: Option<String>,
    /// Also make the agent a service of systemd, and start it.
    #[arg(long)]
    install: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(args.command));
            // A read that hangs in the kernel hangs for ever: its thread ends with the process.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(error.into()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        if let Some(hint) = hint(&error) {
            eprintln!("hint: {hint}");
        }
        ExitCode::FAILURE
    })
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Join(args) => join_host(args).await,
        Command::Run { config, state_dir } => {
            let mut config = Config::load(config.as_deref())?;
            if let Some(state_dir) = state_dir {
                config.state_dir = state_dir;
            }
            run_agent(config).await
        }
        Command::Status { state_dir, output } => {
            show_status(&StateDir::at(state_dir), output).await
        }
        Command::Answer { cpu_seconds } => Ok(answer(cpu_seconds).await),
    }
}

async fn join_host(args: JoinArgs) -> anyhow::Result<ExitCode> {
    let options = JoinOptions {
        server: args.server,
        token: args.token,
        ca_pin: args.ca_pin,
        state_dir: args.state_dir.clone(),
        host_name: args.host_name,
        patience: PATIENCE,
    };
    let waits = |refusal: &Refusal, wait: Duration| {
        let wait = wait.as_secs_f32();
        eprintln!("the server cannot answer now: {refusal}; asking again in {wait:.1} s");
    };
    match join(&options, waits).await? {
        Joined::Anew(enrolment) => {
            println!("joined {} as {}", enrolment.server, enrolment.agent_id);
        }
        Joined::Before(enrolment) => {
            println!(
                "this host joined {} before, as {}",
                enrolment.server, enrolment.agent_id
            );
        }
    }
    if args.install {
        install(&args.state_dir)?;
        println!("aiops-agent.service runs; `aiops-agent status` shows how it is");
    } else {
        eprintln!("hint: `aiops-agent run` starts the agent; --install makes it a service");
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_agent(config: Config) -> anyhow::Result<ExitCode> {
    log_to_stderr(&config.log)?;
    manners::step_back();
    let stop = CancellationToken::new();
    let agent = Agent::start(config)?;
    let notify = Notify::from_environment();
    let board = agent.board();
    let running = agent.run(stop.clone());
    tokio::pin!(running);
    let watching = watch(&notify, &board, &stop);
    tokio::pin!(watching);
    tokio::select! {
        outcome = &mut running => outcome?,
        stopped = &mut watching => {
            stopped?;
            notify.stopping();
            running.await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Until a signal asks us to stop. Meanwhile tells systemd that processes are watched, so that
/// whoever waited for the start misses nothing from then on, and that this thread is alive.
async fn watch(notify: &Notify, board: &Board, stop: &CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let period = notify
        .watchdog
        .map_or(Duration::from_secs(3600), |limit| limit / 3);
    let mut tick = tokio::time::interval(period.max(Duration::from_millis(100)));
    let watched = tokio::time::timeout(READY_WITHIN, board.until_watching());
    tokio::pin!(watched);
    let mut is_ready = false;
    loop {
        tokio::select! {
            _ = &mut watched, if !is_ready => {
                is_ready = true;
                notify.ready();
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = tick.tick() => notify.alive(),
        }
    }
    stop.cancel();
    Ok(())
}

async fn show_status(state: &StateDir, output: Output) -> anyhow::Result<ExitCode> {
    let (status, answered) = status::read(state).await?;
    match output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&status)?),
        Output::Text => print!("{}", status::render(&status, answered)),
    }
    Ok(if answered && status.is_well() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn log_to_stderr(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::stderr().is_terminal());
    match config.format {
        // The journal has the time already.
        LogFormat::Text if std::env::var_os("JOURNAL_STREAM").is_some() => {
            log.without_time().init();
        }
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// What to do about an error, if one of its causes knows.
fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let owned = |hint: &str| hint.to_owned();
        if let Some(error) = cause.downcast_ref::<JoinError>() {
            error.hint()
        } else if let Some(error) = cause.downcast_ref::<ConfigError>() {
            error.hint()
        } else if let Some(error) = cause.downcast_ref::<StatusError>() {
            error.hint().map(owned)
        } else if let Some(error) = cause.downcast_ref::<StateDirError>() {
            error.hint().map(owned)
        } else if let Some(error) = cause.downcast_ref::<InstallError>() {
            error.hint().map(owned)
        } else if let Some(agent::identity::IdentityError::State(error)) = cause.downcast_ref() {
            error.hint().map(owned)
        } else {
            None
        }
    })
}
