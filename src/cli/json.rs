//! The one place where JSON leaves for a pipe or a terminal: in ASCII alone, so that no control character or
//! bidirectional mark of outside text reaches either as it is.

use crate::text::{to_string_ascii, write_ascii};
use serde::Serialize;
use std::io::{self, Write};

/// Writes one document and a line feed; `pretty` is for people, the other form keeps one document to a line.
///
/// # Errors
/// Those of the writer: a closed pipe, a full disk.
pub fn write(out: &mut impl Write, document: &impl Serialize, pretty: bool) -> io::Result<()> {
    write_ascii(&mut *out, document, pretty)?;
    out.write_all(b"\n")
}

/// One document as a line of text without the line feed.
pub fn text(document: &impl Serialize) -> String {
    to_string_ascii(document)
}
