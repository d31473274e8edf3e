//! Why something could not be read or done, in the words of the reader.
//!
//! Collectors and the system say it in English, and it comes from hosts as text. What is known is
//! said again; what is not stands as it came.

use super::{Catalogue, Language};

/// (message, what stands before and behind its parameter). Of those that fit the first counts.
const KNOWN: &[(&str, &str, &str)] = &[
    ("reason-no-process", "there is no process ", ""),
    ("reason-no-crash", "no crash of process ", " is on record"),
    (
        "reason-process-gone",
        "process ",
        " exited while it was being read",
    ),
    (
        "reason-journal-denied",
        "no permission to read the journal at ",
        "",
    ),
    ("reason-cannot-read", "cannot read ", ""),
    ("reason-cannot-ask", "cannot ask ", ""),
    (
        "reason-no-systemd-no-script",
        "systemd does not run this host, and there is no ",
        "",
    ),
    (
        "reason-no-program-here",
        "there is no program ",
        " on this host",
    ),
    ("reason-no-program", "there is no program ", ""),
];

/// Messages without a parameter, besides those of the system.
const WHOLE: [&str; 7] = [
    "reason-no-journal",
    "reason-journal-cut",
    "reason-no-systemd",
    "reason-no-bus",
    "reason-not-this-host",
    "reason-pid-file-tells",
    "reason-ask-on-host",
];

/// `cannot read /dev/kmsg: Operation not permitted (os error 1)`, in the language of the reader.
pub fn reason(text: &str, catalogue: &Catalogue) -> String {
    if catalogue.language() == Language::English {
        return text.to_owned();
    }
    let clauses: Vec<&str> = text.split(": ").collect();
    let said = clauses.iter().map(|clause| known(clause, catalogue));
    let said: Vec<Option<String>> = said.collect();
    if said.iter().all(Option::is_none) {
        return text.to_owned();
    }
    let clauses = said.into_iter().zip(clauses);
    let clauses: Vec<String> = clauses
        .map(|(said, clause)| said.unwrap_or_else(|| clause.to_owned()))
        .collect();
    clauses.join(&catalogue.say("mark-colon"))
}

/// What a limitation is about: `kernel-log`, in words. A newer name stands as it is.
pub fn what(name: &str, catalogue: &Catalogue) -> String {
    let id = format!("what-{name}");
    match catalogue.has(&id) {
        true => catalogue.say(&id),
        false => name.to_owned(),
    }
}

fn known(clause: &str, catalogue: &Catalogue) -> Option<String> {
    let clause = clause.trim_end_matches('.');
    if let Some(number) = system_error(clause) {
        let id = format!("reason-os-{number}");
        return catalogue.has(&id).then(|| catalogue.say(&id));
    }
    let english = Catalogue::built_in(Language::English);
    if let Some(id) = WHOLE.iter().find(|id| english.say(id) == clause) {
        return Some(catalogue.say(id));
    }
    KNOWN.iter().find_map(|(id, before, behind)| {
        let x = clause.strip_prefix(before)?.strip_suffix(behind)?;
        Some(catalogue.say_with(id, &[("x", x.into())]))
    })
}

/// The number of an error of the system: `Permission denied (os error 13)`, or its words alone.
fn system_error(clause: &str) -> Option<u32> {
    match clause {
        "Permission denied" | "Permission Denied" => return Some(13),
        "Operation not permitted" => return Some(1),
        _ => {}
    }
    let (_, number) = clause.strip_suffix(')')?.rsplit_once("(os error ")?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_the_readers_language_and_strange_ones_stand_as_they_came() {
        let [english, chinese] = Language::ALL.map(Catalogue::of);
        // (as it came, in Chinese)
        let cases = [
            ("there is no process 99999", "没有进程 99999"),
            (
                "cannot read /dev/kmsg: Operation not permitted (os error 1)",
                "无法读取 /dev/kmsg：不允许此操作",
            ),
            ("Permission Denied: /proc/1/fd", "权限不足：/proc/1/fd"),
            (
                "gdb: ptrace: Operation not permitted.",
                "gdb：ptrace：不允许此操作",
            ),
            (
                "cannot ask systemd: systemd does not run this host",
                "无法询问 systemd：这台主机不由 systemd 管理",
            ),
            (
                "odd: strange (os error 9999)",
                "odd: strange (os error 9999)",
            ),
            ("process 7 exited", "process 7 exited"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(reason(text, &chinese), expected);
            assert_eq!(reason(text, &english), text);
        }
    }

    #[test]
    fn what_is_known_is_worded_as_the_english_catalogue_has_it() {
        let english = Catalogue::of(Language::English);
        for (id, before, behind) in KNOWN {
            let said = english.say_with(id, &[("x", "7".into())]);
            assert_eq!(said, format!("{before}7{behind}"));
        }
        for id in WHOLE {
            assert!(english.has(id), "{id}");
        }
    }
}
