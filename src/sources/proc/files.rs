//! Bounded reading of small kernel files, and the words for a reading that failed.
//!
//! Must not know what the files mean.

use crate::model::{Gap, GapKind};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What lifts a refusal on another process's files.
pub(super) const LIFT_PTRACE: &str = "run as root or grant CAP_SYS_PTRACE";

/// Reads at most `max` bytes; a longer file is cut there.
pub(super) fn read_head(path: &Path, max: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(max.min(1024));
    File::open(path)?.take(max as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads at most `max` bytes as text without the final newline; bytes that are not UTF-8 are replaced.
pub(super) fn read_text(path: &Path, max: usize) -> std::io::Result<String> {
    let bytes = read_head(path, max)?;
    let end = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    Ok(String::from_utf8_lossy(end).into_owned())
}

/// The gap of a failed reading of a file of a process, with what would lift a refusal.
pub(super) fn process_gap(path: &Path, error: &std::io::Error) -> Gap {
    let gap = Gap::from_io("read", &path.to_string_lossy(), error);
    if gap.kind == GapKind::Permission { gap.lifted_by(LIFT_PTRACE) } else { gap }
}

/// The gap of a failed reading of a file that the kernel may not have: missing means not supported, not gone.
pub(super) fn kernel_gap(path: &Path, error: &std::io::Error) -> Gap {
    let mut gap = Gap::from_io("read", &path.to_string_lossy(), error);
    match gap.kind {
        GapKind::Gone => gap.kind = GapKind::Unsupported,
        GapKind::Permission => gap = gap.lifted_by("run as root"),
        _ => {}
    }
    gap
}
