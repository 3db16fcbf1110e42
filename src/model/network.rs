//! Engine networks and volumes.

use super::{Cidr, ContainerId, Fact, Mac, NetworkId};
use crate::text::Outside;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One address pool of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Subnet.
    pub subnet: Cidr,
    /// Range addresses are handed out from; the subnet when none is set.
    pub range: Option<Cidr>,
    /// Gateway.
    pub gateway: Option<IpAddr>,
    /// Addresses kept out of the pool, by name.
    pub reserved: BTreeMap<String, String>,
}

/// A member of a network as `NetworkInspect` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The container; for endpoints without one (`lb-…`, `ep-…`), the endpoint's key.
    pub container: ContainerId,
    /// Name as the network knows it.
    pub name: Outside,
    /// Endpoint id.
    pub endpoint_id: String,
    /// IPv4 address with prefix.
    pub ipv4: Option<Cidr>,
    /// IPv6 address with prefix.
    pub ipv6: Option<Cidr>,
    /// Hardware address.
    pub mac: Option<Mac>,
}

/// An engine network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Identity.
    pub id: NetworkId,
    /// Name.
    pub name: Outside,
    /// `bridge`, `host`, `null`, `macvlan`, `ipvlan`, `overlay`, or a plugin's name.
    pub driver: String,
    /// `local` or `swarm`.
    pub scope: String,
    /// Creation.
    pub created_at: Option<Timestamp>,
    /// No route to the outside.
    pub internal: bool,
    /// Containers outside swarm services may join.
    pub attachable: bool,
    /// Swarm's routing mesh.
    pub ingress: bool,
    /// IPv6 is on.
    pub ipv6: bool,
    /// Address pools.
    pub pools: Vec<Pool>,
    /// Driver options as the engine has them, e.g. `com.docker.network.bridge.name`, `parent`.
    pub options: BTreeMap<String, Outside>,
    /// Labels.
    pub labels: BTreeMap<String, Outside>,
    /// Members; unknown until inspected, as the list call omits them.
    pub members: Fact<Vec<Member>>,
}

impl Network {
    /// Name of the kernel device that carries the network, as the engine derives it: the bridge of a bridge network,
    /// the parent of a macvlan or ipvlan one. None for `host`, `null` and drivers of other hosts.
    pub fn device(&self) -> Option<String> {
        match self.driver.as_str() {
            "bridge" => Some(match self.options.get("com.docker.network.bridge.name") {
                Some(name) => name.raw().to_owned(),
                None => format!("br-{}", self.id.short()),
            }),
            "macvlan" | "ipvlan" => self.options.get("parent").map(|parent| parent.raw().to_owned()),
            _ => None,
        }
    }

    /// A driver option as a boolean, by its last words (`enable_icc`); none when not set or not a boolean.
    pub fn flag(&self, option: &str) -> Option<bool> {
        self.options.get(&format!("com.docker.network.bridge.{option}")).and_then(|value| value.raw().parse().ok())
    }

    /// The MTU asked for (`com.docker.network.driver.mtu`).
    pub fn mtu(&self) -> Option<u32> {
        self.options.get("com.docker.network.driver.mtu").and_then(|value| value.raw().parse().ok())
    }
}

/// A volume; its options tell a bind mount in disguise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Name.
    pub name: Outside,
    /// Driver.
    pub driver: String,
    /// Where it is on the host.
    pub mountpoint: Outside,
    /// Driver options, e.g. `type`, `o`, `device`.
    pub options: BTreeMap<String, Outside>,
}
