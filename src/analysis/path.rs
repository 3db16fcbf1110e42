//! The path of a container to the wire, as data: interface inside → host end → bridge → translation → uplink, with
//! the routes and the resolver it uses. One place, so that the detail tab, the picture and the pipe say the same.

use super::nat::NatRules;
use super::wiring::{Attachment, LinkKey, Wiring};
use super::{rates, scope};
use crate::model::{
    Cidr, Container, ContainerId, Fact, GapKind, Mac, Network, NetworkId, NetworkMode, NsInode, Route, Snapshot,
};
use crate::text::Outside;
use serde::Serialize;

/// An interface on the way, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// Its identity.
    pub link: LinkKey,
    /// Its name; none when it could not be read.
    pub name: Option<Outside>,
}

/// One way out: an interface of the container and what it is plugged into.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Way {
    /// The interface inside.
    pub inner: Stop,
    /// Its kind: `veth`, `macvlan`, …; none when it could not be read.
    pub kind: Option<String>,
    /// Its addresses: the kernel's, or the engine's word where the namespace can't be read.
    pub addresses: Vec<Cidr>,
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// Its MTU in bytes.
    pub mtu: Option<u32>,
    /// The host end of the pair, or the parent.
    pub outer: Option<Stop>,
    /// The bridge.
    pub bridge: Option<Stop>,
    /// MTU of the bridge in bytes.
    pub bridge_mtu: Option<u32>,
    /// The engine's network.
    pub network: Option<NetworkId>,
    /// Its name.
    pub network_name: Option<Outside>,
    /// For each of the network's subnets: the rule that rewrites its sources on the way out.
    pub masquerade: Vec<(Cidr, Fact<Option<String>>)>,
    /// The interface of the host by which it leaves; none for an internal network and where there is no way out.
    pub uplink: Option<Stop>,
    /// Default routes of the container that use this interface.
    pub gateways: Vec<std::net::IpAddr>,
}

/// What a container resolves names with, from its `/etc/resolv.conf`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Resolver {
    /// Servers in order.
    pub servers: Vec<Outside>,
    /// Search domains.
    pub search: Vec<Outside>,
    /// Options.
    pub options: Vec<Outside>,
    /// The engine's embedded resolver is the first server.
    pub is_embedded: bool,
}

/// The whole path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Path {
    /// The container.
    pub container: ContainerId,
    /// Its network namespace.
    pub netns: Option<NsInode>,
    /// It is on the host's network: the ways are the host's uplinks themselves.
    pub is_host: bool,
    /// The namespace is another container's, which is this one.
    pub joined: Option<ContainerId>,
    /// Its ways out, in order of interface index.
    pub ways: Vec<Way>,
    /// Uplinks of the host in order of preference.
    pub uplinks: Vec<Stop>,
    /// Routes in its namespace.
    pub routes: Fact<Vec<Route>>,
    /// Its resolver.
    pub resolver: Fact<Resolver>,
}

/// Follows a container to the wire. None for an id that is not in the snapshot.
pub fn to_wire(snapshot: &Snapshot, wiring: &Wiring, id: &ContainerId) -> Option<Path> {
    let container = snapshot.container(id)?;
    let netns = scope::netns_of(snapshot, container);
    let is_host =
        container.network_mode == NetworkMode::Host || netns.is_some_and(|n| scope::is_host_netns(snapshot, n));
    let group = netns.and_then(|n| wiring.by_netns.get(&n));
    let joined = match &container.network_mode {
        NetworkMode::Container(owner) => Some(owner.clone()),
        _ => group.filter(|_| !is_host).and_then(|g| g.first()).filter(|first| *first != id).cloned(),
    };
    let uplinks = uplinks(snapshot);
    let nat = NatRules::new(&snapshot.firewall);
    let routes = routes(snapshot, container);
    let mut attachments: Vec<&Attachment> = wiring.attachments_of(id).collect();
    if attachments.is_empty()
        && let Some(owner) = &joined
    {
        attachments = wiring.attachments_of(owner).collect();
    }
    let ways = attachments
        .into_iter()
        .map(|attachment| way(snapshot, wiring, &nat, &uplinks, routes.known(), attachment))
        .collect();
    Some(Path {
        container: id.clone(),
        netns,
        is_host,
        joined,
        ways,
        uplinks,
        routes,
        resolver: resolver(snapshot, id),
    })
}

fn stop(snapshot: &Snapshot, link: LinkKey) -> Stop {
    Stop { link, name: snapshot.link(link.0, link.1).map(|l| l.name.clone()) }
}

