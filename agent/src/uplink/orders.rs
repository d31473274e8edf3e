//! Orders on the stream: handed to the desk, which answers when it can.

use std::ops::ControlFlow;

use proto::v1::{FromAgent, from_agent, from_server};
use tokio::sync::mpsc;

use super::{
    messages::message,
    session::{Ended, Flow, Session},
};
use crate::orders::LineGone;

impl Session<'_> {
    /// From here on the server may send orders.
    pub(super) async fn take_orders(&mut self, server_time_ns: i64, epoch: u64) -> Flow {
        flow(self.uplink.orders.connected(server_time_ns, epoch).await)
    }

    pub(super) async fn on_order_message(&mut self, message: from_server::Message) -> Flow {
        let orders = &self.uplink.orders;
        flow(match message {
            from_server::Message::Order(order) => orders.order(order).await,
            from_server::Message::CancelOrder(cancel) => orders.cancel(&cancel.order_id).await,
            from_server::Message::OrderStored(stored) => orders.stored(&stored.order_id).await,
            from_server::Message::OrderAsked(asked) => orders.asked(&asked.order_id).await,
            _ => Ok(()),
        })
    }

    /// One update, or the knowledge that there is none.
    pub(super) async fn tell_of_order(&mut self, permit: mpsc::Permit<'_, FromAgent>) -> Flow {
        match self.uplink.orders.next().await {
            Ok(Some(update)) => permit.send(message(from_agent::Message::Order(update))),
            Ok(None) => self.may_tell = false,
            Err(gone) => return flow(Err(gone)),
        }
        ControlFlow::Continue(())
    }
}

fn flow(outcome: Result<(), LineGone>) -> Flow {
    match outcome {
        Ok(()) => ControlFlow::Continue(()),
        Err(gone) => ControlFlow::Break(Ended::Broken(gone.to_string())),
    }
}
