//! The causes of a failed start: stable names, in one table.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Makes the enumeration, its list and its names from one table.
macro_rules! causes {
    ($($(#[$doc:meta])* $cause:ident = $name:literal,)*) => {
        /// Why a start failed: stable names.
        ///
        /// They are in the order of what they say: of two findings with equally good evidence the
        /// one whose cause comes first is the verdict.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            ToSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum StartCause {
            $($(#[$doc])* $cause,)*
        }

        impl StartCause {
            pub const ALL: &[Self] = &[$(Self::$cause,)*];

            /// The stable name: `port-in-use`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$cause => $name,)*
                }
            }
        }
    };
}

causes! {
    /// It runs, or stopped because it was told to: there is nothing to explain.
    Healthy = "healthy",
    /// It is starting right now, and has not failed.
    Starting = "starting",

    // What systemd does not even try to start.
    UnitNotFound = "unit-not-found",
    UnitMasked = "unit-masked",
    UnitFileInvalid = "unit-file-invalid",
    /// systemd took a job of it out of a circle of units that wait for each other.
    DependencyCycle = "dependency-cycle",
    /// A unit that it requires does not exist, or is masked.
    DependencyMissing = "dependency-missing",
    DependencyFailed = "dependency-failed",
    ConditionNotMet = "condition-not-met",

    // What systemd, or the kernel for it, could not do before the program ran.
    ExecNotFound = "exec-not-found",
    /// The program its first line (`#!`) names, or its loader, does not exist.
    InterpreterMissing = "interpreter-missing",
    /// The kernel knows no way to run such a file: another machine's, empty, or a script without `#!`.
    ExecFormat = "exec-format",
    ExecNotExecutable = "exec-not-executable",
    UserMissing = "user-missing",
    GroupMissing = "group-missing",
    EnvironmentFileMissing = "environment-file-missing",
    /// A security module (SELinux, AppArmor) denied it.
    MacDenied = "mac-denied",
    /// `SystemCallFilter=` does not allow a system call that it makes.
    SeccompDenied = "seccomp-denied",
    /// A setting of its unit keeps it from a path (`ProtectSystem=`, `ReadOnlyPaths=`, ...).
    SandboxDenied = "sandbox-denied",

    // What the program needs and does not get.
    SharedLibraryMissing = "shared-library-missing",
    PortInUse = "port-in-use",
    /// Only root, or a program with `CAP_NET_BIND_SERVICE`, may listen on a port below 1024.
    PrivilegedPort = "privileged-port",
    /// No interface of this host has the address.
    AddressNotAvailable = "address-not-available",
    /// Another program listens on the path of a unix socket.
    SocketPathInUse = "socket-path-in-use",
    AlreadyRunning = "already-running",
    DiskFull = "disk-full",
    InodesFull = "inodes-full",
    ReadOnlyFilesystem = "read-only-filesystem",
    LimitTooLow = "limit-too-low",
    /// The kernel's out-of-memory killer ended it, or it says that it gets no memory.
    OutOfMemory = "out-of-memory",
    CertificateInvalid = "certificate-invalid",
    /// Another program, or what one left behind, locks its data.
    DataLocked = "data-locked",
    /// Its data are those of another version.
    DataIncompatible = "data-incompatible",
    CapabilityMissing = "capability-missing",
    NameNotResolved = "name-not-resolved",
    RemoteUnreachable = "remote-unreachable",
    /// It was started before something that is there by now; it waits for too little.
    BootOrder = "boot-order",

    // Its configuration, and its files.
    ConfigSyntax = "config-syntax",
    ConfigInvalidValue = "config-invalid-value",
    ConfigMissing = "config-missing",
    DirectoryMissing = "directory-missing",
    FileMissing = "file-missing",
    PermissionDenied = "permission-denied",
    /// systemd could not prepare what the program needs, for none of the reasons above.
    SetupFailed = "setup-failed",

    // How it ended.
    /// Somebody stopped it, or sent it a signal by way of systemd.
    EndedOnRequest = "ended-on-request",
    CrashAtStart = "crash-at-start",
    /// It had started, and ran for a while.
    CrashWhileRunning = "crash-while-running",
    /// It forks where its `Type=` takes the first process for the service, or the reverse.
    WrongServiceType = "wrong-service-type",
    PidFileMissing = "pid-file-missing",
    /// It did not say that it is ready (`sd_notify`) as its `Type=` asks.
    ReadinessNotSignalled = "readiness-not-signalled",
    StartTimeout = "start-timeout",
    /// A command before the program (`ExecStartPre=`, `ExecCondition=`) failed.
    PreStartFailed = "pre-start-failed",
    /// It ended by itself without an error, and nothing runs.
    CleanExitAtStart = "clean-exit-at-start",
    ApplicationError = "application-error",
    StartLimitHit = "start-limit-hit",
    Unknown = "unknown",
}

impl StartCause {
    /// Whether it only says how any of the other causes looks from outside.
    pub fn is_symptom(self) -> bool {
        matches!(
            self,
            Self::SetupFailed
                | Self::PidFileMissing
                | Self::ReadinessNotSignalled
                | Self::PreStartFailed
                | Self::CleanExitAtStart
                | Self::ApplicationError
                | Self::StartLimitHit
                | Self::Unknown
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_json_and_order_is_rank() {
        for cause in StartCause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
        }
        assert!(StartCause::ALL.is_sorted());
    }
}
