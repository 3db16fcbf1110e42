//! Where the journal and the wanted limits are: the XDG state directory, and only when nobody else can redirect what is
//! written there. Run by sudo with the home of another user, it would be root who follows that user's links.

use crate::text::clean_line;
use nix::sys::stat::{Mode, SFlag};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The state directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// No directory is named.
    #[error("there is no state directory: neither XDG_STATE_HOME nor HOME is an absolute path; set XDG_STATE_HOME")]
    Nowhere,
    /// Others could redirect or change what is written.
    #[error("{path} is not used: {why}; {way_out}")]
    NotOurs {
        /// The directory or file, cleaned.
        path: String,
        /// Why.
        why: String,
        /// What would help.
        way_out: &'static str,
    },
    /// The system refused.
    #[error("{operation} {path}: {source}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what, cleaned.
        path: String,
        /// Why not.
        source: io::Error,
    },
}

impl PlaceError {
    pub(super) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        PlaceError::Io { operation, path: shown(path), source }
    }
}

/// A path as it is told.
pub(super) fn shown(path: &Path) -> String {
    clean_line(&path.to_string_lossy()).into_owned()
}

const OWN_ONE: &str = "set XDG_STATE_HOME to a directory of your own (under sudo: `sudo -H`)";

/// The state directory: `$XDG_STATE_HOME/bridgewatch`, else `~/.local/state/bridgewatch`.
///
/// # Errors
/// [`PlaceError::Nowhere`] when neither variable holds an absolute path.
pub fn state_dir() -> Result<PathBuf, PlaceError> {
    usual(|name| std::env::var_os(name).map(PathBuf::from))
}

fn usual(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, PlaceError> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    Ok(base.ok_or(PlaceError::Nowhere)?.join("bridgewatch"))
}

/// Makes the directory where it is missing, for its owner alone, and checks it.
///
/// # Errors
/// See [`PlaceError`].
pub fn prepare(dir: &Path) -> Result<(), PlaceError> {
    let uid = nix::unistd::geteuid().as_raw();
    // What is there already is judged first, so that nothing is made below what is not ours.
    let mut there = dir;
    while let (Err(_), Some(above)) = (there.symlink_metadata(), there.parent()) {
        there = above;
    }
    vet(there, uid, there == dir)?;
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| PlaceError::io("create", dir, e))?;
    vet(dir, uid, true)?;
    fs::set_permissions(dir, PermissionsExt::from_mode(0o700)).map_err(|e| PlaceError::io("restrict", dir, e))
}

/// Checks that `dir` and everything above it can be changed by `uid` and root alone. With `is_own`, `dir` itself has to
/// belong to `uid` and may be no symbolic link.
pub(super) fn vet(dir: &Path, uid: u32, is_own: bool) -> Result<(), PlaceError> {
    let refuse = |path: &Path, why: String| {
        Err(PlaceError::NotOurs { path: shown(path), why: clean_line(&why).into_owned(), way_out: OWN_ONE })
    };
    let real = fs::canonicalize(dir).map_err(|e| PlaceError::io("open", dir, e))?;
    let links = dir.ancestors().filter(|path| path.is_symlink());
    for path in real.ancestors().chain(links) {
        let meta = path.symlink_metadata().map_err(|e| PlaceError::io("look at", path, e))?;
        let is_end = is_own && (path == dir || path == real);
        if is_end && path == dir && meta.is_symlink() {
            return refuse(path, "it is a symbolic link".into());
        }
        if meta.uid() != uid && (is_end || meta.uid() != 0) {
            return refuse(path, format!("it belongs to {}, not to {}", user_name(meta.uid()), user_name(uid)));
        }
        if meta.is_symlink() {
            continue;
        }
        if !meta.is_dir() {
            return refuse(path, "it is no directory".into());
        }
        // What lies in a sticky directory can be replaced by its owner alone.
        let mode = Mode::from_bits_truncate(meta.mode());
        let is_sticky = mode.contains(Mode::S_ISVTX) && !is_end;
        let trusted_group = meta.gid() == 0 || (uid != 0 && meta.gid() == nix::unistd::getegid().as_raw());
        if !is_sticky && mode.contains(Mode::S_IWOTH) {
            return refuse(path, "everybody may write to it".into());
        }
        if !is_sticky && mode.contains(Mode::S_IWGRP) && !trusted_group {
            return refuse(path, format!("group {} may write to it", meta.gid()));
        }
    }
    Ok(())
}

