//! What is left over on the host, and why it is thought so. Nothing is called stale on the word of a source that
//! could not be read.

use super::Leftover;
use crate::analysis::nat::NatRules;
use crate::analysis::{Wiring, scope};
use crate::model::{Link, NsInode, Snapshot, SourceState, Subject};
use crate::text::Outside;
use std::collections::BTreeSet;
use std::net::IpAddr;

pub(super) fn find(snapshot: &Snapshot, wiring: &Wiring) -> Vec<Leftover> {
    // The engine's list is the measure: without it, or with an old one, everything would look left over.
    let is_old = snapshot.source("engine").is_some_and(|s| !matches!(s.state, SourceState::Ok | SourceState::Partial));
    let has_engine = !is_old && (snapshot.host.engine.known().is_some() || !snapshot.networks.is_empty());
    let Some(engine) = scope::engine_netns(snapshot).filter(|_| has_engine) else { return Vec::new() };
    let mut found = Vec::new();
    if !snapshot.links_in(engine).is_empty() {
        bridges(snapshot, wiring, engine, &mut found);
        networks(snapshot, wiring, &mut found);
    }
    veths(snapshot, wiring, engine, &mut found);
    proxies(snapshot, &mut found);
    endpoints(snapshot, &mut found);
    namespaces(snapshot, wiring, &mut found);
    if snapshot.our_netns() == Some(engine) {
        rules(snapshot, &mut found);
    }
    found
}

fn of_link(link: &Link, what: &'static str, reason: String) -> Leftover {
    let subject = Subject::Link { netns: link.netns, ifindex: link.ifindex };
    Leftover { subject, name: link.name.clone(), what, reason }
}

