//! Whether a program gave up for what it complained of, or went on.
//!
//! A complaint is the reason as surely as anything that is said only if the program said nothing
//! else behind it: what follows a reason is its echo. A program that goes on says so ("retrying",
//! "metrics disabled", "ignored"), or says something else afterwards: that it listens, or another
//! complaint, which is its last word then.

use std::sync::LazyLock;

use chrono::TimeDelta;
use regex::Regex;

use super::{
    Culprit, LogLine, StartCause,
    address_in_use::says_in_use,
    says::{Says, is_about_listening, is_fatal, says},
    telling::tells,
};

/// What became of the program after it had said a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// It said no more than that it ends.
    Ended,
    /// It said something else, which may belong to it or not.
    SaidMore,
    /// It went on, and ended for something else.
    WentOn,
}

/// What lines say that an address is in use.
pub const PORT_IN_USE: Says = Says {
    cause: StartCause::PortInUse,
    culprit: None,
};

/// A program that says something else so much later has worked meanwhile.
const MEANWHILE: TimeDelta = TimeDelta::milliseconds(700);

/// What became of the program after `line`, one of `log`, which `meant` that.
pub fn afterwards(line: &LogLine, meant: &Says, log: &[LogLine]) -> Afterwards {
    let Some(at) = log.iter().position(|other| std::ptr::eq(other, line)) else {
        return Afterwards::SaidMore;
    };
    let own_words = goes_on(&line.message);
    let of_program = log[at + 1..].iter().filter(|other| !other.is_of_manager());
    let behind: Vec<&LogLine> = of_program.collect();
    let end = behind.iter().position(|other| is_end(other, meant));
    let behind = &behind[..end.unwrap_or(behind.len())];
    let says_it_runs = |other: &&LogLine| other.source == line.source && is_progress(other);
    if !is_fatal(line) && behind.iter().any(says_it_runs) {
        return Afterwards::WentOn;
    }
    let surely = own_words == Some(GoesOn::Surely);
    let is_other = |other: &&&LogLine| !is_echo(other, line, meant, surely);
    let Some(last) = behind.iter().rfind(is_other) else {
        return match own_words {
            Some(GoesOn::Mildly) if end.is_some() => Afterwards::Ended,
            None => Afterwards::Ended,
            Some(_) => Afterwards::SaidMore,
        };
    };
    // Who names the line of a file knows best, whatever is said in the end.
    let is_exact = matches!(meant.culprit, Some(Culprit::Path { line: Some(_), .. }));
    let is_worse = !is_fatal(line)
        && !is_exact
        && (is_fatal(last)
            || is_reasoned_farewell(&last.message)
            || (tells(last) && last.at - line.at >= MEANWHILE)
            || meaning(&last.message).is_some_and(|other| other.cause != meant.cause));
    match own_words.is_some() || is_worse {
        true => Afterwards::WentOn,
        false => Afterwards::SaidMore,
    }
}

/// Whether a line of `log` is a complaint that is understood, and that the program survived.
pub fn is_survived(line: &LogLine, log: &[LogLine]) -> bool {
    let meant = meaning(&line.message);
    meant.is_some_and(|meant| afterwards(line, &meant, log) == Afterwards::WentOn)
}

fn meaning(message: &str) -> Option<Says> {
    says(message).or_else(|| says_in_use(message).then_some(PORT_IN_USE))
}

/// The last thing that the program said which is more than that it ends, and no line of a stack.
pub fn last_word(log: &[LogLine]) -> Option<&LogLine> {
    let mut own = log.iter().filter(|line| !line.is_of_manager());
    own.rfind(|line| is_progress(line) || !(is_detail(&line.message) || is_farewell(line)))
}

/// How a line says that the program goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GoesOn {
    Surely,
    /// It tries again, and may give up in the end.
    Tries,
    /// It only warns.
    Mildly,
}

fn goes_on(message: &str) -> Option<GoesOn> {
    static SURELY: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?ix)\b( ignored | ignoring | continues | continuing | (go|goes|going|carry|carries|carrying)\ on
              | proceed(s|ing) | skip(s|ped|ping) | disabled | disabling | fall(s|ing)?[\ -]?back(s)?\ (to|on) | fallback
              | (using|with|to)\ (the\ |its\ |our\ |builtin\ |built-in\ )?defaults?
              | using\ \S+(\ \S+)?\ instead | degraded | (not|non-)\ ?fatal | harmless
              | (cache|caching|metrics|tracing|telemetry|stats|\w+s)\ (is\ |are\ |turned\ |switched\ )?off
              | optional )\b",
        )
    });
    static TRIES: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(retry(ing)?|retries|reconnect(s|ing)?|(try|tries|trying|attempt) again|will try)\b",
        )
    });
    static MILDLY: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bwarn(ing)?\b"));
    match () {
        () if SURELY.is_match(message) => Some(GoesOn::Surely),
        () if TRIES.is_match(message) => Some(GoesOn::Tries),
        () if MILDLY.is_match(message) => Some(GoesOn::Mildly),
        () => None,
    }
}

