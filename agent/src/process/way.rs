//! The ways in which process events can be had.

use std::{fmt, str::FromStr};

/// A way to see processes start and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// BPF programs at the kernel's tracepoints: everything, exact.
    Bpf,
    /// The netlink process connector: all processes, fewer facts.
    ProcConnector,
    /// A look at /proc each second: what lives shorter than that is missed.
    ProcScan,
}

impl Way {
    /// From the best to the poorest.
    pub const ALL: [Self; 3] = [Self::Bpf, Self::ProcConnector, Self::ProcScan];

    /// The name in the configuration and in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bpf => "bpf",
            Self::ProcConnector => "proc-connector",
            Self::ProcScan => "proc-scan",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no way.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no source of process events: it is one of bpf, proc-connector, proc-scan")]
pub struct UnknownWay(pub String);

impl FromStr for Way {
    type Err = UnknownWay;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|way| way.name() == text)
            .ok_or_else(|| UnknownWay(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read_as_they_are_written() {
        for way in Way::ALL {
            assert_eq!(way.to_string().parse(), Ok(way));
        }
        assert_eq!("ebpf".parse::<Way>(), Err(UnknownWay("ebpf".to_owned())));
    }
}
