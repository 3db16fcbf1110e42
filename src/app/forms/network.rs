//! A new network, and who joins it at once.

use super::{Field, Form, FormSpec, Request};
use crate::app::change::Targets;
use crate::app::keymap::Action;
use crate::model::{Cidr, Snapshot};
use crate::plan::networks::propose_subnet;
use crate::plan::{EndpointSpec, Ground, Joining, NetworkSpec, PoolSpec, Refusal, Wish};
use std::net::{IpAddr, Ipv4Addr};

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::NewNetwork,
    title: |_, _| "New network".to_owned(),
    fits: |_, _| Ok(()),
    fields,
    says: super::nothing,
    request,
};

const WHAT: &str = "create a network";
const BRIDGE: &str = "com.docker.network.bridge.";

fn fields(ground: &Ground<'_>, targets: &Targets) -> Vec<Field> {
    let subnet = propose_subnet(ground, 24);
    let members = members_proposed(ground, targets, subnet);
    let drivers = known_drivers(ground.snapshot);
    vec![
        Field::text("name", "name", "letters, digits, _ . -"),
        Field::switch("internal", "internal", false, "no route to the outside"),
        Field::text("member", "members", "NAME=ADDRESS, NAME=ADDRESS …; without an address the engine gives one")
            .with(&members),
        Field::text("subnet", "subnet", "a free one is proposed; 10.1.0.0/24, fd00:1::/64 for both families")
            .with(&subnet.map(|s| s.to_string()).unwrap_or_default()),
        Field::text("gateway", "gateway", "the first address when empty"),
        Field::text("ip-range", "range", "addresses are handed out from here: 10.1.0.128/25"),
        Field::text("aux-address", "kept out", "NAME=ADDRESS, … that are never handed out"),
        Field::text("driver", "driver", "bridge, macvlan, ipvlan, overlay, or a plugin's name")
            .with("bridge")
            .beside(drivers),
        Field::text("parent", "parent", "of macvlan and ipvlan: eth0, or eth0.20 for VLAN 20"),
        Field::switch("ipv6", "IPv6", false, "IPv6 is on"),
        Field::switch("attachable", "attachable", false, "single containers may join a swarm network"),
        Field::switch("icc", "neighbours talk", true, "containers on it reach each other (enable_icc)"),
        Field::switch("masquerade", "masquerade", true, "what leaves the host gets its address"),
        Field::text("mtu", "MTU", "bytes; the engine's when empty"),
        Field::text("bridge", "bridge name", "of the kernel device, at most 15 characters; br-ID when empty"),
        Field::text("label", "labels", "NAME=VALUE, …"),
        Field::text("opt", "options", "NAME=VALUE, … of the driver"),
    ]
}

fn known_drivers(snapshot: &Snapshot) -> String {
    let mut all: Vec<&str> = snapshot.networks.iter().map(|n| n.driver.as_str()).collect();
    all.retain(|d| !matches!(*d, "host" | "null"));
    all.sort_unstable();
    all.dedup();
    if all.is_empty() { String::new() } else { format!("in use: {}", all.join(", ")) }
}

/// The n-th address of a subnet.
pub(super) fn address_of(subnet: &Cidr, n: u32) -> IpAddr {
    match subnet.network() {
        IpAddr::V4(a) => IpAddr::V4(Ipv4Addr::from(u32::from(a).saturating_add(n))),
        IpAddr::V6(a) => IpAddr::V6((u128::from(a).saturating_add(u128::from(n))).into()),
    }
}

fn members_proposed(ground: &Ground<'_>, targets: &Targets, subnet: Option<Cidr>) -> String {
    // The selected row is where the cursor happens to stand; marks are meant.
    if !targets.are_marked {
        return String::new();
    }
    let member = |(n, c): (usize, &std::sync::Arc<crate::model::Container>)| match subnet {
        Some(subnet) => format!("{}={}", c.name.raw(), address_of(&subnet, n as u32 + 2)),
        None => c.name.raw().to_owned(),
    };
    targets.of(ground.snapshot).enumerate().map(member).collect::<Vec<_>>().join(", ")
}

fn refuse(field: &'static str, why: impl Into<String>) -> Refusal {
    Refusal::new(WHAT, why).at(field)
}

fn address(field: &'static str, text: &str) -> Result<IpAddr, Refusal> {
    text.parse().map_err(|_| refuse(field, format!("`{text}` is not an address")))
}

fn prefix(field: &'static str, text: &str) -> Result<Cidr, Refusal> {
    text.parse().map_err(|_| refuse(field, format!("`{text}` is not an address with a prefix, like 10.1.0.0/24")))
}

