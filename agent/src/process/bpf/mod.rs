//! The best way: BPF programs at the kernel's tracepoints, and one ring buffer.

mod load;
mod losses;
mod reader;
mod record;

pub(super) use load::open;
