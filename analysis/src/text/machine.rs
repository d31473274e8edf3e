//! The machine as a whole, as text: a line for each resource, then what is short and who uses it.

use chrono::Duration;

use super::{
    Catalogue, Style,
    escape::one_line,
    fleet::Page,
    process_limits::limits,
    report::AsText,
    size::bytes,
    table::{Cell, Table, cut, wrapped},
    time::{length, moment},
};
use crate::{
    cause::Certainty,
    identity::UnitName,
    machine::{
        CulpritProcess, CulpritUnit, Machine, Resource, ResourceFinding, ResourceLevel, Threshold,
        ThresholdSource, ThresholdUnit,
    },
};

/// Most lines of resources that are fine, of those there may be many of.
const MOST_FINE_OF_A_KIND: usize = 5;
/// Columns of a program's name, and of a unit's.
const NAME_WIDTH: usize = 24;
const UNIT_WIDTH: usize = 28;
/// Of a container's id: as much as its engine shows.
const CONTAINER_ID: usize = 12;

impl AsText for Machine {
    fn render(&self, page: &Page<'_>) -> String {
        let mut text = summary(self, page);
        text.push('\n');
        text.push_str(&table(self, page));
        let short = self.findings.iter();
        let short: Vec<_> = short
            .filter(|one| one.level > ResourceLevel::Fine)
            .collect();
        for (number, finding) in short.iter().enumerate() {
            text.push_str(&explained(finding, &short[..number], page));
        }
        text.push_str(&limits(&self.limits, page));
        text
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        let short = self.findings.iter();
        let short = short.filter(|one| one.level >= ResourceLevel::Warning);
        let names: Vec<_> = short
            .take(3)
            .map(|one| match &one.name {
                Some(name) => format!("{} {}", resource(one.resource, catalogue), one_line(name)),
                None => resource(one.resource, catalogue),
            })
            .collect();
        catalogue.say_with(
            "machine-headline",
            &[("resources", names.join(&catalogue.say("mark-list")).into())],
        )
    }
}

fn summary(report: &Machine, page: &Page<'_>) -> String {
    let ms = |ms: u64| {
        let ms = Duration::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX));
        length(ms, page.catalogue)
    };
    let parameters = [
        ("at", moment(report.at, page.zone).into()),
        ("cores", report.cores.into()),
        ("up", ms(report.up_ms / 1000 * 1000).into()),
        ("length", ms(report.interval_ms).into()),
    ];
    let mut text = page.catalogue.say_with("machine-summary", &parameters) + "\n";
    let count = |level| {
        report
            .findings
            .iter()
            .filter(|one| one.level == level)
            .count()
    };
    let counts = [
        ResourceLevel::Critical,
        ResourceLevel::Warning,
        ResourceLevel::Notice,
    ]
    .map(|level| (level, count(level)));
    let parts: Vec<_> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(level, count)| {
            let id = format!("machine-count-{}", name(level));
            let text = page.catalogue.say_with(&id, &[("count", count.into())]);
            paint(level)(page.style, &text)
        })
        .collect();
    text.push_str(&match parts.is_empty() {
        true => page.style.good(&page.catalogue.say("machine-all-fine")),
        false => parts.join(&page.catalogue.say("ptree-separator")),
    });
    text + "\n"
}

fn table(report: &Machine, page: &Page<'_>) -> String {
    let heading =
        |column: &str| Cell::from(page.catalogue.say(&format!("machine-heading-{column}")));
    let mut table = Table::default();
    let headings = [
        heading("resource"),
        heading("value").right(),
        heading("limits").right(),
        heading("verdict"),
        heading("name"),
    ];
    table.headings(headings.into_iter());
    let mut fine: Vec<Resource> = Vec::new();
    let mut left_out = 0_u32;
    for finding in &report.findings {
        if finding.level == ResourceLevel::Fine {
            fine.push(finding.resource);
            let of_kind = fine.iter().filter(|one| **one == finding.resource).count();
            if of_kind > MOST_FINE_OF_A_KIND {
                left_out += 1;
                continue;
            }
        }
        table.row([
            Cell::from(resource(finding.resource, page.catalogue)),
            Cell::from(value(finding)).right(),
            Cell::from(thresholds(&finding.threshold)).right(),
            Cell::from(
                page.catalogue
                    .say(&format!("machine-level-{}", name(finding.level))),
            )
            .painted(paint(finding.level)),
            Cell::from(detail(finding, page)).cut(),
        ]);
    }
    let mut text = table.render(page.width, page.style);
    if left_out > 0 {
        let more = [("count", left_out.into())];
        let more = page.catalogue.say_with("machine-more-fine", &more);
        text.push_str(&format!("{}\n", page.style.faint(&more)));
    }
    text
}

