//! The time in which a source does not run: said when it begins, and when it is over.

use analysis::{
    Timestamp,
    event::{Gap, GapReason},
};

/// Whether a source is absent, since when, and what was said about it.
#[derive(Debug, Default)]
pub(super) struct Absence(Option<Absent>);

#[derive(Debug)]
struct Absent {
    since: Timestamp,
    why: String,
}

impl Absence {
    /// Takes a failure at `now`. Gives what is missing from here on, if the absence begins;
    /// and whether the reason is news.
    pub fn failed(&mut self, source: &str, why: &str, now: Timestamp) -> (bool, Option<Gap>) {
        match &mut self.0 {
            Some(absent) if absent.why == why => (false, None),
            Some(absent) => {
                why.clone_into(&mut absent.why);
                (true, None)
            }
            None => {
                self.0 = Some(Absent {
                    since: now,
                    why: why.to_owned(),
                });
                let detail = format!("the source does not run: {why}");
                (true, Some(gap(source, detail)))
            }
        }
    }

    /// The source runs. Gives what was missed since it failed: a gap ends where it is told.
    pub fn over(&mut self, source: &str) -> Option<Gap> {
        let Absent { since, why } = self.0.take()?;
        let since = since.format("%FT%TZ");
        let detail = format!("the source did not run since {since}: {why}");
        Some(gap(source, detail))
    }
}

fn gap(source: &str, detail: String) -> Gap {
    Gap {
        source: source.to_owned(),
        reason: GapReason::Overflow,
        lost: None,
        detail,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(second: i64) -> Timestamp {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn an_absence_is_said_when_it_begins_and_when_it_is_over() {
        let mut absence = Absence::default();
        let mut said = Vec::new();
        let tries = [
            (0, "no BPF"),
            (10, "no BPF"),
            (20, "no memory"),
            (30, "no memory"),
        ];
        for (second, why) in tries {
            let (is_news, gap) = absence.failed("process", why, at(second));
            said.push((is_news, gap.map(|gap| gap.detail)));
        }
        let begins = "the source does not run: no BPF".to_owned();
        assert_eq!(
            said,
            [
                (true, Some(begins)),
                (false, None),
                (true, None),
                (false, None)
            ]
        );
        assert_eq!(
            absence.over("process").unwrap().detail,
            "the source did not run since 1970-01-01T00:00:00Z: no memory"
        );
        assert_eq!(absence.over("process"), None);
    }

    #[test]
    fn a_second_absence_is_another() {
        let mut absence = Absence::default();
        absence.failed("process", "no BPF", at(0));
        absence.over("process");
        let (is_news, gap) = absence.failed("process", "no BPF", at(60));
        assert!(is_news && gap.is_some());
    }
}
