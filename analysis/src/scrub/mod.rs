//! Takes secrets out of command lines and of text, before anything is stored or sent.
//!
//! Works by names ("what follows `--password` is one") and by shapes ("this is a JWT"), never by
//! guessing at what has neither: a secret that is a bare word in an unknown place stays. It rather
//! hides too much of a word than too little, and leaves alone what names no secret, so that
//! command lines stay readable.
//!
//! | module | what it knows |
//! |---|---|
//! | [`config`] | lines of configuration files |
//! | [`names`] | which names of options, variables and headers say "secret" |
//! | [`programs`] | programs whose short options carry one: `mysql -pX`, `curl -u me:X` |
//! | [`shapes`] | what looks like a secret wherever it stands: keys, tokens, URLs with a password |

mod config;
mod names;
mod programs;
mod shapes;
mod words;

#[cfg(test)]
mod tests;

pub use config::scrub_config_line;
use words::Scrubber;

/// Stands where a secret stood.
pub const SCRUBBED: &str = "[scrubbed]";

/// Takes the secrets out of a command line: the program and its arguments, as `exec` got them.
///
/// Also cuts up what a shell is told to run (`sh -c "mysql -pX"`).
pub fn scrub_arguments(arguments: Vec<String>) -> Vec<String> {
    let mut scrubber = Scrubber::default();
    arguments
        .into_iter()
        .map(|argument| scrubber.argument(&argument))
        .collect()
}

/// Takes the secrets out of a text, line by line: a log line, the output of a program.
pub fn scrub_text(text: &str) -> String {
    let text = shapes::scrub(text);
    text.split_inclusive('\n')
        .map(|line| {
            let mut scrubber = Scrubber::default();
            let mut scrubbed = scrubber.words(line);
            // A line that ends in a secret must not take its end of line along.
            if line.ends_with('\n') && !scrubbed.ends_with('\n') {
                scrubbed.push('\n');
            }
            scrubbed
        })
        .collect()
}
