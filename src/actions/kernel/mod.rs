//! The kernel's hand: interfaces, addresses, routes and traffic control by netlink, each acknowledged, each read back.
//!
//! ```text
//! KernelOp ─► message, shaping (bytes) ─► desk (socket, in our namespace or another) ─► kernel
//!                                              │ no: its own words, and what they mean (failure)
//!                                              └ yes ─► verify: a fresh answer against what was wanted
//! ```

mod apply;
mod desk;
mod failure;
mod message;
mod shaping;
#[cfg(test)]
mod tests;
mod verify;

use super::{Difference, Hand, HandError, Made, Moved};
use crate::model::{IfIndex, NsInode, Pid, TcHandle};
use crate::plan::{Identity, KernelOp, Op, Place, Warrant};
use crate::sources::netlink::NetlinkError;
use crate::sources::netlink::links::Other;
use desk::Desk;
use failure::{Trouble, hand_error};

/// The kernel's hand. It works in the network namespace of the thread that opened it, and enters others for as long as
/// one operation takes.
#[derive(Debug)]
pub struct KernelHand {
    desk: Desk,
}

impl KernelHand {
    /// Opens it in the network namespace of the calling thread, for whoever has a warrant.
    ///
    /// # Errors
    /// When no routing socket can be opened.
    pub fn open(_warrant: &Warrant) -> Result<Self, NetlinkError> {
        Ok(KernelHand { desk: Desk::open()? })
    }

    /// The namespace that it works in.
    pub fn netns(&self) -> NsInode {
        self.desk.netns
    }

    fn at<T: Send>(&mut self, place: &Place, work: impl FnOnce(&mut Desk) -> T + Send) -> Result<T, NetlinkError> {
        if place.netns == self.desk.netns { Ok(work(&mut self.desk)) } else { desk::elsewhere(place, work) }
    }

    /// What is there instead of an interface that was shown; none when it is the same.
    fn other_link(
        &mut self,
        place: &Place,
        ifindex: IfIndex,
        name: &str,
        peer: Option<IfIndex>,
    ) -> Result<Option<String>, NetlinkError> {
        let found = self.at(place, |desk| desk.link(Some(ifindex), name))??;
        let Some(facts) = found else { return Ok(Some("it is gone".to_owned())) };
        if facts.link.name != *name {
            return Ok(Some(format!("interface {ifindex} is {} now", facts.link.name.shown())));
        }
        let now = match facts.other {
            Other::None => None,
            Other::Here(index) | Other::There(index, _) | Other::Found(index, _) => Some(index),
        };
        Ok(peer.filter(|_| peer != now).map(|_| "it leads to another interface now".to_owned()))
    }
}

/// Where an operation works.
fn place(op: &KernelOp) -> &Place {
    match op {
        KernelOp::AddRoute { route } | KernelOp::DeleteRoute { route } => &route.link.place,
        KernelOp::AddLink { link, .. }
        | KernelOp::DeleteLink { link }
        | KernelOp::SetUp { link, .. }
        | KernelOp::SetMaster { link, .. }
        | KernelOp::RenameLink { link, .. }
        | KernelOp::AddAddress { link, .. }
        | KernelOp::DeleteAddress { link, .. }
        | KernelOp::PutQdisc { link, .. }
        | KernelOp::AddIngress { link }
        | KernelOp::DeleteQdisc { link, .. }
        | KernelOp::AddFilter { link, .. }
        | KernelOp::DeleteFilter { link, .. } => &link.place,
    }
}

impl Hand for KernelHand {
    fn check(&mut self, identity: &Identity) -> Result<(), Moved> {
        let untold = |error: &dyn std::fmt::Display| format!("that can't be told ({error})");
        let (what, now) = match identity {
            Identity::Boot { id } => {
                let now = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
                let now = match now {
                    Ok(now) if now.trim() == id => None,
                    Ok(_) => Some("the host was booted anew".to_owned()),
                    Err(error) => Some(untold(&error)),
                };
                ("the host".to_owned(), now)
            }
            Identity::Netns { netns, pid } => (format!("process {pid}"), netns_now(*netns, *pid)),
            Identity::Link { netns, by, ifindex, name, peer } => {
                let place = Place { netns: *netns, by: *by };
                let now = self.other_link(&place, *ifindex, name.raw(), *peer);
                (format!("interface {}", name.shown()), now.unwrap_or_else(|error| Some(untold(&error))))
            }
            Identity::NoLink { name } => {
                let now = match self.desk.link(None, name) {
                    Ok(None) => None,
                    Ok(Some(_)) => Some("it is taken now".to_owned()),
                    Err(error) => Some(untold(&error)),
                };
                (format!("the name {}", crate::text::clean_line(name)), now)
            }
            Identity::Qdisc { ifindex, parent, qdisc } => (
                format!("the {} of interface {ifindex}", spot(*parent)),
                self.qdisc_now(*ifindex, *parent, qdisc.as_ref()),
            ),
            _ => ("what was shown".to_owned(), Some("the kernel can't tell".to_owned())),
        };
        now.map_or(Ok(()), |now| Err(Moved { what, now }))
    }

    fn apply(&mut self, op: &Op) -> Result<Made, HandError> {
        let what = op.words();
        let Op::Kernel(op) = op else {
            let reason = "this is not for the kernel".to_owned();
            return Err(HandError::Refused { what, reason, way_out: String::new() });
        };
        let done = self.at(place(op), |desk| apply::carry_out(desk, op)).map_err(Trouble::Before);
        done.and_then(|done| done).map_err(|trouble| hand_error(op, what, trouble))
    }

    fn read_back(&mut self, op: &Op, made: &Made) -> Result<(), Difference> {
        let wanted = op.words();
        let Op::Kernel(op) = op else {
            return Err(Difference { wanted, found: "this is not for the kernel".to_owned(), is_unknown: true });
        };
        match self.at(place(op), |desk| verify::holds(desk, op, made)) {
            Ok(answer) => answer.map_err(|found| found.against(wanted)),
            // What was in a namespace that is gone is gone with it.
            Err(NetlinkError::NoWayIn { .. }) if failure::takes_away(op) => Ok(()),
            Err(error) => Err(verify::Found::Unread(error).against(wanted)),
        }
    }
}

impl KernelHand {
    /// What is at a place instead of the qdisc that was shown; none when it is the same.
    fn qdisc_now(&mut self, ifindex: IfIndex, parent: TcHandle, shown: Option<&(String, TcHandle)>) -> Option<String> {
        let there = match verify::qdisc_at(&mut self.desk, ifindex, parent) {
            Ok(there) => there,
            Err(error) => return Some(format!("that can't be told ({error})")),
        };
        match (there, shown) {
            (None, None) => None,
            (Some(there), Some((name, handle))) if there.name == *name && there.handle == *handle => None,
            (Some(there), _) => Some(format!("it has {}", verify::describe(&there))),
            (None, Some(_)) => Some("its qdisc is gone".to_owned()),
        }
    }
}

fn spot(parent: TcHandle) -> &'static str {
    if parent == TcHandle::INGRESS { "ingress" } else { "root qdisc" }
}

/// Where a process is instead of the namespace that was shown.
fn netns_now(netns: NsInode, pid: Pid) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    match std::fs::metadata(format!("/proc/{pid}/ns/net")) {
        Ok(meta) if meta.ino() == netns.0 => None,
        Ok(_) => Some("it is in another network namespace".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some("it has ended".to_owned()),
        Err(error) => Some(format!("that can't be told ({error})")),
    }
}
