//! The Hello of a stream.

use delivery::Hello;
use proto::v1;
use proto::v1::from_server::Message as Answer;
use proto::v1::refused::Reason;
use tracing::info;

use super::end::{End, clone_suspected, malformed, revoked};
use super::{HEARTBEAT, Open, Session};
use crate::ingest::backoff::Backoff;
use crate::ingest::hello::{HelloAnswer, hello};
use crate::ingest::hello_facts::{heard, seconds, wall_ns};
use crate::ingest::store::Speaker;

/// The epoch after this one still fits into Postgres' signed numbers.
const MAX_EPOCH: u64 = i64::MAX as u64 - 1;

impl Session {
    pub(super) async fn on_hello(&mut self, wire: v1::Hello) -> Result<(), End> {
        if !(wire.protocol_min..=wire.protocol_max).contains(&proto::PROTOCOL) {
            let ours = proto::PROTOCOL;
            let detail = format!("this server speaks version {ours} of the protocol");
            return Err(End::Refused(Reason::Protocol, detail));
        }
        let parsed = Hello::try_from(&wire).map_err(malformed)?;
        if parsed.epoch > MAX_EPOCH {
            return Err(End::Refused(
                Reason::Malformed,
                "epoch out of range".to_owned(),
            ));
        }
        let mut backoff = Backoff::new();
        let answer = loop {
            match hello(&self.app.ingest_db, self.agent, &parsed, &wire).await {
                Ok(answer) => break answer,
                Err(error) => self.wait_for_postgres(&error, &mut backoff).await?,
            }
        };
        match answer {
            HelloAnswer::Revoked => Err(revoked()),
            HelloAnswer::CloneSuspected => Err(clone_suspected()),
            HelloAnswer::Welcome(welcome) => self.welcome(&parsed, &wire, &welcome).await,
        }
    }

    async fn welcome(
        &mut self,
        hello: &Hello,
        wire: &v1::Hello,
        welcome: &delivery::Welcome,
    ) -> Result<(), End> {
        let now = self.app.now();
        let speaker = Speaker {
            agent: self.agent,
            boot: hello.boot_id,
            clock_offset_ms: heard(0, wire.wall_clock_ns, now).clock_offset_ms,
        };
        self.open = Some(Open {
            session: welcome.session,
            speaker,
        });
        info!(agent = %self.agent, session = welcome.session, acked = welcome.acked,
            "agent {} connected", self.agent);
        self.send(Answer::Welcome(v1::Welcome {
            heartbeat_s: seconds(HEARTBEAT),
            server_time_ns: wall_ns(now),
            ..welcome.into()
        }))
        .await?;
        // First a place, then the look: what comes in between wakes us.
        self.place = Some(self.app.orders.streams().enter(self.agent, welcome.session));
        self.told.clear();
        match self.open {
            Some(open) => self.send_orders(open).await,
            None => Ok(()),
        }
    }
}
