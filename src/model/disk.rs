//! What an engine keeps on its disk, as far as pruning is concerned.

use crate::text::Outside;
use serde::{Deserialize, Serialize};

/// Disk use of an engine (`GET /system/df`), read when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DiskUse {
    /// Images.
    pub images: Vec<DiskImage>,
    /// Volumes.
    pub volumes: Vec<DiskVolume>,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskImage {
    /// Its id, `sha256:…`.
    pub id: String,
    /// Its names; empty for one without (dangling).
    pub names: Vec<Outside>,
    /// Bytes that no other image shares; all of its bytes when the engine does not tell them apart.
    pub bytes: u64,
    /// Containers made from it, running or not; none when the engine did not count them.
    pub containers: Option<u64>,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskVolume {
    /// Name.
    pub name: Outside,
    /// It was made without a name being asked for.
    pub is_anonymous: bool,
    /// Bytes; none when its driver does not tell.
    pub bytes: Option<u64>,
    /// Containers that mount it, running or not; none when the engine did not count them.
    pub containers: Option<u64>,
}
