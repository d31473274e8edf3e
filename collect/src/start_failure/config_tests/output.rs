//! What a test says.

use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock, time::SystemTime};

use analysis::{
    process::{ExitStatus, Signal},
    scrub::scrub_text,
    start_failure::{
        StartCause,
        config_test::{BlamedPlace, TestOutcome},
        says::says,
        telling::tells_of_error,
    },
};
use regex::{Captures, Regex};

use super::{
    command::Planned,
    table::{Row, Words},
};
use crate::tool::ToolOutput;

/// Lines that are kept of a test that failed.
const MOST_LINES: usize = 12;
/// Characters of a line.
const MOST_CHARS: usize = 500;

/// It has no network: what needs one cannot be judged.
static NEEDS_NETWORK: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)not resolve|host not found|name or service not known|name resolution|no such host|resolving .* failed";
    Regex::new(words).expect("it is a regular expression")
});

/// What a test found.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    pub(super) outcome: TestOutcome,
    pub(super) lines: Vec<String>,
    pub(super) blames: Option<BlamedPlace>,
}

pub(super) fn status(output: &ToolOutput) -> Option<ExitStatus> {
    use std::os::unix::process::ExitStatusExt as _;
    if output.is_late {
        return None;
    }
    if let Some(code) = output.status.code() {
        return u8::try_from(code)
            .ok()
            .map(|code| ExitStatus::Exited { code });
    }
    let signal = output.status.signal()?;
    Some(ExitStatus::Signaled {
        signal: Signal(u8::try_from(signal).ok()?),
        core_dumped: false,
    })
}

/// Reads both outputs, that for errors first.
pub(super) fn read(planned: &Planned<'_>, status: Option<ExitStatus>, output: [&[u8]; 2]) -> Read {
    let row = planned.row;
    let text = output.map(String::from_utf8_lossy);
    let lines: Vec<&str> = text.iter().flat_map(|text| text.lines()).collect();
    let outcome = outcome(row, &planned.argv, status, &lines);
    if outcome == TestOutcome::Passed {
        return Read {
            outcome,
            lines: Vec::new(),
            blames: None,
        };
    }
    let blames = blamed(row, &lines);
    // It could not write, which may be all that it complains of.
    let names_nothing = blames.is_none() && !lines.iter().any(|line| complains_of_config(line));
    let is_held_back = names_nothing && lines.iter().any(|line| is_ours(line));
    if is_held_back || outcome == TestOutcome::Inconclusive {
        return Read {
            outcome: TestOutcome::Inconclusive,
            lines: Vec::new(),
            blames: None,
        };
    }
    Read {
        outcome,
        blames,
        lines: telling(row, &lines),
    }
}

fn outcome(row: &Row, argv: &[String], status: Option<ExitStatus>, lines: &[&str]) -> TestOutcome {
    let is_said = |words: &Words| lines.iter().any(|line| words.is_in(line));
    if row.is_invalid.as_ref().is_some_and(is_said) {
        return TestOutcome::Failed;
    }
    if row.is_valid.as_ref().is_some_and(is_said) {
        return TestOutcome::Passed;
    }
    let Some(ExitStatus::Exited { code }) = status else {
        return TestOutcome::Inconclusive;
    };
    let code = i32::from(code);
    let is_unknown = lines
        .iter()
        .any(|line| refuses(line, argv) || NEEDS_NETWORK.is_match(line))
        || row.says_nothing.as_ref().is_some_and(is_said);
    match () {
        () if row.valid.contains(&code) => TestOutcome::Passed,
        () if matches!(code, 126 | 127) || is_unknown => TestOutcome::Inconclusive,
        () if row.invalid.is_empty() || row.invalid.contains(&code) => TestOutcome::Failed,
        () => TestOutcome::Inconclusive,
    }
}

/// Whether an older version of the program does not know an option of the test.
fn refuses(line: &str, argv: &[String]) -> bool {
    let words = [
        "unknown",
        "unrecognized",
        "invalid option",
        "not defined",
        "illegal option",
    ];
    let is_named = |option: &String| match option.strip_prefix('-') {
        Some(letter) if letter.len() == 1 => line.contains(&format!("-- '{letter}'")),
        Some(long) => long.starts_with('-') && line.contains(option.as_str()),
        None => false,
    };
    let small = line.to_ascii_lowercase();
    words.iter().any(|word| small.contains(word)) && argv.iter().any(is_named)
}

