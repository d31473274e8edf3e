use chrono::{DateTime, FixedOffset};

use super::*;
use crate::{
    dictionary::{UNIT_RESULTS, asked},
    text::{Language, Style},
};

#[test]
fn a_shells_code_is_told_with_its_signal() {
    insta::assert_snapshot!(explained("137", Language::English, 80));
    insta::assert_snapshot!(explained("137", Language::Chinese, 80));
}

#[test]
fn a_code_of_systemd_is_told() {
    insta::assert_snapshot!(explained("203/EXEC", Language::English, 80));
    insta::assert_snapshot!(explained("203/EXEC", Language::Chinese, 80));
}

#[test]
fn a_signal_is_told_with_its_reasons() {
    insta::assert_snapshot!(explained("SIGBUS", Language::English, 80));
    insta::assert_snapshot!(explained("SIGBUS", Language::Chinese, 80));
    insta::assert_snapshot!(explained("SIGBUS", Language::English, 200));
}

#[test]
fn a_small_number_is_an_exit_code_and_a_signal() {
    insta::assert_snapshot!(explained("11", Language::English, 80));
}

#[test]
fn everything_has_words() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        for of in (1..=64).map(Signal) {
            let text = signal(of, &catalogue);
            assert!(!text.starts_with("signal-"), "{text}");
            for code in signal_codes(of) {
                let text = signal_code(code, &catalogue);
                assert!(!text.starts_with("si-code-"), "{text}");
            }
        }
        for code in 0..=255 {
            for one in exit_meanings(code) {
                let text = exit_meaning(&one, &catalogue);
                assert!(!text.starts_with("exit-"), "{text}");
                assert!(catalogue.has(&format!("origin-{}", one.origin.name())));
            }
        }
        for result in UNIT_RESULTS {
            assert!(catalogue.has(&format!("unit-result-{result}")), "{result}");
        }
    }
}

fn explained(text: &str, language: Language, width: usize) -> String {
    let catalogue = Catalogue::of(language);
    let page = Page {
        catalogue: &catalogue,
        style: Style::Plain,
        width: Some(width),
        zone: FixedOffset::east_opt(0).unwrap(),
        now: DateTime::UNIX_EPOCH,
    };
    render(&explain(asked(text).unwrap(), &catalogue), &page)
}
