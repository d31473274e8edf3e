//! What a line says does not depend on the time before it, however that is written.

use super::*;

/// Beginnings of lines: ISO, syslog, nginx, apache, squid, PHP, Redis, MySQL, Go, Java, Python, and
/// what stands between the time and the words.
const BEGINNINGS: [&str; 27] = [
    "05:24:16 ",
    "[05:24:16] ",
    "05:24:16.123 [main] ERROR c.e.App:42 - ",
    "[05:24:16.123456] app.c:80: ",
    "2026-11-22T05:24:16Z ",
    "2026-11-22T05:24:16.123+01:00 ",
    "2026-11-22T05:24:16.123456Z 0 [ERROR] [MY-010262] [Server] ",
    "2026-11-22 05:24:16 ",
    "2026-11-22  5:24:16 0 [ERROR] ",
    "2026-11-22 05:24:16,123 app.main [4478]: ERROR   ",
    "2026-11-22 05:24:16.623 GMT [9578] FATAL:  ",
    "2026-11-22 05:24:16.123 ERROR 80 --- [main] o.a.c.h.Http11NioProtocol:173 : ",
    "[2026-11-22 05:24:16 +0000] [80] [ERROR] ",
    "2026/11/22 05:24:16 ",
    "2026/11/22 05:24:16 main.go:42: ",
    "2026/11/22 05:24:16 [emerg] 123#123: ",
    "2026/11/22 05:24:16| ",
    "2026/11/22 05:24:16 kid1| FATAL: ",
    "[Sun Nov 22 05:24:16.639121 2026] [core:error] [pid 12:tid 140] ",
    "[22-Nov-2026 05:24:16] ALERT: ",
    "22-Nov-2026 05:24:16.123 ",
    "22/Nov/2026:05:24:16 +0000 ",
    "995:M 22 Nov 2026 05:24:16.123 # ",
    "Nov 22 05:24:16 db.example.com app[80]: ",
    "[1795304345] unbound[12:0] error: ",
    "E1122 05:24:16.123456    1234 server.go:302] ",
    "ts=2026-11-22T05:24:16.123Z caller=main.go:302 level=error err=",
];

/// What programs say, without a time.
const LINES: [&str; 37] = [
    r#"open() "/var/log/x/a.log" failed (13: Permission denied)"#,
    "Could not open /var/lib/chrony/chrony.drift : Permission denied",
    "listen EACCES: permission denied 0.0.0.0:80",
    "PermissionError: [Errno 13] Permission denied: '/srv/data'",
    "permission denied",
    "java.io.FileNotFoundException: /var/log/app/a.log (Permission denied)",
    "[ALERT] (77) : Binding [/etc/haproxy/haproxy.cfg:11] for frontend x: cannot bind socket (Permission denied) for [0.0.0.0:8095]",
    "Binding [/etc/haproxy/haproxy.cfg:11] for frontend x: cannot bind socket (Permission denied) for [0.0.0.0:80]",
    "Binding [/etc/haproxy/haproxy.cfg:11] for frontend x: cannot bind socket (Cannot assign requested address) for [10.9.9.9:80]",
    "bind() to 0.0.0.0:80 failed (13: Permission denied)",
    "bind() to 0.0.0.0:8080 failed (13: Permission denied)",
    "bind() to 10.9.9.9:80 failed (99: Cannot assign requested address)",
    "bind() to unix:/run/x.sock failed (98: Address already in use)",
    "listen tcp :80: bind: permission denied",
    "listen tcp4 10.9.9.9:80: bind: cannot assign requested address",
    "(13)Permission denied: AH00072: make_sock: could not bind to address [::]:80",
    r#"could not bind IPv4 address "10.9.9.9": Cannot assign requested address"#,
    "Can't start server: Bind on TCP/IP port: Cannot assign requested address",
    "Could not create server TCP listening socket *:80: bind: Permission denied",
    "Bind to port 22 on :: failed: Permission denied.",
    "can't bind socket: Permission denied for 0.0.0.0 port 53",
    "service(imap-login): listen(*, 143) failed: Permission denied",
    "commBind Cannot bind socket FD 12 to 0.0.0.0:80: (13) Permission denied",
    "dial tcp 10.0.0.5:5432: connect: connection refused",
    "connect ECONNREFUSED ::1:5432",
    "dial tcp: lookup redis.invalid on 10.0.0.2:53: no such host",
    "Connection refused",
    "Name or service not known",
    "could not write /var/lib/x/data: No space left on device",
    "OSError: [Errno 30] Read-only file system: '/srv/x'",
    "accept4() failed (24: Too many open files)",
    r#"unknown directive "lisen" in /etc/nginx/nginx.conf:3"#,
    "/etc/unbound/unbound.conf.d/site.conf:3: error: unknown keyword 'prot'",
    r#"getpwnam("www") failed in /etc/nginx/nginx.conf:1"#,
    "Unable to open pwfile \"/etc/mosquitto/passwd\".",
    "Operation not permitted",
    "in.tftpd/srv/none missing, aborting.",
];

#[test]
fn the_time_before_a_line_does_not_change_what_it_says() {
    let mut wrong = Vec::new();
    for line in LINES {
        let alone = says(line);
        assert!(alone.is_some(), "{line}");
        for beginning in BEGINNINGS {
            let timed = format!("{beginning}{line}");
            let said = says(&timed);
            if said != alone {
                wrong.push((timed, said));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
