//! Address translation as the packet filter has it: which rule rewrites the source of a subnet on its way out, and
//! which rule leads a host port to a container. Rules that can't be evaluated make the answer unknown, never "no".
//! It must not know containers or networks: addresses, ports and interface names in, rules out.

use crate::model::{Backend, Cidr, Fact, Firewall, Gap, GapKind, Match, Proto, Rule, Table, Target};
use std::net::IpAddr;
use std::sync::Arc;

/// Chains are followed this deep; the kernel allows 16.
const DEPTH: usize = 16;

/// Rules looked at per hook and table before giving up; a large cluster node has some ten thousand.
const STEPS: usize = 200_000;

/// A rule of a nat chain with the jumps that lead to it from a base chain.
#[derive(Debug, Clone)]
struct Reached<'a> {
    rule: &'a Rule,
    via: Vec<&'a Rule>,
}

impl Reached<'_> {
    fn matches(&self) -> impl Iterator<Item = &Match> {
        self.via.iter().copied().chain([self.rule]).flat_map(|r| &r.matches)
    }

    fn is_certain(&self) -> bool {
        self.via.iter().copied().chain([self.rule]).all(Rule::is_understood)
    }
}

/// The translation rules of one reading, laid out for questions.
#[derive(Debug, Clone)]
pub struct NatRules<'a> {
    /// Rules at `prerouting` and `output` by family (IPv4, IPv6).
    inward: [Vec<Reached<'a>>; 2],
    /// Rules at `postrouting` by family.
    outward: [Vec<Reached<'a>>; 2],
    /// Why the absence of a rule is not known, if so.
    gap: Option<Arc<Gap>>,
}

/// A rule that leads a host port to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dnat {
    /// The rule as text.
    pub rule: String,
    /// The address it leads to.
    pub to: Option<IpAddr>,
}

impl<'a> NatRules<'a> {
    /// Lays out what was read; an unread packet filter makes every answer unknown with the same reason.
    pub fn new(firewall: &'a Fact<Arc<Firewall>>) -> Self {
        let mut rules = NatRules { inward: Default::default(), outward: Default::default(), gap: None };
        match firewall {
            Fact::Unknown { unknown } => rules.gap = Some(unknown.clone()),
            Fact::Known(firewall) => {
                rules.gap = firewall.gaps.first().map(|g| Arc::new(g.clone()));
                for v6 in [false, true] {
                    for table in firewall.tables_for(v6) {
                        let n = usize::from(v6);
                        for hook in ["prerouting", "output", "postrouting"] {
                            let mut walk = Walk { table, out: Vec::new(), left: STEPS };
                            walk.hook(hook);
                            let list = if hook == "postrouting" { &mut rules.outward } else { &mut rules.inward };
                            list[n].append(&mut walk.out);
                            if walk.left == 0 {
                                let reason = format!("the chains at {hook} of table {} branch too widely", table.name);
                                rules.gap = Some(Arc::new(Gap::new(GapKind::Unsupported, reason)));
                            }
                        }
                    }
                }
            }
        }
        rules
    }

    /// The rule that rewrites sources in `subnet` on their way out, `Known(None)` when there is none. Rules that only
    /// concern one host, one destination or one port are not counted; nor are those for leaving through an interface
    /// that is not among `uplinks`.
    pub fn masquerade(&self, subnet: Cidr, uplinks: &[&str]) -> Fact<Option<String>> {
        let mut doubtful = None;
        for reached in &self.outward[usize::from(subnet.addr.is_ipv6())] {
            let is_rewrite = matches!(reached.rule.target, Target::Masquerade | Target::Snat { .. });
            let may_be =
                matches!(&reached.rule.target, Target::Opaque { text } if speaks_of(text, &["masquerade", "snat"]));
            if (is_rewrite || may_be) && reached.matches().all(|m| holds_outward(m, subnet, uplinks)) {
                if is_rewrite && reached.is_certain() {
                    return Fact::Known(Some(reached.rule.text.clone()));
                }
                doubtful.get_or_insert(&reached.rule.text);
            }
        }
        self.absent(doubtful).map(|()| None)
    }

