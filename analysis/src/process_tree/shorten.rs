//! Keeps a report below the size that may travel.

use super::{Limitation, MOST_PROCESSES, Oddity, TreeProcess};

/// What hosts say freely (command lines, paths), as JSON and all together. Text like this deflates
/// badly; what else is in a report is mostly the names of fields.
const TEXT_BYTES: usize = 1024 * 1024;
/// A whole report. The rest up to [`crate::order::MAX_REPORT_BYTES`] is for what is not counted.
const LIST_BYTES: usize = 13 * 1024 * 1024;
/// One process without its texts: numbers, names of fields.
const FIXED_BYTES: usize = 600;
/// Lengths to which command lines are cut, each tried until all fit.
const CUTS: [usize; 6] = [2048, 1024, 512, 256, 128, 64];

/// Cuts long command lines if all together are too long, and says of how many.
pub(crate) fn shorten_argv(mut lines: Vec<&mut Vec<String>>) -> Option<Limitation> {
    let lengths: Vec<usize> = lines.iter().map(|argv| argv_bytes(argv)).collect();
    if lengths.iter().sum::<usize>() <= TEXT_BYTES {
        return None;
    }
    let fits =
        |cut: &usize| lengths.iter().map(|length| length.min(cut)).sum::<usize>() <= TEXT_BYTES;
    let cut = CUTS.into_iter().find(fits).unwrap_or(CUTS[CUTS.len() - 1]);
    let mut count = 0;
    for (argv, _) in lines
        .iter_mut()
        .zip(&lengths)
        .filter(|(_, length)| **length > cut)
    {
        cut_argv(argv, cut);
        count += 1;
    }
    Some(Limitation {
        what: "argv".to_owned(),
        why: "shortened".to_owned(),
        count,
    })
}

/// How many of the processes fit into a report, from the first on.
pub(super) fn fitting(processes: &[TreeProcess]) -> usize {
    fitting_sizes(
        processes
            .iter()
            .map(|process| FIXED_BYTES + text_bytes(process)),
    )
}

/// How many entries of a list, of these sizes in bytes of JSON, fit into a report.
pub(crate) fn fitting_sizes(sizes: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0;
    let fits = |size: &usize| {
        bytes += size;
        bytes <= LIST_BYTES
    };
    sizes.take(MOST_PROCESSES).take_while(fits).count()
}

fn text_bytes(process: &TreeProcess) -> usize {
    let unit = process.unit.as_ref().map_or(0, |unit| unit.as_str().len());
    let texts = [&process.user, &process.container]
        .into_iter()
        .flatten()
        .chain([&process.comm]);
    let oddities = process.oddities.iter().map(|oddity| match oddity {
        Oddity::DeletedProgram { path } => json_bytes(path),
        Oddity::DeletedLibraries { paths, .. } => argv_bytes(paths),
        Oddity::OutsideUnit { parent_unit } => parent_unit.as_str().len(),
        Oddity::Zombie | Oddity::Orphan | Oddity::Uninterruptible => 0,
    });
    unit + texts.map(|text| json_bytes(text)).sum::<usize>()
        + oddities.sum::<usize>()
        + argv_bytes(&process.argv)
}

/// With quotes and commas, which many short arguments have many of.
pub(crate) fn argv_bytes(argv: &[String]) -> usize {
    argv.iter().map(|argument| json_bytes(argument) + 3).sum()
}

pub(crate) fn json_bytes(text: &str) -> usize {
    text.chars().map(char_bytes).sum()
}

fn char_bytes(c: char) -> usize {
    match c {
        '"' | '\\' => 2,
        // Printed as `\u001b`, or `\u202e`: see `text::escape::json`.
        c if c.is_control() => 6,
        c => c.len_utf8(),
    }
}

/// Leaves the first `most` bytes, and an ellipsis in the place of the rest.
fn cut_argv(argv: &mut Vec<String>, most: usize) {
    let mut room = most;
    let mut keep = 0;
    for argument in argv.iter_mut() {
        keep += 1;
        let length = json_bytes(argument) + 3;
        if length <= room {
            room -= length;
            continue;
        }
        let mut end = 0;
        for (at, c) in argument.char_indices() {
            if char_bytes(c) > room {
                break;
            }
            room -= char_bytes(c);
            end = at + c.len_utf8();
        }
        argument.truncate(end);
        argument.push('…');
        break;
    }
    argv.truncate(keep);
}