/// Opens a file of the state directory; no link is followed, and it has to be a plain file that belongs to `uid` and
/// that nobody else can write.
pub(super) fn open_file(path: &Path, options: &mut OpenOptions, uid: u32) -> Result<File, PlaceError> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_CLOEXEC | nix::fcntl::OFlag::O_NONBLOCK;
    let refuse = |why: String| {
        let way_out = "move it away; it is not what this program wrote";
        Err(PlaceError::NotOurs { path: shown(path), why, way_out })
    };
    let file = match options.mode(0o600).custom_flags(flags.bits()).open(path) {
        Ok(file) => file,
        Err(error) if error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32) => {
            return refuse("it is a symbolic link".into());
        }
        Err(error) => return Err(PlaceError::io("open", path, error)),
    };
    let meta = file.metadata().map_err(|e| PlaceError::io("look at", path, e))?;
    if SFlag::from_bits_truncate(meta.mode()) & SFlag::S_IFMT != SFlag::S_IFREG {
        return refuse("it is no plain file".into());
    }
    if meta.uid() != uid {
        return refuse(format!("it belongs to {}, not to {}", user_name(meta.uid()), user_name(uid)));
    }
    if meta.nlink() > 1 {
        return refuse("it has another name somewhere (a hard link)".into());
    }
    if meta.mode() & 0o022 != 0 {
        return refuse("others may write to it".into());
    }
    if meta.mode() & 0o077 != 0 {
        let private = PermissionsExt::from_mode(0o600);
        file.set_permissions(private).map_err(|e| PlaceError::io("restrict", path, e))?;
    }
    Ok(file)
}

/// Name of a user, or the number when it has none.
pub(super) fn user_name(uid: u32) -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid));
    user.ok().flatten().map_or_else(|| format!("user {uid}"), |user| clean_line(&user.name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn me() -> u32 {
        nix::unistd::geteuid().as_raw()
    }

    fn why(done: Result<(), PlaceError>) -> String {
        done.expect_err("refused").to_string()
    }

    #[test]
    fn it_is_the_xdg_directory_and_never_a_relative_one() {
        let dir = |pairs: &[(&str, &str)]| {
            usual(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| PathBuf::from(v)))
                .map(|path| path.display().to_string())
                .ok()
        };
        assert_eq!(dir(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]).as_deref(), Some("/s/bridgewatch"));
        assert_eq!(dir(&[("XDG_STATE_HOME", "s"), ("HOME", "/h")]).as_deref(), Some("/h/.local/state/bridgewatch"));
        assert_eq!(dir(&[("XDG_STATE_HOME", ""), ("HOME", "")]), None);
    }

    #[test]
    fn it_is_made_for_its_owner_alone() {
        let home = tempfile::tempdir().expect("a directory");
        let dir = home.path().join("a/b");
        prepare(&dir).expect("made");
        assert_eq!(dir.metadata().expect("there").mode() & 0o777, 0o700);
        prepare(&dir).expect("used again");
    }

    #[test]
    fn planted_links_and_open_directories_are_refused() {
        let home = tempfile::tempdir().expect("a directory");
        let (dir, other) = (home.path().join("state"), home.path().join("other"));
        fs::create_dir(&other).expect("made");
        symlink(&other, &dir).expect("planted");
        assert!(why(prepare(&dir)).contains("symbolic link"));
        fs::remove_file(&dir).expect("removed");
        fs::create_dir(&dir).expect("made");
        fs::set_permissions(&dir, PermissionsExt::from_mode(0o777)).expect("opened");
        assert!(why(prepare(&dir)).contains("everybody may write"));
        assert!(why(prepare(&dir.join("below"))).contains("everybody may write"), "also above");
        fs::set_permissions(&dir, PermissionsExt::from_mode(0o700)).expect("closed");
        let stranger = why(vet(&dir, me() + 1, true));
        assert!(stranger.contains("belongs to") && stranger.contains("sudo -H"), "{stranger}");
    }

    #[test]
    fn a_file_that_is_not_plainly_ours_is_refused() {
        let home = tempfile::tempdir().expect("a directory");
        let (path, other) = (home.path().join("file"), home.path().join("other"));
        let open = |uid| open_file(&path, OpenOptions::new().append(true).create(true), uid).map(|_| ());
        open(me()).expect("made");
        assert_eq!(path.metadata().expect("there").mode() & 0o777, 0o600);
        assert!(why(open(me() + 1)).contains("belongs to"));
        fs::hard_link(&path, &other).expect("linked");
        assert!(why(open(me())).contains("hard link"));
        fs::remove_file(&path).expect("removed");
        symlink(&other, &path).expect("planted");
        assert!(why(open(me())).contains("symbolic link"));
        fs::remove_file(&path).expect("removed");
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).expect("a pipe");
        assert!(open_file(&path, OpenOptions::new().read(true), me()).is_err(), "and does not hang");
    }
}
