//! Zombies, as text: parent by parent, why it does not reap, and what to do.

use chrono::Duration;

use super::{
    Catalogue,
    catalogue::Value,
    escape::one_line,
    fleet::Page,
    process_limits::limits,
    report::AsText,
    table::{Cell, Table, cut, wrapped},
    time::{length, moment},
};
use crate::zombies::{
    Handling, SCARCE_PERCENT, TaskUse, ZombieAdvice, ZombieCause, ZombieEvidence, ZombieParent,
    Zombies,
};

/// Most parents, and most zombies of each, that are told in full.
const MOST_PARENTS: usize = 10;
const MOST_ZOMBIES: usize = 5;
/// Of a container's id: as much as its engine shows.
const CONTAINER_ID: usize = 12;

impl AsText for Zombies {
    fn render(&self, page: &Page<'_>) -> String {
        let mut text = summary(self, page);
        for parent in self.parents.iter().take(MOST_PARENTS) {
            text.push_str(&one_parent(parent, page));
        }
        let more = self.parents.len().saturating_sub(MOST_PARENTS);
        let more = more + self.parents_omitted as usize;
        if more > 0 {
            let more = [("count", more.into())];
            text.push_str(&lines(
                "\n",
                &say(page, "zombies-more-parents", &more),
                page,
            ));
        }
        if self.zombies > 0 {
            text.push_str(&lines("\n", &say(page, "zombies-no-kill", &[]), page));
        }
        text.push_str(&limits(&self.limits, page));
        text
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        let parents = self.parents.iter();
        let mut names: Vec<&str> = parents
            .filter(|parent| parent.cause != ZombieCause::JustEnded)
            .map(|parent| parent.comm.as_str())
            .collect();
        names.dedup();
        names.truncate(3);
        let names = one_line(&names.join(&catalogue.say("mark-list"))).into_owned();
        catalogue.say_with("zombies-headline", &[("parents", names.into())])
    }
}

fn summary(report: &Zombies, page: &Page<'_>) -> String {
    let at = moment(report.at, page.zone);
    let headline = match report.zombies {
        0 => page.style.good(&say(page, "zombies-none", &[])),
        count => {
            let old = |parent: &&ZombieParent| parent.cause != ZombieCause::JustEnded;
            let parents = report.parents.iter().filter(old).count();
            let parents = parents + report.parents_omitted as usize;
            let parameters = [("count", count.into()), ("parents", parents.into())];
            page.style.bad(&say(page, "zombies-count", &parameters))
        }
    };
    let mut text = at + &page.catalogue.say("mark-colon") + &headline + "\n";
    let watched = Duration::milliseconds(i64::try_from(report.watched_ms).unwrap_or(i64::MAX));
    let watched = length(watched, page.catalogue);
    if report.fresh + report.reaped > 0 {
        let parameters = [
            ("fresh", report.fresh.into()),
            ("reaped", report.reaped.into()),
            ("length", watched.into()),
        ];
        text.push_str(&lines("", &say(page, "zombies-normal", &parameters), page));
    }
    if report.headless > 0 {
        let parameters = [("count", report.headless.into())];
        text.push_str(&lines(
            "",
            &say(page, "zombies-headless", &parameters),
            page,
        ));
    }
    if let Some(tasks) = report.tasks.as_ref().filter(|_| report.zombies > 0) {
        let line = room("zombies-tasks", tasks, page);
        text.push_str(&lines("", &line, page));
    }
    text
}

fn room(id: &str, tasks: &TaskUse, page: &Page<'_>) -> String {
    let parameters = [
        ("tasks", tasks.tasks.to_string().into()),
        ("limit", tasks.limit.to_string().into()),
        ("percent", format!("{:.1}", tasks.percent).into()),
        ("cgroup", tasks.cgroup.clone().unwrap_or_default().into()),
    ];
    let line = say(page, id, &parameters);
    match tasks.percent >= SCARCE_PERCENT {
        true => line + &say(page, "zombies-scarce", &[]),
        false => line,
    }
}