/// `/var, 93 GiB of 100 GiB`.
fn detail(finding: &ResourceFinding, page: &Page<'_>) -> String {
    let sizes = finding.used_bytes.zip(finding.total_bytes);
    let sizes = sizes.map(|(used, total)| {
        let parameters = [("used", bytes(used).into()), ("total", bytes(total).into())];
        page.catalogue.say_with("machine-used", &parameters)
    });
    let parts: Vec<_> = finding.name.clone().into_iter().chain(sizes).collect();
    parts.join(&page.catalogue.say("ptree-separator"))
}

fn number(unit: ThresholdUnit, value: f64) -> String {
    match unit {
        ThresholdUnit::Percent if value < 10.0 && value.fract() != 0.0 => format!("{value:.1} %"),
        ThresholdUnit::Percent => format!("{value:.0} %"),
        ThresholdUnit::PerCore => format!("{value:.2}"),
        ThresholdUnit::Count | ThresholdUnit::PagesPerS => format!("{value:.0}"),
    }
}

fn value(finding: &ResourceFinding) -> String {
    number(finding.threshold.unit, finding.value)
}

/// `70 / 90 %`: warning and critical.
fn thresholds(threshold: &Threshold) -> String {
    let levels = [threshold.notice, threshold.warning, threshold.critical];
    let levels = levels.into_iter().flatten();
    let unit = threshold.unit;
    let texts: Vec<String> = levels.map(|level| number(unit, level)).collect();
    match unit {
        ThresholdUnit::Percent => {
            let numbers: Vec<_> = texts
                .iter()
                .map(|text| text.trim_end_matches(" %"))
                .collect();
            numbers.join(" / ") + " %"
        }
        _ => texts.join(" / "),
    }
}

/// What is short, what that means, and who uses it.
fn explained(finding: &ResourceFinding, above: &[&ResourceFinding], page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let level = catalogue.say(&format!("machine-level-{}", name(finding.level)));
    let parameters = [
        ("level", level.into()),
        ("resource", resource(finding.resource, catalogue).into()),
        ("name", finding.name.clone().unwrap_or_default().into()),
        ("value", value(finding).into()),
        ("limits", thresholds(&finding.threshold).into()),
        (
            "source",
            catalogue
                .say(match finding.threshold.source {
                    ThresholdSource::Specification => "machine-source-specification",
                    ThresholdSource::Own => "machine-source-own",
                })
                .into(),
        ),
    ];
    let id = match finding.name {
        Some(_) => "machine-short-named",
        None => "machine-short",
    };
    let heading = one_line(&catalogue.say_with(id, &parameters)).into_owned();
    let mut text = String::from("\n");
    for line in wrapped(&heading, page.width) {
        text.push_str(&paint(finding.level)(page.style, &line));
        text.push('\n');
    }
    let means = catalogue.say(&format!("machine-means-{}", finding.resource.name()));
    for line in wrapped(&means, page.width.map(|width| width.saturating_sub(2))) {
        text.push_str(&format!("  {line}\n"));
    }
    if finding.processes.is_empty() {
        return text;
    }
    if let Some(same) = above
        .iter()
        .find(|above| above.processes == finding.processes)
    {
        let parameters = [("resource", resource(same.resource, catalogue).into())];
        let same = catalogue.say_with("machine-culprits-same", &parameters);
        return text + &format!("  {same}\n");
    }
    let certainty = match finding.certainty {
        Certainty::Measured => "machine-culprits-measured",
        _ => "machine-culprits-inferred",
    };
    text.push_str(&format!("  {}\n", catalogue.say(certainty)));
    text.push_str(&culprits(finding, page));
    text
}

