//! Goes through a command line word by word.

use super::{
    SCRUBBED,
    names::{self, Says},
    programs::{Carries, Program},
    shapes,
};

/// What is known about the word that comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Next {
    #[default]
    Nothing,
    Secret,
    /// `user:password`, and the user may be shown.
    UserAndSecret,
    /// A secret if it looks random.
    Doubtful,
}

/// Walks over the words of one command line.
#[derive(Debug, Default)]
pub(super) struct Scrubber {
    program: Program,
    next: Next,
}

impl Scrubber {
    /// Scrubs one argument, which may hold a whole command line or a header.
    pub(super) fn argument(&mut self, argument: &str) -> String {
        if !argument.contains(char::is_whitespace) || self.next != Next::Nothing {
            let argument = shapes::scrub(argument);
            return self.word(&argument);
        }
        self.words(&shapes::scrub(argument))
    }

    /// Scrubs a text of several words. White space stays as it is.
    pub(super) fn words(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let start = rest
                .find(|c: char| !c.is_whitespace())
                .unwrap_or(rest.len());
            let (space, from) = rest.split_at(start);
            out.push_str(space);
            let end = from.find(char::is_whitespace).unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            rest = after;
            if let Some(header) = secret_header(word).filter(|_| !is_error(after)) {
                out.push_str(header);
                out.push_str(": ");
                out.push_str(SCRUBBED);
                rest = after_quote(after);
                continue;
            }
            out.push_str(&self.word(word));
        }
        // A secret does not reach from one argument into the next but by an option's name.
        self.next = Next::Nothing;
        out
    }

    fn word(&mut self, word: &str) -> String {
        match std::mem::take(&mut self.next) {
            Next::Secret if !is_long_option(word) && !names::is_key_file(word) => {
                return SCRUBBED.to_owned();
            }
            Next::UserAndSecret => return hide_after_user(word),
            Next::Doubtful if names::looks_random(word) => return SCRUBBED.to_owned(),
            _ => {}
        }
        if let Some(hidden) = self.short_option(word) {
            return hidden;
        }
        self.program.note(word.trim_matches(['"', '\'']));
        if let Some(hidden) = hide_named_value(word) {
            // `{"password": "X"}`: the value is a word of its own.
            if word.ends_with(':') {
                self.next = Next::Secret;
                return word.to_owned();
            }
            return hidden;
        }
        self.next = next_after(word);
        word.to_owned()
    }

    fn short_option(&mut self, word: &str) -> Option<String> {
        match self.program.carries(word)? {
            Carries::NextWord { with_user: true } => self.next = Next::UserAndSecret,
            Carries::NextWord { with_user: false } => self.next = Next::Secret,
            Carries::Rest { from, with_user } => {
                let (option, value) = word.split_at_checked(from)?;
                let hidden = if with_user {
                    hide_after_user(value)
                } else {
                    SCRUBBED.to_owned()
                };
                return Some(format!("{option}{hidden}"));
            }
        }
        Some(word.to_owned())
    }
}

/// The header that starts with this word, up to its colon: `Authorization:`, also as
/// `-HAuthorization:` and in quotes. Its value may have several words.
fn secret_header(word: &str) -> Option<&str> {
    let (header, value) = word.split_once(':')?;
    let name = header.trim_start_matches(['"', '\'']);
    let name = name.strip_prefix("-H").unwrap_or(name);
    let name = name.trim_start_matches(['"', '\'']);
    let is_header = names::is_login_header(name) || value.is_empty() && is_named_secret(name);
    is_header.then_some(header)
}

/// What the kernel says, in the C library's words, of what programs that handle secrets do. Whole
/// ends of lines only: "Failed to determine user credentials: No such process" holds no secret.
const ERRORS: [&str; 20] = [
    "Bad message",
    "Cannot allocate memory",
    "Connection refused",
    "Connection timed out",
    "Device or resource busy",
    "File exists",
    "Function not implemented",
    "Input/output error",
    "Invalid argument",
    "Is a directory",
    "No data available",
    "No space left on device",
    "No such device or address",
    "No such file or directory",
    "No such process",
    "Not a directory",
    "Operation not permitted",
    "Operation not supported",
    "Permission denied",
    "Read-only file system",
];

/// Whether all that follows a name is an error, and so no secret.
fn is_error(after: &str) -> bool {
    let text = after.trim();
    ERRORS.contains(&text.strip_suffix('.').unwrap_or(text))
}

fn is_named_secret(name: &str) -> bool {
    names::of(name) == Says::Secret && !name.ends_with(['"', '\''])
}

/// What follows the quote that ends a header; nothing if there is none.
fn after_quote(text: &str) -> &str {
    text.find(['"', '\'']).map_or("", |at| &text[at..])
}

fn is_long_option(word: &str) -> bool {
    word.starts_with("--")
}

/// What the word, an option or `Bearer`, says about the one after it.
fn next_after(word: &str) -> Next {
    let name = word.trim_matches(['"', '\'']);
    if name.eq_ignore_ascii_case("bearer") {
        return Next::Secret;
    }
    // A single letter after the dash is no name, and neither is a word without a dash.
    if !name.starts_with('-') || name.len() < 4 {
        return Next::Nothing;
    }
    match names::of(name) {
        Says::Secret => Next::Secret,
        Says::Doubtful => Next::Doubtful,
        Says::Nothing => Next::Nothing,
    }
}

/// Hides all that follows the first secret name and its `=` or `:` in the word: what a password
/// with a `;` or `&` in it ends with cannot be told.
fn hide_named_value(word: &str) -> Option<String> {
    let mut from = 0;
    while let Some(found) = word[from..].find(['=', ':']) {
        let at = from + found;
        from = at + 1;
        let value = &word[from..];
        let name = name_before(&word[..at], word.as_bytes()[at] == b':');
        let is_hidden = match names::of(name) {
            Says::Secret => !names::is_key_file(value),
            Says::Doubtful => names::looks_random(value),
            Says::Nothing => false,
        };
        if is_hidden && !(value.is_empty() && word.as_bytes()[at] == b'=') {
            return Some(format!("{}{SCRUBBED}", &word[..from]));
        }
    }
    None
}

/// The name that ends right before a `=` or `:`. A colon makes a name only of a quoted word, of a
/// header, or of OpenSSL's `pass:`: `db:token:5` names an image or a key.
fn name_before(before: &str, colon: bool) -> &str {
    let bare = before.trim_end_matches(['"', '\'']);
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let name = bare.rsplit(|c| !is_part(c)).next().unwrap_or(bare);
    let is_whole = name.len() == bare.len();
    let is_quoted = bare.len() < before.len();
    let is_header = is_whole && (name.contains('-') || name == "pass");
    if !colon || is_quoted || is_header {
        name
    } else {
        ""
    }
}

/// Keeps the user of `user:password` and of `user%password`.
fn hide_after_user(word: &str) -> String {
    match word.find([':', '%']) {
        Some(at) => format!("{}{SCRUBBED}", &word[..=at]),
        None => word.to_owned(),
    }
}
