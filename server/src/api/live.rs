//! Wake-ups for those who follow the events live.

/// Tells followers that there is something to read.
#[derive(Clone, Debug, Default)]
pub struct LiveEvents {}
