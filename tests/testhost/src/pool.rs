//! A pool: hosts that see each other and are removed together.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::host::Host;
use crate::owners::{self, Claim};
use crate::requirements::requirements;
use crate::script::Script;

/// Hosts on a network of their own. They and all their traces are removed when the pool and the last
/// of its hosts are dropped, or when this process ends in any way.
#[derive(Clone, Debug)]
pub struct Pool {
    inner: Arc<Inner>,
}

/// What a host is made like. It matters only when a host is booted for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape<'a> {
    /// Memory of the host as a whole, as systemd writes sizes: `512M`. Its files count as well.
    pub memory: &'a str,
    /// Shows the host a pure cgroup v2, also where the machine has v1 controllers (which are then
    /// out of the host's reach: no memory limits).
    pub cgroup_v2: bool,
}

impl Default for Shape<'_> {
    fn default() -> Self {
        Self {
            memory: "1G",
            cgroup_v2: false,
        }
    }
}

#[derive(Debug)]
struct Inner {
    script: Script,
    guard: Child,
}

impl Pool {
    /// A pool with a name and a network that nothing else on this machine uses.
    ///
    /// # Errors
    ///
    /// [`Missing`](crate::Missing) if test hosts cannot run here; or if what a dead process left
    /// behind cannot be removed.
    pub fn new() -> Result<Self> {
        requirements()?;
        Self::guarded(&owners::claim_free()?)
    }

    /// A pool whose name (at most 12 letters) and network (`10.77.0`) people can rely on.
    ///
    /// # Errors
    ///
    /// As for [`Pool::new`], and if the name or the network is in use.
    pub fn named(name: &str, network: &str) -> Result<Self> {
        requirements()?;
        let script = Script {
            pool: name.to_owned(),
            network: network.to_owned(),
        };
        Self::guarded(&owners::claim(script)?)
    }

    fn guarded(claim: &Claim) -> Result<Self> {
        let mut guard = claim.script.command(["_guard"]);
        guard.arg(&claim.record);
        // Its standard input ends when we do. Its own group, and no output: a test runner that ends
        // us with all our group, or that waits for our output to end, does not mean the guard.
        guard.process_group(0);
        guard
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let guard = guard.spawn().context("cannot start the guard")?;
        Ok(Self {
            inner: Arc::new(Inner {
                script: claim.script.clone(),
                guard,
            }),
        })
    }

    /// The name of the pool, which is also that of its bridge and of its cgroup.
    pub fn name(&self) -> &str {
        &self.inner.script.pool
    }

    /// The address at which the hosts reach this machine.
    pub fn base_ip(&self) -> String {
        format!("{}.1", self.inner.script.network)
    }

    /// Boots hosts, all at once, and returns when they are up.
    ///
    /// # Errors
    ///
    /// If one of them is not up within a minute.
    pub fn boot(&self, names: &[&str]) -> Result<Vec<Host>> {
        self.boot_shaped(Shape::default(), names)
    }

    /// Like [`Pool::boot`], for hosts of another shape.
    pub fn boot_shaped(&self, shape: Shape<'_>, names: &[&str]) -> Result<Vec<Host>> {
        let cgroup = if shape.cgroup_v2 { "v2" } else { "base" };
        let mut arguments = vec!["up", "--memory", shape.memory, "--cgroup", cgroup];
        arguments.extend(names);
        self.run(&arguments)?;
        Ok(names
            .iter()
            .map(|name| Host::new(self.clone(), name))
            .collect())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result<String> {
        self.inner.script.run(arguments)
    }

    pub(crate) fn script(&self) -> &Script {
        &self.inner.script
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The guard would do it too, but could not tell what went wrong.
        let removed = self.script.run(&["down", "--all"]);
        drop(self.guard.stdin.take());
        let ended = self.guard.wait().context("cannot wait for the guard");
        if let Err(error) = removed.map(drop).and(ended.map(drop)) {
            // Not `eprintln!`, which panics if nobody listens any more.
            let _unheard = writeln!(
                io::stderr(),
                "warning: test hosts may be left over: {error:#}"
            );
        }
    }
}
