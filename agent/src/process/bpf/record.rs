//! Reads the records that `bpf/lifecycle.bpf.c` writes. The two must change together.

use analysis::{
    event::Killer,
    process::{ExitStatus, ProcessId, Signal},
};

use crate::process::observed::{
    Arguments, Comm, Ending, Observed, Seen, split_arguments, unless_unset,
};

/// Kinds of records that the program counts, known ones and spare ones.
pub(super) const KINDS: usize = 8;

/// The smallest record, a fork, with the ring's own 8 bytes.
pub(super) const LEAST_BYTES: u32 = 64 + 8;

/// Reads one record. `None`: it is none of ours.
pub(super) fn parse(record: &[u8], page_bytes: u64) -> Option<Observed> {
    let mut fields = Fields(record);
    let kind = fields.u32()?;
    match kind {
        1 => Some(Observed::Forked(seen(&mut fields)?)),
        2 => Some(Observed::Executed(
            seen(&mut fields)?,
            arguments(&mut fields)?,
        )),
        3 => Some(Observed::Exited(
            seen(&mut fields)?,
            ending(&mut fields, page_bytes)?,
        )),
        4 => signaled(&mut fields),
        5 | 6 => cgroup(kind, &mut fields),
        _ => None,
    }
}

/// The fields of a record that were not read yet, in the machine's byte order.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_ne_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_ne_bytes(self.take(8)?.try_into().ok()?))
    }

    fn comm(&mut self) -> Option<Comm> {
        Some(Comm::new(self.take(16)?))
    }
}

fn seen(fields: &mut Fields<'_>) -> Option<Seen> {
    let (pid, parent_pid, uid) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let (at_ns, start_ns, cgroup) = (fields.u64()?, fields.u64()?, fields.u64()?);
    Some(Seen {
        process: ProcessId { pid, start_ns },
        parent_pid,
        uid: Some(uid),
        comm: fields.comm()?,
        at_ns,
        cgroup: Some(cgroup),
    })
}

fn arguments(fields: &mut Fields<'_>) -> Option<Arguments> {
    let login_uid = unless_unset(fields.u32()?);
    let session = unless_unset(fields.u32()?);
    let (read, total) = (fields.u32()?, fields.u32()?);
    Some(Arguments {
        login_uid,
        session,
        argv: split_arguments(fields.take(read as usize)?),
        truncated: read < total,
    })
}

fn ending(fields: &mut Fields<'_>, page_bytes: u64) -> Option<Ending> {
    let (status, oom_killed) = (fields.u32()?, fields.u32()?);
    let (cpu_ns, max_rss_pages) = (fields.u64()?, fields.u64()?);
    Some(Ending {
        status: Some(ExitStatus::from_wait_status(status)),
        cpu_ns: Some(cpu_ns),
        max_rss_bytes: Some(max_rss_pages.saturating_mul(page_bytes)),
        oom_killed: oom_killed != 0,
    })
}

fn signaled(fields: &mut Fields<'_>) -> Option<Observed> {
    let target = seen(fields)?.process;
    let (signal, by_kernel) = (fields.u32()?, fields.u32()?);
    let (pid, uid) = (fields.u32()?, fields.u32()?);
    let killer = Killer {
        signal: Signal(u8::try_from(signal).ok()?),
        pid,
        uid,
        comm: fields.comm()?.text(),
        by_kernel: by_kernel != 0,
    };
    Some(Observed::Signaled(target, killer))
}

fn cgroup(kind: u32, fields: &mut Fields<'_>) -> Option<Observed> {
    fields.u32()?; // unused
    let (id, parent) = (fields.u64()?, fields.u64()?);
    if kind == 6 {
        return Some(Observed::CgroupGone { id });
    }
    let name = fields.0.split(|byte| *byte == 0).next()?;
    let name = String::from_utf8_lossy(name).into_owned();
    Some(Observed::CgroupMade { id, parent, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(kind: u32) -> Vec<u8> {
        let numbers = [kind, 7, 1, 1000].map(u32::to_ne_bytes).concat();
        let times = [50u64, 40, 9].map(u64::to_ne_bytes).concat();
        [numbers, times, b"nginx\0garbage\0\0\0".to_vec()].concat()
    }

    fn words(values: &[u32]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_ne_bytes())
            .collect()
    }

    #[test]
    fn an_exec_is_read() {
        let arguments = b"nginx\0-g\0\0daemon o";
        let tail = words(&[u32::MAX, 3, arguments.len() as u32, 30]);
        let record = [head(2), tail, arguments.to_vec(), vec![0xee; 40]].concat();
        let Some(Observed::Executed(seen, arguments)) = parse(&record, 4096) else {
            panic!("no exec");
        };
        assert_eq!(seen.comm.text(), "nginx");
        assert_eq!(
            (seen.process.pid, seen.process.start_ns, seen.at_ns),
            (7, 40, 50)
        );
        assert_eq!(arguments.argv, ["nginx", "-g", "", "daemon o"]);
        assert_eq!((arguments.login_uid, arguments.session), (None, Some(3)));
        assert!(arguments.truncated);
    }

    #[test]
    fn an_exit_is_read() {
        let costs = [5u64, 3].map(u64::to_ne_bytes).concat();
        let record = [head(3), words(&[0x8b, 1]), costs].concat();
        let Some(Observed::Exited(_, ending)) = parse(&record, 4096) else {
            panic!("no exit");
        };
        assert_eq!(ending.status, Some(ExitStatus::from_wait_status(0x8b)));
        assert_eq!(ending.max_rss_bytes, Some(12288));
        assert!(ending.oom_killed);
    }

    #[test]
    fn short_and_foreign_records_are_refused() {
        let record = [head(2), words(&[0, 0, 500, 500]), vec![0; 8]].concat();
        for length in 0..record.len() {
            assert_eq!(parse(&record[..length], 4096), None, "{length} bytes");
        }
        assert_eq!(parse(&head(99), 4096), None);
    }
}
