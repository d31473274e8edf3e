//! Object paths of units: `/org/freedesktop/systemd1/unit/nginx_2eservice`.

use analysis::identity::UnitName;

pub(super) const UNITS: &str = "/org/freedesktop/systemd1/unit";

/// The unit that a path names. Whatever is no letter or digit stands there as `_` and two digits.
pub(super) fn unit_of_path(path: &str) -> Option<UnitName> {
    let label = path.strip_prefix(UNITS)?.strip_prefix('/')?;
    let mut name = Vec::with_capacity(label.len());
    let mut rest = label.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'_' {
            let (digits, after) = after.split_first_chunk::<2>()?;
            let digits = std::str::from_utf8(digits).ok()?;
            name.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            name.push(byte);
            rest = after;
        }
    }
    String::from_utf8(name).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_their_units() {
        // (label, unit)
        let cases = [
            ("nginx_2eservice", Some("nginx.service")),
            ("getty_40tty1_2eservice", Some("getty@tty1.service")),
            ("dev_2ddisk_5cx2d1_2emount", Some(r"dev-disk\x2d1.mount")),
            ("a_2", None),
            ("a_zz", None),
            ("a_+e_2eservice", None),
            ("", None),
        ];
        for (label, unit) in cases {
            let found = unit_of_path(&format!("{UNITS}/{label}"));
            assert_eq!(found.as_ref().map(UnitName::as_str), unit, "{label}");
        }
    }
}
