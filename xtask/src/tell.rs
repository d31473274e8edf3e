//! Speaking to whoever started us, who may have hung up.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to stderr. Unlike `eprintln!` it does not panic when nobody listens any more (the
/// terminal was closed), which would keep `up` from clearing up.
pub fn tell(line: impl Display) {
    let _unheard = writeln!(io::stderr(), "{line}");
}

/// Writes a text to stdout, in the same way.
pub fn print(text: impl Display) {
    let _unheard = writeln!(io::stdout(), "{text}");
}
