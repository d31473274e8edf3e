//! The front of a segment.

use super::{Fields, put_short};
use crate::message::Cursors;
use crate::record::{MAX_CURSOR_BYTES, SourceId};
use uuid::Uuid;

const MAGIC: &[u8; 4] = b"AIOS";
const VERSION: u16 = 1;
/// Magic, version and length: what every version begins with.
const PREFIX_BYTES: usize = 10;
/// Far above what 64 sources with cursors of 4 KiB need; bounds what a damaged length can ask for.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// See the module text of [`crate::segment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub agent_id: Uuid,
    pub epoch: u64,
    pub first_seq: u64,
    pub boot_id: Uuid,
    /// Chain value before `first_seq`.
    pub base_chain: u64,
    /// Last cursor of every source before `first_seq`.
    pub cursors: Cursors,
}

/// Why a file has no header that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("not a whole header of this format")]
    Damaged,
    /// Intact, but not ours to read: the agent was downgraded.
    #[error("format version {0} is newer than {VERSION}")]
    Newer(u16),
}

impl Header {
    /// The bytes of the header.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 4]); // the length, when it is known
        out.extend_from_slice(self.agent_id.as_bytes());
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.first_seq.to_le_bytes());
        out.extend_from_slice(self.boot_id.as_bytes());
        out.extend_from_slice(&self.base_chain.to_le_bytes());
        let sources = u16::try_from(self.cursors.len()).expect("the spool takes 64 sources");
        out.extend_from_slice(&sources.to_le_bytes());
        for (source, cursor) in &self.cursors {
            out.extend_from_slice(&source.0.to_le_bytes());
            put_short(&mut out, cursor);
        }
        let len = u32::try_from(out.len() + 4).expect("64 cursors of 4 KiB fit");
        out[6..PREFIX_BYTES].copy_from_slice(&len.to_le_bytes());
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// The header at the front of `file` and its length in bytes.
    ///
    /// # Errors
    ///
    /// [`HeaderError`]; any bytes are fine as input.
    pub fn decode(file: &[u8]) -> Result<(Self, usize), HeaderError> {
        let (version, body, len) = checked(file).ok_or(HeaderError::Damaged)?;
        if version > VERSION {
            return Err(HeaderError::Newer(version));
        }
        let header = fields(Fields(body)).ok_or(HeaderError::Damaged)?;
        Ok((header, len))
    }
}

/// Version, body without checksum, and length, if the checksum is right.
fn checked(file: &[u8]) -> Option<(u16, &[u8], usize)> {
    let mut prefix = Fields(file);
    if prefix.take(4)? != MAGIC {
        return None;
    }
    let version = prefix.u16()?;
    let len = usize::try_from(prefix.u32()?).ok()?;
    if !(PREFIX_BYTES + 4..=MAX_HEADER_BYTES).contains(&len) || file.len() < len {
        return None;
    }
    let (front, crc) = file[..len].split_at(len - 4);
    (Fields(crc).u32()? == crc32c::crc32c(front)).then_some((version, &front[PREFIX_BYTES..], len))
}

fn fields(mut body: Fields<'_>) -> Option<Header> {
    let mut header = Header {
        agent_id: Uuid::from_bytes(body.array()?),
        epoch: body.u64()?,
        first_seq: body.u64()?,
        boot_id: Uuid::from_bytes(body.array()?),
        base_chain: body.u64()?,
        cursors: Cursors::new(),
    };
    for _ in 0..body.u16()? {
        let source = SourceId(body.u16()?);
        let len = usize::from(body.u16()?);
        if len > MAX_CURSOR_BYTES {
            return None;
        }
        header.cursors.insert(source, body.take(len)?.to_vec());
    }
    (header.first_seq > 0 && body.0.is_empty()).then_some(header)
}
