//! What could not be read, a sentence each, and how to get it.

use super::heading;
use crate::{
    limitation::Limitation,
    text::{fleet::Page, limitations},
};

pub(in crate::text) fn limits(limits: &[Limitation], page: &Page<'_>) -> String {
    if limits.is_empty() {
        return String::new();
    }
    let is_denied = |limit: &Limitation| {
        // That one says itself what it takes.
        if limit.what == "kernel-stack" {
            return false;
        }
        limit.why.contains("(os error 13)") || limit.why.contains("(os error 1)")
    };
    let as_root = limits.iter().any(is_denied).then_some("inspect-as-root");
    heading("inspect-limits", page) + &limitations::lines(limits, "inspect", as_root, page)
}
