//! `aiops inquiry`: questions that were put to hosts, and their answers.

use analysis::{
    identity::InquiryId,
    inquiry::{Inquiry, InquiryPage},
    text,
};
use reqwest::Method;

use crate::{
    args::InquiryCommand,
    ask::end,
    context::Context,
    exit::{Exit, Failure},
    message::say,
    target::Target,
};

pub async fn run(context: &Context, command: &InquiryCommand) -> Result<Exit, Failure> {
    match command {
        InquiryCommand::List { limit } => list(context, *limit).await,
        InquiryCommand::Show { id } => show(context, id).await,
        InquiryCommand::Cancel { id } => cancel(context, id).await,
    }
}

async fn list(context: &Context, limit: u32) -> Result<Exit, Failure> {
    let query = [("limit", limit.to_string())];
    let page: InquiryPage = context.server()?.get("/inquiries", &query).await?;
    context
        .printer
        .report(&page, |how| text::inquiry::list(&page.inquiries, how))?;
    Ok(Exit::Fine)
}

/// All hosts in lines; one, that is named or was asked alone, with its report.
async fn show(context: &Context, id: &InquiryId) -> Result<Exit, Failure> {
    let path = format!("/inquiries/{id}");
    let inquiry: Inquiry = context.server()?.get(&path, &[]).await?;
    let named = match &context.target {
        Target::One(host) => Some(host),
        _ => None,
    };
    let order = match (named, inquiry.orders.as_slice()) {
        (Some(host), orders) => {
            let is_named = |name: &str, agent: String| name == host || agent == *host;
            let found = orders
                .iter()
                .find(|order| is_named(&order.host_name, order.agent_id.to_string()));
            let nobody = || {
                let message = say("cli-no-such-host-in-inquiry").with("host", host.as_str());
                Failure::new(Exit::NoSuchTarget, message.with("inquiry", id.to_string()))
            };
            Some(found.ok_or_else(nobody)?)
        }
        (None, [only]) => Some(only),
        _ => None,
    };
    match order {
        Some(order) if order.state.is_ended() => end::of_one(context, order),
        _ => {
            context
                .printer
                .report(&inquiry, |page| text::inquiry::inquiry(&inquiry, page))?;
            Ok(end::exit(&inquiry))
        }
    }
}

async fn cancel(context: &Context, id: &InquiryId) -> Result<Exit, Failure> {
    let path = format!("/inquiries/{id}/cancel");
    let server = context.server()?;
    server.order(Method::POST, &path, None::<&()>).await?;
    let cancelled = say("cli-inquiry-cancelled").with("inquiry", id.to_string());
    context.printer.note(&cancelled);
    Ok(Exit::Fine)
}
