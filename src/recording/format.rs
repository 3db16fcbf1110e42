//! The bytes of a recording. Knows no snapshot: payloads are bytes here.
//!
//! ```text
//! file    = head frame*                     all numbers little-endian
//! head    = magic[8] version:u16 0:u16 meta_len:u32 crc:u32 meta[meta_len]      crc over version … meta, without itself
//! frame   = marker[4] kind:u8 0[3] stored_len:u32 plain_len:u32 position_ns:u64 taken_at_us:i64
//!           head_crc:u32 payload_crc:u32 payload[stored_len]                    head_crc over the 32 bytes before it
//! payload = raw deflate of `plain_len` bytes of JSON
//! ```
//!
//! A frame is written in one piece and never touched again, so a file that is cut anywhere plays up to the cut. The
//! head of a frame has a checksum of its own, so that an index can be built without reading payloads.

use super::RecordingError;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::io::{Read, Write};

/// First bytes of every recording. The high bit and the line ends show a transfer that was not binary.
pub(super) const MAGIC: [u8; 8] = *b"\x89bwrec\r\n";
/// Version of the layout in this file. A reader refuses higher ones.
pub const FORMAT_VERSION: u16 = 1;
/// Bytes of the file's head before the meta text.
pub(super) const FILE_HEAD: usize = 20;
/// Bytes of a frame's head.
pub(super) const FRAME_HEAD: usize = 40;
/// Largest meta text.
pub(super) const MAX_META: usize = 64 << 10;
/// Largest compressed payload.
pub(super) const MAX_STORED: u32 = 64 << 20;
/// Largest payload: some 20 times a key frame of 1,000 containers.
pub(super) const MAX_PLAIN: u32 = 256 << 20;
const MARKER: [u8; 4] = *b"bwfr";

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// A whole snapshot.
    Key,
    /// What changed since the frame before.
    Delta,
    /// An answer to a question that snapshots don't hold.
    Detail,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) kind: FrameKind,
    pub(super) stored_len: u32,
    pub(super) plain_len: u32,
    /// Nanoseconds since the first frame; never less than the frame before has.
    pub(super) position_ns: u64,
    /// Wall clock, microseconds since 1970.
    pub(super) taken_at_us: i64,
    pub(super) payload_crc: u32,
}

