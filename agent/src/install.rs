//! `aiops-agent join --install`: makes the agent a service of this host.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// Where the unit looks for the program.
const PROGRAM: &str = "/usr/bin/aiops-agent";
const UNIT: &str = "/etc/systemd/system/aiops-agent.service";
/// The unit as packages install it.
const UNIT_TEXT: &str = include_str!("../../deploy/aiops-agent.service");
const NAME: &str = "aiops-agent.service";

/// Why the agent is no service.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error("systemd does not run this host")]
    NoSystemd,
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("`systemctl {command}` failed: {message}")]
    Systemctl { command: String, message: String },
}

impl InstallError {
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoSystemd => Some("the host has joined; start `aiops-agent run` by other means"),
            Self::Io { .. } => Some("run as root"),
            Self::Systemctl { .. } => Some("`journalctl -u aiops-agent` may say why"),
        }
    }
}

/// Puts the program and the unit in their places, and starts the service, now and at each boot.
/// A second call brings a newer program.
///
/// # Errors
///
/// [`InstallError`] names what failed; it is safe to try again.
pub fn install(state_dir: &Path) -> Result<(), InstallError> {
    if !Path::new("/run/systemd/system").is_dir() {
        return Err(InstallError::NoSystemd);
    }
    // systemd has no working directory to begin a path at.
    let state_dir = std::path::absolute(state_dir).map_err(|source| InstallError::Io {
        action: "find",
        path: state_dir.into(),
        source,
    })?;
    place_program()?;
    let unit = Path::new(UNIT);
    write(unit, unit_text(&state_dir).as_bytes())?;
    systemctl(&["daemon-reload"])?;
    systemctl(&["enable", NAME])?;
    systemctl(&["restart", NAME])
}

fn place_program() -> Result<(), InstallError> {
    let target = Path::new(PROGRAM);
    let failed = |action| {
        move |source| InstallError::Io {
            action,
            path: target.into(),
            source,
        }
    };
    let running = std::env::current_exe().map_err(failed("find what to copy to"))?;
    if running == target {
        return Ok(());
    }
    if let Some(directory) = target.parent() {
        fs::create_dir_all(directory).map_err(failed("make the directory of"))?;
    }
    // Beside it first: the program in its place may be running.
    let draft = target.with_extension("draft");
    fs::copy(&running, &draft).map_err(failed("copy to"))?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).map_err(failed("set up"))?;
    fs::rename(&draft, target).map_err(failed("replace"))
}

/// The unit for a state directory, which may be another than the usual.
fn unit_text(state_dir: &Path) -> String {
    let usual = crate::state_dir::DEFAULT_STATE_DIR;
    if state_dir == Path::new(usual) {
        return UNIT_TEXT.to_owned();
    }
    // To systemd a percent sign begins a specifier.
    let directory = state_dir.display().to_string().replace('%', "%%");
    let quoted = directory.replace('\\', "\\\\").replace('"', "\\\"");
    UNIT_TEXT
        .replace(
            &format!("ConditionPathExists={usual}/"),
            &format!("ConditionPathExists={directory}/"),
        )
        .replace(
            "[Service]\n",
            &format!(
                "[Service]\nEnvironment=\"AIOPS_STATE_DIR={quoted}\"\n\
                 ReadWritePaths=\"{quoted}\"\n"
            ),
        )
}

fn write(path: &Path, content: &[u8]) -> Result<(), InstallError> {
    fs::write(path, content).map_err(|source| InstallError::Io {
        action: "write",
        path: path.into(),
        source,
    })
}

fn systemctl(arguments: &[&str]) -> Result<(), InstallError> {
    let failed = |message: String| InstallError::Systemctl {
        command: arguments.join(" "),
        message,
    };
    let output = Command::new("systemctl")
        .args(arguments)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(
        String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_state_directory_reaches_the_unit() {
        let text = unit_text(Path::new("/srv/aiops"));
        assert!(
            text.contains("\nEnvironment=\"AIOPS_STATE_DIR=/srv/aiops\"\n"),
            "{text}"
        );
        assert!(text.contains("\nReadWritePaths=\"/srv/aiops\"\n"), "{text}");
        assert!(UNIT_TEXT.contains(PROGRAM));
    }

    #[test]
    fn systemd_starts_the_unit_of_a_host_that_has_joined_in_another_directory() {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("a \"strange\" 100%n");
        fs::create_dir(&state).unwrap();
        let text = unit_text(&state);
        let conditions: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("Condition"))
            .collect();
        assert!(!conditions.is_empty());
        let hold = || {
            let mut systemd = Command::new("systemd-analyze");
            let said = systemd.arg("condition").args(&conditions).output();
            said.unwrap().status.success()
        };
        assert!(!hold(), "it has not joined");
        fs::write(state.join("identity.json"), "{}").unwrap();
        assert!(hold(), "{conditions:?}");
    }
}
