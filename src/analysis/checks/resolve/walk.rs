//! A small walk of one packet through the forward or the input hook. A match or target that the model does not understand, on a
//! path that could decide, makes the outcome undecided with the rule quoted; it is never guessed.

use crate::model::{Chain, Firewall, Match, Proto, Rule, Table, Target};
use std::net::IpAddr;

/// The packet: the first of a connection, from an address that nobody named in a rule.
#[derive(Debug, Clone)]
pub struct Packet<'a> {
    /// Interface it came in by.
    pub input: &'a str,
    /// Interface it leaves by; empty for a packet to the host itself.
    pub output: &'a str,
    /// Source.
    pub source: IpAddr,
    /// Destination after DNAT.
    pub destination: IpAddr,
    /// Transport.
    pub proto: Proto,
    /// Destination port after DNAT.
    pub port: u16,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Forwarded.
    Accepted,
    /// Dropped or rejected, by this rule or policy.
    Dropped(String),
    /// A rule on the way can't be evaluated.
    Undecided(String),
}

/// Where a chain leaves a packet.
enum Step {
    Fall,
    Accept,
    Drop(String),
    Undecided(String),
}

/// The walk of a packet that is passed on.
pub fn forward(firewall: &Firewall, packet: &Packet) -> Outcome {
    through(firewall, "forward", packet)
}

/// The walk of a packet for the host itself.
pub fn input(firewall: &Firewall, packet: &Packet) -> Outcome {
    through(firewall, "input", packet)
}

/// Walks all base chains on a hook, by priority. An accept ends its own base chain only; a drop is final.
fn through(firewall: &Firewall, hook: &str, packet: &Packet) -> Outcome {
    let v6 = packet.destination.is_ipv6();
    let mut chains: Vec<(&Table, &Chain)> = firewall
        .tables_for(v6)
        .flat_map(|table| table.chains.iter().map(move |chain| (table, chain)))
        .filter(|(_, chain)| chain.hook.as_deref() == Some(hook))
        .collect();
    chains.sort_by_key(|(_, chain)| chain.priority.unwrap_or(0));
    let mut undecided = None;
    for (table, chain) in chains {
        match walk(table, chain, packet, 0) {
            Step::Drop(rule) => return Outcome::Dropped(rule),
            Step::Undecided(rule) => undecided = undecided.or(Some(rule)),
            Step::Accept => {}
            Step::Fall => {
                if chain.policy.as_deref().is_some_and(|policy| policy.eq_ignore_ascii_case("drop")) {
                    return Outcome::Dropped(format!("policy of {}", chain.name));
                }
            }
        }
    }
    undecided.map_or(Outcome::Accepted, Outcome::Undecided)
}

fn walk(table: &Table, chain: &Chain, packet: &Packet, depth: u8) -> Step {
    // The kernel refuses loops; a snapshot may hold anything.
    if depth > 16 {
        return Step::Undecided(format!("chain {} is nested too deeply", chain.name));
    }
    for rule in &chain.rules {
        let matched = matches(rule, packet);
        if matched == Some(false) {
            continue;
        }
        if matched.is_none() {
            match rule.target {
                Target::Continue { .. } => continue,
                _ => return Step::Undecided(rule.text.clone()),
            }
        }
        let jump = |name: &String| table.chain(name).map(|chain| walk(table, chain, packet, depth + 1));
        match &rule.target {
            Target::Accept => return Step::Accept,
            Target::Drop | Target::Reject => return Step::Drop(rule.text.clone()),
            Target::Return => return Step::Fall,
            Target::Jump { chain } => match jump(chain) {
                Some(Step::Fall) => {}
                Some(step) => return step,
                None => return Step::Undecided(rule.text.clone()),
            },
            Target::Goto { chain } => return jump(chain).unwrap_or_else(|| Step::Undecided(rule.text.clone())),
            Target::Opaque { .. } => return Step::Undecided(rule.text.clone()),
            Target::Continue { .. } | Target::Dnat { .. } | Target::Snat { .. } | Target::Masquerade => {}
        }
    }
    Step::Fall
}

