//! Keeps a program from changing anything: it may read, and say what it thinks of it.
//!
//! Two means of the kernel that need no privilege: Landlock denies all writes to files, a seccomp
//! filter denies connections, addresses to listen on, packets, sockets of other services, signals to
//! others, owners and modes, and what would do all that unseen (io_uring). A program may still make
//! sockets, as many do to see which addresses there are, and ask the kernel about its interfaces.
//!
//! This is no wall against a hostile program, which has its user's rights to read all the same: it
//! keeps a test from side effects that its authors thought harmless.

use std::{ffi::CStr, io};

use libc::{c_int, c_long, c_void, sock_filter, sock_fprog};

/// Of `linux/landlock.h`: all that changes files, in the first version and in later ones.
const CHANGE_FILES: u64 = 0b1_1111_1111_0010;
const REFER: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;
const WRITE_FILE: u64 = 1 << 1;
const VERSION: u32 = 1;
const PATH_BENEATH: c_int = 1;
/// What programs open for writing and nobody keeps.
const NOWHERE: &CStr = c"/dev/null";

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// Of Linux 6.6, the same number everywhere; not every C library has a name for it.
const FCHMODAT2: c_long = 452;

/// System calls that reach out of the process, or change what others see.
const DENIED: &[c_long] = &[
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    libc::SYS_ptrace,
    libc::SYS_process_vm_writev,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_pivot_root,
    libc::SYS_setns,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_reboot,
    libc::SYS_clock_settime,
    libc::SYS_settimeofday,
    libc::SYS_bpf,
    libc::SYS_connect,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_listen,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_futimesat,
];

/// Families of sockets that reach others, whatever their kind is.
const OTHERS: [c_int; 2] = [libc::AF_UNIX, libc::AF_PACKET];
/// Length of a netlink address: by it questions to the kernel are told from packets.
#[expect(clippy::cast_possible_truncation, reason = "it is 12")]
const NETLINK_ADDRESS: u32 = size_of::<libc::sockaddr_nl>() as u32;

/// What is to be denied to a program: made before it is forked, applied in the child.
#[derive(Debug)]
pub(super) struct Harmless {
    filter: Vec<sock_filter>,
    /// Where the filter compares with the process's own id, which is known in the child.
    own_pid_at: usize,
    /// Whether it is not to run at all where the kernel cannot keep it from writing.
    strictly: bool,
}

impl Harmless {
    pub(super) fn new(strictly: bool) -> Self {
        let (filter, own_pid_at) = filter();
        Self {
            filter,
            own_pid_at,
            strictly,
        }
    }

    /// Applies to this process, and all that it starts, for ever.
    ///
    /// System calls only: it runs between fork and exec.
    pub(super) fn apply(&mut self) -> io::Result<()> {
        no_new_privileges()?;
        // It may signal its own threads, and itself when it aborts.
        if let Some(statement) = self.filter.get_mut(self.own_pid_at) {
            statement.k = std::process::id();
        }
        match deny_writes() {
            Err(error) if self.strictly => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.install_filter()
    }

    fn install_filter(&self) -> io::Result<()> {
        let program = sock_fprog {
            len: u16::try_from(self.filter.len()).unwrap_or(0),
            filter: self.filter.as_ptr().cast_mut(),
        };
        // SAFETY: the kernel copies a program that outlives the call.
        #[expect(unsafe_code, reason = "nothing safe installs a filter")]
        done(unsafe {
            libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const program,
            )
        })
    }
}

fn no_new_privileges() -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

#[repr(C)]
struct RulesetAttributes {
    handled_access_fs: u64,
    handled_access_net: u64,
}

#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent_fd: c_int,
}

/// Whether the kernel can keep a program from writing files.
pub fn can_deny_writes() -> bool {
    version().is_ok()
}

#[expect(unsafe_code, reason = "the C library has no functions for Landlock")]
fn version() -> io::Result<c_long> {
    // SAFETY: no pointer is given: it asks for the version.
    let version =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0_usize, 0_usize, VERSION) };
    match version {
        1.. => Ok(version),
        _ => Err(io::Error::last_os_error()),
    }
}

#[expect(unsafe_code, reason = "the C library has no functions for Landlock")]
fn deny_writes() -> io::Result<()> {
    let version = version()?;
    let of_version = |first, access| if version >= first { access } else { 0 };
    let attributes = RulesetAttributes {
        handled_access_fs: CHANGE_FILES | of_version(2, REFER) | of_version(3, TRUNCATE),
        handled_access_net: 0,
    };
    // The kernel takes what it does not know for a mistake, unless it is zero.
    let size = size_of::<RulesetAttributes>();
    let pointer = (&raw const attributes).cast::<c_void>();
    // SAFETY: the attributes outlive the call, and have the size that is said.
    let ruleset = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, pointer, size, 0) };
    let ruleset = c_int::try_from(ruleset).unwrap_or(-1);
    done(ruleset)?;
    // SAFETY: the path ends in a zero. Both descriptors close when the program is executed.
    let nowhere = unsafe { libc::open(NOWHERE.as_ptr(), libc::O_PATH | libc::O_CLOEXEC) };
    if nowhere >= 0 {
        let rule = PathBeneath {
            allowed_access: WRITE_FILE | of_version(3, TRUNCATE),
            parent_fd: nowhere,
        };
        let pointer = (&raw const rule).cast::<c_void>();
        // SAFETY: the rule outlives the call. Without it there is less that may be written.
        unsafe {
            libc::syscall(
                libc::SYS_landlock_add_rule,
                ruleset,
                PATH_BENEATH,
                pointer,
                0,
            )
        };
    }
    // SAFETY: it takes numbers only.
    let restricted = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset, 0) };
    done(c_int::try_from(restricted).unwrap_or(-1))
}

