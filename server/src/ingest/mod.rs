//! The stream of an agent, stored exactly once.

use proto::v1::agent_stream_server::{AgentStream, AgentStreamServer};
use tonic::{Request, Response, Status, Streaming};

use crate::app::App;

/// The gRPC service that agents speak to.
pub fn service(_app: App) -> AgentStreamServer<impl AgentStream> {
    AgentStreamServer::new(Unserved)
}

struct Unserved;

#[tonic::async_trait]
impl AgentStream for Unserved {
    type StreamStream = tokio_stream::Pending<Result<proto::v1::FromServer, Status>>;

    async fn stream(
        &self,
        _request: Request<Streaming<proto::v1::FromAgent>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        Err(Status::unimplemented("ingest"))
    }

    async fn renew(
        &self,
        _request: Request<proto::v1::RenewRequest>,
    ) -> Result<Response<proto::v1::RenewResponse>, Status> {
        Err(Status::unimplemented("renew"))
    }
}
