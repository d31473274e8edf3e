//! Reads which address a program could not have, in the words of many programs.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use regex::Regex;

use super::{Holder, LogLine};

/// An address that was in use, as a log line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// `None`: the line does not say.
    pub udp: Option<bool>,
    /// `None`: the line names only the port, or a host name.
    pub ip: Option<IpAddr>,
    pub port: u16,
    /// Another line names it than that which says that an address was in use: it may be any port.
    pub is_nearby: bool,
}

/// The lines that say that an address was in use, each with the addresses that it names.
///
/// Where a line names none, the lines around it of the same program may: PostgreSQL and MySQL ask
/// "is another server running on port 5432?" in a line of its own.
pub fn addresses_in_use(log: &[LogLine]) -> Vec<(&LogLine, BTreeSet<Wanted>)> {
    let mut found = Vec::new();
    for (at, line) in log.iter().enumerate() {
        if !says_in_use(&line.message) {
            continue;
        }
        let mut wanted = named(&line.message);
        if wanted.is_empty() {
            let around = &log[at.saturating_sub(NEAR)..log.len().min(at + NEAR + 1)];
            let own = around.iter().filter(|other| other.source == line.source);
            wanted = own.flat_map(|other| ports_near(&other.message)).collect();
        }
        found.push((line, wanted));
    }
    found
}

/// The lines that say only that the program could not listen, each with the addresses it names: it
/// may be that somebody else does.
pub fn not_listening(log: &[LogLine]) -> Vec<(&LogLine, BTreeSet<Wanted>)> {
    let is_one = |line: &&LogLine| {
        CANNOT_LISTEN.is_match(&line.message) && !OTHER_REASON.is_match(&line.message)
    };
    let lines = log.iter().filter(is_one);
    lines.map(|line| (line, named(&line.message))).collect()
}

/// How programs say that they cannot listen, and not why.
static CANNOT_LISTEN: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)\b(cannot|can't|could not|couldn't|unable to|failed to|error) (\w+ ){0,2}(bind|listen|listening|endpoint)\b";
    Regex::new(words).expect("it is a regular expression")
});

/// Why else a program may not listen.
static OTHER_REASON: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)denied|not permitted|cannot assign|can't assign|not available|no such|unix|invalid|not supported|EACCES|EPERM|EADDRNOTAVAIL";
    Regex::new(words).expect("it is a regular expression")
});

/// The ports that the arguments of a program name: `8000`, `:8000`, `127.0.0.1:8000`, `--port=8000`.
/// A number may be anything, so that only one which somebody listens on means something.
pub fn ports_of_arguments(argv: &[String]) -> BTreeSet<u16> {
    let port = |word: &String| {
        let value = word
            .rsplit_once('=')
            .map_or(word.as_str(), |(_, value)| value);
        let digits = value.rsplit_once(':').map_or(value, |(_, port)| port);
        digits.parse().ok().filter(|port| *port != 0)
    };
    argv.iter().skip(1).filter_map(port).collect()
}

/// Lines before and behind one in which its port may stand.
const NEAR: usize = 4;

/// How programs say `EADDRINUSE`.
static IN_USE: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)address (is )?(already )?in use|eaddrinuse|addrinuse|connection in use: \(|\bport \d+ (was|is) already|port is already allocated|socket address already";
    Regex::new(words).expect("it is a regular expression")
});

/// Paths of Unix sockets, which are no ports.
static UNIX_SOCKET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"unix:/|(?i:unix (domain )?socket)").expect("it is a regular expression")
});

