//! What `systemd-analyze` thinks of a unit. It reads files and asks systemd; it changes nothing.

use std::time::Duration;

use analysis::{
    limitation::Limitation,
    service_audit::{Hardening, HardeningGap},
};
use serde::Deserialize;

use super::unread;
use crate::{
    systemd::UnitService,
    tool::{Tool, ToolError, ToolOutput},
};

const WITHIN: Duration = Duration::from_millis(1500);
/// Settings that would shut it in, of which the report keeps those that matter most.
const MOST_OPEN: usize = 20;

/// What it said.
#[derive(Debug, Default)]
pub(super) struct Opinion {
    pub(super) complaints: Vec<String>,
    pub(super) hardening: Option<Hardening>,
    pub(super) limits: Vec<Limitation>,
}

/// Asks for complaints about the files, and for the score of a service.
pub(super) async fn ask(unit: &UnitService) -> Opinion {
    let name = unit.start.facts.name.as_str();
    // It does not look where systemd keeps what generators and programs made.
    let is_made = unit
        .files
        .first()
        .is_none_or(|file| file.starts_with("/run/systemd/"));
    let is_loaded = unit.start.facts.status.load_state == "loaded";
    if !is_loaded {
        return Opinion::default();
    }
    let (complaints, hardening) = tokio::join!(
        async {
            match is_made {
                true => Ok(Vec::new()),
                false => complaints(name).await,
            }
        },
        async {
            match unit.policy {
                Some(_) => hardening(name).await.map(Some),
                None => Ok(None),
            }
        }
    );
    let mut opinion = Opinion::default();
    match complaints {
        Ok(complaints) => opinion.complaints = complaints,
        Err(why) => opinion.limits.push(unread("verify", why)),
    }
    match hardening {
        Ok(hardening) => opinion.hardening = hardening,
        Err(why) => opinion.limits.push(unread("hardening", why)),
    }
    opinion
}

async fn complaints(unit: &str) -> Result<Vec<String>, String> {
    let output = run(&["verify", "--man=no", unit]).await?;
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(said.lines().map(str::to_owned).collect())
}

async fn hardening(unit: &str) -> Result<Hardening, String> {
    let total = ["security", "--no-pager", unit];
    let parts = ["security", "--no-pager", "--json=short", unit];
    let (total, parts) = tokio::join!(run(&total), run(&parts));
    let total = total?;
    let said = String::from_utf8_lossy(&total.stdout);
    let (exposure, level) = score(&said).ok_or_else(|| {
        let why = String::from_utf8_lossy(&total.stderr);
        let why = why.lines().next().unwrap_or("no score");
        format!("systemd-analyze: {why} ({})", total.status)
    })?;
    Ok(Hardening {
        exposure,
        level,
        // Older versions know no JSON.
        open: parts.map_or_else(|_| Vec::new(), |output| gaps(&output.stdout)),
    })
}

async fn run(arguments: &[&str]) -> Result<ToolOutput, String> {
    let failed = |error: ToolError| {
        let error = &error as &dyn std::error::Error;
        let cause = error.source().map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    };
    let tool = Tool::named("systemd-analyze", WITHIN).map_err(failed)?;
    let output = tool.args(arguments).run().await.map_err(failed)?;
    match output.is_late {
        true => Err(format!("systemd-analyze took longer than {WITHIN:?}")),
        false => Ok(output),
    }
}

/// `→ Overall exposure level for x.service: 9.6 UNSAFE 😨`
fn score(said: &str) -> Option<(f64, String)> {
    let line = said
        .lines()
        .rev()
        .find(|line| line.contains("exposure level for"))?;
    let (_, rest) = line.rsplit_once(": ")?;
    let mut words = rest.split_whitespace();
    let exposure = words.next()?.parse().ok()?;
    Some((exposure, words.next().unwrap_or_default().to_owned()))
}

/// A row of its table.
#[derive(Deserialize)]
struct Row {
    set: Option<bool>,
    name: String,
    description: String,
    exposure: Option<String>,
}

fn gaps(json: &[u8]) -> Vec<HardeningGap> {
    let rows: Vec<Row> = serde_json::from_slice(json).unwrap_or_default();
    let gap = |row: Row| {
        let exposure = row.exposure?.parse().ok()?;
        Some(HardeningGap {
            setting: row.name,
            words: row.description,
            exposure,
        })
    };
    let open = rows.into_iter().filter(|row| row.set == Some(false));
    let mut gaps: Vec<HardeningGap> = open.filter_map(gap).collect();
    gaps.sort_by(|a, b| b.exposure.total_cmp(&a.exposure));
    gaps.truncate(MOST_OPEN);
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_and_what_would_lower_it_are_read() {
        let said = "✗ UMask=  Files are world-readable  0.1\n\n\
             → Overall exposure level for x.service: 9.6 UNSAFE 😨\n";
        assert_eq!(score(said), Some((9.6, "UNSAFE".to_owned())));
        assert_eq!(score("Unit x.service not found.\n"), None);
        let json = br#"[
            {"set":false,"name":"UMask=","json_field":"","description":"a","exposure":"0.1"},
            {"set":null,"name":"RemoveIPC=","json_field":"","description":"b","exposure":null},
            {"set":false,"name":"PrivateNetwork=","json_field":"","description":"c","exposure":"0.5"},
            {"set":true,"name":"NoNewPrivileges=","json_field":"","description":"d","exposure":"0.2"}
        ]"#;
        let settings: Vec<String> = gaps(json).into_iter().map(|gap| gap.setting).collect();
        assert_eq!(settings, ["PrivateNetwork=", "UMask="]);
        assert_eq!(gaps(b"unknown option"), []);
    }
}
