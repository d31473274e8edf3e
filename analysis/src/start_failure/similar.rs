//! Names of units that may have been meant.

use crate::identity::UnitName;

/// How many are offered.
const MOST: usize = 3;
/// Less alike than this (of 1) was not meant.
const ALIKE: f64 = 0.8;

/// The units whose names are nearest to `asked`, the nearest first.
pub fn similar(asked: &UnitName, names: impl IntoIterator<Item = UnitName>) -> Vec<UnitName> {
    let mut near: Vec<(f64, UnitName)> = names
        .into_iter()
        .filter_map(|name| Some((alike(asked, &name)?, name)))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    near.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// How alike two names are. `None`: not enough.
fn alike(asked: &UnitName, name: &UnitName) -> Option<f64> {
    let (short, long) = (asked.stem(), name.stem());
    // `postgres` means `postgresql`, and `fpm` `php8.2-fpm`.
    let is_part = short.len() >= 3 && long.contains(short);
    let alike = strsim::jaro_winkler(short, long);
    let alike = if is_part { alike.max(0.9) } else { alike };
    // A unit of another kind was meant less often.
    let kind = |unit: &UnitName| unit.as_str()[unit.stem().len()..].to_owned();
    let other_kind = if kind(asked) == kind(name) { 0.0 } else { 0.1 };
    Some(alike - other_kind).filter(|alike| *alike >= ALIKE)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::unit, *};

    #[test]
    fn the_nearest_come_first_and_strangers_not_at_all() {
        let names = [
            "nginx",
            "ngircd",
            "cron",
            "php8.2-fpm",
            "postgresql",
            "nginx.socket",
        ];
        // (asked, offered)
        let cases: &[(&str, &[&str])] = &[
            ("ngnix", &["nginx.service", "nginx.socket"]),
            ("postgres", &["postgresql.service"]),
            ("fpm", &["php8.2-fpm.service"]),
            ("zzz", &[]),
        ];
        for (asked, offered) in cases {
            let found = similar(&unit(asked), names.map(unit));
            let found: Vec<_> = found.iter().map(UnitName::as_str).collect();
            assert_eq!(found, *offered, "{asked}");
        }
    }
}
