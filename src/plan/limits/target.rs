//! Which interfaces of our namespace a limit has to be put on, and why one can't be limited from there.

use crate::analysis::{Attachment, scope};
use crate::model::{Container, ContainerId, IfIndex, Link, NetworkId, NetworkMode, NsInode};
use crate::plan::{Ground, LimitTarget, Refusal};

/// An interface that a limit goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Port<'a> {
    /// The interface, in our namespace.
    pub link: &'a Link,
    /// The container behind it, where the limit is for one.
    pub container: Option<&'a Container>,
}

/// What a target comes to.
#[derive(Debug)]
pub(super) struct Aim<'a> {
    /// The row, in words: `db`, `db on n1`, `eth0`.
    pub row: String,
    /// Interfaces; at least one.
    pub ports: Vec<Port<'a>>,
    /// Interfaces of it that can't be limited, each with the reason.
    pub without: Vec<(String, String)>,
}

/// The row of a target in words, whether it can be limited or not.
pub(super) fn label(ground: &Ground<'_>, target: &LimitTarget) -> String {
    match target {
        LimitTarget::Container { id, network } => {
            // One that was removed is known by the name it was wanted under.
            let wanted = || ground.snapshot.wanted.iter().find(|w| w.container == *id).map(|w| w.name.shown());
            let name = ground.snapshot.container(id).map(|c| c.name.shown()).or_else(wanted);
            let name = name.unwrap_or_else(|| id.short().into());
            match network {
                Some(network) => format!("{name} on {}", network_name(ground, network)),
                None => name.into_owned(),
            }
        }
        LimitTarget::Link { netns, ifindex } => match ground.snapshot.link(*netns, *ifindex) {
            Some(link) => link.name.shown().into_owned(),
            None => format!("interface {ifindex}"),
        },
    }
}

fn network_name(ground: &Ground<'_>, id: &NetworkId) -> String {
    let network = ground.snapshot.networks.iter().find(|n| n.id == *id);
    network.map_or_else(|| id.short().to_owned(), |n| n.name.shown().into_owned())
}

/// Finds the interfaces of a target.
pub(super) fn aim<'a>(ground: &Ground<'a>, ours: NsInode, target: &LimitTarget) -> Result<Aim<'a>, Refusal> {
    let row = label(ground, target);
    match target {
        LimitTarget::Link { netns, ifindex } => {
            let link = of_ours(ground, ours, *netns, *ifindex, &row)?;
            Ok(Aim { row, ports: vec![Port { link, container: None }], without: vec![] })
        }
        LimitTarget::Container { id, network } => of_container(ground, ours, id, network.as_ref(), row),
    }
}

fn of_ours<'a>(
    ground: &Ground<'a>,
    ours: NsInode,
    netns: NsInode,
    ifindex: IfIndex,
    row: &str,
) -> Result<&'a Link, Refusal> {
    let refuse = |why: &str| Refusal::new(format!("limit {row}"), why);
    if netns != ours {
        return Err(refuse("it is in another network namespace, where its owner could take the limit off")
            .instead("limit the container, or the host's end of the pair"));
    }
    let link =
        ground.snapshot.link(netns, ifindex).ok_or_else(|| refuse("it is gone").instead("look at the list again"))?;
    if link.kind == "ifb" {
        return Err(refuse("it only holds back what another interface hands to it")
            .instead("limit that interface, or the container behind it"));
    }
    Ok(link)
}

fn of_container<'a>(
    ground: &Ground<'a>,
    ours: NsInode,
    id: &ContainerId,
    network: Option<&NetworkId>,
    row: String,
) -> Result<Aim<'a>, Refusal> {
    let refuse = |why: String| Refusal::new(format!("limit {row}"), why);
    let container =
        ground.snapshot.container(id).ok_or_else(|| refuse("it is gone".into()).instead("look at the list again"))?;
    if !scope::is_alive(ground.snapshot, container) {
        let why = format!("it is not running ({}), so it has no interface", container.state.as_str());
        return Err(refuse(why).instead("start it first; a limit that is kept is applied when it comes back"));
    }
    match &container.network_mode {
        NetworkMode::Host => {
            return Err(refuse("it uses the host's own interfaces (network mode host)".into())
                .instead("limit the uplink, which holds for the whole host"));
        }
        NetworkMode::Container(other) => {
            let owner = ground.snapshot.container(other).map_or_else(|| other.short().into(), |c| c.name.shown());
            return Err(refuse(format!("it shares the interfaces of {owner}"))
                .instead(format!("limit {owner}, which holds for both")));
        }
        NetworkMode::Networks | NetworkMode::None | NetworkMode::Unknown => {}
    }
    let (mut ports, mut without) = (vec![], vec![]);
    let mut seen = false;
    for attachment in ground.report.wiring.attachments_of(id) {
        if network.is_some_and(|network| attachment.network.as_ref() != Some(network)) {
            continue;
        }
        seen = true;
        match host_end(ground, ours, attachment) {
            Ok(link) => ports.push(Port { link, container: Some(&**container) }),
            Err(why) => {
                let on = attachment.network.as_ref().map(|n| format!(" on {}", network_name(ground, n)));
                let name = container.name.shown();
                without.push((format!("{name}{}", on.unwrap_or_default()), why));
            }
        }
    }
    if ports.is_empty() {
        return Err(match without.into_iter().next() {
            Some((_, why)) => refuse(why).instead("put it on a bridge network, whose host end can be limited"),
            None if seen || network.is_none() && container.network_mode == NetworkMode::None => {
                refuse("it has no interface (network mode none)".into())
                    .instead("plumb one, or connect it to a network")
            }
            None => match network {
                Some(network) => {
                    refuse(format!("it is not on {}", network_name(ground, network))).instead("connect it first")
                }
                None => refuse("none of its interfaces is known here".into())
                    .instead("run as root, so that its network namespace can be read"),
            },
        });
    }
    Ok(Aim { row, ports, without })
}

/// The end of an attachment that we can limit.
fn host_end<'a>(ground: &Ground<'a>, ours: NsInode, attachment: &Attachment) -> Result<&'a Link, String> {
    let inner = ground.snapshot.link(attachment.link.0, attachment.link.1);
    if let Some(inner) = inner.filter(|l| matches!(l.kind.as_str(), "macvlan" | "ipvlan" | "macvtap" | "ipvtap")) {
        return Err(format!("{} is a {}: it has no end on the host", inner.name.shown(), inner.kind));
    }
    let Some((netns, ifindex)) = attachment.outer else {
        return Err("the host's end of its interface is not known".to_owned());
    };
    if netns != ours {
        return Err(format!("the other end of its interface is in network namespace {netns}, not in ours"));
    }
    let link = ground.snapshot.link(netns, ifindex).filter(|l| matches!(l.kind.as_str(), "veth" | "netkit" | "tun"));
    link.ok_or_else(|| "its interface has no end on the host that is its own".to_owned())
}
