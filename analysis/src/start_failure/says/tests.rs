use proptest::prelude::*;

use super::{super::testing::line, *};

fn path(path: &str, line: Option<u32>) -> Option<Culprit> {
    Some(Culprit::Path {
        path: path.into(),
        line,
    })
}

fn file(name: &str) -> Option<Culprit> {
    path(name, None)
}

fn address(address: &str) -> Option<Culprit> {
    Some(Culprit::Address {
        address: address.into(),
    })
}

#[test]
fn programs_are_understood_in_their_own_words() {
    use StartCause as Cause;
    let limit = |name: &str| Some(Culprit::Limit { name: name.into() });
    let capability = |name: &str| Some(Culprit::Capability { name: name.into() });
    // (what a program logs, what it says)
    let cases = [
        (
            r#"nginx: [emerg] unknown directive "lisen" in /etc/nginx/nginx.conf:3"#,
            Cause::ConfigSyntax,
            path("/etc/nginx/nginx.conf", Some(3)),
        ),
        (
            "AH00526: Syntax error on line 12 of /etc/apache2/sites-enabled/000.conf:",
            Cause::ConfigSyntax,
            path("/etc/apache2/sites-enabled/000.conf", Some(12)),
        ),
        (
            "/etc/ssh/sshd_config: line 5: Bad configuration option: Prot",
            Cause::ConfigSyntax,
            path("/etc/ssh/sshd_config", Some(5)),
        ),
        (
            "[ALERT] config : parsing [/etc/haproxy/haproxy.cfg:20] : unknown keyword 'bnd'",
            Cause::ConfigSyntax,
            path("/etc/haproxy/haproxy.cfg", Some(20)),
        ),
        (
            r#"FATAL: unrecognized configuration parameter "x" in file "/etc/postgresql/15/main/postgresql.conf" line 801"#,
            Cause::ConfigSyntax,
            path("/etc/postgresql/15/main/postgresql.conf", Some(801)),
        ),
        (
            r#"LOG:  invalid value for parameter "max_connections": "abc""#,
            Cause::ConfigInvalidValue,
            None,
        ),
        (
            r#"nginx: [emerg] open() "/etc/nginx/x.conf" failed (2: No such file or directory) in /etc/nginx/nginx.conf:5"#,
            Cause::ConfigMissing,
            file("/etc/nginx/x.conf"),
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/srv/data.db'",
            Cause::FileMissing,
            file("/srv/data.db"),
        ),
        (
            "/opt/run.sh: line 3: /opt/none: No such file or directory",
            Cause::FileMissing,
            file("/opt/none"),
        ),
        (
            r#"nginx: [alert] could not open error log file: open() "/var/log/nginx/error.log" failed (13: Permission denied)"#,
            Cause::PermissionDenied,
            file("/var/log/nginx/error.log"),
        ),
        (
            "mkdir: cannot create directory ‘/srv/data’: Permission denied",
            Cause::PermissionDenied,
            file("/srv/data"),
        ),
        (
            "PermissionError: [Errno 13] Permission denied: '/srv/data'",
            Cause::PermissionDenied,
            file("/srv/data"),
        ),
        (
            "bind() to 0.0.0.0:80 failed (13: Permission denied)",
            Cause::PrivilegedPort,
            address("0.0.0.0:80"),
        ),
        (
            "error: Bind to port 22 on 0.0.0.0 failed: Permission denied.",
            Cause::PrivilegedPort,
            address("0.0.0.0:22"),
        ),
        (
            "/usr/bin/env: ‘node18’: No such file or directory",
            Cause::InterpreterMissing,
            file("node18"),
        ),
        (
            "/bin/sh: 1: exec: /opt/b/missing-server: not found",
            Cause::ExecNotFound,
            file("/opt/b/missing-server"),
        ),
        (
            "bind() to 0.0.0.0:8080 failed (13: Permission denied)",
            Cause::PermissionDenied,
            None,
        ),
        (
            "bind() to 10.1.2.3:80 failed (99: Cannot assign requested address)",
            Cause::AddressNotAvailable,
            address("10.1.2.3:80"),
        ),
        (
            "bind() to unix:/run/x.sock failed (98: Address already in use)",
            Cause::SocketPathInUse,
            file("/run/x.sock"),
        ),
        (
            "/opt/app: error while loading shared libraries: libfoo.so.1: cannot open shared object file: No such file or directory",
            Cause::SharedLibraryMissing,
            Some(Culprit::Library {
                name: "libfoo.so.1".into(),
            }),
        ),
        (
            r#"nginx: [emerg] getpwnam("www") failed in /etc/nginx/nginx.conf:1"#,
            Cause::UserMissing,
            Some(Culprit::User { user: "www".into() }),
        ),
        (
            "could not write /var/lib/x/data: No space left on device",
            Cause::DiskFull,
            file("/var/lib/x/data"),
        ),
        (
            r#"could not resize shared memory segment "/PostgreSQL.7" to 8388608 bytes: No space left on device"#,
            Cause::DiskFull,
            file("/dev/shm"),
        ),
        (
            "cannot write /srv/watch/semaphore.db: No space left on device",
            Cause::DiskFull,
            file("/srv/watch/semaphore.db"),
        ),
        (
            "OSError: [Errno 30] Read-only file system: '/srv/x'",
            Cause::ReadOnlyFilesystem,
            file("/srv/x"),
        ),
        (
            "accept4() failed (24: Too many open files)",
            Cause::LimitTooLow,
            limit("LimitNOFILE"),
        ),
        (
            "fork: Resource temporarily unavailable",
            Cause::LimitTooLow,
            limit("TasksMax"),
        ),
        ("Cannot allocate memory", Cause::OutOfMemory, None),
        (
            r#"nginx: [emerg] host not found in upstream "db.invalid" in /etc/nginx/nginx.conf:9"#,
            Cause::NameNotResolved,
            address("db.invalid"),
        ),
        (
            r#"psql: error: could not translate host name "pg.invalid" to address: Name or service not known"#,
            Cause::NameNotResolved,
            address("pg.invalid"),
        ),
        (
            "dial tcp: lookup redis.invalid on 10.0.0.2:53: no such host",
            Cause::NameNotResolved,
            address("redis.invalid"),
        ),
        (
            "connect to 10.0.0.5:5432 failed: Connection refused",
            Cause::RemoteUnreachable,
            address("10.0.0.5:5432"),
        ),
        (
            r#"FATAL:  lock file "/var/lib/postgresql/15/main/postmaster.pid" already exists"#,
            Cause::DataLocked,
            file("/var/lib/postgresql/15/main/postmaster.pid"),
        ),
        (
            "[ERROR] InnoDB: Unable to lock ./ibdata1 error: 11",
            Cause::DataLocked,
            None,
        ),
        (
            "FATAL:  database files are incompatible with server",
            Cause::DataIncompatible,
            None,
        ),
        (
            "Fatal: Can't handle RDB format version 80",
            Cause::DataIncompatible,
            None,
        ),
        (
            "dhcpd is already running with pid 12",
            Cause::AlreadyRunning,
            None,
        ),
        (
            "setuid(33) failed (1: Operation not permitted)",
            Cause::CapabilityMissing,
            capability("CAP_SETUID"),
        ),
        (
            "ping: socktype: SOCK_RAW raw socket: Operation not permitted",
            Cause::CapabilityMissing,
            capability("CAP_NET_RAW"),
        ),
        (
            r#"nginx: [emerg] cannot load certificate key "/etc/ssl/x.key": PEM_read_bio_PrivateKey() failed (SSL: error:no start line)"#,
            Cause::CertificateInvalid,
            file("/etc/ssl/x.key"),
        ),
        (
            r#"FATAL:  data directory "/var/lib/pg" does not exist"#,
            Cause::DirectoryMissing,
            file("/var/lib/pg"),
        ),
    ];
    for (message, cause, culprit) in cases {
        let says = says(message).unwrap_or_else(|| panic!("not understood: {message}"));
        assert_eq!(says, Says { cause, culprit }, "{message}");
    }
}

