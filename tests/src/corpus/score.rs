//! How often the truth was found.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Case;

/// So many lines of a log tell why a verdict is wrong.
const LINES: usize = 12;

/// Why a case could not be tried that is a fault of ours: the program failed.
pub(super) const NO_REPORT: &str = "no report";

/// A case, and what was said of it.
#[derive(Clone, Debug)]
pub struct Tried {
    pub family: String,
    pub case: Case,
    pub cause: String,
    pub certainty: String,
    pub culprit: Option<String>,
    /// The commands of each fix.
    pub fixes: Vec<Vec<String>>,
    /// The last of the failed start's lines.
    pub log: Vec<String>,
    /// Whether the recommended one helped; only of cases that ask for it.
    pub fixed: Option<Result<(), String>>,
    pub took: Duration,
    /// Why it could not be tried.
    pub failed: Option<String>,
}

impl Tried {
    pub(super) fn new(family: &str, case: &Case) -> Self {
        Self {
            family: family.to_owned(),
            case: case.clone(),
            cause: String::new(),
            certainty: String::new(),
            culprit: None,
            fixes: vec![],
            log: vec![],
            fixed: None,
            took: Duration::ZERO,
            failed: None,
        }
    }

    pub(super) fn read(&mut self, report: &Value) -> Result<()> {
        let verdict = &report["verdict"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.cause = text(&verdict["cause"]).context("no cause")?;
        self.certainty = text(&verdict["certainty"]).context("no certainty")?;
        self.culprit = culprit(&verdict["culprit"]);
        let commands = |fix: &Value| {
            let commands = fix["commands"].as_array();
            commands.into_iter().flatten().filter_map(text).collect()
        };
        let lines = report["attempt"]["log"].as_array().into_iter().flatten();
        self.log = lines.filter_map(|line| text(&line["message"])).collect();
        self.log.drain(..self.log.len().saturating_sub(LINES));
        let fixes = verdict["fixes"].as_array();
        self.fixes = fixes.into_iter().flatten().map(commands).collect();
        Ok(())
    }

    /// Whether there is nothing to wish for.
    pub fn is_right(&self) -> bool {
        self.cause_is_right()
            && self.culprit_is_right() != Some(false)
            && !matches!(self.fixed, Some(Err(_)))
    }

    pub fn cause_is_right(&self) -> bool {
        self.cause == self.case.cause
    }

    /// `None`: there is nobody to blame.
    pub fn culprit_is_right(&self) -> Option<bool> {
        let expected = self.case.culprit.as_deref()?;
        Some(self.culprit.as_deref() == Some(expected))
    }
}

/// The culprit in short, as a case has it.
fn culprit(value: &Value) -> Option<String> {
    let fields = value.as_object()?;
    let is = fields.get("is")?.as_str()?;
    let of = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Some(match is {
        "process" => [of("address"), of("comm")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
        "path" => match of("line") {
            Some(line) => format!("{}:{line}", of("path")?),
            None => of("path")?,
        },
        "unit" => of("unit")?,
        "address" => of("address")?,
        other => {
            let rest = fields.keys().filter(|key| *key != "is");
            let values: Vec<_> = rest.filter_map(|key| of(key)).collect();
            format!("{other} {}", values.join(" "))
        }
    })
}

/// What may be said of a corpus as a whole.
#[derive(Clone, Debug)]
pub struct Score {
    /// Those that could be tried; all counts are of these.
    pub cases: usize,
    pub causes_right: usize,
    pub culprits: usize,
    pub culprits_right: usize,
    pub fixes: usize,
    pub fixed: usize,
    /// What could not be tried.
    pub untried: Vec<String>,
    /// What no verdict may ever be.
    pub faults: Vec<String>,
    /// Recommended fixes that did not help.
    pub not_fixed: Vec<String>,
}

impl Score {
    pub fn of(tried: &[Tried]) -> Self {
        let was_tried = |one: &&Tried| one.failed.is_none();
        let count = |matches: &dyn Fn(&&Tried) -> bool| {
            tried.iter().filter(was_tried).filter(matches).count()
        };
        Self {
            cases: count(&|_| true),
            causes_right: count(&|tried| tried.cause_is_right()),
            culprits: count(&|tried| tried.case.culprit.is_some()),
            culprits_right: count(&|tried| tried.culprit_is_right() == Some(true)),
            fixes: count(&|tried| tried.case.fix.is_some()),
            fixed: count(&|tried| matches!(tried.fixed, Some(Ok(())))),
            untried: tried.iter().filter_map(untried).collect(),
            faults: tried.iter().filter_map(fault).collect(),
            not_fixed: tried
                .iter()
                .filter(was_tried)
                .filter_map(not_fixed)
                .collect(),
        }
    }
}

fn untried(tried: &Tried) -> Option<String> {
    let why = tried.failed.as_ref()?;
    Some(format!("{} cannot be tried: {why}", tried.case.name))
}

fn fault(tried: &Tried) -> Option<String> {
    let name = &tried.case.name;
    if let Some(why) = &tried.failed {
        return why
            .contains(NO_REPORT)
            .then(|| format!("{name} has no report: {why}"));
    }
    let wrong = !tried.cause_is_right();
    if wrong && tried.certainty == "measured" {
        return Some(format!(
            "{name}: {} is wrong, and called measured",
            tried.cause
        ));
    }
    if tried.certainty == "measured" && tried.culprit_is_right() == Some(false) {
        let culprit = tried.culprit.as_deref().unwrap_or("nobody");
        return Some(format!(
            "{name}: {culprit} is not to blame, and called measured"
        ));
    }
    if wrong && tried.case.is_healthy() {
        return Some(format!("{name} is healthy, and called {}", tried.cause));
    }
    None
}

fn not_fixed(tried: &Tried) -> Option<String> {
    match &tried.fixed {
        Some(Err(why)) => Some(format!("{} is not fixed: {why}", tried.case.name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_verdict_that_is_called_measured_is_a_fault() {
        // (cause, certainty, culprit, whether it is a fault)
        let cases = [
            ("port-in-use", "measured", Some("[::]:80 nginx"), false),
            ("port-in-use", "measured", Some("[::]:80 apache2"), true),
            ("port-in-use", "measured", None, true),
            ("port-in-use", "inferred", Some("[::]:80 apache2"), false),
            ("disk-full", "measured", Some("[::]:80 nginx"), true),
            ("disk-full", "inferred", None, false),
        ];
        let text = "name = 'x'\nunit = 'x'\ncause = 'port-in-use'\nculprit = '[::]:80 nginx'\n";
        let case: Case = toml::from_str(text).unwrap();
        for (cause, certainty, culprit, is_fault) in cases {
            let tried = Tried {
                cause: cause.to_owned(),
                certainty: certainty.to_owned(),
                culprit: culprit.map(str::to_owned),
                ..Tried::new("x", &case)
            };
            assert_eq!(
                fault(&tried).is_some(),
                is_fault,
                "{cause} {certainty} {culprit:?}"
            );
        }
        let mut tried = Tried::new("x", &case);
        tried.failed = Some("no such package".to_owned());
        assert_eq!(fault(&tried), None);
        tried.failed = Some(format!("{NO_REPORT}: it panicked"));
        assert!(fault(&tried).is_some());
    }
}
