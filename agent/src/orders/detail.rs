//! How much a host says of why something went wrong.

/// Most characters of a detail; what is above is cut off. The server keeps as many. A worker may
/// say megabytes, and a message of that size would end the stream, each time that it is sent.
const MAX_DETAIL: usize = 2_000;

/// The beginning of `detail`.
pub(super) fn short(mut detail: String) -> String {
    if let Some((end, _)) = detail.char_indices().nth(MAX_DETAIL) {
        detail.truncate(end);
        // Otherwise all that it was stays with it.
        detail.shrink_to_fit();
    }
    detail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_detail_is_cut_between_two_characters() {
        let long = "\u{1F980}".repeat(MAX_DETAIL);
        assert_eq!(short(long.clone()), long);
        assert_eq!(short(format!("{long}x")), long);
        assert_eq!(short(String::new()), "");
    }
}
