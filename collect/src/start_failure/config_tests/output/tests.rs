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
