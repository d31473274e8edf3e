//! The netlink socket of the process connector.
#![expect(unsafe_code, reason = "recvmmsg has no safe wrapper")]

use std::{
    io, mem,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    ptr,
};

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind,
    netlink::{self, SocketAddrNetlink},
    send, socket_with, sockopt,
};

use super::message::{EXEC, EXIT, FORK};
use crate::process::kernel;

/// The connector's group and the number of its messages.
const CN_IDX_PROC: u32 = 1;
const CN_VAL_PROC: u32 = 1;
const PROC_CN_MCAST_LISTEN: u32 = 1;
/// Datagrams that are read with one system call.
const AT_ONCE: usize = 128;
/// A message has 76 bytes.
const DATAGRAM_BYTES: usize = 256;

/// A socket that listens to the connector.
pub(super) struct Socket {
    fd: OwnedFd,
    buffers: Box<[[u8; DATAGRAM_BYTES]; AT_ONCE]>,
}

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// So many datagrams.
    Some(usize),
    Nothing,
    /// The buffer was full: nobody knows how many messages are missing.
    Lost,
}

impl Socket {
    /// Opens the socket and asks the kernel to send.
    pub(super) fn listen(buffer_bytes: usize) -> io::Result<Self> {
        let fd = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(netlink::CONNECTOR),
        )?;
        // The limit of the plain option, some 200 KiB, is full after 270 events.
        if sockopt::set_socket_recv_buffer_size_force(&fd, buffer_bytes).is_err() {
            sockopt::set_socket_recv_buffer_size(&fd, buffer_bytes)?;
        }
        bind(&fd, &SocketAddrNetlink::new(0, CN_IDX_PROC))?;
        send(&fd, &listen_message(), SendFlags::empty())?;
        Ok(Self {
            fd,
            buffers: Box::new([[0; DATAGRAM_BYTES]; AT_ONCE]),
        })
    }

    /// Reads what is there. The datagrams are in [`Socket::datagram`] until the next read.
    pub(super) fn read(&mut self) -> io::Result<Read> {
        let mut parts = self.buffers.each_mut().map(|buffer| libc::iovec {
            iov_base: buffer.as_mut_ptr().cast(),
            iov_len: buffer.len(),
        });
        let mut headers = parts.each_mut().map(|part| {
            // SAFETY: all fields of a header are numbers and pointers, for which zero is a value.
            let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
            header.msg_hdr.msg_iov = part;
            header.msg_hdr.msg_iovlen = 1;
            header
        });
        let flags = RecvFlags::DONTWAIT.bits();
        // SAFETY: there are AT_ONCE headers, each with one part that points to a whole buffer; all
        // of them live until the call is over.
        let count = unsafe {
            libc::recvmmsg(
                self.fd.as_raw_fd(),
                headers.as_mut_ptr(),
                AT_ONCE as u32,
                flags as _,
                ptr::null_mut(),
            )
        };
        match usize::try_from(count) {
            Ok(count) => Ok(Read::Some(count)),
            Err(_) => match io::Error::last_os_error() {
                error if error.raw_os_error() == Some(libc::ENOBUFS) => Ok(Read::Lost),
                error if error.kind() == io::ErrorKind::WouldBlock => Ok(Read::Nothing),
                error if error.kind() == io::ErrorKind::Interrupted => Ok(Read::Some(0)),
                error => Err(error),
            },
        }
    }

    /// The datagram with this number of the last read, and what its buffer held before it.
    pub(super) fn datagram(&self, index: usize) -> &[u8] {
        &self.buffers[index]
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Headers of netlink and connector, the order to send, and from 6.6 on what: older kernels take
/// a message with a selection for nonsense, and send nothing at all.
fn listen_message() -> Vec<u8> {
    let mut order = PROC_CN_MCAST_LISTEN.to_ne_bytes().to_vec();
    if kernel::is_at_least((6, 6)) {
        order.extend((FORK | EXEC | EXIT).to_ne_bytes());
    }
    const NLMSG_DONE: u16 = 3;
    let length = 16 + 20 + order.len();
    let mut message = (length as u32).to_ne_bytes().to_vec();
    message.extend(NLMSG_DONE.to_ne_bytes());
    message.extend([0; 2 + 4 + 4]); // flags, number, sender
    message.extend(
        [CN_IDX_PROC, CN_VAL_PROC, 0, 0]
            .map(u32::to_ne_bytes)
            .concat(),
    );
    message.extend((order.len() as u16).to_ne_bytes());
    message.extend([0; 2]); // flags
    message.extend(order);
    message
}