fn culprits(finding: &ResourceFinding, page: &Page<'_>) -> String {
    let mut table = Table::default();
    for one in &finding.processes {
        table.row(process_row(finding.resource, one, page));
    }
    // One process is its unit already.
    for one in finding.units.iter().filter(|one| one.processes > 1) {
        table.row(unit_row(finding.resource, one, page));
    }
    table.render(page.width, page.style)
}

fn process_row(resource: Resource, one: &CulpritProcess, page: &Page<'_>) -> [Cell; 4] {
    let io = match resource {
        Resource::DiskSpace => one.write_bytes_per_s,
        _ => one.io_bytes_per_s,
    };
    let amount = amount(resource, (one.cpu_percent, one.rss_bytes, io), one.threads);
    let program = match one.argv.is_empty() {
        true => format!("[{}]", one.comm),
        false => one.argv.join(" "),
    };
    [
        Cell::from(format!("    {}", one.process.pid)).right(),
        Cell::from(amount.unwrap_or_else(|| one.state.to_string())).right(),
        Cell::from(cut(&place(&one.unit, &one.container, page), UNIT_WIDTH)),
        Cell::from(program).cut(),
    ]
}

fn unit_row(resource: Resource, one: &CulpritUnit, page: &Page<'_>) -> [Cell; 4] {
    let io = Some(match resource {
        Resource::DiskSpace => one.write_bytes_per_s,
        _ => one.io_bytes_per_s,
    });
    let amount = amount(resource, (one.cpu_percent, one.rss_bytes, io), one.threads);
    let count = [("count", one.processes.into())];
    [
        Cell::from(String::new()),
        Cell::from(amount.unwrap_or_default()).right(),
        Cell::from(cut(&place(&one.unit, &one.container, page), UNIT_WIDTH)),
        Cell::from(page.catalogue.say_with("machine-unit-processes", &count)),
    ]
}

/// What it uses of the resource. `None`: the state is all there is.
fn amount(resource: Resource, used: (f64, u64, Option<u64>), threads: u32) -> Option<String> {
    let (cpu, rss, io) = used;
    Some(match resource {
        Resource::Cpu | Resource::CpuPressure | Resource::Load => format!("{cpu:.1} %"),
        Resource::Memory
        | Resource::CgroupMemory
        | Resource::MemoryPressure
        | Resource::Swap
        | Resource::SwapIn => bytes(rss),
        Resource::DiskSpace | Resource::DiskBusy | Resource::IoPressure => {
            format!("{}/s", bytes(io?))
        }
        Resource::Tasks => threads.to_string(),
        _ => return None,
    })
}

fn place(unit: &Option<UnitName>, container: &Option<String>, page: &Page<'_>) -> String {
    if let Some(id) = container {
        let short: String = id.chars().take(CONTAINER_ID).collect();
        return page
            .catalogue
            .say_with("ptree-container", &[("id", short.into())]);
    }
    cut(unit.as_ref().map_or("-", UnitName::as_str), NAME_WIDTH).into_owned()
}

fn resource(resource: Resource, catalogue: &Catalogue) -> String {
    catalogue.say(&format!("machine-resource-{}", resource.name()))
}

fn name(level: ResourceLevel) -> &'static str {
    match level {
        ResourceLevel::Fine => "fine",
        ResourceLevel::Notice => "notice",
        ResourceLevel::Warning => "warning",
        ResourceLevel::Critical => "critical",
    }
}

fn paint(level: ResourceLevel) -> fn(Style, &str) -> String {
    match level {
        ResourceLevel::Fine | ResourceLevel::Notice => |_, text| text.to_owned(),
        ResourceLevel::Warning => Style::doubtful,
        ResourceLevel::Critical => Style::bad,
    }
}

#[cfg(test)]
mod tests;
