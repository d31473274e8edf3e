//! The hosts of an inquiry: every one that is named has to be there before any is asked.

use std::collections::{BTreeMap, BTreeSet};

use analysis::inquiry::MOST_HOSTS;
use uuid::Uuid;

use super::error::ApiError;
use super::{hosts as host_api, params};
use crate::app::App;
use crate::db::hosts::{self, HostRow};

/// Rows that are read: names may belong to several hosts, of which most were revoked.
const MOST_ROWS: i64 = 4 * MOST_HOSTS as i64;

/// The hosts that are named, and those that have all of `labels` and were not revoked; each once.
pub(super) async fn resolve(
    app: &App,
    names: &[String],
    labels: &BTreeMap<String, String>,
) -> Result<Vec<HostRow>, ApiError> {
    if names.is_empty() && labels.is_empty() {
        return Err(refused("name at least one host, or a label"));
    }
    if names.len() > MOST_HOSTS {
        return Err(too_many());
    }
    let rows = read(app, names, labels).await?;
    let mut found = Vec::new();
    for name in names {
        found.push(one(app, name, &rows).await?);
    }
    if !labels.is_empty() {
        let labelled: Vec<_> = rows.iter().filter(|row| has(row, labels)).collect();
        if labelled.is_empty() {
            return Err(ApiError::NoHosts);
        }
        found.extend(labelled);
    }
    let mut seen = BTreeSet::new();
    found.retain(|row| seen.insert(row.agent_id));
    if found.len() > MOST_HOSTS {
        return Err(too_many());
    }
    Ok(found.into_iter().cloned().collect())
}

/// All rows that may be meant, with one query.
async fn read(
    app: &App,
    names: &[String],
    labels: &BTreeMap<String, String>,
) -> Result<Vec<HostRow>, ApiError> {
    let (mut ids, mut others): (Vec<Uuid>, Vec<String>) = Default::default();
    for name in names {
        params::text("hosts", name, 255)?;
        match name.parse() {
            Ok(id) => ids.push(id),
            Err(_) => others.push(name.clone()),
        }
    }
    for (key, value) in labels {
        params::text("labels", key, 63)?;
        params::text("labels", value, 255)?;
    }
    let wanted = (!labels.is_empty()).then(|| serde_json::json!(labels));
    Ok(hosts::asked(&app.db, &ids, &others, wanted.as_ref(), MOST_ROWS).await?)
}

fn has(row: &HostRow, labels: &BTreeMap<String, String>) -> bool {
    let has = |(key, value): (&String, &String)| row.labels[key] == *value;
    row.revoked_at.is_none() && labels.iter().all(has)
}

/// The one of `rows` that `name` means.
async fn one<'a>(app: &App, name: &str, rows: &'a [HostRow]) -> Result<&'a HostRow, ApiError> {
    let id: Option<Uuid> = name.parse().ok();
    let is_meant = |row: &&HostRow| match id {
        Some(id) => row.agent_id == id,
        None => row.host_name == name,
    };
    let mut meant: Vec<_> = rows.iter().filter(is_meant).collect();
    // A host that was revoked does not stand in the way of the one that joined under its name.
    if meant.iter().any(|row| row.revoked_at.is_none()) {
        meant.retain(|row| row.revoked_at.is_none());
    }
    match meant.as_slice() {
        [one] => Ok(one),
        [] => Err(host_api::not_found(app, name).await?),
        _ => Err(ApiError::HostAmbiguous {
            asked: name.to_owned(),
            ids: meant.iter().map(|row| row.agent_id.to_string()).collect(),
        }),
    }
}

fn too_many() -> ApiError {
    refused(&format!("at most {MOST_HOSTS} hosts can be asked at once"))
}

fn refused(why: &str) -> ApiError {
    ApiError::BadParameter {
        name: "hosts",
        why: why.to_owned(),
    }
}
