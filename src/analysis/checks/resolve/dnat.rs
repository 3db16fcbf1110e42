//! DNAT rules: which publication a rule carries.

use crate::model::{Firewall, Match, Proto, Rule, Target};
use std::net::IpAddr;

/// True when a rule sends this host port to this container port. A rule that is not understood counts when its text
/// names the target, as its absence is what would be reported.
pub fn exists(firewall: &Firewall, proto: Proto, host_port: u16, to: IpAddr, to_port: u16) -> bool {
    let wanted = format!("{to}:{to_port}");
    let rules = firewall.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    rules.into_iter().any(|rule| match &rule.target {
        Target::Dnat { addr: Some(addr), port } => {
            *addr == to
                && port.unwrap_or(host_port) == to_port
                && rule.proto().is_none_or(|p| p == proto)
                && ports(rule)
                    .is_none_or(|ranges| ranges.iter().any(|(from, till)| (*from..=*till).contains(&host_port)))
        }
        Target::Opaque { text } => text.contains(&wanted) || rule.text.contains(&wanted),
        _ => false,
    })
}

/// The port (`tcp/8080`) that two DNAT rules both claim for an address in common; none when they don't meet.
pub fn same_port(a: &Rule, b: &Rule) -> Option<String> {
    let (Some(pa), Some(pb)) = (a.proto(), b.proto()) else { return None };
    if pa != pb || !destinations_meet(a, b) {
        return None;
    }
    let (ra, rb) = (ports(a)?, ports(b)?);
    let meeting =
        ra.iter().flat_map(|x| rb.iter().map(move |y| (x.0.max(y.0), x.1.min(y.1)))).find(|(from, to)| from <= to)?;
    Some(format!("{pa}/{}", meeting.0))
}

fn ports(rule: &Rule) -> Option<&[(u16, u16)]> {
    rule.matches.iter().find_map(|m| match m {
        Match::DestinationPorts { ranges, not: false } => Some(ranges.as_slice()),
        _ => None,
    })
}

fn destinations_meet(a: &Rule, b: &Rule) -> bool {
    let of = |rule: &Rule| {
        rule.matches.iter().find_map(|m| match m {
            Match::Destination { cidr, not: false } => Some(*cidr),
            _ => None,
        })
    };
    match (of(a), of(b)) {
        (Some(a), Some(b)) => a.overlaps(&b),
        _ => true,
    }
}
