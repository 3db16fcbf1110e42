//! Addresses within the pools of a network: which may be asked for, which are taken.

use crate::model::{Cidr, Network, Pool};
use crate::plan::draft::shown;
use crate::plan::wish::EndpointSpec;
use crate::plan::{Ground, Refusal};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The first and last address of an IPv4 prefix name the network and everybody in it.
pub(super) fn is_edge(subnet: &Cidr, address: IpAddr) -> bool {
    let IpAddr::V4(v4) = address else { return address == subnet.network() && subnet.prefix < 127 };
    let host = u32::MAX.checked_shr(u32::from(subnet.prefix)).unwrap_or(0);
    subnet.prefix < 31 && (u32::from(v4) & host == 0 || u32::from(v4) & host == host)
}

/// Whether `address` may be asked for in one of `pools`; else why not, and what would do.
pub(super) fn check_address(pools: &[Pool], address: IpAddr) -> Result<(), (String, String)> {
    let family: Vec<&Pool> = pools.iter().filter(|pool| pool.subnet.addr.is_ipv4() == address.is_ipv4()).collect();
    let Some(pool) = family.iter().find(|pool| pool.subnet.contains(address)) else {
        let all: Vec<String> = family.iter().map(|pool| pool.subnet.to_string()).collect();
        return Err(match all.is_empty() {
            true => (
                format!("the network has no IPv{} subnet", if address.is_ipv4() { 4 } else { 6 }),
                "leave the address out".to_owned(),
            ),
            false => (format!("{address} is not in the subnet"), format!("an address in {}", all.join(" or "))),
        });
    };
    if is_edge(&pool.subnet, address) {
        return Err((format!("{address} is no address of a container in {}", pool.subnet), String::new()));
    }
    Ok(())
}

/// Who has which address of a network.
#[derive(Debug, Default)]
pub(super) struct Taken(BTreeMap<IpAddr, String>);

impl Taken {
    /// By gateways and addresses kept out.
    pub(super) fn by_pools(pools: &[Pool]) -> Self {
        let mut taken = Taken::default();
        for pool in pools {
            for (name, address) in &pool.reserved {
                if let Some(address) = address.split('/').next().and_then(|text| text.parse().ok()) {
                    taken.0.insert(address, format!("kept for {}", crate::text::clean_line(name)));
                }
            }
            if let Some(gateway) = pool.gateway {
                taken.0.insert(gateway, "the gateway's".to_owned());
            }
        }
        taken
    }

    /// By all that is known of `network`: also by containers that do not run and asked for an address.
    pub(super) fn on(ground: &Ground<'_>, network: &Network) -> Self {
        let mut taken = Taken::by_pools(&network.pools);
        for container in ground.snapshot.containers.iter() {
            let Some(endpoint) = super::endpoint_on(container, network) else { continue };
            let asked =
                endpoint.requested.iter().flat_map(|text| text.split(", ")).filter_map(|text| text.parse().ok());
            for address in asked {
                taken.0.entry(address).or_insert_with(|| format!("asked for by {}", shown(container)));
            }
        }
        for member in network.members.known().into_iter().flatten() {
            for address in [member.ipv4, member.ipv6].into_iter().flatten() {
                taken.0.insert(address.addr, format!("taken by {}", member.name.shown()));
            }
        }
        taken
    }

    /// Takes the addresses of `endpoint` for `who`.
    pub(super) fn take(
        &mut self,
        pools: &[Pool],
        endpoint: &EndpointSpec,
        who: &str,
        what: &str,
    ) -> Result<(), Refusal> {
        for (field, address) in [("ip", endpoint.ipv4), ("ip6", endpoint.ipv6)] {
            let Some(address) = address else { continue };
            if let Some(holder) = self.0.get(&address) {
                let free = pools.iter().find(|pool| pool.subnet.contains(address)).and_then(|pool| self.free(pool));
                let way_out = free.map_or(String::new(), |free| format!("the next free address is {free}"));
                return Err(Refusal::new(what, format!("{address} is {holder}")).instead(way_out).at(field));
            }
            self.0.insert(address, format!("taken by {who}"));
        }
        Ok(())
    }

    /// The first address of a pool that nobody has.
    pub(super) fn free(&self, pool: &Pool) -> Option<IpAddr> {
        let range = pool.range.unwrap_or(pool.subnet);
        let first = number(range.network());
        // More than are taken need not be looked at.
        let tries = u128::try_from(self.0.len()).unwrap_or(u128::MAX).saturating_add(3).min(range.size());
        let address = |n: u128| match range.addr {
            IpAddr::V4(_) => u32::try_from(first + n).ok().map(|n| IpAddr::V4(n.into())),
            IpAddr::V6(_) => Some(IpAddr::V6(first.checked_add(n)?.into())),
        };
        (0..tries).filter_map(address).find(|a| !is_edge(&pool.subnet, *a) && !self.0.contains_key(a))
    }
}

pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}
