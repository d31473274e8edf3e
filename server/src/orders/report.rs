//! Reports as they come from hosts: deflated, and perhaps made to hurt.

use std::io::{Read as _, Write as _};

use analysis::order::{Failure, MAX_DEFLATED_BYTES, MAX_REPORT_BYTES};
use analysis::question::Analysis;
use analysis::report::{Report, Summary};
use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use tokio::sync::Semaphore;

/// Reports that are unpacked at once: each may take a few hundred MiB while it is. Others wait, on
/// their hosts.
static UNPACKING: Semaphore = Semaphore::const_new(1);
/// Values in a report. A real one of the largest size has fewer; one of nothing but empty texts would
/// take twenty times its size in memory, and is refused unread.
const MOST_VALUES: usize = 1_500_000;

/// Why a report is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unusable {
    pub reason: Failure,
    pub detail: String,
}

/// A report that is kept.
#[derive(Debug)]
pub(super) struct Checked {
    pub summary: Summary,
    /// As it is stored.
    pub deflated: Vec<u8>,
}

/// Reads a report of the analysis that was asked for, and writes it anew, deflated, to be stored.
///
/// Written anew, so that readers get what this server has read: no field twice, no byte that
/// breaks a stream of events.
pub(super) async fn checked(asked: Analysis, deflated: Bytes) -> Result<Checked, Unusable> {
    let _turn = UNPACKING.acquire().await;
    let checked = tokio::task::spawn_blocking(move || check(asked, &deflated)).await;
    checked.unwrap_or_else(|_| Err(crashed("the server could not read the report")))
}

fn check(asked: Analysis, deflated: &[u8]) -> Result<Checked, Unusable> {
    if deflated.len() > MAX_DEFLATED_BYTES {
        return Err(too_large());
    }
    let json = inflate(deflated).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => too_large(),
        _ => crashed("the report is not deflated"),
    })?;
    if values(&json) > MOST_VALUES {
        return Err(Unusable {
            reason: Failure::TooLarge,
            detail: format!("a report may have {MOST_VALUES} values"),
        });
    }
    let report: Report = serde_json::from_slice(&json)
        .map_err(|_| crashed("the report is none that this server knows"))?;
    drop(json);
    if report.analysis() != asked {
        return Err(crashed("the report answers another question"));
    }
    let json = serde_json::to_vec(&report).map_err(|_| crashed("the report cannot be written"))?;
    if json.len() > MAX_REPORT_BYTES {
        return Err(too_large());
    }
    let deflated = deflate(&json).map_err(|_| crashed("the report cannot be written"))?;
    Ok(Checked {
        summary: Summary::of(&report),
        deflated,
    })
}

/// Inflates at most [`MAX_REPORT_BYTES`]; more is `FileTooLarge`, however little it takes to say so.
///
/// # Errors
///
/// Also if the bytes are not deflated.
pub fn inflate(deflated: &[u8]) -> std::io::Result<Vec<u8>> {
    let limit = u64::try_from(MAX_REPORT_BYTES).unwrap_or(u64::MAX);
    let mut json = Vec::new();
    DeflateDecoder::new(deflated)
        .take(limit + 1)
        .read_to_end(&mut json)?;
    if json.len() > MAX_REPORT_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(json)
}

/// How many values follow another in the lists and objects of `json`, which need not be any.
fn values(json: &[u8]) -> usize {
    let (mut in_text, mut is_escaped, mut values) = (false, false, 0);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b',' if !in_text => values += 1,
            _ => {}
        }
    }
    values
}

fn deflate(json: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(json)?;
    encoder.finish()
}

fn too_large() -> Unusable {
    Unusable {
        reason: Failure::TooLarge,
        detail: format!("a report may have {MAX_REPORT_BYTES} bytes"),
    }
}

fn crashed(detail: &str) -> Unusable {
    Unusable {
        reason: Failure::Crashed,
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Analysis = Analysis::AnalyzePtree;

    #[test]
    fn what_is_no_answer_is_refused_and_a_bomb_does_not_go_off() {
        let zeros = deflate(&vec![b' '; 64 * 1024 * 1024]).unwrap();
        assert!(zeros.len() < MAX_DEFLATED_BYTES);
        let other = r#"{"analysis":"diagnose-start-failure"}"#;
        let mut many = br#"{"analysis":"analyze-ptree","argv":["""#.to_vec();
        many.extend(br#","""#.repeat(MOST_VALUES + 1));
        many.extend(b"]}");
        let text = format!(r#"{{"analysis":"\"{}"}}"#, ",".repeat(MOST_VALUES + 1));
        let cases: [(&[u8], Failure); 8] = [
            (&deflate(&many).unwrap(), Failure::TooLarge),
            (&deflate(text.as_bytes()).unwrap(), Failure::Crashed),
            (&zeros, Failure::TooLarge),
            (&vec![0; MAX_DEFLATED_BYTES + 1], Failure::TooLarge),
            (b"", Failure::Crashed),
            (b"\xff\xff\xff", Failure::Crashed),
            (&deflate(b"{}").unwrap(), Failure::Crashed),
            (&deflate(other.as_bytes()).unwrap(), Failure::Crashed),
        ];
        for (at, (deflated, reason)) in cases.into_iter().enumerate() {
            let refused = check(ASKED, deflated).unwrap_err();
            assert_eq!(refused.reason, reason, "case {at}");
        }
    }

    #[test]
    fn a_report_is_stored_as_this_server_writes_it() {
        let json = r#"{"analysis":"analyze-ptree","at":"2026-01-01T00:00:00Z","processes":[],
            "omitted":0,"totals":{"processes":0,"kernel_threads":0,"running":0,"uninterruptible":0,
            "stopped":0,"zombies":0,"orphans":0,"rss_bytes":0},"limits":[],"of_tomorrow":"x"}"#;
        let json = json.replace('\n', "\r\n");
        let stored = check(ASKED, &deflate(json.as_bytes()).unwrap())
            .unwrap()
            .deflated;
        let read = inflate(&stored).unwrap();
        assert!(!read.contains(&b'\r') && !read.contains(&b'\n'));
        assert!(serde_json::from_slice::<Report>(&read).is_ok());
    }
}
