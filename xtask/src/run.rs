//! Running a command to its end.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Runs a command silently; what it said is in the error.
///
/// # Errors
///
/// If it cannot be run or does not end with status 0.
pub fn checked(command: &mut Command) -> Result<()> {
    captured(command).map(drop)
}

/// Runs a command like [`checked`] and returns what it wrote to its standard output.
pub fn captured(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", shown(command)))?;
    ensure!(
        output.status.success(),
        "{} ended with {}: {}",
        shown(command),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end(),
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as one could type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