/// Whether all matches of a rule hold; none when one can't be evaluated and no other excludes the packet.
fn matches(rule: &Rule, packet: &Packet) -> Option<bool> {
    let mut unknown = false;
    for m in &rule.matches {
        match holds(m, packet) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(true) }
}

fn holds(m: &Match, packet: &Packet) -> Option<bool> {
    let (answer, not) = match m {
        Match::In { name, not } => (is_interface(name, packet.input), not),
        Match::Out { name, not } => (is_interface(name, packet.output), not),
        Match::Source { cidr, not } => (cidr.contains(packet.source), not),
        Match::Destination { cidr, not } => (cidr.contains(packet.destination), not),
        Match::Protocol { word, not } => (word == "all" || word == packet.proto.as_str(), not),
        Match::DestinationPorts { ranges, not } => (in_ranges(ranges, packet.port), not),
        // An outside peer's port is any of the ephemeral ones.
        Match::SourcePorts { .. } | Match::Opaque { .. } => return None,
        Match::CtState { states, not } => (states.iter().any(|state| state.eq_ignore_ascii_case("new")), not),
        Match::DestinationType { word, not } => {
            (word.eq_ignore_ascii_case(if packet.output.is_empty() { "local" } else { "unicast" }), not)
        }
    };
    Some(answer != *not)
}

fn is_interface(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix(['+', '*']) {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

fn in_ranges(ranges: &[(u16, u16)], port: u16) -> bool {
    ranges.iter().any(|(from, to)| (*from..=*to).contains(&port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Backend, Family};

    fn rule(matches: Vec<Match>, target: Target) -> Rule {
        Rule { matches, target, packets: None, bytes: None, comment: None, text: "the rule".into(), handle: None }
    }

    fn filter(policy: &str, rules: Vec<Rule>, user: Vec<Rule>) -> Firewall {
        let chain = |name: &str, base: bool, rules| Chain {
            name: name.into(),
            hook: base.then(|| "forward".into()),
            priority: base.then_some(0),
            policy: base.then(|| policy.into()),
            rules,
        };
        Firewall {
            generation: None,
            tables: vec![Table {
                backend: Backend::IptablesNft,
                family: Family::Ip,
                name: "filter".into(),
                chains: vec![chain("FORWARD", true, rules), chain("DOCKER-USER", false, user)],
            }],
            gaps: Vec::new(),
        }
    }

    fn packet() -> Packet<'static> {
        Packet {
            input: "eth0",
            output: "docker0",
            source: "198.51.100.77".parse().expect("ip"),
            destination: "172.17.0.2".parse().expect("ip"),
            proto: Proto::Tcp,
            port: 80,
        }
    }

    fn jump() -> Rule {
        rule(vec![], Target::Jump { chain: "DOCKER-USER".into() })
    }

    #[test]
    fn a_drop_in_docker_user_is_final_and_a_return_is_not() {
        let input = Match::In { name: "eth+".into(), not: false };
        let dropped = filter("accept", vec![jump()], vec![rule(vec![input], Target::Drop)]);
        assert!(matches!(forward(&dropped, &packet()), Outcome::Dropped(_)));
        let returned = filter("accept", vec![jump()], vec![rule(vec![], Target::Return), rule(vec![], Target::Drop)]);
        assert_eq!(forward(&returned, &packet()), Outcome::Accepted);
        assert!(matches!(forward(&filter("drop", vec![], vec![]), &packet()), Outcome::Dropped(_)));
    }

    #[test]
    fn a_rule_that_cannot_be_read_decides_nothing() {
        let opaque = Match::Opaque { text: "-m u32 --u32 1".into() };
        let unsure = filter("accept", vec![jump()], vec![rule(vec![opaque.clone()], Target::Drop)]);
        assert!(matches!(forward(&unsure, &packet()), Outcome::Undecided(_)));
        let excluded = Match::In { name: "eth1".into(), not: false };
        let other = filter("accept", vec![jump()], vec![rule(vec![opaque, excluded], Target::Drop)]);
        assert_eq!(forward(&other, &packet()), Outcome::Accepted);
    }

    #[test]
    fn chains_that_call_each_other_end() {
        let looped = filter("accept", vec![jump()], vec![jump()]);
        assert!(matches!(forward(&looped, &packet()), Outcome::Undecided(_)));
    }
}
