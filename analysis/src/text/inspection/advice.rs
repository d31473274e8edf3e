//! What to do next, with commands to copy.

use super::heading;
use crate::{
    identity::UnitName,
    inspection::{Doing, Inspection, NamedProcess, WaitsFor},
    text::{
        fleet::Page,
        table::{Cell, Table},
    },
};

const MOST_COMMANDS: usize = 3;

pub(super) fn advice(report: &Inspection, page: &Page<'_>) -> String {
    let pid = report.process.pid;
    let inspect = |process: &NamedProcess| format!("aiops inspect process {}", process.pid);
    let all = |processes: &[NamedProcess]| -> Vec<String> {
        processes.iter().take(MOST_COMMANDS).map(inspect).collect()
    };
    let mut advice: Vec<(&str, Vec<String>)> = Vec::new();
    match (&report.verdict.cause, &report.verdict.waits_for) {
        (Doing::Stopped, _) => advice.push(("continue", vec![format!("kill -CONT {pid}")])),
        (Doing::Spinning, _) => {
            advice.push((
                "profile",
                vec![format!("aiops profile {pid} --duration 10s")],
            ));
        }
        (_, Some(WaitsFor::FileLock { holders, .. })) => advice.push(("holder", all(holders))),
        (_, Some(WaitsFor::Children { children })) => advice.push(("child", all(children))),
        (_, Some(WaitsFor::Pipe { others, .. })) => advice.push(("other-end", all(others))),
        (_, Some(WaitsFor::Socket { socket, .. })) => {
            advice.push(("other-end", all(&socket.others)));
        }
        (_, Some(WaitsFor::Tracer { tracer })) => {
            advice.push(("tracer", vec![format!("ps -fp {}", tracer.pid)]));
        }
        (Doing::Zombie, Some(WaitsFor::Parent { parent })) => {
            advice.push(("parent", vec![inspect(parent)]));
        }
        _ => {}
    }
    let is_open = matches!(
        report.verdict.cause,
        Doing::WaitsForThread
            | Doing::Unknown
            | Doing::BlockedOnLock
            | Doing::Working
            | Doing::BlockedOnNetwork
    );
    if report.stacks.is_none() && is_open {
        advice.push((
            "stack",
            vec![format!("aiops inspect process {pid} --stack")],
        ));
    }
    if report.verdict.cause == Doing::BlockedOnDisk {
        advice.push(("disk", vec!["dmesg -T | tail -50".to_owned(), disk(report)]));
    }
    advice.retain(|(_, commands)| !commands.is_empty());
    if advice.is_empty() {
        return String::new();
    }
    let mut text = heading("inspect-advice", page);
    for (id, commands) in advice {
        let mut table = Table::default();
        let sentence = page.catalogue.say(&format!("inspect-advice-{id}"));
        table.row([Cell::from(""), Cell::from(sentence)]);
        text.push_str(&table.render(page.width, page.style));
        for command in commands {
            text.push_str(&format!("    {}\n", page.style.strong(&command)));
        }
    }
    text
}

fn disk(report: &Inspection) -> String {
    match report.unit.as_ref().map(UnitName::as_str) {
        Some(unit) => format!("systemctl status {unit}"),
        None => format!("cat /proc/{}/io", report.process.pid),
    }
}
