//! The one place where JSON leaves for a pipe or a terminal.

use serde::Serialize;
use std::io::{self, Write};

/// Writes one document and a line feed; `pretty` is for people, the other form keeps one document to a line.
///
/// # Errors
/// Those of the writer: a closed pipe, a full disk.
pub fn write(out: &mut impl Write, document: &impl Serialize, pretty: bool) -> io::Result<()> {
    if pretty {
        serde_json::to_writer_pretty(&mut *out, document)?;
    } else {
        serde_json::to_writer(&mut *out, document)?;
    }
    out.write_all(b"\n")
}

/// One document as a line of text without the line feed. Documents here have text keys and finite numbers or none,
/// so that they always serialise; should one not, the text is `null`.
pub fn text(document: &impl Serialize) -> String {
    serde_json::to_string(document).unwrap_or_else(|_| "null".to_owned())
}
