//! `aiops help`, `aiops completions`, `aiops man`: what can be typed, for people and for shells.

use std::{fs, path::Path};

use analysis::text::table::{Cell, Table};
use clap::Command;
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};
use serde::Serialize;

use crate::{
    args::{self, Shell},
    context::Context,
    exit::{Exit, Failure},
    message::say,
};

pub fn help(context: &Context, words: &[String]) -> Result<Exit, Failure> {
    if let [topic] = words
        && topic == "exit-codes"
    {
        return exit_codes(context);
    }
    let mut root = args::command();
    let mut command = &mut root;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            let message = say("cli-no-topic").with("words", words.join(" "));
            Failure::new(Exit::Usage, message).hint(say("cli-no-topic-hint"))
        })?;
    }
    context
        .printer
        .raw(&command.render_long_help().to_string())?;
    Ok(Exit::Fine)
}

#[derive(Serialize)]
struct ExitCode {
    code: u8,
    meaning: String,
}

fn exit_codes(context: &Context) -> Result<Exit, Failure> {
    let catalogue = context.printer.catalogue();
    let explain = |exit: Exit| ExitCode {
        code: exit as u8,
        meaning: catalogue.say(match exit {
            Exit::Fine => "cli-exit-fine",
            Exit::ProblemFound => "cli-exit-problem",
            Exit::Usage => "cli-exit-usage",
            Exit::NoSuchTarget => "cli-exit-target",
            Exit::NotAllowed => "cli-exit-allowed",
            Exit::Unreachable => "cli-exit-unreachable",
            Exit::PartlyFailed => "cli-exit-partly",
            Exit::Broken => "cli-exit-broken",
            Exit::Interrupted => "cli-exit-interrupted",
        }),
    };
    let codes = Exit::ALL.map(explain);
    context.printer.report(&codes, |page| {
        let mut table = Table::default();
        for one in &codes {
            let code = format!("{:>5}", one.code);
            table.row([Cell::from(code), Cell::from(one.meaning.as_str())]);
        }
        catalogue.say("cli-exit-title") + "\n" + &table.render(page.width, page.style)
    })?;
    Ok(Exit::Fine)
}

/// Prints what a shell has to read (`source <(aiops completions bash)`).
pub fn completions(context: &Context, shell: Shell) -> Result<Exit, Failure> {
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
    };
    let mut script = Vec::new();
    completer
        .write_registration("COMPLETE", "aiops", "aiops", "aiops", &mut script)
        .map_err(|error| Failure::broken(say("cli-cannot-write"), error))?;
    context.printer.raw(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}

/// Writes a page for each command.
pub fn man(context: &Context, folder: &Path) -> Result<Exit, Failure> {
    let path = folder.display().to_string();
    let written = fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(args::command(), folder))
        .map(|()| pages(&args::command()));
    let pages = written.map_err(|error| {
        let message = say("cli-man-not-written").with("path", path.as_str());
        Failure::new(Exit::Usage, message).because(error)
    })?;
    let done = say("cli-man-written").with("path", path);
    context.printer.note(&done.with("pages", pages));
    Ok(Exit::Fine)
}

fn pages(command: &Command) -> usize {
    1 + command.get_subcommands().map(pages).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_help(command: &Command, path: &str, found: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        if command.get_about().is_none() {
            found.push(path.clone());
        }
        for option in command.get_opts() {
            if option.get_help().is_none() {
                found.push(format!("{path} --{}", option.get_id()));
            }
        }
        for below in command.get_subcommands() {
            without_help(below, &path, found);
        }
    }

    #[test]
    fn every_command_and_option_has_help() {
        let mut found = Vec::new();
        without_help(&args::command(), "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn every_command_has_a_man_page() {
        let folder = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(args::command(), folder.path()).unwrap();
        let count = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(count, pages(&args::command()));
        let page = fs::read_to_string(folder.path().join("aiops-analyze-restarts.1")).unwrap();
        assert!(
            page.contains(".SH OPTIONS") && page.contains("\\-\\-period"),
            "{page}"
        );
    }
}
