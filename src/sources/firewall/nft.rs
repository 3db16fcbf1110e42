//! What `nft -j -a list ruleset` prints, read leniently: one object of a kind that is not known must not cost the
//! rest. Must not do I/O.

use super::nft_rule::parse_rule;
use crate::model::{Backend, Chain, Family, Gap, GapKind, Rule, Table};
use serde_json::Value;

/// A rule set as nft tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NftRuleset {
    /// Its tables, those of iptables too.
    pub tables: Vec<NftTable>,
}

/// A table, with a mark on each rule that iptables made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NftTable {
    /// Family.
    pub family: Family,
    /// Name.
    pub name: String,
    /// Chains; `rules` of each [`Chain`] are left empty.
    pub chains: Vec<NftChain>,
}

/// A chain of a [`NftTable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NftChain {
    /// Name, hook, priority, policy.
    pub chain: Chain,
    /// Rules in order; true when iptables made the rule.
    pub rules: Vec<(Rule, bool)>,
}

impl NftTable {
    /// True when iptables made a rule in it.
    pub fn has_xt(&self) -> bool {
        self.chains.iter().flat_map(|chain| &chain.rules).any(|(_, xt)| *xt)
    }

    /// The table as nft alone tells it.
    pub fn into_table(self) -> Table {
        let chains = self.chains.into_iter().map(|NftChain { chain, rules }| Chain {
            rules: rules.into_iter().map(|(rule, _)| rule).collect(),
            ..chain
        });
        Table { backend: Backend::Nftables, family: self.family, name: self.name, chains: chains.collect() }
    }
}

/// Parses the JSON text. Objects of other kinds (sets, maps, quotas) are passed over: a rule that uses them is opaque.
///
/// # Errors
/// [`GapKind::Unparsable`] when the text is not such a document, or a chain or rule in it has no place.
pub fn parse_nft(text: &str) -> Result<NftRuleset, Gap> {
    let bad = |what: String| Gap::new(GapKind::Unparsable, format!("read the output of nft: {what}"));
    let document: Value = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
    let items = document.get("nftables").and_then(Value::as_array).ok_or_else(|| bad("no list `nftables`".into()))?;
    let mut set = NftRuleset::default();
    for (key, object) in items.iter().filter_map(Value::as_object).filter_map(|map| map.iter().next()) {
        let placed = match key.as_str() {
            "table" => table(&mut set, object),
            "chain" => chain(&mut set, object),
            "rule" => rule(&mut set, object),
            _ => Some(()),
        };
        placed.ok_or_else(|| bad(format!("a {key} that is not understood")))?;
    }
    Ok(set)
}

fn word<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

fn family(object: &Value) -> Option<Family> {
    Some(match word(object, "family")? {
        "ip" => Family::Ip,
        "ip6" => Family::Ip6,
        "inet" => Family::Inet,
        "bridge" => Family::Bridge,
        "arp" => Family::Arp,
        "netdev" => Family::Netdev,
        _ => return None,
    })
}

fn table(set: &mut NftRuleset, object: &Value) -> Option<()> {
    set.tables.push(NftTable { family: family(object)?, name: word(object, "name")?.to_owned(), chains: Vec::new() });
    Some(())
}

fn table_of<'a>(set: &'a mut NftRuleset, object: &Value) -> Option<&'a mut NftTable> {
    let (family, name) = (family(object)?, word(object, "table")?);
    set.tables.iter_mut().find(|table| table.family == family && table.name == name)
}

fn chain(set: &mut NftRuleset, object: &Value) -> Option<()> {
    let chain = Chain {
        name: word(object, "name")?.to_owned(),
        hook: word(object, "hook").map(str::to_owned),
        priority: object.get("prio").and_then(Value::as_i64).and_then(|prio| i32::try_from(prio).ok()),
        policy: word(object, "policy").map(str::to_owned),
        rules: Vec::new(),
    };
    table_of(set, object)?.chains.push(NftChain { chain, rules: Vec::new() });
    Some(())
}

