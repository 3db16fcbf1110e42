//! Where the kernel's hand works: a socket in our namespace, or for the time of one operation in another.
//!
//! Another namespace is entered on a thread that is made for it and ends afterwards, so no thread that does anything else
//! is ever elsewhere; where it is, it sees for itself first.

use crate::model::{IfIndex, NsInode, Pid};
use crate::plan::{LinkRef, Place};
use crate::sources::netlink::NetlinkError;
use crate::sources::netlink::links::{LinkFacts, parse_link};
use crate::sources::netlink::netns::{Found, of_this_thread};
use crate::sources::netlink::socket::RouteSocket;
use crate::sources::netlink::tc::TcReader;
use crate::sources::netlink::wire::{RTM_GETLINK, Request};
use nix::libc::ENODEV;
use nix::sched::{CloneFlags, setns};
use std::fs::File;

const IFLA_IFNAME: u16 = 3;

/// Sockets in one namespace.
#[derive(Debug)]
pub(super) struct Desk {
    pub netns: NsInode,
    pub socket: RouteSocket,
    pub tc: TcReader,
}

impl Desk {
    /// Opens them in the namespace of the calling thread.
    pub fn open() -> Result<Self, NetlinkError> {
        Ok(Desk { netns: of_this_thread()?, socket: RouteSocket::open()?, tc: TcReader::open()? })
    }

    /// An interface by its index, else by its name; none when there is none.
    pub fn link(&mut self, index: Option<IfIndex>, name: &str) -> Result<Option<LinkFacts>, NetlinkError> {
        let mut header = [0; 16];
        if let Some(index) = index {
            header[4..8].copy_from_slice(&index.0.to_ne_bytes());
        }
        let mut request = Request::one("look for an interface", RTM_GETLINK, &header);
        if index.is_none() {
            request = request.with(IFLA_IFNAME, &super::message::string(name));
        }
        let netns = self.netns;
        match self.socket.ask(&mut request, |message| parse_link(netns, message)) {
            Err(error) if error.errno() == Some(ENODEV) => Ok(None),
            other => other,
        }
    }

    /// The interface that an operation means: its index has to have its name still.
    pub fn find(&mut self, link: &LinkRef) -> Result<Option<LinkFacts>, NetlinkError> {
        let found = self.link(link.ifindex, link.name.raw())?;
        Ok(found.filter(|facts| facts.link.name == link.name))
    }
}

/// A way into a namespace, as an open file of it.
pub(super) fn way_into(place: &Place) -> Result<File, NetlinkError> {
    let pids: Vec<Pid> = place.by.into_iter().collect();
    Found { pids, ..Found::new(place.netns) }.open()
}

/// Runs `work` at a desk in another namespace.
pub(super) fn elsewhere<T: Send>(place: &Place, work: impl FnOnce(&mut Desk) -> T + Send) -> Result<T, NetlinkError> {
    const THREAD: &str = "start a thread to enter a network namespace";
    let file = way_into(place)?;
    let visit = move || {
        setns(&file, CloneFlags::CLONE_NEWNET)
            .map_err(|errno| NetlinkError::system("enter a network namespace (setns)", errno))?;
        let mut desk = Desk::open()?;
        if desk.netns != place.netns {
            return Err(NetlinkError::WrongNamespace { wanted: place.netns.0, found: desk.netns.0 });
        }
        Ok(work(&mut desk))
    };
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("netns-hand".to_owned())
            .spawn_scoped(scope, visit)
            .map_err(|error| NetlinkError::system(THREAD, error))?
            .join()
            .map_err(|_| NetlinkError::Stopped)?
    })
}