    /// The rule that leads `host_ip:host_port` to one of `targets` (any address when empty) at `container_port`;
    /// `Known(None)` when there is none.
    pub fn dnat(
        &self,
        proto: Proto,
        host: (IpAddr, u16),
        targets: &[IpAddr],
        container_port: u16,
    ) -> Fact<Option<Dnat>> {
        let mut doubtful = None;
        for reached in &self.inward[usize::from(host.0.is_ipv6())] {
            let to = match &reached.rule.target {
                Target::Dnat { addr, port } => {
                    let is_there = addr.is_none_or(|a| targets.is_empty() || targets.contains(&a));
                    if port.unwrap_or(host.1) != container_port || !is_there {
                        continue;
                    }
                    *addr
                }
                Target::Opaque { text } if speaks_of(text, &["dnat", "redirect"]) => None,
                _ => continue,
            };
            if reached.matches().all(|m| holds_inward(m, proto, host)) {
                if reached.is_certain() {
                    return Fact::Known(Some(Dnat { rule: reached.rule.text.clone(), to }));
                }
                doubtful.get_or_insert(&reached.rule.text);
            }
        }
        self.absent(doubtful).map(|()| None)
    }

    /// DNAT rules that certainly exist, with the address each leads to.
    pub fn all_dnat(&self) -> impl Iterator<Item = (&'a Rule, IpAddr)> + '_ {
        self.inward.iter().flatten().filter_map(|r| match r.rule.target {
            Target::Dnat { addr: Some(addr), .. } => Some((r.rule, addr)),
            _ => None,
        })
    }

    fn absent(&self, doubtful: Option<&String>) -> Fact<()> {
        match (doubtful, &self.gap) {
            (Some(rule), _) => Fact::unknown(GapKind::Unsupported, format!("a rule here can't be evaluated: {rule}")),
            (None, Some(gap)) => Fact::Unknown { unknown: gap.clone() },
            (None, None) => Fact::Known(()),
        }
    }
}

fn speaks_of(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|w| text.contains(w))
}

/// Follows the chains of a table, with a bound on the steps: chains that call each other can't be loaded into a
/// kernel, but a recording may hold anything.
struct Walk<'a> {
    table: &'a Table,
    out: Vec<Reached<'a>>,
    left: usize,
}

impl<'a> Walk<'a> {
    /// All rules reachable from the base chains of a hook, in order.
    fn hook(&mut self, hook: &str) {
        let is_iptables = self.table.backend != Backend::Nftables;
        if is_iptables && self.table.name != "nat" {
            return;
        }
        for chain in &self.table.chains {
            let is_base = match &chain.hook {
                Some(word) => word == hook,
                None => is_iptables && chain.name.eq_ignore_ascii_case(hook),
            };
            if is_base {
                self.chain(&chain.name, &mut Vec::new());
            }
        }
    }

    fn chain(&mut self, name: &str, via: &mut Vec<&'a Rule>) {
        if via.len() >= DEPTH {
            return;
        }
        let Some(chain) = self.table.chain(name) else { return };
        for rule in &chain.rules {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            match &rule.target {
                Target::Jump { chain } | Target::Goto { chain } => {
                    via.push(rule);
                    self.chain(chain, via);
                    via.pop();
                }
                _ => self.out.push(Reached { rule, via: via.clone() }),
            }
        }
    }
}

/// Whether a match lets through all that leaves `subnet` by an uplink; opaque matches count as holding, the caller
/// knows that they make the rule uncertain.
fn holds_outward(one: &Match, subnet: Cidr, uplinks: &[&str]) -> bool {
    match one {
        Match::Source { cidr, not: false } => cidr.prefix <= subnet.prefix && cidr.contains(subnet.addr),
        Match::Source { cidr, not: true } => !cidr.overlaps(&subnet),
        Match::Out { name, not } => uplinks.is_empty() || uplinks.iter().any(|u| is_named(name, u) != *not),
        Match::Destination { not, .. } => *not,
        Match::In { .. } => true,
        Match::Protocol { not, .. } | Match::DestinationPorts { not, .. } | Match::SourcePorts { not, .. } => *not,
        Match::DestinationType { word, not } => (word == "LOCAL") == *not,
        Match::CtState { .. } | Match::Opaque { .. } => true,
    }
}

/// Whether a match lets a new connection from outside to this host address through.
fn holds_inward(one: &Match, proto: Proto, host: (IpAddr, u16)) -> bool {
    match one {
        Match::Protocol { word, not } => (word == proto.as_str()) != *not,
        Match::DestinationPorts { ranges, not } => {
            ranges.iter().any(|(from, to)| (*from..=*to).contains(&host.1)) != *not
        }
        // A binding to every address is only led on by a rule for every address.
        Match::Destination { cidr, not: false } => !host.0.is_unspecified() && cidr.contains(host.0),
        Match::Destination { cidr, not: true } => host.0.is_unspecified() || !cidr.contains(host.0),
        Match::Source { not, .. } | Match::SourcePorts { not, .. } => *not,
        Match::DestinationType { word, not } => (word == "LOCAL") != *not,
        Match::CtState { states, not } => states.iter().any(|s| s == "NEW") != *not,
        Match::In { .. } | Match::Out { .. } | Match::Opaque { .. } => true,
    }
}

