//! Names of terminals.

/// The name of a terminal by its device number, as the kernel packs it into `stat`. `None`: the
/// process has no terminal.
pub(super) fn terminal(device: u32) -> Option<String> {
    if device == 0 {
        return None;
    }
    let major = device >> 8 & 0xfff;
    let minor = device & 0xff | device >> 12 & 0xf_ff00;
    Some(match (major, minor) {
        (4, 0..64) => format!("tty{minor}"),
        (4, _) => format!("ttyS{}", minor - 64),
        (5, 1) => "console".to_owned(),
        (136..=143, _) => format!("pts/{}", (major - 136) * 256 + minor),
        (188, _) => format!("ttyUSB{minor}"),
        (204, 64..) => format!("ttyAMA{}", minor - 64),
        (229, _) => format!("hvc{minor}"),
        _ => format!("{major}:{minor}"),
    })
}

#[cfg(test)]
mod tests {
    use super::terminal;

    #[test]
    fn terminals_have_the_names_that_ps_gives_them() {
        // (device number, name)
        let cases = [
            (0, None),
            (0x8800, Some("pts/0")),
            (0x8807, Some("pts/7")),
            (0x0010_8801, Some("pts/257")),
            (0x0401, Some("tty1")),
            (0x0440, Some("ttyS0")),
            (0x0501, Some("console")),
            (0xe500, Some("hvc0")),
            (0x0702, Some("7:2")),
        ];
        for (device, name) in cases {
            assert_eq!(terminal(device).as_deref(), name, "{device:#x}");
        }
    }
}
