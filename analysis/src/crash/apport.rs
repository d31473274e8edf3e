//! The reports of Ubuntu's apport: `/var/crash/_usr_bin_app.1000.crash`.
//!
//! Lines of `Name: value`; a value of several lines goes on with a space. The core stands in it in
//! base64, and is not read.

use chrono::NaiveDateTime;

use crate::process::Signal;

/// The head of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApportReport {
    pub signal: Option<Signal>,
    pub exe: Option<String>,
    pub command: Option<String>,
    pub package: Option<String>,
    /// Local time of the host, without a zone.
    pub date: Option<NaiveDateTime>,
    pub has_core: bool,
}

/// Reads the report's beginning. `None`: it is not about a crash.
pub fn read(text: &str) -> Option<ApportReport> {
    let mut report = ApportReport::default();
    let mut is_crash = false;
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        match name {
            "ProblemType" => is_crash = value == "Crash",
            "Signal" => report.signal = value.parse().ok().map(Signal),
            "ExecutablePath" => report.exe = Some(value.to_owned()),
            "ProcCmdline" => report.command = Some(value.to_owned()),
            "Package" => report.package = Some(value.to_owned()),
            "Date" => {
                report.date = NaiveDateTime::parse_from_str(value, "%a %b %e %H:%M:%S %Y").ok();
            }
            "CoreDump" => report.has_core = true,
            _ => {}
        }
    }
    // A script's uncaught exception has no signal, and is no crash of its interpreter.
    (is_crash && report.signal.is_some()).then_some(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_report_is_read() {
        let text = "ProblemType: Crash\nArchitecture: amd64\nDate: Sat Nov 21 19:00:07 2026\n\
                    ExecutablePath: /usr/bin/app\nProcCmdline: app --serve\nSignal: 11\n\
                    Package: app 1.2-3\nProcMaps:\n 55-56 r--p 0: /x\nCoreDump: base64\n H4sI\n";
        let report = read(text).unwrap();
        assert_eq!(report.signal, Some(Signal::SEGV));
        assert_eq!(report.exe.as_deref(), Some("/usr/bin/app"));
        let date = report.date.unwrap().to_string();
        assert_eq!(
            (date.as_str(), report.has_core),
            ("2026-11-21 19:00:07", true)
        );
        assert_eq!(read("ProblemType: Package\nSignal: 11\n"), None);
        assert_eq!(
            read("ProblemType: Crash\nExecutablePath: /usr/bin/x.py\n"),
            None
        );
    }
}