/// Whether a line says that it works.
fn is_progress(line: &LogLine) -> bool {
    static WORKS: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)\b(started|listening|listens|serving|ready|accepting|connected)\b")
    });
    static NOT: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)\b(not|no|never|stop\w*|shut\w*|until|before|exit\w*)\b|n't\b|\?")
    });
    WORKS.is_match(&line.message) && !NOT.is_match(&line.message) && !tells(line)
}

/// Whether a line behind a complaint says that the program ends, and for nothing else.
fn is_end(other: &LogLine, meant: &Says) -> bool {
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(exiting|abort(ing|ed)|shutting down|giving up|abandon(ing|ed)|quitting|terminating|bailing out)\b",
        )
    });
    let is_on_topic = || topic(meant.cause).is_some_and(|topic| topic.is_in(&other.message));
    ENDS.is_match(&other.message) && (is_farewell(other) || is_on_topic())
}

/// Whether a line behind a complaint says no more than it, or belongs to it.
fn is_echo(other: &LogLine, line: &LogLine, meant: &Says, goes_on: bool) -> bool {
    let text = other.message.as_str();
    if is_detail(text) || is_farewell(other) || letters(text).eq(letters(&line.message)) {
        return true;
    }
    let culprit = meant.culprit.as_ref().map(ToString::to_string);
    if culprit.is_some_and(|culprit| !culprit.is_empty() && text.contains(&culprit)) {
        return true;
    }
    let topic_of = topic(meant.cause);
    let is_on_topic = || topic_of.is_some_and(|topic| topic.is_in(text));
    let is_same = match meaning(text) {
        Some(other) => topic(other.cause) == topic_of || (other.culprit.is_none() && is_on_topic()),
        None => is_on_topic(),
    };
    is_same && !goes_on
}

/// What a line has but for its numbers: those of a repetition are others.
fn letters(message: &str) -> impl Iterator<Item = char> {
    message.chars().filter(|letter| letter.is_alphabetic())
}

/// Lines that tell where, or how to go about it: of stacks, usage, hints.
fn is_detail(message: &str) -> bool {
    static DETAIL: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?x)^( \s.* | [\[\](){}\s^~,;]* | at\ .* | \.\.\..* | Caused\ by:.* | goroutine\ .* | Traceback\b.*
              | During\ handling\ of\ .* | The\ above\ exception\ .* | Require\ stack:.* | -\ /.* | \S+\(.*\)
              | Node\.js\ v.* | node:\S+ | npm\ .* | exit\ status\ .* | stack\ backtrace:.* | >>>.* )$
              | (?i:^\W*(usage|hint|note|try|see|options|help|examine|please)\b)
              | (?i:for\ more\ (information|details)|more\ information|--help|\bsee\b[\w\ ]{0,30}\babove\b)
              | (?i:gave\ up:\ \S+\ entered\ FATAL\ state)",
        )
    });
    DETAIL.is_match(message)
}

/// "no licence any more, leaving": a reason, and that it ends for it.
fn is_reasoned_farewell(message: &str) -> bool {
    static LEAVES: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(,|;|:|\.| -+) *((now )?(exiting|leaving|refusing|aborting|quitting|stopping|terminating|giving up|bailing out|shutting down)( now)?|refus(ing|ed) to (start|run))\W*$",
        )
    });
    LEAVES.is_match(message) && content_words(message) > 1
}

/// Whether it says no more than that the program, or its start, has failed or ends.
fn is_farewell(line: &LogLine) -> bool {
    content_words(&line.message) < 2
}

/// Words that say what happened, and not only that something did.
fn content_words(message: &str) -> usize {
    // `\p{L}` would be these letters too; our programs are built without such tables, only tests
    // have them, by way of what they are made with.
    static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:[^\W\d_]|['-])+"));
    static EMPTY: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?ix)^( .{1,2} | \W* | exit\w* | abort\w* | quit\w* | leaving | shut\w* | down | stop\w* | termin\w*
              | g[ai]v\w* | bye | goodbye | clean\w* | fail\w* | fatal | error\w* | critical | crit | emerg\w* | alert
              | start\w* | could | cannot | can't | can | not | did | unable | server | service | daemon | process
              | program | application | system | database | main | worker | child | with | code | status | due | because
              | now | unexpected\w* | the | and | was | has | had | been | have | will | for | from | this | that | any
              | compl\w* | done | found | core | dump\w* | signal | received | info | notice | warn\w* | log | action
              | unrecoverable | load\w* | config\w* | occur\w* | during | init\w* | run\w* | launch\w* | root | systemd | jan | feb | mar | apr
              | may | jun | jul | aug | sep | oct | nov | dec )$",
        )
    });
    let words = WORD.find_iter(message).map(|word| word.as_str());
    words.filter(|word| !EMPTY.is_match(word)).count()
}

