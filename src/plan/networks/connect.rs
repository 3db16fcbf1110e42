//! Containers put on a network.

use super::pools::{Taken, check_address};
use super::unfit_mode;
use crate::model::{Container, Network, NetworkId, NetworkMode, Pool, State};
use crate::plan::draft::{Draft, api, container_ref, network_ref, no_mac, several, shown, unfit};
use crate::plan::op::EngineOp;
use crate::plan::wish::{EndpointSpec, Joining};
use crate::plan::{Ground, Identity, Plan, Refusal, Wish};
use crate::text::clean_line;

/// Each of `members` on `network`.
pub(in crate::plan) fn plan(ground: &Ground<'_>, network: &NetworkId, members: &[Joining]) -> Result<Plan, Refusal> {
    let name = |joining: &Joining| match ground.snapshot.container(&joining.container) {
        Some(container) => shown(container),
        None => joining.container.short().to_owned(),
    };
    let names: Vec<String> = members.iter().map(name).collect();
    let who = several(&names, "containers");
    let wish = Wish::Connect { network: network.clone(), members: members.to_vec() };
    let draft = Draft::new(ground, &format!("connect {who}"), None)?;
    let network = draft.network(network)?;
    let title = format!("connect {who} to {}", network.name.shown());
    let mut draft = Draft::new(ground, &title, Some(wish))?;
    if members.is_empty() {
        return Err(Refusal::new(title, "no container is chosen"));
    }
    can_take(ground, network, &title)?;
    draft.same_network(network);
    let mut taken = Taken::on(ground, network);
    for (n, joining) in members.iter().enumerate() {
        if let Err(refusal) = row(&mut draft, network, joining, &mut taken) {
            draft.leave_out(&names[n], refusal);
        }
    }
    draft.finish()
}

fn can_take(ground: &Ground<'_>, network: &Network, what: &str) -> Result<(), Refusal> {
    let refuse = |why: &str, way_out: &str| Err(Refusal::new(what, why).instead(way_out));
    if ["host", "null"].contains(&network.driver.as_str()) || ["host", "none"].contains(&network.name.raw()) {
        return refuse("it is no network that a container joins", "a container is started with that mode");
    }
    if network.ingress {
        return refuse("it carries the swarm's routing mesh only", "");
    }
    if network.scope == "swarm" && !network.attachable {
        return refuse("only services of the swarm may join it", "make one with `attachable`");
    }
    let has_parent = !matches!(network.driver.as_str(), "macvlan" | "ipvlan")
        || network.device().is_none_or(|parent| {
            let ours = ground.snapshot.our_netns();
            ours.is_none_or(|netns| ground.snapshot.links_in(netns).iter().any(|link| link.name == parent.as_str()))
        });
    match has_parent {
        true => Ok(()),
        false => {
            refuse("the interface that it hangs on is not there", "bring the interface back, or make the network anew")
        }
    }
}

fn row(draft: &mut Draft<'_>, network: &Network, joining: &Joining, taken: &mut Taken) -> Result<(), Refusal> {
    let container = draft.container(&joining.container)?;
    let name = shown(container);
    let what = format!("connect {name} to {}", network.name.shown());
    check_container(container, &what)?;
    if super::endpoint_on(container, network).is_some() {
        return Err(Refusal::new(what, "it is on that network already"));
    }
    check_endpoint(draft.ground, network, container, &joining.endpoint, &what)?;
    taken.take(&network.pools, &joining.endpoint, &name, &what)?;
    let row = draft.row(&name);
    draft.same_run(container);
    let (container_id, network_id) = (container.id.clone(), network.id.clone());
    draft.identity(Identity::Endpoint { container: container_id, network: network_id, connected: false });
    join(draft, row, container, network_ref(network), &joining.endpoint);
    Ok(())
}

/// The step, and what is to be said about it.
pub(super) fn join(
    draft: &mut Draft<'_>,
    row: usize,
    container: &Container,
    network: crate::plan::NetworkRef,
    endpoint: &EndpointSpec,
) {
    let op =
        EngineOp::Connect { network: network.clone(), container: container_ref(container), endpoint: endpoint.clone() };
    let undo = EngineOp::Disconnect { network, container: container_ref(container), force: false };
    draft.step(row, op, vec![undo]);
    draft.change();
    let name = shown(container);
    if !crate::plan::draft::is_running(container) {
        draft.note(format!("{name} does not run: it gets its interface and address at its next start"));
    } else if container.endpoints.iter().any(|e| e.gateway.is_some() || e.gateway6.is_some()) {
        draft.note(format!("{name} gets one more interface; which network its default route uses may change"));
    }
}

