//! Messages to the kernel as lines of ip and tc.

use super::quote;
use crate::model::{Netem, Pid, QdiscSetup, TcAction, TcHandle};
use crate::plan::limits::rule::POLICE_MTU;
use crate::plan::limits::units::{percent, rate, size, time};
use crate::plan::op::{Classifier, KernelOp, LinkRef, NewLink, Place, RouteRef};

/// The line for `op`.
pub(super) fn words(op: &KernelOp) -> String {
    match op {
        KernelOp::AddLink { link, new, alias, mtu, mac } => {
            let ip = tool("ip", &link.place);
            let size = mtu.map(|mtu| format!(" mtu {mtu}")).unwrap_or_default();
            let mac = mac.as_ref().map(|mac| format!(" address {mac}")).unwrap_or_default();
            let new = match new {
                NewLink::Ifb => "ifb".to_owned(),
                NewLink::Veth { peer, peer_place } => {
                    let netns = peer_place.by.map(|Pid(pid)| format!(" netns {pid}")).unwrap_or_default();
                    format!("veth peer name {}{size}{netns}", quote(peer.raw()))
                }
            };
            let name = name(link);
            let mut line = format!("{ip} link add {name}{size}{mac} type {new}");
            if !alias.is_empty() {
                line.push_str(&format!(" && {ip} link set dev {name} alias {}", quote(alias)));
            }
            line
        }
        KernelOp::DeleteLink { link } => ip(link, "link delete dev", ""),
        KernelOp::SetUp { link, up } => ip(link, "link set dev", if *up { " up" } else { " down" }),
        KernelOp::SetMaster { link, master: Some(master) } => {
            ip(link, "link set dev", &format!(" master {}", name(master)))
        }
        KernelOp::SetMaster { link, master: None } => ip(link, "link set dev", " nomaster"),
        KernelOp::RenameLink { link, to } => ip(link, "link set dev", &format!(" name {}", quote(to))),
        KernelOp::AddAddress { link, address } => ip(link, &format!("addr add {address} dev"), ""),
        KernelOp::DeleteAddress { link, address } => ip(link, &format!("addr del {address} dev"), ""),
        KernelOp::AddRoute { route } => route_line("add", route),
        KernelOp::DeleteRoute { route } => route_line("del", route),
        KernelOp::PutQdisc { link, parent, handle, setup, replace } => {
            let verb = if *replace { "replace" } else { "add" };
            let at = attached(*parent);
            format!("{} qdisc {verb} dev {} {at} handle {handle} {}", tool("tc", &link.place), name(link), qdisc(setup))
        }
        KernelOp::AddIngress { link } => {
            format!("{} qdisc add dev {} handle ffff: ingress", tool("tc", &link.place), name(link))
        }
        KernelOp::DeleteQdisc { link, parent, handle } => {
            let at = attached(*parent);
            let handle = if *parent == TcHandle::ROOT { format!(" handle {handle}") } else { String::new() };
            format!("{} qdisc del dev {} {at}{handle}", tool("tc", &link.place), name(link))
        }
        KernelOp::AddFilter { link, parent, preference, classifier, action, to } => {
            let classifier = match classifier {
                Classifier::Matchall => "matchall",
                Classifier::U32 => "u32 match u32 0 0",
            };
            let (tc, dev, action) = (tool("tc", &link.place), name(link), action_words(action, to.as_ref()));
            format!(
                "{tc} filter add dev {dev} parent {parent} protocol all pref {preference} {classifier} action {action}"
            )
        }
        KernelOp::DeleteFilter { link, parent, preference } => {
            format!("{} filter del dev {} parent {parent} pref {preference}", tool("tc", &link.place), name(link))
        }
    }
}

/// The tool, run inside the namespace that it works in.
fn tool(tool: &str, place: &Place) -> String {
    match place.by {
        Some(Pid(pid)) => format!("nsenter --net=/proc/{pid}/ns/net {tool}"),
        None => tool.to_owned(),
    }
}

fn name(link: &LinkRef) -> String {
    quote(link.name.raw())
}

fn ip(link: &LinkRef, verb: &str, rest: &str) -> String {
    format!("{} {verb} {}{rest}", tool("ip", &link.place), name(link))
}

fn route_line(verb: &str, route: &RouteRef) -> String {
    let family = if route.dst.addr.is_ipv6() { "ip -6" } else { "ip" };
    let dst = if route.dst.is_default() { "default".to_owned() } else { route.dst.to_string() };
    let via = route.gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
    format!("{} route {verb} {dst}{via} dev {}", tool(family, &route.link.place), name(&route.link))
}

fn attached(parent: TcHandle) -> String {
    match parent {
        TcHandle::ROOT | TcHandle::INGRESS => parent.to_string(),
        class => format!("parent {class}"),
    }
}

fn qdisc(setup: &QdiscSetup) -> String {
    match setup {
        QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes } => {
            format!("tbf rate {} burst {} limit {}", rate(*rate_bps), size(*burst_bytes), size(*limit_bytes))
        }
        QdiscSetup::Netem(netem) => netem_words(netem),
        QdiscSetup::Htb { default_class } => format!("htb default {default_class:x}"),
        QdiscSetup::Other { words } => crate::text::clean_line(words).into_owned(),
    }
}

