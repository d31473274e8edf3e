//! Tells systemd how we are, over the socket that it names in the environment.

use std::{
    env,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

/// The service manager's socket. Without one (started by hand) nothing is said.
#[derive(Debug)]
pub struct Notify {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often systemd wants to hear from us; `None`: it does not watch.
    pub watchdog: Option<Duration>,
}

impl Notify {
    /// Reads `NOTIFY_SOCKET` and `WATCHDOG_USEC`.
    pub fn from_environment() -> Self {
        let watchdog = env::var("WATCHDOG_USEC")
            .ok()
            .and_then(|text| text.parse().ok());
        Self {
            socket: socket(),
            watchdog: watchdog.map(Duration::from_micros),
        }
    }

    pub fn ready(&self) {
        self.say("READY=1");
    }

    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    pub fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    /// One line that `systemctl status` shows.
    pub fn status(&self, text: &str) {
        self.say(&format!("STATUS={text}"));
    }

    fn say(&self, message: &str) {
        if let Some((socket, address)) = &self.socket {
            // Nobody listens any more: nothing depends on it.
            let _ = socket.send_to_addr(message.as_bytes(), address);
        }
    }
}

fn socket() -> Option<(UnixDatagram, SocketAddr)> {
    let name = env::var_os("NOTIFY_SOCKET")?;
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&name),
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((socket, address.ok()?))
}
