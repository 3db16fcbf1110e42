//! Laws that hold for every host, however odd: nothing panics, nothing stands twice, nobody is left out, and the
//! order in which things were read changes nothing.

use super::testing::{HOST, Lab, every_mode};
use super::{Analyst, Node, Report, names, path, scope};
use crate::cli;
use crate::model::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One change to a host: what, and two numbers that choose where.
type Change = (u8, usize, usize);

fn pick<T>(list: &mut [T], n: usize) -> Option<&mut T> {
    let len = list.len();
    list.get_mut(n.checked_rem(len)?)
}

fn change(lab: &mut Lab, (what, a, b): Change) {
    let peers: Vec<(IfIndex, NsInode)> = lab.links.iter().map(|l| (l.ifindex, l.netns)).collect();
    let ids: Vec<ContainerId> = lab.containers.iter().map(|c| c.id.clone()).collect();
    let other = peers.get(b.checked_rem(peers.len()).unwrap_or(0)).copied();
    match what % 16 {
        0 => drop((!lab.links.is_empty()).then(|| lab.links.remove(a % lab.links.len()))),
        1 => drop((!lab.containers.is_empty()).then(|| lab.containers.remove(a % lab.containers.len()))),
        2 => drop((!lab.kernel.is_empty()).then(|| lab.kernel.remove(a % lab.kernel.len()))),
        3 => drop((!lab.networks.is_empty()).then(|| lab.networks.remove(a % lab.networks.len()))),
        4 => {
            if let (Some(link), Some((index, _))) = (pick(&mut lab.links, a), other) {
                link.master = Some(index);
            }
        }
        5 => {
            if let (Some(link), Some((ifindex, netns))) = (pick(&mut lab.links, a), other) {
                link.peer = Some(Peer { ifindex, netns: Fact::Known(netns) });
            }
        }
        6 => {
            if let Some(link) = pick(&mut lab.links, a) {
                link.peer = Some(Peer { ifindex: IfIndex(b as u32), netns: Fact::default() });
            }
        }
        7 => {
            if let (Some(container), Some(id)) = (pick(&mut lab.containers, a), ids.get(b % ids.len().max(1))) {
                container.network_mode = NetworkMode::Container(id.clone());
            }
        }
        8 => {
            if let Some(container) = pick(&mut lab.containers, a) {
                container.state = [State::Running, State::Exited, State::Created, State::Paused][b % 4].clone();
            }
        }
        9 => {
            if let Some(link) = pick(&mut lab.links, a) {
                link.kind = ["veth", "bridge", "macvlan", "vlan", "vxlan", "bond", "tun", "ether"][b % 8].into();
            }
        }
        10 => {
            let netns = lab.kernel.get(b.checked_rem(lab.kernel.len()).unwrap_or(0)).map(|k| k.namespaces.clone());
            if let (Some(facts), Some(netns)) = (pick(&mut lab.kernel, a), netns) {
                facts.namespaces = netns;
            }
        }
        11 => lab.firewall = Fact::default(),
        12 => lab.host.namespaces.clear(),
        13 => {
            let addr = ["0.0.0.0", "::", "127.0.0.1", "172.18.0.2"][b % 4];
            lab.listen(if a % 2 == 0 { HOST } else { NsInode(201 + (a % 4) as u64) }, addr, (b % 3) as u16, None);
        }
        14 => {
            if let Some(container) = pick(&mut lab.containers, a) {
                container.ports.push(PublishedPort {
                    proto: Proto::Tcp,
                    container_port: (b % 3) as u16,
                    host_ip: (b % 2 == 0).then(|| "::".parse().expect("ip")),
                    host_port: (b % 5 != 0).then_some((b % 3) as u16),
                });
            }
        }
        _ => {
            if let Some(network) = pick(&mut lab.networks, a) {
                network.internal = b % 2 == 0;
                network.driver = ["bridge", "macvlan", "overlay", "plugin"][b % 4].into();
            }
        }
    }
}

/// As sources keep it: one interface per index.
fn tidy(lab: &mut Lab) {
    let mut seen = BTreeSet::new();
    lab.links.retain(|l| seen.insert((l.netns, l.ifindex)));
}

fn report_on(snapshot: &Arc<Snapshot>) -> Report {
    Analyst::new().update(snapshot).clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_host_panics_and_the_picture_is_whole(changes in prop::collection::vec((0u8..16, 0usize..64, 0usize..64), 0..40)) {
        let mut lab = every_mode();
        changes.into_iter().for_each(|c| change(&mut lab, c));
        tidy(&mut lab);
        let snapshot = Arc::new(lab.snapshot());
        let report = report_on(&snapshot);
        let mut links = BTreeSet::new();
        let mut guests = BTreeSet::new();
        let mut drawn = BTreeSet::new();
        for branch in &report.topology.branches {
            match &branch.node {
                Node::Uplink { link } | Node::Bridge { link, .. } | Node::Port { link } => {
                    prop_assert!(links.insert(*link), "{link:?} stands twice");
                }
                Node::Guest { container, .. } => {
                    prop_assert!(guests.insert(container.clone()), "{container:?} is a guest twice");
                    drawn.insert(container.clone());
                }
                Node::Attachment { container, .. } => drop(drawn.insert(container.clone())),
                _ => {}
            }
        }
        for container in snapshot.containers.iter().filter(|c| scope::is_alive(&snapshot, c)) {
            prop_assert!(drawn.contains(&container.id), "{:?} is not in the picture", container.name);
        }
        let keys: BTreeSet<_> = report.ports.iter().map(|r| r.key.clone()).collect();
        prop_assert_eq!(keys.len(), report.ports.len());
        for container in snapshot.containers.iter() {
            let _ = path::to_wire(&snapshot, &report.wiring, &container.id);
            let _ = names::resolving_to(&snapshot, &container.id);
        }
        let document = cli::topology::document(&snapshot, &report);
        let count = |nodes: &[cli::topology::NodeDoc]| {
            fn all(nodes: &[cli::topology::NodeDoc]) -> usize {
                nodes.iter().map(|n| 1 + all(&n.children)).sum()
            }
            all(nodes)
        };
        prop_assert_eq!(count(&document), report.topology.branches.len());
        let mut out = Vec::new();
        cli::json::write(&mut out, &cli::snapshot::document(&snapshot, &report, serde_json::Value::Null), false)
            .expect("serialises");
        let _ = cli::links::table(&cli::links::document(&snapshot, &report)).text();
        let _ = cli::networks::table(&cli::networks::document(&snapshot, &report)).text();
    }

    #[test]
    fn the_order_of_reading_changes_nothing(seed in prop::collection::vec(0usize..64, 1..20)) {
        let lab = every_mode();
        let one = Arc::new(lab.snapshot());
        let mut mixed = lab.snapshot();
        for n in &seed {
            let rotate = |len: usize| n.checked_rem(len).unwrap_or(0);
            let routes = Arc::make_mut(&mut mixed.routes);
            let len = routes.len();
            routes.rotate_left(rotate(len));
            let networks = Arc::make_mut(&mut mixed.networks);
            let len = networks.len();
            networks.rotate_left(rotate(len));
            let netns = Arc::make_mut(&mut mixed.netns);
            let len = netns.len();
            netns.rotate_left(rotate(len));
        }
        let (a, b) = (report_on(&one), report_on(&Arc::new(mixed)));
        prop_assert_eq!(a.wiring, b.wiring);
        prop_assert_eq!(a.ports, b.ports);
        prop_assert_eq!(a.pools, b.pools);
        prop_assert_eq!(a.topology, b.topology);
        prop_assert_eq!(a.sharing, b.sharing);
    }
}
