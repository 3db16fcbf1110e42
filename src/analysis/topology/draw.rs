//! Builds the rows in drawing order and keeps count of what has been drawn, so that nothing stands twice and nothing
//! is left out.

use super::{Branch, Node, Topology};
use crate::analysis::nat::NatRules;
use crate::analysis::wiring::{Attachment, LinkKey, Wiring};
use crate::analysis::{rates, scope};
use crate::model::{Container, ContainerId, Link, Network, NetworkId, NetworkMode, NsInode, Route, Snapshot, Subject};
use crate::text::Outside;
use std::collections::BTreeSet;

pub(super) fn picture(snapshot: &Snapshot, wiring: &Wiring) -> Topology {
    let uplinks = rates::uplinks(snapshot);
    let mut painter = Painter {
        snapshot,
        wiring,
        nat: NatRules::new(&snapshot.firewall),
        uplinks: uplinks.iter().map(|(key, _)| *key).collect(),
        uplink_names: uplinks.iter().map(|(_, l)| l.name.raw()).collect(),
        drawn_links: BTreeSet::new(),
        drawn_attachments: BTreeSet::new(),
        drawn_containers: BTreeSet::new(),
        drawn_networks: BTreeSet::new(),
        branches: Vec::new(),
    };
    painter.uplinks();
    painter.bridges(0, |_, _| true);
    painter.networks();
    painter.devices();
    painter.guests();
    Topology { branches: painter.branches }
}

/// Whether an interface belongs under a heading.
type Class<'a> = &'a dyn Fn(&Link) -> bool;

/// Devices on devices are followed this deep; what is deeper stands under a heading.
const DEPTH: u8 = 16;

struct Painter<'a> {
    snapshot: &'a Snapshot,
    wiring: &'a Wiring,
    nat: NatRules<'a>,
    uplinks: Vec<LinkKey>,
    uplink_names: Vec<&'a str>,
    drawn_links: BTreeSet<LinkKey>,
    drawn_attachments: BTreeSet<usize>,
    drawn_containers: BTreeSet<ContainerId>,
    drawn_networks: BTreeSet<NetworkId>,
    branches: Vec<Branch>,
}

fn key(link: &Link) -> LinkKey {
    (link.netns, link.ifindex)
}

fn addresses(link: &Link) -> Vec<String> {
    link.addresses.iter().filter(|a| a.scope != "link").map(|a| a.cidr.to_string()).collect()
}

fn of_link(key: LinkKey) -> Option<Subject> {
    Some(Subject::Link { netns: key.0, ifindex: key.1 })
}

impl<'a> Painter<'a> {
    fn push(&mut self, depth: u8, node: Node, subject: Option<Subject>, name: Outside, addresses: Vec<String>) {
        self.branches.push(Branch { depth, node, subject, name, addresses, notes: Vec::new() });
    }

    fn note(&mut self, words: impl Into<String>) {
        if let Some(last) = self.branches.last_mut() {
            last.notes.push(words.into());
        }
    }