/// `br-` and twelve hexadecimal digits: the name the engine gives to the bridge of a network.
fn engine_shaped(name: &str) -> Option<&str> {
    let id = name.strip_prefix("br-")?;
    (id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
}

fn bridges(snapshot: &Snapshot, wiring: &Wiring, engine: NsInode, found: &mut Vec<Leftover>) {
    for link in snapshot.links_in(engine).iter().filter(|l| l.kind == "bridge") {
        let key = (link.netns, link.ifindex);
        let Some(id) = engine_shaped(link.name.raw()).filter(|_| !wiring.network_of.contains_key(&key)) else {
            continue;
        };
        if snapshot.networks.iter().any(|n| n.device().as_deref() == Some(link.name.raw())) {
            continue;
        }
        let ports = wiring.ports_of.get(&key).map_or(0, Vec::len);
        let addresses: Vec<String> =
            link.addresses.iter().filter(|a| a.scope == "global").map(|a| a.cidr.to_string()).collect();
        let has = if addresses.is_empty() { "no address".into() } else { format!("address {}", addresses.join(", ")) };
        let reason =
            format!("named like the bridge of network {id}, which the engine does not have; {ports} ports, {has}");
        found.push(of_link(link, "bridge without network", reason));
    }
}

fn networks(snapshot: &Snapshot, wiring: &Wiring, found: &mut Vec<Leftover>) {
    for network in snapshot.networks.iter().filter(|n| wiring.lacks_device(snapshot, n) == Some(true)) {
        if let Some(device) = network.device() {
            let (what, word) = match network.driver.as_str() {
                "bridge" => ("network without bridge", "bridge"),
                _ => ("network without parent", "parent"),
            };
            let subject = Subject::Network { id: network.id.clone() };
            let shown = Outside::from(device);
            let reason = format!("its {word} {} is not on the host", shown.shown());
            found.push(Leftover { subject, name: network.name.clone(), what, reason });
        }
    }
}

fn veths(snapshot: &Snapshot, wiring: &Wiring, engine: NsInode, found: &mut Vec<Leftover>) {
    for link in snapshot.links_in(engine).iter() {
        let key = (link.netns, link.ifindex);
        let on_network = link.master.and_then(|m| wiring.network_of.get(&(link.netns, m)));
        if let Some(far) = link.peer.as_ref().filter(|_| link.kind == "veth").and_then(|p| p.netns.get()) {
            let is_owned = wiring.by_netns.contains_key(&far) || scope::is_host_netns(snapshot, far);
            let namespace = snapshot.netns.iter().find(|n| n.inode == far);
            let is_empty = namespace.is_some_and(|n| n.process_count.get() == Some(0) && n.names.is_empty());
            let is_engines = on_network.is_some() || engine_made(link.name.raw());
            if !is_owned && (is_empty || (is_engines && namespace.is_none_or(|n| n.process_count.get() == Some(0)))) {
                let reason = match namespace {
                    Some(_) => format!(
                        "its peer is in network namespace {far}, in which no process runs and which no container has"
                    ),
                    None => format!(
                        "its peer is in network namespace {far}, which no container and no process is known to have"
                    ),
                };
                found.push(of_link(link, "veth without container", reason));
                continue;
            }
        }
        let alone = link.kind == "veth" && engine_made(link.name.raw()) && link.master.is_none();
        if alone && wiring.by_outer.get(&key).is_none_or(|n| wiring.attachments[*n].containers.is_empty()) {
            found.push(of_link(link, "veth without bridge", "named like the engine's, a port of no bridge".to_owned()));
        } else if link.master.is_some() && !link.is_up {
            found.push(of_link(link, "port down", "a port of a bridge, and set down".to_owned()));
        }
    }
}

/// `veth` and seven hexadecimal digits: the name the engine gives to host ends.
fn engine_made(name: &str) -> bool {
    name.strip_prefix("veth").is_some_and(|id| id.len() == 7 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn proxies(snapshot: &Snapshot, found: &mut Vec<Leftover>) {
    let Some(proxies) = snapshot.host.daemon.known().and_then(|d| d.proxies.known()) else { return };
    for proxy in proxies {
        let alive = snapshot.containers.iter().filter(|c| scope::is_alive(snapshot, c));
        let has_port = |c: &crate::model::Container| {
            c.ports.iter().any(|p| p.proto == proxy.proto && p.host_port == Some(proxy.host_port))
        };
        if alive.clone().any(|c| has_port(c)) {
            continue;
        }
        // A container that was started a moment ago and is not inspected yet has the address already.
        let has_address = |c: &crate::model::Container| {
            c.endpoints.iter().flat_map(|e| [e.ipv4, e.ipv6]).flatten().any(|a| a.addr == proxy.container_ip)
        };
        if alive
            .clone()
            .any(|c| has_address(c) || c.inspected_at.is_none() && c.endpoints.is_empty() && c.pid.is_none())
        {
            continue;
        }
        let binding = std::net::SocketAddr::new(proxy.host_ip, proxy.host_port);
        let target = std::net::SocketAddr::new(proxy.container_ip, proxy.container_port);
        found.push(Leftover {
            subject: Subject::Daemon,
            name: format!("docker-proxy {}", proxy.pid).into(),
            what: "stale proxy",
            reason: format!("it holds {} {binding} for {target}, which no running container has", proxy.proto),
        });
    }
}

fn endpoints(snapshot: &Snapshot, found: &mut Vec<Leftover>) {
    for network in snapshot.networks.iter().filter(|n| n.scope != "swarm" && !n.ingress) {
        for member in network.members.known().into_iter().flatten() {
            // Load balancers and endpoints made by hand have keys of other shapes.
            let is_container = member.container.as_str().len() == 64 && !member.name.raw().starts_with("gateway_");
            if !is_container || snapshot.container(&member.container).is_some() {
                continue;
            }
            found.push(Leftover {
                subject: Subject::Network { id: network.id.clone() },
                name: member.name.clone(),
                what: "stale endpoint",
                reason: format!(
                    "network {} has an endpoint of container {}, which the engine does not have",
                    network.name.shown(),
                    member.container.short()
                ),
            });
        }
    }
}

fn namespaces(snapshot: &Snapshot, wiring: &Wiring, found: &mut Vec<Leftover>) {
    for netns in snapshot.netns.iter() {
        let is_sandbox = |name: &Outside| {
            let (folder, file) = name.raw().rsplit_once('/').unwrap_or(("", name.raw()));
            folder.ends_with("/netns")
                && folder != "/run/netns"
                && folder != "/var/run/netns"
                && file.len() == 12
                && file.bytes().all(|b| b.is_ascii_hexdigit())
        };
        let Some(name) = netns.names.iter().find(|n| is_sandbox(n)) else { continue };
        let is_owned = wiring.by_netns.contains_key(&netns.inode) || scope::is_host_netns(snapshot, netns.inode);
        if is_owned || netns.process_count.get() != Some(0) {
            continue;
        }
        found.push(Leftover {
            subject: Subject::Netns { inode: netns.inode },
            name: name.clone(),
            what: "namespace without container",
            reason: format!(
                "a sandbox of the engine (inode {}), in which no process runs and which no container has",
                netns.inode
            ),
        });
    }
}

/// Translations to an address in the subnet of a network that no running container has.
fn rules(snapshot: &Snapshot, found: &mut Vec<Leftover>) {
    // Rules of our namespace lead to addresses of our bridges, not to those of an engine elsewhere.
    if scope::foreign_engine(snapshot).is_some() {
        return;
    }
    let mut owned: BTreeSet<IpAddr> = BTreeSet::new();
    for container in snapshot.containers.iter() {
        owned.extend(container.endpoints.iter().flat_map(|e| [e.ipv4, e.ipv6]).flatten().map(|c| c.addr));
    }
    owned.extend(snapshot.links.iter().flat_map(|l| l.addresses.iter().map(|a| a.cidr.addr)));
    for network in snapshot.networks.iter() {
        let Some(members) = network.members.known().filter(|_| network.scope != "swarm") else { continue };
        owned.extend(members.iter().flat_map(|m| [m.ipv4, m.ipv6]).flatten().map(|c| c.addr));
    }
    let nat = NatRules::new(&snapshot.firewall);
    let mut seen = BTreeSet::new();
    for (rule, to) in nat.all_dnat() {
        let network =
            snapshot.networks.iter().find(|n| n.driver == "bridge" && n.pools.iter().any(|p| p.subnet.contains(to)));
        let Some(network) = network.filter(|n| n.members.known().is_some() && !owned.contains(&to)) else { continue };
        if seen.insert(&rule.text) {
            found.push(Leftover {
                subject: Subject::Network { id: network.id.clone() },
                name: to.to_string().into(),
                what: "rule without target",
                reason: format!("nobody on network {} has this address: {}", network.name.shown(), rule.text),
            });
        }
    }
}
