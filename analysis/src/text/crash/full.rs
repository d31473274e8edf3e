//! One crash in full.

use super::*;
use crate::{
    crash::{
        Access, CoreFile, CoreState, Crash, CrashEvidence, Examined, SignatureBasis,
        stack::{Frame, Stack},
    },
    log::LogLine,
    process::Signal,
    text::{dictionary as words, size::bytes},
};

const INDENT: &str = "  ";
/// Columns that three registers beside each other take.
const THREE_REGISTERS: usize = 86;
/// Frames and lines that are shown unless all are wanted.
const FEW_FRAMES: usize = 16;
const FEW_LINES: usize = 12;

pub(super) fn newest(report: &CrashReport, page: &Page<'_>) -> String {
    let Some(crash) = report.crashes.first() else {
        return String::new();
    };
    let examined = report.newest.as_deref();
    let mut text = title(crash, page);
    text.push_str(&facts(crash, examined, page));
    text.push_str(&evidence(crash, page));
    text.push_str(&before(crash, examined, page));
    text.push_str(&stack(crash, examined, report.wants_detail, page));
    if let Some(examined) = examined {
        if report.wants_detail {
            text.push_str(&registers(examined, page));
            text.push_str(&modules(examined, page));
        }
        text.push_str(&log(examined, report.wants_detail, page));
        text.push_str(&limits(&examined.limits, page));
    }
    text
}

/// `app[1234] crashed at 2026-11-21 19:54:24.610: it used a null pointer (inferred)`.
fn title(crash: &Crash, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let process = &crash.process;
    let unit = process.unit.as_ref().or(process.user_unit.as_ref());
    let name = process.name().or(unit.map(|unit| unit.as_str()));
    let name = name.map_or_else(|| catalogue.say("crash-somebody"), str::to_owned);
    let name = match process.pid {
        Some(pid) => format!("{name}[{pid}]"),
        None => name,
    };
    let parameters = [
        ("process", name.into()),
        ("at", precise_moment(crash.at, page.zone).into()),
    ];
    let id = match crash.verdict.cause {
        CrashCause::SentByProcess | CrashCause::Watchdog => "crash-title-ended",
        _ => "crash-title",
    };
    let title = one_line(&catalogue.say_with(id, &parameters)).into_owned();
    let cause = caused(crash.verdict.cause, crash.verdict.certainty, catalogue);
    let cause = page.style.bad(&one_line(&cause));
    format!("{}\n{INDENT}{cause}\n\n", page.style.strong(&title))
}

fn facts(crash: &Crash, examined: Option<&Examined>, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let process = &crash.process;
    let mut table = Table::default();
    let mut row = |what: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let name = catalogue.say(&format!("crash-{what}"));
            table.row([Cell::from(name), Cell::from(value)]);
        }
    };
    row("program", process.exe.clone());
    row("command", process.command.clone());
    let unit = process.unit.as_ref().or(process.user_unit.as_ref());
    row("unit", unit.map(|unit| unit.as_str().to_owned()));
    row("uid", process.uid.map(|uid| uid.to_string()));
    row(
        "signal",
        crash
            .signal
            .map(|signal| signal_text(signal, crash, catalogue)),
    );
    let sender = crash
        .sender
        .filter(|_| crash.verdict.cause == CrashCause::SentByProcess);
    row(
        "sender",
        sender.map(|sender| {
            let numbers = [
                ("pid", sender.pid.to_string().into()),
                ("uid", sender.uid.to_string().into()),
            ];
            catalogue.say_with("crash-sender-value", &numbers)
        }),
    );
    row(
        "access",
        crash.access.map(|access| access_text(access, catalogue)),
    );
    row(
        "call",
        crash.system_call.map(|number| {
            catalogue.say_with("crash-call-value", &[("number", number.to_string().into())])
        }),
    );
    row("where", place(crash, catalogue));
    row(
        "instruction",
        examined.and_then(|examined| examined.instruction.clone()),
    );
    row("core", Some(core(&crash.core, catalogue)));
    for command in &crash.core.commands {
        row("look", Some(command.clone()));
    }
    row("signature", Some(signature(crash, examined, catalogue)));
    table.render(page.width, page.style)
}

fn signal_text(signal: Signal, crash: &Crash, catalogue: &Catalogue) -> String {
    let reason = crash.reason.as_ref().and_then(|reason| {
        let code = dictionary::signal_code(signal, reason.number)?;
        let words = words::signal_code(code, catalogue);
        let [comma, colon] = ["mark-comma", "mark-colon"].map(|mark| catalogue.say(mark));
        Some(format!("{signal}{comma}{}{colon}{words}", code.name))
    });
    reason.unwrap_or_else(|| {
        let colon = catalogue.say("mark-colon");
        format!("{signal}{colon}{}", words::signal(signal, catalogue))
    })
}