/// `0.0.0.0:80`, `[::]:80`, `:::80`, `*:80`, `:80`, `localhost:80`, `('0.0.0.0', 80)`,
/// `listen(0.0.0.0, 143)`.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    let words = r#"(?x)
        \[(?<v6>[0-9a-fA-F:.]+)(%\w+)?\]:(?<p6>\d{1,5})
      | (?:^|[\s("'=/\[]) (?: (?<any6>::) : | (?<v4>\d{1,3}(?:\.\d{1,3}){3}): | (?:\*|localhost)?:)
        (?<p4>\d{1,5}) (?:[\s)"',;\].:]|$)
      | \(['"](?<pyip>[0-9a-fA-F:.]*)['"],\s*(?<pyport>\d{1,5})
      | \((?<cip>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*::[0-9a-fA-F:]*),\s*(?<cport>\d{1,5})
    "#;
    Regex::new(words).expect("it is a regular expression")
});

/// `port 80`, `port: 80`, `on port 80`, `"0.0.0.0" port 3000`, `port 22 on 0.0.0.0`.
static PORT: LazyLock<Regex> = LazyLock::new(|| {
    let words = r#"(?xi)
        (?: ["']? (?<before>\d{1,3}(?:\.\d{1,3}){3} | ::) ["']? ,? \s+ )?
        \b port [\s:=\#]+ (?<port>\d{1,5}) \b
        (?: \s+ on \s+ (?<after>\d{1,3}(?:\.\d{1,3}){3} | ::) )?
    "#;
    Regex::new(words).expect("it is a regular expression")
});

pub(super) fn says_in_use(message: &str) -> bool {
    IN_USE.is_match(message) && !UNIX_SOCKET.is_match(message)
}

fn named(message: &str) -> BTreeSet<Wanted> {
    let udp = protocol(message);
    let mut found = BTreeSet::new();
    for groups in ADDRESS.captures_iter(message) {
        let text = |name| groups.name(name).map(|text| text.as_str());
        let port = ["p6", "p4", "pyport", "cport"].into_iter().find_map(text);
        let ip = ["v6", "any6", "v4", "pyip", "cip"]
            .into_iter()
            .find_map(text);
        found.extend(wanted(udp, ip, port));
    }
    if found.is_empty() {
        found = port_words(message);
    }
    found
}

fn port_words(message: &str) -> BTreeSet<Wanted> {
    let udp = protocol(message);
    let ports = PORT.captures_iter(message).filter_map(|groups| {
        let text = |name| groups.name(name).map(|text| text.as_str());
        wanted(udp, text("before").or_else(|| text("after")), text("port"))
    });
    ports.collect()
}

/// How programs speak of ports of others.
static OF_OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)\b(dis|re)?connect(s|ed|ing|ion (to|from|with|of))?\b|\b(peer|upstream|backend|remote|client)\b";
    Regex::new(words).expect("it is a regular expression")
});

/// The ports that a line near one names, or says that it listens on.
fn ports_near(message: &str) -> BTreeSet<Wanted> {
    if OF_OTHERS.is_match(message) {
        return BTreeSet::new();
    }
    let mut found = port_words(message);
    if found.is_empty() && message.to_ascii_lowercase().contains("listen") {
        found = named(message);
    }
    let nearby = |wanted| Wanted {
        ip: None,
        is_nearby: true,
        ..wanted
    };
    found.into_iter().map(nearby).collect()
}

fn wanted(udp: Option<bool>, ip: Option<&str>, port: Option<&str>) -> Option<Wanted> {
    let port = port?.parse().ok().filter(|port| *port != 0)?;
    // A clock, or a pid, in brackets is no address: what stands behind it is no port.
    let ip = match ip.filter(|ip| !ip.is_empty()) {
        Some(ip) => Some(ip.parse().ok()?),
        None => None,
    };
    Some(Wanted {
        udp,
        ip,
        port,
        is_nearby: false,
    })
}

fn protocol(message: &str) -> Option<bool> {
    let text = message.to_ascii_lowercase();
    match (text.contains("udp"), text.contains("tcp")) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Fits from here on take for granted what cannot be seen: that a socket on `::` takes IPv4 too
/// (nginx tells its sockets not to), that a line without a protocol means UDP, or that the port of
/// another line is meant.
pub const DOUBTFUL: u8 = 2;

impl Wanted {
    /// Whether a socket keeps this address from others, and how well the two fit: the least is the
    /// best, and from [`DOUBTFUL`] on it only may. `None`: it does not.
    pub fn fit(&self, holder: &Holder) -> Option<u8> {
        let is_udp = holder.protocol.starts_with("udp");
        if holder.port != self.port || self.udp.is_some_and(|udp| udp != is_udp) {
            return None;
        }
        // Servers that do not say which protocol they mean nearly all mean TCP.
        let doubt =
            u8::from(self.udp.is_none() && is_udp) * 4 + u8::from(self.is_nearby) * DOUBTFUL;
        let held = host_of(&holder.address);
        let fit = match (self.ip, held) {
            (Some(wanted), Some(held)) if wanted == held => 0,
            (Some(wanted), Some(held)) if wanted.is_ipv4() == held.is_ipv4() => {
                (wanted.is_unspecified() || held.is_unspecified()).then_some(1)?
            }
            // A socket on `::` takes IPv4 too, unless it was told not to.
            (Some(wanted), Some(held)) => (is_any6(wanted) || is_any6(held)).then_some(DOUBTFUL)?,
            (None, _) | (_, None) => 1,
        };
        Some(fit + doubt)
    }
}

fn is_any6(ip: IpAddr) -> bool {
    ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
}

/// The address part of `0.0.0.0:80` or `[::]:80`.
fn host_of(address: &str) -> Option<IpAddr> {
    let (host, _) = address.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host == "*" {
        return Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    }
    host.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::testing::*, *};

    fn texts(message: &str) -> Vec<String> {
        let log = [line("app", message)];
        let found = addresses_in_use(&log);
        let text = |wanted: &Wanted| match wanted.ip {
            Some(ip) => format!("{ip} {}", wanted.port),
            None => wanted.port.to_string(),
        };
        found
            .iter()
            .flat_map(|(_, wanted)| wanted)
            .map(text)
            .collect()
    }

    #[test]
    fn programs_are_understood_in_their_own_words() {
        // (what a program logs, the addresses)
        let cases: &[(&str, &[&str])] = &[
            (
                "nginx: [emerg] bind() to 0.0.0.0:443 failed (98: Address already in use)",
                &["0.0.0.0 443"],
            ),
            (
                "Error: service(imap-login): listen(0.0.0.0, 143) failed: Address already in use",
                &["0.0.0.0 143"],
            ),
            (
                "nginx: [emerg] bind() to [::]:80 failed (98: Unknown error: Address already in use)",
                &[":: 80"],
            ),
            (
                "(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80",
                &[":: 80"],
            ),
            (
                "(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80",
                &["0.0.0.0 80"],
            ),
            (
                "Warning: Could not create server TCP listening socket *:6379: bind: Address already in use",
                &["6379"],
            ),
            (
                "Warning: Could not create server TCP listening socket 127.0.0.1:6379: bind: Address already in use",
                &["127.0.0.1 6379"],
            ),
            (
                "[ALERT] (9) : Starting frontend http: cannot bind socket (Address already in use) [0.0.0.0:80]",
                &["0.0.0.0 80"],
            ),
            (
                "[ALERT] (9) : Binding [/etc/haproxy/haproxy.cfg:20] for frontend web: cannot bind socket (Address already in use) for [:::80]",
                &[":: 80"],
            ),
            (
                "error: Bind to port 22 on 0.0.0.0 failed: Address already in use.",
                &["0.0.0.0 22"],
            ),
            (
                "error: Bind to port 22 on :: failed: Address already in use.",
                &[":: 22"],
            ),
            (
                "Error: listen EADDRINUSE: address already in use :::3000",
                &[":: 3000"],
            ),
            (
                "Error: listen EADDRINUSE: address already in use 127.0.0.1:3000",
                &["127.0.0.1 3000"],
            ),
            ("listen tcp :8080: bind: address already in use", &["8080"]),
            (
                "listen tcp4 0.0.0.0:80: bind: address already in use",
                &["0.0.0.0 80"],
            ),
            (
                "ERROR: [Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
                &["0.0.0.0 8000"],
            ),
            (
                "[ERROR] Connection in use: ('127.0.0.1', 8000)",
                &["127.0.0.1 8000"],
            ),
            (
                "Web server failed to start. Port 8080 was already in use.",
                &["8080"],
            ),
            (
                "java.net.BindException: Address already in use: /0.0.0.0:9092",
                &["0.0.0.0 9092"],
            ),
            (
                r#"Address already in use - bind(2) for "0.0.0.0" port 3000 (Errno::EADDRINUSE)"#,
                &["0.0.0.0 3000"],
            ),
            (
                "dnsmasq: failed to create listening socket for port 53: Address already in use",
                &["53"],
            ),
            (
                "error: can't bind socket: Address already in use for 127.0.0.1 port 53",
                &["127.0.0.1 53"],
            ),
            (
                "nginx.socket: Failed to create listening socket (0.0.0.0:80): Address already in use",
                &["0.0.0.0 80"],
            ),
            (
                "failed to listen on TCP port 11211: Address already in use",
                &["11211"],
            ),
            ("OSError: [Errno 98] Address already in use", &[]),
            // No ports.
            (
                "bind() to unix:/run/app.sock failed (98: Address already in use)",
                &[],
            ),
            ("listening on 0.0.0.0:80", &[]),
            ("2026-11-21 15:03:05 address already in use", &[]),
            ("bind to 0.0.0.0:99999: address already in use", &[]),
            ("[05:24:16]:123 address already in use", &[]),
            ("app[1234]:80 address already in use", &[]),
            ("('cafe', 80) address already in use", &[]),
        ];
        for (message, addresses) in cases {
            assert_eq!(texts(message), *addresses, "{message}");
        }
    }

    #[test]
    fn the_port_may_stand_in_a_line_nearby() {
        let postgres = [
            line(
                "postgres",
                r#"LOG:  could not bind IPv4 address "127.0.0.1": Address already in use"#,
            ),
            line(
                "postgres",
                "HINT:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.",
            ),
        ];
        let mysql = [
            line(
                "mysqld",
                "[ERROR] Can't start server: Bind on TCP/IP port: Address already in use",
            ),
            line(
                "mysqld",
                "[ERROR] Do you already have another mysqld server running on port: 3306 ?",
            ),
            line("other", "port 9"),
        ];
        for (log, port) in [(&postgres[..], 5432), (&mysql[..], 3306)] {
            let found = addresses_in_use(log);
            let ports: Vec<_> = found.iter().flat_map(|(_, wanted)| wanted).collect();
            assert_eq!(
                ports.iter().map(|wanted| wanted.port).collect::<Vec<_>>(),
                [port]
            );
        }
    }

    #[test]
    fn the_port_of_another_line_is_doubtful_and_that_of_a_connection_is_none() {
        let failure = "cannot start server: bind: Address already in use";
        // (a line nearby, how well a socket on 0.0.0.0:5432 fits)
        let cases = [
            (
                "is another server running on port 5432?",
                Some(1 + DOUBTFUL),
            ),
            ("listening on 0.0.0.0:5432", Some(1 + DOUBTFUL)),
            ("connected to the database db, port 5432", None),
            ("connection to 10.0.0.5, port 5432 is up", None),
            ("listening for the upstream, port 5432", None),
            ("port 5432 of the peer is up", None),
        ];
        for (near, fit) in cases {
            let log = [line("app", near), line("app", failure)];
            let found = addresses_in_use(&log);
            let wanted = found[0].1.first();
            let found = wanted.and_then(|wanted| wanted.fit(&apache("0.0.0.0:5432", 5432)));
            assert_eq!(found, fit, "{near}");
        }
    }

    #[test]
    fn sockets_are_in_the_way_of_addresses_that_overlap() {
        // (address in the log, protocol and address of a socket, how well they fit)
        let cases = [
            ("0.0.0.0:80", "tcp", "0.0.0.0:80", Some(0)),
            ("0.0.0.0:80", "tcp", "127.0.0.1:80", Some(1)),
            ("127.0.0.1:80", "tcp", "0.0.0.0:80", Some(1)),
            ("127.0.0.1:80", "tcp", "127.0.0.2:80", None),
            ("0.0.0.0:80", "tcp", "[::]:80", Some(2)),
            ("[::]:80", "tcp", "0.0.0.0:80", Some(2)),
            ("[::1]:80", "tcp", "0.0.0.0:80", None),
            ("0.0.0.0:80", "tcp", "0.0.0.0:81", None),
            ("0.0.0.0:80", "udp", "0.0.0.0:80", Some(4)),
            ("tcp 0.0.0.0:80", "udp", "0.0.0.0:80", None),
            ("*:80", "tcp", "127.0.0.1:80", Some(1)),
        ];
        for (named, protocol, address, fit) in cases {
            let log = [line("app", &format!("bind {named} address already in use"))];
            let wanted = *addresses_in_use(&log)[0].1.first().unwrap();
            let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
            let mut holder = apache(address, port);
            holder.protocol = protocol.into();
            assert_eq!(wanted.fit(&holder), fit, "{named} {protocol} {address}");
        }
    }

    proptest! {
        #[test]
        fn hostile_lines_do_not_panic(text in "(address already in use|port |[\\[\\]:*0-9. '\"(),]|\\PC){0,60}") {
            addresses_in_use(&[line("app", &text)]);
        }
    }
}
