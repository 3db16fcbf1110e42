//! The dumps: which request lists what, in our namespace or, by its id, in another one.
//!
//! Only requests that read exist here; an id that a namespace lacks is not assigned, as that would be a change.
//! Knows no schedule and keeps nothing.

use super::NetlinkError;
use super::links::{LinkFacts, parse_link};
use super::routes::{parse_address, parse_fdb, parse_route};
use super::socket::{RouteSocket, Steadiness};
use super::wire::{
    AF_BRIDGE, AF_INET, AF_INET6, RTM_GETADDR, RTM_GETLINK, RTM_GETNEIGH, RTM_GETNSID, RTM_GETROUTE, RTM_NEWNSID,
    Request, attributes, i32_at,
};
use crate::model::{FdbEntry, IfIndex, NsInode, Route};
use std::collections::HashMap;
use std::fs::File;
use std::os::fd::AsRawFd;

const IFLA_TARGET_NETNSID: u16 = 46;
const IFA_TARGET_NETNSID: u16 = 10;
const NETNSA_NSID: u16 = 1;
const NETNSA_FD: u16 = 3;

/// Lists interfaces with their addresses, sorted by index: of the socket's namespace, or of the one it knows by the
/// id `target`. `netns` is the inode that they are filed under.
///
/// # Errors
/// When the kernel refuses (`CAP_NET_ADMIN` over the target is needed) or answers about no namespace at all.
pub(crate) fn links(
    socket: &mut RouteSocket,
    netns: NsInode,
    target: Option<i32>,
) -> Result<(Vec<LinkFacts>, Steadiness), NetlinkError> {
    const LINKS: &str = "list interfaces";
    const ADDRESSES: &str = "list addresses";
    // Not asking to leave out the counters (IFLA_EXT_MASK) is cheaper: given any mask, the kernel first computes the
    // size of every device of *our* namespace, for each namespace that is dumped.
    let mut ask_links = Request::dump(LINKS, RTM_GETLINK, &[0; 16]);
    let mut ask_addresses = Request::dump(ADDRESSES, RTM_GETADDR, &[0; 8]);
    if let Some(id) = target {
        if !socket.strict {
            return Err(NetlinkError::system(
                "list addresses of another namespace on a kernel without strict checks",
                nix::errno::Errno::EOPNOTSUPP,
            ));
        }
        ask_links = ask_links.with(IFLA_TARGET_NETNSID, &id.to_ne_bytes());
        ask_addresses = ask_addresses.with(IFA_TARGET_NETNSID, &id.to_ne_bytes());
    }
    let (mut found, steady) = socket.collect(&mut ask_links, |message, out| out.extend(parse_link(netns, message)))?;
    if !found.iter().any(|facts| facts.is_loopback) {
        return Err(NetlinkError::NoLoopback { operation: LINKS });
    }
    let (addresses, steady_too) =
        socket.collect(&mut ask_addresses, |message, out| out.extend(parse_address(message)))?;
    found.sort_by_key(|facts| facts.link.ifindex);
    // A device moved or renamed while the dump went on can come twice; the later message is the newer.
    found.reverse();
    found.dedup_by_key(|facts| facts.link.ifindex);
    found.reverse();
    let place: HashMap<IfIndex, usize> = found.iter().enumerate().map(|(n, facts)| (facts.link.ifindex, n)).collect();
    for (ifindex, address) in addresses {
        if let Some(n) = place.get(&ifindex) {
            let addresses = &mut found[*n].link.addresses;
            // Most have one or two, and keep them.
            addresses.reserve_exact(1);
            addresses.push(address);
        }
    }
    Ok((found, steadier(steady, steady_too)))
}

/// Steady only when both are.
pub(crate) fn steadier(a: Steadiness, b: Steadiness) -> Steadiness {
    if a == b { a } else { Steadiness::Changing }
}

/// Lists routes of both families in all tables but `local`, sorted by family, table, destination and metric.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn routes(socket: &mut RouteSocket, netns: NsInode) -> Result<(Vec<Route>, Steadiness), NetlinkError> {
    let (mut all, mut steady) = (Vec::new(), Steadiness::Steady);
    for family in [AF_INET, AF_INET6] {
        let mut header = [0; 12];
        header[0] = family;
        let mut request = Request::dump("list routes", RTM_GETROUTE, &header);
        // A kernel without IPv6 answers for IPv4 again; the parser looks at the family of each.
        let (found, steadiness) = socket.collect(&mut request, |m, out| parse_route(netns, family, m, out))?;
        all.extend(found);
        steady = steadier(steady, steadiness);
    }
    all.sort_by_key(|r: &Route| (r.dst.addr.is_ipv6(), r.table, r.dst, r.metric, r.oif, r.gateway));
    Ok((all, steady))
}

/// Lists the forwarding databases of all bridges and vxlans, sorted by bridge, port, VLAN and address.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn fdb(socket: &mut RouteSocket, netns: NsInode) -> Result<(Vec<FdbEntry>, Steadiness), NetlinkError> {
    let mut header = [0; 12];
    header[0] = AF_BRIDGE;
    let mut request = Request::dump("list forwarding databases", RTM_GETNEIGH, &header);
    let (mut found, steadiness) = socket.collect(&mut request, |m, out| out.extend(parse_fdb(netns, m)))?;
    found.sort_by(|a, b| (a.bridge, a.port, a.vlan, &a.mac, a.dst).cmp(&(b.bridge, b.port, b.vlan, &b.mac, b.dst)));
    Ok((found, steadiness))
}

/// The id by which the socket's namespace knows the namespace behind `file`; none when it has none.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn nsid(socket: &mut RouteSocket, file: &File) -> Result<Option<i32>, NetlinkError> {
    let mut request = Request::one("ask for the id of a network namespace", RTM_GETNSID, &[0; 4])
        .with(NETNSA_FD, &file.as_raw_fd().to_ne_bytes());
    let answer = socket.ask(&mut request, |message| {
        let value = attributes(message.payload.get(4..)?).find(|(kind, _)| *kind == NETNSA_NSID)?.1;
        (message.kind == RTM_NEWNSID).then(|| i32_at(value, 0))?
    })?;
    Ok(answer.filter(|id| *id >= 0))
}
