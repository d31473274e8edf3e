//! The stack of a core, by gdb or by eu-stack.
//!
//! The program and the core may be anybody's: neither may bring scripts along, nothing is fetched
//! from the network, and arguments and variables are not printed.

use std::{fs::File, path::Path, time::Duration};

use analysis::{
    crash::{Crash, Examined, Module, sighting::CoreNotes, stack::Stack},
    limitation::Limitation,
};

use super::{blocking, build_id};
use crate::{
    CollectError,
    tool::{Tool, ToolError, ToolOutput},
};

const GDB_WITHIN: Duration = Duration::from_secs(20);
const PROGRAM_WITHIN: Duration = Duration::from_secs(3);
const EU_STACK_WITHIN: Duration = Duration::from_secs(10);

/// Opened again, so that each reads from its begin.
const CORE: &str = "/proc/self/fd/0";
/// What stands before each part of gdb's output.
const STACK: &str = "@aiops stack";
const INSTRUCTION: &str = "@aiops instruction";
const THREADS: &str = "@aiops threads";

/// Adds what the core has.
pub(super) async fn examine(examined: &mut Examined, crash: &Crash, notes: CoreNotes, core: &File) {
    examined.registers = notes.registers;
    examined.modules = notes.modules;
    // As the debugger calls it, which reads the same core.
    let crashed = notes.tids.first().copied();
    let exe = match program(crash, &examined.modules).await {
        Ok(exe) => exe,
        Err(error) => {
            limit(examined, "stack", &error.to_string());
            return;
        }
    };
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

async fn program(crash: &Crash, modules: &[Module]) -> Result<Program, CollectError> {
    let path = crash.process.exe.clone().unwrap_or_default();
    let path = path.trim_end_matches(" (deleted)").to_owned();
    let module = modules.iter().find(|module| module.path == path);
    let loaded = module.and_then(|module| module.build_id.as_ref());
    let name = path.clone();
    // Whoever crashed may have put anything there, on any file system.
    let look = blocking(PROGRAM_WITHIN, "the program", move || {
        let is_there = name.starts_with('/') && Path::new(&name).is_file();
        Ok((is_there, build_id::of_file(&name)))
    });
    let (is_there, on_disk) = look.await?;
    let why = match (loaded, &on_disk) {
        (Some(loaded), Some(found)) if loaded != found => Some(format!(
            "{path} has been replaced since: build-id {found}, and the core is of {loaded}"
        )),
        _ if is_there => None,
        _ if path.is_empty() => Some("the core does not say of which program it is".to_owned()),
        _ => Some(format!("{path} is not there")),
    };
    Ok(Program { path, why })
}

async fn gdb(exe: &str, core: &File) -> Result<ToolOutput, ToolError> {
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
    arguments.extend(["--".to_owned(), exe.to_owned(), CORE.to_owned()]);
    let gdb = Tool::named("gdb", GDB_WITHIN)?.args(arguments);
    looked_into(gdb, core).await
}

async fn eu_stack(exe: &str, core: &File) -> Result<ToolOutput, ToolError> {
    let arguments = [
        "-m".to_owned(),
        format!("--executable={exe}"),
        format!("--core={CORE}"),
    ];
    let eu_stack = Tool::named("eu-stack", EU_STACK_WITHIN)?.args(arguments);
    looked_into(eu_stack, core).await
}

/// With the core as its standard input: what may do no harm may not look at what we have open.
async fn looked_into(debugger: Tool, core: &File) -> Result<ToolOutput, ToolError> {
    let core = core.try_clone().map_err(|source| ToolError::Start {
        tool: "a debugger".to_owned(),
        source,
    })?;
    debugger.reading(core).harmless(false).run().await
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