fn access_text(access: Access, catalogue: &Catalogue) -> String {
    let kind = access.kind.map_or("any", |kind| kind.name());
    let mapped = match access.is_mapped {
        None => String::new(),
        Some(true) => catalogue.say("crash-access-forbidden"),
        Some(false) => catalogue.say("crash-access-unmapped"),
    };
    let parameters = [
        ("address", access.address.to_string().into()),
        ("mapped", mapped.into()),
    ];
    catalogue.say_with(&format!("crash-access-{kind}"), &parameters)
}

fn place(crash: &Crash, catalogue: &Catalogue) -> Option<String> {
    let place = crash.place.as_ref()?;
    let text = format!("{}+{}", place.module, place.offset);
    let Some(build) = &place.build_id else {
        return Some(text);
    };
    let parameters = [("place", text.into()), ("build", build.as_str().into())];
    Some(catalogue.say_with("crash-where-build", &parameters))
}

fn core(core: &CoreFile, catalogue: &Catalogue) -> String {
    let state = catalogue.say(&format!("crash-core-{}", core.state.name()));
    let Some(path) = &core.path else {
        return state;
    };
    let size = core.size_bytes.map(bytes);
    let rest = [size, (core.state != CoreState::Kept).then_some(state)];
    let rest: Vec<String> = rest.into_iter().flatten().collect();
    match rest.is_empty() {
        true => path.clone(),
        false => format!("{path} ({})", rest.join(&catalogue.say("mark-semicolon"))),
    }
}

fn signature(crash: &Crash, examined: Option<&Examined>, catalogue: &Catalogue) -> String {
    let one = |signature: &crate::crash::Signature| {
        let basis = catalogue.say(&format!("crash-basis-{}", signature.basis.name()));
        let id: String = signature.id.chars().take(SIGNATURE_CHARS).collect();
        catalogue.say_with(
            "crash-signature-value",
            &[("id", id.into()), ("basis", basis.into())],
        )
    };
    let of_stack = examined.and_then(|examined| examined.signature.as_ref());
    let own = crash.signature.basis != SignatureBasis::Frames || of_stack.is_none();
    let all = own.then_some(&crash.signature).into_iter().chain(of_stack);
    let all: Vec<_> = all.map(one).collect();
    all.join(&catalogue.say("mark-semicolon"))
}

fn evidence(crash: &Crash, page: &Page<'_>) -> String {
    let mut text = heading("crash-evidence", &[], page);
    let mut table = Table::default();
    for fact in &crash.verdict.evidence {
        let (who, said) = told(fact, page);
        table.row([Cell::from(who), Cell::from(said)]);
    }
    text.push_str(&indented(&table.render(room(page), page.style)));
    text
}

/// Who told it, and what.
fn told(fact: &CrashEvidence, page: &Page<'_>) -> (String, String) {
    let catalogue = page.catalogue;
    let by = |who: &str| catalogue.say(&format!("crash-by-{who}"));
    match fact {
        CrashEvidence::KernelLine { line, .. } => (by("kernel"), line.clone()),
        CrashEvidence::Coredump { .. } => (
            "systemd-coredump".to_owned(),
            catalogue.say("crash-told-coredump"),
        ),
        CrashEvidence::UnitStop { unit, status, at } => {
            let parameters = [
                ("unit", unit.as_str().into()),
                ("status", dictionary::short(*status).into()),
                ("at", precise_moment(*at, page.zone).into()),
            ];
            (
                "systemd".to_owned(),
                catalogue.say_with("crash-told-stop", &parameters),
            )
        }
        CrashEvidence::UnitResult { unit, result, .. } => {
            let said = format!("{unit}: Result={result}");
            ("systemd".to_owned(), said)
        }
        CrashEvidence::CoreNotes { path } => {
            let said = catalogue.say_with("crash-told-core", &[("path", path.as_str().into())]);
            (by("core"), said)
        }
        CrashEvidence::ApportReport { path } => ("apport".to_owned(), path.clone()),
        CrashEvidence::LogLine { line } => (by("log"), line.message.clone()),
        CrashEvidence::Frame { function } => {
            let parameters = [("function", function.as_str().into())];
            (
                by("stack"),
                catalogue.say_with("crash-told-frame", &parameters),
            )
        }
        CrashEvidence::Instruction { text } => (by("instruction"), text.clone()),
    }
}

fn before(crash: &Crash, examined: Option<&Examined>, page: &Page<'_>) -> String {
    let Some(before) = examined.and_then(|examined| examined.before.as_ref()) else {
        return String::new();
    };
    let (title, table) = super::before::rows(before, crash.at, page);
    let title = page.style.strong(&title);
    format!(
        "\n{title}\n{}",
        indented(&table.render(room(page), page.style))
    )
}