fn netem_words(netem: &Netem) -> String {
    let mut line = format!("netem limit {}", netem.limit_packets);
    if netem.delay_us > 0 {
        line.push_str(&format!(" delay {}", time(netem.delay_us)));
        if netem.jitter_us > 0 {
            line.push_str(&format!(" {}", time(netem.jitter_us)));
        }
    }
    let shares =
        [("loss", netem.loss_percent), ("duplicate", netem.duplicate_percent), ("reorder", netem.reorder_percent)];
    for (word, share) in shares.iter().filter(|(_, share)| *share > 0.0) {
        line.push_str(&format!(" {word} {}", percent(*share)));
    }
    if netem.rate_bps > 0 {
        line.push_str(&format!(" rate {}", rate(netem.rate_bps)));
    }
    line
}

fn action_words(action: &TcAction, to: Option<&LinkRef>) -> String {
    match action {
        TcAction::Redirect { to: index } => {
            let dev = to.map_or_else(|| format!("if{index}"), name);
            format!("mirred egress redirect dev {dev}")
        }
        TcAction::Police { rate_bps, burst_bytes } => {
            let (rate, burst, mtu) = (rate(*rate_bps), size(*burst_bytes), size(POLICE_MTU.into()));
            format!("police rate {rate} burst {burst} mtu {mtu} conform-exceed drop")
        }
        TcAction::Other { name } => crate::text::clean_line(name).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{IfIndex, NsInode};
    use crate::plan::Op;

    fn link(name: &str, by: Option<i32>) -> LinkRef {
        LinkRef { place: Place { netns: NsInode(1), by: by.map(Pid) }, ifindex: None, name: name.into() }
    }

    fn line(op: KernelOp) -> String {
        Op::Kernel(op).words()
    }

    #[test]
    fn each_message_is_told_as_an_operator_would_have_typed_it() {
        let veth = || link("veth1", None);
        let put = |setup, replace| KernelOp::PutQdisc {
            link: veth(),
            parent: TcHandle::ROOT,
            handle: TcHandle::OWN,
            setup,
            replace,
        };
        let tbf = QdiscSetup::Tbf { rate_bps: 10_000_000, burst_bytes: 16384, limit_bytes: 125_000 };
        assert_eq!(
            line(put(tbf, true)),
            "tc qdisc replace dev veth1 root handle b1d6: tbf rate 10mbit burst 16kb limit 125000b"
        );
        let netem =
            Netem { delay_us: 50_000, jitter_us: 500, loss_percent: 0.5, limit_packets: 1000, ..Netem::default() };
        assert_eq!(
            line(put(QdiscSetup::Netem(netem), false)),
            "tc qdisc add dev veth1 root handle b1d6: netem limit 1000 delay 50ms 500us loss 0.5%"
        );
        let filter = |classifier, action, to| KernelOp::AddFilter {
            link: veth(),
            parent: TcHandle::INGRESS_QDISC,
            preference: TcHandle::OURS,
            classifier,
            action,
            to,
        };
        assert_eq!(
            line(filter(Classifier::U32, TcAction::Redirect { to: IfIndex(0) }, Some(link("bwi7", None)))),
            "tc filter add dev veth1 parent ffff: protocol all pref 45526 u32 match u32 0 0 action mirred egress redirect dev bwi7"
        );
        assert_eq!(
            line(filter(Classifier::Matchall, TcAction::Police { rate_bps: 1_000_000, burst_bytes: 131_072 }, None)),
            "tc filter add dev veth1 parent ffff: protocol all pref 45526 matchall action police rate 1mbit burst 128kb mtu 128kb conform-exceed drop"
        );
        let alias = "bridgewatch ifb for 7 in 1 of db".to_owned();
        assert_eq!(
            line(KernelOp::AddLink { link: link("bwi7", None), new: NewLink::Ifb, alias, mtu: None, mac: None }),
            "ip link add bwi7 type ifb && ip link set dev bwi7 alias 'bridgewatch ifb for 7 in 1 of db'"
        );
        let peer_place = Place { netns: NsInode(2), by: Some(Pid(812)) };
        let new = NewLink::Veth { peer: "eth0".into(), peer_place };
        assert_eq!(
            line(KernelOp::AddLink { link: link("bwp1", None), new, alias: String::new(), mtu: Some(1400), mac: None }),
            "ip link add bwp1 mtu 1400 type veth peer name eth0 mtu 1400 netns 812"
        );
        let address = "172.18.0.9/16".parse().expect("a cidr");
        assert_eq!(
            line(KernelOp::AddAddress { link: link("eth0", Some(812)), address }),
            "nsenter --net=/proc/812/ns/net ip addr add 172.18.0.9/16 dev eth0"
        );
        let (dst, gateway) = ("::/0".parse().expect("a cidr"), "fd00::1".parse().ok());
        assert_eq!(
            line(KernelOp::AddRoute { route: RouteRef { dst, gateway, link: link("eth0", Some(812)) } }),
            "nsenter --net=/proc/812/ns/net ip -6 route add default via fd00::1 dev eth0"
        );
        let delete = KernelOp::DeleteQdisc { link: veth(), parent: TcHandle::INGRESS, handle: TcHandle::INGRESS_QDISC };
        assert_eq!(line(delete), "tc qdisc del dev veth1 ingress");
        assert_eq!(line(KernelOp::DeleteLink { link: link("a b\u{1b}", None) }), "ip link delete dev $'a b\\x1b'");
    }
}
