//! Containers put on a network.

use super::{Field, Form, FormSpec, Request};
use crate::app::change::Targets;
use crate::app::keymap::Action;
use crate::model::Network;
use crate::plan::{EndpointSpec, Ground, Joining, Refusal, Wish};

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::Connect,
    title: |ground, targets| format!("Connect {}", targets.words(ground.snapshot)),
    fits: |ground, targets| match (targets.containers.is_empty(), targets.networks.len()) {
        (true, 1) => Ok(()),
        _ => super::some_container(ground, targets),
    },
    fields,
    says: super::nothing,
    request,
};

/// Networks that can be joined.
fn networks<'a>(ground: &'a Ground<'_>) -> impl Iterator<Item = &'a Network> {
    ground.snapshot.networks.iter().filter(|n| !matches!(n.driver.as_str(), "host" | "null") && !n.ingress)
}

fn fields(ground: &Ground<'_>, targets: &Targets) -> Vec<Field> {
    let is_on = |n: &&Network| {
        let mut all = targets.of(ground.snapshot).flat_map(|c| &c.endpoints);
        all.any(|e| e.network_id.as_ref() == Some(&n.id) || e.network == n.name)
    };
    let now: Vec<String> = networks(ground).filter(is_on).map(|n| n.name.raw().to_owned()).collect();
    let now = if now.is_empty() { String::new() } else { format!("on {} now", now.join(", ")) };
    let first = match targets.networks_of(ground.snapshot).next() {
        Some(network) => Field::text("container", "container", "who joins: NAME, NAME …")
            .beside(format!("joins {}", network.name.shown())),
        None => {
            let names = networks(ground).filter(|n| !is_on(n)).map(|n| n.name.raw().to_owned()).collect();
            Field::choice("network", "network", names, "←→ or a letter").beside(now)
        }
    };
    vec![
        first,
        Field::text("ip", "IPv4 address", "of the subnet; the engine gives one when empty"),
        Field::text("ip6", "IPv6 address", "of the subnet; the engine gives one when empty"),
        Field::text("alias", "aliases", "further names in the network's DNS: a, b"),
        Field::text("mac", "MAC address", "02:42:…; from engine API 1.44"),
        Field::text("link", "links", "CONTAINER:ALIAS, …"),
        Field::text("gw-priority", "gateway priority", "the highest has the default route; from engine API 1.48"),
    ]
}

const WHAT: &str = "connect";

fn parse<T: std::str::FromStr>(form: &Form, id: &'static str, what: &str) -> Result<Option<T>, Refusal> {
    let text = form.text(id);
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Refusal::new(WHAT, format!("`{text}` is not {what}")).at(id))
}

fn request(ground: &Ground<'_>, form: &Form) -> Result<Request, Refusal> {
    let refuse = |field: &'static str, why: String| Refusal::new(WHAT, why).at(field);
    let chosen = form.targets.networks_of(ground.snapshot).next();
    let named = || ground.snapshot.networks.iter().find(|n| n.name.raw() == form.text("network"));
    let Some(network) = chosen.or_else(named) else {
        return Err(refuse("network", "there is no further network to join; N makes one".to_owned()));
    };
    let mut containers = form.targets.containers.clone();
    for name in form.list("container") {
        let found = ground.snapshot.containers.iter().find(|c| c.name.raw() == name || c.id.short() == name);
        containers.push(found.ok_or_else(|| refuse("container", format!("there is no container {name}")))?.id.clone());
    }
    if containers.is_empty() {
        return Err(refuse("container", "say who joins".to_owned()));
    }
    let endpoint = EndpointSpec {
        ipv4: parse(form, "ip", "an address")?,
        ipv6: parse(form, "ip6", "an address")?,
        mac: parse(form, "mac", "a hardware address")?,
        aliases: form.list("alias"),
        links: form.list("link"),
        gateway_priority: parse(form, "gw-priority", "a number")?,
        any_address_will_do: false,
    };
    if containers.len() > 1 && (endpoint.ipv4.is_some() || endpoint.ipv6.is_some() || endpoint.mac.is_some()) {
        let field = if endpoint.ipv4.is_some() {
            "ip"
        } else if endpoint.ipv6.is_some() {
            "ip6"
        } else {
            "mac"
        };
        return Err(refuse(field, "one address can't be several containers'".to_owned()));
    }
    let members = containers.into_iter().map(|container| Joining { container, endpoint: endpoint.clone() }).collect();
    Ok(Request::Wish(Wish::Connect { network: network.id.clone(), members }))
}
