//! Where reports go: text for a person, JSON or YAML for a program.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
};

use analysis::text::{Catalogue, Language, Style, escape, fleet::Page};
use chrono::{Local, Offset as _, Utc};
use serde::Serialize;

use crate::{
    args::{Format, Global},
    exit::{Exit, Failure},
    message::{Message, say},
};

/// Prints reports in the way that was asked for.
#[derive(Debug)]
pub struct Printer {
    format: Format,
    style: Style,
    width: Option<usize>,
    catalogue: Catalogue,
}

impl Printer {
    /// # Errors
    ///
    /// [`Failure`] if the language is not one of ours.
    pub fn new(global: &Global) -> Result<Self, Failure> {
        let terminal = io::stdout().is_terminal();
        let colour = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let width = terminal_size::terminal_size_of(io::stdout())
            .map(|(terminal_size::Width(columns), _)| usize::from(columns));
        Ok(Self {
            format: global.output,
            style: if colour { Style::Colour } else { Style::Plain },
            width: width.filter(|_| terminal),
            catalogue: Catalogue::of(language(global.lang.as_deref())?),
        })
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub fn is_for_people(&self) -> bool {
        self.format == Format::Table
    }

    /// How to render text now.
    pub fn page(&self) -> Page<'_> {
        Page {
            catalogue: &self.catalogue,
            style: self.style,
            width: self.width,
            zone: Local::now().offset().fix(),
            now: Utc::now(),
        }
    }

    /// Prints one report.
    pub fn report<T: Serialize>(
        &self,
        report: &T,
        text: impl FnOnce(&Page<'_>) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.write(&text(&self.page())),
            Format::Json => self.write(&(to_json(report, true)? + "\n")),
            Format::Jsonl => self.write(&(to_json(report, false)? + "\n")),
            Format::Yaml => self.write(&to_yaml(report)?),
        }
    }

    /// Prints one item of a list that may have no end: a line, a document a line, or a YAML
    /// document.
    pub fn item<T: Serialize>(
        &self,
        item: &T,
        text: impl FnOnce(&Page<'_>) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.write(&(text(&self.page()) + "\n")),
            Format::Json | Format::Jsonl => self.write(&(to_json(item, false)? + "\n")),
            Format::Yaml => self.write(&format!("---\n{}", to_yaml(item)?)),
        }
    }

    /// A part of a report, for those who read line by line: people, and JSON lines. Others get all
    /// of it with [`Printer::whole`].
    pub fn piece<T: Serialize>(&self, piece: &T, line: &str) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.write(line),
            Format::Jsonl => self.write(&(to_json(piece, false)? + "\n")),
            Format::Json | Format::Yaml => Ok(()),
        }
    }

    /// The end of a report that came in pieces: for people what it comes to, for readers of one
    /// document the document.
    pub fn whole<T: Serialize>(
        &self,
        report: &T,
        text: impl FnOnce(&Page<'_>) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Jsonl => Ok(()),
            _ => self.report(report, text),
        }
    }

    /// Prints text or bytes that are a document already.
    pub fn raw(&self, text: &str) -> Result<(), Failure> {
        self.write(text)
    }

    /// Makes room for the next of several reports: the same place of a terminal, a new document or a
    /// blank line elsewhere.
    pub fn begin_again(&self) -> Result<(), Failure> {
        match self.format {
            Format::Table if self.width.is_some() => self.write("\x1b[H\x1b[2J"),
            Format::Table => self.write("\n"),
            Format::Yaml => self.write("---\n"),
            Format::Json | Format::Jsonl => Ok(()),
        }
    }

    /// Something to do next; only people get it, and not in the way of the report.
    pub fn hint(&self, message: &Message) {
        if self.is_for_people() {
            self.aside("cli-hint", message);
        }
    }

    /// Something that the report has to do without.
    pub fn warn(&self, message: &Message) {
        self.aside("cli-warning", message);
    }

    /// A line beside the report.
    pub fn note(&self, message: &Message) {
        eprintln!("{}", escape::one_line(&message.text(&self.catalogue)));
    }

    fn aside(&self, id: &str, message: &Message) {
        let text = message.text(&self.catalogue);
        let line = self.catalogue.say_with(id, &[("text", text.into())]);
        eprintln!("{}", escape::one_line(&line));
    }

    fn write(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::closed_pipe()),
            Err(error) => Err(Failure::broken(say("cli-cannot-write"), error)),
        }
    }
}

/// The catalogue for errors that come before the printer is there, or after it is gone.
pub fn catalogue(lang: Option<&str>) -> Catalogue {
    Catalogue::of(
        language(lang)
            .or_else(|_| language(None))
            .unwrap_or_default(),
    )
}

/// The language that was asked for, else that of the locale, else English.
fn language(asked: Option<&str>) -> Result<Language, Failure> {
    if let Some(tag) = asked {
        return Language::from_tag(tag).ok_or_else(|| {
            Failure::new(Exit::Usage, say("cli-no-language").with("tag", tag))
                .hint("--lang en, --lang zh-CN")
        });
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.is_empty());
    Ok(locale
        .and_then(|tag| Language::from_tag(&tag))
        .unwrap_or_default())
}

fn to_json<T: Serialize>(report: &T, pretty: bool) -> Result<String, Failure> {
    let text = if pretty {
        serde_json::to_string_pretty(report)
    } else {
        serde_json::to_string(report)
    };
    let text = text.map_err(|error| Failure::broken(say("cli-cannot-write"), error))?;
    Ok(escape::json(&text).into_owned())
}

fn to_yaml<T: Serialize>(report: &T) -> Result<String, Failure> {
    serde_norway::to_string(report).map_err(|error| Failure::broken(say("cli-cannot-write"), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_that_was_asked_for_must_be_ours() {
        assert_eq!(language(Some("zh")).unwrap(), Language::Chinese);
        let failure = language(Some("tlh")).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.hint.is_some());
    }
}
