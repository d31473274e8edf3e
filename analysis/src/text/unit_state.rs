//! The state of a unit, as systemctl has it.

/// `active (running)`; what says nothing more is left out.
pub fn unit_state(active: &str, sub: &str) -> String {
    match sub {
        "" => active.to_owned(),
        sub if sub == active => active.to_owned(),
        sub => format!("{active} ({sub})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_without_more_has_no_empty_brackets() {
        assert_eq!(unit_state("active", "running"), "active (running)");
        assert_eq!(unit_state("active", ""), "active");
        assert_eq!(unit_state("failed", "failed"), "failed");
    }
}
