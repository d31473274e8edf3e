//! The password: typed without an echo, or a line of standard input.

use std::io::{self, BufRead as _};

use crate::{
    args::Login,
    exit::{Exit, Failure},
    message::say,
    output::Printer,
};

pub(super) fn ask(
    asked: &Login,
    user: &str,
    server: &str,
    printer: &Printer,
) -> Result<String, Failure> {
    if asked.password_stdin {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        read.map_err(|error| Failure::new(Exit::Usage, say("cli-password-unread")).because(error))?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let prompt = say("cli-password-for")
        .with("user", user)
        .with("server", server);
    let prompt = prompt.text(printer.catalogue()) + " ";
    rpassword::prompt_password(prompt).map_err(|error| {
        Failure::new(Exit::Usage, say("cli-no-password"))
            .because(error)
            .hint(say("cli-no-password-hint"))
    })
}
