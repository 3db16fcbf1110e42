//! Text that comes from outside: names, labels, log lines, process titles, error messages of engines and tools.
//!
//! Containers may be hostile, so none of their bytes may reach a terminal as a control sequence or break the layout
//! of a row. [`Outside`] is the type such text travels in: it has no `Display`, so that the only ways out are
//! [`Outside::shown`] (cleaned, for people) and [`Outside::raw`] (for comparing, searching and JSON).
//!
//! This room knows no container, no terminal and no theme.

mod ascii_json;
mod clean;
mod fit;
pub mod secret;
mod shared;

pub use ascii_json::{to_string_ascii, write_ascii};
pub use clean::{clean, clean_line, is_clean};
pub use fit::{ellipsis_end, ellipsis_middle, pad, width};
pub use shared::Shared;

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// A string that some container, engine, kernel object or file on the host chose.
///
/// Cheap to clone. Serialises as a plain string, so that scripts get the exact value; the JSON writer escapes what a
/// terminal could act on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outside(Arc<str>);

impl Outside {
    /// The exact text, for comparing, searching, joining on and serialising. Never for an output that people read.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text as one line that a terminal can show: every control, bidirectional mark and invisible character is
    /// spelled out (`\x1b`, `\u{202e}`), and a backslash is doubled, so that two different texts never look the same.
    pub fn shown(&self) -> Cow<'_, str> {
        clean_line(&self.0)
    }

    /// True when there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Outside {
    fn default() -> Self {
        Outside(Arc::from(""))
    }
}

impl std::fmt::Debug for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&str> for Outside {
    fn from(text: &str) -> Self {
        Outside(Arc::from(text))
    }
}

impl From<String> for Outside {
    fn from(text: String) -> Self {
        Outside(Arc::from(text))
    }
}

impl From<&String> for Outside {
    fn from(text: &String) -> Self {
        Outside(Arc::from(text.as_str()))
    }
}

impl PartialEq<str> for Outside {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Outside {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl std::borrow::Borrow<str> for Outside {
    fn borrow(&self) -> &str {
        &self.0
    }
}
