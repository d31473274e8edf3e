//! The password: typed without an echo, or a line of standard input.

use std::{
    io::{self, BufRead as _},
    ops::RangeInclusive,
};

use crate::{
    args::Login,
    exit::{Exit, Failure},
    message::{Message, say},
    output::Printer,
};

/// Bytes of a password that a server takes.
const LENGTH: RangeInclusive<usize> = 12..=1024;

pub(super) fn ask(
    asked: &Login,
    user: &str,
    server: &str,
    printer: &Printer,
) -> Result<String, Failure> {
    if asked.password_stdin {
        return line();
    }
    let prompt = say("cli-password-for").with("user", user);
    typed(&prompt.with("server", server), printer)
}

/// A password for later logins, typed twice.
pub(super) fn new(asked: &Login, server: &str, printer: &Printer) -> Result<String, Failure> {
    let wrong = |id| Err(Failure::new(Exit::Usage, say(id)));
    let password = if asked.password_stdin {
        line()?
    } else {
        let first = typed(&say("cli-new-password-for").with("server", server), printer)?;
        if typed(&say("cli-new-password-again"), printer)? != first {
            return wrong("cli-new-passwords-differ");
        }
        first
    };
    if !LENGTH.contains(&password.len()) {
        return wrong("cli-new-password-length");
    }
    Ok(password)
}

fn line() -> Result<String, Failure> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::new(Exit::Usage, say("cli-password-unread")).because(error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn typed(prompt: &Message, printer: &Printer) -> Result<String, Failure> {
    let prompt = prompt.text(printer.catalogue()) + " ";
    rpassword::prompt_password(prompt).map_err(|error| {
        Failure::new(Exit::Usage, say("cli-no-password"))
            .because(error)
            .hint(say("cli-no-password-hint"))
    })
}
