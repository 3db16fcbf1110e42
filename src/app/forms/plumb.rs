//! An interface for a container in mode none.

use super::{Field, Form, FormSpec, Request};
use crate::app::change::Targets;
use crate::app::keymap::Action;
use crate::model::{Cidr, Link, NetworkMode};
use crate::plan::{Ground, PlumbWish, Refusal, Wish};

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::Plumb,
    title: |ground, targets| format!("Plumb an interface into {}", targets.words(ground.snapshot)),
    fits: |ground, targets| {
        super::one_container(ground, targets)?;
        match super::the_container(ground, targets).map(|c| &c.network_mode) {
            Some(NetworkMode::None) => Ok(()),
            _ => Err("only a container in mode none is plumbed; C connects the others".to_owned()),
        }
    },
    fields,
    says: super::nothing,
    request,
};

const WHAT: &str = "plumb";

/// Bridges of our namespace.
fn bridges<'a>(ground: &'a Ground<'_>) -> impl Iterator<Item = &'a Link> {
    let ours = ground.snapshot.our_netns();
    let links = ours.map(|n| ground.snapshot.links_in(n)).unwrap_or_default();
    links.iter().filter(|l| l.bridge.is_some())
}

/// An address of a bridge's subnet that nobody known has, with its prefix.
fn free_address(ground: &Ground<'_>, bridge: &Link) -> Option<Cidr> {
    let own = bridge.addresses.iter().map(|a| a.cidr).find(|c| c.addr.is_ipv4())?;
    let links = ground.snapshot.links.iter().flat_map(|l| &l.addresses).map(|a| a.cidr.addr);
    let ends = ground.snapshot.containers.iter().flat_map(|c| &c.endpoints).filter_map(|e| e.ipv4).map(|c| c.addr);
    let used: Vec<_> = links.chain(ends).collect();
    let most = own.size().saturating_sub(1).min(4096) as u32;
    let free = (2..most).map(|n| super::network::address_of(&own, n)).find(|a| !used.contains(a))?;
    Some(Cidr { addr: free, prefix: own.prefix })
}

fn fields(ground: &Ground<'_>, _: &Targets) -> Vec<Field> {
    let names: Vec<String> = bridges(ground).map(|b| b.name.raw().to_owned()).collect();
    let proposed = bridges(ground).find_map(|b| Some((b.name.raw().to_owned(), free_address(ground, b)?)));
    let (bridge, address) = proposed.map_or((String::new(), String::new()), |(b, a)| (b, a.to_string()));
    let about: Vec<String> = bridges(ground)
        .map(|b| match b.addresses.iter().find(|a| a.cidr.addr.is_ipv4()) {
            Some(a) => format!("{} {}", b.name.raw(), a.cidr),
            None => b.name.raw().to_owned(),
        })
        .collect();
    vec![
        Field::choice("bridge", "bridge", names, "←→ or a letter; the host's end becomes a port of it")
            .with(&bridge)
            .beside(about.join(", ")),
        Field::text("address", "address", "with prefix: 10.1.0.7/24").with(&address),
        Field::text("gateway", "gateway", "default route; none when empty"),
        Field::text("inside", "name inside", "the first free of eth0, eth1 … when empty"),
        Field::text("mtu", "MTU", "bytes; the bridge's when empty"),
    ]
}

fn request(ground: &Ground<'_>, form: &Form) -> Result<Request, Refusal> {
    let refuse = |field: &'static str, why: String| Refusal::new(WHAT, why).at(field);
    let Some(container) = form.targets.containers.first().cloned() else {
        return Err(Refusal::new(WHAT, "select a container first"));
    };
    let name = form.text("bridge");
    let bridge = bridges(ground).find(|b| b.name.raw() == name);
    let bridge =
        bridge.ok_or_else(|| refuse("bridge", "there is no such bridge; N makes a network with one".to_owned()))?;
    let text = form.text("address");
    let address: Cidr =
        text.parse().map_err(|_| refuse("address", format!("`{text}` is not an address with a prefix")))?;
    let gateway = match form.text("gateway") {
        "" => None,
        text => Some(text.parse().map_err(|_| refuse("gateway", format!("`{text}` is not an address")))?),
    };
    let inside = Some(form.text("inside")).filter(|t| !t.is_empty()).map(str::to_owned);
    let mtu = super::number(form, "mtu", WHAT)?;
    Ok(Request::Wish(Wish::Plumb(PlumbWish { container, bridge: bridge.ifindex, inside, address, gateway, mtu })))
}
