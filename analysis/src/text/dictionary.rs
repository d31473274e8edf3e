//! Signals, exit codes and results of units, in words.

use serde::Serialize;

use super::{
    Catalogue,
    fleet::Page,
    table::{Cell, Table, wrapped},
};
use crate::{
    dictionary::{
        Asked, DefaultAction, ExitMeaning, Origin, SignalCode, default_action, exit_meanings,
        signal_codes,
    },
    process::Signal,
};

/// What something that was asked for means, in one language.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Explanation {
    /// Without meanings: no convention gives it one.
    ExitCode {
        code: u8,
        meanings: Vec<ExplainedCode>,
    },
    Signal {
        number: u8,
        name: String,
        meaning: String,
        default_action: DefaultAction,
        /// What a shell makes of it.
        shell_exit_code: u8,
        reasons: Vec<ExplainedReason>,
    },
    SignalCode {
        number: i32,
        name: &'static str,
        signal: Option<&'static str>,
        meaning: String,
    },
    UnitResult {
        name: &'static str,
        meaning: String,
    },
    /// Why a start failed, or a run ended.
    Cause {
        name: &'static str,
        title: String,
        meaning: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedCode {
    pub name: &'static str,
    pub origin: Origin,
    pub meaning: String,
}

/// A reason for a signal (`si_code`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedReason {
    pub number: i32,
    pub name: &'static str,
    pub meaning: String,
}

/// What a signal means.
pub fn signal(signal: Signal, catalogue: &Catalogue) -> String {
    let name = signal.name().and_then(|name| name.strip_prefix("SIG"));
    let name = name.map_or_else(|| "realtime".to_owned(), str::to_ascii_lowercase);
    catalogue.say(&format!("signal-{name}"))
}

/// What a reason for a signal means.
pub fn signal_code(code: SignalCode, catalogue: &Catalogue) -> String {
    catalogue.say(&format!("si-code-{}", code.name.to_ascii_lowercase()))
}

/// What an exit code means.
pub fn exit_meaning(meaning: &ExitMeaning, catalogue: &Catalogue) -> String {
    let name = meaning.name.to_ascii_lowercase();
    let id = format!("exit-{}-{name}", meaning.origin.name());
    let Some(signal) = meaning.signal else {
        return catalogue.say(&id);
    };
    let parameters = [
        ("signal", signal.to_string().into()),
        ("number", signal.0.into()),
    ];
    catalogue.say_with(&id, &parameters)
}

/// All that is known about what was asked for; a number can be an exit code and a signal.
pub fn explain(asked: Asked, catalogue: &Catalogue) -> Vec<Explanation> {
    match asked {
        Asked::Signal(signal) => vec![of_signal(signal, catalogue)],
        Asked::SignalCode(code) => vec![Explanation::SignalCode {
            number: code.number,
            name: code.name,
            signal: code.signal.and_then(Signal::name),
            meaning: signal_code(code, catalogue),
        }],
        Asked::UnitResult(name) => vec![Explanation::UnitResult {
            name,
            meaning: catalogue.say(&format!("unit-result-{name}")),
        }],
        Asked::StartCause(cause) => vec![Explanation::Cause {
            name: cause.name(),
            title: catalogue.say(&format!("start-cause-{}", cause.name())),
            meaning: catalogue.say(&format!("explain-cause-{}", cause.name())),
        }],
        Asked::StopCause(cause) => vec![Explanation::Cause {
            name: cause.name(),
            title: catalogue.say(&format!("cause-{}", cause.name())),
            meaning: catalogue.say(&format!("explain-stop-{}", cause.name())),
        }],
        Asked::Number(number) => {
            let is_signal = (1..=64).contains(&number) && !matches!(number, 32 | 33);
            let meant = number.checked_sub(128).map(Signal);
            let meanings = exit_meanings(number);
            let meant = meant.filter(|_| meanings.iter().any(|one| one.signal.is_some()));
            let of_code = Explanation::ExitCode {
                code: number,
                meanings: meanings
                    .iter()
                    .map(|one| ExplainedCode {
                        name: one.name,
                        origin: one.origin,
                        meaning: exit_meaning(one, catalogue),
                    })
                    .collect(),
            };
            let signal = is_signal.then_some(Signal(number)).or(meant);
            let of_signal = signal.map(|signal| of_signal(signal, catalogue));
            [of_code].into_iter().chain(of_signal).collect()
        }
    }
}

