//! Reads the messages of the process connector (`linux/cn_proc.h`).

/// What the connector tells of: each thread is told of, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    Forked {
        parent_pid: u32,
        child_thread: u32,
        child_pid: u32,
    },
    Executed {
        pid: u32,
    },
    Exited {
        thread: u32,
        pid: u32,
        /// As `wait` gives it. (The field `exit_signal` is what the parent gets, not the cause.)
        status: u32,
    },
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) what: Happened,
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    pub(super) at_ns: u64,
}

pub(super) const FORK: u32 = 1;
pub(super) const EXEC: u32 = 2;
pub(super) const EXIT: u32 = 0x8000_0000;

/// The header of netlink and that of the connector.
const HEADERS_BYTES: usize = 16 + 20;

/// Reads one datagram. `None`: it tells of something else.
pub(super) fn parse(datagram: &[u8]) -> Option<Message> {
    let event = datagram.get(HEADERS_BYTES..)?;
    let word = |index: usize| -> Option<u32> {
        let bytes = event.get(index * 4..index * 4 + 4)?;
        Some(u32::from_ne_bytes(bytes.try_into().ok()?))
    };
    let at_ns = u64::from_ne_bytes(event.get(8..16)?.try_into().ok()?);
    // Words 0 to 3 are the kind, the processor and the time.
    let what = match word(0)? {
        FORK => Happened::Forked {
            parent_pid: word(5)?,
            child_thread: word(6)?,
            child_pid: word(7)?,
        },
        EXEC => Happened::Executed { pid: word(5)? },
        EXIT => Happened::Exited {
            thread: word(4)?,
            pid: word(5)?,
            status: word(6)?,
        },
        _ => return None,
    };
    Some(Message { what, at_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(words: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; HEADERS_BYTES];
        bytes.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        bytes
    }

    #[test]
    fn messages_are_read() {
        let exit = datagram(&[EXIT, 0, 5, 0, 70, 7, 0x8b, 17]);
        let message = parse(&exit).unwrap();
        let expected = Happened::Exited {
            thread: 70,
            pid: 7,
            status: 0x8b,
        };
        assert_eq!((message.what, message.at_ns), (expected, 5));
        for length in 0..HEADERS_BYTES + 28 {
            assert_eq!(parse(&exit[..length]), None, "{length} bytes");
        }
        assert_eq!(parse(&datagram(&[4, 0, 5, 0, 70, 7, 0, 0])), None, "uid");
    }
}
