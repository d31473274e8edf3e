//! Stacks, as gdb, eu-stack and systemd-coredump print them. What they say comes from the files
//! of others and is only ever read as text. Arguments and variables are dropped: a report holds no
//! contents of memory.

mod lines;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Address;

/// Frames of a thread that are kept, from the innermost.
pub const MOST_FRAMES: usize = 64;
const MOST_THREADS: usize = 64;
/// Characters of a name.
const MOST_NAME: usize = 200;

/// Who unwound the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StackSource {
    Gdb,
    EuStack,
    SystemdCoredump,
}

impl StackSource {
    /// As the program is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gdb => "gdb",
            Self::EuStack => "eu-stack",
            Self::SystemdCoredump => "systemd-coredump",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stack {
    pub source: StackSource,
    /// The one that crashed first.
    pub threads: Vec<Thread>,
    pub omitted_threads: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Thread {
    pub tid: Option<u32>,
    /// The innermost first.
    pub frames: Vec<Frame>,
    /// More frames followed.
    pub is_cut: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Frame {
    pub address: Option<Address>,
    /// `None`: there are no symbols for it.
    pub function: Option<String>,
    pub module: Option<String>,
    /// In the module.
    pub offset: Option<Address>,
    pub file: Option<String>,
    pub line: Option<u32>,
}

impl Stack {
    /// The frames of the thread that crashed.
    pub fn crashed(&self) -> impl Iterator<Item = &Frame> {
        self.threads
            .first()
            .into_iter()
            .flat_map(|thread| &thread.frames)
    }

    pub fn has_names(&self) -> bool {
        self.crashed().any(|frame| frame.function.is_some())
    }

    /// The text that systemd-coredump journals. `None`: it could not unwind the stack.
    pub fn of_systemd_coredump(text: &str) -> Option<Self> {
        let thread = |line: &str| -> Option<Option<u32>> {
            let rest = line.strip_prefix("Stack trace of thread ")?;
            Some(rest.trim_end_matches(':').parse().ok())
        };
        Self::read(
            StackSource::SystemdCoredump,
            text,
            thread,
            lines::of_systemd,
        )
    }

    /// What gdb says to `bt` or `thread apply all bt`.
    pub fn of_gdb(text: &str) -> Option<Self> {
        let thread = |line: &str| -> Option<Option<u32>> {
            line.strip_prefix("Thread ")
                .filter(|rest| rest.ends_with(':'))?;
            let (_, rest) = line.split_once("LWP ")?;
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            Some(digits.parse().ok())
        };
        Self::read(StackSource::Gdb, text, thread, lines::of_gdb)
    }

    /// What `eu-stack -m` says.
    pub fn of_eu_stack(text: &str) -> Option<Self> {
        let thread = |line: &str| -> Option<Option<u32>> {
            let rest = line.strip_prefix("TID ")?;
            Some(rest.trim_end_matches(':').parse().ok())
        };
        Self::read(StackSource::EuStack, text, thread, lines::of_eu_stack)
    }

    fn read(
        source: StackSource,
        text: &str,
        thread: impl Fn(&str) -> Option<Option<u32>>,
        frame: impl Fn(&str) -> Option<Frame>,
    ) -> Option<Self> {
        let mut stack = Self {
            source,
            threads: Vec::new(),
            omitted_threads: 0,
        };
        for line in text.lines() {
            if let Some(tid) = thread(line) {
                if stack.threads.len() >= MOST_THREADS {
                    stack.omitted_threads += 1;
                }
                stack.threads.push(Thread {
                    tid,
                    ..Thread::default()
                });
                stack.threads.truncate(MOST_THREADS + 1);
            } else if line.starts_with('#')
                && let Some(frame) = frame(line)
            {
                if stack.threads.is_empty() {
                    stack.threads.push(Thread::default());
                }
                let thread = stack.threads.last_mut()?;
                match thread.frames.len() < MOST_FRAMES {
                    true => thread.frames.push(shortened(frame)),
                    false => thread.is_cut = true,
                }
            } else if line.starts_with("(More stack frames follow")
                && let Some(thread) = stack.threads.last_mut()
            {
                thread.is_cut = true;
            }
        }
        stack.threads.truncate(MOST_THREADS);
        stack.threads.retain(|thread| !thread.frames.is_empty());
        (!stack.threads.is_empty()).then_some(stack)
    }

    /// Puts the thread that crashed first, and takes the others from `all`.
    #[must_use]
    pub fn with_threads(mut self, all: Self, crashed: Option<u32>) -> Self {
        if let Some(thread) = self.threads.first_mut() {
            thread.tid = thread.tid.or(crashed);
        }
        let crashed = self.threads.first().and_then(|thread| thread.tid);
        let others = all.threads.into_iter();
        let others = others.filter(|thread| thread.tid.is_none() || thread.tid != crashed);
        self.threads.extend(others);
        self.threads.truncate(MOST_THREADS);
        self.omitted_threads = all.omitted_threads;
        self
    }
}

fn shortened(frame: Frame) -> Frame {
    let short = |text: Option<String>| text.map(|text| text.chars().take(MOST_NAME).collect());
    Frame {
        function: short(frame.function),
        module: short(frame.module),
        file: short(frame.file),
        ..frame
    }
}

#[cfg(test)]
mod tests;
