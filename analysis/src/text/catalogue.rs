//! The message catalogues: what is said, in English and Chinese.

use std::{fmt, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

/// A language that aiops speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Reads a language tag or a locale: `zh-CN`, `zh_CN.UTF-8`, `en`, `C`. `None`: neither ours
    /// nor the C locale, which is English.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_', '.', '@']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" | "c" | "posix" => Some(Self::English),
            _ => None,
        }
    }

    /// As BCP 47 has it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    fn sources(self) -> &'static [&'static str] {
        match self {
            Self::English => &[
                include_str!("../../i18n/en/audit.ftl"),
                include_str!("../../i18n/en/behavior.ftl"),
                include_str!("../../i18n/en/black-box.ftl"),
                include_str!("../../i18n/en/cli.ftl"),
                include_str!("../../i18n/en/crash.ftl"),
                include_str!("../../i18n/en/dictionary.ftl"),
                include_str!("../../i18n/en/events.ftl"),
                include_str!("../../i18n/en/fleet.ftl"),
                include_str!("../../i18n/en/inspection.ftl"),
                include_str!("../../i18n/en/machine.ftl"),
                include_str!("../../i18n/en/monitor.ftl"),
                include_str!("../../i18n/en/orders.ftl"),
                include_str!("../../i18n/en/processes.ftl"),
                include_str!("../../i18n/en/profile.ftl"),
                include_str!("../../i18n/en/ptree.ftl"),
                include_str!("../../i18n/en/reason.ftl"),
                include_str!("../../i18n/en/report.ftl"),
                include_str!("../../i18n/en/resources.ftl"),
                include_str!("../../i18n/en/restarts.ftl"),
                include_str!("../../i18n/en/service.ftl"),
                include_str!("../../i18n/en/start-changes.ftl"),
                include_str!("../../i18n/en/start-failure.ftl"),
                include_str!("../../i18n/en/time.ftl"),
                include_str!("../../i18n/en/causes.ftl"),
                include_str!("../../i18n/en/throttling.ftl"),
                include_str!("../../i18n/en/zombies.ftl"),
            ],
            Self::Chinese => &[
                include_str!("../../i18n/zh-CN/audit.ftl"),
                include_str!("../../i18n/zh-CN/behavior.ftl"),
                include_str!("../../i18n/zh-CN/black-box.ftl"),
                include_str!("../../i18n/zh-CN/cli.ftl"),
                include_str!("../../i18n/zh-CN/crash.ftl"),
                include_str!("../../i18n/zh-CN/dictionary.ftl"),
                include_str!("../../i18n/zh-CN/events.ftl"),
                include_str!("../../i18n/zh-CN/fleet.ftl"),
                include_str!("../../i18n/zh-CN/inspection.ftl"),
                include_str!("../../i18n/zh-CN/machine.ftl"),
                include_str!("../../i18n/zh-CN/monitor.ftl"),
                include_str!("../../i18n/zh-CN/orders.ftl"),
                include_str!("../../i18n/zh-CN/processes.ftl"),
                include_str!("../../i18n/zh-CN/profile.ftl"),
                include_str!("../../i18n/zh-CN/ptree.ftl"),
                include_str!("../../i18n/zh-CN/reason.ftl"),
                include_str!("../../i18n/zh-CN/report.ftl"),
                include_str!("../../i18n/zh-CN/resources.ftl"),
                include_str!("../../i18n/zh-CN/restarts.ftl"),
                include_str!("../../i18n/zh-CN/service.ftl"),
                include_str!("../../i18n/zh-CN/start-changes.ftl"),
                include_str!("../../i18n/zh-CN/start-failure.ftl"),
                include_str!("../../i18n/zh-CN/time.ftl"),
                include_str!("../../i18n/zh-CN/causes.ftl"),
                include_str!("../../i18n/zh-CN/throttling.ftl"),
                include_str!("../../i18n/zh-CN/zombies.ftl"),
            ],
        }
    }
}

/// All messages of one language.
pub struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    language: Language,
}

static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::of(Language::English));
static CHINESE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::of(Language::Chinese));

impl Catalogue {
    /// The catalogue of a language, read once.
    ///
    /// # Panics
    ///
    /// As of [`Self::of`].
    pub fn built_in(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }

    /// # Panics
    ///
    /// If the built-in catalogue is broken, which a test of this module would have found.
    pub fn of(language: Language) -> Self {
        let tag = language.tag().parse().expect("our tags are language tags");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks would show in terminals that do not know them, and nothing here is mixed.
        bundle.set_use_isolating(false);
        for source in language.sources() {
            let resource = FluentResource::try_new((*source).to_owned())
                .map_err(|(_, errors)| errors)
                .expect("the catalogues are valid Fluent");
            bundle
                .add_resource(resource)
                .expect("no message stands in two catalogues");
        }
        Self { bundle, language }
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// The message `id`.
    pub fn say(&self, id: &str) -> String {
        self.say_with(id, &[])
    }

    /// The message `id` with its parameters. Where it is missing, the id stands in its place:
    /// a report with a hole is better than none.
    pub fn say_with<'a>(&'a self, id: &str, parameters: &[(&'a str, Value)]) -> String {
        let Some(pattern) = self
            .bundle
            .get_message(id)
            .and_then(|message| message.value())
        else {
            return id.to_owned();
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in parameters {
            arguments.set(*name, FluentValue::from(value));
        }
        let mut problems = Vec::new();
        self.bundle
            .format_pattern(pattern, Some(&arguments), &mut problems)
            .into_owned()
    }

    /// Whether there is such a message, for values that a newer version may have named.
    pub fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Catalogue").field(&self.language).finish()
    }
}

/// A parameter of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    /// Chooses the plural, too.
    Number(f64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl From<$number> for Value {
            fn from(number: $number) -> Self {
                Self::Number(number as f64)
            }
        })*
    };
}

numbers!(u8, u32, u64, i64, usize, f64);

impl From<&Value> for FluentValue<'_> {
    fn from(value: &Value) -> Self {
        match value {
            Value::Text(text) => Self::String(text.clone().into()),
            Value::Number(number) => (*number).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ids(language: Language) -> BTreeSet<String> {
        let lines = language.sources().iter().flat_map(|source| source.lines());
        let id = |line: &str| {
            let (id, _) = line.split_once('=')?;
            let id = id.trim_end();
            (!line.starts_with([' ', '#', '-'])).then(|| id.to_owned())
        };
        lines.filter_map(id).collect()
    }

    #[test]
    fn both_languages_have_the_same_messages() {
        let [english, chinese] = Language::ALL.map(ids);
        assert_eq!(english, chinese);
        assert!(english.len() > 10, "the ids are found at all");
        for language in Language::ALL {
            let catalogue = Catalogue::of(language);
            for id in &english {
                assert!(catalogue.has(id), "{id} in {}", language.tag());
            }
        }
    }

    #[test]
    fn locales_are_read_as_they_come() {
        let cases = [
            ("zh_CN.UTF-8", Some(Language::Chinese)),
            ("zh-Hans", Some(Language::Chinese)),
            ("en_US.UTF-8", Some(Language::English)),
            ("C.UTF-8", Some(Language::English)),
            ("de_DE", None),
            ("", None),
        ];
        for (tag, language) in cases {
            assert_eq!(Language::from_tag(tag), language, "{tag:?}");
        }
    }
}
