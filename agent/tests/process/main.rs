//! The process source against real processes, whose ends are known from `wait`.
//!
//! Needs root, for all three ways. Where a way cannot run the test fails and says why.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod argv;
mod exact;
mod hard_cases;
mod losses;
mod object;
mod scan;
mod support;
