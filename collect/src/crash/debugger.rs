//! The stack of a core, by gdb or by eu-stack.
//!
//! The program and the core may be anybody's: neither may bring scripts along, nothing is fetched
//! from the network, and arguments and variables are not printed.

use std::time::Duration;

use analysis::{
    crash::{Crash, Examined, stack::Stack},
    limitation::Limitation,
};

use super::{build_id, core_notes};
use crate::tool::{Tool, ToolError, ToolOutput};

const GDB_WITHIN: Duration = Duration::from_secs(20);
const EU_STACK_WITHIN: Duration = Duration::from_secs(10);

/// What stands before each part of gdb's output.
const STACK: &str = "@aiops stack";
const INSTRUCTION: &str = "@aiops instruction";
const THREADS: &str = "@aiops threads";

/// Adds what the core has.
pub(super) async fn examine(examined: &mut Examined, crash: &Crash, core: &str) {
    // As the debugger calls it, which reads the same core.
    let crashed;
    match core_notes::read(core) {
        Ok(notes) => {
            crashed = notes.tids.first().copied();
            examined.registers = notes.registers;
            examined.modules = notes.modules;
        }
        Err(error) => {
            limit(examined, "core", &error.to_string());
            return;
        }
    }
    let exe = program(crash, examined);
    if let Some(why) = &exe.why {
        limit(examined, "stack", why);
        return;
    }
    let stack = match gdb(&exe.path, core).await {
        Ok(output) => {
            examined.instruction = instruction(&output);
            stack_of_gdb(examined, &output, crashed)
        }
        Err(ToolError::NotInstalled(_)) => match eu_stack(&exe.path, core).await {
            Ok(output) => stack_of_eu_stack(examined, &output),
            Err(ToolError::NotInstalled(_)) => {
                limit(
                    examined,
                    "debugger",
                    "neither gdb nor eu-stack is installed",
                );
                None
            }
            Err(error) => failed(examined, &error),
        },
        Err(error) => failed(examined, &error),
    };
    let has_unnamed = |stack: &Stack| stack.crashed().any(|frame| frame.function.is_none());
    if stack.as_ref().is_some_and(has_unnamed) {
        limit(examined, "symbols", "");
    }
    examined.stack = stack;
}

/// The program that the core is of.
struct Program {
    path: String,
    /// Why it would mislead the debugger.
    why: Option<String>,
}

fn program(crash: &Crash, examined: &Examined) -> Program {
    let path = crash.process.exe.clone().unwrap_or_default();
    let path = path.trim_end_matches(" (deleted)").to_owned();
    let module = examined.modules.iter().find(|module| module.path == path);
    let loaded = module.and_then(|module| module.build_id.as_ref());
    let on_disk = build_id::of_file(&path);
    let why = match (loaded, &on_disk) {
        (Some(loaded), Some(found)) if loaded != found => Some(format!(
            "{path} has been replaced since: build-id {found}, and the core is of {loaded}"
        )),
        _ if path.starts_with('/') && std::path::Path::new(&path).is_file() => None,
        _ if path.is_empty() => Some("the core does not say of which program it is".to_owned()),
        _ => Some(format!("{path} is not there")),
    };
    Program { path, why }
}

async fn gdb(exe: &str, core: &str) -> Result<ToolOutput, ToolError> {
    let mut arguments: Vec<String> = ["-nx", "-nh", "-batch", "-q"].map(str::to_owned).into();
    for first in [
        "set auto-load off",
        "set debuginfod enabled off",
        "set width 0",
    ] {
        arguments.extend(["-iex".to_owned(), first.to_owned()]);
    }
    let commands = [
        "set print frame-arguments none".to_owned(),
        "set print entry-values no".to_owned(),
        format!("echo \\n{STACK}\\n"),
        "bt 64".to_owned(),
        format!("echo \\n{INSTRUCTION}\\n"),
        "x/i $pc".to_owned(),
        format!("echo \\n{THREADS}\\n"),
        "thread apply all bt 64".to_owned(),
    ];
    for command in commands {
        arguments.extend(["-ex".to_owned(), command]);
    }
    // Behind this nothing is an option, whatever a file is called.
    arguments.extend(["--".to_owned(), exe.to_owned(), core.to_owned()]);
    Tool::named("gdb", GDB_WITHIN)?.args(arguments).run().await
}

async fn eu_stack(exe: &str, core: &str) -> Result<ToolOutput, ToolError> {
    let arguments = [
        "-m".to_owned(),
        format!("--executable={exe}"),
        format!("--core={core}"),
    ];
    Tool::named("eu-stack", EU_STACK_WITHIN)?
        .args(arguments)
        .run()
        .await
}

fn stack_of_gdb(
    examined: &mut Examined,
    output: &ToolOutput,
    crashed: Option<u32>,
) -> Option<Stack> {
    let text = String::from_utf8_lossy(&output.stdout);
    let stack = Stack::of_gdb(part(&text, STACK, INSTRUCTION));
    let all = Stack::of_gdb(part(&text, THREADS, "@aiops end"));
    if output.is_late {
        limit(examined, "stack", "gdb took too long");
    } else if stack.is_none() {
        limit(examined, "stack", &said("gdb", output));
    }
    match (stack, all) {
        (Some(stack), Some(all)) => Some(stack.with_threads(all, crashed)),
        (stack, _) => stack,
    }
}

fn stack_of_eu_stack(examined: &mut Examined, output: &ToolOutput) -> Option<Stack> {
    let stack = Stack::of_eu_stack(&String::from_utf8_lossy(&output.stdout));
    if stack.is_none() {
        limit(examined, "stack", &said("eu-stack", output));
    }
    stack
}

/// `=> 0x561cd99a4220 <parse+12>: mov 0x4(%rax),%eax`.
fn instruction(output: &ToolOutput) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = part(&text, INSTRUCTION, THREADS)
        .lines()
        .find(|line| line.starts_with("=> "))?;
    let (_, code) = line.split_once(":\t")?;
    let words: Vec<&str> = code.split_whitespace().collect();
    Some(words.join(" "))
}

fn part<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).unwrap_or(("", ""));
    rest.split_once(end).map_or(rest, |(part, _)| part)
}

/// Why a tool gave no stack: its last word.
fn said(tool: &str, output: &ToolOutput) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    match last {
        Some(line) => format!("{tool}: {}", line.chars().take(200).collect::<String>()),
        None => format!("{tool} ended with {}", output.status),
    }
}

fn failed(examined: &mut Examined, error: &ToolError) -> Option<Stack> {
    limit(examined, "stack", &error.to_string());
    None
}

fn limit(examined: &mut Examined, what: &str, why: &str) {
    examined.limits.push(Limitation {
        what: what.to_owned(),
        why: why.to_owned(),
        count: 1,
    });
}
