//! What `py-spy dump --json` prints.

use analysis::inspection::{Frame, Stack};
use serde::Deserialize;

#[derive(Deserialize)]
struct Thread {
    os_thread_id: Option<u32>,
    #[serde(default)]
    frames: Vec<PythonFrame>,
}

#[derive(Deserialize)]
struct PythonFrame {
    name: String,
    filename: Option<String>,
    line: Option<u32>,
}

/// Values of variables, which it can print too, are never asked for.
pub(super) fn stacks(text: &str) -> Vec<Stack> {
    let threads: Vec<Thread> = serde_json::from_str(text).unwrap_or_default();
    threads
        .into_iter()
        .filter(|thread| !thread.frames.is_empty())
        .map(|thread| Stack {
            tids: thread.os_thread_id.into_iter().collect(),
            frames: thread.frames.into_iter().map(frame).collect(),
        })
        .collect()
}

fn frame(frame: PythonFrame) -> Frame {
    Frame {
        function: Some(frame.name),
        module: None,
        file: frame.filename,
        line: frame.line.filter(|line| *line > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_functions_have_their_lines() {
        let text = r#"[{"pid": 7, "thread_id": 1, "thread_name": "main", "os_thread_id": 7,
            "active": false, "owns_gil": false, "frames": [{"name": "f", "filename": "/a/app.py",
            "module": null, "short_filename": "app.py", "line": 2, "locals": null}]}]"#;
        let frame = Frame {
            function: Some("f".to_owned()),
            module: None,
            file: Some("/a/app.py".to_owned()),
            line: Some(2),
        };
        let expected = Stack {
            tids: vec![7],
            frames: vec![frame],
        };
        assert_eq!(stacks(text), [expected]);
        assert_eq!(stacks("Error: no such process"), []);
    }
}
