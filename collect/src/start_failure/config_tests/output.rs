//! What a test says.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt as _, path::Path, sync::LazyLock};

use analysis::{
    Timestamp,
    process::{ExitStatus, Signal},
    scrub::scrub_text,
    start_failure::{
        StartCause,
        config_test::{BlamedPlace, TestOutcome},
        says::says,
        telling::{only_warns, tells_of_error},
    },
};
use regex::{Captures, Regex};

use super::{
    command::Planned,
    table::{Row, Words},
};
use crate::{small_file, tool::ToolOutput};

/// Lines that are kept of a test that failed.
const MOST_LINES: usize = 12;
/// Larger files are not looked into.
const MOST_CONFIG_BYTES: u64 = 1 << 20;
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
pub(super) fn read(planned: &Planned, status: Option<ExitStatus>, output: [&[u8]; 2]) -> Read {
    let row = &planned.row;
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
    let blames = blamed(planned, &lines);
    // It could not write, which may be all that it complains of.
    let complains = |line: &&str| !warns(row, line) && complains_of_config(line);
    let names_nothing = blames.is_none() && !lines.iter().any(complains);
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

/// Whether a line only warns: programs tell of these first, and fail because of another.
fn warns(row: &Row, line: &str) -> bool {
    only_warns(line) || row.warns.as_ref().is_some_and(|words| words.is_in(line))
}

/// The first place that is blamed for an error, by the words of the row.
fn blamed(planned: &Planned, lines: &[&str]) -> Option<BlamedPlace> {
    let row = &planned.row;
    let is_blaming =
        |line: &&str| !warns(row, line) && row.blames.iter().any(|words| words.is_in(line));
    let at = lines.iter().position(is_blaming)?;
    let found = row.blames.iter().find_map(|words| words.find(lines[at]))?;
    let path = found.name("path")?.as_str().to_owned();
    let below = row.line_below.as_ref();
    let below = below.and_then(|words| lines.get(at + 1).and_then(|line| words.find(line)));
    let part = |name: &str| {
        let of = |found: &Captures<'_>| Some(found.name(name)?.as_str().trim().to_owned());
        below.as_ref().and_then(of).or_else(|| of(&found))
    };
    let line = part("line").and_then(|line| line.parse().ok());
    Some(BlamedPlace {
        line,
        message: part("message").map(|message| shortened(&message)),
        fault: row.means,
        changed_at: changed_at(Path::new(&path)),
        is_doubtful: row.starts_anyway
            || planned.is_stand_in
            || gives_up_otherwise(row, &path, &lines[at + 1..])
            || line.is_some_and(|line| lacks_variable(Path::new(&path), line, planned)),
        path,
    })
}

/// Whether the program says later that it gives up for something else than its configuration.
fn gives_up_otherwise(row: &Row, path: &str, later: &[&str]) -> bool {
    static GIVES_UP: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"(?i)\b(fatal|emerg|alert|panic|critical)\b";
        Regex::new(words).expect("it is a regular expression")
    });
    static OF_CONFIG: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"(?i)config|syntax|pars(e|ing)|\bline\b|directive|option|setting|parameter|unrecognized";
        Regex::new(words).expect("it is a regular expression")
    });
    let mut errors = later.iter().filter(|line| !warns(row, line));
    errors.any(|line| GIVES_UP.is_match(line) && !OF_CONFIG.is_match(line) && !line.contains(path))
}

/// Whether a line of a file uses a variable that the test had not.
fn lacks_variable(path: &Path, line: u32, planned: &Planned) -> bool {
    static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"\$\{(\w+)|\$\(?([A-Z_][A-Z0-9_]*)\b|\{\$(\w+)|%\(ENV_(\w+)\)|\benv[.:](\w+)";
        Regex::new(words).expect("it is a regular expression")
    });
    let Some(bytes) = small_file::read(path, MOST_CONFIG_BYTES) else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes);
    let at = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let line = text.lines().nth(at).unwrap_or_default();
    VARIABLE.captures_iter(line).any(|found| {
        let name = found.iter().skip(1).flatten().next();
        name.is_some_and(|name| !planned.variables.contains(name.as_str()))
    })
}