#[test]
fn no_space_in_the_kernel_is_no_full_disk() {
    // (what a program logs, the setting of the kernel)
    let cases = [
        (
            "inotify_add_watch /small/data: No space left on device",
            "fs.inotify.max_user_watches",
        ),
        (
            "Error: ENOSPC: System limit for number of file watchers reached, watch '/srv/x'",
            "fs.inotify.max_user_watches",
        ),
        (
            "Error: ENOSPC: no space left on device, watch '/srv/x'",
            "fs.inotify.max_user_watches",
        ),
        (
            "Failed to add watch on /srv/x: No space left on device",
            "fs.inotify.max_user_watches",
        ),
        (
            "failed to create fsnotify watcher: too many open files",
            "fs.inotify.max_user_instances",
        ),
        (
            "Failed to allocate directory watch: Too many open files",
            "fs.inotify.max_user_instances",
        ),
        (
            "FATAL:  could not create semaphores: No space left on device",
            "kernel.sem",
        ),
        ("semget: No space left on device", "kernel.sem"),
        (
            "(28)No space left on device: AH00023: Couldn't create the ssl-cache mutex",
            "kernel.sem",
        ),
        (
            "FATAL:  could not create shared memory segment: No space left on device",
            "kernel.shmmni",
        ),
        (
            "epoll_ctl: No space left on device",
            "fs.epoll.max_user_watches",
        ),
        (
            "unable to join session keyring: unable to create session key: disk quota exceeded",
            "kernel.keys.maxkeys",
        ),
        ("mq_open: No space left on device", "fs.mqueue.queues_max"),
    ];
    for (message, name) in cases {
        let culprit = Some(Culprit::Limit { name: name.into() });
        let cause = StartCause::LimitTooLow;
        assert_eq!(says(message), Some(Says { cause, culprit }), "{message}");
    }
}