/// `NAME=VALUE` parts of a field.
fn pairs(form: &Form, field: &'static str) -> Result<Vec<(String, String)>, Refusal> {
    let pair = |part: String| match part.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err(refuse(field, format!("`{part}` should be NAME=VALUE"))),
    };
    form.list(field).into_iter().map(pair).collect()
}

fn request(ground: &Ground<'_>, form: &Form) -> Result<Request, Refusal> {
    let name = form.text("name").to_owned();
    if name.is_empty() {
        return Err(refuse("name", "give it a name"));
    }
    let mut options = std::collections::BTreeMap::new();
    let driver = form.text("driver").to_owned();
    if driver.is_empty() || driver == "bridge" {
        for (id, option) in [("icc", "enable_icc"), ("masquerade", "enable_ip_masquerade")] {
            if !form.is_on(id) {
                options.insert(format!("{BRIDGE}{option}"), "false".to_owned());
            }
        }
        if !form.text("bridge").is_empty() {
            options.insert(format!("{BRIDGE}name"), form.text("bridge").to_owned());
        }
    } else if !form.text("bridge").is_empty() {
        return Err(refuse("bridge", format!("driver {driver} makes no bridge")));
    }
    if let Some(mtu) = super::number::<u32>(form, "mtu", WHAT)? {
        options.insert("com.docker.network.driver.mtu".to_owned(), mtu.to_string());
    }
    if !form.text("parent").is_empty() {
        options.insert("parent".to_owned(), form.text("parent").to_owned());
    }
    options.extend(pairs(form, "opt")?);
    let pools = pools(form)?;
    let ipv6 = form.is_on("ipv6") || pools.iter().any(|p| p.subnet.addr.is_ipv6());
    Ok(Request::Wish(Wish::CreateNetwork(NetworkSpec {
        name,
        driver,
        pools,
        internal: form.is_on("internal"),
        attachable: form.is_on("attachable"),
        ipv6,
        options,
        labels: pairs(form, "label")?.into_iter().collect(),
        members: members(ground, form)?,
    })))
}

/// A pool for each subnet; gateways, ranges and reserved addresses go to the pool that holds them.
fn pools(form: &Form) -> Result<Vec<PoolSpec>, Refusal> {
    let subnets = form.list("subnet").into_iter().map(|s| prefix("subnet", &s)).collect::<Result<Vec<_>, _>>()?;
    let pool = |subnet| PoolSpec { subnet, gateway: None, range: None, reserved: std::collections::BTreeMap::new() };
    let mut pools: Vec<PoolSpec> = subnets.into_iter().map(pool).collect();
    fn of<'a>(pools: &'a mut [PoolSpec], field: &'static str, addr: IpAddr) -> Result<&'a mut PoolSpec, Refusal> {
        let all = pools.iter().map(|p| p.subnet.to_string()).collect::<Vec<_>>().join(", ");
        let found = pools.iter_mut().find(|p| p.subnet.contains(addr));
        found.ok_or_else(|| {
            refuse(field, format!("{addr} is not in {}", if all.is_empty() { "any subnet" } else { &all }))
        })
    }
    for text in form.list("gateway") {
        let gateway = address("gateway", &text)?;
        of(&mut pools, "gateway", gateway)?.gateway = Some(gateway);
    }
    for text in form.list("ip-range") {
        let range = prefix("ip-range", &text)?;
        of(&mut pools, "ip-range", range.network())?.range = Some(range);
    }
    for (name, text) in pairs(form, "aux-address")? {
        let addr = address("aux-address", &text)?;
        of(&mut pools, "aux-address", addr)?.reserved.insert(name, addr);
    }
    Ok(pools)
}

fn members(ground: &Ground<'_>, form: &Form) -> Result<Vec<Joining>, Refusal> {
    let mut out = Vec::new();
    for part in form.list("member") {
        let (name, addresses) = match part.split_once(['=', ' ']) {
            Some((name, rest)) => (name.trim().to_owned(), rest.trim().to_owned()),
            None => (part, String::new()),
        };
        let found = ground.snapshot.containers.iter().find(|c| c.name.raw() == name || c.id.short() == name);
        let Some(container) = found else {
            return Err(refuse("member", format!("there is no container {name}")));
        };
        let mut endpoint = EndpointSpec::default();
        for text in addresses.split([' ', '+']).filter(|t| !t.is_empty()) {
            match address("member", text)? {
                a @ IpAddr::V4(_) => endpoint.ipv4 = Some(a),
                a @ IpAddr::V6(_) => endpoint.ipv6 = Some(a),
            }
        }
        out.push(Joining { container: container.id.clone(), endpoint });
    }
    Ok(out)
}
