//! The first fall-back: the kernel's process connector, a netlink socket that tells of each fork,
//! exec and exit of each thread, with the exit status. What else an event says comes from /proc
//! or from the parent.

mod listener;
mod message;
mod socket;
mod tally;

use std::{
    thread,
    time::{Duration, Instant},
};

use listener::Listener;
use socket::{Read, Socket};

use super::{
    kernel,
    running::Stopper,
    start::{Opened, Refusal},
    tracker::Tracker,
};

/// A loaded machine of two cores delivers the first message within a millisecond.
const FIRST_MESSAGE: Duration = Duration::from_secs(1);
/// A message takes about 400 bytes of the socket's buffer, 20,000 of them fit.
const LEAST_BUFFER_BYTES: u32 = 8 << 20;
const LACKS: &str = "not known: CPU time, memory, OOM kills, who sent a signal, and the names and \
                     arguments of programs that end at once; losses are noticed, not counted";

/// Opens the socket and makes sure that messages arrive.
pub(super) fn open(
    buffer_bytes: u32,
    tracker: impl FnOnce() -> Tracker,
) -> Result<Opened, Refusal> {
    if !kernel::is_in_first_pid_namespace() {
        return Err("it is silent outside the machine's first pid namespace".to_owned());
    }
    let small = buffer_bytes < super::Options::BUFFER_BYTES;
    let buffer_bytes = if small {
        buffer_bytes
    } else {
        LEAST_BUFFER_BYTES
    };
    let mut socket =
        Socket::listen(buffer_bytes as usize).map_err(|error| format!("cannot listen: {error}"))?;
    wait_for_own_thread(&mut socket)?;
    Ok(Opened {
        source: Box::new(Listener::new(socket, tracker())),
        lacks: Some(LACKS.to_owned()),
    })
}

/// Some namespaces are silent instead of refusing: starts a thread and waits to hear of it.
fn wait_for_own_thread(socket: &mut Socket) -> Result<(), Refusal> {
    let failed = |error: std::io::Error| format!("cannot listen: {error}");
    let never = Stopper::new().map_err(failed)?;
    let deadline = Instant::now() + FIRST_MESSAGE;
    thread::spawn(|| ())
        .join()
        .map_err(|_| "cannot start a thread")?;
    while let Some(left) = deadline.checked_duration_since(Instant::now()) {
        never
            .wait(Some(std::os::fd::AsFd::as_fd(socket)), Some(left))
            .map_err(failed)?;
        if let Read::Some(count) = socket.read().map_err(failed)? {
            let is_ours = |index| message::parse(socket.datagram(index)).is_some_and(is_own);
            if (0..count).any(is_ours) {
                return Ok(());
            }
        }
    }
    Err("it is silent".to_owned())
}

fn is_own(message: message::Message) -> bool {
    let own = std::process::id();
    matches!(message.what, message::Happened::Forked { child_pid, .. } if child_pid == own)
}
