//! What a refusal of the kernel means, in its own words and in those of an operator.

use crate::actions::HandError;
use crate::plan::KernelOp;
use crate::sources::netlink::NetlinkError;
use nix::libc;

/// What went wrong on the way to an operation or in it.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Before anything was sent.
    Before(NetlinkError),
    /// The kernel's answer, or that there was none.
    Answer(NetlinkError),
    /// The interface is not there, or is another by now.
    NoLink(String),
    /// An interface was made that could be neither marked nor removed.
    Unmarked(String),
    /// An operation that this program does not make.
    Unmade(&'static str),
}

/// True for operations that take something away.
pub(super) fn takes_away(op: &KernelOp) -> bool {
    use KernelOp::{DeleteAddress, DeleteFilter, DeleteLink, DeleteQdisc, DeleteRoute};
    matches!(
        op,
        DeleteLink { .. } | DeleteAddress { .. } | DeleteRoute { .. } | DeleteQdisc { .. } | DeleteFilter { .. }
    )
}

/// The error of an operation.
pub(super) fn hand_error(op: &KernelOp, what: String, trouble: Trouble) -> HandError {
    let refused =
        |what, reason: String, way_out: &str| HandError::Refused { what, reason, way_out: way_out.to_owned() };
    match trouble {
        Trouble::NoLink(_) if takes_away(op) => HandError::Gone { what },
        Trouble::NoLink(name) => {
            refused(what, format!("{name} is gone, or is another interface by now"), "look again and plan anew")
        }
        Trouble::Unmarked(name) => {
            HandError::Unknown { what, reason: format!("{name} was made, and could be neither marked nor removed") }
        }
        Trouble::Unmade(reason) => refused(what, reason.to_owned(), ""),
        Trouble::Before(NetlinkError::NoWayIn { .. }) if takes_away(op) => HandError::Gone { what },
        Trouble::Before(NetlinkError::NoWayIn { .. }) => {
            refused(what, "the container's network namespace is gone".to_owned(), "look again and plan anew")
        }
        Trouble::Before(error) => {
            let way_out =
                if is_permission(&error) { "run as root: CAP_SYS_ADMIN and CAP_NET_ADMIN are needed" } else { "" };
            refused(what, error.to_string(), way_out)
        }
        Trouble::Answer(error @ NetlinkError::Refused { .. }) => answered(op, what, &error),
        Trouble::Answer(error) => HandError::Unknown { what, reason: error.to_string() },
    }
}

fn is_permission(error: &NetlinkError) -> bool {
    matches!(error.errno(), Some(libc::EPERM | libc::EACCES))
}

/// The kernel said no, so nothing was changed. Its code alone may mean several things; its words tell which.
fn answered(op: &KernelOp, what: String, error: &NetlinkError) -> HandError {
    let words = error.words().unwrap_or_default();
    let said = |text: &str| words.contains(text);
    let errno = error.errno().unwrap_or_default();
    if takes_away(op) && is_gone(errno, words) {
        return HandError::Gone { what };
    }
    let (meaning, way_out) = match errno {
        libc::EPERM | libc::EACCES => ("it is not permitted", "run as root: CAP_NET_ADMIN is needed"),
        libc::ENOENT if said("qdisc kind is unknown") => {
            ("this kernel lacks that kind of qdisc", "`modprobe sch_KIND` brings it where it is a module")
        }
        libc::ENOENT if said("classifier not found") => {
            ("this kernel lacks that classifier", "`modprobe cls_u32` or `cls_matchall` brings it where it is a module")
        }
        libc::ENOENT if said("action module") => {
            ("this kernel lacks that action", "`modprobe act_mirred` or `act_police` brings it where it is a module")
        }
        libc::EOPNOTSUPP if said("Unknown device type") => (
            "this kernel lacks that kind of interface",
            "`modprobe ifb` or `modprobe veth` brings it where it is a module",
        ),
        libc::ENOENT => ("what was to be changed is gone", "look again and plan anew"),
        libc::ENODEV => ("the interface is gone", "look again and plan anew"),
        libc::EEXIST => ("something is there already", "look again and plan anew"),
        libc::ENETUNREACH => ("the gateway can't be reached from this interface", "check address, prefix and gateway"),
        libc::EBUSY => ("it is in use", ""),
        libc::EINVAL if words.is_empty() => ("the kernel finds it invalid, and does not say why", ""),
        _ => ("", ""),
    };
    let reason = match (meaning, words) {
        ("", "") => error.to_string(),
        ("", words) => words.to_owned(),
        (meaning, "") => meaning.to_owned(),
        (meaning, words) => format!("{meaning} ({words})"),
    };
    HandError::Refused { what, reason, way_out: way_out.to_owned() }
}

/// Nothing to take away.
fn is_gone(errno: i32, words: &str) -> bool {
    match errno {
        libc::ENODEV | libc::ENOENT | libc::ESRCH | libc::EADDRNOTAVAIL => true,
        // Of a filter whose qdisc went before.
        libc::EINVAL => words.contains("Parent Qdisc doesn't exist"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NsInode, TcHandle};
    use crate::plan::{LinkRef, Place};

    fn link() -> LinkRef {
        LinkRef { place: Place { netns: NsInode(1), by: None }, ifindex: None, name: "veth1".into() }
    }

    fn refused(op: &KernelOp, errno: i32, words: Option<&str>) -> HandError {
        let source = std::io::Error::from_raw_os_error(errno);
        let error = NetlinkError::Refused { operation: "x", source, words: words.map(str::to_owned) };
        hand_error(op, "it".into(), Trouble::Answer(error))
    }

    #[test]
    fn one_code_means_several_things_and_the_words_tell_which() {
        let add = KernelOp::AddIngress { link: link() };
        let delete = KernelOp::DeleteQdisc { link: link(), parent: TcHandle::ROOT, handle: TcHandle::OWN };
        let text = |op, errno, words| refused(op, errno, words).to_string();
        assert!(text(&add, libc::ENOENT, Some("Specified qdisc kind is unknown")).contains("modprobe"));
        assert!(text(&add, libc::ENOENT, None).contains("is gone; look again"));
        assert!(text(&add, libc::EPERM, None).contains("CAP_NET_ADMIN"));
        assert!(text(&add, libc::EOPNOTSUPP, Some("Unknown device type")).contains("modprobe ifb"));
        assert!(text(&add, libc::EINVAL, None).contains("does not say why"));
        assert!(text(&add, libc::ERANGE, Some("words of its own")).contains("words of its own"));
        let gone = HandError::Gone { what: "it".into() };
        assert_eq!(refused(&delete, libc::ENOENT, Some("Cannot find specified qdisc on specified device")), gone);
        assert_eq!(refused(&delete, libc::ENODEV, None), gone);
        assert!(matches!(refused(&delete, libc::EPERM, None), HandError::Refused { .. }));
        let silent = Trouble::Answer(NetlinkError::Timeout { operation: "x", seconds: 2 });
        assert!(matches!(hand_error(&add, "it".into(), silent), HandError::Unknown { .. }));
        assert_eq!(hand_error(&delete, "it".into(), Trouble::NoLink("veth1".into())), gone);
    }
}
