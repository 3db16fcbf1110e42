//! Routes of a network namespace from the text files `/proc/PID/net/route` and `ipv6_route`.
//!
//! They need no right beyond seeing the process, unlike a socket in its namespace. They do not name the protocol of a
//! route, its source address, or tables other than main and local. Formats: proc_pid_net(5), kernel `net/ipv4/fib_trie.c`
//! and `net/ipv6/route.c`. Must not know netlink.

use super::ProcRoot;
use super::files::{process_gap, read_head};
use crate::model::{Cidr, Gap, IfIndex, NsInode, Pid, Route};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const FILE_BYTES: usize = 4 << 20;
const RTF_REJECT: u32 = 0x0200;
const RTF_ANYCAST: u32 = 0x0010_0000;
const RTF_LOCAL: u32 = 0x8000_0000;
const TABLE_MAIN: u32 = 254;
const TABLE_LOCAL: u32 = 255;

/// All routes of the namespace of a process. IPv6 switched off is no failure.
pub(super) fn routes(root: &ProcRoot, pid: Pid, netns: NsInode) -> Result<Vec<Route>, Gap> {
    let path = root.of(pid, "net/route");
    let v4 = read_head(&path, FILE_BYTES).map_err(|error| process_gap(&path, &error))?;
    let v6 = read_head(&root.of(pid, "net/ipv6_route"), FILE_BYTES).unwrap_or_default();
    let optional = |file| read_head(&root.of(pid, file), FILE_BYTES).unwrap_or_default();
    let indexes = indexes(&optional("net/igmp"), &optional("net/if_inet6"));
    let mut routes = parse_v4(&v4, netns, &indexes);
    routes.extend(parse_v6(&v6, netns, &indexes));
    Ok(routes)
}

/// Index by name of the interfaces that have an address family set up, from the two files that tell both.
fn indexes(igmp: &[u8], if_inet6: &[u8]) -> BTreeMap<String, IfIndex> {
    let mut indexes = BTreeMap::new();
    for line in String::from_utf8_lossy(igmp).lines().filter(|line| !line.starts_with(['\t', 'I'])) {
        let mut words = line.split_ascii_whitespace();
        if let (Some(Ok(index)), Some(name)) = (words.next().map(str::parse), words.next()) {
            indexes.insert(name.trim_end_matches(':').to_owned(), IfIndex(index));
        }
    }
    for line in String::from_utf8_lossy(if_inet6).lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if let [_, index, _, _, _, name] = words[..]
            && let Ok(index) = u32::from_str_radix(index, 16)
        {
            indexes.insert(name.to_owned(), IfIndex(index));
        }
    }
    indexes
}

fn parse_v4(bytes: &[u8], netns: NsInode, indexes: &BTreeMap<String, IfIndex>) -> Vec<Route> {
    let row = |line: &str| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [name, dst, gateway, flags, _, _, metric, mask, ..] = words[..] else { return None };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        let gateway = v4(gateway)?;
        let prefix = u8::try_from(u32::from(v4(mask)?).count_ones()).ok()?;
        Some(Route {
            netns,
            dst: Cidr { addr: IpAddr::V4(v4(dst)?), prefix },
            gateway: (!gateway.is_unspecified()).then_some(IpAddr::V4(gateway)),
            oif: indexes.get(name).copied(),
            source: None,
            metric: metric.parse().ok()?,
            table: TABLE_MAIN,
            protocol: String::new(),
            kind: kind(flags).to_owned(),
        })
    };
    String::from_utf8_lossy(bytes).lines().skip(1).filter_map(row).collect()
}