/// Uplinks by the metric of their default routes.
fn uplinks(snapshot: &Snapshot) -> Vec<Stop> {
    let mut found: Vec<(u32, LinkKey)> = rates::uplinks(snapshot)
        .into_iter()
        .map(|(key, _)| {
            let routes = snapshot.routes.iter().filter(|r| r.oif == Some(key.1) && r.dst.is_default());
            (routes.map(|r| r.metric).min().unwrap_or(u32::MAX), key)
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, key)| stop(snapshot, key)).collect()
}

fn way(
    snapshot: &Snapshot,
    wiring: &Wiring,
    nat: &NatRules,
    uplinks: &[Stop],
    routes: Option<&Vec<Route>>,
    attachment: &Attachment,
) -> Way {
    let inner = snapshot.link(attachment.link.0, attachment.link.1);
    let network = attachment.network.as_ref().and_then(|id| snapshot.networks.iter().find(|n| n.id == *id));
    let names: Vec<&str> = uplinks.iter().filter_map(|u| u.name.as_ref()).map(|n| n.raw()).collect();
    let subnets: Vec<Cidr> = match network {
        Some(network) => network.pools.iter().map(|p| p.subnet).collect(),
        // The bridge's address stands for its subnet.
        None => {
            let own = attachment.bridge.map(|b| global(snapshot, b)).unwrap_or_default();
            own.into_iter().map(|c| Cidr { addr: c.network(), ..c }).collect()
        }
    };
    let is_routed = attachment.bridge.is_some();
    let elsewhere = attachment.bridge.map(|b| b.0).filter(|netns| Some(*netns) != snapshot.our_netns());
    let rewritten = |subnet| match elsewhere {
        None => nat.masquerade(subnet, &names),
        Some(netns) => {
            let reason = format!("the bridge is in network namespace {netns}, rules were read in ours");
            Fact::unknown(GapKind::NotLocal, reason)
        }
    };
    let masquerade = subnets.into_iter().filter(|_| is_routed).map(|s| (s, rewritten(s))).collect();
    let addresses = match inner {
        Some(link) => link.addresses.iter().filter(|a| a.scope != "link").map(|a| a.cidr).collect(),
        None => said(snapshot, attachment),
    };
    let gateways = routes
        .into_iter()
        .flatten()
        .filter(|r| r.dst.is_default() && r.oif == Some(attachment.link.1))
        .filter_map(|r| r.gateway)
        .collect();
    Way {
        inner: stop(snapshot, attachment.link),
        kind: inner.map(|l| l.kind.clone()),
        addresses,
        mac: inner.map(|l| l.mac.clone()),
        mtu: inner.map(|l| l.mtu),
        outer: attachment.outer.map(|o| stop(snapshot, o)),
        bridge: attachment.bridge.map(|b| stop(snapshot, b)),
        bridge_mtu: attachment.bridge.and_then(|b| snapshot.link(b.0, b.1)).map(|l| l.mtu),
        network: attachment.network.clone(),
        network_name: network.map(|n| n.name.clone()),
        masquerade,
        uplink: uplink(wiring, uplinks, network, attachment),
        gateways,
    }
}

fn global(snapshot: &Snapshot, link: LinkKey) -> Vec<Cidr> {
    let link = snapshot.link(link.0, link.1);
    link.into_iter().flat_map(|l| &l.addresses).filter(|a| a.scope == "global").map(|a| a.cidr).collect()
}

/// Addresses by the engine's word.
fn said(snapshot: &Snapshot, attachment: &Attachment) -> Vec<Cidr> {
    let owner = attachment.containers.first().and_then(|id| snapshot.container(id));
    let endpoints = owner.into_iter().flat_map(|c| &c.endpoints);
    let here = endpoints.filter(|e| scope::network_of(snapshot, e).map(|n| &n.id) == attachment.network.as_ref());
    here.flat_map(|e| [e.ipv4, e.ipv6]).flatten().collect()
}

fn uplink(wiring: &Wiring, uplinks: &[Stop], network: Option<&Network>, attachment: &Attachment) -> Option<Stop> {
    if network.is_some_and(|n| n.internal) {
        return None;
    }
    // A macvlan's parent, a bridge that carries the default route itself, or an uplink that is a port of the bridge.
    let ends = [attachment.outer, attachment.bridge];
    let own = uplinks.iter().find(|u| ends.contains(&Some(u.link)));
    let port = || {
        let ports = attachment.bridge.and_then(|b| wiring.ports_of.get(&b));
        uplinks.iter().find(|u| ports.is_some_and(|p| p.contains(&u.link)))
    };
    // What is on a bridge of the engine is routed to the best default route.
    let is_here = attachment.bridge.is_some_and(|b| uplinks.iter().any(|u| u.link.0 == b.0));
    let routed = || uplinks.first().filter(|_| is_here && network.is_some());
    own.or_else(port).or_else(routed).cloned()
}

