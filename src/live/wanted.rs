//! The limits that are wanted, as the state file has them: read again when the file is another than before. Also in
//! read-only mode, as it only reads.

use crate::journal::{self, wanted};
use crate::model::WantedLimits;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

/// The state file and what it said last.
#[derive(Debug)]
pub struct WantedFile {
    path: Option<PathBuf>,
    stamp: Option<Stamp>,
    /// The newest limits that could be read.
    pub limits: WantedLimits,
    /// Why the file can't be read; it may hold more than is shown.
    pub failure: Option<String>,
}

/// What tells one state of the file from another: the file is replaced as a whole, so its inode changes, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Stamp { inode: file.ino(), size: file.size(), modified: (file.mtime(), file.mtime_nsec()) }
    }
}

impl WantedFile {
    /// The file in the state directory of the user. Without such a directory no limit is wanted.
    pub fn usual() -> Self {
        Self::at(journal::state_dir().ok().map(|dir| wanted::path(&dir)))
    }

    fn at(path: Option<PathBuf>) -> Self {
        WantedFile { path, stamp: None, limits: Arc::default(), failure: None }
    }

    /// Reads the file if it changed; true when that made a difference. One `stat` when nothing changed.
    pub fn look(&mut self) -> bool {
        let Some(path) = &self.path else { return false };
        let stamp = path.symlink_metadata().ok().map(|file| Stamp::of(&file));
        if stamp == self.stamp {
            return false;
        }
        self.stamp = stamp;
        let (limits, failure) = match wanted::read(path) {
            Ok(limits) if limits == *self.limits => (self.limits.clone(), None),
            Ok(limits) => (Arc::new(limits), None),
            Err(error) => (self.limits.clone(), Some(error.to_string())),
        };
        let is_new = !Arc::ptr_eq(&limits, &self.limits) || failure != self.failure;
        (self.limits, self.failure) = (limits, failure);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Shape, Wanted};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_file_is_read_when_it_is_another_and_a_damaged_one_keeps_what_was_known() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).expect("ours alone");
        let path = wanted::path(dir.path());
        let mut file = WantedFile::at(Some(path.clone()));
        assert!(!file.look() && file.limits.is_empty(), "no file is no limit");
        let limit = Wanted {
            container: "c1".into(),
            name: "web".into(),
            network: None,
            down: Some(Shape { rate_bps: Some(10_000_000), ..Shape::default() }),
            up: None,
            since: jiff::Timestamp::UNIX_EPOCH,
        };
        wanted::keep(&path, &limit).expect("written");
        assert!(file.look() && !file.look());
        assert_eq!(*file.limits, vec![limit.clone()]);
        std::fs::write(&path, "no").expect("written");
        assert!(file.look());
        assert_eq!(*file.limits, vec![limit]);
        assert!(file.failure.as_ref().is_some_and(|why| why.contains("can't be understood")), "{:?}", file.failure);
        std::fs::remove_file(&path).expect("removed");
        assert!(file.look() && file.limits.is_empty() && file.failure.is_none());
    }
}