fn parse_v6(bytes: &[u8], netns: NsInode, indexes: &BTreeMap<String, IfIndex>) -> Vec<Route> {
    let row = |line: &str| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [dst, prefix, _, _, gateway, metric, _, _, flags, name] = words[..] else { return None };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        let v6 =
            |hex: &str| (hex.len() == 32).then(|| u128::from_str_radix(hex, 16).ok().map(Ipv6Addr::from)).flatten();
        let gateway = v6(gateway)?;
        let prefix = u8::from_str_radix(prefix, 16).ok().filter(|prefix| *prefix <= 128)?;
        let is_local = flags & (RTF_LOCAL | RTF_ANYCAST) != 0;
        Some(Route {
            netns,
            dst: Cidr { addr: IpAddr::V6(v6(dst)?), prefix },
            gateway: (!gateway.is_unspecified()).then_some(IpAddr::V6(gateway)),
            oif: indexes.get(name).copied(),
            source: None,
            metric: u32::from_str_radix(metric, 16).ok()?,
            table: if is_local { TABLE_LOCAL } else { TABLE_MAIN },
            protocol: String::new(),
            kind: match flags {
                flags if flags & RTF_LOCAL != 0 => "local",
                flags if flags & RTF_ANYCAST != 0 => "anycast",
                flags => kind(flags),
            }
            .to_owned(),
        })
    };
    String::from_utf8_lossy(bytes).lines().filter_map(row).collect()
}

fn kind(flags: u32) -> &'static str {
    if flags & RTF_REJECT == 0 { "unicast" } else { "unreachable" }
}

/// An address as the kernel prints it: the number of its four bytes in the machine's order.
fn v4(hex: &str) -> Option<Ipv4Addr> {
    u32::from_str_radix(hex, 16).ok().map(|number| Ipv4Addr::from(number.to_ne_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;
    use proptest::prelude::*;

    const ROUTE: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
        eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
        eth0\t000011AC\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0\n";
    const ROUTE6: &str = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 \
        00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n\
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
        fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n\
        00000000000000000000000000000001 80 00000000000000000000000000000000 00 \
        00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo\n\
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
        00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";

    #[test]
    fn k18_both_families_with_their_interfaces() {
        let host = Fixture::new();
        host.file("proc/7/net/route", ROUTE).file("proc/7/net/ipv6_route", ROUTE6).file(
            "proc/7/net/igmp",
            "Idx\tDevice    : Count Querier\tReporter\n1\tlo        :     1      V3\n\
                \t\t\t\t010000E0     1 0:00000000\t\t0\n13\teth0      :     1      V3\n",
        );
        let seen = routes(&host.root(), Pid(7), NsInode(5)).expect("routes");
        assert_eq!(seen.len(), 6);
        assert_eq!(seen[0].dst.to_string(), "0.0.0.0/0");
        assert_eq!(seen[0].gateway, Some("172.17.0.1".parse().expect("ip")));
        assert_eq!((seen[1].dst.to_string().as_str(), seen[1].metric), ("172.17.0.0/16", 100));
        assert_eq!(seen[1].oif, Some(IfIndex(13)));
        assert_eq!((seen[2].dst.to_string().as_str(), seen[2].gateway), ("fd00::/64", None));
        assert_eq!(seen[3].gateway, Some("fd00::1".parse().expect("ip")));
        assert_eq!((seen[4].table, seen[4].kind.as_str()), (TABLE_LOCAL, "local"));
        assert_eq!((seen[5].kind.as_str(), seen[5].metric), ("unreachable", u32::MAX));
    }

    #[test]
    fn k18_a_host_without_ipv6_has_its_ipv4_routes() {
        let host = Fixture::new();
        host.file("proc/7/net/route", ROUTE).file("proc/7/net/if_inet6", "");
        let seen = routes(&host.root(), Pid(7), NsInode(5)).expect("routes");
        assert_eq!((seen.len(), seen[0].oif), (2, None));
        assert!(routes(&host.root(), Pid(8), NsInode(5)).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let none = indexes(&bytes, &bytes);
            let _ = parse_v4(&bytes, NsInode(1), &none);
            let _ = parse_v6(&bytes, NsInode(1), &none);
        }
    }
}
