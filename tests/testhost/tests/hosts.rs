//! The test hosts themselves: real ones are booted, so this needs what `requirements` asks for.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use testhost::{Host, Pool, until};

/// Set where this test binary is run by itself, as a process that is then killed.
const VICTIM: &str = "TESTHOST_TEST_VICTIM";

#[test]
fn two_hosts_run_commands_take_files_and_see_each_other() -> Result<()> {
    let pool = Pool::new()?;
    let hosts = pool.boot(&["a", "b"])?;
    let [a, b] = hosts.as_slice() else {
        panic!("two hosts were asked for")
    };

    assert_eq!(a.exec(&["hostname"])?.stdout()?, "a\n");
    assert_eq!(a.exec(&["cat", "/proc/1/comm"])?.stdout()?, "systemd\n");
    let failed = b.shell("echo out; echo err >&2; exit 7")?;
    assert_eq!(
        (
            failed.status,
            failed.stdout.as_str(),
            failed.stderr.as_str()
        ),
        (7, "out\n", "err\n")
    );

    a.put(Path::new("/etc/os-release"), "/srv/deep/os-release")?;
    assert_eq!(
        a.exec(&["cat", "/srv/deep/os-release"])?.stdout()?,
        fs::read_to_string("/etc/os-release")?
    );
    a.write("/srv/note", "a line\n")?;
    assert_eq!(a.exec(&["cat", "/srv/note"])?.stdout()?, "a line\n");
    assert_ne!(
        b.exec(&["cat", "/srv/note"])?.status,
        0,
        "b has a disk of its own"
    );
    assert!(!Path::new("/srv/note").exists(), "and so has this machine");

    assert!(reaches(a, b)?);
    b.cut()?;
    assert!(!reaches(a, b)?);
    b.heal()?;
    until("the cable is in again", Duration::from_secs(10), || {
        Ok(reaches(a, b)?.then_some(()))
    })
}

#[test]
fn a_host_without_power_comes_back_as_the_same_machine_in_another_boot() -> Result<()> {
    let pool = Pool::new()?;
    let host = pool.boot(&["a"])?.remove(0);
    let (machine, boot, address) = (machine_id(&host)?, boot_id(&host)?, host.ip()?);
    host.write("/var/lib/kept", "")?;

    host.power_off()?;
    assert!(
        host.exec(&["true"]).is_err(),
        "a host without power runs nothing"
    );
    host.boot()?;
    assert_eq!((machine_id(&host)?, host.ip()?), (machine.clone(), address));
    assert_eq!(host.exec(&["ls", "/var/lib/kept"])?.status, 0);
    let second_boot = boot_id(&host)?;
    assert_ne!(second_boot, boot);

    host.reboot()?;
    assert_eq!(machine_id(&host)?, machine);
    assert_ne!(boot_id(&host)?, second_boot);
    assert_eq!(
        host.exec(&["systemctl", "is-system-running"])?.stdout()?,
        "running\n"
    );
    Ok(())
}

#[test]
fn a_spawned_command_talks_to_us_and_ends_with_its_value() -> Result<()> {
    let pool = Pool::new()?;
    let host = pool.boot(&["a"])?.remove(0);
    let mut cat = host.spawn(&["cat"])?;
    writeln!(cat.child.stdin.as_mut().context("no stdin")?, "hello")?;
    let mut line = String::new();
    BufReader::new(cat.child.stdout.as_mut().context("no stdout")?).read_line(&mut line)?;
    assert_eq!(line, "hello\n");
    assert_eq!(host.exec(&["pgrep", "-x", "cat"])?.status, 0);
    drop(cat);
    until("cat has ended", Duration::from_secs(10), || {
        Ok((host.exec(&["pgrep", "-x", "cat"])?.status != 0).then_some(()))
    })
}

