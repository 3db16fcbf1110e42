//! What the kernel says after an operation, against what it was to bring about; and what it says before, against what was
//! shown. Always from fresh answers.

use super::desk::Desk;
use crate::actions::{Difference, Made};
use crate::model::{IfIndex, Netem, Qdisc, QdiscSetup, TcAction, TcFilter, TcHandle};
use crate::plan::limits::{rule, units};
use crate::plan::{KernelOp, LinkRef, NewLink, RouteRef};
use crate::sources::netlink::NetlinkError;
use crate::sources::netlink::dump;
use crate::sources::netlink::links::{LinkFacts, Other};

/// What was found instead.
pub(super) enum Found {
    Otherwise(String),
    Unread(NetlinkError),
}

impl From<NetlinkError> for Found {
    fn from(error: NetlinkError) -> Self {
        Found::Unread(error)
    }
}

impl Found {
    pub fn against(self, wanted: String) -> Difference {
        match self {
            Found::Otherwise(found) => Difference { wanted, found, is_unknown: false },
            Found::Unread(error) => {
                Difference { wanted, found: format!("it can't be read: {error}"), is_unknown: true }
            }
        }
    }
}

fn otherwise<T>(found: impl Into<String>) -> Result<T, Found> {
    Err(Found::Otherwise(found.into()))
}

/// Whether an operation holds, at the desk of its place.
pub(super) fn holds(desk: &mut Desk, op: &KernelOp, made: &Made) -> Result<(), Found> {
    match op {
        KernelOp::AddLink { link, new, alias, mtu, .. } => {
            let there = existing(desk, link)?;
            let kind = if *new == NewLink::Ifb { "ifb" } else { "veth" };
            let facts = &there.link;
            if made.link.is_some_and(|index| index != facts.ifindex) {
                return otherwise(format!("another interface of that name, {}", facts.ifindex));
            }
            if facts.kind != kind || mtu.is_some_and(|mtu| mtu != facts.mtu) {
                return otherwise(format!("{} with mtu {}", facts.kind, facts.mtu));
            }
            if facts.alias.as_ref().map_or("", |a| a.raw()) != alias.as_str() {
                return otherwise("it without its mark");
            }
            if kind == "veth" && there.other == Other::None { otherwise("it without its other end") } else { Ok(()) }
        }
        KernelOp::DeleteLink { link } => match desk.find(link)? {
            Some(facts) if link.ifindex.is_none_or(|index| index == facts.link.ifindex) => {
                otherwise("it is still there")
            }
            _ => Ok(()),
        },
        KernelOp::SetUp { link, up } => match existing(desk, link)?.link.is_up {
            is if is == *up => Ok(()),
            true => otherwise("it is up"),
            false => otherwise("it is down"),
        },
        KernelOp::SetMaster { link, master } => {
            let is = existing(desk, link)?.link.master;
            let wanted = master.as_ref().map(|m| existing(desk, m)).transpose()?.map(|m| m.link.ifindex);
            if is == wanted { Ok(()) } else { otherwise(format!("its master is {is:?}")) }
        }
        KernelOp::RenameLink { link, to } => {
            let found = desk.link(link.ifindex, to)?.map(|facts| facts.link.name);
            match found {
                Some(name) if name == **to => Ok(()),
                Some(name) => otherwise(format!("its name is {}", name.shown())),
                None => otherwise("no interface of that name"),
            }
        }
        KernelOp::AddAddress { link, address } => {
            let has = addresses(desk, link)?;
            if has.contains(address) { Ok(()) } else { otherwise(format!("its addresses are {}", list(&has))) }
        }
        KernelOp::DeleteAddress { link, address } => match addresses(desk, link) {
            Ok(has) if has.contains(address) => otherwise("it is still there"),
            Err(Found::Unread(error)) => Err(Found::Unread(error)),
            _ => Ok(()),
        },
        KernelOp::AddRoute { route } => {
            if has_route(desk, route)? {
                Ok(())
            } else {
                otherwise("no such route")
            }
        }
        KernelOp::DeleteRoute { route } => {
            let gone = desk.find(&route.link)?.is_none();
            if gone || !has_route(desk, route)? { Ok(()) } else { otherwise("it is still there") }
        }
        KernelOp::PutQdisc { link, parent, handle, setup, .. } => {
            let index = existing(desk, link)?.link.ifindex;
            match qdisc_at(desk, index, *parent)? {
                Some(there) if there.handle == *handle && is_set(setup, &there.setup) => Ok(()),
                Some(there) => otherwise(describe(&there)),
                None => otherwise("no qdisc"),
            }
        }
        KernelOp::AddIngress { link } => {
            let index = existing(desk, link)?.link.ifindex;
            match qdisc_at(desk, index, TcHandle::INGRESS)? {
                Some(there) if there.name == "ingress" => Ok(()),
                Some(there) => otherwise(describe(&there)),
                None => otherwise("no ingress qdisc"),
            }
        }
        KernelOp::DeleteQdisc { link, parent, handle } => {
            let Some(facts) = desk.find(link)? else { return Ok(()) };
            match qdisc_at(desk, facts.link.ifindex, *parent)? {
                Some(there) if there.handle == *handle => otherwise("it is still there"),
                _ => Ok(()),
            }
        }
        KernelOp::AddFilter { link, parent, preference, action, to, .. } => {
            let index = existing(desk, link)?.link.ifindex;
            let action = match (action, to) {
                (TcAction::Redirect { .. }, Some(to)) => TcAction::Redirect { to: existing(desk, to)?.link.ifindex },
                (action, _) => action.clone(),
            };
            let filters = filters_at(desk, index, *parent)?;
            let of_ours: Vec<&TcFilter> = filters.iter().filter(|f| f.preference == *preference).collect();
            match of_ours.as_slice() {
                [] => otherwise("no such filter"),
                some if some.iter().any(|f| f.actions.iter().any(|a| does(&action, a))) => Ok(()),
                some => otherwise(format!("a filter that does {:?}", some[0].actions)),
            }
        }
        KernelOp::DeleteFilter { link, parent, preference } => {
            let Some(facts) = desk.find(link)? else { return Ok(()) };
            if qdisc_at(desk, facts.link.ifindex, TcHandle::INGRESS)?.is_none() {
                return Ok(());
            }
            let filters = filters_at(desk, facts.link.ifindex, *parent)?;
            if filters.iter().any(|f| f.preference == *preference) { otherwise("it is still there") } else { Ok(()) }
        }
    }
}