/// When a file became what it is. A copy may keep the time of its text, but not that of its inode;
/// and a link may be newer than what it leads to.
fn changed_at(path: &Path) -> Option<Timestamp> {
    let found = [fs::metadata(path).ok()?, fs::symlink_metadata(path).ok()?];
    let times = found.iter().flat_map(|found| {
        let changed = (found.ctime(), found.ctime_nsec());
        [(found.mtime(), found.mtime_nsec()), changed]
    });
    let (seconds, nanoseconds) = times.max()?;
    Timestamp::from_timestamp(seconds, u32::try_from(nanoseconds).ok()?)
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
    // Any number of warnings may come before the error.
    let mut found: Vec<&str> = said
        .iter()
        .filter(|line| tells(line) && !warns(row, line))
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

    /// What the programs say first, and what they fail because of.
    #[test]
    fn warnings_before_the_error_are_not_blamed() {
        // (test, exit code, output, path, line)
        let cases = [
            (
                "haproxy",
                1,
                "[NOTICE]   (8810) : haproxy version is 2.6.12-1\n[WARNING]  (8810) : config : parsing [/etc/haproxy/haproxy.cfg:13] : a 'http-request' rule placed after a 'use_backend' rule will still be processed before.\n[ALERT]    (8810) : config : parsing [/etc/haproxy/haproxy.cfg:18] : unknown keyword 'bnd' in 'frontend' section\n[ALERT]    (8810) : config : Error(s) found in configuration file : /etc/haproxy/haproxy.cfg\n[ALERT]    (8810) : config : Fatal errors found in configuration.",
                Some(("/etc/haproxy/haproxy.cfg", 18)),
            ),
            (
                "haproxy",
                1,
                "[WARNING] 325/145023 (9) : parsing [/etc/haproxy/haproxy.cfg:13] : keyword 'option forceclose' is deprecated.\n[ALERT] 325/145023 (9) : parsing [/etc/haproxy/haproxy.cfg:78]: 'bind' expects [addr1]:port1.",
                Some(("/etc/haproxy/haproxy.cfg", 78)),
            ),
            (
                "haproxy",
                1,
                "[WARNING]  (9) : config : parsing [/etc/haproxy/haproxy.cfg:13] : 'option x' ignored.\n[ALERT]    (9) : [haproxy.main()] Cannot chroot(/var/lib/haproxy).",
                None,
            ),
            (
                "sshd",
                255,
                "/etc/ssh/sshd_config.d/old.conf line 1: Deprecated option UsePrivilegeSeparation\n/etc/ssh/sshd_config.d/old.conf line 2: Unsupported option GSSAPIAuthentication\n/etc/ssh/sshd_config: line 40: Bad configuration option: Prot\n/etc/ssh/sshd_config: terminating, 1 bad configuration options",
                Some(("/etc/ssh/sshd_config", 40)),
            ),
            (
                "postfix",
                1,
                "postconf: warning: /etc/postfix/main.cf, line 30: overriding earlier entry: mynetworks=127.0.0.0/8\npostconf: fatal: /etc/postfix/main.cf, line 41: missing '=' after attribute name: \"foo bar\"",
                Some(("/etc/postfix/main.cf", 41)),
            ),
            (
                "nginx",
                1,
                "2026/11/21 23:12:54 [warn] 8744#8744: duplicate MIME type \"text/html\" in /etc/nginx/nginx.conf:4\n2026/11/21 23:12:54 [warn] 8744#8744: the \"user\" directive makes sense only if the master process runs with super-user privileges, ignored in /etc/nginx/nginx.conf:1\n2026/11/21 23:12:54 [emerg] 8744#8744: unknown directive \"lisen\" in /etc/nginx/nginx.conf:5",
                Some(("/etc/nginx/nginx.conf", 5)),
            ),
            (
                "apache2",
                1,
                "[Sun Nov 22 01:00:00.1 2026] [so:warn] [pid 7] AH01574: module rewrite_module is already loaded, skipping\nAH00112: Warning: DocumentRoot [/var/www/none] does not exist\nAH00526: Syntax error on line 3 of /etc/apache2/sites-enabled/a.conf:\nInvalid command 'Lisen', perhaps misspelled",
                Some(("/etc/apache2/sites-enabled/a.conf", 3)),
            ),
            (
                "bind",
                1,
                "/etc/bind/named.conf.options:2: option 'dnssec-enable' is obsolete and should be removed\n/etc/bind/named.conf.options:3: 'max-zone-ttl' is deprecated\n/etc/bind/named.conf.options:4: using specific query-source port suppresses port randomization and can be insecure.\n/etc/bind/named.conf.local:9: missing ';' before '}'",
                Some(("/etc/bind/named.conf.local", 9)),
            ),
            (
                "php-fpm",
                78,
                "[21-Nov-2026 23:12:55] WARNING: [/etc/php/8.2/fpm/pool.d/www.conf:4] 'listen.backlog' was too low\n[21-Nov-2026 23:12:55] ERROR: [/etc/php/8.2/fpm/pool.d/www.conf:491] unknown entry 'pm.max_childern'\n[21-Nov-2026 23:12:55] ERROR: failed to load configuration file '/etc/php/8.2/fpm/php-fpm.conf'\n[21-Nov-2026 23:12:55] ERROR: FPM initialization failed",
                Some(("/etc/php/8.2/fpm/pool.d/www.conf", 491)),
            ),
            (
                "dovecot",
                89,
                "doveconf: Warning: Obsolete setting in /etc/dovecot/dovecot.conf:25: imap_client_workarounds\ndoveconf: Fatal: Error in configuration file /etc/dovecot/dovecot.conf line 40: Unknown setting: protocls",
                Some(("/etc/dovecot/dovecot.conf", 40)),
            ),
            (
                "squid",
                1,
                "2026/11/21 23:12:55| WARNING: HTTP requires the use of Via\n2026/11/21 23:12:55| /etc/squid/squid.conf(3): unrecognized: 'http_prt'\n2026/11/21 23:12:55| FATAL: Found 1 unrecognized directive(s)",
                Some(("/etc/squid/squid.conf", 3)),
            ),
            (
                "caddy",
                1,
                "{\"level\":\"warn\",\"ts\":1,\"msg\":\"Caddyfile input is not formatted\",\"file\":\"/etc/caddy/Caddyfile\",\"line\":2}\nError: adapting config using caddyfile: /etc/caddy/Caddyfile:7: unrecognized directive: rot",
                Some(("/etc/caddy/Caddyfile", 7)),
            ),
            (
                "samba",
                1,
                "params.c:Parameter() - Ignoring badly formed line in configuration file: /etc/samba/smb.conf",
                None,
            ),
        ];
        for (name, code, text, place) in cases {
            let read = of(name, Some(ExitStatus::Exited { code }), text);
            let found = read.blames.as_ref();
            assert!(found.is_none_or(|found| !found.is_doubtful), "{text}");
            let found = found.map(|found| (found.path.as_str(), found.line.unwrap()));
            assert_eq!(found, place, "{text}");
            let is_mild = |line: &String| line.to_lowercase().contains("warn");
            assert!(!read.lines.iter().any(is_mild), "{:?}", read.lines);
        }
    }

    #[test]
    fn a_place_is_doubtful_where_the_program_fails_for_something_else() {
        // (test, exit code, output)
        let cases = [
            // It logs this, and runs.
            (
                "keepalived",
                5,
                "(/etc/keepalived/keepalived.conf: Line 3) Unknown keyword 'interfce'",
            ),
            (
                "squid",
                1,
                "2026/11/21 23:12:55| /etc/squid/squid.conf(3): unrecognized: 'http_prt'\n2026/11/21 23:12:55| FATAL: Unable to open HTTP Socket",
            ),
        ];
        for (name, code, text) in cases {
            let read = of(name, Some(ExitStatus::Exited { code }), text);
            assert!(read.blames.unwrap().is_doubtful, "{text}");
        }
    }

    #[test]
    fn a_file_is_as_new_as_its_copy_and_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let before: Timestamp = fs::metadata(&file).unwrap().modified().unwrap().into();
        let long_ago = std::time::UNIX_EPOCH;
        let opened = fs::File::options().write(true).open(&file).unwrap();
        opened.set_modified(long_ago).unwrap();
        for path in [&file, &link] {
            assert!(changed_at(path).unwrap() >= before);
        }
        assert_eq!(changed_at(&folder.path().join("none")), None);
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
            // systemd takes this folder away when the unit has failed.
            (
                "sshd",
                exited(255),
                "/etc/ssh/sshd_config.d/old.conf line 1: Deprecated option UsePrivilegeSeparation\nMissing privilege separation directory: /run/sshd",
                TestOutcome::Inconclusive,
            ),
            (
                "apache2",
                exited(2),
                "sh: 1: .: cannot open /etc/apache2/envvars: No such file",
                TestOutcome::Inconclusive,
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
            row: row.clone(),
            argv: row.command.clone(),
            is_stand_in: false,
            is_relative: false,
            variables: ["FRONT".to_owned()].into(),
        };
        read(&planned, status, [text.as_bytes(), b""])
    }

    #[test]
    fn a_place_is_doubtful_where_a_variable_is_missing() {
        // (line of the file, whether it is doubtful)
        let cases = [
            ("bind ${FRONT}:80", false),
            ("bind \"$FRONT:80\"", false),
            ("bind ${BACK}:80", true),
            ("bind \"$BACK:80\"", true),
            ("proxy_set_header Host $host;", false),
            ("command=%(ENV_HOME)s/run", true),
            ("reverse_proxy {$BACK}", true),
            ("reverse_proxy {env.BACK}", true),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.cfg");
        for (line, is_doubtful) in cases {
            fs::write(&path, format!("global\n{line}\n")).unwrap();
            let text = format!("[ALERT] (9) : parsing [{}:2] : bad", path.display());
            let read = of("haproxy", Some(ExitStatus::Exited { code: 1 }), &text);
            assert_eq!(read.blames.unwrap().is_doubtful, is_doubtful, "{line}");
        }
    }
}
