#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod enrolment;
pub mod event;
mod malformed;
pub mod stream;

pub use malformed::Malformed;

/// Messages and service stubs as they stand in `aiops/v1/*.proto`.
pub mod v1 {
    #![expect(
        clippy::all,
        clippy::allow_attributes_without_reason,
        reason = "generated"
    )]
    tonic::include_proto!("aiops.v1");
}

/// The version of the stream that this code speaks. A server talks to agents one version older.
pub const PROTOCOL: u32 = 1;
