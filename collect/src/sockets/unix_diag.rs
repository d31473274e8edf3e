//! The unix sockets of our network namespace with their peers, which procfs does not tell: the
//! kernel is asked over netlink, as `ss -x` does (sock_diag(7)). Dumping needs no rights.

use std::time::Duration;

use analysis::process_tree::UnixSocket;
use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send,
        socket_with,
        sockopt::{Timeout, set_socket_timeout},
    },
};

/// `SOCK_DIAG_BY_FAMILY`
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST | NLM_F_DUMP`
const DUMP: u16 = 0x301;
/// `NLMSG_ERROR`
const ERROR: u16 = 2;
/// `NLMSG_DONE`
const DONE: u16 = 3;
/// `UDIAG_SHOW_NAME | UDIAG_SHOW_PEER`
const SHOW: u32 = 1 | 4;
/// `UNIX_DIAG_NAME`
const NAME: u16 = 0;
/// `UNIX_DIAG_PEER`
const PEER: u16 = 2;
/// Length of `struct nlmsghdr` and of `struct unix_diag_msg`.
const HEADER: usize = 16;

/// Asks the kernel for all of them.
pub(super) fn unix_sockets() -> Result<Vec<UnixSocket>, Errno> {
    let kind = (
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
    );
    let socket = socket_with(kind.0, kind.1, kind.2, Some(netlink::SOCK_DIAG))?;
    // A kernel without the module answers with an error; this is for what we do not think of.
    set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(2)))?;
    send(&socket, &request(), SendFlags::empty())?;
    let mut found = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let (length, _) = recv(&socket, &mut buffer[..], RecvFlags::empty())?;
        if length == 0 || read_messages(&buffer[..length], &mut found)? {
            return Ok(found);
        }
    }
}

fn request() -> Vec<u8> {
    let mut request = Vec::new();
    // `struct nlmsghdr`: length, type, flags, sequence, port.
    request.extend(40_u32.to_ne_bytes());
    request.extend(BY_FAMILY.to_ne_bytes());
    request.extend(DUMP.to_ne_bytes());
    request.extend([0; 8]);
    // `struct unix_diag_req`: family, protocol, padding; states, inode, what to show, cookie.
    let family = u8::try_from(AddressFamily::UNIX.as_raw()).unwrap_or(1);
    request.extend([family, 0, 0, 0]);
    request.extend(u32::MAX.to_ne_bytes());
    request.extend(0_u32.to_ne_bytes());
    request.extend(SHOW.to_ne_bytes());
    request.extend([0; 8]);
    request
}

/// Reads what came at once. Whether it was the last of it.
fn read_messages(mut bytes: &[u8], found: &mut Vec<UnixSocket>) -> Result<bool, Errno> {
    while let Some((length, kind)) = u32_at(bytes, 0).zip(u16_at(bytes, 4)) {
        let length = length as usize;
        let Some(body) = bytes.get(HEADER..length) else {
            break;
        };
        match kind {
            DONE => return Ok(true),
            ERROR => {
                let errno = u32_at(body, 0).map_or(0, |errno| errno.cast_signed());
                return Err(Errno::from_raw_os_error(-errno));
            }
            _ => found.extend(socket(body)),
        }
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
    }
    Ok(false)
}

/// `struct unix_diag_msg`, and the attributes behind it.
fn socket(body: &[u8]) -> Option<UnixSocket> {
    let mut socket = UnixSocket {
        inode: u32_at(body, 4)?.into(),
        peer_inode: None,
        path: None,
    };
    let mut attributes = body.get(HEADER..)?;
    while let Some((length, kind)) = u16_at(attributes, 0).zip(u16_at(attributes, 2)) {
        let length = usize::from(length);
        let Some(value) = attributes.get(4..length) else {
            break;
        };
        match kind {
            NAME => socket.path = name(value),
            PEER => socket.peer_inode = u32_at(value, 0).filter(|peer| *peer != 0).map(u64::from),
            _ => {}
        }
        attributes = attributes.get(aligned(length)..).unwrap_or_default();
    }
    Some(socket)
}

/// Abstract names begin with a zero, which is written `@` everywhere.
fn name(value: &[u8]) -> Option<String> {
    let (sign, rest) = match value.strip_prefix(&[0]) {
        Some(rest) => ("@", rest),
        None => ("", value),
    };
    let end = rest.iter().rposition(|byte| *byte != 0)? + 1;
    Some(format!("{sign}{}", String::from_utf8_lossy(&rest[..end])))
}

fn aligned(length: usize) -> usize {
    // A length of 0 would never end.
    length.max(4).next_multiple_of(4)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_ne_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::{
        fd::AsRawFd as _,
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener, UnixStream},
    };

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_two_ends_of_a_connection_know_each_other() {
        let name = format!("aiops-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        let client = UnixStream::connect_addr(&address).unwrap();
        let (server, _) = listener.accept().unwrap();

        let all = match unix_sockets() {
            Ok(all) => all,
            // A sandbox may leave out netlink; then there is nothing to test.
            Err(Errno::AFNOSUPPORT | Errno::PERM | Errno::ACCESS | Errno::NOENT) => return,
            Err(error) => panic!("{error}"),
        };
        let socket = |inode| all.iter().find(|socket| socket.inode == inode).unwrap();
        let (client, server) = (inode(&client), inode(&server));
        assert_eq!(socket(client).peer_inode, Some(server));
        assert_eq!(socket(client).path, None);
        assert_eq!(socket(server).peer_inode, Some(client));
        assert_eq!(socket(server).path, Some(format!("@{name}")));
    }

    proptest! {
        #[test]
        fn nonsense_is_no_socket_and_ends(bytes: Vec<u8>) {
            let mut found = Vec::new();
            let _ = read_messages(&bytes, &mut found);
            let _ = socket(&bytes);
        }
    }

    fn inode(stream: &UnixStream) -> u64 {
        let link = format!("/proc/self/fd/{}", stream.as_raw_fd());
        let link = std::fs::read_link(link).unwrap();
        let link = link.to_str().unwrap();
        let number = link.strip_prefix("socket:[").unwrap().strip_suffix(']');
        number.unwrap().parse().unwrap()
    }
}
