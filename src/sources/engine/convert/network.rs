//! Networks and volumes.

use super::super::json::Json;
use crate::model::{Cidr, ContainerId, Fact, Member, Network, NetworkId, Pool, Volume};
use serde_json::Value;

/// A row of `GET /networks`; none without an id. Its members stay unknown: the list leaves them out.
pub fn network_row(row: &Value) -> Option<Network> {
    let row = Json::of(row);
    let id = NetworkId::from(row.at("Id").some_text()?);
    let name = row.at("Name").some_outside().unwrap_or_else(|| id.short().into());
    Some(Network {
        name,
        driver: row.at("Driver").string(),
        scope: row.at("Scope").string(),
        created_at: row.at("Created").time(),
        internal: row.at("Internal").flag(),
        attachable: row.at("Attachable").flag(),
        ingress: row.at("Ingress").flag(),
        ipv6: row.at("EnableIPv6").flag(),
        pools: row.at("IPAM").at("Config").list().filter_map(pool).collect(),
        options: row.at("Options").outside_map(),
        labels: row.at("Labels").outside_map(),
        members: Fact::default(),
        id,
    })
}

/// A whole `GET /networks/ID`.
pub fn network(inspect: &Value) -> Option<Network> {
    let mut network = network_row(inspect)?;
    let mut members: Vec<Member> = Json::of(inspect).at("Containers").fields().map(|(id, m)| member(id, m)).collect();
    members.sort_by(|a, b| a.container.cmp(&b.container));
    network.members = Fact::Known(members);
    Some(network)
}

fn pool(config: Json<'_>) -> Option<Pool> {
    let range: Option<Cidr> = config.at("IPRange").text().parse().ok();
    Some(Pool {
        subnet: config.at("Subnet").text().parse().ok()?,
        range,
        // Some versions write the gateway with its prefix.
        gateway: config.at("Gateway").text().split('/').next().and_then(|text| text.parse().ok()),
        reserved: config.at("AuxiliaryAddresses").string_map(),
    })
}

fn member(id: &str, place: Json<'_>) -> Member {
    let container = ContainerId::from(id);
    let name = place.at("Name").some_outside().unwrap_or_else(|| container.short().into());
    Member {
        name,
        endpoint_id: place.at("EndpointID").string(),
        ipv4: place.at("IPv4Address").text().parse().ok(),
        ipv6: place.at("IPv6Address").text().parse().ok(),
        mac: place.at("MacAddress").some_text().and_then(|mac| mac.parse().ok()),
        container,
    }
}

/// A volume as list and inspect write it; none without a name.
pub(in crate::sources::engine) fn volume_at(place: Json<'_>) -> Option<Volume> {
    Some(Volume {
        name: place.at("Name").some_outside()?,
        driver: place.at("Driver").string(),
        mountpoint: place.at("Mountpoint").outside(),
        options: place.at("Options").outside_map(),
    })
}