fn rule(set: &mut NftRuleset, object: &Value) -> Option<()> {
    let name = word(object, "chain")?;
    let table = table_of(set, object)?;
    let family = table.family;
    let chain = table.chains.iter_mut().find(|known| known.chain.name == name)?;
    chain.rules.push(parse_rule(object, family));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Match, Target};
    use proptest::prelude::*;

    const RULESET: &str = include_str!("../../../tests/fixtures/firewall/mixed.nft.json");

    fn ruleset() -> NftRuleset {
        parse_nft(RULESET).expect("parses")
    }

    fn rules(name: &str, chain: &str) -> Vec<(Rule, bool)> {
        let set = ruleset();
        let table = set.tables.iter().find(|table| table.name == name).expect("a table");
        table.chains.iter().find(|known| known.chain.name == chain).expect("a chain").rules.clone()
    }

    #[test]
    fn native_rules_are_understood() {
        let rules = rules("x", "f");
        let (rule, xt) = &rules[0];
        assert!(!xt && rule.is_understood());
        assert_eq!(rule.matches[0], Match::In { name: "docker+".into(), not: false });
        assert_eq!(rule.matches[1], Match::Protocol { word: "tcp".into(), not: false });
        assert_eq!(rule.matches[2], Match::DestinationPorts { ranges: vec![(22, 22), (80, 90)], not: false });
        assert_eq!(
            rule.matches[3],
            Match::CtState { states: vec!["ESTABLISHED".into(), "RELATED".into()], not: false }
        );
        assert_eq!((rule.packets, &rule.target, rule.handle), (Some(0), &Target::Accept, Some(3)));
        assert_eq!(rule.text, "iifname docker* tcp dport { 22, 80-90 } ct state established,related counter accept");
    }

    #[test]
    fn what_a_plain_match_can_not_say_is_opaque() {
        let rules = rules("x", "f");
        let opaque = |n: usize| rules[n].0.matches.iter().filter(|m| matches!(m, Match::Opaque { .. })).count();
        // `ip saddr != …` in a table of both families does not match IPv6.
        assert_eq!((opaque(1), &rules[1].0.target, rules[1].0.comment.as_deref()), (1, &Target::Drop, Some("hi")));
        // A verdict map.
        assert!(matches!(rules[2].0.target, Target::Opaque { .. }));
        // nexthdr and nfproto in a table of both families, and a rate limit.
        assert_eq!((opaque(3), &rules[3].0.target), (3, &Target::Reject));
        // A set of two prefixes; a jump into a chain without a name, which this nft prints as text.
        assert_eq!(rules[4].0.matches[0], Match::DestinationType { word: "LOCAL".into(), not: false });
        assert_eq!(opaque(4), 1);
        assert!(matches!(rules[4].0.target, Target::Opaque { .. }));
    }

    #[test]
    fn rules_of_iptables_are_marked_and_their_parameters_are_not_made_up() {
        let (rule, xt) = &rules("filter", "FORWARD")[0];
        assert!(*xt && !rule.is_understood());
        let (rule, xt) = &rules("nat", "PREROUTING")[0];
        assert!(*xt && matches!(rule.target, Target::Opaque { .. }));
        let (rule, xt) = &rules("nat", "POSTROUTING")[1];
        assert!(!*xt && rule.is_understood());
        assert_eq!(rule.target, Target::Masquerade);
    }

    #[test]
    fn hooks_and_priorities() {
        let set = ruleset();
        let table = set.tables.iter().find(|table| table.name == "x").expect("a table");
        let chain = &table.chains[0].chain;
        assert_eq!(
            (chain.hook.as_deref(), chain.priority, chain.policy.as_deref()),
            (Some("forward"), Some(-5), Some("drop"))
        );
    }

    #[test]
    fn rewriting_statements() {
        let parse = |expr: &str| {
            let object = serde_json::from_str(&format!("{{\"expr\":[{expr}]}}")).expect("json");
            parse_rule(&object, Family::Ip).0
        };
        let rule = parse(r#"{"dnat": {"addr": "172.17.0.2", "port": 80}}"#);
        assert_eq!(rule.target, Target::Dnat { addr: Some("172.17.0.2".parse().expect("ip")), port: Some(80) });
        assert_eq!(rule.text, "dnat to 172.17.0.2:80");
        let rule = parse(r#"{"dnat": {"addr": {"map": {"key": 1, "data": "@m"}}}}"#);
        assert!(matches!(rule.target, Target::Opaque { .. }));
        let rule = parse(
            r#"{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@peers"}}"#,
        );
        assert!(matches!(rule.matches[0], Match::Opaque { .. }));
        let rule = parse(r#"{"log": {"prefix": "x"}}, {"drop": null}"#);
        assert_eq!(rule.target, Target::Drop);
        let rule = parse(r#"{"tproxy": {"port": 1}}"#);
        assert!(matches!(rule.target, Target::Opaque { .. }));
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,80}", key in "[a-z]{1,6}", value in "[\\[\\]{}\":,a-z0-9@]{0,30}") {
            let _ = parse_nft(&text);
            let _ = parse_nft(&format!("{{\"nftables\":[{{\"table\":{{\"family\":\"ip\",\"name\":\"a\"}}}},\
                {{\"chain\":{{\"family\":\"ip\",\"table\":\"a\",\"name\":\"c\"}}}},\
                {{\"rule\":{{\"family\":\"ip\",\"table\":\"a\",\"chain\":\"c\",\"expr\":[{{\"{key}\":{value}}}]}}}}]}}"));
        }
    }
}
