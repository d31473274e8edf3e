//! What a CPU quota did, in a sentence.

use chrono::Duration;

use super::{Catalogue, time::length};
use crate::throttling::Throttling;

/// `/system.slice/a.service has used up its CPU quota …`.
pub(super) fn sentence(told: &Throttling, catalogue: &Catalogue) -> String {
    let window = i64::try_from(told.window_ms).unwrap_or(i64::MAX);
    let window = Duration::try_milliseconds(window).unwrap_or_default();
    let parameters = [
        ("cgroup", told.cgroup.as_str().into()),
        ("percent", format!("{:.0}", told.throttled_percent).into()),
        ("time", length(window, catalogue).into()),
        ("throttled", told.throttled_periods.into()),
        ("periods", told.periods.max(told.throttled_periods).into()),
        ("quota", format!("{:.0}", told.quota_percent()).into()),
        ("quota_us", told.quota_us.to_string().into()),
        ("period_us", told.period_us.to_string().into()),
    ];
    catalogue.say_with("throttling", &parameters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{text::Language, throttling::tests::held_back};

    #[test]
    fn a_quota_is_told_with_what_it_did_in_both_languages() {
        let told = |language| sentence(&held_back(), &Catalogue::of(language));
        insta::assert_snapshot!(told(Language::English), @"the CPU quota of /system.slice/nginx.service (20 % of a CPU; cpu.max: 20000 100000) was used up in 5 of 5 periods, and held it back for 80 % of 500ms");
        insta::assert_snapshot!(told(Language::Chinese), @"/system.slice/nginx.service 的 CPU 配额（单核的 20 %；cpu.max：20000 100000）在 5 个周期中有 5 个用尽，在 500 毫秒内有 80 % 的时间被限制运行");
    }
}
