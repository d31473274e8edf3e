//! A simulated agent: it has an identity of its own and speaks the real protocol.

mod join;
mod stream;

pub use join::{Identity, JoinToken};
pub use stream::{Stream, message};
