//! What is seen while hosts are asked: progress on the terminal, a line for each host that ends.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use analysis::{
    inquiry::{HostOrder, Inquiry},
    order::OrderState,
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

/// An inquiry that is followed.
pub struct Watch<'a> {
    context: &'a Context,
    pub inquiry: Inquiry,
    /// Whether each host gets a line: several were asked, and a person reads.
    lines: bool,
    widest: usize,
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

    /// Whether there is nothing to wait for: all have ended, or wait for their hosts.
    pub fn is_settled(&self) -> bool {
        let mut states = self.inquiry.orders.iter().map(|order| &order.state);
        states.all(|state| state.is_ended() || matches!(state, OrderState::Queued { .. }))
    }

    /// Hosts that are still to be heard of, without those that are waited for.
    fn open(&self) -> usize {
        let states = self.inquiry.orders.iter().map(|order| &order.state);
        states
            .filter(|state| matches!(state, OrderState::Sent | OrderState::Running { .. }))
            .count()
    }

    /// Takes the line from the terminal.
    pub fn end(self) -> Inquiry {
        self.inquiry
    }

    fn tell(&self, order: &HostOrder) -> Result<(), Failure> {
        let printer = &self.context.printer;
        let page = printer.page();
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
                .with("done", hosts - self.open())
                .with("hosts", hosts)
        };
        self.progress.show(&message.text(printer.catalogue()));
        Ok(())
    }
}