/// CRC-32 (IEEE 802.3) of the parts in a row.
fn crc32(parts: &[&[u8]]) -> u32 {
    let mut crc = Crc::new();
    for part in parts {
        crc.update(part);
    }
    crc.sum()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// The file's head with its meta text.
pub(super) fn file_head(meta: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(FILE_HEAD + meta.len());
    out.extend(MAGIC);
    out.extend(FORMAT_VERSION.to_le_bytes());
    out.extend([0, 0]);
    out.extend((meta.len() as u32).to_le_bytes());
    let crc = crc32(&[&out[8..16], meta]);
    out.extend(crc.to_le_bytes());
    out.extend(meta);
    out
}

/// Reads the file's head; answers the meta text.
///
/// # Errors
/// Not a recording, a newer format, or damage; `name` is for the message.
pub(super) fn read_file_head(source: &mut dyn Read, name: &str) -> Result<Vec<u8>, RecordingError> {
    let foreign = || RecordingError::NotARecording { path: name.to_owned() };
    let cut = |_| RecordingError::damaged(0, "cut within its head");
    let mut head = [0; FILE_HEAD];
    source.read_exact(&mut head[..8]).map_err(|_| foreign())?;
    if head[..8] != MAGIC {
        return Err(foreign());
    }
    source.read_exact(&mut head[8..10]).map_err(cut)?;
    // The version decides what the rest means, so it is looked at before any checksum.
    let version = u16::from_le_bytes([head[8], head[9]]);
    if version > FORMAT_VERSION {
        return Err(RecordingError::Newer {
            path: name.to_owned(),
            what: "format",
            found: version.into(),
            known: FORMAT_VERSION.into(),
        });
    }
    source.read_exact(&mut head[10..]).map_err(cut)?;
    let len = u32_at(&head, 12) as usize;
    if len > MAX_META {
        return Err(RecordingError::damaged(12, "the length in its head is impossible"));
    }
    let mut meta = vec![0; len];
    source.read_exact(&mut meta).map_err(cut)?;
    if crc32(&[&head[8..16], &meta]) != u32_at(&head, 16) {
        return Err(RecordingError::damaged(8, "the checksum of its head does not match"));
    }
    Ok(meta)
}

impl FrameHead {
    /// Reads a frame's head; none when a marker, a checksum or a length is wrong.
    pub(super) fn parse(bytes: &[u8; FRAME_HEAD]) -> Option<Self> {
        if bytes[..4] != MARKER || crc32(&[&bytes[..32]]) != u32_at(bytes, 32) {
            return None;
        }
        let kind = match bytes[4] {
            1 => FrameKind::Key,
            2 => FrameKind::Delta,
            3 => FrameKind::Detail,
            _ => return None,
        };
        let head = FrameHead {
            kind,
            stored_len: u32_at(bytes, 8),
            plain_len: u32_at(bytes, 12),
            position_ns: u64_at(bytes, 16),
            taken_at_us: u64_at(bytes, 24).cast_signed(),
            payload_crc: u32_at(bytes, 36),
        };
        (head.stored_len <= MAX_STORED && head.plain_len <= MAX_PLAIN).then_some(head)
    }

    fn write(&self, out: &mut Vec<u8>) {
        let from = out.len();
        out.extend(MARKER);
        out.push(match self.kind {
            FrameKind::Key => 1,
            FrameKind::Delta => 2,
            FrameKind::Detail => 3,
        });
        out.extend([0; 3]);
        out.extend(self.stored_len.to_le_bytes());
        out.extend(self.plain_len.to_le_bytes());
        out.extend(self.position_ns.to_le_bytes());
        out.extend(self.taken_at_us.to_le_bytes());
        let crc = crc32(&[&out[from..]]);
        out.extend(crc.to_le_bytes());
        out.extend(self.payload_crc.to_le_bytes());
    }
}

/// A whole frame, ready to be written in one piece.
///
/// # Errors
/// When the payload is larger than the format allows.
pub(super) fn frame(
    kind: FrameKind,
    position_ns: u64,
    taken_at_us: i64,
    plain: &[u8],
) -> Result<Vec<u8>, RecordingError> {
    let too_large =
        |bytes: usize, limit: u32| RecordingError::TooLarge { bytes: bytes as u64, limit_bytes: limit.into() };
    let plain_len = u32::try_from(plain.len()).ok().filter(|len| *len <= MAX_PLAIN);
    let plain_len = plain_len.ok_or_else(|| too_large(plain.len(), MAX_PLAIN))?;
    let mut deflate = DeflateEncoder::new(Vec::with_capacity(plain.len() / 8), Compression::fast());
    let stored = deflate.write_all(plain).and_then(|()| deflate.finish());
    let stored =
        stored.map_err(|source| RecordingError::Io { operation: "compress", path: "frame".to_owned(), source })?;
    let stored_len = u32::try_from(stored.len()).ok().filter(|len| *len <= MAX_STORED);
    let stored_len = stored_len.ok_or_else(|| too_large(stored.len(), MAX_STORED))?;
    let payload_crc = crc32(&[&stored]);
    let mut out = Vec::with_capacity(FRAME_HEAD + stored.len());
    FrameHead { kind, stored_len, plain_len, position_ns, taken_at_us, payload_crc }.write(&mut out);
    out.extend(stored);
    Ok(out)
}

/// Checks and unpacks a payload. Memory grows with what really comes out, never with what the head claims.
///
/// # Errors
/// In words, when the checksum, the compression or the length does not fit the head.
pub(super) fn unpack(head: &FrameHead, stored: &[u8]) -> Result<Vec<u8>, String> {
    if crc32(&[stored]) != head.payload_crc {
        return Err("the checksum of the payload does not match".to_owned());
    }
    let mut plain = Vec::new();
    let limit = u64::from(head.plain_len) + 1;
    DeflateDecoder::new(stored).take(limit).read_to_end(&mut plain).map_err(|error| format!("unpacking: {error}"))?;
    if plain.len() != head.plain_len as usize {
        return Err("the payload has another length than its head says".to_owned());
    }
    Ok(plain)
}