    fn link(&self, key: LinkKey) -> Option<&'a Link> {
        self.snapshot.link(key.0, key.1)
    }

    fn network(&self, id: &NetworkId) -> Option<&'a Network> {
        self.snapshot.networks.iter().find(|n| n.id == *id)
    }

    /// Uplinks in order of their best default route, each with what leaves by it: everything routed leaves by the
    /// first; macvlan, ipvlan and vlan by their parent.
    fn uplinks(&mut self) {
        let rank = |link: LinkKey| {
            let routes = self.snapshot.routes.iter().filter(|r| r.oif == Some(link.1) && r.dst.is_default());
            (routes.map(|r| r.metric).min().unwrap_or(u32::MAX), link)
        };
        let mut order = self.uplinks.clone();
        order.sort_by_key(|k| rank(*k));
        for (n, at) in order.into_iter().enumerate() {
            let Some(link) = self.link(at) else { continue };
            if !self.drawn_links.insert(at) {
                continue;
            }
            self.push(0, Node::Uplink { link: at }, of_link(at), link.name.clone(), addresses(link));
            for words in default_routes(self.snapshot, link) {
                self.note(words);
            }
            self.state(link);
            self.ports(at, 1);
            if n == 0 {
                self.bridges(1, |painter, link| painter.leaves(link));
            }
            self.children(at, 1);
        }
    }

    fn state(&mut self, link: &Link) {
        if !link.is_up || matches!(link.operstate.as_str(), "down" | "lowerlayerdown" | "notpresent") {
            self.note("down");
        }
    }

    /// Whether what is on a bridge is routed to the outside: a network of the engine that is not internal, or a
    /// bridge whose sources are rewritten.
    fn leaves(&self, link: &Link) -> bool {
        match self.wiring.network_of.get(&key(link)).and_then(|id| self.network(id)) {
            Some(network) => !network.internal,
            None => self.nat(link, None) == Some(true),
        }
    }

    /// Rewriting of the sources of a bridge's subnets: yes if any is, no if none is, else not known.
    fn nat(&self, link: &Link, network: Option<&Network>) -> Option<bool> {
        let subnets: Vec<_> = match network {
            Some(network) => network.pools.iter().map(|p| p.subnet).collect(),
            None => link.addresses.iter().filter(|a| a.scope == "global").map(|a| a.cidr).collect(),
        };
        let answers: Vec<_> =
            subnets.iter().map(|s| self.nat.masquerade(*s, &self.uplink_names).known().map(Option::is_some)).collect();
        match () {
            () if answers.contains(&Some(true)) => Some(true),
            () if answers.contains(&None) => None,
            () => Some(false),
        }
    }

    fn bridges(&mut self, depth: u8, wanted: impl Fn(&Self, &Link) -> bool) {
        let Some(ours) = self.snapshot.our_netns() else { return };
        for link in self.snapshot.links_in(ours) {
            let is_bridge =
                link.kind == "bridge" || link.bridge.is_some() || self.wiring.ports_of.contains_key(&key(link));
            let has_other_place = link.master.is_some() || self.uplinks.contains(&key(link));
            if is_bridge && !has_other_place && !self.drawn_links.contains(&key(link)) && wanted(self, link) {
                self.bridge(link, depth);
            }
        }
    }

    fn bridge(&mut self, link: &'a Link, depth: u8) {
        let at = key(link);
        self.drawn_links.insert(at);
        let network = self.wiring.network_of.get(&at).and_then(|id| self.network(id)).filter(|n| n.driver == "bridge");
        let nat = self.nat(link, network);
        let id = network.map(|n| n.id.clone());
        let subject = id.clone().map(|id| Subject::Network { id }).or_else(|| of_link(at));
        self.push(
            depth,
            Node::Bridge { link: at, network: id.clone(), nat },
            subject,
            link.name.clone(),
            addresses(link),
        );
        self.state(link);
        if link.kind != "bridge" {
            self.note(link.kind.clone());
        }
        if let Some(network) = network {
            if network.internal {
                self.note("internal");
            }
            if network.flag("enable_ip_masquerade") == Some(false) {
                self.note("masquerade off");
            }
            if network.flag("enable_icc") == Some(false) {
                self.note("icc off");
            }
            self.drawn_networks.insert(network.id.clone());
        }
        self.ports(at, depth + 1);
        self.children(at, depth + 1);
        if let Some(id) = id {
            self.members(&id, depth + 1);
        }
    }

    /// Ports of a bridge: attachments by container, then what leads elsewhere.
    fn ports(&mut self, master: LinkKey, depth: u8) {
        if depth > DEPTH {
            return;
        }
        let wiring = self.wiring;
        let mut owned = Vec::new();
        let mut foreign = Vec::new();
        for port in wiring.ports_of.get(&master).into_iter().flatten() {
            match wiring.by_outer.get(port).filter(|n| !wiring.attachments[**n].containers.is_empty()) {
                Some(n) => owned.push((self.container_name(&wiring.attachments[*n]), *n, *port)),
                None => foreign.push(*port),
            }
        }
        owned.sort();
        for (_, n, port) in owned {
            self.drawn_links.insert(port);
            self.attachment(n, depth);
        }
        for port in foreign {
            self.port(port, depth);
        }
    }

    fn container_name(&self, attachment: &Attachment) -> Outside {
        let owner = attachment.containers.first().and_then(|id| self.snapshot.container(id));
        owner.map(|c| c.name.clone()).unwrap_or_default()
    }

    fn attachment(&mut self, n: usize, depth: u8) {
        if !self.drawn_attachments.insert(n) {
            return;
        }
        let attachment = &self.wiring.attachments[n];
        let Some(owner) = attachment.containers.first() else { return };
        let inner = self.link(attachment.link);
        let shown = match inner {
            Some(link) => addresses(link),
            None => self.engine_addresses(owner, attachment.network.as_ref()),
        };
        let node = Node::Attachment { container: owner.clone(), outer: attachment.outer, inner: inner.map(key) };
        let subject = Some(Subject::Container { id: owner.clone() });
        self.push(depth, node, subject, self.container_name(attachment), shown);
        let ends = [inner, attachment.outer.and_then(|o| self.link(o))];
        if let Some(down) = ends.into_iter().flatten().find(|l| !l.is_up) {
            self.note(format!("{} down", down.name.shown()));
        }
        self.children(attachment.link, depth + 1);
        // Those who joined the sandbox stand below its first interface.
        let guests: Vec<ContainerId> = match self.drawn_containers.insert(owner.clone()) {
            true => attachment.containers[1..].to_vec(),
            false => Vec::new(),
        };
        for guest in guests {
            self.guest(&guest, "joined", depth + 1);
        }
        if snapshot_hides(self.snapshot, owner) {
            self.joined(owner, depth + 1);
        }
    }

    /// Addresses by the engine's word, where the kernel's could not be read.
    fn engine_addresses(&self, container: &ContainerId, network: Option<&NetworkId>) -> Vec<String> {
        let container = self.snapshot.container(container);
        let endpoints = container.into_iter().flat_map(|c| &c.endpoints);
        let here =
            endpoints.filter(|e| network.is_some() && scope::network_of(self.snapshot, e).map(|n| &n.id) == network);
        here.flat_map(|e| [e.ipv4, e.ipv6]).flatten().map(|c| c.to_string()).collect()
    }

    fn guest(&mut self, id: &ContainerId, how: &'static str, depth: u8) {
        let Some(container) = self.snapshot.container(id) else { return };
        if !self.drawn_containers.insert(id.clone()) {
            return;
        }
        let subject = Some(Subject::Container { id: id.clone() });
        self.push(depth, Node::Guest { container: id.clone(), how }, subject, container.name.clone(), Vec::new());
        self.joined(id, depth.saturating_add(1));
    }

    /// Those who joined a container's namespace by the engine's word.
    fn joined(&mut self, id: &ContainerId, depth: u8) {
        let snapshot = self.snapshot;
        let joined = snapshot.containers.iter().filter(|c| c.network_mode == NetworkMode::Container(id.clone()));
        for other in joined.filter(|c| depth <= DEPTH && scope::is_alive(snapshot, c)) {
            self.guest(&other.id, "joined", depth);
        }
    }

    fn port(&mut self, at: LinkKey, depth: u8) {
        let Some(link) = self.link(at) else { return };
        if !self.drawn_links.insert(at) {
            return;
        }
        self.push(depth, Node::Port { link: at }, of_link(at), link.name.clone(), addresses(link));
        self.note(link.kind.clone());
        self.state(link);
        let far = self.wiring.attachment(at).filter(|a| a.outer == Some(at)).map(|a| a.link);
        if let Some((netns, _)) = far {
            let names = self.snapshot.netns.iter().find(|n| n.inode == netns).and_then(|n| n.names.first());
            self.note(match names {
                Some(name) => format!("to namespace {netns} {}", name.shown()),
                None => format!("to namespace {netns}"),
            });
        } else if let Some(gap) = link.peer.as_ref().filter(|_| link.kind == "veth").and_then(|p| p.netns.why()) {
            self.note(format!("to a namespace that is not known: {}", gap.reason));
        }
        self.ports(at, depth.saturating_add(1));
        self.children(at, depth.saturating_add(1));
    }

    /// What has this interface as its parent: vlans in the same namespace, macvlan and ipvlan networks and their
    /// attachments.
    fn children(&mut self, parent: LinkKey, depth: u8) {
        if depth > DEPTH {
            return;
        }
        let networks: Vec<&NetworkId> =
            self.wiring.device_of.iter().filter(|(_, at)| **at == parent).map(|(id, _)| id).collect();
        for id in networks {
            if let Some(network) = self.network(id).filter(|n| n.driver != "bridge") {
                self.network_row(network, depth, false);
            }
        }
        let wiring = self.wiring;
        for (n, attachment) in wiring.attachments.iter().enumerate() {
            let is_child = attachment.outer == Some(parent) && wiring.by_outer.get(&parent) != Some(&n);
            if is_child && !attachment.containers.is_empty() {
                self.attachment(n, depth);
            }
        }
        for link in self.snapshot.links_in(parent.0) {
            let is_child = link.kind != "veth"
                && link.master.is_none()
                && link.peer.as_ref().is_some_and(|p| p.ifindex == parent.1 && p.netns.get() == Some(parent.0));
            if is_child && Some(parent.0) == self.snapshot.our_netns() && !self.uplinks.contains(&key(link)) {
                self.port(key(link), depth);
            }
        }
    }

    fn network_row(&mut self, network: &'a Network, depth: u8, device_missing: bool) {
        if !self.drawn_networks.insert(network.id.clone()) {
            return;
        }
        let node = Node::Network { network: network.id.clone(), device_missing };
        let subject = Some(Subject::Network { id: network.id.clone() });
        let subnets = network.pools.iter().map(|p| p.subnet.to_string()).collect();
        self.push(depth, node, subject, network.name.clone(), subnets);
        self.note(network.driver.clone());
        if device_missing {
            self.note("device missing");
        }
        if network.internal {
            self.note("internal");
        }
        let wiring = self.wiring;
        for (n, attachment) in wiring.attachments.iter().enumerate() {
            if attachment.network.as_ref() == Some(&network.id) && !attachment.containers.is_empty() {
                self.attachment(n, depth + 1);
            }
        }
        self.members(&network.id, depth + 1);
    }

    /// Running containers that the engine has on a network and of which no interface there could be found.
    fn members(&mut self, id: &NetworkId, depth: u8) {
        let (snapshot, wiring) = (self.snapshot, self.wiring);
        for container in snapshot.containers.iter().filter(|c| scope::is_alive(snapshot, c)) {
            let is_member =
                container.endpoints.iter().any(|e| scope::network_of(snapshot, e).is_some_and(|n| n.id == *id));
            let is_wired = wiring
                .attachments
                .iter()
                .any(|a| a.network.as_ref() == Some(id) && a.containers.contains(&container.id));
            if !is_member || is_wired {
                continue;
            }
            let node = Node::Attachment { container: container.id.clone(), outer: None, inner: None };
            let subject = Some(Subject::Container { id: container.id.clone() });
            let shown = self.engine_addresses(&container.id, Some(id));
            self.push(depth, node, subject, container.name.clone(), shown);
            self.note("by the engine's word");
            if self.drawn_containers.insert(container.id.clone()) {
                self.joined(&container.id, depth.saturating_add(1));
            }
        }
    }

    /// Networks that have no device here, or have lost it.
    fn networks(&mut self) {
        let snapshot = self.snapshot;
        for network in snapshot.networks.iter().filter(|n| !matches!(n.driver.as_str(), "host" | "null")) {
            self.network_row(network, 0, self.wiring.lacks_device(snapshot, network) == Some(true));
        }
    }

    /// Devices of our namespace that stand nowhere else, by kind.
    fn devices(&mut self) {
        let Some(ours) = self.snapshot.our_netns() else { return };
        let left: Vec<&Link> = self.snapshot.links_in(ours).iter().filter(|l| l.kind != "loopback").collect();
        let tunnels = ["vxlan", "wireguard", "tun", "gre", "gretap", "ipip", "sit", "geneve", "ip6tnl", "xfrm", "vti"];
        let classes: [(&'static str, Class); 4] = [
            ("tunnels", &|l| tunnels.contains(&l.kind.as_str())),
            ("open vswitch", &|l| l.kind == "openvswitch"),
            ("not attached", &|l| l.kind == "veth"),
            ("other interfaces", &|_| true),
        ];
        for (title, is_of) in classes {
            let rows: Vec<LinkKey> =
                left.iter().filter(|l| !self.drawn_links.contains(&key(l)) && is_of(l)).map(|l| key(l)).collect();
            if rows.is_empty() {
                continue;
            }
            self.push(0, Node::Heading { title }, None, title.into(), Vec::new());
            for at in rows {
                match self.wiring.by_outer.get(&at).filter(|n| !self.wiring.attachments[**n].containers.is_empty()) {
                    Some(n) if self.drawn_links.insert(at) => self.attachment(*n, 1),
                    Some(_) => {}
                    None => self.port(at, 1),
                }
            }
        }
    }

    /// Containers without an interface of their own here.
    fn guests(&mut self) {
        let snapshot = self.snapshot;
        let alive: Vec<&Container> =
            snapshot.containers.iter().filter(|c| scope::is_alive(snapshot, c)).map(AsRef::as_ref).collect();
        // Attachments whose outer end is in no namespace that is drawn: an overlay's sandbox, a rootless engine's.
        let wiring = self.wiring;
        let rest: Vec<usize> = (0..wiring.attachments.len())
            .filter(|n| !self.drawn_attachments.contains(n) && !wiring.attachments[*n].containers.is_empty())
            .collect();
        if !rest.is_empty() {
            self.push(0, Node::Heading { title: "other namespaces" }, None, "other namespaces".into(), Vec::new());
            for n in rest {
                self.attachment(n, 1);
            }
        }
        for (title, how) in [("host namespace", "host"), ("no network", "none"), ("not known", "unknown")] {
            let mut rows: Vec<&Container> = alive
                .iter()
                .filter(|c| !self.drawn_containers.contains(&c.id) && self.manner(c) == how)
                .copied()
                .collect();
            rows.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
            if rows.is_empty() {
                continue;
            }
            self.push(0, Node::Heading { title }, None, title.into(), Vec::new());
            for container in rows {
                self.guest(&container.id, how, 1);
            }
        }
        // Joined to a container that is not drawn itself.
        for container in alive {
            self.guest(&container.id, "joined", 0);
        }
    }

    fn manner(&self, container: &Container) -> &'static str {
        let netns: Option<NsInode> = self.snapshot.netns_of(&container.id);
        match &container.network_mode {
            NetworkMode::Host => "host",
            NetworkMode::None => "none",
            NetworkMode::Container(_) => "joined",
            _ => match netns {
                Some(netns) if scope::is_host_netns(self.snapshot, netns) => "host",
                // Its namespace was read and holds loopback only.
                Some(netns) if !self.snapshot.links_in(netns).is_empty() => "none",
                _ => "unknown",
            },
        }
    }
}

/// True when the kernel does not tell the namespace of a container, so that who joined it is only said by the engine.
fn snapshot_hides(snapshot: &Snapshot, id: &ContainerId) -> bool {
    snapshot.netns_of(id).is_none()
}

/// `default via 192.0.2.1` for each default route of an interface.
fn default_routes(snapshot: &Snapshot, link: &Link) -> Vec<String> {
    let is_its = |r: &&Route| r.oif == Some(link.ifindex) && r.netns == link.netns && r.dst.is_default();
    let words = snapshot.routes.iter().filter(is_its).map(|r| match r.gateway {
        Some(gateway) => format!("default via {gateway}"),
        None => "default".to_owned(),
    });
    words.collect()
}