/// The first place that is blamed, by the words of the row.
fn blamed(row: &Row, lines: &[&str]) -> Option<BlamedPlace> {
    let is_blaming = |line: &&str| row.blames.iter().any(|words| words.is_in(line));
    let at = lines.iter().position(is_blaming)?;
    let found = row.blames.iter().find_map(|words| words.find(lines[at]))?;
    let path = found.name("path")?.as_str().to_owned();
    let below = row.line_below.as_ref();
    let below = below.and_then(|words| lines.get(at + 1).and_then(|line| words.find(line)));
    let part = |name: &str| {
        let of = |found: &Captures<'_>| Some(found.name(name)?.as_str().trim().to_owned());
        below.as_ref().and_then(of).or_else(|| of(&found))
    };
    Some(BlamedPlace {
        line: part("line").and_then(|line| line.parse().ok()),
        message: part("message").map(|message| shortened(&message)),
        fault: row.means,
        changed_at: changed_at(Path::new(&path)),
        path,
    })
}

fn changed_at(path: &Path) -> Option<analysis::Timestamp> {
    let changed: SystemTime = fs::metadata(path).ok()?.modified().ok()?;
    Some(changed.into())
}

/// The lines that say what is wrong, each once.
fn telling(row: &Row, lines: &[&str]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let said: Vec<&str> = lines
        .iter()
        .map(|line| line.trim_end())
        .filter(|line| !line.is_empty() && !is_ours(line) && known.insert(*line))
        .collect();
    let tells =
        |line: &&&str| row.blames.iter().any(|words| words.is_in(line)) || tells_of_error(line);
    let mut found: Vec<&str> = said
        .iter()
        .filter(tells)
        .take(MOST_LINES)
        .copied()
        .collect();
    if found.is_empty() {
        let last = said.len().saturating_sub(MOST_LINES / 2);
        found.extend(&said[last..]);
    }
    found.into_iter().map(shortened).collect()
}

/// Whether a line says in common words that a file is wrong.
fn complains_of_config(line: &str) -> bool {
    let of_config = [StartCause::ConfigSyntax, StartCause::ConfigInvalidValue];
    says(line).is_some_and(|says| says.culprit.is_some() && of_config.contains(&says.cause))
}

/// What we forbade is none of the program's troubles.
fn is_ours(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let denied = ["permission denied", "operation not permitted"];
    denied.iter().any(|words| line.contains(words))
}

