//! `aiops events`: what happened, and what happens.

use std::collections::VecDeque;

use analysis::{
    Timestamp,
    event::Fact,
    fleet::{EventPage, StoredEvent},
    identity::UnitName,
    text,
};

use chrono::TimeDelta;

use crate::{
    args::EventFilter,
    context::Context,
    exit::{Exit, Failure},
    follow::Following,
    message::say,
    server::Server,
    target::Target,
};

/// How far back the newest are looked for: the server lists the oldest first, and a page of a
/// large fleet is over soon. The last is as far as it looks if it is not told.
const WINDOWS: [TimeDelta; 4] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(10),
    TimeDelta::hours(2),
    TimeDelta::days(1),
];
/// The most that the server gives at once.
const PAGE: u32 = 1000;
/// A fleet may say more than one reads.
const MOST_PAGES: u32 = 100;

pub async fn show(context: &Context, filter: &EventFilter) -> Result<Exit, Failure> {
    let server = context.server()?;
    let mut query = query(context, filter)?;
    if filter.since.is_none() && !filter.follow {
        return show_newest(context, &server, &query, filter.limit).await;
    }
    query.push(("limit", filter.limit.to_string()));
    let mut last = None;
    if filter.since.is_some() {
        let page: EventPage = server.get("/events", &query).await?;
        for event in page.by_host_time() {
            print(context, event)?;
        }
        // In the order in which they came: what comes next stands behind this one.
        last = page.events.last().map(|event| event.cursor.clone());
        if page.next.is_some() && !filter.follow {
            context.printer.hint(&say("cli-more-events"));
        }
    }
    if !filter.follow {
        return Ok(Exit::Fine);
    }
    let mut stream = Following::new("/events/stream", &query, last);
    loop {
        let message = stream.next(&server).await?;
        // Messages of other kinds, and of a newer server, are passed over.
        if let Ok(event) = serde_json::from_str::<StoredEvent>(&message.data) {
            print(context, &event)?;
        }
    }
}

async fn show_newest(
    context: &Context,
    server: &Server,
    query: &[(&'static str, String)],
    limit: u32,
) -> Result<Exit, Failure> {
    let limit = usize::try_from(limit.clamp(1, PAGE)).unwrap_or(1);
    let mut found = VecDeque::new();
    for window in WINDOWS {
        let since = context.printer.page().now - window;
        found = since_then(server, query, since, limit + 1).await?;
        if found.len() > limit {
            break;
        }
    }
    let are_more = found.len() > limit;
    found.drain(..found.len().saturating_sub(limit));
    let page = EventPage {
        events: found.into(),
        next: None,
    };
    for event in page.by_host_time() {
        print(context, event)?;
    }
    if are_more {
        context.printer.hint(&say("cli-earlier-events"));
    }
    Ok(Exit::Fine)
}

/// The newest `most` of all since a moment.
async fn since_then(
    server: &Server,
    query: &[(&'static str, String)],
    since: Timestamp,
    most: usize,
) -> Result<VecDeque<StoredEvent>, Failure> {
    let mut newest = VecDeque::new();
    let mut place = ("since", since.to_rfc3339());
    for _ in 0..MOST_PAGES {
        let mut query = query.to_vec();
        query.extend([("limit", PAGE.to_string()), place]);
        let page: EventPage = server.get("/events", &query).await?;
        newest.extend(page.events);
        newest.drain(..newest.len().saturating_sub(most));
        match page.next {
            Some(cursor) => place = ("after", cursor),
            None => break,
        }
    }
    Ok(newest)
}

fn print(context: &Context, event: &StoredEvent) -> Result<(), Failure> {
    context
        .printer
        .item(event, |page| text::events::line(event, page))
}

fn query(context: &Context, filter: &EventFilter) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut query = Vec::new();
    match &context.target {
        Target::Here => {}
        Target::One(host) => query.push(("host", host.clone())),
        Target::Many { .. } => {
            return Err(Failure::new(Exit::Usage, say("cli-one-host-only")));
        }
    }
    if let Some(unit) = &filter.unit {
        let unit = UnitName::from_user(unit).map_err(|_| {
            Failure::new(Exit::Usage, say("cli-no-unit").with("name", unit.as_str()))
        })?;
        query.push(("unit", unit.to_string()));
    }
    if !filter.kind.is_empty() {
        query.push(("kind", filter.kind.join(",")));
    } else if !filter.processes {
        // Single processes are left out unless asked for: there are many.
        let kinds = Fact::KINDS
            .into_iter()
            .filter(|kind| !kind.starts_with("process-"));
        let kinds: Vec<_> = kinds.chain(["process-faulted"]).collect();
        query.push(("kind", kinds.join(",")));
    }
    if let Some(since) = filter.since {
        query.push((
            "since",
            (context.printer.page().now - since.as_delta()).to_rfc3339(),
        ));
    }
    Ok(query)
}
