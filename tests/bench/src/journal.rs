//! A journal of a million entries, as a busy host has it after ten days.

use std::{
    env, fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use analysis::journal::message_id;
use anyhow::{Context, Result, ensure};
use uuid::Uuid;

/// A unit that says little itself: journalctl has hardly more to read than we do.
pub const QUIET: &str = "worker.service";
/// A unit that logs each request.
pub const CHATTY: &str = "web.service";

const ENTRIES: u64 = 1_000_000;
const SECONDS: u64 = 10 * 24 * 3600;
/// The host was booted so often in that time.
const BOOTS: u64 = 3;
/// One run of [`QUIET`] and [`CHATTY`] fails for each so many entries: every three hours or so.
const ENTRIES_OF_A_RUN: u64 = 12_000;

/// The folder of the journal, which is made once a day: periods are counted from now.
///
/// # Errors
///
/// If systemd-journal-remote, which turns text into a journal, is not installed.
pub fn cached() -> Result<PathBuf> {
    let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
    let bin = env::current_exe()?;
    let target = bin.ancestors().nth(2).context("we lie in target/release")?;
    let folders = target.join("bench-journal");
    let folder = folders.join(today);
    if !folder.exists() {
        if folders.exists() {
            fs::remove_dir_all(&folders)?;
        }
        let partial = folders.join("partial");
        write(&partial)?;
        fs::rename(partial, &folder)?;
    }
    Ok(folder)
}

fn write(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut child = Command::new(maker()?)
        .arg("--output")
        .arg(folder.join("system.journal"))
        .arg("-")
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot run systemd-journal-remote")?;
    let mut input = BufWriter::new(child.stdin.take().context("no input")?);
    let start = chrono::Utc::now().timestamp().unsigned_abs() - SECONDS;
    for number in 0..ENTRIES {
        Entry { number, start }.write(&mut input)?;
    }
    drop(input);
    ensure!(child.wait()?.success(), "systemd-journal-remote failed");
    Ok(())
}

fn maker() -> Result<PathBuf> {
    let installed = PathBuf::from("/lib/systemd/systemd-journal-remote");
    let told = env::var_os("SYSTEMD_JOURNAL_REMOTE").map(PathBuf::from);
    told.or_else(|| installed.exists().then_some(installed))
        .context("install the package systemd-journal-remote")
}

#[derive(Clone, Copy)]
struct Entry {
    number: u64,
    /// Of the first entry, in seconds since 1970.
    start: u64,
}

impl Entry {
    fn write(self, out: &mut impl Write) -> Result<()> {
        let us = self.number * SECONDS * 1_000_000 / ENTRIES;
        let boot = self.number * BOOTS / ENTRIES;
        writeln!(out, "__REALTIME_TIMESTAMP={}", self.start * 1_000_000 + us)?;
        writeln!(
            out,
            "__MONOTONIC_TIMESTAMP={}",
            us % (SECONDS * 1_000_000 / BOOTS)
        )?;
        writeln!(
            out,
            "_BOOT_ID={}",
            Uuid::from_u64_pair(boot + 1, 0xb007).simple()
        )?;
        writeln!(
            out,
            "_MACHINE_ID=6d616368696e652d6f662d6265636831\n_HOSTNAME=db-03"
        )?;
        match self.number % ENTRIES_OF_A_RUN {
            // The failures of two units, and then the usual mix.
            step @ 0..=4 => self.failure(out, QUIET, step)?,
            step @ 5..=9 => self.failure(out, CHATTY, step - 5)?,
            _ => match self.number % 100 {
                0..=1 => self.kernel(out)?,
                2..=3 => self.sudo(out)?,
                4..=8 => self.timer(out)?,
                9..=10 => self.service(out, QUIET, "worker")?,
                11..=40 => self.service(out, CHATTY, "nginx")?,
                other => self.service(out, &format!("app-{}.service", other % 20), "app")?,
            },
        }
        writeln!(out)?;
        Ok(())
    }

    /// What systemd says when a service fails and starts again, line by line.
    fn failure(self, out: &mut impl Write, unit: &str, step: u64) -> Result<()> {
        // The last two lines belong to the next run.
        let run = self.number / ENTRIES_OF_A_RUN + u64::from(step >= 3);
        let (id, fields) = match step {
            0 => (
                message_id::PROCESS_EXITED,
                "COMMAND=ExecStart\nEXIT_CODE=exited\nEXIT_STATUS=3".to_owned(),
            ),
            1 => (message_id::UNIT_FAILED, "UNIT_RESULT=exit-code".to_owned()),
            2 => (message_id::RESTART_SCHEDULED, format!("N_RESTARTS={run}")),
            3 => (message_id::UNIT_STARTING, "JOB_TYPE=start".to_owned()),
            _ => (
                message_id::UNIT_STARTED,
                "JOB_TYPE=start\nJOB_RESULT=done".to_owned(),
            ),
        };
        manager(out, unit, invocation(unit, run), id, &fields)
    }

    /// A unit that a timer starts: most of what systemd says on a quiet host.
    fn timer(self, out: &mut impl Write) -> Result<()> {
        let unit = format!("timer-{}.service", self.number % 40);
        let run = invocation(&unit, self.number / 200);
        let id = match self.number % 2 {
            0 => message_id::UNIT_STARTING,
            _ => message_id::UNIT_STARTED,
        };
        manager(out, &unit, run, id, "JOB_TYPE=start\nJOB_RESULT=done")
    }

    fn kernel(self, out: &mut impl Write) -> Result<()> {
        writeln!(
            out,
            "PRIORITY=6\nSYSLOG_FACILITY=0\nSYSLOG_IDENTIFIER=kernel\n_TRANSPORT=kernel\n\
             MESSAGE=eth0: link becomes ready, {}",
            self.number
        )?;
        Ok(())
    }

    fn sudo(self, out: &mut impl Write) -> Result<()> {
        writeln!(
            out,
            "PRIORITY=5\nSYSLOG_FACILITY=10\nSYSLOG_IDENTIFIER=sudo\n_TRANSPORT=syslog\n\
             _PID={}\n_UID=1000\n_COMM=sudo\n_EXE=/usr/bin/sudo\n_AUDIT_SESSION=4\n\
             MESSAGE=   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/ls {}",
            self.number % 30_000,
            self.number
        )?;
        Ok(())
    }

    fn service(self, out: &mut impl Write, unit: &str, comm: &str) -> Result<()> {
        let run = invocation(unit, self.number / ENTRIES_OF_A_RUN);
        writeln!(
            out,
            "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER={comm}\n_TRANSPORT=stdout\n\
             _PID={}\n_UID=33\n_GID=33\n_COMM={comm}\n_EXE=/usr/sbin/{comm}\n\
             _CMDLINE=/usr/sbin/{comm} --config /etc/{comm}.conf\n_CAP_EFFECTIVE=0\n\
             _SYSTEMD_CGROUP=/system.slice/{unit}\n_SYSTEMD_UNIT={unit}\n\
             _SYSTEMD_SLICE=system.slice\n_SYSTEMD_INVOCATION_ID={}\n\
             MESSAGE=10.0.{}.{} GET /items/{} 200 {} us",
            900 + self.number % 7,
            run.simple(),
            self.number % 11,
            self.number % 251,
            self.number % 9973,
            self.number * 7919 % 50_000
        )?;
        Ok(())
    }
}

fn invocation(unit: &str, run: u64) -> Uuid {
    let of_unit = unit.bytes().fold(0_u64, |sum, byte| {
        sum.wrapping_mul(131).wrapping_add(byte.into())
    });
    Uuid::from_u64_pair(of_unit, run + 1)
}

fn manager(out: &mut impl Write, unit: &str, run: Uuid, id: Uuid, fields: &str) -> Result<()> {
    writeln!(
        out,
        "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=systemd\n_TRANSPORT=journal\n\
         _PID=1\n_UID=0\n_GID=0\n_COMM=systemd\n_EXE=/usr/lib/systemd/systemd\n\
         _CMDLINE=/sbin/init\n_SYSTEMD_CGROUP=/init.scope\n_SYSTEMD_UNIT=init.scope\n\
         CODE_FILE=src/core/job.c\nCODE_FUNC=job_emit_done_message\n\
         UNIT={unit}\nINVOCATION_ID={}\nMESSAGE_ID={}\nMESSAGE={unit}: a line of systemd.\n{fields}",
        run.simple(),
        id.simple()
    )?;
    Ok(())
}
