//! The server's configuration.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// Where the server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// HTTPS: the API, enrolment.
    pub http: SocketAddr,
    /// gRPC: agents.
    pub agents: SocketAddr,
}

impl Addresses {
    /// The usual ports on an address of this machine, or free ones where those are taken.
    pub fn choose(ip: IpAddr) -> Result<Self> {
        Ok(Self {
            http: free(ip, 8443)?,
            agents: free(ip, 9443)?,
        })
    }

    /// Where people and the command line reach the server.
    pub fn url(&self) -> String {
        format!("https://{}", self.http)
    }
}

/// An address that nobody listens on. Somebody may be faster than the server: then it says so.
fn free(ip: IpAddr, preferred_port: u16) -> Result<SocketAddr> {
    let listener = TcpListener::bind((ip, preferred_port)).or_else(|_| TcpListener::bind((ip, 0)));
    let listener = listener.with_context(|| format!("no port of {ip} is free"))?;
    Ok(listener.local_addr()?)
}

#[derive(Serialize)]
struct Server<'a> {
    data_dir: &'a Path,
    public_names: Vec<IpAddr>,
    /// Longer than a server here needs, shorter than we wait for it.
    stop_grace: &'a str,
    listen: Listen,
}

#[derive(Serialize)]
struct Listen {
    http: SocketAddr,
    agents: SocketAddr,
}

/// The text of `server.toml`. Without a `database_url` the server runs a Postgres of its own.
pub fn server(addresses: &Addresses, data: &Path) -> Result<String> {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut public_names = vec![addresses.http.ip()];
    public_names.extend((addresses.http.ip() != loopback).then_some(loopback));
    let Addresses { http, agents } = *addresses;
    let config = Server {
        data_dir: data,
        public_names,
        stop_grace: "1s",
        listen: Listen { http, agents },
    };
    toml::to_string(&config).context("cannot write the server's configuration")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_told_where_to_listen_and_by_which_names_it_is_known() {
        let addresses = Addresses {
            http: ([10, 77, 0, 1], 8443).into(),
            agents: ([10, 77, 0, 1], 9443).into(),
        };
        let text = server(&addresses, Path::new("/x/server")).unwrap();
        let expected = r#"data_dir = "/x/server"
public_names = ["10.77.0.1", "127.0.0.1"]
stop_grace = "1s"

[listen]
http = "10.77.0.1:8443"
agents = "10.77.0.1:9443"
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_port_that_is_taken_is_replaced_by_a_free_one() {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let taken = TcpListener::bind((loopback, 0))
            .unwrap()
            .local_addr()
            .unwrap();
        let held = TcpListener::bind((loopback, 0)).unwrap();
        assert_eq!(free(loopback, taken.port()).unwrap(), taken);
        assert_ne!(
            free(loopback, held.local_addr().unwrap().port()).unwrap(),
            held.local_addr().unwrap()
        );
    }
}
