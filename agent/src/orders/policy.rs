//! What the owner of this host allows, whatever the server says.

use std::collections::BTreeSet;

use analysis::{
    order::Order,
    question::{Analysis, Tier},
};
use serde::Deserialize;

const KEYS: [&str; 6] = [
    "tiers",
    "deny",
    "allow",
    "requesters",
    "max_running",
    "per_minute",
];
const TIERS: [&str; 3] = ["D0", "D1", "D2"];
/// Likeness above which a wrong word is taken for a mistyped right one.
const ALIKE: f64 = 0.75;

/// `/etc/aiops/policy.toml`. Without the file: [`Policy::default`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub tiers: BTreeSet<Tier>,
    /// Never, whatever its tier.
    pub deny: BTreeSet<Analysis>,
    /// Also if its tier is not allowed.
    pub allow: BTreeSet<Analysis>,
    /// Names of accounts. Empty: all.
    pub requesters: BTreeSet<String>,
    /// At the same time; more are refused.
    pub max_running: usize,
    /// More are refused.
    pub per_minute: usize,
}

/// What is wrong with the text of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("{0}")]
    Malformed(String),
    #[error("there is no {what} `{word}`{}", meant(.nearest))]
    Unknown {
        what: &'static str,
        word: String,
        nearest: Option<&'static str>,
    },
}

fn meant(nearest: &Option<&'static str>) -> String {
    nearest.map_or(String::new(), |nearest| {
        format!(", did you mean `{nearest}`?")
    })
}

impl Default for Policy {
    /// Looking and sampling, but nothing that stops a process.
    fn default() -> Self {
        Self {
            tiers: [Tier::D0, Tier::D1].into(),
            deny: BTreeSet::new(),
            allow: BTreeSet::new(),
            requesters: BTreeSet::new(),
            max_running: 2,
            per_minute: 60,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tiers: Option<Vec<String>>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    requesters: BTreeSet<String>,
    max_running: Option<u16>,
    per_minute: Option<u16>,
}

impl Policy {
    /// Reads the text of a policy.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] with the word that is wrong, and the one that was probably meant. What is
    /// not understood is never taken for permission.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let malformed = |error: toml::de::Error| {
            PolicyError::Malformed(error.to_string().trim_end().to_owned())
        };
        let table: toml::Table = text.parse().map_err(malformed)?;
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(unknown("key", key, &KEYS));
        }
        let written: Written = toml::from_str(text).map_err(malformed)?;
        let usual = Self::default();
        let tiers = match written.tiers {
            Some(names) => names
                .iter()
                .map(|name| tier(name))
                .collect::<Result<_, _>>()?,
            None => usual.tiers,
        };
        let analyses = |names: &[String]| -> Result<BTreeSet<Analysis>, PolicyError> {
            names.iter().map(|name| analysis(name)).collect()
        };
        Ok(Self {
            tiers,
            deny: analyses(&written.deny)?,
            allow: analyses(&written.allow)?,
            requesters: written.requesters,
            max_running: written.max_running.map_or(usual.max_running, usize::from),
            per_minute: written.per_minute.map_or(usual.per_minute, usize::from),
        })
    }

    /// Whether the owner allows it.
    ///
    /// # Errors
    ///
    /// What forbids it.
    pub fn allow(&self, order: &Order) -> Result<(), String> {
        let analysis = order.question.analysis();
        let (name, tier) = (analysis.name(), analysis.tier());
        if self.deny.contains(&analysis) {
            return Err(format!("`deny` names {name}"));
        }
        if !self.tiers.contains(&tier) && !self.allow.contains(&analysis) {
            return Err(format!(
                "{name} is {tier:?}, which `tiers` does not name; to allow it, write \
                 `allow = [\"{name}\"]` into /etc/aiops/policy.toml on this host"
            ));
        }
        if !self.requesters.is_empty() && !self.requesters.contains(&order.requested_by) {
            return Err(format!(
                "`requesters` does not name {:?}",
                order.requested_by
            ));
        }
        Ok(())
    }
}

fn tier(name: &str) -> Result<Tier, PolicyError> {
    match name {
        "D0" => Ok(Tier::D0),
        "D1" => Ok(Tier::D1),
        "D2" => Ok(Tier::D2),
        _ => Err(unknown("tier", name, &TIERS)),
    }
}

fn analysis(name: &str) -> Result<Analysis, PolicyError> {
    let names = || Analysis::ALL.iter().map(|known| known.name());
    Analysis::from_name(name).ok_or_else(|| unknown("analysis", name, &names().collect::<Vec<_>>()))
}

fn unknown(what: &'static str, word: &str, known: &[&'static str]) -> PolicyError {
    let likeness = |known: &str| strsim::jaro_winkler(word, known);
    let nearest = known
        .iter()
        .copied()
        .filter(|known| likeness(known) > ALIKE)
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    PolicyError::Unknown {
        what,
        word: word.to_owned(),
        nearest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_and_what_is_not_said_is_usual() {
        assert_eq!(Policy::parse("").unwrap(), Policy::default());
        let text = "tiers = ['D0']\ndeny = ['analyze-ptree']\nallow = ['diagnose-start-failure']\n\
                    requesters = ['ann']\nmax_running = 1\nper_minute = 6";
        let policy = Policy::parse(text).unwrap();
        assert_eq!(policy.tiers, [Tier::D0].into());
        assert_eq!(policy.deny, [Analysis::AnalyzePtree].into());
        assert_eq!(policy.allow, [Analysis::DiagnoseStartFailure].into());
        assert_eq!((policy.max_running, policy.per_minute), (1, 6));
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table.len(), KEYS.len(), "a key is not tried here");
    }

    #[test]
    fn a_mistyped_word_is_refused_with_the_one_that_was_meant() {
        let cases = [
            ("tier = ['D0']", "key", Some("tiers")),
            ("per_minut = 1", "key", Some("per_minute")),
            ("qqq = 1", "key", None),
            ("tiers = ['D3']", "tier", None),
            (
                "deny = ['analyse-ptree']",
                "analysis",
                Some("analyze-ptree"),
            ),
            ("allow = ['shell']", "analysis", None),
        ];
        for (text, wrong, meant) in cases {
            match Policy::parse(text) {
                Err(PolicyError::Unknown { what, nearest, .. }) => {
                    assert_eq!((what, nearest), (wrong, meant), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in [
            "tiers = 'D0'",
            "max_running = -1",
            "per_minute = 'x'",
            "= =",
        ] {
            assert!(
                matches!(Policy::parse(text), Err(PolicyError::Malformed(_))),
                "{text}"
            );
        }
    }
}
