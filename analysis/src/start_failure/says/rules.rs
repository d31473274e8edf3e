//! Words of programs, and what they mean.

mod table;

use regex::{Captures, Regex};

pub(super) use self::table::RULES;
use super::{
    Says,
    addresses::{address_in, is_about_listening, port_of, without_paths},
    places::{config_in, is_config, path_near},
};
use crate::start_failure::{Culprit, StartCause};

/// Words, and what they mean.
pub(super) struct Rule {
    words: Regex,
    cause: StartCause,
    culprit: Names,
}

/// Whom a message with these words blames.
#[derive(Clone, Copy)]
enum Names {
    Nobody,
    /// What the group `name` of the words has.
    Group(fn(String) -> Culprit),
    /// The path that stands nearest.
    Path,
    /// The same, but none if the message is about an address to listen on: a file that it names is
    /// the one that has the address.
    PathUnlessListening,
    /// The same, and without one the words mean nothing.
    PathOnly,
    /// The path of a socket; one with a port is not meant.
    SocketPath,
    Address,
    /// The same; the words mean it only if the port is one of root's.
    LowPort,
    /// A configuration file and its line.
    Config,
    /// The same, and without one the words mean nothing.
    ConfigOnly,
    /// A setting of the unit, or a capability.
    Fixed(&'static str),
    /// A setting of the kernel, if no path has the words.
    Kernel(&'static str),
    /// A folder that the words stand for.
    Folder(&'static str),
}

impl Rule {
    /// What a message says, if it has these words.
    pub(super) fn read(&self, message: &str) -> Option<Says> {
        let found = self.words.captures(message)?;
        let at = found.get(0).map_or(0, |whole| whole.start());
        let culprit = match self.culprit {
            Names::Nobody => None,
            Names::Group(culprit) => Some(culprit(named(&found)?)),
            Names::Path => path_near(message, at),
            Names::PathUnlessListening => {
                path_near(message, at).filter(|_| !is_about_address(message))
            }
            Names::PathOnly => Some(path_near(message, at)?),
            Names::SocketPath => {
                Some(path_near(message, at).filter(|_| address_in(message).is_none())?)
            }
            Names::Address => address_in(message),
            Names::LowPort => Some(low_port(message)?),
            Names::Config => config_in(message),
            Names::ConfigOnly => Some(config_in(message)?),
            Names::Fixed(name) => Some(fixed(name)),
            Names::Kernel(name) => {
                let is_meant = self.words.is_match(&without_paths(message));
                Some(is_meant.then(|| fixed(name))?)
            }
            Names::Folder(path) => Some(Culprit::path(path)),
        };
        let cause = match (self.cause, &culprit) {
            (StartCause::FileMissing, Some(Culprit::Path { path, .. })) if is_config(path) => {
                StartCause::ConfigMissing
            }
            (cause, _) => cause,
        };
        Some(Says { cause, culprit })
    }
}

/// What stands where a name would, and is none: "invalid username or password", "could not resolve
/// placeholder".
const NO_NAMES: [&str; 47] = [
    "a",
    "agent",
    "all",
    "an",
    "and",
    "artifact",
    "bean",
    "by",
    "class",
    "conflict",
    "credentials",
    "data",
    "defined",
    "dependencies",
    "dependency",
    "entry",
    "error",
    "failed",
    "for",
    "from",
    "has",
    "host",
    "import",
    "in",
    "input",
    "is",
    "method",
    "module",
    "not",
    "of",
    "or",
    "package",
    "path",
    "placeholder",
    "plugin",
    "property",
    "reference",
    "request",
    "symbol",
    "template",
    "the",
    "thread",
    "to",
    "type",
    "variable",
    "was",
    "with",
];

fn named(found: &Captures<'_>) -> Option<String> {
    let name = found.name("name")?.as_str();
    let is_none = NO_NAMES.contains(&&*name.to_ascii_lowercase());
    (!is_none).then(|| name.to_owned())
}

/// Whether a message is about an address that the program wants to listen on.
fn is_about_address(message: &str) -> bool {
    is_about_listening(message) && address_in(message).is_some()
}

/// The port of root's that the program wants to listen on.
fn low_port(message: &str) -> Option<Culprit> {
    let is_low = |address: &str| port_of(address).is_some_and(|port| port < 1024);
    let culprit = address_in(message).filter(|_| is_about_listening(message))?;
    matches!(&culprit, Culprit::Address { address } if is_low(address)).then_some(culprit)
}

fn fixed(name: &str) -> Culprit {
    let name = name.to_owned();
    match name.starts_with("CAP_") {
        true => Culprit::Capability { name },
        false => Culprit::Limit { name },
    }
}

fn library(name: String) -> Culprit {
    Culprit::Library { name }
}

fn interpreter(name: String) -> Culprit {
    Culprit::path(name)
}

fn folder_of(path: String) -> Culprit {
    match path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => Culprit::path(folder),
        _ => Culprit::path(path),
    }
}

fn user(user: String) -> Culprit {
    Culprit::User { user }
}

fn group(group: String) -> Culprit {
    Culprit::Group { group }
}

fn host(address: String) -> Culprit {
    Culprit::Address { address }
}

/// `/etc/x.conf:3: ...`, `/etc/x.conf[3]: ...`
pub(super) const AT_A_LINE: &str = r"(?:^|[\s:])/[^\s:\[]+(?::\d+(?::\d+)?|\[\d+\]):\s";
