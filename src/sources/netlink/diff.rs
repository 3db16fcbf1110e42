//! What changed between two pictures, as entries of the timeline. Pure: two states in, events out.
//!
//! Left out, as they only repeat: loopback devices, the addresses of an interface that came or went with it (its own
//! entry names them), and routes that the kernel makes for addresses.

use super::NetlinkState;
use crate::model::{Event, IfIndex, Link, Mac, NsInode, Origin, Route, Subject, Weight};
use crate::text::Outside;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// More route changes at once are told as one: a routing daemon that starts has thousands.
const ROUTES_TOLD: usize = 32;

/// The events between two states. `deleted` holds the interfaces of which the kernel said in between that they went:
/// an interface of the same index is then another one, unless it is the same in every respect.
pub(super) fn events(
    before: &NetlinkState,
    after: &NetlinkState,
    deleted: &HashSet<(NsInode, IfIndex)>,
    at: Timestamp,
) -> Vec<Event> {
    let mut told = Told { at, events: Vec::new(), before: &before.links, after: &after.links };
    if !Arc::ptr_eq(&before.links, &after.links) {
        told.links(deleted);
    }
    if !Arc::ptr_eq(&before.routes, &after.routes) {
        told.routes(&before.routes, &after.routes);
    }
    told.events
}

struct Told<'a> {
    at: Timestamp,
    events: Vec<Event>,
    before: &'a [Link],
    after: &'a [Link],
}

impl Told<'_> {
    fn links(&mut self, deleted: &HashSet<(NsInode, IfIndex)>) {
        let (before, after) = (self.before, self.after);
        let key = |link: &Link| (link.netns, link.ifindex);
        let new: HashMap<_, &Link> = after.iter().map(|link| (key(link), link)).collect();
        let old: HashMap<_, &Link> = before.iter().map(|link| (key(link), link)).collect();
        let same = |old: &Link, new: &Link| !is_another(old, new, deleted.contains(&key(old)));
        let gone: Vec<&Link> =
            before.iter().filter(|link| new.get(&key(link)).is_none_or(|new| !same(link, new))).collect();
        let come: Vec<&Link> =
            after.iter().filter(|link| old.get(&key(link)).is_none_or(|old| !same(old, link))).collect();
        let moved = moves(&gone, &come);
        for link in gone.iter().filter(|link| link.kind != "loopback") {
            if !moved.values().any(|from| std::ptr::eq(*from, *link)) {
                self.link(link, "link", "removed", Weight::Info, format!("was removed ({})", describe(link, before)));
            }
        }
        for link in come.iter().filter(|link| link.kind != "loopback") {
            match moved.get(&key(link)) {
                Some(from) => {
                    let text =
                        format!("moved here from network namespace {}, where it was {}", from.netns, from.name.raw());
                    self.link(link, "link", "moved", Weight::Info, text);
                }
                None => {
                    self.link(link, "link", "added", Weight::Info, format!("was added ({})", describe(link, after)))
                }
            }
        }
        for new in after {
            if let Some(old) = old.get(&key(new)).filter(|old| same(old, new) && **old != new) {
                self.changed(old, new);
            }
        }
    }

    fn changed(&mut self, old: &Link, new: &Link) {
        if old.name != new.name {
            self.link(new, "link", "renamed", Weight::Info, format!("was called {}", old.name.raw()));
        }
        match (carries(old), carries(new)) {
            (false, true) => self.link(new, "link", "up", Weight::Info, "is up".to_owned()),
            (true, false) if new.is_up => {
                self.link(new, "link", "down", Weight::Notice, format!("lost its carrier ({})", new.operstate));
            }
            (true, false) => self.link(new, "link", "down", Weight::Notice, "was set down".to_owned()),
            _ => {}
        }
        if old.master != new.master {
            if let Some(name) = master_name(old, self.before) {
                self.link(new, "link", "detached", Weight::Info, format!("left {name}"));
            }
            if let Some(name) = master_name(new, self.after) {
                self.link(new, "link", "attached", Weight::Info, format!("joined {name}"));
            }
        }
        let cidrs = |link: &Link| link.addresses.iter().map(|a| a.cidr).collect::<BTreeSet<_>>();
        let (had, has) = (cidrs(old), cidrs(new));
        for cidr in had.difference(&has) {
            self.link(new, "address", "removed", Weight::Info, format!("address {cidr} was removed"));
        }
        for cidr in has.difference(&had) {
            self.link(new, "address", "added", Weight::Info, format!("address {cidr} was added"));
        }
    }

    fn link(&mut self, link: &Link, class: &str, action: &str, weight: Weight, text: String) {
        let subject = Subject::Link { netns: link.netns, ifindex: link.ifindex };
        self.tell(subject, link.name.clone(), class, action, weight, text);
    }

    fn routes(&mut self, before: &[Route], after: &[Route]) {
        let told = |routes: &[Route]| -> BTreeMap<String, Route> {
            routes.iter().filter(|r| r.protocol != "kernel").map(|r| (self.sentence(r), r.clone())).collect()
        };
        let (old, new) = (told(before), told(after));
        let gone: Vec<_> = old.iter().filter(|(text, _)| !new.contains_key(*text)).collect();
        let come: Vec<_> = new.iter().filter(|(text, _)| !old.contains_key(*text)).collect();
        if gone.len() + come.len() > ROUTES_TOLD {
            if let Some(route) = after.first().or(before.first()) {
                let text = format!("{} routes were added, {} removed", come.len(), gone.len());
                let subject = Subject::Netns { inode: route.netns };
                self.tell(subject, Outside::default(), "route", "changed", Weight::Notice, text);
            }
            return;
        }
        for (list, action) in [(gone, "removed"), (come, "added")] {
            for (text, route) in list {
                let weight = if route.dst.is_default() { Weight::Notice } else { Weight::Info };
                let name = route.oif.and_then(|n| self.name_of(route.netns, n)).unwrap_or_default();
                let subject = match route.oif {
                    Some(ifindex) => Subject::Link { netns: route.netns, ifindex },
                    None => Subject::Netns { inode: route.netns },
                };
                self.tell(subject, name, "route", action, weight, format!("{text} was {action}"));
            }
        }
    }

    fn name_of(&self, netns: NsInode, ifindex: IfIndex) -> Option<Outside> {
        find(self.after, netns, ifindex).or_else(|| find(self.before, netns, ifindex)).map(|link| link.name.clone())
    }

    /// All that tells one route from another, in words.
    fn sentence(&self, route: &Route) -> String {
        let mut text = format!("route {}", route.dst);
        if route.kind != "unicast" {
            text = format!("{} {text}", route.kind);
        }
        if let Some(gateway) = route.gateway {
            text += &format!(" via {gateway}");
        }
        if let Some(name) = route.oif.and_then(|n| self.name_of(route.netns, n)) {
            text += &format!(" dev {}", name.raw());
        }
        if route.metric != 0 {
            text += &format!(" metric {}", route.metric);
        }
        if route.table != 254 {
            text += &format!(" table {}", route.table);
        }
        text
    }

    fn tell(&mut self, subject: Subject, name: Outside, class: &str, action: &str, weight: Weight, text: String) {
        self.events.push(Event {
            seq: 0,
            at: self.at,
            origin: Origin::Kernel,
            class: class.to_owned(),
            action: Outside::from(action),
            weight,
            subject,
            name,
            container: None,
            text: Outside::from(text),
            attributes: BTreeMap::new(),
        });
    }
}