fn one_parent(parent: &ZombieParent, page: &Page<'_>) -> String {
    let mut text = format!(
        "\n{}\n",
        page.style.strong(&one_line(&heading(parent, page)))
    );
    let why = say(page, &format!("zombies-cause-{}", name(parent.cause)), &[]);
    let certainty = say(page, &format!("certainty-{}", parent.certainty.name()), &[]);
    let parameters = [("why", why.into()), ("certainty", certainty.into())];
    text.push_str(&lines("  ", &say(page, "zombies-why", &parameters), page));
    for evidence in &parent.evidence {
        text.push_str(&item(&evidence_line(evidence, page), page));
    }
    if let Some(tasks) = &parent.tasks {
        text.push_str(&item(&room("zombies-tasks-cgroup", tasks, page), page));
    }
    text.push_str(&table(parent, page));
    for advice in &parent.advice {
        let (id, command, parameters) = advice_of(advice);
        text.push_str(&lines("  ", &say(page, id, &parameters), page));
        if let Some(command) = command {
            text.push_str(&format!("    {}\n", page.style.strong(&one_line(&command))));
        }
    }
    text
}

/// `812 supervisor, app.service, root: 2 zombies`.
fn heading(parent: &ZombieParent, page: &Page<'_>) -> String {
    let mut parts = vec![format!("{} {}", parent.process.pid, parent.comm)];
    if let Some(id) = &parent.container {
        let short: String = id.chars().take(CONTAINER_ID).collect();
        parts.push(say(page, "ptree-container", &[("id", short.into())]));
    }
    parts.extend(parent.unit.as_ref().map(|unit| unit.as_str().to_owned()));
    parts.extend(parent.user.clone());
    let zombies = parent.zombies.len() + parent.omitted as usize;
    let parameters = [
        (
            "parent",
            parts.join(&say(page, "ptree-separator", &[])).into(),
        ),
        ("count", zombies.into()),
    ];
    say(page, "zombies-parent", &parameters)
}

fn table(parent: &ZombieParent, page: &Page<'_>) -> String {
    let heading = |column: &str| Cell::from(say(page, &format!("zombies-heading-{column}"), &[]));
    let mut table = Table::default();
    let headings = [
        Cell::from(format!("    {}", say(page, "zombies-heading-pid", &[]))).right(),
        heading("command"),
        heading("ended"),
        heading("started"),
        heading("dead"),
    ];
    table.headings(headings.into_iter());
    for zombie in parent.zombies.iter().take(MOST_ZOMBIES) {
        let dead = i64::try_from(zombie.dead_at_least_ms).unwrap_or(i64::MAX);
        let dead = length(Duration::milliseconds(dead), page.catalogue);
        table.row([
            Cell::from(zombie.process.pid.to_string()).right(),
            Cell::from(cut(&zombie.comm, 16)),
            Cell::from(
                zombie
                    .exit
                    .map_or_else(|| "?".to_owned(), |exit| exit.to_string()),
            ),
            Cell::from(moment(zombie.started_at, page.zone)),
            Cell::from(match zombie.dead_at_least_ms {
                0 => say(page, "time-just-now", &[]),
                _ => say(page, "zombies-dead-at-least", &[("length", dead.into())]),
            }),
        ]);
    }
    let mut text = table.render(page.width, page.style);
    let all = parent.zombies.len() + parent.omitted as usize;
    if all > MOST_ZOMBIES {
        let more = [("count", (all - MOST_ZOMBIES).into())];
        text.push_str(&format!("    {}\n", say(page, "ptree-odd-more", &more)));
    }
    text
}

fn evidence_line(evidence: &ZombieEvidence, page: &Page<'_>) -> String {
    let say = |id: &str, parameters: &[_]| say(page, id, parameters);
    match evidence {
        ZombieEvidence::State { state, in_both } => {
            let id = match in_both {
                true => "zombies-evidence-state-both",
                false => "zombies-evidence-state",
            };
            say(id, &[("state", state.to_string().into())])
        }
        ZombieEvidence::Tracer { pid, comm } => {
            let name = comm.clone().unwrap_or_default();
            let tracer = format!("{pid} {name}").trim_end().to_owned();
            say("zombies-evidence-tracer", &[("tracer", tracer.into())])
        }
        ZombieEvidence::SleepsIn { function } => say(
            "zombies-evidence-sleeps-in",
            &[("function", function.as_str().into())],
        ),
        ZombieEvidence::ChildSignal { handling } => say(
            match handling {
                Handling::Handler => "zombies-evidence-handler",
                Handling::Default => "zombies-evidence-default",
                Handling::Ignored => "zombies-evidence-ignored",
            },
            &[],
        ),
        ZombieEvidence::ChildSignalBlocked => say("zombies-evidence-blocked", &[]),
        ZombieEvidence::ChildSignalPending => say("zombies-evidence-pending", &[]),
        ZombieEvidence::Cpu { percent } => {
            let percent = format!("{percent:.0}");
            say("zombies-evidence-cpu", &[("percent", percent.into())])
        }
        ZombieEvidence::NotReapedWithin { ms } => {
            let passed = Duration::milliseconds(i64::try_from(*ms).unwrap_or(i64::MAX));
            let passed = length(passed, page.catalogue);
            say("zombies-evidence-not-reaped", &[("length", passed.into())])
        }
    }
}

