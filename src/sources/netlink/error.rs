//! What can go wrong between us and the kernel's routing socket, and how it reads as a gap. Knows no interface.

use crate::model::{Gap, GapKind};
use std::io;

/// A reading by netlink failed.
#[derive(Debug, thiserror::Error)]
pub enum NetlinkError {
    /// A system call on the way failed.
    #[error("{operation}: {source}")]
    System {
        /// What was tried, in words.
        operation: &'static str,
        /// The error of the call.
        source: io::Error,
    },
    /// The kernel answered with an error code, in an error message or at the end of a dump.
    #[error("{operation}: {source}{}", .words.as_ref().map(|w| format!(" ({w})")).unwrap_or_default())]
    Refused {
        /// What was asked, in words.
        operation: &'static str,
        /// The code as an error.
        source: io::Error,
        /// What the kernel says of it in its own words (extended acknowledgement), cleaned.
        words: Option<String>,
    },
    /// The kernel did not answer within the deadline.
    #[error("{operation}: no answer within {seconds} s")]
    Timeout {
        /// What was asked, in words.
        operation: &'static str,
        /// The deadline, seconds.
        seconds: u64,
    },
    /// A message did not fit the buffer, so that part of it is lost.
    #[error("{operation}: an answer of {bytes} bytes was cut")]
    Cut {
        /// What was asked, in words.
        operation: &'static str,
        /// Its real size, bytes.
        bytes: usize,
    },
    /// Every namespace has a loopback device; an answer without one is not an answer about a namespace.
    #[error("{operation}: the answer has no loopback device, so it is not the namespace's")]
    NoLoopback {
        /// What was asked, in words.
        operation: &'static str,
    },
    /// A thread that entered a namespace found itself in another one.
    #[error("enter network namespace {wanted}: the thread is in {found}")]
    WrongNamespace {
        /// Inode asked for.
        wanted: u64,
        /// Inode it was in.
        found: u64,
    },
    /// The namespace has no way in that is still there: no process and no mount.
    #[error("open network namespace {inode}: no process or mount leads to it any more")]
    NoWayIn {
        /// Its inode.
        inode: u64,
    },
    /// The thread that reads is gone.
    #[error("the thread that reads netlink has ended")]
    Stopped,
}

impl NetlinkError {
    /// A failed system call.
    pub fn system(operation: &'static str, source: impl Into<io::Error>) -> Self {
        NetlinkError::System { operation, source: source.into() }
    }

    /// The error code behind it, if there is one.
    pub fn errno(&self) -> Option<i32> {
        match self {
            NetlinkError::System { source, .. } | NetlinkError::Refused { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }

    /// The kernel's own words, if it had any.
    pub fn words(&self) -> Option<&str> {
        match self {
            NetlinkError::Refused { words, .. } => words.as_deref(),
            _ => None,
        }
    }

    /// The gap that a fact has which could not be read because of this.
    pub fn gap(&self) -> Gap {
        use nix::libc::{EACCES, EAFNOSUPPORT, EINVAL, ENODEV, ENOENT, EOPNOTSUPP, EPERM, ESRCH};
        let kind = match (self, self.errno()) {
            (NetlinkError::Timeout { .. }, _) => GapKind::Timeout,
            (NetlinkError::NoWayIn { .. }, _) => GapKind::Gone,
            (NetlinkError::Cut { .. } | NetlinkError::NoLoopback { .. } | NetlinkError::WrongNamespace { .. }, _) => {
                GapKind::Unparsable
            }
            (_, Some(EPERM | EACCES)) => GapKind::Permission,
            (_, Some(ENOENT | ESRCH | ENODEV)) => GapKind::Gone,
            (_, Some(EOPNOTSUPP | EAFNOSUPPORT | EINVAL)) => GapKind::Unsupported,
            _ => GapKind::NotYet,
        };
        let gap = Gap::new(kind, self.to_string());
        if kind == GapKind::Permission {
            gap.lifted_by("run as root or grant CAP_SYS_ADMIN and CAP_SYS_PTRACE")
        } else {
            gap
        }
    }
}