/// Packets can pass: up, or a device that does not say.
fn carries(link: &Link) -> bool {
    link.is_up && matches!(link.operstate.as_str(), "up" | "unknown")
}

/// Whether two interfaces of one index are two devices. Each of name, address and peer may change in the life of a
/// device; its kind may not, and hardly all three at once.
fn is_another(old: &Link, new: &Link, was_deleted: bool) -> bool {
    let peer = |link: &Link| link.peer.as_ref().map(|peer| peer.ifindex);
    let differs = [old.name != new.name, old.mac != new.mac, peer(old) != peer(new)];
    old.kind != new.kind || (was_deleted && differs.contains(&true)) || differs == [true; 3]
}

/// Interfaces that went in one namespace and came in another: by where they came to, where they were. A hardware
/// address stays with a device when it moves.
fn moves<'a>(gone: &[&'a Link], come: &[&Link]) -> HashMap<(NsInode, IfIndex), &'a Link> {
    let identity = |link: &Link| -> Option<(Mac, String)> {
        link.mac.0.iter().any(|byte| *byte != 0).then(|| (link.mac.clone(), link.kind.clone()))
    };
    let left: HashMap<_, &'a Link> = gone.iter().filter_map(|link| Some((identity(link)?, *link))).collect();
    come.iter()
        .filter_map(|link| {
            let from = left.get(&identity(link)?).filter(|from| from.netns != link.netns)?;
            Some(((link.netns, link.ifindex), *from))
        })
        .collect()
}

fn find(links: &[Link], netns: NsInode, ifindex: IfIndex) -> Option<&Link> {
    links.binary_search_by(|l| (l.netns, l.ifindex).cmp(&(netns, ifindex))).ok().map(|n| &links[n])
}

fn master_name(link: &Link, links: &[Link]) -> Option<String> {
    let master = link.master?;
    Some(find(links, link.netns, master).map_or_else(|| format!("index {master}"), |m| m.name.raw().to_owned()))
}