/// Refuses containers that can't join any network.
pub(super) fn check_container(container: &Container, what: &str) -> Result<(), Refusal> {
    if let Some((why, way_out)) = unfit_mode(container) {
        return Err(Refusal::new(what, why).instead(way_out));
    }
    if container.network_mode == NetworkMode::None {
        return Err(Refusal::new(what, "it is in mode none, which the engine gives no networks")
            .instead("give it an interface with plumb, or disconnect it from `none` first"));
    }
    if let Some((why, way_out)) = unfit(&container.state) {
        return Err(Refusal::new(what, why).instead(way_out));
    }
    match container.state {
        State::Paused => Err(Refusal::new(what, "it is paused").instead("unpause it")),
        _ => Ok(()),
    }
}

/// Refuses what the engine or the network has not.
pub(super) fn check_endpoint(
    ground: &Ground<'_>,
    network: &Network,
    container: &Container,
    endpoint: &EndpointSpec,
    what: &str,
) -> Result<(), Refusal> {
    let refuse = |field, why: String, way_out: &str| Err(Refusal::new(what, why).instead(way_out).at(field));
    let is_default = network.name == "bridge";
    if is_default && (endpoint.ipv4.is_some() || endpoint.ipv6.is_some()) {
        return refuse("ip", "the default bridge gives no address on request".into(), "use a network of your own");
    }
    if is_default && !endpoint.aliases.is_empty() {
        return refuse("alias", "the default bridge has no names".into(), "use a network of your own");
    }
    if let Some(mac) = &endpoint.mac {
        let [first, ..] = mac.0.as_slice() else {
            return refuse("mac", "it is empty".into(), "like 02:42:0a:09:00:05");
        };
        if mac.0.len() != 6 || first & 1 == 1 {
            return refuse(
                "mac",
                format!("{mac} is no address of one card"),
                "six bytes, the first even: 02:42:0a:09:00:05",
            );
        }
    }
    let speaks = api(ground);
    let older = |than| speaks.is_some_and(|api| api < than);
    let version = speaks.map_or(String::new(), |(major, minor)| format!("this engine speaks {major}.{minor}"));
    if endpoint.mac.is_some() {
        if network.driver == "ipvlan" {
            return refuse("mac", "interfaces of an ipvlan have their parent's".into(), "leave it out");
        }
        if let Some(why) = no_mac(ground) {
            return refuse("mac", why, "give it when the container is made: docker run --mac-address");
        }
    }
    if endpoint.gateway_priority.is_some() && older((1, 48)) {
        return refuse("gateway-priority", "a gateway priority needs API 1.48".into(), &version);
    }
    let is_word = |text: &str| {
        !text.is_empty() && text.len() <= 253 && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != ':')
    };
    if let Some(alias) = endpoint.aliases.iter().find(|alias| !is_word(alias)) {
        return refuse("alias", format!("`{}` is no name", clean_line(alias)), "a name without spaces and colons");
    }
    for link in &endpoint.links {
        let (target, alias) = link.split_once(':').unwrap_or((link, link));
        if !is_word(target) || !is_word(alias) {
            return refuse("link", format!("`{}` is no link", clean_line(link)), "CONTAINER:ALIAS");
        }
        let found = ground.snapshot.containers.iter().find(|c| c.name == target || c.id.as_str().starts_with(target));
        let Some(found) = found else {
            return refuse("link", format!("there is no container {}", clean_line(target)), "");
        };
        if found.id == container.id {
            return refuse("link", "a container is not linked to itself".into(), "");
        }
    }
    check_families(&network.pools, endpoint, what)
}

fn check_families(pools: &[Pool], endpoint: &EndpointSpec, what: &str) -> Result<(), Refusal> {
    for (field, address, is_v6) in [("ip", endpoint.ipv4, false), ("ip6", endpoint.ipv6, true)] {
        let Some(address) = address else { continue };
        if address.is_ipv6() != is_v6 {
            let family = if is_v6 { "IPv6" } else { "IPv4" };
            return Err(Refusal::new(what, format!("{address} is no {family} address")).at(field));
        }
        check_address(pools, address).map_err(|(why, way_out)| Refusal::new(what, why).instead(way_out).at(field))?;
    }
    Ok(())
}
