//! The answer of hosts, through the server.

use std::{
    io,
    pin::{Pin, pin},
    time::Duration,
};

use analysis::{
    fleet::{Host, HostList},
    identity::InquiryId,
    inquiry::{HostOrder, Inquiry, NewInquiry},
    order::{BEGIN_WITHIN, OrderState},
    question::Question,
    text,
};
use reqwest::Method;
use tokio::{
    signal::ctrl_c,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    end,
    watch::{Watch, WentOff},
};
use crate::{
    context::Context,
    exit::{Exit, Failure},
    follow::Following,
    message::{Message, say},
    server::Server,
    target::Target,
};

/// An order begins within a minute or never, and then runs for as long as it may. So much later a
/// host that does not answer is not waited for; how to look again is told instead.
const MARGIN: Duration = Duration::from_secs(BEGIN_WITHIN.as_secs() + 10);
/// An order that was sent to a host that is up begins at once. When one has not after so long, the
/// server is asked, as often, whether it has missed the host meanwhile.
const DOUBTED_EVERY: Duration = Duration::from_secs(3);
/// More hosts than these are looked up in one list.
const ASKED_SINGLY: usize = 8;
/// Cancelling is a courtesy: who pressed Ctrl-C wants to be gone.
const CANCEL_WITHIN: Duration = Duration::from_secs(3);

/// Why the hosts are not waited for any longer.
enum Stop {
    /// All have ended, or wait for their hosts; or it takes too long.
    Done,
    Interrupted,
}

pub(super) async fn ask(context: &Context, question: Question) -> Result<Exit, Failure> {
    let server = context.server()?;
    let wanted = wanted(context, question);
    let longest = wanted.time_limit_ms.map(Duration::from_millis);
    let longest = longest.unwrap_or(wanted.question.analysis().time_limit()) + MARGIN;
    let mut interrupt = pin!(ctrl_c());
    let mut asking = pin!(server.post("/inquiries", &wanted));
    let inquiry: Inquiry = tokio::select! {
        inquiry = &mut asking => inquiry?,
        Ok(()) = &mut interrupt => {
            // The server may have it already: only its answer tells what there is to cancel.
            return Err(match timeout(CANCEL_WITHIN, asking).await {
                Ok(Ok(inquiry)) => interrupted(&server, &inquiry.inquiry_id).await,
                Ok(Err(failure)) => failure,
                Err(_) => Failure::new(Exit::Interrupted, say("cli-not-cancelled")),
            });
        }
    };
    let id = inquiry.inquiry_id;
    let is_one = matches!(context.target, Target::One(_)) && inquiry.orders.len() == 1;
    let mut watch = Watch::new(context, inquiry, !is_one)?;
    let stop = wait(&server, &mut watch, interrupt, Instant::now() + longest).await;
    let (inquiry, went_off) = watch.end();
    match stop.map_err(|failure| failure.hint(look_again(&id)))? {
        Stop::Interrupted => Err(interrupted(&server, &id).await),
        Stop::Done => match inquiry.orders.as_slice() {
            [order] if is_one && let Some(off) = went_off.of(order) => {
                Err(end::without_report(context, &order.host_name, off).hint(look_again(&id)))
            }
            [order] if is_one => one(context, &inquiry, order),
            [] => Err(Failure::new(Exit::NoSuchTarget, say("cli-nobody-asked"))),
            _ => several(context, &inquiry, &went_off),
        },
    }
}

fn wanted(context: &Context, question: Question) -> NewInquiry {
    let (hosts, labels) = match &context.target {
        Target::Here => Default::default(),
        Target::One(host) => (vec![host.clone()], Default::default()),
        Target::Many { hosts, labels } => (hosts.clone(), labels.clone()),
    };
    NewInquiry {
        question,
        hosts,
        labels,
        wait_s: context.patience.when_online_s,
        time_limit_ms: context.patience.time_limit_ms,
    }
}