#[test]
fn nothing_is_left_of_a_pool_that_was_dropped() -> Result<()> {
    let pool = distinct_pool()?;
    let hosts = pool.boot(&["a", "b"])?;
    hosts[0].power_off()?;
    let name = pool.name().to_owned();
    assert_ne!(
        traces(&name)?,
        Vec::<String>::new(),
        "or this test could not fail"
    );
    drop(pool);
    assert_ne!(
        traces(&name)?,
        Vec::<String>::new(),
        "the hosts keep their pool"
    );
    drop(hosts);
    assert_eq!(traces(&name)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn nothing_is_left_of_a_pool_whose_process_was_killed() -> Result<()> {
    let mut victim = Victim::start()?;
    victim.kill()?;
    until(
        "the guard has removed the pool",
        Duration::from_secs(30),
        || Ok(traces(&victim.pool)?.is_empty().then_some(())),
    )
}

#[test]
fn what_a_killed_process_and_its_killed_guard_left_goes_with_the_next_pool() -> Result<()> {
    let mut victim = Victim::start()?;
    victim.kill_guard()?;
    victim.kill()?;
    assert_ne!(
        traces(&victim.pool)?,
        Vec::<String>::new(),
        "nobody was left to remove it"
    );
    let _next = Pool::new()?;
    assert_eq!(traces(&victim.pool)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_name_that_is_in_use_is_refused() -> Result<()> {
    let pool = Pool::new()?;
    let network = pool.base_ip();
    let (network, _) = network.rsplit_once('.').context("not an address")?;
    let refused = Pool::named(pool.name(), network).unwrap_err().to_string();
    assert!(refused.contains("is in use"), "{refused}");
    Ok(())
}

/// Not a test of its own: the process that the tests above kill.
#[test]
fn victim() -> Result<()> {
    if std::env::var_os(VICTIM).is_none() {
        return Ok(());
    }
    let pool = distinct_pool()?;
    let _hosts = pool.boot(&["a"])?;
    println!("\nbooted {}", pool.name());
    loop {
        std::thread::park();
    }
}

/// A process of its own that has a pool with a host.
struct Victim {
    process: Child,
    pool: String,
}

impl Victim {
    fn start() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--exact", "victim", "--nocapture"])
            .env(VICTIM, "1")
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().context("no stdout")?;
        let mut victim = Self {
            process,
            pool: String::new(),
        };
        for line in BufReader::new(stdout).lines() {
            if let Some(name) = line?.strip_prefix("booted ") {
                victim.pool = name.to_owned();
                return Ok(victim);
            }
        }
        bail!("the victim ended: {}", victim.process.wait()?)
    }

    fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Kills the guard, which is the only child that the victim has.
    fn kill_guard(&self) -> Result<()> {
        let mut guards = String::new();
        for thread in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            guards += &fs::read_to_string(thread?.path().join("children"))?;
        }
        let status = Command::new("kill")
            .arg("-KILL")
            .args(guards.split_whitespace())
            .status()?;
        ensure!(status.success(), "cannot kill the guard {guards:?}");
        Ok(())
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // It has been killed already, unless the test failed before.
        drop(self.kill());
    }
}

/// A pool whose name no test that runs at the same time can get after it, as with [`Pool::new`].
fn distinct_pool() -> Result<Pool> {
    let pid = std::process::id();
    Pool::named(&format!("t{pid}"), &format!("10.89.{}", pid % 256))
}

fn machine_id(host: &Host) -> Result<String> {
    host.exec(&["cat", "/etc/machine-id"])?.stdout()
}

fn boot_id(host: &Host) -> Result<String> {
    host.exec(&["cat", "/proc/sys/kernel/random/boot_id"])?
        .stdout()
}

/// Gets an answer from a host over the network: "connection refused" is one, silence is not.
fn reaches(from: &Host, to: &Host) -> Result<bool> {
    let line = format!("timeout 1 bash -c '</dev/tcp/{}/9' 2>&1", to.ip()?);
    Ok(from.shell(&line)?.stdout.contains("refused"))
}

/// All that there is of a pool on this machine.
fn traces(pool: &str) -> Result<Vec<String>> {
    let mut traces = Vec::new();
    let cgroups =
        ["", "/unified", "/systemd", "/memory", "/pids"].map(|v1| format!("/sys/fs/cgroup{v1}"));
    for folder in cgroups
        .iter()
        .map(String::as_str)
        .chain(["/dev/shm", "/dev/shm/testhost.owners"])
    {
        let path = Path::new(folder).join(pool);
        if path.exists() {
            traces.push(path.display().to_string());
        }
    }
    for port in fs::read_dir("/sys/class/net")? {
        let port = port?.file_name().to_string_lossy().into_owned();
        // The bridge has the pool's name, a port a number after it.
        let number = port.strip_prefix(pool);
        if number.is_some_and(|number| number.chars().all(|char| char.is_ascii_digit()))
            && port != "th"
        {
            traces.push(port);
        }
    }
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    traces.extend(
        mounts
            .lines()
            .filter(|line| line.contains(&format!("/dev/shm/{pool}/")))
            .map(Into::into),
    );
    for process in fs::read_dir("/proc")? {
        let cgroup = fs::read_to_string(process?.path().join("cgroup")).unwrap_or_default();
        // In a cgroup that is "(deleted)" there are only dead ones that process 1 has yet to reap.
        let ours =
            |line: &&str| line.contains(&format!(":/{pool}/")) && !line.ends_with("(deleted)");
        traces.extend(cgroup.lines().find(ours).map(Into::into));
    }
    Ok(traces)
}
