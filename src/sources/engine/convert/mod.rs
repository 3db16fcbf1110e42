//! The engine's answers turned into the model. Pure: JSON in, facts out, and nothing that an engine can write makes it
//! fail: a field of the wrong type is an absent field, an unknown word stays that word.
//!
//! Field names are those of the Docker Engine API, versions 1.40 to 1.53; Podman's compatible service has the same.
//! An empty string and the year 1 mean "none" there.

mod config;
mod container;
mod disk;
mod host;
mod network;
mod port;

pub use container::{container, container_row, exec, health_word};
pub use disk::disk_use;
pub use host::engine;
pub(super) use network::volume_at;
pub use network::{network, network_row};

use serde_json::{Value, json};

/// Finds the id at the beginning of an element that was too large to keep, and makes a row of it.
pub(super) fn stub_of(head: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(head);
    let find = |key: &str| -> Option<String> {
        let rest = &text[text.find(key)? + key.len()..];
        let rest = rest.trim_start_matches([':', ' ', '[', '"']);
        Some(rest[..rest.find('"')?].to_owned())
    };
    let id = find("\"Id\"")?;
    let name = find("\"Names\"").or_else(|| find("\"Name\"")).unwrap_or_default();
    Some(json!({"Id": id, "Name": name, "Names": [name], "State": find("\"State\""), "Status": find("\"Status\"")}))
}

#[cfg(test)]
mod tests;
