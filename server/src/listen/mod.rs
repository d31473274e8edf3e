//! The two TLS listeners and what guards them.
//!
//! `door` lets connections in: bounded in number, and only after a TLS handshake that is bounded
//! in time. `people` and `agents` speak HTTP and gRPC over what came in; `per_agent` counts who has
//! how many.

pub mod agents;
mod door;
pub mod people;
mod per_agent;

pub use door::{Admitted, Door};
