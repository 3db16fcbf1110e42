//! BW-N-021: A promiscuous interface.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-021",
    title: "A promiscuous interface",
    severity: Severity::High,
    why: "Something listens in on what is meant for others.",
    fix: "Find the sniffer and stop it.",
    inputs: Inputs::CONTAINER
        .and(Inputs::KERNEL)
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS),
    need: "U, P inside",
    blind: "A sniffer that is not promiscuous.",
    patience: Patience::TwoSamples,
    way: Check::BY_HAND,
    beside: Some(Decide::Host(uplinks)),
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

/// Names of host ends change with every start of a container; its finding stays.
const FAR_END: &str = "the host's end of its veth";

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if container.network_mode == NetworkMode::Host {
        return Ok(Verdict::na("host network: the interfaces are the host's"));
    }
    evidence.owns_netns(container)?;
    let netns = evidence.netns(container)?;
    let inside = evidence.snapshot.links_in(netns);
    let mut hits: Vec<Hit> = inside
        .iter()
        // A port of a bridge made inside (a nested engine) is promiscuous by nature.
        .filter(|link| {
            link.kind != "loopback" && (link.promiscuity > u32::from(link.master.is_some()) || link.is_promisc)
        })
        .map(|link| hit(link, "inside the container", 0))
        .collect();
    if let Ok(links) = evidence.engine_links() {
        let far =
            |link: &&Link| link.kind == "veth" && link.peer.as_ref().is_some_and(|p| p.netns.get() == Some(netns));
        hits.extend(
            links
                .iter()
                .filter(far)
                .filter(|link| link.promiscuity > u32::from(link.master.is_some()))
                .map(|link| hit(link, FAR_END, u32::from(link.master.is_some()))),
        );
    }
    if hits.is_empty() && inside.is_empty() {
        return Err(Verdict::unknown(Reason::NotRead, "the interfaces of its network namespace were not read"));
    }
    Ok(Verdict::of(hits))
}

/// The interfaces that lead outside. The parent of a macvlan or ipvlan is promiscuous by nature.
fn uplinks(evidence: &Evidence) -> Decision {
    let links = evidence.engine_links()?;
    let hits = evidence
        .uplinks()?
        .into_iter()
        .filter(|link| links.iter().any(|known| known.ifindex == link.ifindex) && link.kind != "bridge")
        .map(|link| (link, explained(evidence, link)))
        .filter(|(link, explained)| link.promiscuity > *explained || link.is_promisc)
        .map(|(link, explained)| hit(link, "leads outside", explained));
    Ok(Verdict::of(hits.collect()))
}

/// How many of its users want an interface promiscuous because other devices are stacked on it: each macvlan in
/// passthru mode by itself, and all others together once, since a device that can't filter several addresses of
/// unicast is made promiscuous when the first of them adds its own (`__dev_set_rx_mode` of the kernel).
fn explained(evidence: &Evidence, link: &Link) -> u32 {
    let snapshot = evidence.snapshot;
    let stacked = |child: &&Link| {
        matches!(child.kind.as_str(), "macvlan" | "macvtap" | "ipvlan" | "ipvtap" | "vlan")
            && child.peer.as_ref().is_some_and(|p| p.ifindex == link.ifindex && p.netns.get() == Some(link.netns))
    };
    let (passthru, others): (Vec<&Link>, Vec<&Link>) = snapshot
        .links
        .iter()
        .filter(stacked)
        .partition(|child| child.details.get("mode").is_some_and(|mode| mode == "passthru"));
    // Where containers can't be looked into, the engine's word for what is stacked on it.
    let said = || {
        let on_it = |n: &&Network| {
            matches!(n.driver.as_str(), "macvlan" | "ipvlan") && n.device().is_some_and(|d| link.name == d.as_str())
        };
        let hidden = snapshot.netns.iter().any(|n| n.links_gap.is_some());
        hidden && snapshot.networks.iter().any(|n| on_it(&n) && n.members.known().is_none_or(|m| !m.is_empty()))
    };
    u32::try_from(passthru.len()).unwrap_or(u32::MAX).saturating_add(u32::from(!others.is_empty() || said()))
}

fn hit(link: &Link, what: &str, baseline: u32) -> Hit {
    Hit::fail(Grade::Kernel)
        .on(if what == FAR_END { "veth".to_owned() } else { link.name.raw().to_owned() })
        .says(format!("{} ({what}) is promiscuous", link.name.raw()))
        .saw("netlink", format!("{} promiscuity", link.name.raw()), link.promiscuity.to_string(), baseline.to_string())
        .about(Subject::Link { netns: link.netns, ifindex: link.ifindex })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn wired(change_inside: impl FnOnce(&mut Link), change_host: impl FnOnce(&mut Link)) -> Host {
        let mut inside = link(100, 2, "eth0", "veth");
        let mut host = link(1, 20, "vethabc", "veth");
        host.master = Some(IfIndex(3));
        host.promiscuity = 1;
        host.peer = Some(crate::model::Peer { ifindex: IfIndex(2), netns: Fact::Known(NsInode(100)) });
        change_inside(&mut inside);
        change_host(&mut host);
        one(container().netns(100)).link(inside).link(host)
    }

    #[test]
    fn against_the_baseline() {
        decides(
            &CHECK,
            [
                ("a bridge port has one", wired(|_| {}, |_| {}), Pass),
                ("a sniffer inside", wired(|l| l.promiscuity = 1, |_| {}), Fail),
                ("the flag inside", wired(|l| l.is_promisc = true, |_| {}), Fail),
                ("a sniffer on the host's end", wired(|_| {}, |l| l.promiscuity = 2), Fail),
                (
                    "a bridge of a nested engine",
                    wired(
                        |l| {
                            l.promiscuity = 1;
                            l.master = Some(IfIndex(9));
                        },
                        |_| {},
                    ),
                    Pass,
                ),
                ("interfaces unreadable", one(container().netns(100)), Unknown),
                ("not running", one(container().stopped()), Na),
            ],
        );
    }

    #[test]
    fn uplinks_are_the_hosts_own_finding() {
        let status = |host: &Host| uplinks(&Evidence::new(&host.0)).unwrap_or_else(|verdict| verdict).status();
        assert_eq!(status(&Host::new()), Pass);
        assert_eq!(status(&Host::new().iface("eth0", |l| l.promiscuity = 1)), Fail);
        let parent = |promiscuity: u32, modes: &[&str]| {
            let host = Host::new().iface("eth0", |l| l.promiscuity = promiscuity);
            modes.iter().enumerate().fold(host, |host, (n, mode)| {
                let mut child = link(100 + n as u64, 5, "eth0", "macvlan");
                child.details.insert("mode".into(), (*mode).into());
                child.peer = Some(crate::model::Peer { ifindex: IfIndex(2), netns: Fact::Known(HOST_NS) });
                host.link(child)
            })
        };
        assert_eq!(status(&parent(1, &["bridge", "bridge"])), Pass, "the kernel itself made it so");
        assert_eq!(status(&parent(2, &["bridge", "bridge"])), Fail, "its macvlans and a sniffer");
        assert_eq!(status(&parent(2, &["passthru", "passthru"])), Pass);
        assert_eq!(status(&parent(2, &["passthru"])), Fail);
        let port = Host::new().iface("eth0", |l| {
            l.promiscuity = 1;
            l.master = Some(IfIndex(3));
        });
        assert_eq!(status(&port), Pass);
        let nowhere = Host::new().facts(|h| h.daemon = Fact::default()).snapshot(|s| s.networks = Default::default());
        assert_eq!(status(&nowhere), Unknown);
    }
}
