//! A fleet for one test: hosts with agents, a server, and the command line.

use std::{thread, time::Duration};

use analysis::fleet::{Host as Registered, HostList, HostState};
use anyhow::{Context, Result, anyhow};
use testhost::{Pool, until};

use crate::{agent::Member, aiops::Aiops, server::Server};

/// Agents connect within seconds; the limit is for machines that are busy with other tests.
const ONLINE_WITHIN: Duration = Duration::from_secs(60);

/// A fleet for one test. It is gone, with all it left, when this value is dropped.
#[derive(Debug)]
pub struct Lab {
    pub members: Vec<Member>,
    pub server: Server,
    pub aiops: Aiops,
    // Last, so that agents lose their server before they lose their hosts.
    pool: Pool,
}

impl Lab {
    /// Boots hosts with these names, starts a server, and waits till all are online.
    pub fn start(names: &[&str]) -> Result<Self> {
        testhost::requirements().map_err(|missing| anyhow!("{missing}"))?;
        let pool = Pool::new()?;
        let hosts = pool.boot(names)?;
        let server = Server::start(&pool.base_ip())?;
        let aiops = Aiops::of(&server)?;
        let command = server.join_command(names.len())?;
        let members = thread::scope(|scope| {
            let join = |host| scope.spawn(|| Member::join(host, &command));
            let joining: Vec<_> = hosts.into_iter().map(join).collect();
            let joined = joining
                .into_iter()
                .map(|one| one.join().map_err(|_| anyhow!("panic"))?);
            joined.collect::<Result<Vec<_>>>()
        })?;
        let lab = Self {
            members,
            server,
            aiops,
            pool,
        };
        for name in names {
            lab.until_online(name)?;
        }
        Ok(lab)
    }

    pub fn member(&self, name: &str) -> &Member {
        let found = self.members.iter().find(|member| member.name() == name);
        found.expect("a test names hosts that it booted")
    }

    /// The hosts, as the registry has them.
    pub fn registry(&self) -> Result<Vec<Registered>> {
        Ok(self.aiops.json::<HostList>(&["host", "list"])?.hosts)
    }

    pub fn until_online(&self, name: &str) -> Result<()> {
        let what = format!("{name} is online");
        self.until_state(name, &what, |state| {
            matches!(state, HostState::Online { .. })
        })
    }

    /// Waits till the registry has a host in a certain state.
    pub fn until_state(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&HostState) -> bool,
    ) -> Result<()> {
        until(what, ONLINE_WITHIN, || {
            let hosts = self.registry()?;
            let host = hosts.iter().find(|host| host.host_name == name);
            Ok(host.is_some_and(|host| wanted(&host.state)).then_some(()))
        })
        .with_context(|| format!("the agent says:\n{}", self.member(name).agent_log()))
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }
}
