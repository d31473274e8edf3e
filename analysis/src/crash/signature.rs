//! Which crashes are alike: the same on every host, whatever the addresses.
//!
//! Made from what is on record for each crash alike, so that one that somebody looked into does not
//! leave its group. Names of functions stand for themselves, whatever the build, so that a fault
//! that an update did not mend stays one; without names, the place within a file has to do. The
//! build-id stands beside the signature, for those who count by build.

use sha2::{Digest as _, Sha256};

use super::{
    CodePlace, Crash, CrashEvidence, Signature, SignatureBasis, last_words,
    report::base_name,
    stack::{Frame, Stack},
};
use crate::process::Signal;

/// Frames that count, from the innermost.
const FRAMES: usize = 5;

/// Frames of giving up, the same for all who do.
const GIVING_UP: [&str; 24] = [
    "raise",
    "gsignal",
    "abort",
    "pthread_kill",
    "__pthread_kill_implementation",
    "__pthread_kill_internal",
    "__pthread_kill",
    "pthread_kill@@GLIBC_2.34",
    "__GI_raise",
    "__GI_abort",
    "__assert_fail",
    "__assert_fail_base",
    "__assert_fail_base.cold",
    "__GI___assert_fail",
    "__libc_message",
    "__libc_message_impl",
    "malloc_printerr",
    "__fortify_fail",
    "__stack_chk_fail",
    "__stack_chk_fail_local",
    "__chk_fail",
    "std::terminate()",
    "__gnu_cxx::__verbose_terminate_handler()",
    "<signal handler called>",
];

pub(super) fn sign(crash: &mut Crash) {
    let frames = crash.stack.as_ref().map(names).unwrap_or_default();
    // All that give up do so in the same place of libc.
    let gave_up = crash.signal == Some(Signal::ABRT);
    let (basis, words) = if !frames.is_empty() {
        (SignatureBasis::Frames, frames)
    } else if let Some(place) = crash.place.as_ref().filter(|_| !gave_up) {
        (SignatureBasis::Place, of_place(crash, place))
    } else if let Some(words) = words(crash) {
        (SignatureBasis::LastWords, vec![words])
    } else {
        (SignatureBasis::Program, Vec::new())
    };
    crash.signature = signature(crash, basis, &words);
}

/// The kernel tells neither build-id nor program, only the name of a thread: with them, a crash
/// that left a core would be another than one that left none.
fn of_place(crash: &Crash, place: &CodePlace) -> Vec<String> {
    let call = crash.system_call.map(|call| call.to_string());
    let place = [
        base_name(&place.module).to_owned(),
        place.offset.to_string(),
    ];
    place.into_iter().chain(call).collect()
}

/// The signature of the frames that were unwound later.
pub(super) fn of_stack(crash: &Crash, stack: &Option<Stack>) -> Option<Signature> {
    let frames = names(stack.as_ref()?);
    (!frames.is_empty()).then(|| signature(crash, SignatureBasis::Frames, &frames))
}

fn signature(crash: &Crash, basis: SignatureBasis, words: &[String]) -> Signature {
    let process = &crash.process;
    let unit = process.unit.as_ref().or(process.user_unit.as_ref());
    let program = process.name().or(unit.map(|unit| unit.as_str()));
    let program = program.filter(|_| basis != SignatureBasis::Place);
    let mut hash = Sha256::new();
    let signal = crash.signal_name.as_deref().unwrap_or_default();
    let head = [basis.name(), program.unwrap_or_default(), signal];
    for word in head.into_iter().chain(words.iter().map(String::as_str)) {
        hash.update(word);
        hash.update([0]);
    }
    let bytes = hash.finalize();
    let id = bytes.iter().take(8).map(|byte| format!("{byte:02x}"));
    Signature {
        id: id.collect(),
        basis,
    }
}

fn words(crash: &Crash) -> Option<String> {
    let evidence = crash.verdict.evidence.iter();
    let mut lines = evidence.filter_map(|fact| match fact {
        CrashEvidence::LogLine { line } => Some(last_words::template(&line.message)),
        _ => None,
    });
    lines.next()
}

/// The names that count. Endless recursion counts once.
fn names(stack: &Stack) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in stack.crashed().filter_map(normalised) {
        if !GIVING_UP.contains(&name.as_str()) && names.last() != Some(&name) {
            names.push(name);
        }
    }
    names.truncate(FRAMES);
    names
}

/// The name without what compilers add: `.isra.0`, `.cold`, ` [clone ...]`, Rust's hash.
fn normalised(frame: &Frame) -> Option<String> {
    let name = frame.function.as_deref()?;
    let name = name.split(" [clone ").next().unwrap_or(name);
    let name = match name.rsplit_once("::h") {
        Some((head, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            head
        }
        _ => name,
    };
    let added = [
        ".isra.",
        ".constprop.",
        ".part.",
        ".cold",
        ".llvm.",
        ".lto_priv.",
    ];
    let end = added.iter().filter_map(|mark| name.find(mark)).min();
    Some(name[..end.unwrap_or(name.len())].to_owned())
}

#[cfg(test)]
mod tests;
