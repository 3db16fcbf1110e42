//! The bytes of each request that changes something: interfaces, addresses, routes.
//!
//! Formats: `include/uapi/linux/rtnetlink.h`, `if_link.h`, `if_addr.h`, `veth.h`, all in the byte order of the machine.

use crate::model::{Cidr, IfIndex, Mac};
use crate::sources::netlink::wire::{AF_INET, AF_INET6, NLM_F_REQUEST, RTM_DELADDR, RTM_DELLINK, RTM_DELROUTE};
use crate::sources::netlink::wire::{RTM_NEWADDR, RTM_NEWLINK, RTM_NEWROUTE, Request, aligned};
use std::net::IpAddr;
use std::os::fd::RawFd;

pub(super) const NLM_F_ACK: u16 = 0x04;
pub(super) const NLM_F_REPLACE: u16 = 0x100;
pub(super) const NLM_F_EXCL: u16 = 0x200;
pub(super) const NLM_F_CREATE: u16 = 0x400;
/// Adds, and refuses when it is there already.
pub(super) const ADD: u16 = NLM_F_CREATE | NLM_F_EXCL;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_IFALIAS: u16 = 20;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFF_UP: u32 = 1;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_BOOT: u8 = 3;
const RT_SCOPE_LINK: u8 = 253;
/// Of a route to be deleted: any.
const RT_SCOPE_NOWHERE: u8 = 255;
const RTN_UNICAST: u8 = 1;

/// An attribute with its value; nested ones are built from the inside out.
pub(super) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(aligned(bytes.len()), 0);
    bytes
}

/// A string with its NUL.
pub(super) fn string(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

/// A request that is acknowledged.
pub(super) fn request(operation: &'static str, kind: u16, flags: u16, header: &[u8]) -> Request {
    Request::new(operation, kind, NLM_F_REQUEST | NLM_F_ACK | flags, header)
}

/// `struct ifinfomsg`: family, padding, type (2), index (4), flags (4), change (4).
fn ifinfo(index: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header[12..16].copy_from_slice(&change.to_ne_bytes());
    header
}

/// The other end of a veth pair that is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer<'a> {
    pub name: &'a str,
    /// Its namespace, as an open file; none for the namespace of the socket.
    pub netns: Option<RawFd>,
}

/// Makes an interface: an ifb, or with a peer a veth pair.
pub(super) fn add_link(name: &str, mtu: Option<u32>, mac: Option<&Mac>, peer: Option<Peer<'_>>) -> Request {
    let mut request = request("add an interface", RTM_NEWLINK, ADD, &ifinfo(0, 0, 0));
    let size = mtu.map(|mtu| mtu.to_ne_bytes());
    if let Some(size) = size {
        request = request.with(IFLA_MTU, &size);
    }
    request = request.with(IFLA_IFNAME, &string(name));
    if let Some(mac) = mac {
        request = request.with(IFLA_ADDRESS, &mac.0);
    }
    let mut info = attribute(IFLA_INFO_KIND, if peer.is_some() { b"veth" } else { b"ifb" });
    if let Some(peer) = peer {
        let mut inner = ifinfo(0, 0, 0).to_vec();
        inner.extend(size.iter().flat_map(|size| attribute(IFLA_MTU, size)));
        inner.extend(attribute(IFLA_IFNAME, &string(peer.name)));
        inner.extend(peer.netns.iter().flat_map(|fd| attribute(IFLA_NET_NS_FD, &fd.to_ne_bytes())));
        info.extend(attribute(IFLA_INFO_DATA, &attribute(VETH_INFO_PEER, &inner)));
    }
    request.with(IFLA_LINKINFO, &info)
}

pub(super) fn set_alias(index: IfIndex, alias: &str) -> Request {
    request("set the alias of an interface", RTM_NEWLINK, 0, &ifinfo(index.0, 0, 0))
        .with(IFLA_IFALIAS, alias.as_bytes())
}

pub(super) fn delete_link(index: IfIndex) -> Request {
    request("delete an interface", RTM_DELLINK, 0, &ifinfo(index.0, 0, 0))
}

pub(super) fn set_up(index: IfIndex, up: bool) -> Request {
    request("set an interface up or down", RTM_NEWLINK, 0, &ifinfo(index.0, if up { IFF_UP } else { 0 }, IFF_UP))
}

pub(super) fn set_master(index: IfIndex, master: Option<IfIndex>) -> Request {
    let master = master.map_or(0, |m| m.0).to_ne_bytes();
    request("set the master of an interface", RTM_NEWLINK, 0, &ifinfo(index.0, 0, 0)).with(IFLA_MASTER, &master)
}

pub(super) fn rename(index: IfIndex, to: &str) -> Request {
    request("rename an interface", RTM_NEWLINK, 0, &ifinfo(index.0, 0, 0)).with(IFLA_IFNAME, &string(to))
}

fn family(address: IpAddr) -> u8 {
    if address.is_ipv6() { AF_INET6 } else { AF_INET }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}

/// Adds an address to an interface, or takes it off. `struct ifaddrmsg`: family, prefix, flags, scope, index (4).
pub(super) fn address(add: bool, index: IfIndex, address: &Cidr) -> Request {
    let mut header = [family(address.addr), address.prefix, 0, 0, 0, 0, 0, 0];
    header[4..].copy_from_slice(&index.0.to_ne_bytes());
    let (operation, kind, flags) =
        if add { ("add an address", RTM_NEWADDR, ADD) } else { ("delete an address", RTM_DELADDR, 0) };
    let octets = octets(address.addr);
    request(operation, kind, flags, &header).with(IFA_LOCAL, &octets).with(IFA_ADDRESS, &octets)
}

/// Adds a route to the main table, or deletes it. `struct rtmsg`: family, lengths of destination and source, tos,
/// table, protocol, scope, type, flags (4).
pub(super) fn route(add: bool, index: IfIndex, dst: &Cidr, gateway: Option<IpAddr>) -> Request {
    // A route over a gateway reaches anywhere, one without only the link.
    let scope = if gateway.is_some() { 0 } else { RT_SCOPE_LINK };
    let (protocol, scope, kind) = if add { (RTPROT_BOOT, scope, RTN_UNICAST) } else { (0, RT_SCOPE_NOWHERE, 0) };
    let header = [family(dst.addr), dst.prefix, 0, 0, RT_TABLE_MAIN, protocol, scope, kind, 0, 0, 0, 0];
    let (operation, kind, flags) =
        if add { ("add a route", RTM_NEWROUTE, ADD) } else { ("delete a route", RTM_DELROUTE, 0) };
    let mut request = request(operation, kind, flags, &header);
    if dst.prefix > 0 {
        request = request.with(RTA_DST, &octets(dst.network()));
    }
    if let Some(gateway) = gateway {
        request = request.with(RTA_GATEWAY, &octets(gateway));
    }
    request.with(RTA_OIF, &index.0.to_ne_bytes())
}