fn shortened(line: &str) -> String {
    let line = scrub_text(line);
    match line.char_indices().nth(MOST_CHARS) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::table, *};

    /// What the programs of Debian 12 say.
    #[test]
    fn programs_blame_a_place_in_their_own_words() {
        // (test, exit code, output, path, line)
        let cases = [
            (
                "apache2",
                1,
                "AH00526: Syntax error on line 3 of /etc/apache2/sites-enabled/000-default.conf:\nInvalid command 'Lisen', perhaps misspelled or defined by a module not included in the server configuration",
                "/etc/apache2/sites-enabled/000-default.conf",
                Some(3),
            ),
            (
                "haproxy",
                1,
                "[NOTICE]   (8810) : path to executable is /usr/sbin/haproxy\n[ALERT]    (8810) : config : parsing [/etc/haproxy/haproxy.cfg:35] : unknown keyword 'bnd' in 'defaults' section; did you mean 'bind' maybe ?",
                "/etc/haproxy/haproxy.cfg",
                Some(35),
            ),
            (
                "nginx",
                1,
                "2026/11/21 23:12:54 [emerg] 8744#8744: unknown directive \"lisen\" in /etc/nginx/nginx.conf:5\nnginx: configuration file /etc/nginx/nginx.conf test failed",
                "/etc/nginx/nginx.conf",
                Some(5),
            ),
            (
                "sshd",
                255,
                "/etc/ssh/sshd_config: line 1: Bad configuration option: Prot\n/etc/ssh/sshd_config: terminating, 1 bad configuration options",
                "/etc/ssh/sshd_config",
                Some(1),
            ),
            (
                "sshd",
                255,
                "/etc/ssh/sshd_config line 1: Badly formatted port number.",
                "/etc/ssh/sshd_config",
                Some(1),
            ),
            (
                "postgresql",
                1,
                "2026-11-21 23:13:07.623 GMT [9578] LOG:  unrecognized configuration parameter \"max_conections\" in file \"/var/lib/postgresql/15/x/postgresql.conf\" line 817\n2026-11-21 23:13:07.623 GMT [9578] FATAL:  configuration file \"/var/lib/postgresql/15/x/postgresql.conf\" contains errors",
                "/var/lib/postgresql/15/x/postgresql.conf",
                Some(817),
            ),
            (
                "postgresql",
                1,
                "LOG:  invalid value for parameter \"max_connections\": \"abc\"\nFATAL:  configuration file \"/x/postgresql.conf\" contains errors",
                "/x/postgresql.conf",
                None,
            ),
            (
                "bind",
                1,
                "/etc/bind/named.conf.options:2: unknown option 'opptions'",
                "/etc/bind/named.conf.options",
                Some(2),
            ),
            (
                "unbound",
                1,
                "/etc/unbound/unbound.conf.d/x.conf:2: error: unknown keyword 'verbosty'\nread /etc/unbound/unbound.conf failed: 4 errors in configuration file",
                "/etc/unbound/unbound.conf.d/x.conf",
                Some(2),
            ),
            (
                "dnsmasq",
                1,
                "\ndnsmasq: bad option at line 690 of /etc/dnsmasq.conf",
                "/etc/dnsmasq.conf",
                Some(690),
            ),
            (
                "postfix",
                1,
                "postconf: fatal: /etc/postfix/main.cf, line 25: missing '=' after attribute name: \"foo bar baz\"",
                "/etc/postfix/main.cf",
                Some(25),
            ),
            (
                "postfix",
                1,
                "postconf: fatal: file /etc/postfix/master.cf: line 138: bad field count",
                "/etc/postfix/master.cf",
                Some(138),
            ),
            (
                "dovecot",
                89,
                "doveconf: Fatal: Error in configuration file /etc/dovecot/dovecot.conf line 1: Unknown setting: protocls",
                "/etc/dovecot/dovecot.conf",
                Some(1),
            ),
            (
                "dovecot",
                89,
                "doveconf: Error: Service #30 is missing name\ndoveconf: Fatal: Error in configuration file /etc/dovecot/dovecot.conf: Missing '}' (section started at /etc/dovecot/dovecot.conf:1)",
                "/etc/dovecot/dovecot.conf",
                Some(1),
            ),
            (
                "squid",
                1,
                "2026/11/21 23:12:55| Processing: http_prt 3128\n2026/11/21 23:12:55| /etc/squid/squid.conf(3): unrecognized: 'http_prt'",
                "/etc/squid/squid.conf",
                Some(3),
            ),
            (
                "squid",
                1,
                "2026/11/21 23:15:43| FATAL: Bungled /etc/squid/squid.conf line 3: http_port abc",
                "/etc/squid/squid.conf",
                Some(3),
            ),
            (
                "php-fpm",
                78,
                "[21-Nov-2026 23:12:55] ERROR: [/etc/php/8.2/fpm/pool.d/www.conf:491] unknown entry 'pm.max_childern'",
                "/etc/php/8.2/fpm/pool.d/www.conf",
                Some(491),
            ),
            (
                "chrony",
                1,
                "2026-11-21T23:12:55Z Fatal error : Invalid directive at line 1 in file /etc/chrony/chrony.conf",
                "/etc/chrony/chrony.conf",
                Some(1),
            ),
            (
                "prometheus",
                1,
                "  FAILED: parsing YAML file /etc/prometheus/prometheus.yml: yaml: line 6: mapping values are not allowed in this context",
                "/etc/prometheus/prometheus.yml",
                Some(6),
            ),
            (
                "prometheus",
                1,
                "  FAILED: parsing YAML file /etc/prometheus/prometheus.yml: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!int `5` into []string",
                "/etc/prometheus/prometheus.yml",
                Some(1),
            ),
            (
                "alertmanager",
                1,
                "amtool: error: failed to validate 1 file(s)\n\nChecking '/etc/prometheus/alertmanager.yml'  FAILED: yaml: unmarshal errors:\n  line 117: field rote not found in type config.plain",
                "/etc/prometheus/alertmanager.yml",
                Some(117),
            ),
            (
                "keepalived",
                5,
                "(/etc/keepalived/keepalived.conf: Line 3) Unknown keyword 'interfce'\n(a) the virtual router id must be set",
                "/etc/keepalived/keepalived.conf",
                Some(3),
            ),
            (
                "lighttpd",
                255,
                "2026-11-21 23:12:55: (configfile.c.2164) source: /etc/lighttpd/lighttpd.conf line: 57 pos: 0 parser failed somehow near here: (EOL)",
                "/etc/lighttpd/lighttpd.conf",
                Some(57),
            ),
            (
                "caddy",
                1,
                "{\"level\":\"info\",\"msg\":\"using provided configuration\"}\nError: adapting config using caddyfile: /etc/caddy/Caddyfile:2: unrecognized directive: rot",
                "/etc/caddy/Caddyfile",
                Some(2),
            ),
            (
                "mysql",
                0,
                "error: Found option without preceding group in config file: /etc/mysql/mariadb.conf.d/99.cnf at line: 1",
                "/etc/mysql/mariadb.conf.d/99.cnf",
                Some(1),
            ),
        ];
        for (name, code, text, path, line) in cases {
            let read = of(name, Some(ExitStatus::Exited { code }), text);
            assert_eq!(read.outcome, TestOutcome::Failed, "{text}");
            let place = read.blames.unwrap();
            assert_eq!((place.path.as_str(), place.line), (path, line), "{text}");
            assert!(
                read.lines.iter().any(|line| line.contains(path)),
                "{:?}",
                read.lines
            );
        }
    }

    #[test]
    fn only_what_says_so_fails() {
        let exited = |code| Some(ExitStatus::Exited { code });
        let late = None;
        // (test, status, output, outcome)
        let cases = [
            (
                "nginx",
                exited(0),
                "nginx: configuration file /etc/nginx/nginx.conf test is successful",
                TestOutcome::Passed,
            ),
            // We keep it from writing its logs.
            (
                "nginx",
                exited(1),
                "nginx: [alert] could not open error log file: open() \"/var/log/nginx/error.log\" failed (13: Permission denied)\nnginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: [emerg] open() \"/run/nginx.pid\" failed (13: Permission denied)",
                TestOutcome::Passed,
            ),
            (
                "docker",
                exited(125),
                "Status: unknown flag: --validate\nSee 'dockerd --help'., Code: 125",
                TestOutcome::Inconclusive,
            ),
            (
                "docker",
                exited(1),
                "Status: unknown flag: --validate\nSee 'dockerd --help'., Code: 125",
                TestOutcome::Inconclusive,
            ),
            (
                "keepalived",
                exited(127),
                "keepalived: error while loading shared libraries",
                TestOutcome::Inconclusive,
            ),
            ("sshd", late, "", TestOutcome::Inconclusive),
            (
                "sshd",
                exited(255),
                "Missing privilege separation directory: /run/sshd",
                TestOutcome::Failed,
            ),
            (
                "nginx",
                exited(1),
                "nginx: [emerg] host not found in upstream \"db\" in /etc/nginx/nginx.conf:9",
                TestOutcome::Inconclusive,
            ),
            (
                "haproxy",
                exited(2),
                "[ALERT] out of memory",
                TestOutcome::Inconclusive,
            ),
        ];
        for (name, status, text, outcome) in cases {
            let read = of(name, status, text);
            assert_eq!(read.outcome, outcome, "{text}");
            assert_eq!(read.blames, None);
        }
    }

    #[test]
    fn of_a_flood_the_errors_are_kept_without_secrets() {
        let mut text: String = (0..900)
            .map(|number| format!("option {number}\n"))
            .collect();
        text.push_str("error: cannot log in with --password hunter2\n");
        let read = of("sshd", Some(ExitStatus::Exited { code: 1 }), &text);
        assert_eq!(
            read.lines,
            ["error: cannot log in with --password [scrubbed]"]
        );
    }

    fn of(name: &str, status: Option<ExitStatus>, text: &str) -> Read {
        let table = table::read(Path::new("/none"), &mut Vec::new());
        let row = table.rows().find(|row| row.name == name).unwrap();
        let planned = Planned {
            row,
            argv: row.command.clone(),
        };
        read(&planned, status, [text.as_bytes(), b""])
    }
}
