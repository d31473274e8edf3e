//! Writes an entry to the journal by journald's own datagram protocol.

use std::{os::unix::net::UnixDatagram, path::Path, time::Duration};

use crate::CollectError;

const SOCKET: &str = "/run/systemd/journal/socket";
/// A journald that is busy has room again by then; one that hangs must not hang us too.
const PATIENCE: Duration = Duration::from_millis(250);

/// Writes one entry to the journal of this host.
///
/// Field names are upper-case letters, digits and `_`, and do not begin with `_`: journald drops
/// others. Values may hold anything.
///
/// # Errors
///
/// [`CollectError::Read`] if no journald listens or takes it, [`CollectError::EntryTooLarge`] if the entry
/// does not fit into a datagram (some 200 KB).
pub fn send(fields: &[(&str, &str)]) -> Result<(), CollectError> {
    send_to(Path::new(SOCKET), fields)
}

/// Like [`send`], to the socket at `socket`.
pub fn send_to(socket: &Path, fields: &[(&str, &str)]) -> Result<(), CollectError> {
    let entry = encode(fields);
    let failed = |source| CollectError::Read {
        path: socket.to_owned(),
        source,
    };
    let sender = UnixDatagram::unbound().map_err(failed)?;
    sender.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
    match sender.send_to(&entry, socket) {
        Ok(_) => Ok(()),
        Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => {
            Err(CollectError::EntryTooLarge(entry.len()))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Every value goes with its length: one with a line end could write fields of its own otherwise.
fn encode(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut entry = Vec::new();
    for (name, value) in fields {
        entry.extend_from_slice(name.as_bytes());
        entry.push(b'\n');
        entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
        entry.extend_from_slice(value.as_bytes());
        entry.push(b'\n');
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_smuggle_in_a_field() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("socket");
        let journald = UnixDatagram::bind(&path).unwrap();
        send_to(&path, &[("MESSAGE", "x\nPRIORITY=0"), ("UNIT", "a")]).unwrap();
        let mut received = [0; 100];
        let length = journald.recv(&mut received).unwrap();
        let expected = b"MESSAGE\n\x0c\0\0\0\0\0\0\0x\nPRIORITY=0\nUNIT\n\x01\0\0\0\0\0\0\0a\n";
        assert_eq!(&received[..length], expected);
    }

    #[test]
    fn a_journald_that_is_busy_is_waited_for_and_one_that_hangs_is_not() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("socket");
        let journald = UnixDatagram::bind(&path).unwrap();
        let filler = UnixDatagram::unbound().unwrap();
        filler.set_nonblocking(true).unwrap();
        while filler.send_to(b"x", &path).is_ok() {}
        assert!(send_to(&path, &[("MESSAGE", "lost")]).is_err(), "it hangs");
        let reader = std::thread::spawn(move || {
            let is_ours = || journald.recv(&mut [0; 100]).unwrap() > 1;
            while !is_ours() {}
        });
        send_to(&path, &[("MESSAGE", "kept")]).unwrap();
        reader.join().unwrap();
    }

    #[test]
    fn an_entry_that_no_datagram_holds_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("socket");
        let _journald = UnixDatagram::bind(&path).unwrap();
        let outcome = send_to(&path, &[("MESSAGE", &"x".repeat(8 << 20))]);
        assert!(matches!(outcome, Err(CollectError::EntryTooLarge(_))));
    }
}
