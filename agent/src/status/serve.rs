//! The socket and the file.

use std::{fs, io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Board, Status};
use crate::state_dir::{StateDir, StateDirError};

/// How old the file may be while the agent is well.
const WRITE_PERIOD: Duration = Duration::from_secs(10);
/// One that connects and does not read may not hold us up.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// Why there is no status to show.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    #[error(transparent)]
    State(#[from] StateDirError),
    #[error("no agent runs on {}", .0.display())]
    NotRunning(std::path::PathBuf),
    #[error("cannot understand what the agent says")]
    Malformed(#[from] serde_json::Error),
}

impl StatusError {
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::State(error) => error.hint(),
            Self::NotRunning(_) => Some("`systemctl start aiops-agent`"),
            Self::Malformed(_) => Some("the agent that runs may be of another version"),
        }
    }
}

/// Answers the socket and writes the file until `stop`.
///
/// # Errors
///
/// If the socket cannot be made.
pub async fn serve(board: Board, state: StateDir, stop: CancellationToken) -> io::Result<()> {
    let path = state.status_socket();
    // Ours alone: the state directory is locked. A crash left it.
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    let mut tick = tokio::time::interval(WRITE_PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = tick.tick() => write_down(&board, &state),
            connected = listener.accept() => if let Ok((client, _)) = connected {
                answer(client, &board).await;
            }
        }
    }
    let _ = fs::remove_file(&path);
    Ok(())
}

/// Leaves the status behind for when nobody answers.
pub fn write_down(board: &Board, state: &StateDir) {
    let json = serde_json::to_vec_pretty(&board.status()).expect("a status is JSON");
    // Not made durable: it is out of date after a power cut anyway.
    let draft = state.status_file().with_extension("draft");
    let written = fs::write(&draft, json).and_then(|()| fs::rename(&draft, state.status_file()));
    if let Err(error) = written {
        warn!("cannot write the status file: {error}");
    }
}

async fn answer(mut client: UnixStream, board: &Board) {
    let json = serde_json::to_vec(&board.status()).expect("a status is JSON");
    let _ = tokio::time::timeout(ANSWER_LIMIT, client.write_all(&json)).await;
}

/// Asks the agent that runs on `state`. The flag says whether it answered; else the status is the
/// last that it wrote down.
///
/// # Errors
///
/// [`StatusError::NotRunning`] if there is neither.
pub async fn read(state: &StateDir) -> Result<(Status, bool), StatusError> {
    if let Ok(mut socket) = UnixStream::connect(state.status_socket()).await {
        let mut json = Vec::new();
        let answered = tokio::time::timeout(ANSWER_LIMIT, socket.read_to_end(&mut json)).await;
        if matches!(answered, Ok(Ok(_))) && !json.is_empty() {
            return Ok((serde_json::from_slice(&json)?, true));
        }
    }
    match state.read(&state.status_file())? {
        Some(json) => Ok((serde_json::from_str(&json)?, false)),
        None => Err(StatusError::NotRunning(state.path().to_owned())),
    }
}
