//! The words of programs, in the order in which they are looked for: what says more comes first.

use std::sync::LazyLock;

use super::{super::places::regex, *};

/// In the order in which they are looked for.
pub(in crate::start_failure::says) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    use Names::{
        Address, Config, ConfigOnly, Fixed, Folder, Group, Kernel, LowPort, Nobody, Path, PathOnly,
        PathUnlessListening, SocketPath,
    };
    use StartCause as Cause;
    let table: &[(StartCause, Names, &str)] = &[
        // dash and bash: `exec: /opt/app: not found`.
        (
            Cause::ExecNotFound,
            Group(Culprit::path),
            r"\bexec: (?<name>/[^\s:]+): (cannot execute: )?(not found|No such file or directory)",
        ),
        // supervisord.
        (
            Cause::ExecNotFound,
            Group(Culprit::path),
            r"spawnerr: can't find command '(?<name>[^']+)'",
        ),
        (
            Cause::ExecNotExecutable,
            Group(Culprit::path),
            r"spawnerr: command at '(?<name>[^']+)' is not executable",
        ),
        (
            Cause::InterpreterMissing,
            Group(interpreter),
            r"/env: [‘'`]?(?<name>[^’'`:]+?)[’']?: No such file or directory",
        ),
        (
            Cause::SharedLibraryMissing,
            Group(library),
            r"error while loading shared libraries: (?<name>[^\s:]+)",
        ),
        (
            Cause::SharedLibraryMissing,
            Group(library),
            r"Error loading shared library (?<name>[^\s:]+)",
        ),
        (
            Cause::SharedLibraryMissing,
            Group(library),
            r"(?<name>[\w.+-]+\.so[.\d]*): (cannot open shared object file|version `[^']+' not found)",
        ),
        (Cause::SharedLibraryMissing, Path, r"symbol lookup error: "),
        (
            Cause::UserMissing,
            Group(user),
            r#"getpwnam\("?(?<name>[^")]+)"?\) failed"#,
        ),
        (
            Cause::UserMissing,
            Group(user),
            r#"(?i)\b(unknown|no such|invalid|bad|can't find|cannot find|could not find|couldn't find) (?:the )?user(?:name| name| id)?[: ]+["'`]?(?<name>[a-z_][\w.-]*)"#,
        ),
        (
            Cause::UserMissing,
            Group(user),
            r#"(?i)\buser ["'`]?(?<name>[a-z_][\w.-]*)["'`]? (does not exist|doesn't exist|is unknown|not found|unknown)"#,
        ),
        (
            Cause::UserMissing,
            Group(user),
            r#"cannot get uid for user ["'](?<name>[^"']+)"#,
        ),
        (
            Cause::GroupMissing,
            Group(group),
            r#"cannot get gid for group ["'](?<name>[^"']+)"#,
        ),
        (
            Cause::GroupMissing,
            Group(group),
            r#"getgrnam\("?(?<name>[^")]+)"?\) failed"#,
        ),
        (
            Cause::GroupMissing,
            Group(group),
            r#"(?i)\b(unknown|no such|invalid|bad|can't find|cannot find|could not find|couldn't find) (?:the )?group(?:name| name| id)?[: ]+["'`]?(?<name>[a-z_][\w.-]*)"#,
        ),
        (
            Cause::GroupMissing,
            Group(group),
            r#"(?i)\bgroup ["'`]?(?<name>[a-z_][\w.-]*)["'`]? (does not exist|doesn't exist|is unknown|not found|unknown)"#,
        ),
        // What the kernel counts, and says in the words for files.
        (
            Cause::LimitTooLow,
            Kernel("fs.inotify.max_user_watches"),
            r"(?i)\b(inotify_add_watch|inotify|fsnotify|file watch(er|es)?|(add|adding|set|setting|create|creating|a|new|directory) watch(es|er)?)\b.{0,200}(no space left on device|\bENOSPC\b)|(no space left on device|\bENOSPC\b).{0,80}(\binotify|\bfsnotify|\bfile watch|, watch ['\x22])",
        ),
        (
            Cause::LimitTooLow,
            Kernel("fs.inotify.max_user_instances"),
            r"(?i)(\binotify|\bfsnotify|\bdirectory watch).{0,120}(too many open files|\bEMFILE\b)|(too many open files|\bEMFILE\b).{0,80}(\binotify|\bfsnotify)",
        ),
        (
            Cause::LimitTooLow,
            Kernel("kernel.sem"),
            r"(?i)\b(semget|semctl|semaphores?)\b.{0,120}(no space left on device|\bENOSPC\b)|(no space left on device|\bENOSPC\b).{0,80}\b(semget|semaphores?|accept lock|mutex)\b",
        ),
        (
            Cause::LimitTooLow,
            Kernel("kernel.shmmni"),
            r"(?i)\bshmget\b.{0,120}(no space left on device|\bENOSPC\b)|(no space left on device|\bENOSPC\b).{0,80}\bshmget\b|(create|allocate|get) (the |a )?shared memory segment: no space left on device",
        ),
        (
            Cause::LimitTooLow,
            Kernel("fs.epoll.max_user_watches"),
            r"(?i)\bepoll(_ctl)?\b.{0,120}(no space left on device|\bENOSPC\b)",
        ),
        (
            Cause::LimitTooLow,
            Kernel("kernel.keys.maxkeys"),
            r"(?i)\b(keyctl|add_key|keyring|session key)\b.{0,160}(disk quota exceeded|\bEDQUOT\b|no space left on device|\bENOSPC\b)",
        ),
        (
            Cause::LimitTooLow,
            Kernel("fs.mqueue.queues_max"),
            r"(?i)\bmq_open\b.{0,120}(no space left on device|\bENOSPC\b)",
        ),
        (
            Cause::DiskFull,
            Folder("/dev/shm"),
            r"(?i)(resize|create|write|shm_open).{0,60}shared memory segment \x22/.{0,120}no space left on device",
        ),
        (
            Cause::DiskFull,
            Path,
            r"(?i)no space left on device|\bENOSPC\b|\bdisk (is )?full\b",
        ),
        (
            Cause::ReadOnlyFilesystem,
            Path,
            r"(?i)read-only file ?system|\bEROFS\b",
        ),
        (
            Cause::LimitTooLow,
            Fixed("fs.file-max"),
            r"(?i)too many open files in system|\bENFILE\b",
        ),
        (
            Cause::LimitTooLow,
            Fixed("LimitNOFILE"),
            r"(?i)too many open files|\bEMFILE\b|\bRLIMIT_NOFILE\b|not enough file descriptors|(max|open)[ _-]?(files|fds|descriptors).{0,40}(too low|too small|exceeds|insufficient)",
        ),
        (
            Cause::LimitTooLow,
            Fixed("TasksMax"),
            r"(?i)(fork|clone|pthread_create|thread).{0,80}resource temporarily unavailable|resource temporarily unavailable.{0,60}(fork|clone|thread)|unable to create (new )?native thread|can't start new thread",
        ),
        (
            Cause::LimitTooLow,
            Fixed("LimitMEMLOCK"),
            r"(?i)mlock(all)?\b.{0,60}(cannot allocate|not permitted|failed)|RLIMIT_MEMLOCK|unable to lock JVM memory",
        ),
        (
            Cause::OutOfMemory,
            Nobody,
            r"(?i)cannot allocate memory|\bENOMEM\b|out of memory|std::bad_alloc|\bMemoryError\b|could not reserve enough space|insufficient memory|OutOfMemoryError",
        ),
        (
            Cause::PrivilegedPort,
            LowPort,
            r"(?i)(permission denied|\bEACCES\b)",
        ),
        (
            Cause::AddressNotAvailable,
            Address,
            r"(?i)cannot assign requested address|can't assign requested address|\baddress not available\b|\bEADDRNOTAVAIL\b",
        ),
        (
            Cause::SocketPathInUse,
            SocketPath,
            r"(?i)address already in use|\bEADDRINUSE\b|socket.{0,60}already (exists|in use)",
        ),
        (
            Cause::NameNotResolved,
            Group(host),
            r#"(?i)(?:host not found in [\w -]+|could not (?:resolve|translate) host(?: ?name)?:?|unknown host:?|failed to resolve(?: host(?:name)?)?:?|cannot resolve(?: host(?:name)?)?:?|could not resolve(?: address)?|unknown mysql server host|getaddrinfo(?: \w+)?) ["'`(]*(?<name>[a-zA-Z0-9][\w.-]*)"#,
        ),
        (
            Cause::NameNotResolved,
            Group(host),
            r"(?i)\blookup (?<name>[\w.-]+)\b.{0,60}no such host",
        ),
        (
            Cause::NameNotResolved,
            Group(host),
            r#"["'`](?<name>[a-zA-Z0-9][\w.-]*)["'`]?(:\d+)?["'`]?:? .{0,40}([Nn]ame or service not known|[Tt]emporary failure in name resolution|[Nn]ame does not resolve)"#,
        ),
        (
            Cause::NameNotResolved,
            Address,
            r"(?i)name or service not known|temporary failure in name resolution|nodename nor servname|name does not resolve|\bEAI_\w+|\bENOTFOUND\b|no such host is known|unresolvable",
        ),
        (
            Cause::RemoteUnreachable,
            Address,
            r"(?i)connection refused|\bECONNREFUSED\b|connection timed out|\bETIMEDOUT\b|no route to host|\bEHOSTUNREACH\b|network is unreachable|\bENETUNREACH\b|(can't|could not|cannot|unable to|failed to) connect to",
        ),
        (
            Cause::AlreadyRunning,
            Path,
            r"(?i)\balready running([^?\w]|$)|another (instance|copy|postmaster|server|process|daemon|\w+d)\b.{0,60}\b(running|active)\b|is another .{1,60} running|pid ?file .{0,120}\b(already )?exists",
        ),
        (
            Cause::DataLocked,
            Path,
            r"(?i)(unable|failed|cannot|can't|could not|couldn't) (to )?(acquire|obtain|get|lock|take)\b.{0,80}\block|(unable|failed|cannot|can't|could not|couldn't) (to )?lock\b|lock ?file .{0,160}exists|\b(is|already|database) locked\b|lock is (already )?held|locked by (another|process)",
        ),
        (
            Cause::DataIncompatible,
            Path,
            r"(?i)(database|data) (files|directory) (are|is) (incompatible|not compatible)|initialized by PostgreSQL version|can't handle RDB format|(unsupported|incompatible|unknown|wrong) (redo log|data|database|schema|storage|index|file|on-disk)[ -](file )?(format|version)|created (by|with) (a |an )?(newer|different|older|incompatible)|(downgrade|upgrade).{0,60}not (supported|possible)|bad file format reading the append only file|\b(wrong|bad|invalid) (signature|magic)( number)? (trying|loading|reading|in|of)\b",
        ),
        (
            Cause::CapabilityMissing,
            Fixed("CAP_NET_RAW"),
            r"(?i)(raw|packet) socket.{0,60}(operation not permitted|\bEPERM\b)",
        ),
        (
            Cause::CapabilityMissing,
            Fixed("CAP_SETUID"),
            r"(?i)\b(set(e|re|res)?uid|change user|drop privileges)\b.{0,80}(operation not permitted|\bEPERM\b)",
        ),
        (
            Cause::CapabilityMissing,
            Fixed("CAP_SETGID"),
            r"(?i)\b(set(e|re|res)?gid|setgroups|initgroups)\b.{0,80}(operation not permitted|\bEPERM\b)",
        ),
        (
            Cause::CapabilityMissing,
            Fixed("CAP_CHOWN"),
            r"(?i)\bf?chown\b.{0,200}(operation not permitted|\bEPERM\b)",
        ),
        (
            Cause::CapabilityMissing,
            Fixed("CAP_SYS_TIME"),
            r"(?i)\b(settimeofday|adjtimex?|clock_settime|clock_adjtime)\b.{0,80}(operation not permitted|\bEPERM\b)",
        ),
        (
            Cause::CapabilityMissing,
            Fixed("CAP_SYS_CHROOT"),
            r"(?i)\bchroot\b.{0,80}(operation not permitted|\bEPERM\b)",
        ),
        (
            Cause::CapabilityMissing,
            Fixed("CAP_SYS_RESOURCE"),
            r"(?i)\bsetrlimit\b.{0,80}(operation not permitted|\bEPERM\b)",
        ),
        (
            Cause::CapabilityMissing,
            Fixed("CAP_NET_ADMIN"),
            r"(?i)\b(tun|tap|netlink|iptables|nftables|ioctl|TUNSETIFF)\b.{0,120}(operation not permitted|\bEPERM\b)",
        ),
        (
            Cause::PermissionDenied,
            PathUnlessListening,
            r"(?i)permission denied|\bEACCES\b|operation not permitted|\bEPERM\b",
        ),
        // Shells say "not found" of commands, and name themselves as the path: no such words here.
        (
            Cause::DirectoryMissing,
            Group(folder_of),
            r"The directory named as part of the path (?<name>/\S+) does not exist",
        ),
        (
            Cause::DirectoryMissing,
            PathOnly,
            r"(?i)(?:^|[^r] |[^\w ])(directory|folder|datadir|chdir|chroot|mkdir|dir /\S+)\b.{0,160}(does not exist|doesn't exist|no such file|is missing|not found)",
        ),
        (
            Cause::ConfigMissing,
            Config,
            r"(?i)error opening (the )?config(uration)? file|parsing failed: file not found",
        ),
        (
            Cause::FileMissing,
            Group(Culprit::path),
            r"(?<name>/[^\s:]+) (?:is )?missing\b",
        ),
        (
            Cause::FileMissing,
            Nobody,
            r"fails with '[^/'][^']*': No such file or directory|no hostkeys available|(?i:(have not|did not|could not|couldn't|cannot|can't) (found|find) any (\w+ )?files?\b)",
        ),
        // OpenSSL; it says which file elsewhere.
        (
            Cause::FileMissing,
            Path,
            r"(system library|routines?)::?\S*No such file or directory",
        ),
        (
            Cause::FileMissing,
            PathOnly,
            r"(?i)no such file or directory|\bENOENT\b|\bfile (['\x22][^'\x22]{1,200}['\x22] )?(does not|doesn't) exist|not a valid file|(cannot|can't|could not|unable to|failed to) (open|find|read|load) (the )?(config|configuration)",
        ),
        (
            Cause::CertificateInvalid,
            Path,
            r"(?i)certificate (has |is )?(expired|not yet valid|invalid|malformed)|key values mismatch|PEM_read_bio|PEM routines|no start line|bad end line|key does not match|x509: |(cannot|can't|could not|unable to|failed to|error) (load|loading|read|reading|parse|parsing|use|using) .{0,40}(certificate|private key|\.pem\b|\.crt\b|\.key\b)|SSL_CTX_use_|no certificate assigned|ssl_certificate",
        ),
        (
            Cause::ConfigInvalidValue,
            Config,
            r"(?i)\b(invalid|bad|illegal|wrong|incorrect) (value|number|argument:? [\x22'`]|parameter value|port|address|boolean|size|integer|time|log ?level|host|ip)\b|out(side)? of (the )?(valid )?range|outside the valid range|\bmust be (a|an|one of|between|greater|less|at least|positive|set)\b|requires (a|an) (integer|numeric|boolean|valid)|not a (valid )?(number|integer|boolean|port|address)|invalid .{0,60} value|value .{0,80}(invalid|not valid|not allowed|too (large|small|big))|expects? (a|an) (integer|number|boolean)|numeric value|cannot be (greater|less|smaller|larger|lower|higher|negative|zero|empty)\b|\bunknown \S+ value\b|unsupported option \x22|does not specify|\bBungled\b|unable to find required",
        ),
        (
            Cause::ConfigSyntax,
            Config,
            r"(?i)\bsyntax error|\bparse error|error (while )?parsing|parsing error|pars(e|er) failure|unknown (directive|keyword|option|variable|parameter|command|setting|section|statement|module|field|configuration|configuration parameter)|unrecognized (directive|option|parameter|configuration|keyword|argument|command)|unsupported (directive|option|parameter)|bad (configuration|directive|option|config)|unexpected (end of file|token|character|symbol|[\x22'}{;])|malformed|(invalid|wrong) (configuration|config|command|directive|option|keyword|syntax|line)|fatal config file error|unterminated|missing (semicolon|terminating|closing|')|undefined (variable|option)|configuration (file )?(is )?(invalid|error)|yaml: |toml: |is not allowed (here|in this context)|(option|directive|keyword|parameter|statement) (name )?(is )?not (valid|known|recogni[sz]ed|supported)|without closing brace|duplicate",
        ),
        // lighttpd.
        (
            Cause::ConfigSyntax,
            ConfigOnly,
            r"\bsource: \S+ line: \d+ pos: \d+",
        ),
        (
            Cause::ConfigSyntax,
            ConfigOnly,
            r"(?i)\b(syntax|directive|unknown|unrecognized|invalid|unexpected|pars(e|er|ing)|unsupported|not allowed|bad|expected|expecting|malformed|missing)\b",
        ),
        // Whoever begins with a line of a file complains about it.
        (Cause::ConfigSyntax, ConfigOnly, AT_A_LINE),
        (
            Cause::FileMissing,
            PathOnly,
            r"(?i)\b(cannot|can't|could not|unable to|failed to|error) (open|opening|load|loading|stat|access)\b",
        ),
    ];
    let rule = |(cause, culprit, words): &(StartCause, Names, &str)| Rule {
        words: regex(words),
        cause: *cause,
        culprit: *culprit,
    };
    table.iter().map(rule).collect()
});