fn stack(crash: &Crash, examined: Option<&Examined>, all: bool, page: &Page<'_>) -> String {
    let found = examined.and_then(|examined| examined.stack.as_ref());
    let Some(stack) = found.or(crash.stack.as_ref()) else {
        return String::new();
    };
    let threads = if all { stack.threads.len() } else { 1 };
    let mut text = String::new();
    for (number, thread) in stack.threads.iter().take(threads).enumerate() {
        let tid = thread
            .tid
            .map_or_else(|| "?".to_owned(), |tid| tid.to_string());
        let parameters = [("tid", tid.into()), ("source", stack.source.name().into())];
        let id = if number == 0 {
            "crash-stack"
        } else {
            "crash-stack-other"
        };
        text.push_str(&heading(id, &parameters, page));
        let shown = if all { thread.frames.len() } else { FEW_FRAMES };
        let mut table = Table::default();
        for (number, frame) in thread.frames.iter().take(shown).enumerate() {
            let function = frame.function.as_deref().unwrap_or("??");
            let line = format!("#{number:<3}{function}");
            table.row([Cell::from(
                format!("{line}  {}", frame_place(frame)).trim_end(),
            )]);
        }
        text.push_str(&indented(&table.render(room(page), page.style)));
        if thread.is_cut || thread.frames.len() > shown {
            text.push_str(&format!("{INDENT}…\n"));
        }
    }
    text + &more_threads(stack, threads, page)
}

fn frame_place(frame: &Frame) -> String {
    match (&frame.file, frame.line, &frame.module, frame.offset) {
        (Some(file), Some(line), ..) => format!("{file}:{line}"),
        (Some(file), None, ..) => file.clone(),
        (None, _, Some(module), Some(offset)) => format!("{module}+{offset}"),
        (None, _, Some(module), None) => module.clone(),
        (None, _, None, _) => frame.address.map_or_else(String::new, |at| at.to_string()),
    }
}

fn more_threads(stack: &Stack, shown: usize, page: &Page<'_>) -> String {
    let more = stack.threads.len().saturating_sub(shown) + stack.omitted_threads as usize;
    if more == 0 {
        return String::new();
    }
    let line = page
        .catalogue
        .say_with("crash-more-threads", &[("count", more.into())]);
    format!("{INDENT}{line}\n")
}

fn registers(examined: &Examined, page: &Page<'_>) -> String {
    if examined.registers.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    let columns = match page.width {
        Some(width) if width < THREE_REGISTERS => 2,
        _ => 3,
    };
    for row in examined.registers.chunks(columns) {
        let cells = row.iter().flat_map(|register| {
            [
                Cell::from(&*register.name),
                Cell::from(format!("{:#018x}", register.value.0)),
            ]
        });
        table.cells(cells.collect());
    }
    heading("crash-registers", &[], page) + &indented(&table.render(room(page), page.style))
}

fn modules(examined: &Examined, page: &Page<'_>) -> String {
    if examined.modules.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    for module in &examined.modules {
        let package = [&module.package, &module.version];
        let package: Vec<&str> = package.into_iter().flatten().map(String::as_str).collect();
        let build = module.build_id.as_deref().unwrap_or("-");
        table.row([
            Cell::from(&*module.path),
            Cell::from(package.join(" ")),
            Cell::from(build),
        ]);
    }
    heading("crash-modules", &[], page) + &indented(&table.render(room(page), page.style))
}

fn log(examined: &Examined, all: bool, page: &Page<'_>) -> String {
    if examined.log.is_empty() {
        return String::new();
    }
    let few = if all { usize::MAX } else { FEW_LINES };
    let skipped = examined.log.len().saturating_sub(few);
    let left_out = skipped + examined.log_omitted as usize;
    let mut text = heading("crash-log", &[], page);
    if left_out > 0 {
        let line = page
            .catalogue
            .say_with("crash-log-more", &[("count", left_out.into())]);
        text.push_str(&format!("{INDENT}{line}\n"));
    }
    for line in &examined.log[skipped..] {
        text.push_str(&log_line(line, page));
    }
    text
}

fn log_line(line: &LogLine, page: &Page<'_>) -> String {
    let time = line.at.with_timezone(&page.zone).format("%H:%M:%S%.3f");
    let pid = line.pid.map_or_else(String::new, |pid| format!("[{pid}]"));
    let said = format!("{time} {}{pid}: {}", line.source, line.message);
    let said = one_line(&said).into_owned();
    let pieces = wrapped(&said, room(page));
    let lines = pieces.iter().enumerate().map(|(number, piece)| {
        let more = if number == 0 { "" } else { INDENT };
        format!("{INDENT}{more}{piece}\n")
    });
    lines.collect()
}

fn heading(
    id: &str,
    parameters: &[(&str, super::super::catalogue::Value)],
    page: &Page<'_>,
) -> String {
    let parameters: Vec<_> = parameters.to_vec();
    let title = page.catalogue.say_with(id, &parameters);
    format!("\n{}\n", page.style.strong(&title))
}

fn room(page: &Page<'_>) -> Option<usize> {
    page.width.map(|width| width.saturating_sub(INDENT.len()))
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("{INDENT}{line}\n"))
        .collect()
}
