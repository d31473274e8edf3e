//! What services of Debian 12 logged when they were made to fail (`tests/corpus`), word by word.

use super::{super::testing::line, *};

/// A cause, and whom it blames in short, as the corpus has it: `path:line`, `user www`.
fn told(messages: &[&str]) -> (StartCause, String) {
    let log: Vec<LogLine> = messages
        .iter()
        .map(|message| line("app", message))
        .collect();
    let (_, says) = why(&log).unwrap_or_else(|| panic!("not understood: {messages:?}"));
    let culprit = match says.culprit {
        Some(Culprit::Path {
            path,
            line: Some(line),
        }) => format!("{path}:{line}"),
        Some(Culprit::Path { path, line: None }) => path,
        Some(Culprit::User { user }) => format!("user {user}"),
        Some(Culprit::Address { address }) => address,
        Some(other) => format!("{other:?}"),
        None => String::new(),
    };
    (says.cause, culprit)
}

#[test]
fn services_are_understood_in_their_own_words() {
    use StartCause as Cause;
    let cases: &[(&[&str], StartCause, &str)] = &[
        (
            &[
                "AH00526: Syntax error on line 31 of /etc/apache2/sites-enabled/default-ssl.conf:",
                "SSLCertificateFile: file '/etc/ssl/certs/ssl-cert-snakeoil.pem' does not exist or is empty",
                "Action 'start' failed.",
                "The Apache error log may have more information.",
            ],
            Cause::FileMissing,
            "/etc/ssl/certs/ssl-cert-snakeoil.pem",
        ),
        (
            &[
                "AH00526: Syntax error on line 2 of /etc/apache2/sites-enabled/shop.conf:",
                "Invalid command 'DocumentRot', perhaps misspelled or defined by a module not included in the server configuration",
            ],
            Cause::ConfigSyntax,
            "/etc/apache2/sites-enabled/shop.conf:2",
        ),
        (
            &[
                "doveconf: Fatal: Error in configuration file /etc/dovecot/conf.d/99-site.conf line 3: ssl_cert: Can't open file /etc/dovecot/site.pem: No such file or directory",
            ],
            Cause::FileMissing,
            "/etc/dovecot/site.pem",
        ),
        (
            &[
                r#"2026/11/21 23:33:14 [emerg] 7664#7664: cannot load certificate "/etc/ssl/shop.crt": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(/etc/ssl/shop.crt, r) error:10000080:BIO routines::no such file)"#,
                "nginx: configuration file /etc/nginx/nginx.conf test failed",
            ],
            Cause::FileMissing,
            "/etc/ssl/shop.crt",
        ),
        (
            &[
                "[ALERT]    (8980) : config : Proxy 'web': unable to find required default_backend: 'shop'.",
                "[ALERT]    (8980) : config : Fatal errors found in configuration.",
            ],
            Cause::ConfigInvalidValue,
            "",
        ),
        (
            &[
                "2026-11-21 23:33:42: (configfile.c.1878) source: /etc/lighttpd/lighttpd.conf line: 2 pos: 15 use => for assignments in arrays",
                "2026-11-21 23:33:42: (configfile.c.2161) configfile parser failed at: server.modules",
            ],
            Cause::ConfigSyntax,
            "/etc/lighttpd/lighttpd.conf:2",
        ),
        (
            &[
                "1795304345: Loading config file /etc/mosquitto/conf.d/site.conf",
                "1795304345: Error: Unknown configuration variable \"listner\".",
                "1795304345: Error found at /etc/mosquitto/conf.d/site.conf:2.",
                "1795304345: Error found at /etc/mosquitto/mosquitto.conf:13.",
            ],
            Cause::ConfigSyntax,
            "/etc/mosquitto/conf.d/site.conf:2",
        ),
        (
            &[
                "LOG:  invalid value for parameter \"max_connections\": \"lots\"",
                "FATAL:  configuration file \"/etc/postgresql/15/main/postgresql.conf\" contains errors",
                "pg_ctl: could not start server",
            ],
            Cause::ConfigInvalidValue,
            "/etc/postgresql/15/main/postgresql.conf",
        ),
        (
            &[
                "/etc/bind/named.conf:10: parsing failed: file not found",
                "loading configuration: file not found",
                "exiting (due to fatal error)",
            ],
            Cause::ConfigMissing,
            "/etc/bind/named.conf:10",
        ),
        (
            &[
                "Options error: --ca fails with 'ca.crt': No such file or directory (errno=2)",
                "Options error: Please correct these errors.",
            ],
            Cause::FileMissing,
            "",
        ),
        (
            &["Options error: In [CMD-LINE]:1: Error opening configuration file: office.conf"],
            Cause::ConfigMissing,
            "",
        ),
        (
            &[
                "ALERT: [pool www] pm.min_spare_servers(1) and pm.max_spare_servers(99) cannot be greater than pm.max_children(5)",
                "ERROR: failed to post process the configuration",
            ],
            Cause::ConfigInvalidValue,
            "",
        ),
        (
            &["ERROR: [pool www] cannot get uid for user 'shop'"],
            Cause::UserMissing,
            "user shop",
        ),
        (
            &["fatal: unknown inet_protocols value \"ipv5\" in \"ipv5\""],
            Cause::ConfigInvalidValue,
            "",
        ),
        (
            &[
                "2026/11/21 23:37:28| ACL not found: officenet",
                "2026/11/21 23:37:28| FATAL: Bungled /etc/squid/conf.d/site.conf line 1: http_access allow officenet",
            ],
            Cause::ConfigInvalidValue,
            "/etc/squid/conf.d/site.conf:1",
        ),
        (
            &["2026/11/21 23:37:27| /etc/squid/conf.d/site.conf(1): unrecognized: 'http_acces'"],
            Cause::ConfigSyntax,
            "/etc/squid/conf.d/site.conf:1",
        ),
        (
            &["/etc/ssh/sshd_config.d/site.conf line 1: unsupported option \"never\"."],
            Cause::ConfigInvalidValue,
            "/etc/ssh/sshd_config.d/site.conf:1",
        ),
        (
            &["sshd: no hostkeys available -- exiting."],
            Cause::FileMissing,
            "",
        ),
        (
            &[
                "error: Bind to port 22 on 0.0.0.0 failed: Permission denied.",
                "fatal: Cannot bind any address.",
            ],
            Cause::PrivilegedPort,
            "0.0.0.0:22",
        ),
        (
            &[
                "Error: program section program:shop does not specify a command in section 'program:shop' (file: '/etc/supervisor/conf.d/shop.conf')",
            ],
            Cause::ConfigInvalidValue,
            "/etc/supervisor/conf.d/shop.conf",
        ),
        (
            &[
                "Error: The directory named as part of the path /var/log/shop/out.log does not exist in section 'program:shop' (file: '/etc/supervisor/conf.d/shop.conf')",
            ],
            Cause::DirectoryMissing,
            "/var/log/shop",
        ),
        (
            &[
                "[1795304345] unbound[12:0] error: /etc/unbound/unbound.conf.d/site.conf:3: error: unknown keyword 'prot'",
                "read /etc/unbound/unbound.conf failed: 3 errors in configuration file",
                "[1795304345] unbound[12:0] fatal error: Could not read config file: /etc/unbound/unbound.conf. Maybe try unbound -dd, it stays on the commandline to see more errors, or unbound-checkconf",
            ],
            Cause::ConfigSyntax,
            "/etc/unbound/unbound.conf.d/site.conf:3",
        ),
        (
            &["failed to listen; can't find the user cache to switch to"],
            Cause::UserMissing,
            "user cache",
        ),
        (
            &[
                "[!] /etc/stunnel/shop.conf:3: \"acept = 8443\": Specified option name is not valid here",
                "[!] Configuration failed",
            ],
            Cause::ConfigSyntax,
            "/etc/stunnel/shop.conf:3",
        ),
        (
            &[
                "[ ] Loading certificate from file: /etc/stunnel/shop.pem",
                "[!] error queue: ../ssl/ssl_rsa.c:450: error:0A080002:SSL routines::system lib",
                "[!] error queue: ../crypto/bio/bss_file.c:300: error:10080002:BIO routines::system lib",
                "[!] SSL_CTX_use_certificate_chain_file: ../crypto/bio/bss_file.c:297: error:80000002:system library::No such file or directory",
                "[!] Service [shop]: Failed to initialize TLS context",
            ],
            Cause::FileMissing,
            "/etc/stunnel/shop.pem",
        ),
        (
            &[
                "Unknown field: 'hots' at",
                "('/etc/varnish/default.vcl' Line 3 Pos 6)",
                "    .hots = \"127.0.0.1\";",
            ],
            Cause::ConfigSyntax,
            "/etc/varnish/default.vcl:3",
        ),
        (
            &[
                "Starting - reading configuration files ...",
                "/etc/freeradius/3.0/clients.conf[4]: EOF reached without closing brace for section client starting at line 1",
                "Errors reading or parsing /etc/freeradius/3.0/radiusd.conf",
            ],
            Cause::ConfigSyntax,
            "/etc/freeradius/3.0/clients.conf:4",
        ),
        (
            &[
                "2026-11-22 02:07:16,679 fail2ban [4478]: ERROR   Failed during configuration: Have not found any log file for sshd jail",
            ],
            Cause::FileMissing,
            "",
        ),
        (
            &["1795313965: Error: Unable to open pwfile \"/etc/mosquitto/passwd\"."],
            Cause::FileMissing,
            "/etc/mosquitto/passwd",
        ),
        (
            &[
                "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***",
                "Reading the configuration file, at line 504",
                ">>> 'dir /var/lib/redis/shop'",
                "No such file or directory",
            ],
            Cause::DirectoryMissing,
            "/var/lib/redis/shop",
        ),
        (
            &[
                "# Can't handle RDB format version 9999",
                "# Fatal error loading the DB, check server logs: Invalid argument. Exiting.",
            ],
            Cause::DataIncompatible,
            "",
        ),
        (
            &["Starting HPA's tftpd: in.tftpd/srv/none missing, aborting."],
            Cause::FileMissing,
            "/srv/none",
        ),
        (
            &["/usr/bin/env: ‘node18’: No such file or directory"],
            Cause::InterpreterMissing,
            "node18",
        ),
        (
            &[
                r#"nginx: [emerg] bind() to unix:/run/shop.sock failed (98: Address already in use)"#,
            ],
            Cause::SocketPathInUse,
            "/run/shop.sock",
        ),
        (
            &[
                r#"2026/11/22 05:24:16 [emerg] 123#123: open() "/var/log/x/a.log" failed (13: Permission denied)"#,
            ],
            Cause::PermissionDenied,
            "/var/log/x/a.log",
        ),
        // The port is none of root's, and the file only has it.
        (
            &[
                "[ALERT] (77) : Binding [/etc/haproxy/haproxy.cfg:11] for frontend x: cannot bind socket (Permission denied) for [0.0.0.0:8095]",
            ],
            Cause::PermissionDenied,
            "",
        ),
        (
            &[
                "[ALERT] (9) : Binding [/etc/haproxy/haproxy.cfg:20] for frontend web: cannot bind socket (Cannot assign requested address) for [10.9.9.9:80]",
            ],
            Cause::AddressNotAvailable,
            "10.9.9.9:80",
        ),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(messages, cause, culprit)| told(messages) != (*cause, (*culprit).to_owned()))
        .map(|(messages, ..)| (messages[0], told(messages)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
