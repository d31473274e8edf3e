//! What `eu-stack -m` of elfutils prints.

use analysis::inspection::{Frame, Stack};

pub(super) fn stacks(text: &str) -> Vec<Stack> {
    let mut stacks: Vec<Stack> = Vec::new();
    for line in text.lines() {
        let tid = line
            .strip_prefix("TID ")
            .and_then(|rest| rest.strip_suffix(':'));
        if let Some(tid) = tid.and_then(|tid| tid.parse().ok()) {
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

/// `#0  0x00007fa9e38ed545 __poll - /usr/lib/libc.so.6`; without a symbol only the module.
fn frame(line: &str) -> Option<Frame> {
    let rest = line
        .strip_prefix('#')?
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let (address, rest) = rest
        .trim_start()
        .split_once(' ')
        .unwrap_or((rest.trim(), ""));
    if !address.starts_with("0x") {
        return None;
    }
    let rest = rest.trim();
    let (function, module) = match rest.split_once("- ") {
        Some((function, module)) => (function.trim(), Some(module.trim())),
        None => (rest, None),
    };
    Some(Frame {
        function: (!function.is_empty()).then(|| function.to_owned()),
        module: module.map(str::to_owned),
        ..Frame::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_function_and_module() {
        let text = "PID 7 - process\n\
            TID 7:\n\
            #0  0x00007fa9e38ed545 __poll - /usr/lib/libc.so.6\n\
            #1  0x000055d0a1b2c3d4 - /usr/bin/app\n\
            #2  0x000055d0a1b2c3d4\n\
            TID 8:\n\
            eu-stack: dwfl_thread_getframes tid 8 at 0x0 in <unknown>: No DWARF information found\n";
        let stacks = stacks(text);
        assert_eq!(stacks.len(), 1);
        let frames = &stacks[0].frames;
        assert_eq!(frames[0].function.as_deref(), Some("__poll"));
        assert_eq!(frames[0].module.as_deref(), Some("/usr/lib/libc.so.6"));
        assert_eq!(
            (frames[1].function.as_deref(), frames[1].module.as_deref()),
            (None, Some("/usr/bin/app"))
        );
        assert_eq!(frames[2], Frame::default());
    }
}
