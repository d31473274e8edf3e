//! How `aiops` ends: exit codes that mean something, errors with a hint.

use std::{error::Error, process::ExitCode};

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Fine = 0,
    /// The command worked, and what it looked at is not well.
    ProblemFound = 1,
    Usage = 2,
    /// No such host or unit.
    NoSuchTarget = 3,
    NotAllowed = 4,
    /// The server, or the host behind it, does not answer.
    Unreachable = 5,
    /// Of several hosts, some failed.
    PartlyFailed = 6,
    /// `aiops` itself failed (`EX_SOFTWARE`).
    Broken = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub exit: Exit,
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
            source: None,
        }
    }

    pub fn broken(message: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Exit::Broken, message).because(source)
    }

    #[must_use]
    pub fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The reader of our output has gone, as `head` does: nothing failed.
    pub fn closed_pipe() -> Self {
        Self::new(Exit::Fine, "")
    }

    /// Prints the error, its causes and the hint on stderr.
    pub fn report(&self) -> ExitCode {
        if self.exit != Exit::Fine {
            eprint!("{}", self.text());
        }
        self.exit.into()
    }

    fn text(&self) -> String {
        let mut line = format!("error: {}", self.message);
        let mut cause = self.source.as_deref().map(|source| source as &dyn Error);
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries repeat the cause in their own text.
            if !line.contains(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        line.push('\n');
        if let Some(hint) = &self.hint {
            line.push_str(&format!("hint: {hint}\n"));
        }
        analysis::text::escape::keep_lines(&line).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn an_error_names_what_why_and_what_next() {
        let refused = io::Error::other("Connection refused (os error 111)");
        let failure = Failure::new(Exit::Unreachable, "cannot list hosts: no answer")
            .because(refused)
            .hint("is the server running?");
        assert_eq!(
            failure.text(),
            "error: cannot list hosts: no answer: Connection refused (os error 111)\n\
             hint: is the server running?\n"
        );
    }
}
