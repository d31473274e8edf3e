//! The gRPC service: identity in, one task for each stream.

use analysis::identity::AgentId;
use proto::v1::agent_stream_server::AgentStream;
use proto::v1::{FromAgent, FromServer, RenewRequest, RenewResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use tracing::warn;

use super::revoked::{Revoked, watch_revoked};
use super::session::Session;
use crate::app::App;
use crate::identity::peer::AgentIdentity;
use crate::identity::refusal::Refusal;
use crate::identity::renewal::renew;

/// Answers that wait for a slow agent. When it is full, no batch is read from it.
const ANSWERS_IN_FLIGHT: usize = 8;

pub(super) struct Ingest {
    app: App,
    revoked: Revoked,
}

impl Ingest {
    pub fn new(app: App) -> Self {
        let revoked = watch_revoked(&app);
        Self { app, revoked }
    }
}

/// Who speaks, from the TLS connection. Without one there is nobody to answer to.
fn identity<T>(request: &Request<T>) -> Result<AgentIdentity, Status> {
    let identity = request.extensions().get::<AgentIdentity>().cloned();
    identity.ok_or_else(|| Status::unauthenticated("no client certificate"))
}

#[tonic::async_trait]
impl AgentStream for Ingest {
    type StreamStream = ReceiverStream<Result<FromServer, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<FromAgent>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let AgentId(agent) = identity(&request)?.agent_id;
        let (answers, received) = mpsc::channel(ANSWERS_IN_FLIGHT);
        let session = Session::new(self.app.clone(), agent, answers, self.revoked.clone());
        // Watches `stop` itself: it has to say in the registry why it ended.
        self.app.tasks.spawn(session.run(request.into_inner()));
        Ok(Response::new(ReceiverStream::new(received)))
    }

    async fn renew(
        &self,
        request: Request<RenewRequest>,
    ) -> Result<Response<RenewResponse>, Status> {
        let identity = identity(&request)?;
        let renewed = renew(&self.app, &request.into_inner().csr_der, &identity).await;
        let certificate = renewed.map_err(|refusal| refused(&refusal))?;
        let trusted = self.app.orders.trusted_keys();
        Ok(Response::new(RenewResponse {
            certificate_pem: certificate.pem,
            ca_bundle_pem: self.app.authority.bundle_pem().to_owned(),
            order_keys: trusted.map(|key| key.to_vec().into()).collect(),
        }))
    }
}

fn refused(refusal: &Refusal) -> Status {
    warn!(%refusal, "refused to renew a certificate: {refusal}");
    let text = refusal.to_string();
    match refusal {
        Refusal::Database(_) => Status::unavailable(text),
        Refusal::CannotIssue(_) => Status::internal(text),
        Refusal::Malformed(_) | Refusal::BadSigningRequest(_) => Status::invalid_argument(text),
        _ => Status::permission_denied(text),
    }
}
