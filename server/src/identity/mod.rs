//! Who speaks: the authority, the certificates it gives out, the tokens, and the proof on a
//! connection.
//!
//! An agent's identity is a UUID in the one URI of its certificate, `spiffe://aiops/agent/UUID`,
//! and nothing else: no field of a message and no host name is believed. The trust domain is
//! `aiops` in every installation; what keeps installations apart is that each has its own
//! authority.

pub mod authority;
pub mod certificate;
pub mod enrol;
pub(crate) mod failure_limit;
pub mod key;
pub mod metrics;
pub mod peer;
pub mod refusal;
pub mod renewal;
pub mod tls;
pub mod tokens;
