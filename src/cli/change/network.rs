//! `network …`: from flags to wishes.

use super::find;
use super::flow::Operator;
use crate::cli::CommandError;
use crate::cli::args::Global;
use crate::cli::args::change::{EndpointFlags, NetworkCommand, NetworkFlags};
use crate::model::{ContainerId, IfIndex, Mark, Snapshot};
use crate::plan::{EndpointSpec, Joining, NetworkSpec, PlumbWish, PoolSpec, Prune, Wish, plan};
use crate::text::clean_line;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;

pub(super) fn run(global: &Global, command: NetworkCommand, out: &mut impl Write) -> Result<u8, CommandError> {
    let operator = Operator::new(global, "network")?;
    let snapshot = operator.taken.snapshot.clone();
    let (wish, how) = match command {
        NetworkCommand::Create { spec, how } => (Wish::CreateNetwork(create(&snapshot, *spec)?), how),
        NetworkCommand::Rm { networks, how } => {
            (Wish::RemoveNetworks { of: find::networks(&snapshot, &networks)? }, how)
        }
        NetworkCommand::Connect { network, container, endpoint, how } => {
            let network = find::network(&snapshot, &network)?.id.clone();
            let container = find::container(&snapshot, &container)?.id.clone();
            (Wish::Connect { network, members: vec![Joining { container, endpoint: join(*endpoint)? }] }, how)
        }
        NetworkCommand::Disconnect { network, container, force, how } => {
            let network = find::network(&snapshot, &network)?.id.clone();
            let wish = match find::container(&snapshot, &container) {
                Ok(found) => Wish::Disconnect { of: vec![found.id.clone()], networks: vec![network], force },
                Err(_) if force => Wish::DropStaleEndpoint { network, endpoint: container },
                Err(error) => return Err(error),
            };
            (wish, how)
        }
        NetworkCommand::Prune { how } => (Wish::Prune(Prune::Networks), how),
        NetworkCommand::Plumb { container, bridge, address, gateway, inside, mtu, how } => {
            let container = find::container(&snapshot, &container)?.id.clone();
            let bridge = find::link(&snapshot, &bridge)?.ifindex;
            (Wish::Plumb(PlumbWish { container, bridge, inside, address, gateway, mtu }), how)
        }
        NetworkCommand::Unplumb { container, interface, how } => {
            let container = find::container(&snapshot, &container)?.id.clone();
            let host_end = match interface {
                Some(name) => find::link(&snapshot, &name)?.ifindex,
                None => plumbed(&snapshot, &container)?,
            };
            (Wish::Unplumb { container, host_end }, how)
        }
    };
    let made = plan(&operator.ground(), &wish);
    operator.carry(made, &how, out)
}

/// The one interface that was plumbed into a container.
fn plumbed(snapshot: &Snapshot, container: &ContainerId) -> Result<IfIndex, CommandError> {
    let ours = snapshot.our_netns();
    let marks = ours.map_or(&[][..], |netns| snapshot.links_in(netns)).iter().filter(|link| {
        let mark = link.alias.as_ref().and_then(|alias| Mark::read(alias.raw()));
        mark.is_some_and(|mark| matches!(mark, Mark::Plumb { .. }) && mark.is_of(container))
    });
    let found: Vec<_> = marks.collect();
    match found.as_slice() {
        [] => Err(CommandError::Refused("no interface was plumbed into it".into())),
        [one] => Ok(one.ifindex),
        several => {
            let names: Vec<_> = several.iter().map(|link| link.name.shown()).collect();
            Err(CommandError::Refused(format!("it has several: say --interface with one of {}", names.join(", "))))
        }
    }
}

fn create(snapshot: &Snapshot, flags: NetworkFlags) -> Result<NetworkSpec, CommandError> {
    let usage = |why: String| CommandError::Usage(clean_line(&why).into_owned());
    let mut pools: Vec<PoolSpec> = flags
        .subnet
        .iter()
        .map(|subnet| PoolSpec { subnet: *subnet, gateway: None, range: None, reserved: BTreeMap::new() })
        .collect();
    let missing = |what: &str| usage(format!("{what} is in none of the subnets: say --subnet"));
    for gateway in flags.gateway {
        let pool = pools.iter_mut().find(|pool| pool.subnet.contains(gateway));
        pool.ok_or_else(|| missing(&format!("gateway {gateway}")))?.gateway = Some(gateway);
    }
    for range in flags.ip_range {
        let pool = pools.iter_mut().find(|pool| pool.subnet.contains(range.addr));
        pool.ok_or_else(|| missing(&format!("range {range}")))?.range = Some(range);
    }
    for (name, text) in flags.aux_address {
        let address: IpAddr = text.parse().map_err(|_| usage(format!("{text} is no address")))?;
        let pool = pools.iter_mut().find(|pool| pool.subnet.contains(address));
        pool.ok_or_else(|| missing(&text))?.reserved.insert(name, address);
    }
    let mut options: BTreeMap<String, String> = flags.opt.into_iter().collect();
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    let no = |flag: bool| flag.then(|| "false".to_owned());
    set("com.docker.network.bridge.enable_icc", no(flags.no_icc));
    set("com.docker.network.bridge.enable_ip_masquerade", no(flags.no_masquerade));
    set("com.docker.network.driver.mtu", flags.mtu.map(|mtu| mtu.to_string()));
    set("com.docker.network.bridge.name", flags.bridge_name);
    set("parent", flags.parent);
    let mut members = Vec::new();
    for word in flags.connect {
        let (name, address) = word.split_once('=').map_or((word.as_str(), None), |(n, a)| (n, Some(a)));
        let address: Option<IpAddr> =
            address.map(str::parse).transpose().map_err(|_| usage(format!("{word} is not CONTAINER=IP")))?;
        let (ipv4, ipv6) = (address.filter(IpAddr::is_ipv4), address.filter(IpAddr::is_ipv6));
        let endpoint = EndpointSpec { ipv4, ipv6, ..EndpointSpec::default() };
        members.push(Joining { container: find::container(snapshot, name)?.id.clone(), endpoint });
    }
    Ok(NetworkSpec {
        name: flags.name,
        driver: flags.driver,
        pools,
        internal: flags.internal,
        attachable: flags.attachable,
        ipv6: flags.ipv6,
        options,
        labels: flags.label.into_iter().collect(),
        members,
    })
}

fn join(flags: EndpointFlags) -> Result<EndpointSpec, CommandError> {
    let mac = flags.mac.as_deref().map(str::parse).transpose();
    let mac = mac.map_err(|_| CommandError::Usage("--mac takes an address like 02:42:ac:11:00:02".into()))?;
    Ok(EndpointSpec {
        ipv4: flags.ip,
        ipv6: flags.ip6,
        mac,
        aliases: flags.alias,
        links: flags.link,
        gateway_priority: flags.gw_priority,
        ..EndpointSpec::default()
    })
}
