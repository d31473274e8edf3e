//! What a Hello says of its host, made safe to store and to show.

use std::time::Duration;

use analysis::Timestamp;
use analysis::fleet::{Capability, HostFacts, is_of_host_name};
use proto::v1;

use crate::db::hosts::{Connected, Heard};

/// Longest text that a host may say of itself, in characters.
const MAX_TEXT: usize = 255;
/// Most addresses and capabilities.
const MAX_LIST: usize = 64;

/// The registry's part of a Hello.
pub(super) fn connected(hello: &v1::Hello, boot_id: uuid::Uuid, now: Timestamp) -> Connected {
    let host = hello.host.clone().unwrap_or_default();
    Connected {
        host_name: clean(&host.host_name).replace(|c: char| !is_of_host_name(c), "_"),
        machine_id: clean(&host.machine_id),
        facts: HostFacts {
            agent_version: clean(&host.agent_version),
            os: clean(&host.os),
            kernel: clean(&host.kernel),
            architecture: clean(&host.architecture),
            systemd_version: clean(&host.systemd_version),
            addresses: host
                .addresses
                .iter()
                .take(MAX_LIST)
                .map(|text| clean(text))
                .collect(),
            capabilities: capabilities(&host.capabilities),
        },
        boot_id,
        heard: heard(hello.last_durable_seq, hello.wall_clock_ns, now),
    }
}

/// What Hello and heartbeats have in common.
pub(super) fn heard(last_durable_seq: u64, wall_clock_ns: i64, now: Timestamp) -> Heard {
    let host = Timestamp::from_timestamp_nanos(wall_clock_ns);
    Heard {
        last_durable_seq: i64::try_from(last_durable_seq).unwrap_or(i64::MAX),
        clock_offset_ms: (host - now).num_milliseconds(),
    }
}

pub(super) fn capabilities(wire: &[v1::Capability]) -> Vec<Capability> {
    let some = |text: &str| Some(clean(text)).filter(|text| !text.is_empty());
    wire.iter()
        .take(MAX_LIST)
        .map(|capability| Capability {
            source: clean(&capability.source),
            runs: some(&capability.runs),
            degraded: some(&capability.degraded),
        })
        .collect()
}

/// Without control characters (Postgres refuses NUL, terminals obey the others), and not too long.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_TEXT)
        .collect()
}

/// The same for text that may be as long as a record.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Nanoseconds since 1970 of our clock, for the agent to compare with its own.
pub(super) fn wall_ns(now: Timestamp) -> i64 {
    now.timestamp_nanos_opt().unwrap_or(i64::MAX)
}

/// Whole seconds of a duration, as the wire has them.
pub(super) fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shell_obeys_the_name_of_a_host() {
        let host = v1::HostFacts {
            host_name: "h1;curl${IFS}x|sh".into(),
            ..v1::HostFacts::default()
        };
        let hello = v1::Hello {
            host: Some(host),
            ..v1::Hello::default()
        };
        let connected = connected(&hello, uuid::Uuid::nil(), Timestamp::UNIX_EPOCH);
        assert_eq!(connected.host_name, "h1_curl__IFS_x_sh");
    }
}
