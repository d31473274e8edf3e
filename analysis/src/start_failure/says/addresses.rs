//! The address, or the port, that a message is about.
//!
//! Much in a log looks like an address and is none: a clock, a version, a line of a file. What is
//! taken for one can be read as one, or is called like a host.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use regex::{Captures, Regex};

use super::places::regex;
use crate::start_failure::Culprit;

/// A path, with the numbers of the line and the column behind it. `http://` begins none.
static PATH: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?<before>^|[\s"'`‘“(\[=<:,])/(?<path>[^\s"'`’”,;()\[\]<>]+)"#));

/// `http://`, `postgres://`.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| regex(r"\b[a-zA-Z][\w+.-]*://"));

/// What may be an address: `[::1]:80`, `10.0.0.5:80`, `db.example.com:80`, `*:80`.
static WORD: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\[[\w:.%*]+\](?::\d{1,5})?|[\w.:*%-]*[\w:*]"));

/// Arguments of a call, or a pair of Python's: `listen(0.0.0.0, 143)`, `('::1', 80)`.
static PAIR: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"\(["']?(?<host>[0-9a-fA-F:.]*|\*)["']?,\s*(?<port>\d{1,5})\b"#));

/// `port 80`, `"port":80`.
static PORT: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?i)\bport["']?[\s:=#]+["']?(?<port>\d{1,5})\b"#));

/// What stands before the address that could not be had.
static MEANT: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?i)(\b(for|to|upstream|address)|->)[\s:=]*["'`(\[]*$"#));

/// What stands before an address that only asks.
static ASKS: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?i)\b(client|from|peer|remote_addr)[\s:=]*["'`(\[]*$"#));

/// What stands before the number of a version, which may look like an IPv4 address.
static VERSION: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)(\b(version|release|v)\s*|[a-z][\w.]*/|[\w]-)$"));

/// What stands before a port without a host.
static BEFORE_PORT: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"(?i)\b(tcp|udp|bind|listen|listening|address|on|for|to)[46]?\s+["'(\[]*$"#)
});

/// Names of files, with a line behind them as a host has its port.
static FILE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\.(conf|cnf|cfg|config|ini|ya?ml|toml|json|xml|properties|tmpl|tpl|vcl|lua|log|txt|py|pyx|rb|erb|js|jsx|mjs|cjs|ts|tsx|go|java|kt|kts|scala|sc|groovy|clj|php|pl|pm|sh|bash|c|h|cc|hh|cpp|hpp|cxx|rs|cs|fs|vb|ex|exs|erl|hrl|hs|ml|swift|m|mm|s|asm|sql|so|in|inc|service|socket|d)$",
    )
});

/// Words of a program that wants to listen.
static LISTENS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)bind|listen|\bports?\b|make_sock"));

/// The address, or the port, that a message names.
pub(super) fn address_in(message: &str) -> Option<Culprit> {
    let message = without_paths(message);
    let port = PORT
        .captures(&message)
        .and_then(|found| number(&found["port"]));
    let address = match (best(&message), port) {
        (Some(ip), Some(port)) if ip.parse::<Ipv6Addr>().is_ok() => format!("[{ip}]:{port}"),
        (Some(ip), Some(port)) if ip.parse::<Ipv4Addr>().is_ok() => format!("{ip}:{port}"),
        (Some(address), _) => address,
        (None, Some(port)) => format!(":{port}"),
        (None, None) => return None,
    };
    Some(Culprit::Address { address })
}

/// Whether a message is about an address that the program wants to listen on.
pub(in crate::start_failure) fn is_about_listening(message: &str) -> bool {
    LISTENS.is_match(&without_paths(message))
}

/// The port of an address that was read from a message. An IPv6 address without brackets has none.
pub(in crate::start_failure) fn port_of(address: &str) -> Option<u16> {
    if address.parse::<Ipv6Addr>().is_ok() {
        return None;
    }
    let (_, port) = address.rsplit_once(':')?;
    number(port)
}

fn number(port: &str) -> Option<u16> {
    port.parse().ok().filter(|port| *port != 0)
}

