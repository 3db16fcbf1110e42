//! What could cut off the operator: the interface that the SSH session's or the engine connection's packets take.

use super::{Cutoff, EngineOp, Ground, Op, Plan, Risk, bind, session, undo};
use crate::model::{IfIndex, Link};
use std::net::IpAddr;

/// Seconds until a change that may have cut off the operator is taken back.
pub const SECONDS: u32 = 30;

/// Marks a plan that may cut off the operator, where its planner has not done so: by what each step touches.
pub(super) fn judge(ground: &Ground<'_>, plan: &mut Plan) {
    if plan.cutoff.is_none() {
        plan.cutoff = plan.steps.iter().find_map(|step| by_step(ground, &step.op));
    }
    if plan.cutoff.is_some() && plan.risk == Risk::Trifle {
        plan.risk = Risk::Change;
    }
}

fn by_step(ground: &Ground<'_>, op: &Op) -> Option<Cutoff> {
    match op {
        Op::Kernel(op) => {
            let mut op = op.clone();
            let links = bind::links_of(&mut op);
            links.into_iter().find_map(|l| through(ground, ground.snapshot.link(l.place.netns, l.ifindex?)?))
        }
        Op::Engine(
            op @ (EngineOp::Stop { .. }
            | EngineOp::Restart { .. }
            | EngineOp::Pause { .. }
            | EngineOp::Kill { .. }
            | EngineOp::Remove { .. }
            | EngineOp::Checkpoint { .. }
            | EngineOp::Connect { .. }
            | EngineOp::Disconnect { .. }
            | EngineOp::RemoveNetwork { .. }),
        ) => {
            let container = undo::container_of(op).and_then(|c| ground.snapshot.container(&c.id));
            let network = undo::network_of(ground, op).filter(|_| !matches!(op, EngineOp::Connect { .. }));
            let why = container.and_then(|c| session::through_container(ground, c));
            let why = why.or_else(|| network.and_then(|n| session::through_network(ground, n)));
            why.map(|why| Cutoff { why, seconds: SECONDS })
        }
        _ => None,
    }
}

/// Why a change of an interface of our namespace may cut off the operator; none when it can't, as far as is known.
pub fn through(ground: &Ground<'_>, link: &Link) -> Option<Cutoff> {
    let session = ground.session;
    let ssh = session.ssh.as_ref().map(|ssh| (ssh.client, "your SSH session"));
    let engine = session.engine_address.map(|address| (address, "the connection to the engine"));
    let (address, what) = ssh.into_iter().chain(engine).find(|(address, _)| carries(ground, link, *address))?;
    let why = format!("{what} ({address}) goes by {}", link.name.shown());
    Some(Cutoff { why, seconds: SECONDS })
}

/// Whether packets to an address leave by this interface: the route's own, or a port of it behind which the address
/// is or may be.
fn carries(ground: &Ground<'_>, link: &Link, address: IpAddr) -> bool {
    if address.is_loopback() {
        return link.kind == "loopback";
    }
    let Some(out) = route_to(ground, link, address) else { return false };
    if out == link.ifindex {
        return true;
    }
    if link.master != Some(out) {
        return false;
    }
    // A container's end carries what is for the container; any other port may lead anywhere.
    let inside = ground.report.wiring.attachment((link.netns, link.ifindex)).map(|a| a.link);
    match inside.and_then(|(netns, ifindex)| ground.snapshot.link(netns, ifindex)) {
        Some(inner) => inner.addresses.iter().any(|a| a.cidr.addr == address),
        None => true,
    }
}

/// The interface of the most specific route, the cheapest of equals.
fn route_to(ground: &Ground<'_>, link: &Link, address: IpAddr) -> Option<IfIndex> {
    let routes = ground.snapshot.routes.iter().filter(|r| r.netns == link.netns && r.kind == "unicast");
    let fitting = routes.filter(|r| r.dst.contains(address));
    fitting.max_by_key(|r| (r.dst.prefix, std::cmp::Reverse(r.metric)))?.oif
}
