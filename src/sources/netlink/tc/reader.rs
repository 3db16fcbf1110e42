//! Asks the kernel for traffic control, through one kept socket. Blocking; changes nothing.
//!
//! Qdiscs come in one dump for all interfaces. Classes and filters need a dump for each interface and each point of
//! attachment, so they are only asked for where somebody made a qdisc: a host without limits costs one dump.

use super::super::NetlinkError;
use super::super::socket::{RouteSocket, Steadiness};
use super::super::wire::{
    Message, RTM_GETQDISC, RTM_GETTCLASS, RTM_GETTFILTER, RTM_NEWQDISC, RTM_NEWTCLASS, RTM_NEWTFILTER, Request,
};
use super::{HEADER, parse_class, parse_filter, parse_qdisc};
use crate::model::{IfIndex, NsInode, Qdisc, QdiscSample, Tc, TcClass, TcFilter, TcHandle};
use std::collections::BTreeSet;

/// Minor numbers of `clsact` where filters stand: those for what comes in and for what goes out.
const CLSACT: [u16; 2] = [0xfff2, 0xfff3];
/// Kinds whose classes are flows that come and go, or that have none.
const WITHOUT_CLASSES: [&str; 11] =
    ["fq_codel", "fq", "sfq", "cake", "codel", "fq_pie", "pfifo", "bfifo", "noqueue", "ingress", "clsact"];

/// Objects with the counters that came with them.
type Counted<T> = Vec<(T, Option<QdiscSample>)>;

/// Reads traffic control of the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct TcReader {
    socket: RouteSocket,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TcReading {
    /// Qdiscs, classes and filters; the parts of the kernel are left empty.
    pub tc: Tc,
    /// Counters of qdiscs and classes, sorted by (netns, ifindex, parent, handle).
    pub samples: Vec<QdiscSample>,
    /// Something came or went while it was read, so that it may be incomplete.
    pub is_changing: bool,
}

impl TcReader {
    /// Opens the socket, in the network namespace of the calling thread, which it keeps for its life.
    ///
    /// # Errors
    /// When no routing socket can be opened.
    pub fn open() -> Result<Self, NetlinkError> {
        Ok(TcReader { socket: RouteSocket::open()? })
    }

    /// Reads everything. `netns` is the inode that it is filed under.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer. An interface that goes meanwhile is no error.
    pub fn read(&mut self, netns: NsInode) -> Result<TcReading, NetlinkError> {
        read(&mut self.socket, netns)
    }

    /// Reads the qdiscs of all interfaces with their counters, in the kernel's order.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub fn qdiscs(&mut self, netns: NsInode) -> Result<Vec<(Qdisc, Option<QdiscSample>)>, NetlinkError> {
        qdiscs(&mut self.socket, netns).map(|(found, _)| found)
    }

    /// Reads the classes of an interface with their counters.
    ///
    /// # Errors
    /// When the kernel refuses, e.g. because the interface is gone.
    pub fn classes(
        &mut self,
        netns: NsInode,
        ifindex: IfIndex,
    ) -> Result<Vec<(TcClass, Option<QdiscSample>)>, NetlinkError> {
        classes(&mut self.socket, netns, ifindex).map(|(found, _)| found)
    }

    /// Reads the filters at a point of an interface: the handle of a qdisc (`ffff:` for ingress), or `ffff:fff2` and
    /// `ffff:fff3` of clsact.
    ///
    /// # Errors
    /// When the kernel refuses, e.g. because the interface is gone.
    pub fn filters(
        &mut self,
        netns: NsInode,
        ifindex: IfIndex,
        parent: TcHandle,
    ) -> Result<Vec<TcFilter>, NetlinkError> {
        filters(&mut self.socket, netns, ifindex, parent).map(|(found, _)| found)
    }

    /// Reads counters only: of the qdiscs that somebody made (of all but `noqueue` when `defaults` is true), and of the
    /// classes of the interfaces in `with_classes`. Sorted by (netns, ifindex, parent, handle).
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub fn samples(
        &mut self,
        netns: NsInode,
        with_classes: &BTreeSet<IfIndex>,
        defaults: bool,
    ) -> Result<Vec<QdiscSample>, NetlinkError> {
        let mut found: Vec<QdiscSample> = qdiscs(&mut self.socket, netns)?
            .0
            .into_iter()
            .filter(|(qdisc, _)| qdisc.name != "noqueue" && (defaults || !qdisc.is_default()))
            .filter_map(|(_, sample)| sample)
            .collect();
        for ifindex in with_classes {
            // The interface may be gone by now: then its classes are, too.
            let Ok((classes, _)) = classes(&mut self.socket, netns, *ifindex) else { continue };
            found.extend(classes.into_iter().filter_map(|(_, sample)| sample));
        }
        sort(&mut found);
        Ok(found)
    }
}

