//! What gdb prints for `thread apply all bt`.

use analysis::inspection::{Frame, Stack};

/// Reads what it can: a line that is no frame is passed over.
pub(super) fn stacks(text: &str) -> Vec<Stack> {
    let mut stacks: Vec<Stack> = Vec::new();
    for line in text.lines() {
        if let Some(tid) = thread(line) {
            stacks.push(Stack {
                tids: vec![tid],
                frames: Vec::new(),
            });
        } else if let (Some(stack), Some(frame)) = (stacks.last_mut(), frame(line)) {
            stack.frames.push(frame);
        }
    }
    stacks.retain(|stack| !stack.frames.is_empty());
    stacks
}

/// `Thread 4 (Thread 0x7fa9e21ca6c0 (LWP 29551) "python3"):`, `Thread 1 (LWP 7 "a"):`,
/// `Thread 1 (process 7):`.
fn thread(line: &str) -> Option<u32> {
    let rest = line.strip_prefix("Thread ")?;
    let (_, after) = rest
        .split_once("LWP ")
        .or_else(|| rest.split_once("(process "))?;
    let digits = after
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(after.len());
    after[..digits].parse().ok()
}

/// `#0  0x00007f… in poll (fds=..., nfds=...) at ../poll.c:29`, `#1  main () from /lib/x.so`,
/// `#2  <signal handler called>`, `#3  0x00007f… in ?? ()`.
fn frame(line: &str) -> Option<Frame> {
    let rest = line
        .strip_prefix('#')?
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.trim_start();
    let rest = match rest.split_once(" in ") {
        Some((address, rest)) if address.starts_with("0x") => rest,
        _ => rest,
    };
    if rest.starts_with('<') {
        return Some(Frame {
            function: Some(rest.to_owned()),
            ..Frame::default()
        });
    }
    let (call, module, place) = match (rest.rfind(") from "), rest.rfind(") at ")) {
        (Some(at), _) => (&rest[..=at], Some(&rest[at + 7..]), None),
        (None, Some(at)) => (&rest[..=at], None, Some(&rest[at + 5..])),
        (None, None) => (rest, None, None),
    };
    // The arguments are in the last parentheses; a name may have some of its own.
    let function = call.rfind(" (").map_or(call, |at| &call[..at]);
    let (file, line) = match place.and_then(|place| place.rsplit_once(':')) {
        Some((file, number)) => (Some(file), number.parse().ok()),
        None => (place, None),
    };
    Some(Frame {
        function: (function != "??").then(|| function.to_owned()),
        module: module.map(str::to_owned),
        file: file.map(str::to_owned),
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_function_module_and_line() {
        let text = "[New LWP 8]\n\
            0x00007f in poll () from /lib/libc.so.6\n\
            \n\
            Thread 2 (Thread 0x7fa9e21ca6c0 (LWP 8) \"a (b)\"):\n\
            #0  0x00007fa9 in __GI___poll (fds=..., nfds=...) at ../sysdeps/poll.c:29\n\
            #1  0x00007fa9 in std::function<void (int)>::operator()(int) const (this=...) at /a b/f.h:7\n\
            #2  <signal handler called>\n\
            #3  0x00007fa9 in ?? ()\n\
            \n\
            Thread 1 (process 7):\n\
            #0  0x00007fa9 in clone3 () from /lib/libc.so.6\n\
            #1  main ()\n\
            [Inferior 1 (process 7) detached]\n";
        let stacks = stacks(text);
        assert_eq!(stacks.len(), 2);
        assert_eq!(
            (&stacks[0].tids[..], &stacks[1].tids[..]),
            (&[8][..], &[7][..])
        );
        let functions: Vec<_> = stacks[0]
            .frames
            .iter()
            .map(|f| f.function.as_deref())
            .collect();
        let expected = [
            Some("__GI___poll"),
            Some("std::function<void (int)>::operator()(int) const"),
            Some("<signal handler called>"),
            None,
        ];
        assert_eq!(functions, expected);
        let first = &stacks[0].frames[0];
        assert_eq!(
            (first.file.as_deref(), first.line),
            (Some("../sysdeps/poll.c"), Some(29))
        );
        assert_eq!(
            stacks[1].frames[0].module.as_deref(),
            Some("/lib/libc.so.6")
        );
        assert_eq!(stacks[1].frames[1].function.as_deref(), Some("main"));
    }

    proptest::proptest! {
        #[test]
        fn hostile_lines_do_not_panic(text in "(Thread [0-9(LWP )]{0,20}|#[0-9]? ?[a-z(): ]{0,30}|\n|\\PC{0,9}){0,20}") {
            stacks(&text);
        }
    }
}
