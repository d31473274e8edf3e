//! Asks journald to write down all that it was given so far, as `journalctl --sync` does.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use crate::CollectError;

/// journald's own socket (varlink); only root may ask.
const SOCKET: &str = "/run/systemd/journal/io.systemd.journal";
const CALL: &[u8] = b"{\"method\":\"io.systemd.Journal.Synchronize\",\"parameters\":{}}\0";
/// An answer is some dozens of bytes.
const LONGEST_ANSWER: u64 = 4096;

/// Waits till journald has taken what was logged before. A program that has ended may have left its
/// last words in a pipe that journald has not read yet, while the words of process 1 are in the
/// journal already.
///
/// # Errors
///
/// [`CollectError::Read`] if there is no journald, it may not be asked, or does not answer in time.
pub fn synchronize(patience: Duration) -> Result<(), CollectError> {
    ask(Path::new(SOCKET), patience)
}

fn ask(socket: &Path, patience: Duration) -> Result<(), CollectError> {
    let failed = |source| CollectError::Read {
        path: socket.to_owned(),
        source,
    };
    let mut stream = UnixStream::connect(socket).map_err(failed)?;
    stream.set_write_timeout(Some(patience)).map_err(failed)?;
    stream.set_read_timeout(Some(patience)).map_err(failed)?;
    stream.write_all(CALL).map_err(failed)?;
    let mut answer = Vec::new();
    let mut reader = BufReader::new(stream).take(LONGEST_ANSWER);
    reader.read_until(0, &mut answer).map_err(failed)?;
    match answer.last() {
        Some(0) => Ok(()),
        _ => Err(failed(io::ErrorKind::UnexpectedEof.into())),
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixListener, thread};

    use super::*;

    #[test]
    fn an_answer_ends_the_wait_and_its_lack_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("journal");
        let listener = UnixListener::bind(&socket).unwrap();
        for (answer, is_well) in [(&b"{\"parameters\":{}}\0"[..], true), (b"{", false)] {
            thread::scope(|scope| {
                scope.spawn(|| {
                    let (mut stream, _) = listener.accept().unwrap();
                    let mut call = vec![0; CALL.len()];
                    stream.read_exact(&mut call).unwrap();
                    stream.write_all(answer).unwrap();
                });
                assert_eq!(ask(&socket, Duration::from_secs(5)).is_ok(), is_well);
            });
        }
        assert!(ask(&folder.path().join("none"), Duration::from_secs(5)).is_err());
    }
}
