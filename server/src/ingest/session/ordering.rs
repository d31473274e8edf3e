//! Orders on a stream: what is sent to the agent, and what it says of them.

use bytes::Bytes;
use proto::v1;
use proto::v1::from_server::Message as Answer;
use proto::v1::refused::Reason;
use tracing::{debug, warn};
use uuid::Uuid;

use super::end::End;
use super::{Open, Session};
use crate::db::orders::{self, Claimed, Due};
use crate::ingest::backoff::Backoff;
use crate::orders::{OVERDUE_AFTER, Told, apply, note_other};

/// What an update takes of the agent's budget at least, in bytes: each is a transaction.
const LEAST_COST: usize = 16 * 1024;

impl Session {
    /// Sends what there is for the agent and was not sent on this stream.
    pub(super) async fn send_orders(&mut self, open: Open) -> Result<(), End> {
        let claimed = orders::claim(&self.app.ingest_db, self.agent, open.session).await;
        for order in self.claimed(claimed)? {
            for answer in answers(order) {
                self.send(answer).await?;
            }
        }
        let grace = OVERDUE_AFTER.as_secs_f64();
        let due = orders::due(&self.app.ingest_db, self.agent, open.session, grace).await;
        let due = due.unwrap_or_else(|error| {
            // The next look, a second later, does this again.
            debug!(agent = %self.agent, %error, "cannot read orders: {error}");
            Vec::new()
        });
        self.told
            .retain(|(order, _)| due.iter().any(|due| due.order_id == *order));
        for order in due {
            self.send_due(&order).await?;
        }
        Ok(())
    }

    /// The orders that are now this stream's. Where that is not known they may be: only another
    /// stream is given them again.
    fn claimed(&self, answered: sqlx::Result<Vec<Claimed>>) -> Result<Vec<Claimed>, End> {
        match answered {
            Ok(claimed) => Ok(claimed),
            // Nothing was asked of Postgres, and the next look does it.
            Err(error @ sqlx::Error::PoolTimedOut) => {
                debug!(agent = %self.agent, %error, "cannot look for orders: {error}");
                Ok(Vec::new())
            }
            Err(error) => {
                warn!(agent = %self.agent, %error, "cannot claim orders, so the stream ends: {error}");
                Err(End::TooOld)
            }
        }
    }

    /// Each once on a stream: an agent that does not answer will not for being asked again.
    async fn send_due(&mut self, due: &Due) -> Result<(), End> {
        let order_id = id_bytes(due.order_id);
        if due.is_cancelled && self.told.insert((due.order_id, "cancel")) {
            let order_id = order_id.clone();
            self.send(Answer::CancelOrder(v1::CancelOrder { order_id }))
                .await?;
        }
        if due.is_overdue && self.told.insert((due.order_id, "ask")) {
            self.send(Answer::OrderAsked(v1::OrderAsked { order_id }))
                .await?;
        }
        Ok(())
    }

    pub(super) async fn on_order(&mut self, told: v1::OrderUpdate) -> Result<(), End> {
        let bytes = prost::Message::encoded_len(&told).max(LEAST_COST);
        let (Ok(order), Some(update)) = (Uuid::from_slice(&told.order_id), told.update) else {
            let detail = "an order's update without an id or a content".to_owned();
            return Err(End::Refused(Reason::Malformed, detail));
        };
        let mut backoff = Backoff::new();
        let answer = loop {
            match apply(&self.app, self.agent, order, &update).await {
                Ok(answer) => break answer,
                Err(error) => self.wait_for_postgres(&error, &mut backoff).await?,
            }
        };
        match answer {
            Told::Nothing => {}
            Told::Stored => {
                let order_id = id_bytes(order);
                self.send(Answer::OrderStored(v1::OrderStored { order_id }))
                    .await?;
            }
            // Once on a stream, so that nobody can fill the audit.
            Told::OfAnother if !std::mem::replace(&mut self.spoke_of_others, true) => {
                note_other(&self.app, self.agent, order).await;
            }
            Told::OfAnother => warn!(agent = %self.agent, "and again"),
        }
        match self.budget.take(bytes, std::time::Instant::now()) {
            Some(wait) => self.hold_back(wait).await,
            None => Ok(()),
        }
    }
}

/// What an order that came to this stream needs.
fn answers(order: Claimed) -> Vec<Answer> {
    let asked = Answer::OrderAsked(v1::OrderAsked {
        order_id: id_bytes(order.order_id),
    });
    if order.state == "running" {
        return vec![asked];
    }
    // Another stream may have brought it. It must not begin now, but may have begun.
    if order.is_cancelled && order.was_sent {
        return vec![asked];
    }
    match (order.content, order.signature) {
        (Some(content), Some(signature)) => {
            let (content, signature) = (content.into(), signature.into());
            vec![Answer::Order(v1::Order { content, signature })]
        }
        _ => Vec::new(),
    }
}

fn id_bytes(id: Uuid) -> Bytes {
    Bytes::copy_from_slice(id.as_bytes())
}