/// Follows what becomes of the question till nothing more is to be expected.
async fn wait(
    server: &Server,
    watch: &mut Watch<'_>,
    mut interrupt: Pin<&mut impl Future<Output = io::Result<()>>>,
    deadline: Instant,
) -> Result<Stop, Failure> {
    let path = format!("/inquiries/{}", watch.inquiry.inquiry_id);
    let stream_path = format!("{path}/stream");
    let mut stream = Following::of_a_living_server(&stream_path);
    let mut doubt = pin!(sleep(DOUBTED_EVERY));
    while !watch.is_settled() {
        // One future until it is ready: a connection that is being made is not begun anew.
        let mut next = pin!(stream.next(server));
        let message = loop {
            tokio::select! {
                Ok(()) = &mut interrupt => return Ok(Stop::Interrupted),
                () = sleep_until(deadline) => return Ok(Stop::Done),
                () = &mut doubt => {
                    look_for_missed(server, watch).await?;
                    if watch.is_settled() {
                        return Ok(Stop::Done);
                    }
                    doubt.set(sleep(DOUBTED_EVERY));
                }
                message = &mut next => break message?,
            }
        };
        if message.event.as_deref() == Some("done") {
            // Whatever the stream left out, all parts have ended.
            let inquiry: Inquiry = server.get(&path, &[]).await?;
            for order in inquiry.orders {
                watch.apply(order)?;
            }
            break;
        }
        // Messages of other kinds, and of a newer server, are passed over.
        if let Ok(order) = serde_json::from_str::<HostOrder>(&message.data) {
            watch.apply(order)?;
        }
    }
    Ok(Stop::Done)
}

/// Looks which of the hosts that have not ended their part went off since they were asked.
async fn look_for_missed(server: &Server, watch: &mut Watch<'_>) -> Result<(), Failure> {
    let open = watch.open_hosts();
    let hosts = if open.len() > ASKED_SINGLY {
        let all = server.get::<HostList>("/hosts", &[]).await;
        all.map(|list| list.hosts).unwrap_or_default()
    } else {
        let mut hosts = Vec::new();
        for agent in &open {
            hosts.extend(server.get::<Host>(&format!("/hosts/{agent}"), &[]).await);
        }
        hosts
    };
    // A server that does not say only costs time: in the end it gives the order up by itself.
    for host in &hosts {
        watch.note_host(host)?;
    }
    Ok(())
}

/// Takes the question back.
async fn interrupted(server: &Server, id: &InquiryId) -> Failure {
    let path = format!("/inquiries/{id}/cancel");
    let cancel = server.order(Method::POST, &path, None::<&()>);
    let message = match timeout(CANCEL_WITHIN, cancel).await {
        Ok(Ok(())) => say("cli-interrupted"),
        Ok(Err(_)) | Err(_) => say("cli-not-cancelled"),
    };
    Failure::new(Exit::Interrupted, message).hint(look_again(id))
}

fn look_again(id: &InquiryId) -> Message {
    say("cli-look-again").with("inquiry", id.to_string())
}

fn one(context: &Context, inquiry: &Inquiry, order: &HostOrder) -> Result<Exit, Failure> {
    let id = &inquiry.inquiry_id;
    match &order.state {
        OrderState::Ended { .. } => end::of_one(context, order),
        OrderState::Sent | OrderState::Running { .. } => {
            let message = say("cli-still-open").with("hosts", 1_u32);
            Err(Failure::new(Exit::Unreachable, message).hint(look_again(id)))
        }
        OrderState::Queued { .. } => {
            let queued = say("cli-queued").with("hosts", 1_u32);
            let queued = queued.with("inquiry", id.to_string());
            context
                .printer
                .report(inquiry, |page| queued.text(page.catalogue) + "\n")?;
            context.printer.hint(&look_again(id));
            Ok(Exit::Fine)
        }
    }
}

fn several(context: &Context, inquiry: &Inquiry, off: &WentOff) -> Result<Exit, Failure> {
    context.printer.whole(inquiry, |page| {
        let shown = |order| off.shown(order, page.now);
        let shown = Inquiry {
            orders: inquiry.orders.iter().map(shown).collect(),
            ..inquiry.clone()
        };
        "\n".to_owned() + &text::inquiry::verdict(&shown, page)
    })?;
    if inquiry.orders.iter().any(|order| !order.state.is_ended()) {
        context.printer.hint(&look_again(&inquiry.inquiry_id));
    }
    Ok(end::exit(inquiry))
}
