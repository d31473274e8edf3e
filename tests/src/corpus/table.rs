//! What was said, as a table.

use std::fmt;

use super::{Score, Tried};

/// For people who look at a run.
#[derive(Debug)]
pub struct Table<'a>(pub &'a [Tried]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for tried in self.0 {
            let case = &tried.case;
            let mark = if tried.cause_is_right() {
                "ok"
            } else {
                "WRONG"
            };
            write!(
                f,
                "{:34} {:5} {:24} {:9} {:5} ms",
                case.name,
                mark,
                tried.cause,
                tried.certainty,
                tried.took.as_millis()
            )?;
            if !tried.cause_is_right() {
                write!(f, "  expected {}", case.cause)?;
            }
            match (&tried.culprit, &case.culprit) {
                (got, Some(expected)) if got.as_ref() != Some(expected) => {
                    write!(f, "  CULPRIT {got:?} expected {expected}")?;
                }
                (Some(got), _) => write!(f, "  {got}")?,
                (None, _) => {}
            }
            match &tried.fixed {
                Some(Ok(())) => write!(f, "  fixed")?,
                Some(Err(_)) => write!(f, "  NOT FIXED")?,
                None => {}
            }
            writeln!(f)?;
            if !tried.is_right() {
                for line in &tried.log {
                    writeln!(f, "    | {line}")?;
                }
            }
        }
        let score = Score::of(self.0);
        writeln!(
            f,
            "causes {}/{}, culprits {}/{}, fixed {}/{}",
            score.causes_right,
            score.cases,
            score.culprits_right,
            score.culprits,
            score.fixed,
            score.fixes
        )
    }
}

/// For the documentation.
pub fn markdown(tried: &[Tried]) -> String {
    let mut text =
        "| case | cause | culprit | certainty | fixed | ms |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for tried in tried {
        let culprit = tried.culprit.as_deref().unwrap_or_default();
        let wrong = if tried.cause_is_right() {
            ""
        } else {
            " (wrong)"
        };
        let fixed = if matches!(tried.fixed, Some(Ok(()))) {
            "yes"
        } else {
            ""
        };
        text += &format!(
            "| {} | `{}`{wrong} | {} | {} | {fixed} | {} |\n",
            tried.case.name,
            tried.cause,
            if culprit.is_empty() {
                String::new()
            } else {
                format!("`{culprit}`")
            },
            tried.certainty,
            tried.took.as_millis()
        );
    }
    text
}
