//! Sockets that process 1 holds, and the socket units that they are held for.

use std::net::SocketAddr;

use analysis::start_failure::Holder;

use crate::systemd::Listener;

pub(super) fn is_of_manager(holder: &Holder) -> bool {
    holder.process.is_some_and(|process| process.pid == 1)
}

/// Names the socket unit of each socket that process 1 holds.
pub(super) fn name(holders: &mut [Holder], listeners: &[Listener]) {
    for holder in holders.iter_mut().filter(|holder| is_of_manager(holder)) {
        let listens = |listener: &&Listener| {
            let mut addresses = listener.addresses.iter();
            addresses.any(|address| is_same(address, &holder.address))
        };
        if let Some(listener) = listeners.iter().find(listens) {
            holder.unit = Some(listener.unit.clone());
        }
    }
}

/// systemd and we write addresses alike, but for what they leave out.
fn is_same(listed: &str, held: &str) -> bool {
    match (listed.parse::<SocketAddr>(), held.parse::<SocketAddr>()) {
        (Ok(listed), Ok(held)) => listed == held,
        (Err(_), Ok(held)) => listed.parse() == Ok(held.port()),
        _ => listed == held,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_same_however_they_are_written() {
        // (of the socket unit, of the socket, whether it is the same)
        let cases = [
            ("[::]:80", "[::]:80", true),
            ("0.0.0.0:80", "[::]:80", false),
            ("80", "[::]:80", true),
            ("[0:0::1]:80", "[::1]:80", true),
            ("/run/x.sock", "[::]:80", false),
        ];
        for (listed, held, same) in cases {
            assert_eq!(is_same(listed, held), same, "{listed} {held}");
        }
    }
}
