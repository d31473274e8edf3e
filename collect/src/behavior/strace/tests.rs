use proptest::prelude::*;

use super::*;

const TEXT: &str = r#"strace: Process 7 attached
[pid     7] openat(AT_FDCWD</srv>, "/nonexistent/0", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory) <0.000008>
openat(AT_FDCWD</srv>, "out.txt", O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC, 0666) = 3</srv/out.txt> <0.000010>
write(3</srv/out.txt>, ""..., 1000) = 1000 <0.000010>
[pid     7] wait4(-1,  <unfinished ...>
[pid     8] read(0</srv/in (a) = 1.txt>, ""..., 4096) = 120 <0.000003>
<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 8 <0.001055>
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---
[pid     8] execve("/usr/bin/true", [""...], 0x7ffd /* 20 vars */) = 0 <0.000300>
connect(4<TCP:[77]>, {sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("10.0.0.2")}, 16) = -1 EINPROGRESS (Operation now in progress) <0.000020>
sendto(4<TCP:[10.0.0.1:50000->10.0.0.2:5432]>, ""..., 17, MSG_NOSIGNAL, NULL, 0) = 17 <0.000030>
recvfrom(4<TCP:[10.0.0.1:50000->10.0.0.2:5432]>, ""..., 4096, 0, NULL, NULL) = 4096 <0.1>
connect(5<UNIX-STREAM:[78]>, {sa_family=AF_UNIX, sun_path="/run/x.sock"}, 14) = -1 ECONNREFUSED (Connection refused) <0.000020>
unlink("/etc/motd") = 0 <0.000030>
mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = 0x7f0000000000 <0.000004>
exit_group(0) = ?
+++ exited with 0 +++
"#;

#[test]
fn calls_files_and_peers_are_summed() {
    let calls = calls(TEXT);
    let used = |name: &str| (calls.calls[name].calls, calls.calls[name].errors);
    assert_eq!(used("openat"), (2, 1));
    assert_eq!(used("wait4"), (1, 0));
    assert_eq!(calls.calls["wait4"].time_us, 1055);
    assert_eq!(calls.calls["recvfrom"].time_us, 100_000);
    let missing = ("openat".to_owned(), "ENOENT".to_owned());
    assert_eq!(calls.errors[&missing], 1);

    let out = &calls.files["/srv/out.txt"];
    assert_eq!(
        (out.opens, out.writes, out.written_bytes, out.is_changed),
        (1, 1, 1000, true)
    );
    let read = &calls.files["/srv/in (a) = 1.txt"];
    assert_eq!(
        (read.reads, read.read_bytes, read.is_changed),
        (1, 120, false)
    );
    assert_eq!(calls.files["/nonexistent/0"].errors, 1);
    assert!(calls.files["/etc/motd"].is_changed);
    assert_eq!(calls.execs["/usr/bin/true"], 1);

    let database = &calls.peers[&("tcp".to_owned(), "10.0.0.2:5432".to_owned())];
    assert_eq!((database.connects, database.errors), (1, 0));
    assert_eq!((database.sent_bytes, database.received_bytes), (17, 4096));
    let socket = &calls.peers[&("unix".to_owned(), "/run/x.sock".to_owned())];
    assert_eq!((socket.connects, socket.errors), (1, 1));
}

proptest! {
    #[test]
    fn hostile_lines_do_not_panic(text in r#"(\[pid [0-9]\] |read\(|3<|TCP:\[|->|>, |"|/é| = |-1 E| <0\.|resumed>|<\.\.\. |\n|\PC){0,40}"#) {
        calls(&text);
    }
}