/// Interface names in rules end in `+` (iptables) or `*` (nftables) when only their beginning counts.
fn is_named(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix(['+', '*']) {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{docker_nat, rule};
    use crate::model::{Chain, Family};

    fn read(firewall: Firewall) -> Fact<Arc<Firewall>> {
        Fact::Known(Arc::new(firewall))
    }

    fn cidr(text: &str) -> Cidr {
        text.parse().expect("cidr")
    }

    #[test]
    fn the_engines_masquerade_is_found_and_its_hairpin_rule_is_not_taken_for_it() {
        let firewall = read(docker_nat());
        let nat = NatRules::new(&firewall);
        let found = nat.masquerade(cidr("172.18.0.0/16"), &["eth0"]);
        assert!(found.known().expect("known").as_deref().expect("a rule").contains("172.18.0.0"));
        assert_eq!(nat.masquerade(cidr("10.9.0.0/24"), &["eth0"]), Fact::Known(None));
        assert_eq!(nat.masquerade(cidr("172.18.0.2/32"), &["eth0"]).known().map(Option::is_some), Some(true));
    }

    #[test]
    fn a_port_is_led_on_only_by_a_rule_for_its_address() {
        let firewall = read(docker_nat());
        let nat = NatRules::new(&firewall);
        let any: IpAddr = "0.0.0.0".parse().expect("ip");
        let local: IpAddr = "127.0.0.1".parse().expect("ip");
        let db: IpAddr = "172.18.0.2".parse().expect("ip");
        assert!(nat.dnat(Proto::Tcp, (any, 8080), &[], 80).known().expect("known").is_some());
        assert!(nat.dnat(Proto::Udp, (any, 8080), &[], 80).known().expect("known").is_none());
        assert!(nat.dnat(Proto::Tcp, (local, 5432), &[db], 5432).known().expect("known").is_some());
        assert!(nat.dnat(Proto::Tcp, (any, 5432), &[db], 5432).known().expect("known").is_none());
        assert!(nat.dnat(Proto::Tcp, ("::".parse().expect("ip"), 8080), &[], 80).known().expect("known").is_none());
    }

    #[test]
    fn k17_half_the_rules_are_not_the_absence_of_a_rule() {
        let mut firewall = docker_nat();
        firewall.gaps.push(Gap::new(GapKind::ToolMissing, "iptables-legacy-save: not installed"));
        let firewall = read(firewall);
        let nat = NatRules::new(&firewall);
        assert!(nat.masquerade(cidr("10.9.0.0/24"), &[]).known().is_none());
        assert!(nat.masquerade(cidr("172.18.0.0/16"), &[]).known().is_some(), "a rule that was seen stays a fact");
        assert!(NatRules::new(&Fact::default()).masquerade(cidr("10.9.0.0/24"), &[]).known().is_none());
    }

    #[test]
    fn k17_a_rule_that_cannot_be_read_makes_the_answer_unknown() {
        let mut firewall = docker_nat();
        firewall.tables[0].chains[0].rules.insert(
            0,
            rule(vec![Match::Opaque { text: "-m bpf".into() }], Target::Dnat { addr: None, port: Some(99) }),
        );
        let firewall = read(firewall);
        let any: IpAddr = "0.0.0.0".parse().expect("ip");
        assert!(NatRules::new(&firewall).dnat(Proto::Tcp, (any, 1), &[], 99).known().is_none());
    }

    #[test]
    fn chains_that_call_each_other_end() {
        let looping = |name: &str, to: &str, hook: Option<&str>| Chain {
            name: name.into(),
            hook: hook.map(Into::into),
            priority: None,
            policy: None,
            rules: vec![rule(vec![], Target::Jump { chain: to.into() })],
        };
        let table = Table {
            backend: Backend::Nftables,
            family: Family::Ip,
            name: "x".into(),
            chains: vec![looping("a", "b", Some("postrouting")), looping("b", "a", None)],
        };
        let firewall = read(Firewall { generation: None, tables: vec![table], gaps: vec![] });
        assert_eq!(NatRules::new(&firewall).masquerade(cidr("10.0.0.0/24"), &[]), Fact::Known(None));
    }
}
