//! Real servers for an agent to talk to: an authority, an enrolment over HTTPS, and the stream
//! with the protocol's own receiver behind it.

#![expect(dead_code, reason = "each test file uses a part of it")]

pub mod authority;
pub mod enrolment;
pub mod made_journal;
pub mod orders;
pub mod stream;

use std::{path::Path, time::Duration};

use agent::{Agent, config::Config, identity::Enrolment, orders::Program};
use analysis::identity::AgentId;
use authority::{Authority, Life};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Longer than anything here takes; a wait that reaches it has failed.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Awaits, and fails the test if it takes too long.
pub async fn soon<T>(what: &str, wait: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, wait).await {
        Ok(value) => value,
        Err(_) => panic!("not within {LIMIT:?}: {what}"),
    }
}

/// An agent that says nothing but that it started.
pub fn quiet(state: &Path) -> Config {
    let mut config = Config {
        state_dir: state.to_owned(),
        ..Config::default()
    };
    config.sources.process = "off".into();
    config.sources.journal = false;
    config.sources.dbus = false;
    config.black_box.enabled = false;
    config.orders.policy = state.join("policy.toml");
    config
}

/// What `join` would have left, for streams at `addresses`.
pub fn joined(state: &Path, authority: &Authority, life: Life, addresses: Vec<String>) {
    let state = agent::state_dir::StateDir::open(state).unwrap();
    let key = agent::identity::key(&state).unwrap();
    let csr = agent::identity::signing_request(&key).unwrap();
    let certificate = authority.sign(csr.der(), life);
    state
        .replace(&state.certificate(), certificate.as_bytes())
        .unwrap();
    state
        .replace(&state.ca_bundle(), authority.pem().as_bytes())
        .unwrap();
    let enrolment = Enrolment {
        agent_id: AgentId(Uuid::from_u128(7)),
        server: "https://localhost:1".into(),
        ca_pin: authority.pin(),
        stream_addresses: addresses,
        host_name: Some("h1".into()),
    };
    state
        .replace(&state.identity(), &serde_json::to_vec(&enrolment).unwrap())
        .unwrap();
}

/// An agent that runs in this process.
pub struct Running {
    pub board: agent::status::Board,
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub fn start(config: Config) -> Self {
        Self::start_with(config, Program::at("/nothing/answers"))
    }

    pub fn start_with(config: Config, worker: Program) -> Self {
        let agent = Agent::start_with(config, worker).unwrap();
        let stop = CancellationToken::new();
        let board = agent.board();
        let task = tokio::spawn(agent.run(stop.clone()));
        Self { board, stop, task }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        soon("the agent stops", self.task).await.unwrap().unwrap();
    }
}
