//! How `aiops` ends: exit codes that mean something, errors with a hint.

use std::{error::Error, fmt, process::ExitCode};

use analysis::text::{Catalogue, escape, reason::reason};

use crate::message::Message;

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
    /// `aiops` itself failed (`EX_SOFTWARE`), or the analysis on the host did.
    Broken = 70,
    /// Ctrl-C, as shells have it.
    Interrupted = 130,
}

impl Exit {
    pub const ALL: [Self; 9] = [
        Self::Fine,
        Self::ProblemFound,
        Self::Usage,
        Self::NoSuchTarget,
        Self::NotAllowed,
        Self::Unreachable,
        Self::PartlyFailed,
        Self::Broken,
        Self::Interrupted,
    ];
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not be carried out.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub message: Message,
    /// Why, where we know the words for it. `source`: where somebody else does.
    pub detail: Option<Box<Message>>,
    /// What to do next.
    pub hint: Option<Message>,
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<Message>) -> Self {
        Self {
            exit,
            message: message.into(),
            detail: None,
            hint: None,
            source: None,
        }
    }

    pub fn broken(message: impl Into<Message>, source: impl Error + Send + Sync + 'static) -> Self {
        Self::new(Exit::Broken, message).because(source)
    }

    #[must_use]
    pub fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The cause, in our own words.
    #[must_use]
    pub fn detailed(mut self, detail: Message) -> Self {
        self.detail = Some(Box::new(detail));
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<Message>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The reader of our output has gone, as `head` does: nothing failed.
    pub fn closed_pipe() -> Self {
        Self::new(Exit::Fine, "")
    }

    /// Prints the error, its causes and the hint on stderr.
    pub fn report(&self, catalogue: &Catalogue) -> ExitCode {
        if self.exit != Exit::Fine {
            eprint!("{}", self.text(catalogue));
        }
        self.exit.into()
    }

    /// The error with its causes, then the hint, each on a line.
    pub fn text(&self, catalogue: &Catalogue) -> String {
        let error = self.message.text(catalogue);
        let mut line = catalogue.say_with("cli-error", &[("text", error.into())]);
        let because = |line: String, why: String| {
            catalogue.say_with("cli-because", &[("text", line.into()), ("why", why.into())])
        };
        if let Some(detail) = &self.detail {
            line = because(line, detail.text(catalogue));
        }
        let mut cause = self.source.as_deref().map(|source| source as &dyn Error);
        while let Some(error) = cause {
            let why = reason(&error.to_string(), catalogue);
            // Some libraries repeat the cause in their own text.
            if !line.contains(&why) {
                line = because(line, why);
            }
            cause = error.source();
        }
        line.push('\n');
        if let Some(hint) = &self.hint {
            let hint = hint.text(catalogue);
            line.push_str(&catalogue.say_with("cli-hint", &[("text", hint.into())]));
            line.push('\n');
        }
        escape::keep_lines(&line).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use analysis::text::Language;

    use super::*;

    #[test]
    fn an_error_names_what_why_and_what_next() {
        let refused = io::Error::other("Connection refused (os error 111)");
        let failure = Failure::new(Exit::Unreachable, "cannot list hosts: no answer")
            .because(refused)
            .hint("is the server running?");
        assert_eq!(
            failure.text(&Catalogue::of(Language::English)),
            "error: cannot list hosts: no answer: Connection refused (os error 111)\n\
             hint: is the server running?\n"
        );
    }
}
