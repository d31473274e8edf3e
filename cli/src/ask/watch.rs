//! What is seen while hosts are asked: progress on the terminal, a line for each host that ends.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _},
    time::Duration,
};

use analysis::{
    Timestamp,
    fleet::{Host, HostState},
    identity::{AgentId, OrderId},
    inquiry::{HostOrder, Inquiry},
    order::{OrderState, Outcome},
    text::{self, escape::one_line},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{context::Context, exit::Failure, message::say};

/// How often the sign of life turns.
const TURN: Duration = Duration::from_millis(120);

/// A line at the bottom of the terminal that tells how far something is; nothing in a pipe.
pub struct ProgressLine(ProgressBar);

impl ProgressLine {
    pub fn new() -> Self {
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(TURN);
        }
        Self(bar)
    }

    pub fn show(&self, text: &str) {
        self.0.set_message(one_line(text).into_owned());
    }

    /// Prints on stdout or stderr without tearing the line.
    pub fn beside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Parts of hosts that the server has missed since they were asked. In the inquiry they are open:
/// a host that comes back in time may still answer.
#[derive(Default)]
pub struct WentOff(BTreeMap<OrderId, Outcome>);

impl WentOff {
    pub fn of(&self, order: &HostOrder) -> Option<&Outcome> {
        self.0.get(&order.order_id)
    }

    /// The part as a person is told of it.
    pub fn shown(&self, order: &HostOrder, now: Timestamp) -> HostOrder {
        let mut order = order.clone();
        if let Some(outcome) = self.of(&order).cloned() {
            order.state = OrderState::Ended { at: now, outcome };
        }
        order
    }
}

/// An inquiry that is followed.
pub struct Watch<'a> {
    context: &'a Context,
    pub inquiry: Inquiry,
    /// Whether each host gets a line: several were asked, and a person reads.
    lines: bool,
    widest: usize,
    /// What the server says of hosts that it has missed since they were asked.
    went_off: WentOff,
    progress: ProgressLine,
}

impl<'a> Watch<'a> {
    pub fn new(context: &'a Context, inquiry: Inquiry, lines: bool) -> Result<Self, Failure> {
        let names = inquiry.orders.iter();
        let widths = names.map(|order| text::inquiry::name_width(&order.host_name));
        let watch = Self {
            context,
            widest: widths.max().unwrap_or(0),
            inquiry,
            went_off: WentOff::default(),
            lines,
            progress: ProgressLine::new(),
        };
        for order in &watch.inquiry.orders {
            watch.tell(order)?;
        }
        Ok(watch)
    }

    /// Takes in what became of one host's part. What is known already changes nothing.
    pub fn apply(&mut self, new: HostOrder) -> Result<(), Failure> {
        let mut orders = self.inquiry.orders.iter_mut();
        let Some(order) = orders.find(|order| order.order_id == new.order_id) else {
            return Ok(());
        };
        if !order.state.may_become(&new.state) || order.state == new.state {
            return Ok(());
        }
        order.state = new.state.clone();
        self.tell(&new)
    }

    /// Takes in what the server says of a host: of one that went off nothing is to be expected
    /// before it is back.
    pub fn note_host(&mut self, host: &Host) -> Result<(), Failure> {
        let HostState::Offline { since, reason } = host.state else {
            return Ok(());
        };
        let of_host = |order: &&HostOrder| order.agent_id == host.agent_id;
        let Some(order) = self.open().find(of_host).cloned() else {
            return Ok(());
        };
        let off = Outcome::Offline {
            since: Some(since),
            why: Some(reason),
        };
        self.went_off.0.insert(order.order_id, off);
        self.tell(&order)
    }

    /// Whether there is nothing to wait for: all have ended, went off, or are waited for elsewhere.
    pub fn is_settled(&self) -> bool {
        self.open().next().is_none()
    }

    /// The hosts that are still to be heard of.
    pub fn open_hosts(&self) -> Vec<AgentId> {
        self.open().map(|order| order.agent_id).collect()
    }

    /// Parts that are still to be heard of, without those that are waited for.
    fn open(&self) -> impl Iterator<Item = &HostOrder> {
        self.inquiry.orders.iter().filter(|order| {
            matches!(order.state, OrderState::Sent | OrderState::Running { .. })
                && !self.went_off.0.contains_key(&order.order_id)
        })
    }

    /// Takes the line from the terminal. Gives also what is known of hosts that went off.
    pub fn end(self) -> (Inquiry, WentOff) {
        (self.inquiry, self.went_off)
    }

    fn tell(&self, order: &HostOrder) -> Result<(), Failure> {
        let printer = &self.context.printer;
        let page = printer.page();
        let order = &self.went_off.shown(order, page.now);
        if self.lines
            && (order.state.is_ended() || matches!(order.state, OrderState::Queued { .. }))
        {
            let line = text::inquiry::host_line(order, self.widest, &page);
            self.progress.beside(|| printer.piece(order, &line))?;
        }
        let hosts = self.inquiry.orders.len();
        let message = if hosts == 1 {
            say("cli-asking")
                .with("host", order.host_name.as_str())
                .with("what", text::inquiry::state(&order.state, &page))
        } else {
            say("cli-asked-hosts")
                .with("done", hosts - self.open().count())
                .with("hosts", hosts)
        };
        self.progress.show(&message.text(printer.catalogue()));
        Ok(())
    }
}