fn existing(desk: &mut Desk, link: &LinkRef) -> Result<LinkFacts, Found> {
    desk.find(link)?.ok_or_else(|| Found::Otherwise(format!("{} is not there", link.name.shown())))
}

fn addresses(desk: &mut Desk, link: &LinkRef) -> Result<Vec<crate::model::Cidr>, Found> {
    let index = existing(desk, link)?.link.ifindex;
    let (links, _) = dump::links(&mut desk.socket, desk.netns, None)?;
    let found = links.into_iter().find(|facts| facts.link.ifindex == index);
    Ok(found.map(|facts| facts.link.addresses.iter().map(|a| a.cidr).collect()).unwrap_or_default())
}

fn list(addresses: &[crate::model::Cidr]) -> String {
    let words: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn has_route(desk: &mut Desk, route: &RouteRef) -> Result<bool, Found> {
    let index = existing(desk, &route.link)?.link.ifindex;
    let (routes, _) = dump::routes(&mut desk.socket, desk.netns)?;
    Ok(routes.iter().any(|r| {
        let same_dst = r.dst.prefix == route.dst.prefix && r.dst.network() == route.dst.network();
        same_dst && r.gateway == route.gateway && r.oif == Some(index)
    }))
}

/// The qdisc at a place of an interface, other than the kernel's default.
pub(super) fn qdisc_at(desk: &mut Desk, index: IfIndex, parent: TcHandle) -> Result<Option<Qdisc>, NetlinkError> {
    let all = desk.tc.qdiscs(desk.netns)?;
    let mut at = all.into_iter().map(|(qdisc, _)| qdisc).filter(|q| (q.ifindex, q.parent) == (index, parent));
    Ok(at.find(|q| !q.is_default()))
}

fn filters_at(desk: &mut Desk, index: IfIndex, parent: TcHandle) -> Result<Vec<TcFilter>, NetlinkError> {
    desk.tc.filters(desk.netns, index, parent)
}

pub(super) fn describe(qdisc: &Qdisc) -> String {
    let name = crate::text::clean_line(&qdisc.name);
    match &qdisc.setup {
        QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes } => {
            let (rate, burst, limit) = (units::rate(*rate_bps), units::size(*burst_bytes), units::size(*limit_bytes));
            format!("{name} {} rate {rate} burst {burst} limit {limit}", qdisc.handle)
        }
        QdiscSetup::Netem(netem) => format!("{name} {} {netem:?}", qdisc.handle),
        _ => format!("{name} {}", qdisc.handle),
    }
}

/// Set as was wanted, but for one tick of the kernel's clock and the last bit of a share.
pub(super) fn is_set(wanted: &QdiscSetup, found: &QdiscSetup) -> bool {
    match (wanted, found) {
        (
            QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes },
            QdiscSetup::Tbf { rate_bps: rate, burst_bytes: burst, limit_bytes: limit },
        ) => rate_bps / 8 == rate / 8 && is_burst(*burst_bytes, *burst, *rate) && limit_bytes == limit,
        (QdiscSetup::Netem(a), QdiscSetup::Netem(b)) => is_netem(a, b),
        _ => false,
    }
}

fn is_burst(wanted: u64, found: u64, rate_bps: u64) -> bool {
    wanted.abs_diff(found) <= rule::tick_bytes(rate_bps) + 1
}

fn is_netem(a: &Netem, b: &Netem) -> bool {
    let share = |a: f64, b: f64| (a - b).abs() < 0.0001;
    a.delay_us.abs_diff(b.delay_us) <= 1
        && a.jitter_us.abs_diff(b.jitter_us) <= 1
        && a.rate_bps / 8 == b.rate_bps / 8
        && a.limit_packets == b.limit_packets
        && share(a.loss_percent, b.loss_percent)
        && share(a.duplicate_percent, b.duplicate_percent)
        && share(a.reorder_percent, b.reorder_percent)
}

fn does(wanted: &TcAction, found: &TcAction) -> bool {
    match (wanted, found) {
        (TcAction::Police { rate_bps, burst_bytes }, TcAction::Police { rate_bps: rate, burst_bytes: burst }) => {
            rate_bps / 8 == rate / 8 && is_burst(*burst_bytes, *burst, *rate)
        }
        _ => wanted == found,
    }
}
