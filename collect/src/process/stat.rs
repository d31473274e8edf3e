//! `/proc/PID/stat`.

use analysis::process::ProcessId;

/// What `stat` says of a process, all its threads together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStat {
    pub pid: u32,
    /// 0 for processes without one: process 1, and those whose parent is outside the namespace.
    pub parent_pid: u32,
    /// Pid of the process that began its session. 0: it is outside the namespace, or there is none.
    pub session: u32,
    /// Device number of its controlling terminal. 0: none.
    pub tty: u32,
    pub is_kernel_thread: bool,
    pub state: State,
    /// Name of the program; bytes that are no UTF-8 are replaced.
    pub comm: String,
    /// Nanoseconds since boot, suspended time included, in steps of a clock tick (10 ms): the
    /// events of the kernel have the exact value, which is up to one step larger.
    pub start_ns: u64,
    pub user_ns: u64,
    pub system_ns: u64,
    pub rss_bytes: u64,
    /// Address space, used or not.
    pub virtual_bytes: u64,
    pub threads: u32,
    pub nice: i32,
}

impl ProcessStat {
    pub fn id(&self) -> ProcessId {
        ProcessId {
            pid: self.pid,
            start_ns: self.start_ns,
        }
    }
}

/// What a process does. The letter of `stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Running,
    Sleeping,
    /// Waits for a device or a lock, and cannot be interrupted: reads of its memory may hang too.
    Uninterruptible,
    Stopped,
    /// Stopped by a debugger.
    Traced,
    /// Has ended; its parent did not take note yet.
    Zombie,
    Idle,
    Other(u8),
}

impl From<u8> for State {
    fn from(letter: u8) -> Self {
        match letter {
            b'R' => Self::Running,
            b'S' => Self::Sleeping,
            b'D' => Self::Uninterruptible,
            b'T' => Self::Stopped,
            b't' => Self::Traced,
            b'Z' | b'X' => Self::Zombie,
            b'I' => Self::Idle,
            other => Self::Other(other),
        }
    }
}

impl State {
    /// The letter of the kernel.
    pub fn letter(self) -> char {
        match self {
            Self::Running => 'R',
            Self::Sleeping => 'S',
            Self::Uninterruptible => 'D',
            Self::Stopped => 'T',
            Self::Traced => 't',
            Self::Zombie => 'Z',
            Self::Idle => 'I',
            Self::Other(letter) => char::from(letter),
        }
    }
}

/// `PF_KTHREAD` among the flags of a task.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// What the kernel counts in.
#[derive(Clone, Copy)]
pub(super) struct Units {
    pub(super) ticks_per_second: u64,
    pub(super) page_bytes: u64,
}

/// Reads a `stat` file. `None`: it is none.
pub(super) fn parse(bytes: &[u8], units: Units) -> Option<ProcessStat> {
    // The program's name may look like fields, so fields count from the last parenthesis.
    let open = bytes.iter().position(|byte| *byte == b'(')?;
    let close = bytes.iter().rposition(|byte| *byte == b')')?;
    let pid = number(bytes.get(..open)?.trim_ascii())?;
    let comm = bytes.get(open + 1..close)?;
    let rest = bytes[close + 1..].trim_ascii();
    let mut fields = rest.split(|byte| *byte == b' ');
    // Numbers as in proc(5): `state` is the 3rd field, and `nth` counts on from the last one.
    let state = *fields.next()?.first()?;
    let parent_pid = number(fields.next()?)?;
    // Outside the namespace it may be negative.
    let session = number(fields.nth(6 - 5)?).unwrap_or(0);
    let tty = number(fields.next()?).unwrap_or(0);
    let flags = number(fields.nth(9 - 8)?)?;
    let user = number(fields.nth(14 - 10)?)?;
    let system = number(fields.next()?)?;
    let nice = fields.nth(19 - 16)?;
    let nice = std::str::from_utf8(nice).ok()?.parse().unwrap_or(0);
    let threads = number(fields.next()?)?;
    let start = number(fields.nth(22 - 21)?)?;
    let virtual_bytes = number(fields.next()?)?;
    let rss_pages: u64 = number(fields.next()?)?;
    let ns = |ticks: u64| {
        let ns = u128::from(ticks) * 1_000_000_000 / u128::from(units.ticks_per_second.max(1));
        u64::try_from(ns).unwrap_or(u64::MAX)
    };
    Some(ProcessStat {
        pid: u32::try_from(pid).ok()?,
        parent_pid: u32::try_from(parent_pid).ok()?,
        session: u32::try_from(session).unwrap_or(0),
        tty: u32::try_from(tty).unwrap_or(0),
        is_kernel_thread: flags & KERNEL_THREAD != 0,
        state: State::from(state),
        comm: String::from_utf8_lossy(comm).into_owned(),
        start_ns: ns(start),
        user_ns: ns(user),
        system_ns: ns(system),
        rss_bytes: rss_pages.saturating_mul(units.page_bytes),
        virtual_bytes,
        threads: u32::try_from(threads).ok()?,
        nice,
    })
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNITS: Units = Units {
        ticks_per_second: 100,
        page_bytes: 4096,
    };

    #[test]
    fn fields_count_from_the_last_parenthesis() {
        let line =
            b"7 (a) b) D 1 7 6 34817 -1 2129984 0 0 0 0 250 50 0 0 20 -5 3 0 900 77 2 18446744073709551615\n";
        let stat = parse(line, UNITS).unwrap();
        let expected = ProcessStat {
            pid: 7,
            parent_pid: 1,
            session: 6,
            tty: 34817,
            is_kernel_thread: true,
            state: State::Uninterruptible,
            comm: "a) b".to_owned(),
            start_ns: 9_000_000_000,
            user_ns: 2_500_000_000,
            system_ns: 500_000_000,
            rss_bytes: 8192,
            virtual_bytes: 77,
            threads: 3,
            nice: -5,
        };
        assert_eq!(stat, expected);
    }

    #[test]
    fn what_is_cut_off_is_no_stat() {
        for line in [
            "",
            "7",
            "7 (a",
            "7 (a) ",
            "7 )a( S 1",
            "7 (a) S 1 7 7 0 -1 0 0",
        ] {
            assert_eq!(parse(line.as_bytes(), UNITS), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_do_not_panic(bytes in prop::collection::vec(
            prop_oneof![Just(b' '), Just(b'('), Just(b')'), Just(b'9'), any::<u8>()], 0..200)) {
            parse(&bytes, UNITS);
        }
    }
}