fn done(answer: c_int) -> io::Result<()> {
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// A program for the kernel that looks at each system call, and where in it the own id belongs.
fn filter() -> (Vec<sock_filter>, usize) {
    const NUMBER: u32 = 0;
    const ARCHITECTURE_AT: u32 = 4;
    let answer = |with| statement(libc::BPF_RET | libc::BPF_K, with);
    let denied = answer(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32);
    let allowed = answer(libc::SECCOMP_RET_ALLOW);
    let mut filter = vec![
        load(ARCHITECTURE_AT),
        // Calls of another architecture have other numbers.
        unless(ARCHITECTURE, 1),
        statement(libc::BPF_JMP | libc::BPF_JA, 1),
        denied,
        load(NUMBER),
    ];
    for call in DENIED {
        filter.extend([unless(number(*call), 1), denied]);
    }
    let netlink_only = |at| {
        [
            load(argument(at)),
            unless(NETLINK_ADDRESS, 1),
            allowed,
            denied,
        ]
    };
    let (send, bind) = (netlink_only(5), netlink_only(2));
    let mut socket = vec![load(argument(0))];
    for family in OTHERS {
        socket.extend([unless(number(family.into()), 1), denied]);
    }
    socket.push(allowed);
    let own_threads = [load(argument(0)), unless(0, 1), allowed, denied];
    filter.push(unless(number(libc::SYS_tgkill), length(&own_threads)));
    let own_pid_at = filter.len() + 1;
    filter.extend(own_threads);
    let looked_into = [
        (libc::SYS_sendto, &send[..]),
        (libc::SYS_bind, &bind),
        (libc::SYS_socket, &socket),
    ];
    for (call, answers) in looked_into {
        filter.push(unless(number(call), length(answers)));
        filter.extend(answers);
    }
    filter.push(allowed);
    (filter, own_pid_at)
}

fn load(at: u32) -> sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at)
}

/// Where the lower half of an argument lies.
fn argument(index: u32) -> u32 {
    16 + 8 * index
}

fn length(statements: &[sock_filter]) -> u8 {
    u8::try_from(statements.len()).unwrap_or(u8::MAX)
}

/// Goes on if the loaded value is `value`, and over `skipped` statements if it is not.
fn unless(value: u32, skipped: u8) -> sock_filter {
    sock_filter {
        jf: skipped,
        ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, value)
    }
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter {
        code: u16::try_from(code).unwrap_or(0),
        jt: 0,
        jf: 0,
        k,
    }
}

fn number(call: c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::version;
    use crate::tool::Tool;

    async fn said(script: &str) -> String {
        let tool = Tool::named("sh", Duration::from_secs(60)).unwrap();
        let tool = tool.args(["-c", script]).harmless(false);
        let output = tool.run().await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[tokio::test]
    async fn a_program_may_read_and_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there");
        fs::write(&there, "text").unwrap();
        let there = there.display();
        // (what it does, whether it can)
        let mut cases = vec![
            (format!("cat {there}"), true),
            ("echo x > /dev/null".to_owned(), true),
            (format!("chmod 600 {there}"), false),
            (format!("sh -c 'kill -0 {}'", std::process::id()), false),
            // By a call of its own, with which programs signal their threads.
            (
                format!(
                    "perl -e 'exit 0 if syscall({}, {}, {}, 0) == 0; exit 1'",
                    libc::SYS_tgkill,
                    std::process::id(),
                    std::process::id()
                ),
                false,
            ),
            (
                format!(
                    "perl -e 'exit 0 if syscall({}, -1, 0, 0, 0) < 0 && $! == 1; exit 1'",
                    libc::SYS_pidfd_send_signal
                ),
                true,
            ),
            (
                format!(
                    "perl -e 'exit 0 if syscall({}, 1, 0) < 0 && $! == 1; exit 1'",
                    libc::SYS_io_uring_setup
                ),
                true,
            ),
        ];
        // Kernels before 5.13 have no Landlock, nor have those that start without it.
        if version().is_ok() {
            cases.extend([
                (format!("echo x > {there}"), false),
                (format!("echo x > {there}.new"), false),
                (format!("mkdir {there}.folder"), false),
                (format!("rm {there}"), false),
            ]);
        }
        for (does, can) in cases {
            let said = said(&format!("({does}) > /dev/null 2>&1 && echo can")).await;
            assert_eq!(said == "can\n", can, "{does}");
        }
    }

    #[tokio::test]
    async fn a_program_may_signal_its_own_threads() {
        let tool = Tool::named("perl", Duration::from_secs(60)).unwrap();
        let script = format!("print syscall({}, $$+0, $$+0, 0)", libc::SYS_tgkill);
        let output = tool.args(["-e", &script]).harmless(false).run().await;
        assert_eq!(output.unwrap().stdout, b"0");
    }

    #[tokio::test]
    async fn a_program_has_no_network() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let script =
            format!("bash -c 'echo > /dev/tcp/127.0.0.1/{port}' 2> /dev/null || echo none");
        assert_eq!(said(&script).await, "none\n");
    }
}
