//! `aiops host`: the registry.

use std::collections::BTreeMap;

use analysis::{
    fleet::{Host, HostList, JoinToken, NewJoinToken},
    text::{self, escape::one_line, time::moment},
};
use reqwest::Method;

use crate::{
    args::{HostFilter, JoinOptions},
    context::Context,
    exit::{Exit, Failure},
    message::say,
    server::{label_query, path_segment},
    target::Target,
};

pub async fn list(context: &Context, filter: &HostFilter) -> Result<Exit, Failure> {
    let mut query: Vec<_> = filter.name.iter().map(|name| ("q", name.clone())).collect();
    if let Target::Many { labels, .. } = &context.target {
        query.extend(label_query(labels));
    }
    let list: HostList = context.server()?.get("/hosts", &query).await?;
    context
        .printer
        .report(&list, |page| text::fleet::host_list(&list.hosts, page))?;
    if list.hosts.is_empty() && query.is_empty() {
        context.printer.hint(&say("host-hint-add"));
    }
    Ok(Exit::Fine)
}

pub async fn show(context: &Context, host: &str) -> Result<Exit, Failure> {
    let host: Host = context
        .server()?
        .get(&format!("/hosts/{}", path_segment(host)), &[])
        .await?;
    context
        .printer
        .report(&host, |page| text::fleet::host(&host, page))?;
    Ok(Exit::Fine)
}

pub async fn add(context: &Context, options: &JoinOptions) -> Result<Exit, Failure> {
    let wanted = NewJoinToken {
        uses: options.uses,
        ttl_s: options.ttl.as_duration().as_secs(),
        labels: match &context.target {
            Target::Many { labels, .. } => labels.clone(),
            _ => BTreeMap::new(),
        },
    };
    let token: JoinToken = context.server()?.post("/join-tokens", &wanted).await?;
    // The command alone, so that it can be piped to where it is to run.
    context
        .printer
        .report(&token, |_| token.command.clone() + "\n")?;
    let until = moment(token.expires_at, context.printer.page().zone);
    let valid = say("host-join-valid").with("until", until);
    context.printer.hint(&valid.with("uses", options.uses));
    Ok(Exit::Fine)
}

pub async fn revoke(context: &Context, host: &str, reason: &str) -> Result<Exit, Failure> {
    let path = format!("/hosts/{}/revoke", path_segment(host));
    let body = serde_json::json!({ "reason": reason });
    let server = context.server()?;
    server.order(Method::POST, &path, Some(&body)).await?;
    let revoked: Host = server
        .get(&format!("/hosts/{}", path_segment(host)), &[])
        .await?;
    let name = one_line(&revoked.host_name).into_owned();
    context.printer.report(&revoked, |page| {
        page.catalogue
            .say_with("host-revoked", &[("host", name.into())])
            + "\n"
    })?;
    Ok(Exit::Fine)
}
