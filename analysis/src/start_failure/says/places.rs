//! Where in a message the path or the address stands that it complains about.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use regex::{Captures, Regex};

use crate::start_failure::Culprit;

/// A regular expression of this program's own.
pub(super) fn regex(words: &str) -> Regex {
    Regex::new(words).expect("it is a regular expression")
}

/// A path as messages have it, with or without quotes.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:^|[\s"'`(\[=<:])(?<path>/[^\s"'`:,;()\[\]<>]+)(?::(?<line>\d{1,7})|\((?<in_brackets>\d{1,7})\):|\[(?<in_square>\d{1,7})\]:)?"#,
    )
});

/// What configuration is called, wherever it lies.
static CONFIG: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^/(usr/local/)?etc/|\.(conf|cnf|cfg|config|ini|ya?ml|toml|json|xml|properties)$")
});

static LINE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bline:?\s+(?<line>\d{1,7})\b"));

/// `10.0.0.5:5432`, `[::1]:80`, `db.example.com:3306`, `10.0.0.5`, `::1`.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?x)(?:^|[\s"'`(=@/]) (?<address>
          \[[0-9a-fA-F:.]+\] (:\d{1,5})?
        | \d{1,3}(\.\d{1,3}){3} (:\d{1,5})?
        | [a-zA-Z0-9]([\w-]*\.)+[a-zA-Z][\w-]* :\d{1,5}
        | localhost :\d{1,5}
        | [0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}
        )(?:[\s"'`);,\]/.:]|$)"#,
    )
});

/// `port 80`.
static PORT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bport[\s:=#]+(?<port>\d{1,5})\b"));

/// Words of a program that gives up.
pub(super) static FATAL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(fatal|emerg|emergency|panic(ked)?|critical|\[?ABORT(ING)?\]?)\b|\bcannot start\b",
    )
});

/// Words of a program that goes on.
pub(super) static MILD: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(warn|warning|notice|info|debug|retry(ing)?)\b"));

/// What lies below `/etc` and is none.
static OTHER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\.(key|pem|crt|cer|der|p12|jks|csr|txt|db|sqlite|sock|pid|lock|so|log|sh|py)$|/(passwd|shadow|\.?htpasswd|pwfile|users|secrets)$",
    )
});

/// Whether a file is called like a configuration, or lies where they lie.
pub fn is_config(path: &str) -> bool {
    CONFIG.is_match(path) && !OTHER.is_match(path)
}

/// The number in "line 12".
pub(in crate::start_failure) fn line_number(message: &str) -> Option<u32> {
    LINE.captures(message)?["line"].parse().ok()
}

/// The path that stands last before `words`; the first behind them if none does.
pub(super) fn path_near(message: &str, words: usize) -> Option<Culprit> {
    let mut paths = PATH.captures_iter(message);
    let start = |found: &Captures<'_>| found.name("path").map_or(0, |path| path.start());
    let mut nearest = paths.next()?;
    for found in paths.take_while(|found| start(found) < words) {
        nearest = found;
    }
    Some(Culprit::path(clean(&nearest["path"])))
}

/// The first path of a message.
pub(in crate::start_failure) fn first_path(message: &str) -> Option<String> {
    Some(clean(&PATH.captures(message)?["path"]).to_owned())
}

/// The first file of the message that is called like a configuration, and its line.
pub(super) fn config_in(message: &str) -> Option<Culprit> {
    let mut paths = PATH.captures_iter(message);
    let found = paths.find(|found| is_config(clean(&found["path"])))?;
    let own = found
        .name("line")
        .or_else(|| found.name("in_brackets"))
        .or_else(|| found.name("in_square"))
        .and_then(|line| line.as_str().parse().ok());
    Some(Culprit::Path {
        path: clean(&found["path"]).to_owned(),
        line: own.or_else(|| line_number(message)),
    })
}

/// The address, or the port, that a message names.
pub(super) fn address_in(message: &str) -> Option<Culprit> {
    let named = ADDRESS
        .captures(message)
        .map(|found| found["address"].to_owned());
    let port = PORT.captures(message).map(|found| found["port"].to_owned());
    let address = match (named, port) {
        (Some(ip), Some(port)) if ip.parse::<Ipv6Addr>().is_ok() => format!("[{ip}]:{port}"),
        (Some(ip), Some(port)) if ip.parse::<Ipv4Addr>().is_ok() => format!("{ip}:{port}"),
        (Some(address), _) => address,
        (None, Some(port)) => format!(":{port}"),
        (None, None) => return None,
    };
    Some(Culprit::Address { address })
}

/// The port of an address that was read from a message.
pub(super) fn port_of(address: &str) -> Option<u16> {
    let (_, port) = address.rsplit_once(':')?;
    port.parse().ok()
}

/// Without the full stop of its sentence.
fn clean(path: &str) -> &str {
    path.trim_end_matches('.')
}
