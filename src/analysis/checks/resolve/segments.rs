//! Segments for duplicate addresses: what shares one broadcast domain. One per bridge, and one per parent of macvlan
//! and ipvlan interfaces. Addresses are only compared inside a segment.

use crate::model::{IfIndex, Link, NsInode};
use std::collections::BTreeMap;

/// Interfaces of one broadcast domain, sorted by (netns, ifindex).
#[derive(Debug, Clone)]
pub struct Segment<'a> {
    /// The bridge or the parent.
    pub name: &'a str,
    /// Members: the bridge itself, non-veth ports, the far ends of veth ports, and macvlan or ipvlan children.
    pub members: Vec<&'a Link>,
}

/// Segments of the namespace `host`. `all` are the interfaces of every namespace that could be read.
pub fn segments<'a>(all: &'a [Link], host: NsInode) -> Vec<Segment<'a>> {
    let by_key: BTreeMap<(NsInode, IfIndex), &Link> = all.iter().map(|l| ((l.netns, l.ifindex), l)).collect();
    let mut members: BTreeMap<IfIndex, Vec<&Link>> = BTreeMap::new();
    for link in all {
        if link.netns == host
            && let Some(master) = link.master
        {
            let far = link
                .peer
                .as_ref()
                .filter(|_| link.kind == "veth")
                .and_then(|peer| by_key.get(&(peer.netns.get()?, peer.ifindex)).copied());
            members.entry(master).or_default().push(far.unwrap_or(link));
        }
        let parent = link.peer.as_ref().filter(|peer| {
            matches!(link.kind.as_str(), "macvlan" | "ipvlan" | "macvtap" | "ipvtap") && peer.netns.get() == Some(host)
        });
        if let Some(parent) = parent {
            members.entry(parent.ifindex).or_default().push(link);
        }
    }
    members
        .into_iter()
        .filter_map(|(top, mut members)| {
            let top = by_key.get(&(host, top)).copied()?;
            members.push(top);
            members.sort_by_key(|link| (link.netns, link.ifindex));
            members.dedup_by_key(|link| (link.netns, link.ifindex));
            Some(Segment { name: top.name.raw(), members })
        })
        .collect()
}
