//! The limits that are wanted, as a file: read by whoever watches the host, changed one line at a time and replaced as a
//! whole, so that a reader never meets half of it.

use super::place::{self, PlaceError, shown};
use crate::model::{ContainerId, NetworkId, Wanted};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Largest file that is read.
const MAX_WANTED: u64 = 1 << 20;

/// Version of the file that is written; one from a newer program is refused, not guessed.
const VERSION: u32 = 1;

/// The wanted limits can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WantedError {
    /// The place is no good.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It is not what this program writes.
    #[error("{path} can't be understood: {why}; move it away to start anew")]
    Damaged {
        /// The file, cleaned.
        path: String,
        /// Why.
        why: String,
    },
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    version: u32,
    limits: Vec<Wanted>,
}

/// Where the file is in a state directory.
pub fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("wanted.json")
}

/// Reads the limits that are wanted; none when there is no file. Nothing is made or changed.
///
/// # Errors
/// See [`WantedError`].
pub fn read(path: &Path) -> Result<Vec<Wanted>, WantedError> {
    let uid = nix::unistd::geteuid().as_raw();
    if let Err(error) = path.symlink_metadata()
        && error.kind() == io::ErrorKind::NotFound
    {
        return Ok(Vec::new());
    }
    place::vet(path.parent().unwrap_or(path), uid, true)?;
    let damaged = |why: String| WantedError::Damaged { path: shown(path), why };
    let file = match place::open_file(path, OpenOptions::new().read(true), uid) {
        Err(PlaceError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let mut text = Vec::new();
    file.take(MAX_WANTED + 1).read_to_end(&mut text).map_err(|e| PlaceError::io("read", path, e))?;
    if text.len() as u64 > MAX_WANTED {
        return Err(damaged("it is larger than 1 MiB".into()));
    }
    let document: Document = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    if document.version > VERSION {
        return Err(damaged(format!("it was written by a newer bridgewatch (version {})", document.version)));
    }
    Ok(document.limits)
}

/// Wants a limit from now on; it takes the place of one for the same container and network.
///
/// # Errors
/// See [`WantedError`]; then the file is as it was.
pub fn keep(path: &Path, wanted: &Wanted) -> Result<(), WantedError> {
    change(path, |all| {
        all.retain(|w| (&w.container, &w.network) != (&wanted.container, &wanted.network));
        all.push(wanted.clone());
    })
}

/// Wants a limit no longer.
///
/// # Errors
/// See [`WantedError`]; then the file is as it was.
pub fn forget(path: &Path, container: &ContainerId, network: Option<&NetworkId>) -> Result<(), WantedError> {
    change(path, |all| all.retain(|w| (&w.container, w.network.as_ref()) != (container, network)))
}

/// Changes the list under a lock on its directory: two bridgewatches never lose each other's line.
fn change(path: &Path, edit: impl FnOnce(&mut Vec<Wanted>)) -> Result<(), WantedError> {
    let dir = path.parent().unwrap_or(path);
    place::prepare(dir)?;
    let folder = File::open(dir).map_err(|e| PlaceError::io("open", dir, e))?;
    let folder =
        Flock::lock(folder, FlockArg::LockExclusive).map_err(|(_, errno)| PlaceError::io("lock", dir, errno.into()))?;
    let mut limits = read(path)?;
    edit(&mut limits);
    let text = serde_json::to_vec(&Document { version: VERSION, limits }).map_err(io::Error::from);
    let fresh = path.with_extension("json.new");
    // One left over from a crash is nobody's.
    let _ = fs::remove_file(&fresh);
    let uid = nix::unistd::geteuid().as_raw();
    let mut file = place::open_file(&fresh, OpenOptions::new().write(true).create_new(true), uid)?;
    let done = text
        .and_then(|text| file.write_all(&text))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&fresh, path))
        .and_then(|()| folder.sync_all());
    Ok(done.map_err(|e| PlaceError::io("write", path, e))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Shape;

    fn wanted(container: &str, network: Option<&str>, rate: u64) -> Wanted {
        Wanted {
            container: container.into(),
            name: container.into(),
            network: network.map(Into::into),
            down: Some(Shape { rate_bps: Some(rate), ..Shape::default() }),
            up: None,
            since: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_limit_is_kept_replaced_and_forgotten() {
        let home = tempfile::tempdir().expect("a directory");
        let path = path(&home.path().join("bridgewatch"));
        assert_eq!(read(&path).expect("no file is no limit"), []);
        assert!(!path.exists(), "reading makes nothing");
        keep(&path, &wanted("a", None, 1)).expect("kept");
        keep(&path, &wanted("a", Some("n"), 2)).expect("kept");
        keep(&path, &wanted("a", None, 3)).expect("replaced");
        assert_eq!(read(&path).expect("read"), [wanted("a", Some("n"), 2), wanted("a", None, 3)]);
        forget(&path, &"a".into(), None).expect("forgotten");
        assert_eq!(read(&path).expect("read"), [wanted("a", Some("n"), 2)]);
    }

    #[test]
    fn two_writers_lose_nothing() {
        let home = tempfile::tempdir().expect("a directory");
        let path = path(&home.path().join("bridgewatch"));
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for n in 0..10 {
                        keep(path, &wanted(&format!("{writer}-{n}"), None, 1)).expect("kept");
                    }
                });
            }
        });
        assert_eq!(read(&path).expect("read").len(), 40);
    }

    #[test]
    fn damage_and_newer_files_are_named_and_left_alone() {
        let home = tempfile::tempdir().expect("a directory");
        let path = path(&home.path().join("bridgewatch"));
        keep(&path, &wanted("a", None, 1)).expect("kept");
        for text in ["{\"version\":1,\"lim", "{\"version\":2,\"limits\":[]}", ""] {
            fs::write(&path, text).expect("damaged");
            let error = keep(&path, &wanted("b", None, 1)).expect_err("refused").to_string();
            assert!(error.contains("wanted.json"), "{error}");
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
    }
}
