//! What to do about a failed start.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::identity::UnitName;

/// Something to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fix {
    pub what: FixKind,
    /// Commands to copy, in order. Empty: an edit, which `what` describes.
    pub commands: Vec<String>,
    /// It may interrupt another service, or lose something.
    pub risky: bool,
}

/// What a fix does; the sentence is in the catalogues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FixKind {
    StopHolder {
        unit: UnitName,
    },
    /// The port is published by a container: find it, and stop it with its own tools.
    StopContainer {
        port: u16,
    },
    EndProcess {
        pid: u32,
    },
    ChangePort {
        port: u16,
    },
    /// Find out why a unit that this one needs does not start.
    StartDependency {
        unit: UnitName,
    },
    /// Ask about this unit instead: the name is nearly the same.
    AskAbout {
        unit: UnitName,
    },
    Unmask,
    InstallPackage {
        path: String,
    },
    /// Install what brings a shared library.
    InstallLibrary {
        name: String,
    },
    MakeExecutable {
        path: String,
    },
    /// Let programs of a mount be executed: it is mounted with `noexec`.
    RemountExec {
        path: String,
    },
    /// Put the program where programs may be executed.
    MoveProgram {
        path: String,
    },
    /// Remove a pid file, or a lock, of a process that is gone.
    RemoveStaleFile {
        path: String,
    },
    /// Let others than its owner pass a folder.
    OpenFolder {
        path: String,
    },
    RepairUnitFile {
        path: String,
    },
    /// Correct a file of the program: its configuration.
    CorrectFile {
        path: String,
    },
    /// Give a script the line ends of this system: it has those of Windows.
    CorrectLineEnds {
        path: String,
    },
    /// Have systemd read the unit's files, which have changed since it did.
    ReloadUnitFiles,
    /// Let the unit start without a path that a setting of it names.
    AllowMissing {
        path: String,
    },
    /// Put there what is missing: a file or a folder.
    ProvidePath {
        path: String,
    },
    /// Make the folder that is missing, for the user that needs it.
    MakeDirectory {
        path: String,
    },
    /// Look at who may do what with the path, and allow it.
    AllowAccess {
        path: String,
    },
    /// Take a path out of what the unit's own settings forbid.
    AllowPath {
        path: String,
    },
    CreateUser {
        user: String,
    },
    CreateGroup {
        group: String,
    },
    /// Give the program a capability, and nothing more.
    AllowCapability {
        name: String,
    },
    RaiseLimit {
        name: String,
    },
    /// Find out what fills a file system.
    FreeSpace {
        path: String,
    },
    /// Find out why a file system is mounted read-only: after errors the kernel does that.
    FindReadOnly {
        path: String,
    },
    /// See who uses a lock, a socket or a pid file, and whether anybody does.
    FindUser {
        path: String,
    },
    /// See whether it is running already, outside of the unit.
    FindOther,
    /// See whether an address is this host's, or can be reached from here.
    CheckAddress {
        address: String,
    },
    InspectCertificate {
        path: String,
    },
    /// Make the condition true, or take it out of the unit file.
    MeetCondition {
        condition: String,
    },
    /// Let it take longer, or let it tell systemd that it is ready.
    RaiseStartTimeout {
        seconds: u64,
    },
    /// Tell systemd how the program starts.
    SetType {
        to: String,
    },
    ReadCoreDump {
        pid: Option<u32>,
    },
    RaiseMemoryLimit,
    /// Find out who sent a signal: the host itself does not record it.
    FindSender {
        /// `SIGKILL`.
        signal: String,
    },
    ResetAndStart,
    ReadLog,
}

/// What the commands of a fix are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// They do it.
    Mend,
    /// They open an editor, and start the unit then.
    Edit,
    /// They look further.
    Look,
    /// They are of use only after something that no command does.
    AfterByHand,
}

impl FixKind {
    fn commands_are_for(&self) -> Use {
        match self {
            Self::StopHolder { .. }
            | Self::EndProcess { .. }
            | Self::Unmask
            | Self::MakeExecutable { .. }
            | Self::RemountExec { .. }
            | Self::OpenFolder { .. }
            | Self::RemoveStaleFile { .. }
            | Self::MakeDirectory { .. }
            | Self::AllowPath { .. }
            | Self::AllowMissing { .. }
            | Self::CorrectLineEnds { .. }
            | Self::ReloadUnitFiles
            | Self::CreateUser { .. }
            | Self::CreateGroup { .. }
            | Self::AllowCapability { .. }
            | Self::RaiseLimit { .. }
            | Self::SetType { .. }
            | Self::ResetAndStart => Use::Mend,
            Self::RepairUnitFile { .. }
            | Self::CorrectFile { .. }
            | Self::ProvidePath { .. }
            | Self::RaiseStartTimeout { .. } => Use::Edit,
            Self::ChangePort { .. } | Self::MoveProgram { .. } => Use::AfterByHand,
            Self::InstallPackage { .. }
            | Self::StopContainer { .. }
            | Self::StartDependency { .. }
            | Self::AskAbout { .. }
            | Self::InstallLibrary { .. }
            | Self::AllowAccess { .. }
            | Self::FreeSpace { .. }
            | Self::FindReadOnly { .. }
            | Self::FindUser { .. }
            | Self::FindOther
            | Self::CheckAddress { .. }
            | Self::InspectCertificate { .. }
            | Self::MeetCondition { .. }
            | Self::ReadCoreDump { .. }
            | Self::FindSender { .. }
            | Self::RaiseMemoryLimit
            | Self::ReadLog => Use::Look,
        }
    }

    /// Whether its commands do it. The others look further, or open an editor.
    pub fn mends(&self) -> bool {
        self.commands_are_for() == Use::Mend
    }

    /// Whether its commands belong together: each is of use only if the one before went well.
    pub fn is_one_line(&self) -> bool {
        matches!(self.commands_are_for(), Use::Mend | Use::Edit)
    }

    /// Whether its commands are of use only after something that no command does.
    pub fn is_manual(&self) -> bool {
        self.commands_are_for() == Use::AfterByHand
    }
}