/// What a cause is about: other lines with its words are about the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Listening,
    Others,
    Configuration,
    Files,
    Accounts,
}

fn topic(cause: StartCause) -> Option<Topic> {
    use StartCause as Cause;
    match cause {
        Cause::PortInUse
        | Cause::PrivilegedPort
        | Cause::AddressNotAvailable
        | Cause::SocketPathInUse
        | Cause::CapabilityMissing => Some(Topic::Listening),
        Cause::NameNotResolved | Cause::RemoteUnreachable | Cause::BootOrder => Some(Topic::Others),
        Cause::ConfigSyntax | Cause::ConfigInvalidValue => Some(Topic::Configuration),
        Cause::UserMissing | Cause::GroupMissing => Some(Topic::Accounts),
        Cause::AlreadyRunning
        | Cause::DiskFull
        | Cause::InodesFull
        | Cause::ReadOnlyFilesystem
        | Cause::SandboxDenied
        | Cause::SharedLibraryMissing
        | Cause::CertificateInvalid
        | Cause::DataLocked
        | Cause::DataIncompatible
        | Cause::ConfigMissing
        | Cause::DirectoryMissing
        | Cause::FileMissing
        | Cause::PermissionDenied => Some(Topic::Files),
        _ => None,
    }
}

impl Topic {
    fn is_in(self, text: &str) -> bool {
        static WORDS: LazyLock<[(Topic, Regex); 5]> = LazyLock::new(|| {
            [
                (Topic::Listening, r"bind\w*|listen\w*|ports?|sockets?|address\w*|endpoints?"),
                (
                    Topic::Others,
                    r"connect\w*|resolv\w*|hosts?|upstreams?|dns|network\w*|unreachable|timed? ?out|timeout|backends?|peers?|database|broker|cluster",
                ),
                (
                    Topic::Configuration,
                    r"config\w*|pars\w*|syntax|options?|directives?|settings?|files?|values?|parameters?",
                ),
                (
                    Topic::Files,
                    r"files?|director(y|ies)|folders?|open\w*|read\w*|writ\w*|load\w*|access\w*|permissions?|paths?|disk|space|storage|database|lock\w*|certificates?|tls|ssl|pid|plugins?|modules?|librar(y|ies)|config\w*|logs?",
                ),
                (Topic::Accounts, r"users?|groups?|accounts?|uid|gid|privileges?"),
            ]
            .map(|(topic, words)| (topic, regex(&format!(r"(?i)\b({words})\b"))))
        });
        if self == Topic::Listening && is_about_listening(text) {
            return true;
        }
        let mut words = WORDS.iter();
        words.any(|(topic, words)| *topic == self && words.is_match(text))
    }
}