#[test]
fn what_is_no_failure_is_not_read_as_one() {
    for message in [
        "/opt/run.sh: line 3: frob: command not found",
        r#"File "/opt/app.py", line 3: syntax"#,
        "fatal: no database",
        "error: /etc/app.conf is fine",
        "Listening on 0.0.0.0:80",
        // What others asked for.
        "Invalid user admin from 192.0.2.7 port 5555",
        "fatal: ssh_dispatch_run_fatal: Connection from 192.0.2.7 port 5: Connection timed out [preauth]",
        r#"open() "/var/www/x" failed (2: No such file or directory), client: 192.0.2.7, server: _, request: "GET /x HTTP/1.1""#,
        r#"connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: _, upstream: "http://127.0.0.1:9000/""#,
        // No names.
        "Invalid username or password",
        "Unknown user agent",
        "Could not resolve placeholder 'shop.url' in value \"${shop.url}\"",
        "Failed to resolve import './x'",
        "Cannot resolve reference to bean 'db'",
    ] {
        assert_eq!(says(message), None, "{message}");
    }
}

#[test]
fn the_worst_line_is_the_reason_and_its_echo_is_not() {
    let log = [
        line(
            "app",
            "[warn] could not connect to 10.0.0.1:9000: Connection refused",
        ),
        line(
            "app",
            "error: cannot open /srv/a: No such file or directory",
        ),
        line(
            "app",
            "FATAL: could not bind 10.9.9.9:80: Cannot assign requested address",
        ),
        line("app", "FATAL: giving up: No space left on device"),
    ];
    let (line, says) = why(&log).unwrap();
    assert_eq!(
        (line, says.cause),
        (&log[2], StartCause::AddressNotAvailable)
    );
    let (line, _) = why(&log[..2]).unwrap();
    assert_eq!(line, &log[1]);
}

proptest! {
    #[test]
    fn hostile_lines_do_not_panic(text in "(error |line |/etc/|no such file or directory|[\\[\\]:/0-9. '\"(),]|\\PC){0,60}") {
        why(&[line("app", &text)]);
    }
}

#[test]
fn what_is_on_no_disk_does_not_fill_one_and_source_is_no_configuration() {
    for message in [
        "write /sys/fs/cgroup/app/cgroup.procs: no space left on device",
        "failed to write to cgroup.procs: No space left on device",
        "bpf map create: ENOSPC",
        "SyntaxError: invalid syntax",
    ] {
        assert_eq!(says(message), None, "{message}");
    }
}

#[test]
fn whether_another_runs_may_be_a_question() {
    let cause = |message| says(message).map(|says| says.cause);
    let running = Some(StartCause::AlreadyRunning);
    assert_eq!(cause("app: already running"), running);
    assert_eq!(cause("app is already running, pid 42"), running);
    let asks = "Could not bind to 127.0.0.1:9050: Address already in use. Is Tor already running?";
    assert_eq!(cause(asks), None);
}
