//! Driver options of a network that is asked for: those that bridgewatch knows are checked, others go to the driver.

use crate::model::Link;
use crate::plan::draft::Draft;
use crate::plan::wish::NetworkSpec;
use crate::plan::{Identity, Refusal};
use crate::text::clean_line;

/// Name of the bridge.
const BRIDGE_NAME: &str = "com.docker.network.bridge.name";
/// Largest packet.
const MTU: &str = "com.docker.network.driver.mtu";
/// Options that are true or false.
const FLAGS: [&str; 4] = [
    "com.docker.network.bridge.enable_icc",
    "com.docker.network.bridge.enable_ip_masquerade",
    "com.docker.network.bridge.default_bridge",
    "com.docker.network.bridge.inhibit_ipv4",
];

/// Refuses what can be known to be wrong.
pub(super) fn check(draft: &mut Draft<'_>, spec: &NetworkSpec, what: &str) -> Result<(), Refusal> {
    let refuse = |field, why: String, way_out: &str| Err(Refusal::new(what, why).instead(way_out).at(field));
    for flag in FLAGS {
        if let Some(value) = spec.options.get(flag)
            && value.parse::<bool>().is_err()
        {
            return refuse("opt", format!("{flag} is `{}`", clean_line(value)), "true or false");
        }
    }
    let has_v6 = spec.pools.iter().any(|pool| pool.subnet.addr.is_ipv6());
    if let Some(text) = spec.options.get(MTU) {
        let least = if has_v6 || spec.ipv6 { 1280 } else { 68 };
        if !text.parse::<u32>().is_ok_and(|mtu| (least..=65_535).contains(&mtu)) {
            return refuse("mtu", format!("{} is no MTU", clean_line(text)), &format!("{least} to 65535 bytes"));
        }
    }
    if let Some(name) = spec.options.get(BRIDGE_NAME).filter(|_| spec.driver == "bridge") {
        bridge_name(draft, name, what)?;
    }
    let words = match spec.driver.as_str() {
        "macvlan" => Some(("macvlan_mode", &["bridge", "private", "vepa", "passthru"][..])),
        "ipvlan" => Some(("ipvlan_mode", &["l2", "l3", "l3s"][..])),
        _ => None,
    };
    if let Some((option, words)) = words
        && let Some(value) = spec.options.get(option)
        && !words.contains(&value.as_str())
    {
        return refuse("opt", format!("{option} is `{}`", clean_line(value)), &words.join(", "));
    }
    if matches!(spec.driver.as_str(), "macvlan" | "ipvlan") {
        parent(draft, spec, what)?;
    }
    Ok(())
}

fn is_link_name(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && ![".", ".."].contains(&name)
        && name.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"/:".contains(c))
}

fn links<'a>(draft: &Draft<'a>) -> Option<&'a [Link]> {
    let snapshot = draft.ground.snapshot;
    let links = snapshot.links_in(snapshot.our_netns()?);
    (!links.is_empty()).then_some(links)
}

fn bridge_name(draft: &mut Draft<'_>, name: &str, what: &str) -> Result<(), Refusal> {
    if !is_link_name(name) {
        let why = format!("`{}` is no name of an interface", clean_line(name));
        return Err(Refusal::new(what, why).instead("at most 15 bytes, no space, no /").at("bridge-name"));
    }
    if let Some(link) = links(draft).and_then(|links| links.iter().find(|link| link.name == name)) {
        let why = format!("there is an interface {name} already ({})", link.kind);
        return Err(Refusal::new(what, why).instead("choose another name").at("bridge-name"));
    }
    draft.identity(Identity::NoLink { name: name.to_owned() });
    Ok(())
}

fn parent(draft: &mut Draft<'_>, spec: &NetworkSpec, what: &str) -> Result<(), Refusal> {
    let refuse = |why: String, way_out: &str| Err(Refusal::new(what, why).instead(way_out).at("parent"));
    let Some(parent) = spec.options.get("parent").filter(|parent| !parent.is_empty()) else {
        draft.note("without a parent the driver makes a dummy one: nothing outside of this host is reached");
        return Ok(());
    };
    if !is_link_name(parent) {
        return refuse(format!("`{}` is no name of an interface", clean_line(parent)), "like eth0 or eth0.10");
    }
    let snapshot = draft.ground.snapshot;
    let same = |n: &&crate::model::Network| {
        matches!(n.driver.as_str(), "macvlan" | "ipvlan") && n.options.get("parent").is_some_and(|p| p.raw() == parent)
    };
    if let Some(other) = snapshot.networks.iter().find(same) {
        return refuse(
            format!("{parent} is the parent of network {} already", other.name.shown()),
            "a VLAN sub-interface like eth0.10, or that network",
        );
    }
    let Some(links) = links(draft) else { return Ok(()) };
    let find = |name: &str| links.iter().find(|link| link.name == name);
    if let Some(link) = find(parent) {
        return match link.kind.as_str() {
            "loopback" => refuse(format!("{parent} is the loopback"), "an interface that leads outside"),
            _ => Ok(()),
        };
    }
    let all = || links.iter().filter(|l| l.kind != "loopback").map(|l| l.name.shown().into_owned()).take(8);
    let has = format!("this host has {}", all().collect::<Vec<_>>().join(", "));
    match parent.rsplit_once('.') {
        Some((base, tag)) if find(base).is_some() => {
            if !tag.parse::<u16>().is_ok_and(|tag| (1..=4094).contains(&tag)) {
                return refuse(format!("`{}` is no VLAN", clean_line(tag)), "1 to 4094");
            }
            draft.note(format!("the driver makes {parent}, VLAN {tag} of {base}, and removes it with the network"));
            Ok(())
        }
        _ => refuse(format!("there is no interface {}", clean_line(parent)), &has),
    }
}