fn describe(link: &Link, links: &[Link]) -> String {
    let mut words = vec![link.kind.clone()];
    words.extend(master_name(link, links).map(|name| format!("port of {name}")));
    words.extend(link.addresses.iter().map(|address| address.cidr.to_string()));
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::picture::empty;
    use super::*;
    use crate::model::{Cidr, Fact, LinkAddress, Peer};

    const HOST: NsInode = NsInode(1);
    const INNER: NsInode = NsInode(2);

    fn link(netns: NsInode, ifindex: u32, name: &str, kind: &str) -> Link {
        Link {
            netns,
            ifindex: IfIndex(ifindex),
            name: Outside::from(name),
            alias: None,
            kind: kind.to_owned(),
            mac: Mac(vec![2, 0, 0, 0, 0, u8::try_from(ifindex).expect("small")]),
            mtu: 1500,
            operstate: "up".to_owned(),
            is_up: true,
            is_promisc: false,
            promiscuity: 0,
            master: None,
            peer: None,
            addresses: Vec::new(),
            bridge: None,
            port: None,
            details: BTreeMap::new(),
        }
    }

    fn told(before: Vec<Link>, after: Vec<Link>, deleted: &[(NsInode, u32)]) -> Vec<String> {
        let state = |links| NetlinkState { links: Arc::new(links), ..empty() };
        let deleted = deleted.iter().map(|(netns, n)| (*netns, IfIndex(*n))).collect();
        events(&state(before), &state(after), &deleted, Timestamp::UNIX_EPOCH)
            .into_iter()
            .map(|e| format!("{} {} {} {}", e.class, e.action.raw(), e.name.raw(), e.text.raw()))
            .collect()
    }

    #[test]
    fn k08_an_index_reissued_to_another_device_is_one_gone_and_one_new() {
        let old = link(HOST, 9, "veth1", "veth");
        let mut new = link(HOST, 9, "veth2", "veth");
        new.mac = Mac(vec![2, 9, 9, 9, 9, 9]);
        let both = ["link removed veth1 was removed (veth)", "link added veth2 was added (veth)"];
        assert_eq!(told(vec![old.clone()], vec![new.clone()], &[(HOST, 9)]), both);
        // Without the notification (it was lost): another peer too, so all that can change did.
        new.peer = Some(Peer { ifindex: IfIndex(3), netns: Fact::Known(INNER) });
        assert_eq!(told(vec![old.clone()], vec![new], &[]), both);
        // A late notification about an index that is back as the same thing says nothing new.
        let mut down = old.clone();
        down.mtu = 1400;
        assert!(told(vec![old], vec![down], &[(HOST, 9)]).is_empty());
    }

    #[test]
    fn a_device_that_moves_to_a_namespace_is_told_once() {
        let before = link(HOST, 9, "veth1", "veth");
        let mut after = link(INNER, 4, "eth0", "veth");
        after.mac = before.mac.clone();
        assert_eq!(
            told(vec![before], vec![after], &[(HOST, 9)]),
            ["link moved eth0 moved here from network namespace 1, where it was veth1"]
        );
    }

    #[test]
    fn changes_of_one_device_are_told_one_by_one() {
        let bridge = link(HOST, 2, "br0", "bridge");
        let mut before = link(HOST, 9, "veth1", "veth");
        let mut after = before.clone();
        before.addresses.push(address("10.0.0.1/24"));
        after.addresses.push(address("10.0.0.2/24"));
        after.master = Some(IfIndex(2));
        after.operstate = "lowerlayerdown".to_owned();
        assert_eq!(
            told(vec![bridge.clone(), before], vec![bridge, after], &[]),
            [
                "link down veth1 lost its carrier (lowerlayerdown)",
                "link attached veth1 joined br0",
                "address removed veth1 address 10.0.0.1/24 was removed",
                "address added veth1 address 10.0.0.2/24 was added",
            ]
        );
    }

    fn address(text: &str) -> LinkAddress {
        LinkAddress { cidr: text.parse().expect("cidr"), scope: "global".to_owned(), label: Outside::default() }
    }

    fn route(dst: &str, protocol: &str) -> Route {
        Route {
            netns: HOST,
            dst: dst.parse::<Cidr>().expect("cidr"),
            gateway: "192.0.2.1".parse().ok(),
            oif: None,
            source: None,
            metric: 0,
            table: 254,
            protocol: protocol.to_owned(),
            kind: "unicast".to_owned(),
        }
    }

    #[test]
    fn routes_are_told_but_not_those_of_the_kernel_nor_thousands() {
        let state = |routes| NetlinkState { routes: Arc::new(routes), ..empty() };
        let before = state(vec![route("10.0.0.0/8", "static"), route("10.1.0.0/16", "kernel")]);
        let after = state(vec![route("0.0.0.0/0", "dhcp")]);
        let found = events(&before, &after, &HashSet::new(), Timestamp::UNIX_EPOCH);
        let text: Vec<_> = found.iter().map(|e| e.text.raw()).collect();
        assert_eq!(text, ["route 10.0.0.0/8 via 192.0.2.1 was removed", "route 0.0.0.0/0 via 192.0.2.1 was added"]);
        assert_eq!(found[1].weight, Weight::Notice);
        let many = state((0..200u8).map(|n| route(&format!("10.{n}.0.0/16"), "bgp")).collect());
        let found = events(&after, &many, &HashSet::new(), Timestamp::UNIX_EPOCH);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text.raw(), "200 routes were added, 1 removed");
    }
}
