//! The tables as both tools together tell them.
//!
//! A rule that iptables made (its JSON holds `xt`) is taken from the save, which knows its parameters; every other rule
//! keeps its JSON, as the save prints native rules without their sets. The two are joined by position in the chain.
//! Must not do I/O.

use super::nft::{NftChain, NftRuleset, NftTable};
use super::save::Saved;
use crate::model::{Backend, Chain, Family, Gap, GapKind, Rule, Table};

/// Merges what `nft` told with the saves of the nf_tables back end; the saves are absent where they could not be
/// read. Gives the tables, and a gap for each chain whose rules could not be told in full.
pub fn merge(ruleset: NftRuleset, ip: Option<&Saved>, ip6: Option<&Saved>) -> (Vec<Table>, Vec<Gap>) {
    let mut gaps = Vec::new();
    let tables = ruleset.tables.into_iter().map(|table| {
        let save = match table.family {
            Family::Ip => ip,
            Family::Ip6 => ip6,
            _ => None,
        };
        let saved = save.and_then(|save| save.tables.iter().find(|saved| saved.name == table.name));
        merge_table(table, saved, &mut gaps)
    });
    (tables.collect(), gaps)
}

fn merge_table(table: NftTable, saved: Option<&Table>, gaps: &mut Vec<Gap>) -> Table {
    let label = format!("table {} {}", family_word(table.family), table.name);
    let Some(saved) = saved else {
        if table.has_xt() {
            gaps.push(Gap::new(GapKind::Unparsable, format!("{label}: rules made by iptables are known by name only")));
        }
        return table.into_table();
    };
    let chains = table.chains.into_iter().map(|chain| merge_chain(chain, saved, &label, gaps)).collect();
    Table { backend: Backend::IptablesNft, family: table.family, name: table.name, chains }
}

fn merge_chain(known: NftChain, saved: &Table, label: &str, gaps: &mut Vec<Gap>) -> Chain {
    let NftChain { chain, rules } = known;
    let save = saved.chain(&chain.name).filter(|save| save.rules.len() == rules.len());
    if save.is_none() && rules.iter().any(|(_, xt)| *xt) {
        let reason = format!("{label}, chain {}: nft and iptables-save do not list the same rules", chain.name);
        gaps.push(Gap::new(GapKind::Ambiguous, reason));
    }
    let texts = save.map(|save| save.rules.as_slice()).unwrap_or_default();
    let merged = rules.into_iter().enumerate().map(|(n, (rule, xt))| match texts.get(n) {
        Some(saved) => merge_rule(rule, xt, saved),
        None => rule,
    });
    Chain { rules: merged.collect(), ..chain }
}

fn merge_rule(rule: Rule, xt: bool, saved: &Rule) -> Rule {
    // The words of the save are what an operator knows; they may be used where they say the same.
    let is_same = saved.target == rule.target
        && saved.matches.len() == rule.matches.len()
        && saved.matches.iter().all(|m| rule.matches.contains(m));
    if xt || is_same {
        let comment = saved.comment.clone().or(rule.comment);
        return Rule {
            handle: rule.handle,
            comment,
            packets: rule.packets.or(saved.packets),
            bytes: rule.bytes.or(saved.bytes),
            ..saved.clone()
        };
    }
    rule
}

fn family_word(family: Family) -> &'static str {
    match family {
        Family::Ip => "ip",
        Family::Ip6 => "ip6",
        Family::Inet => "inet",
        Family::Bridge => "bridge",
        Family::Arp => "arp",
        Family::Netdev => "netdev",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Match;
    use crate::sources::firewall::{parse_nft, parse_save};

    const RULESET: &str = include_str!("../../../tests/fixtures/firewall/mixed.nft.json");
    const SAVE: &str = include_str!("../../../tests/fixtures/firewall/mixed.save");

    fn save() -> Saved {
        parse_save(SAVE, Backend::IptablesNft, Family::Ip)
    }

    #[test]
    fn each_rule_is_taken_from_the_tool_that_knows_it() {
        let (tables, gaps) = merge(parse_nft(RULESET).expect("parses"), Some(&save()), None);
        let filter = tables.iter().find(|table| table.name == "filter").expect("a table");
        assert_eq!(filter.backend, Backend::IptablesNft);
        let rule = &filter.chain("FORWARD").expect("a chain").rules[0];
        assert!(rule.is_understood() && rule.text.starts_with("-A FORWARD -p tcp -m multiport"));
        assert_eq!(rule.handle, Some(2));
        assert!(rule.matches.contains(&Match::CtState { states: vec!["NEW".into(), "RELATED".into()], not: true }));
        assert_eq!(tables.iter().find(|table| table.name == "x").expect("a table").backend, Backend::Nftables);
        // The save left the table `nat` out, so its DNAT is a rule without a target: said, not guessed.
        assert_eq!(gaps.len(), 1);
        assert!(gaps[0].reason.contains("ip nat"));
    }

    #[test]
    fn a_native_rule_in_a_table_of_iptables_keeps_its_matches() {
        let set = r#"{"nftables":[{"table":{"family":"ip","name":"filter"}},
            {"chain":{"family":"ip","table":"filter","name":"FORWARD","hook":"forward","prio":0,"policy":"accept"}},
            {"rule":{"family":"ip","table":"filter","chain":"FORWARD","handle":7,"expr":[
            {"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"@s"}},{"accept":null}]}}]}"#;
        let save = parse_save(
            "*filter\n:FORWARD ACCEPT [0:0]\n[0:0] -A FORWARD -j ACCEPT\nCOMMIT\n",
            Backend::IptablesNft,
            Family::Ip,
        );
        let (tables, gaps) = merge(parse_nft(set).expect("parses"), Some(&save), None);
        let rule = &tables[0].chains[0].rules[0];
        assert!(!rule.is_understood() && rule.text == "ip daddr @s accept" && gaps.is_empty());
    }

    #[test]
    fn lists_that_differ_are_not_joined() {
        let mut other = save();
        other.tables[0].chains.iter_mut().for_each(|chain| chain.rules.clear());
        let (tables, gaps) = merge(parse_nft(RULESET).expect("parses"), Some(&other), None);
        assert!(gaps.iter().any(|gap| gap.kind == GapKind::Ambiguous && gap.reason.contains("FORWARD")));
        assert!(!tables[0].chain("FORWARD").expect("a chain").rules[0].is_understood());
    }
}