/// Paths lie before what is meant, with numbers of lines behind them. Java has addresses behind a
/// slash, and these stay.
pub(super) fn without_paths(message: &str) -> String {
    let message = SCHEME.replace_all(message, " ");
    let replaced = PATH.replace_all(&message, |found: &Captures<'_>| {
        let is_address = named(&found["path"]).is_some_and(|word| !is_host(&word));
        match is_address {
            true => format!("{} {}", &found["before"], &found["path"]),
            false => format!("{} ", &found["before"]),
        }
    });
    replaced.into_owned()
}

/// The address that is meant, else the first.
fn best(message: &str) -> Option<String> {
    let pairs = PAIR.captures_iter(message).filter_map(|found| {
        let start = found.get(0)?.start();
        Some((start, pair(&found["host"], number(&found["port"])?)?))
    });
    let words = WORD.find_iter(message).filter_map(|found| {
        let before = before(message, found.start());
        Some((found.start(), word(before, found.as_str())?))
    });
    let found = pairs.chain(words);
    let found = found.filter(|(start, _)| !ASKS.is_match(before(message, *start)));
    let rank = |start: usize| !MEANT.is_match(before(message, start));
    // Of equally good ones the first, whether pair or word.
    Some(found.min_by_key(|(start, _)| (rank(*start), *start))?.1)
}

/// The words right before a place.
fn before(message: &str, place: usize) -> &str {
    const MOST_BYTES: usize = 24;
    let mut from = place.saturating_sub(MOST_BYTES);
    while !message.is_char_boundary(from) {
        from += 1;
    }
    &message[from..place]
}

fn pair(host: &str, port: u16) -> Option<String> {
    match host {
        "" => Some(format!(":{port}")),
        "*" => Some(format!("*:{port}")),
        _ if host.parse::<Ipv4Addr>().is_ok() => Some(format!("{host}:{port}")),
        _ if host.parse::<Ipv6Addr>().is_ok() => Some(format!("[{host}]:{port}")),
        _ => None,
    }
}

/// The address that a word is, by what stands before it.
fn word(before: &str, word: &str) -> Option<String> {
    let found = named(word)?;
    if found.parse::<Ipv4Addr>().is_ok() && VERSION.is_match(before) {
        return None;
    }
    if found.starts_with(':') && !found.starts_with("::") && !BEFORE_PORT.is_match(before) {
        return None;
    }
    // The last part of a path.
    (!before.ends_with('/') || !is_host(&found)).then_some(found)
}

/// The address that a word is by itself.
fn named(word: &str) -> Option<String> {
    if let Some((inner, rest)) = word.strip_prefix('[').and_then(|word| word.split_once(']')) {
        return bracketed(inner, rest);
    }
    let word = word.trim_end_matches(['.', '-']);
    let word = match word.strip_suffix(':') {
        Some(cut) if !cut.ends_with(':') => cut,
        _ => word,
    };
    if word.parse::<Ipv4Addr>().is_ok() || word.parse::<Ipv6Addr>().is_ok() {
        return Some(word.to_owned());
    }
    let (host, port) = word.rsplit_once(':')?;
    let port = number(port).filter(|_| port.len() <= 5)?;
    match host {
        "::" => Some(format!("[::]:{port}")),
        "" | "*" | "localhost" => Some(word.to_owned()),
        _ => (host.parse::<Ipv4Addr>().is_ok() || is_name(host)).then(|| word.to_owned()),
    }
}

fn bracketed(inner: &str, rest: &str) -> Option<String> {
    let ip = inner.split('%').next().unwrap_or(inner);
    if ip.parse::<Ipv6Addr>().is_err() {
        // haproxy: `[0.0.0.0:80]`, `[:::80]`.
        return named(inner).filter(|_| rest.is_empty());
    }
    match rest.strip_prefix(':') {
        Some(port) => Some(format!("[{ip}]:{}", number(port)?)),
        None => Some(ip.to_owned()),
    }
}

/// Whether an address has the name of a host.
fn is_host(address: &str) -> bool {
    address.starts_with(|first: char| first.is_ascii_alphabetic())
        && address.parse::<Ipv6Addr>().is_err()
}