fn regex(words: &str) -> Regex {
    Regex::new(words).expect("it is a regular expression")
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Certainty, Evidence, diagnose,
            testing::{apache, at, exited, failed, line},
        },
        *,
    };

    const IN_USE: &str = "bind() to 0.0.0.0:80 failed (98: Address already in use)";

    fn after(first: &str, then: &[&str]) -> Afterwards {
        let lines = [&[first], then].concat();
        let log: Vec<_> = lines.iter().map(|text| line("app", text)).collect();
        afterwards(&log[0], &meaning(first).unwrap(), &log)
    }

    #[test]
    fn what_follows_a_reason_is_its_echo() {
        for then in [
            &[][..],
            &["exiting"],
            &[
                IN_USE,
                "bind() to [::]:80 failed (98: Address already in use)",
            ],
            &[
                "still could not bind()",
                "Server failed to start",
                "Shutdown complete",
            ],
            &["fatal: Cannot bind any address."],
            &[
                "    at Server.listen (node:net:1463:16)",
                "Node.js v18.19.0",
            ],
            &[
                "error: Do you already have another server running on port: 80 ?",
                "Aborting",
            ],
            &[
                "no listening sockets available, shutting down",
                "AH00015: Unable to open logs",
            ],
            &[
                "[ERROR] Aborting",
                "/usr/sbin/mysqld: Shutdown complete (mysqld 8.0) MySQL Server - GPL.",
            ],
            &[
                "loading configuration: failure",
                "exiting (due to fatal error)",
            ],
            &["Usage: app [options]", "try app --help"],
            &[
                "Failed to bind one of the listener ports.",
                "[err] Reading config failed--see warnings above.",
            ],
        ] {
            assert_eq!(after(IN_USE, then), Afterwards::Ended, "{then:?}");
        }
        let redis = "# Warning: Could not create server TCP listening socket 127.0.0.1:80: bind: Address already in use";
        let gave_up = "# Failed listening on port 80 (TCP), aborting.";
        assert_eq!(after(redis, &[gave_up]), Afterwards::Ended);
        assert_eq!(after(redis, &[]), Afterwards::SaidMore);
        let supervisord = "INFO spawnerr: can't find command '/opt/stock'";
        let gave_up = "INFO gave up: stock entered FATAL state, too many start retries too quickly";
        assert_eq!(after(supervisord, &[gave_up]), Afterwards::Ended);
    }

    #[test]
    fn a_program_that_goes_on_ends_for_something_else() {
        let other = "no shards assigned to this node";
        // (complaint, what follows, what became of the program)
        let cases: &[(&str, &[&str], Afterwards)] = &[
            (
                IN_USE,
                &["started main listener on 7102", other],
                Afterwards::WentOn,
            ),
            (IN_USE, &["listening on 7103"], Afterwards::WentOn),
            (IN_USE, &[other], Afterwards::SaidMore),
            (IN_USE, &["fatal: leader election lost"], Afterwards::WentOn),
            (
                IN_USE,
                &["schema version 12 of the store is newer than 11, refusing"],
                Afterwards::WentOn,
            ),
            (
                "metrics: bind 0.0.0.0:80: Address already in use - metrics disabled",
                &[other],
                Afterwards::WentOn,
            ),
            (
                "cache off: [Errno 30] Read-only file system: '/var/lib/x.cache'",
                &[other],
                Afterwards::WentOn,
            ),
            (
                "connect to 10.0.0.5:5432 failed: Connection refused, retrying in 1 s",
                &[
                    "connect to 10.0.0.5:5432 failed: Connection refused, retrying in 2 s",
                    "giving up",
                ],
                Afterwards::SaidMore,
            ),
        ];
        for (first, then, expected) in cases {
            assert_eq!(after(first, then), *expected, "{first} {then:?}");
        }
        let mut log = [
            line("app", IN_USE),
            line("app", "contract 4711 not valid any more"),
        ];
        log[1].at = at(1);
        let meant = meaning(IN_USE).unwrap();
        assert_eq!(afterwards(&log[0], &meant, &log), Afterwards::WentOn);
    }

    #[test]
    fn a_warning_of_a_port_that_is_held_is_no_verdict() {
        let other = "licence check: contract 4711 not valid any more, leaving";
        // (log, whether the last line is the first evidence of a verdict without a cause)
        for log in [
            &[
                "metrics: bind 0.0.0.0:80: Address already in use - metrics disabled",
                "started main listener on 81",
                other,
            ][..],
            &[
                "bind: Address already in use, port 80, retrying on 81",
                "listening on 81",
            ],
            &[
                "open /etc/app/override.conf: No such file or directory",
                "schema version 12 of the store is newer than 11, refusing",
            ],
            &[
                "cannot create /var/lib/app/cache: Permission denied",
                "worker pool size must be positive, got 0",
            ],
            &[
                "listen [2001:db8::1]:80: Cannot assign requested address; IPv6 disabled",
                "fatal: signing key revoked",
            ],
            &[
                "libfoo.so.1: cannot open shared object file: No such file or directory (plugin skipped)",
                "fatal: no route table",
            ],
        ] {
            let lines = log.iter().map(|text| line("app", text)).collect();
            let mut facts = failed("exit-code", exited(1), lines);
            facts.sockets = vec![apache("0.0.0.0:80", 80)];
            let report = diagnose(facts);
            let verdict = &report.verdict;
            assert_eq!(
                (verdict.cause, verdict.certainty),
                (StartCause::ApplicationError, Certainty::Inferred),
                "{log:?}"
            );
            let shown = verdict.evidence.iter().find_map(|evidence| match evidence {
                Evidence::Log { line } => Some(line.message.as_str()),
                _ => None,
            });
            assert_eq!(shown, log.last().copied(), "{verdict:#?}");
        }
    }

    #[test]
    fn a_port_that_need_not_be_the_reason_is_inferred() {
        let log = vec![
            line("app", IN_USE),
            line("app", "no shards assigned to this node"),
        ];
        let mut facts = failed("exit-code", exited(1), log);
        facts.sockets = vec![apache("0.0.0.0:80", 80)];
        let verdict = diagnose(facts).verdict;
        assert_eq!(
            (verdict.cause, verdict.certainty),
            (StartCause::PortInUse, Certainty::Inferred)
        );
    }
}
