//! What stands between the outside and a published port.

use super::super::{Evidence, Verdict};
use super::links;
use super::ports::Publication;
use super::walk::{Outcome, Packet, forward, input};
use crate::model::{Container, Link};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far a publication on every address reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// No interface leads outside.
    Nowhere,
    /// Every way from outside ends at a rule; this is one of them.
    Filtered(String),
    /// Open through this interface.
    Open(String),
    /// Not known, and why.
    Unsure(String),
}

impl Reach {
    /// In words, for evidence.
    pub fn words(&self) -> String {
        match self {
            Reach::Nowhere => "no interface leads outside".to_owned(),
            Reach::Filtered(rule) => format!("dropped by {rule}"),
            Reach::Open(link) => format!("open through {link}"),
            Reach::Unsure(why) => format!("not known: {why}"),
        }
    }
}

/// Walks from every uplink, in each family the publication has.
pub fn outside(evidence: &Evidence, container: &Container, publication: &Publication) -> Reach {
    let uplinks = match evidence.uplinks() {
        Ok(uplinks) => uplinks,
        Err(verdict) => return Reach::Unsure(why(&verdict)),
    };
    let routes = &evidence.snapshot.routes;
    let external: Vec<&Link> = uplinks.into_iter().filter(|link| links::is_external(link, routes)).collect();
    if external.is_empty() {
        return Reach::Nowhere;
    }
    let mut filtered = None;
    for v6 in [false, true] {
        let ways: Vec<&Link> = external.iter().copied().filter(|link| !v6 || links::has_global(link, true)).collect();
        if !publication.has_family(v6) || ways.is_empty() {
            continue;
        }
        match over(evidence, container, publication, v6, &ways) {
            Ok(Outcome::Accepted) => return Reach::Open(ways[0].name.raw().to_owned()),
            Ok(Outcome::Undecided(rule)) => return Reach::Unsure(format!("rule {rule}")),
            Ok(Outcome::Dropped(rule)) => filtered = Some(rule),
            Err(verdict) => return Reach::Unsure(why(&verdict)),
        }
    }
    filtered.map_or(Reach::Nowhere, Reach::Filtered)
}

/// The outcome in one family: accepted when any uplink lets the packet through. Where the container has no address of
/// the family the proxy answers, so that the packet is the host's own.
///
/// # Errors
/// Unknown when the packet filter can't be read.
pub fn over(
    evidence: &Evidence,
    container: &Container,
    publication: &Publication,
    v6: bool,
    uplinks: &[&Link],
) -> Result<Outcome, Verdict> {
    let firewall = evidence.firewall()?;
    let endpoint = container.endpoints.iter().find_map(|endpoint| {
        let cidr = if v6 { endpoint.ipv6 } else { endpoint.ipv4 };
        let network = endpoint.network_id.as_ref().and_then(|id| evidence.network(id));
        Some((cidr?.addr, network.and_then(|network| network.device()).unwrap_or_default()))
    });
    let source: IpAddr = match v6 {
        true => Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 0x77).into(),
        false => Ipv4Addr::new(198, 51, 100, 77).into(),
    };
    let mut worst = None;
    for link in uplinks {
        let own = link.addresses.iter().map(|a| a.cidr.addr).find(|addr| addr.is_ipv6() == v6);
        let outcome = match &endpoint {
            Some((destination, bridge)) => forward(
                firewall,
                &Packet {
                    input: link.name.raw(),
                    output: bridge,
                    source,
                    destination: *destination,
                    proto: publication.proto,
                    port: publication.container_port,
                },
            ),
            None => input(
                firewall,
                &Packet {
                    input: link.name.raw(),
                    output: "",
                    source,
                    destination: own.unwrap_or(source),
                    proto: publication.proto,
                    port: publication.host_port,
                },
            ),
        };
        match outcome {
            Outcome::Accepted => return Ok(Outcome::Accepted),
            Outcome::Undecided(rule) => worst = Some(Outcome::Undecided(rule)),
            dropped => worst = worst.or(Some(dropped)),
        }
    }
    Ok(worst.unwrap_or(Outcome::Accepted))
}

fn why(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Unknown(undecided) => undecided.reason.clone(),
        other => other.status().as_str().to_owned(),
    }
}