/// Whether a word is called like a host with a domain, and neither like a file nor like a class.
fn is_name(word: &str) -> bool {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| regex(r"^[a-zA-Z0-9]([\w-]*\.)+[a-zA-Z][a-zA-Z0-9-]*$"));
    let of_domain = word.rsplit('.').next().unwrap_or_default();
    let is_class =
        of_domain.chars().any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    NAME.is_match(word) && !FILE.is_match(word) && !is_class
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &str) -> Option<String> {
        match address_in(message) {
            Some(Culprit::Address { address }) => Some(address),
            _ => None,
        }
    }

    #[test]
    fn addresses_are_read_as_programs_write_them() {
        // (what a program logs, the address)
        let cases = [
            ("bind() to 0.0.0.0:80 failed", Some("0.0.0.0:80")),
            ("bind() to [::]:80 failed", Some("[::]:80")),
            ("Bind to port 22 on :: failed", Some("[::]:22")),
            ("listen(0.0.0.0, 143) failed", Some("0.0.0.0:143")),
            ("bind on address ('0.0.0.0', 80): no", Some("0.0.0.0:80")),
            ("listen tcp :80: bind: no", Some(":80")),
            ("TCP listening socket *:80: bind: no", Some("*:80")),
            ("listen EACCES: no :::80", Some("[::]:80")),
            ("connect ECONNREFUSED ::1:5432", Some("::1:5432")),
            ("can't bind for 10.9.9.9 port 53", Some("10.9.9.9:53")),
            (r#"{"level":"error","port":80}"#, Some(":80")),
            ("BindException: no: /0.0.0.0:80", Some("0.0.0.0:80")),
            ("no: localhost/127.0.0.1:9092", Some("127.0.0.1:9092")),
            (
                "cannot bind socket for [fe80::1%eth0]:80",
                Some("[fe80::1]:80"),
            ),
            (
                "Binding [/etc/haproxy/haproxy.cfg:11] for frontend x: for [0.0.0.0:8095]",
                Some("0.0.0.0:8095"),
            ),
            (
                "upstream, client: 10.0.0.1, server: _, request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:9000/x\"",
                Some("127.0.0.1:9000"),
            ),
            (
                "dial tcp 10.0.0.2:34562->10.0.0.5:5432: no",
                Some("10.0.0.5:5432"),
            ),
            (
                "postgres://app:x@db.example.com:5432/shop",
                Some("db.example.com:5432"),
            ),
            ("redis.example.com/10.0.0.5:6379", Some("10.0.0.5:6379")),
        ];
        for (message, address) in cases {
            assert_eq!(text(message).as_deref(), address, "{message}");
        }
    }

    #[test]
    fn what_only_looks_like_an_address_is_none() {
        for message in [
            "05:24:16 no",
            "[05:24:16] no",
            "[05:24:16.123] no",
            "[22/Nov/2026:05:24:16 +0000] no",
            "2026-11-22T05:24:16.123Z no",
            "haproxy.cfg:11 no",
            "conf.d/site.conf:3: no",
            "(Main.java:42) no",
            "o.a.c.h.Http11NioProtocol:173 no",
            "server.go:302] no",
            "app.py:12 no",
            "node:net:1463:16 no",
            "unbound[12:0] no",
            "openresty/1.21.4.1 no",
            "version 1.21.4.1 no",
            "std::bad_alloc no",
            "00:1a:2b:3c:4d:5e no",
            "/srv/x:80 no",
            "port 99999 no",
            "client: 10.0.0.1:80 no",
            "/etc/bind/db.example.com:80 no",
        ] {
            assert_eq!(text(message), None, "{message}");
        }
    }

    #[test]
    fn an_ipv6_address_without_brackets_has_no_port() {
        // (address, port)
        let cases = [
            ("fe80::1:22", None),
            ("[fe80::1]:22", Some(22)),
            ("10.0.0.5:22", Some(22)),
            (":22", Some(22)),
            ("10.0.0.5", None),
        ];
        for (address, port) in cases {
            assert_eq!(port_of(address), port, "{address}");
        }
    }
}
