//! Programs whose short options carry a secret.

/// How a program takes its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShortOption {
    option: &'static str,
    /// `-pX`.
    attached: bool,
    /// `-p X`.
    separate: bool,
    /// The value is `user:password`, and the user may be shown.
    with_user: bool,
}

/// Which part of a word is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carries {
    /// The word after it.
    NextWord { with_user: bool },
    /// What follows these many bytes.
    Rest { from: usize, with_user: bool },
}

const fn attached(option: &'static str) -> ShortOption {
    ShortOption {
        option,
        attached: true,
        separate: false,
        with_user: false,
    }
}

const fn separate(option: &'static str) -> ShortOption {
    ShortOption {
        option,
        attached: false,
        separate: true,
        with_user: false,
    }
}

const fn either(option: &'static str) -> ShortOption {
    ShortOption {
        option,
        attached: true,
        separate: true,
        with_user: false,
    }
}

const fn user_and(option: &'static str, attached: bool) -> ShortOption {
    ShortOption {
        option,
        attached,
        separate: true,
        with_user: true,
    }
}

/// (what the program's name starts with, its option).
const PROGRAMS: [(&str, ShortOption); 21] = [
    ("mysql", attached("-p")),
    ("mariadb", attached("-p")),
    ("xtrabackup", attached("-p")),
    ("sshpass", either("-p")),
    ("redis-cli", either("-a")),
    ("valkey-cli", either("-a")),
    ("ldap", separate("-w")),
    ("mongo", separate("-p")),
    ("sqlcmd", either("-P")),
    ("docker", separate("-p")),
    ("podman", separate("-p")),
    ("helm", separate("-p")),
    ("curl", user_and("-u", true)),
    ("curl", user_and("--user", false)),
    ("curl", user_and("-U", true)),
    ("curl", user_and("--proxy-user", false)),
    ("7z", attached("-p")),
    ("zip", either("-P")),
    ("unzip", either("-P")),
    ("smbclient", user_and("-U", false)),
    ("lftp", user_and("-u", true)),
];
/// `-p` is a port mapping of `docker run`; only their `login` takes a password there.
const NEED_LOGIN: [&str; 3] = ["docker", "podman", "helm"];

/// The program that the words at hand belong to.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    name: String,
    logs_in: bool,
}

impl Program {
    /// Notes a word that may be a program: its name if it is one of the list.
    pub(super) fn note(&mut self, word: &str) {
        let name = word.rsplit('/').next().unwrap_or(word);
        if PROGRAMS.iter().any(|(start, _)| name.starts_with(start)) && !word.starts_with('-') {
            name.clone_into(&mut self.name);
            self.logs_in = false;
        } else if word == "login" {
            self.logs_in = true;
        }
    }

    /// Whether the word is an option that carries a secret, and where.
    pub(super) fn carries(&self, word: &str) -> Option<Carries> {
        let options = PROGRAMS
            .iter()
            .filter(|(start, _)| self.name.starts_with(start))
            .filter(|(start, _)| self.logs_in || !NEED_LOGIN.contains(start));
        for (_, option) in options {
            let with_user = option.with_user;
            let is_it = word == option.option || with_user && ends_bundle(word, option.option);
            if is_it && option.separate {
                return Some(Carries::NextWord { with_user });
            }
            let from = option.option.len();
            if option.attached && word.len() > from && word.starts_with(option.option) {
                return Some(Carries::Rest { from, with_user });
            }
        }
        None
    }
}

/// Whether the word is several one-letter options, of which this is the last: `-sSu`.
fn ends_bundle(word: &str, option: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    let letter = option.strip_prefix('-').unwrap_or_default();
    letter.len() == 1
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        && letters.ends_with(letter)
}