/// Interfaces that have classes worth a dump.
pub fn with_classes(tc: &Tc) -> BTreeSet<IfIndex> {
    tc.qdiscs.iter().filter(|q| has_classes(q)).map(|q| q.ifindex).collect()
}

fn has_classes(qdisc: &Qdisc) -> bool {
    !qdisc.is_default() && !WITHOUT_CLASSES.contains(&qdisc.name.as_str())
}

fn sort(samples: &mut Vec<QdiscSample>) {
    samples.sort_unstable_by_key(|s| (s.netns, s.ifindex, s.parent, s.handle));
    samples.dedup_by_key(|s| (s.netns, s.ifindex, s.parent, s.handle));
}

/// Reads everything through a socket of the caller's.
pub(in super::super) fn read(socket: &mut RouteSocket, netns: NsInode) -> Result<TcReading, NetlinkError> {
    let (found, steadiness) = qdiscs(socket, netns)?;
    let mut reading = TcReading { is_changing: steadiness == Steadiness::Changing, ..TcReading::default() };
    for (qdisc, sample) in found {
        reading.samples.extend(sample.filter(|_| qdisc.name != "noqueue"));
        reading.tc.qdiscs.push(qdisc);
    }
    reading.tc.qdiscs.sort_by_key(|q| (q.netns, q.ifindex, q.parent, q.handle));
    for ifindex in with_classes(&reading.tc) {
        let Ok((classes, steadiness)) = classes(socket, netns, ifindex) else { continue };
        reading.is_changing |= steadiness == Steadiness::Changing;
        for (class, sample) in classes {
            reading.samples.extend(sample);
            reading.tc.classes.push(class);
        }
    }
    reading.tc.classes.sort_by_key(|c| (c.netns, c.ifindex, c.parent, c.handle));
    for (ifindex, parent) in points(&reading.tc) {
        let Ok((filters, steadiness)) = filters(socket, netns, ifindex, parent) else { continue };
        reading.is_changing |= steadiness == Steadiness::Changing;
        reading.tc.filters.extend(filters);
    }
    sort(&mut reading.samples);
    Ok(reading)
}

/// Where filters may stand.
fn points(tc: &Tc) -> Vec<(IfIndex, TcHandle)> {
    let mut points = Vec::new();
    for qdisc in tc.qdiscs.iter().filter(|q| !q.is_default()) {
        match qdisc.name.as_str() {
            "clsact" => points.extend(CLSACT.map(|minor| (qdisc.ifindex, TcHandle::new(qdisc.handle.major(), minor)))),
            _ => points.push((qdisc.ifindex, qdisc.handle)),
        }
    }
    points
}

fn qdiscs(socket: &mut RouteSocket, netns: NsInode) -> Result<(Counted<Qdisc>, Steadiness), NetlinkError> {
    let mut request = Request::dump("list qdiscs", RTM_GETQDISC, &[0; HEADER]);
    socket.collect(&mut request, |message: &Message<'_>, out| {
        out.extend((message.kind == RTM_NEWQDISC).then(|| parse_qdisc(netns, message.payload)).flatten());
    })
}

fn classes(
    socket: &mut RouteSocket,
    netns: NsInode,
    ifindex: IfIndex,
) -> Result<(Counted<TcClass>, Steadiness), NetlinkError> {
    let mut request = Request::dump("list classes", RTM_GETTCLASS, &header(ifindex, TcHandle(0)));
    socket.collect(&mut request, |message: &Message<'_>, out| {
        out.extend((message.kind == RTM_NEWTCLASS).then(|| parse_class(netns, message.payload)).flatten());
    })
}

fn filters(
    socket: &mut RouteSocket,
    netns: NsInode,
    ifindex: IfIndex,
    parent: TcHandle,
) -> Result<(Vec<TcFilter>, Steadiness), NetlinkError> {
    let mut request = Request::dump("list filters", RTM_GETTFILTER, &header(ifindex, parent));
    socket.collect(&mut request, |message: &Message<'_>, out| {
        out.extend((message.kind == RTM_NEWTFILTER).then(|| parse_filter(netns, message.payload)).flatten());
    })
}

/// A `struct tcmsg` that names an interface and a point of it.
fn header(ifindex: IfIndex, parent: TcHandle) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[4..8].copy_from_slice(&ifindex.0.to_ne_bytes());
    header[12..16].copy_from_slice(&parent.0.to_ne_bytes());
    header
}
