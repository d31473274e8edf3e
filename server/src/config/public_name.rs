//! A name or address under which others reach this server.

use std::fmt;
use std::net::IpAddr;

use rustls_pki_types::ServerName;
use serde::{Deserialize, Serialize};

/// A DNS name or an IP address, without a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicName(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is neither a DNS name nor an IP address (ports belong to `listen`)")]
pub struct NotAPublicName(String);

impl PublicName {
    /// The host name of this machine, or `localhost` if it has none that can stand in a certificate.
    pub fn of_this_machine() -> Self {
        let name = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        Self::try_from(name).unwrap_or_else(|_| Self("localhost".into()))
    }

    /// How programs on this machine call it.
    pub fn of_loopback() -> [Self; 3] {
        ["localhost", "127.0.0.1", "::1"].map(|name| Self(name.into()))
    }

    /// Those of `names` that another machine can use; all of them if none can.
    pub fn for_others(names: &[Self]) -> Vec<&Self> {
        let is_reachable = |name: &&Self| match name.0.parse::<IpAddr>() {
            Ok(address) => !address.is_loopback(),
            Err(_) => name.0 != "localhost",
        };
        let others: Vec<_> = names.iter().filter(is_reachable).collect();
        if others.is_empty() {
            names.iter().collect()
        } else {
            others
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `name:port`; an IPv6 address is put in brackets.
    pub fn with_port(&self, port: u16) -> String {
        match self.0.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("[{address}]:{port}"),
            _ => format!("{}:{port}", self.0),
        }
    }
}

impl TryFrom<String> for PublicName {
    type Error = NotAPublicName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match ServerName::try_from(text.as_str()) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(NotAPublicName(text)),
        }
    }
}

impl From<IpAddr> for PublicName {
    fn from(address: IpAddr) -> Self {
        Self(address.to_string())
    }
}

impl From<PublicName> for String {
    fn from(name: PublicName) -> Self {
        name.0
    }
}

impl fmt::Display for PublicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_are_not_sent_to_themselves() {
        let names = |texts: &[&str]| -> Vec<PublicName> {
            texts
                .iter()
                .map(|text| PublicName((*text).into()))
                .collect()
        };
        let listed = names(&["127.0.0.1", "fleet.example", "localhost", "10.0.0.5", "::1"]);
        let others: Vec<_> = PublicName::for_others(&listed)
            .into_iter()
            .map(PublicName::as_str)
            .collect();
        assert_eq!(others, ["fleet.example", "10.0.0.5"]);
        let local = names(&["127.0.0.1"]);
        assert_eq!(
            PublicName::for_others(&local).len(),
            1,
            "agents of this machine alone"
        );
    }

    #[test]
    fn a_public_name_can_stand_in_a_certificate_and_an_address() {
        let cases: &[(&str, Option<&str>)] = &[
            ("fleet.example", Some("fleet.example:9443")),
            ("10.77.0.1", Some("10.77.0.1:9443")),
            ("fd00::1", Some("[fd00::1]:9443")),
            ("fleet.example:8443", None),
            ("https://fleet.example", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let name = PublicName::try_from((*text).to_owned()).ok();
            let address = name.map(|name| name.with_port(9443));
            assert_eq!(address.as_deref(), *expected, "{text:?}");
        }
    }
}
