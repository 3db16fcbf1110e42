//! One operation as messages to the kernel.

use super::desk::{Desk, way_into};
use super::failure::Trouble;
use super::message::{self, Peer};
use super::shaping;
use crate::actions::Made;
use crate::model::{IfIndex, QdiscSetup, TcAction, TcHandle};
use crate::plan::{KernelOp, LinkRef, NewLink};
use crate::sources::netlink::wire::Request;
use nix::libc::EINVAL;
use std::os::fd::AsRawFd;

/// Carries out one operation at the desk of its place.
pub(super) fn carry_out(desk: &mut Desk, op: &KernelOp) -> Result<Made, Trouble> {
    match op {
        KernelOp::AddLink { .. } => return add_link(desk, op),
        KernelOp::DeleteLink { link } => {
            let index = index(desk, link)?;
            send(desk, message::delete_link(index))?;
        }
        KernelOp::SetUp { link, up } => {
            let index = index(desk, link)?;
            send(desk, message::set_up(index, *up))?;
        }
        KernelOp::SetMaster { link, master } => {
            let index = index(desk, link)?;
            let master = master.as_ref().map(|master| self::index(desk, master)).transpose()?;
            send(desk, message::set_master(index, master))?;
        }
        KernelOp::RenameLink { link, to } => {
            let index = index(desk, link)?;
            send(desk, message::rename(index, to))?;
        }
        KernelOp::AddAddress { link, address } => {
            let index = index(desk, link)?;
            send(desk, message::address(true, index, address))?;
        }
        KernelOp::DeleteAddress { link, address } => {
            let index = index(desk, link)?;
            send(desk, message::address(false, index, address))?;
        }
        KernelOp::AddRoute { route } => {
            let index = index(desk, &route.link)?;
            send(desk, message::route(true, index, &route.dst, route.gateway))?;
        }
        KernelOp::DeleteRoute { route } => {
            let index = index(desk, &route.link)?;
            send(desk, message::route(false, index, &route.dst, route.gateway))?;
        }
        KernelOp::PutQdisc { link, parent, handle, setup, replace } => {
            return put_qdisc(desk, link, *parent, *handle, setup, *replace);
        }
        KernelOp::AddIngress { link } => {
            let index = index(desk, link)?;
            send(desk, shaping::add_ingress(index))?;
        }
        KernelOp::DeleteQdisc { link, parent, handle } => return delete_qdisc(desk, link, *parent, *handle),
        KernelOp::AddFilter { link, parent, preference, classifier, action, to } => {
            let from = index(desk, link)?;
            let action = match (action, to) {
                (TcAction::Redirect { .. }, Some(to)) => TcAction::Redirect { to: index(desk, to)? },
                (action, _) => action.clone(),
            };
            let request = shaping::add_filter(from, *parent, *preference, *classifier, &action);
            send(desk, request.ok_or(Trouble::Unmade("bridgewatch makes no such action"))?)?;
        }
        KernelOp::DeleteFilter { link, parent, preference } => {
            let index = index(desk, link)?;
            send(desk, shaping::delete_filter(index, *parent, *preference))?;
        }
    }
    Ok(Made::default())
}

fn send(desk: &mut Desk, mut request: Request) -> Result<(), Trouble> {
    desk.socket.ask(&mut request, |_| None::<()>).map(|_| ()).map_err(Trouble::Answer)
}

fn index(desk: &mut Desk, link: &LinkRef) -> Result<IfIndex, Trouble> {
    let found = desk.find(link).map_err(Trouble::Before)?;
    found.map(|facts| facts.link.ifindex).ok_or_else(|| Trouble::NoLink(link.name.shown().into_owned()))
}

/// The kernel takes no alias when it makes an interface, so it is a message of its own. An interface that could not be
/// marked is not left behind.
fn add_link(desk: &mut Desk, op: &KernelOp) -> Result<Made, Trouble> {
    let KernelOp::AddLink { link, new, alias, mtu, mac } = op else { return Err(Trouble::Unmade("no new interface")) };
    let name = link.name.raw();
    let add = |peer: Option<Peer<'_>>| message::add_link(name, *mtu, mac.as_ref(), peer);
    match new {
        NewLink::Ifb => send(desk, add(None))?,
        NewLink::Veth { peer, peer_place } => {
            let elsewhere = peer_place.netns != desk.netns;
            let way = elsewhere.then(|| way_into(peer_place)).transpose().map_err(Trouble::Before)?;
            send(desk, add(Some(Peer { name: peer.raw(), netns: way.as_ref().map(|file| file.as_raw_fd()) })))?;
        }
    }
    let made = index(desk, link)?;
    if !alias.is_empty()
        && let Err(trouble) = send(desk, message::set_alias(made, alias))
    {
        return match send(desk, message::delete_link(made)) {
            Ok(()) => Err(trouble),
            Err(_) => Err(Trouble::Unmarked(link.name.shown().into_owned())),
        };
    }
    Ok(Made { link: Some(made), ..Made::default() })
}

fn put_qdisc(
    desk: &mut Desk,
    link: &LinkRef,
    parent: TcHandle,
    handle: TcHandle,
    setup: &QdiscSetup,
    replace: bool,
) -> Result<Made, Trouble> {
    let index = index(desk, link)?;
    let request = shaping::put_qdisc(index, parent, handle, setup, replace);
    send(desk, request.ok_or(Trouble::Unmade("bridgewatch makes no such qdisc"))?)?;
    Ok(Made::default())
}

/// The kernel deletes what stands at the place only when its handle is the one given. A default in its place has another
/// handle: then there is nothing to take away.
fn delete_qdisc(desk: &mut Desk, link: &LinkRef, parent: TcHandle, handle: TcHandle) -> Result<Made, Trouble> {
    let index = index(desk, link)?;
    match send(desk, shaping::delete_qdisc(index, parent, handle)) {
        Err(Trouble::Answer(error)) if error.errno() == Some(EINVAL) => {
            let (netns, stands) = (desk.netns, |q: &crate::model::Qdisc| (q.ifindex, q.parent) == (index, parent));
            let there = desk.tc.qdiscs(netns).map_err(Trouble::Before)?;
            if there.iter().any(|(qdisc, _)| stands(qdisc) && !qdisc.is_default()) {
                return Err(Trouble::Answer(error));
            }
            Err(Trouble::NoLink(link.name.shown().into_owned()))
        }
        other => other.map(|()| Made::default()),
    }
}