fn of_signal(of: Signal, catalogue: &Catalogue) -> Explanation {
    let reason = |code: SignalCode| ExplainedReason {
        number: code.number,
        name: code.name,
        meaning: signal_code(code, catalogue),
    };
    Explanation::Signal {
        number: of.0,
        name: of.to_string(),
        meaning: signal(of, catalogue),
        default_action: default_action(of),
        shell_exit_code: 128 + of.0,
        reasons: signal_codes(of).map(reason).collect(),
    }
}

const INDENT: &str = "  ";

/// The explanations for a person.
pub fn render(explanations: &[Explanation], page: &Page<'_>) -> String {
    let texts: Vec<String> = explanations.iter().map(|one| rendered(one, page)).collect();
    texts.join("\n")
}

fn rendered(explanation: &Explanation, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    match explanation {
        Explanation::ExitCode { code, meanings } => {
            let code = ("code", u32::from(*code).into());
            let title = catalogue.say_with("explain-exit", std::slice::from_ref(&code));
            let mut text = titled(&title, page);
            if meanings.is_empty() {
                let unknown = catalogue.say_with("explain-exit-unknown", &[code]);
                text.push_str(&paragraph(&unknown, page));
            }
            let rows = meanings.iter().map(|one| {
                let origin = catalogue.say(&format!("origin-{}", one.origin.name()));
                [one.name.to_owned(), origin, one.meaning.clone()]
            });
            text + &table(rows, page)
        }
        Explanation::Signal {
            number,
            name,
            meaning,
            default_action,
            shell_exit_code,
            reasons,
        } => {
            let parameters = [
                ("number", u32::from(*number).into()),
                ("name", name.as_str().into()),
            ];
            let action = catalogue.say(&format!("action-{}", default_action.name()));
            let mut text = titled(&catalogue.say_with("explain-signal", &parameters), page);
            text.push_str(&paragraph(meaning, page));
            let action = catalogue.say_with("explain-default", &[("action", action.into())]);
            text.push_str(&paragraph(&action, page));
            let code = ("code", u32::from(*shell_exit_code).into());
            text.push_str(&paragraph(
                &catalogue.say_with("explain-shell-code", &[code]),
                page,
            ));
            if !reasons.is_empty() {
                text.push_str(&paragraph(&catalogue.say("explain-reasons"), page));
                let rows = reasons.iter().map(|one| {
                    let number = one.number.to_string();
                    [one.name.to_owned(), number, one.meaning.clone()]
                });
                text.push_str(&table(rows, page));
            }
            text
        }
        Explanation::SignalCode {
            number,
            name,
            signal,
            meaning,
        } => {
            let mut parameters = vec![
                ("name", (*name).into()),
                ("number", number.to_string().into()),
            ];
            let id = match signal {
                Some(signal) => {
                    parameters.push(("signal", (*signal).into()));
                    "explain-code-of"
                }
                None => "explain-code",
            };
            titled(&catalogue.say_with(id, &parameters), page) + &paragraph(meaning, page)
        }
        Explanation::UnitResult { name, meaning } => {
            let title = catalogue.say_with("explain-result", &[("name", (*name).into())]);
            titled(&title, page) + &paragraph(meaning, page)
        }
        Explanation::Cause {
            name,
            title,
            meaning,
        } => {
            let heading = format!("{name}: {title}");
            titled(&heading, page) + &paragraph(meaning, page)
        }
    }
}

fn titled(title: &str, page: &Page<'_>) -> String {
    page.style.strong(title) + "\n"
}

fn room(page: &Page<'_>) -> Option<usize> {
    page.width.map(|width| width.saturating_sub(INDENT.len()))
}

fn paragraph(text: &str, page: &Page<'_>) -> String {
    let lines = wrapped(text, room(page)).into_iter();
    lines.map(|line| format!("{INDENT}{line}\n")).collect()
}

fn table<const N: usize>(rows: impl Iterator<Item = [String; N]>, page: &Page<'_>) -> String {
    let mut table = Table::default();
    for row in rows {
        table.row(row.map(Cell::from));
    }
    let text = table.render(room(page), page.style);
    text.lines()
        .map(|line| format!("{INDENT}{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests;
