//! R-ports: publications as a person counts them. The 0.0.0.0 row and the :: row of one publication are one.

use crate::model::{Container, Proto};
use std::net::IpAddr;

/// One published port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Publication {
    /// Port on the host.
    pub host_port: u16,
    /// Transport.
    pub proto: Proto,
    /// Port in the container.
    pub container_port: u16,
    /// Addresses bound on the host, sorted: both wildcards of one publication, or one address.
    pub addrs: Vec<IpAddr>,
}

impl Publication {
    /// Bound to every address of a family.
    pub fn is_wildcard(&self) -> bool {
        self.addrs.iter().any(IpAddr::is_unspecified)
    }

    /// Bound to loopback only.
    pub fn is_loopback(&self) -> bool {
        self.addrs.iter().all(is_loopback)
    }

    /// Bound to an address of this family.
    pub fn has_family(&self, v6: bool) -> bool {
        self.addrs.iter().any(|addr| addr.is_ipv6() == v6)
    }

    /// `tcp/8080`: stable over restarts as long as the operator keeps the host port.
    pub fn key(&self) -> String {
        let single = self.addrs.first().filter(|addr| !addr.is_unspecified());
        match single {
            Some(addr) => format!("{addr}/{}/{}", self.proto, self.host_port),
            None => format!("{}/{}", self.proto, self.host_port),
        }
    }
}

fn is_loopback(addr: &IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.is_loopback(),
        IpAddr::V6(addr) => addr.is_loopback() || addr.to_ipv4_mapped().is_some_and(|addr| addr.is_loopback()),
    }
}

/// Publications of a container, sorted. Rows without a host port are routed or only exposed and are left out.
pub fn publications(container: &Container) -> Vec<Publication> {
    let mut out: Vec<Publication> = Vec::new();
    for port in &container.ports {
        let (Some(addr), Some(host_port)) = (port.host_ip, port.host_port) else { continue };
        let same = |p: &&mut Publication| {
            (p.proto, p.container_port, p.host_port) == (port.proto, port.container_port, host_port)
                && (p.addrs.contains(&addr) || (p.is_wildcard() && addr.is_unspecified()))
        };
        match out.iter_mut().find(same) {
            Some(known) if !known.addrs.contains(&addr) => known.addrs.push(addr),
            Some(_) => {}
            None => out.push(Publication {
                proto: port.proto,
                container_port: port.container_port,
                host_port,
                addrs: vec![addr],
            }),
        }
    }
    for publication in &mut out {
        publication.addrs.sort();
    }
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PublishedPort;

    #[test]
    fn the_two_wildcard_rows_are_one_publication() {
        let mut container = Container::named("a", "a");
        let row = |ip: Option<&str>, port| PublishedPort {
            proto: Proto::Tcp,
            container_port: 80,
            host_ip: ip.map(|ip| ip.parse().expect("ip")),
            host_port: port,
        };
        container.ports = vec![
            row(Some("::"), Some(8080)),
            row(Some("0.0.0.0"), Some(8080)),
            row(Some("127.0.0.1"), Some(9090)),
            row(None, None),
            row(Some("0.0.0.0"), None),
        ];
        let found = publications(&container);
        assert_eq!(found.len(), 2);
        assert!(found[0].is_wildcard() && found[0].addrs.len() == 2);
        assert!(found[1].is_loopback());
        assert_eq!(found[0].key(), "tcp/8080");
    }
}
