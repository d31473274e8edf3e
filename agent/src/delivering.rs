//! The parts that bring events from the channel to the server, and say how that goes.

use std::sync::{Arc, OnceLock};

use proto::v1;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::{
    identity::Identity,
    orders::{Desk, Line},
    renewal::Renewal,
    spooler::{Link, Progress, Spooler},
    state_dir::StateDir,
    status::{self, Board},
    uplink::{Goodbye, Uplink},
};

/// Everything behind the channel of events.
pub(crate) struct Delivery {
    pub(crate) state: StateDir,
    pub(crate) identity: Arc<Identity>,
    pub(crate) host: v1::HostFacts,
    pub(crate) spooler: Spooler,
    pub(crate) link: Link,
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) desk: Desk,
    pub(crate) line: Line,
}

impl Delivery {
    /// Starts the parts. They end when the sources have ended and `closing` is cancelled; status
    /// and renewal go with them. Orders end at `stop`, so that their ends are still sent.
    pub(crate) fn start(
        self,
        board: &Board,
        stop: &CancellationToken,
        closing: &CancellationToken,
        goodbye: &Arc<OnceLock<Goodbye>>,
    ) -> JoinSet<()> {
        let (renewed, renewals) = watch::channel(0);
        let uplink = Uplink {
            identity: Arc::clone(&self.identity),
            link: self.link,
            orders: self.line,
            progress: self.progress,
            renewed: renewals,
            host: self.host,
            board: board.clone(),
            closing: closing.clone(),
            goodbye: Arc::clone(goodbye),
        };
        let renewal = Renewal {
            identity: self.identity,
            board: board.clone(),
            renewed,
            stop: closing.clone(),
        };
        let (spooler, runtime) = (self.spooler, tokio::runtime::Handle::current());
        let serving = status::serve(board.clone(), self.state, closing.clone());
        let mut parts = JoinSet::new();
        let (desk, stop, desk_runtime) = (self.desk, stop.clone(), runtime.clone());
        parts.spawn_blocking(move || runtime.block_on(spooler.run()));
        parts.spawn_blocking(move || desk_runtime.block_on(desk.run(stop)));
        parts.spawn(async move {
            if let Err(gone) = uplink.run().await {
                error!("the uplink ended: {gone}");
            }
        });
        parts.spawn(renewal.run());
        parts.spawn(async move {
            if let Err(reason) = serving.await {
                error!("nobody can ask for the status: {reason}");
            }
        });
        parts
    }
}
