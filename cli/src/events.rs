//! `aiops events`: what happened, and what happens.

use analysis::{
    event::Fact,
    fleet::{EventPage, StoredEvent},
    identity::UnitName,
    text,
};

use crate::{
    args::EventFilter,
    context::Context,
    exit::{Exit, Failure},
    follow::Following,
    message::say,
    target::Target,
};

pub async fn show(context: &Context, filter: &EventFilter) -> Result<Exit, Failure> {
    let server = context.server()?;
    let query = query(context, filter)?;
    let mut last = None;
    if !filter.follow || filter.since.is_some() {
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

fn print(context: &Context, event: &StoredEvent) -> Result<(), Failure> {
    context
        .printer
        .item(event, |page| text::events::line(event, page))
}

fn query(context: &Context, filter: &EventFilter) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut query = vec![("limit", filter.limit.to_string())];
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