type Advised = (&'static str, Option<String>, Vec<(&'static str, Value)>);

fn advice_of(advice: &ZombieAdvice) -> Advised {
    match advice {
        ZombieAdvice::Continue { pid } => (
            "zombies-advice-continue",
            Some(format!("kill -CONT {pid}")),
            Vec::new(),
        ),
        ZombieAdvice::Detach { tracer_pid } => (
            "zombies-advice-detach",
            tracer_pid.map(|pid| format!("ps -fp {pid}")),
            Vec::new(),
        ),
        ZombieAdvice::SeeStack { pid } => (
            "zombies-advice-stack",
            Some(format!("cat /proc/{pid}/stack")),
            Vec::new(),
        ),
        ZombieAdvice::Remind { pid } => (
            "zombies-advice-remind",
            Some(format!("kill -CHLD {pid}")),
            Vec::new(),
        ),
        ZombieAdvice::RestartUnit { unit } => (
            "zombies-advice-restart",
            Some(format!("systemctl restart {unit}")),
            vec![("unit", unit.as_str().into())],
        ),
        ZombieAdvice::EndParent { pid } => (
            "zombies-advice-end",
            Some(format!("kill {pid}")),
            Vec::new(),
        ),
        ZombieAdvice::UseInit { .. } => (
            "zombies-advice-init",
            Some("docker run --init ...".to_owned()),
            Vec::new(),
        ),
        ZombieAdvice::Wait => ("zombies-advice-wait", None, Vec::new()),
    }
}

fn name(cause: ZombieCause) -> &'static str {
    match cause {
        ZombieCause::ParentStopped => "parent-stopped",
        ZombieCause::ParentTraced => "parent-traced",
        ZombieCause::ParentUninterruptible => "parent-uninterruptible",
        ZombieCause::ZombieTraced => "zombie-traced",
        ZombieCause::ParentBusy => "parent-busy",
        ZombieCause::ParentDoesNotWait => "parent-does-not-wait",
        ZombieCause::ContainerWithoutInit => "container-without-init",
        ZombieCause::InitDoesNotReap => "init-does-not-reap",
        ZombieCause::JustEnded => "just-ended",
        ZombieCause::Unknown => "unknown",
    }
}

fn say(page: &Page<'_>, id: &str, parameters: &[(&str, Value)]) -> String {
    page.catalogue.say_with(id, parameters)
}

/// A sentence in lines that begin with `indent`; an empty line before it where that is a newline.
fn lines(indent: &str, text: &str, page: &Page<'_>) -> String {
    let (before, indent) = match indent {
        "\n" => ("\n", ""),
        indent => ("", indent),
    };
    let room = page.width.map(|width| width.saturating_sub(indent.len()));
    let lines = wrapped(&one_line(text), room);
    let lines = lines.iter().map(|line| format!("{indent}{line}\n"));
    before.to_owned() + &lines.collect::<String>()
}

/// An item of a list, whose further lines stand below its text.
fn item(text: &str, page: &Page<'_>) -> String {
    let room = page.width.map(|width| width.saturating_sub(6));
    let lines = wrapped(&one_line(text), room).into_iter().enumerate();
    let mark = |number| if number == 0 { "    - " } else { "      " };
    lines
        .map(|(number, line)| format!("{}{line}\n", mark(number)))
        .collect()
}

#[cfg(test)]
mod tests;
