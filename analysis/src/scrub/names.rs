//! Which names say that a secret follows.

/// Words that say so at the end of a name, also run together: `PGPASSWORD`, `authToken`.
const SECRET_ENDINGS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "secret",
    "token",
    "apikey",
    "requirepass",
    "masterauth",
    "secretkey",
];
/// Words that say so only alone: `compass` is none, nor is `--bypass`.
const SECRET_WORDS: [&str; 5] = ["pass", "pwd", "pw", "credentials", "userpass"];
/// What makes a `key` a secret one: `--key` alone is a column or a path more often.
const KEY_KINDS: [&str; 13] = [
    "api",
    "access",
    "secret",
    "account",
    "private",
    "encryption",
    "shared",
    "signing",
    "master",
    "auth",
    "license",
    "app",
    "storage",
];
/// Names whose value is a secret only if it looks like one: long and of random letters.
const DOUBTFUL_WORDS: [&str; 10] = [
    "key",
    "auth",
    "credential",
    "hash",
    "salt",
    "cookie",
    "session",
    "signature",
    "sig",
    "code",
];
/// Headers whose value lets somebody in.
const SECRET_HEADERS: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "private-token",
];
const LONG_VALUE: usize = 32;

/// What a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Secret,
    /// A secret if it looks random.
    Doubtful,
    Nothing,
}

/// What the name of an option or a variable says, with or without its dashes.
pub(super) fn of(name: &str) -> Says {
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let words = words_of(name);
    let Some(last) = words.last() else {
        return Says::Nothing;
    };
    let before = words
        .len()
        .checked_sub(2)
        .and_then(|index| words.get(index));
    let is_negated = matches!(
        words.first().map(String::as_str),
        Some("no" | "skip" | "without")
    );
    if is_negated {
        return Says::Nothing;
    }
    let joined = name.to_ascii_lowercase();
    let is_secret = SECRET_ENDINGS.iter().any(|end| joined.ends_with(end))
        || SECRET_WORDS.contains(&last.as_str())
        || last == "key" && before.is_some_and(|kind| KEY_KINDS.contains(&kind.as_str()));
    if is_secret {
        Says::Secret
    } else if DOUBTFUL_WORDS.contains(&last.as_str()) {
        Says::Doubtful
    } else {
        Says::Nothing
    }
}

/// Whether this is an HTTP header whose value, of any number of words, lets somebody in.
pub(super) fn is_login_header(name: &str) -> bool {
    SECRET_HEADERS
        .iter()
        .any(|header| name.eq_ignore_ascii_case(header))
}

/// Whether the value of a doubtful name looks random: 32 or more characters of hex or base64,
/// digits and letters both.
pub(super) fn looks_random(value: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    value.len() >= LONG_VALUE
        && value.bytes().all(allowed)
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && value.matches('/').count() <= 2
}

/// Whether the value is the path of a file with the secret, which is fine to show.
pub(super) fn is_key_file(value: &str) -> bool {
    let is_path = value.starts_with('/') || value.starts_with("./");
    is_path
        && [".pem", ".key", ".crt"]
            .iter()
            .any(|end| value.ends_with(end))
}

/// Splits `AWS_SECRET_KEY`, `secret-key`, `spring.secret.key` and `secretKey` alike.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for letter in name.chars() {
        let starts = letter.is_ascii_uppercase() && after_lower;
        if !letter.is_ascii_alphanumeric() || starts {
            words.push(String::new());
        }
        if letter.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(letter.to_ascii_lowercase());
        }
        after_lower = letter.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}
