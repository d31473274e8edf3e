//! What could not be read of processes: the same for all reports about them.

use super::{fleet::Page, limitations};
use crate::limitation::Limitation;

/// What could not be read, a sentence each.
pub fn limits(limits: &[Limitation], page: &Page<'_>) -> String {
    if limits.is_empty() {
        return String::new();
    }
    let is_denied =
        |limit: &Limitation| limit.why.contains("(os error 13)") || limit.why == "hidepid";
    let as_root = limits.iter().any(is_denied).then_some("ptree-as-root");
    "\n".to_owned() + &limitations::lines(limits, "ptree", as_root, page)
}