fn routes(snapshot: &Snapshot, container: &Container) -> Fact<Vec<Route>> {
    match snapshot.kernel_of(&container.id) {
        Some(facts) => facts.routes.clone(),
        None if scope::is_alive(snapshot, container) => Fact::default(),
        None => Fact::unknown(GapKind::NotRunning, "the container is not running"),
    }
}

fn resolver(snapshot: &Snapshot, id: &ContainerId) -> Fact<Resolver> {
    match snapshot.kernel_of(id) {
        Some(facts) => facts.resolv_conf.map(|text| parse_resolv_conf(text.raw())),
        None => Fact::unknown(GapKind::NotRunning, "the container is not running"),
    }
}

/// Reads a `resolv.conf` as resolv.conf(5) has it: the last `search` or `domain` line wins, options add up.
pub fn parse_resolv_conf(text: &str) -> Resolver {
    let mut resolver = Resolver::default();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => resolver.servers.extend(words.next().map(Outside::from)),
            Some("search" | "domain") => resolver.search = words.map(Outside::from).collect(),
            Some("options") => resolver.options.extend(words.map(Outside::from)),
            _ => {}
        }
    }
    resolver.is_embedded = resolver.servers.first().is_some_and(|s| *s == "127.0.0.11");
    resolver
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{HOST, every_mode, p};
    use crate::model::IfIndex;

    fn path(lab: &crate::analysis::testing::Lab, name: &str) -> Path {
        let snapshot = lab.snapshot();
        let id = snapshot.containers.iter().find(|c| c.name == name).expect("a container").id.clone();
        to_wire(&snapshot, &Wiring::build(&snapshot), &id).expect("a path")
    }

    fn name(stop: &Option<Stop>) -> Option<&str> {
        stop.as_ref().and_then(|s| s.name.as_ref()).map(|n| n.raw())
    }

    #[test]
    fn t02_each_network_of_a_container_has_its_way() {
        let db = path(&every_mode(), "db");
        let seen: Vec<_> = db.ways.iter().map(|w| (name(&w.outer), name(&w.bridge), name(&w.uplink))).collect();
        assert_eq!(
            seen,
            [
                (Some("veth21"), Some("br-n10000000000"), Some("eth0")),
                (Some("veth23"), Some("br-n20000000000"), Some("eth0"))
            ]
        );
        let subnet: Cidr = p("172.18.0.0/16");
        assert!(matches!(&db.ways[0].masquerade[..], [(s, Fact::Known(Some(_)))] if *s == subnet));
        assert!(matches!(&db.ways[1].masquerade[..], [(_, Fact::Known(None))]));
    }

    #[test]
    fn k17_rules_of_our_namespace_say_nothing_about_a_bridge_in_another() {
        let lab = every_mode();
        let mut snapshot = lab.snapshot();
        // As seen by someone who runs elsewhere: same rules, same addresses, other bridges.
        let mut host = (*snapshot.host).clone();
        host.namespaces.insert(crate::model::NsKind::Net, Fact::Known(NsInode(7)));
        snapshot.host = std::sync::Arc::new(host);
        let id = snapshot.containers.iter().find(|c| c.name == "db").expect("db").id.clone();
        let db = to_wire(&snapshot, &Wiring::build(&snapshot), &id).expect("a path");
        assert_eq!(db.ways.len(), 2);
        for way in &db.ways {
            assert!(way.masquerade.iter().all(|(_, rule)| rule.why().is_some()) && way.uplink.is_none(), "{way:?}");
        }
    }

    #[test]
    fn a_guest_takes_its_hosts_way_and_a_macvlan_its_parent() {
        let lab = every_mode();
        let sidecar = path(&lab, "sidecar");
        assert_eq!(name(&sidecar.ways[0].outer), Some("veth11"));
        assert!(sidecar.joined.is_some());
        let camera = path(&lab, "camera");
        assert_eq!(camera.ways[0].uplink.as_ref().map(|u| u.link), Some((HOST, IfIndex(2))));
        assert!(camera.ways[0].masquerade.is_empty());
        assert!(path(&lab, "agent").is_host && path(&lab, "vault").ways.is_empty());
    }

    #[test]
    fn resolv_conf_reads_as_the_resolver_does() {
        let text = "# x\nsearch a\nnameserver 127.0.0.11\nnameserver\nsearch b c\noptions ndots:0\nsortlist\n";
        let resolver = parse_resolv_conf(text);
        assert!(resolver.is_embedded);
        assert_eq!(resolver.servers.len(), 1);
        assert_eq!(resolver.search, [Outside::from("b"), Outside::from("c")]);
    }
}
