//! Namespaces of a process, by the inode numbers of `/proc/PID/ns`.
//!
//! Must not know which container a process belongs to.

use super::files::process_gap;
use crate::model::{Fact, Gap, GapKind, Namespaces, NsInode, NsKind};
use std::path::Path;

/// All namespaces of the process whose directory in procfs is `directory` (`/proc/812`, `/proc/self`).
pub fn namespaces(directory: &Path) -> Namespaces {
    NsKind::ALL.into_iter().map(|kind| (kind, namespace(directory, kind))).collect()
}

/// One namespace of a process. A kind that this kernel does not have is unsupported, not gone.
pub fn namespace(directory: &Path, kind: NsKind) -> Fact<NsInode> {
    let path = directory.join("ns").join(kind.as_str());
    match std::fs::read_link(&path) {
        Ok(target) => match parse(&target.to_string_lossy(), kind) {
            Some(inode) => Fact::Known(inode),
            None => Fact::unknown(
                GapKind::Unparsable,
                format!("read {}: unexpected target {}", path.display(), target.display()),
            ),
        },
        Err(error) => Fact::gap(missing(directory, &path, &error)),
    }
}

fn missing(directory: &Path, path: &Path, error: &std::io::Error) -> Gap {
    let mut gap = process_gap(path, error);
    if gap.kind == GapKind::Gone && directory.join("ns/mnt").symlink_metadata().is_ok() {
        gap.kind = GapKind::Unsupported;
    }
    gap
}

/// Reads `net:[4026531840]`; `kind` is the word in front, save for `pid_for_children` and the like.
fn parse(target: &str, kind: NsKind) -> Option<NsInode> {
    let number = target.strip_prefix(kind.as_str())?.strip_prefix(":[")?.strip_suffix(']')?;
    number.parse().ok().map(NsInode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;

    #[test]
    fn a_kind_the_kernel_lacks_is_unsupported_and_a_dead_process_is_gone() {
        let host = Fixture::new();
        host.link("proc/7/ns/net", "net:[4026532281]").link("proc/7/ns/mnt", "mnt:[4026532279]");
        host.link("proc/7/ns/uts", "nonsense");
        let seen = namespaces(&host.path("proc/7"));
        assert_eq!(seen[&NsKind::Net], Fact::Known(NsInode(4_026_532_281)));
        assert_eq!(seen[&NsKind::Time].why().map(|gap| gap.kind), Some(GapKind::Unsupported));
        assert_eq!(seen[&NsKind::Uts].why().map(|gap| gap.kind), Some(GapKind::Unparsable));
        let gone = namespace(&host.path("proc/8"), NsKind::Net);
        assert_eq!(gone.why().map(|gap| gap.kind), Some(GapKind::Gone));
    }
}
