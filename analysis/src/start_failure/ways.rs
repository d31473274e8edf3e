//! What stands in the way to a file for who runs a unit.

/// The way to a path, from `/` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayFact {
    pub path: String,
    /// The mount that it lies on, if nothing there may be executed.
    pub noexec: Option<NoexecMount>,
    /// The first place on the way that is closed for the unit's user. `None`: there is none, or
    /// nobody can tell.
    pub closed: Option<ClosedPlace>,
}

/// A mount with `noexec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoexecMount {
    pub point: String,
    /// `rw,nosuid,noexec,relatime`.
    pub options: String,
}

/// A folder that a user may not pass, or a program that it may not execute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedPlace {
    pub path: String,
    pub is_folder: bool,
    pub mode: u32,
    /// `root:adm`, or numbers where they have no name.
    pub owners: String,
}

impl ClosedPlace {
    /// As evidence says it: `mode 700, root:root`.
    pub fn state(&self) -> String {
        format!("mode {:o}, {}", self.mode, self.owners)
    }
}
