//! Reading the whole packet filter with the tools that are there. This is the only place that starts programs, and it
//! is meant to run when the generation id has changed, not on a beat.
//!
//! Each part that can't be read is a gap of the result, with what would lift it; only when nothing at all could be
//! read is the result itself unknown. Must not know who asks.

use super::generation::GenerationProbe;
use super::merge::merge;
use super::nft::{NftRuleset, NftTable, parse_nft};
use super::save::{Saved, parse_save};
use super::tool::run;
use crate::model::{Backend, Fact, Family, Firewall, Gap, GapKind, Table};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What each tool said.
struct Answers {
    nft: Result<NftRuleset, Gap>,
    ip: Result<Saved, Gap>,
    ip6: Result<Saved, Gap>,
    legacy_ip: Result<Vec<Table>, Gap>,
    legacy_ip6: Result<Vec<Table>, Gap>,
}

/// Reads the packet filter of the network namespace of the calling thread. All programs together get `deadline`.
///
/// The generation id is asked for before and after: when it changed meanwhile, everything is read once more, and
/// the id of the result is the one from before the reading, so that a further change is seen.
pub async fn read(deadline: Duration) -> Fact<Arc<Firewall>> {
    let until = Instant::now() + deadline;
    let mut probe = GenerationProbe::new();
    let mut before = probe.current();
    let mut answers = read_once(until).await;
    let after = probe.current();
    if before.get() != after.get() && Instant::now() < until {
        before = after;
        answers = read_once(until).await;
    }
    assemble(answers, before.get())
}

async fn read_once(until: Instant) -> Answers {
    let (nft, ip, ip6, legacy_ip, legacy_ip6) = tokio::join!(
        nft(until),
        nft_save(&["iptables-nft-save", "iptables-save"], Family::Ip, until),
        nft_save(&["ip6tables-nft-save", "ip6tables-save"], Family::Ip6, until),
        legacy(Family::Ip, until),
        legacy(Family::Ip6, until),
    );
    Answers { nft, ip, ip6, legacy_ip, legacy_ip6 }
}

async fn nft(until: Instant) -> Result<NftRuleset, Gap> {
    match run(&["nft"], &["-j", "-a", "list", "ruleset"], "nftables", until).await {
        Ok(text) => parse_nft(&text),
        // A kernel without nf_tables has no rules of it.
        Err(gap) if gap.reason.contains("Protocol not supported") => Ok(NftRuleset::default()),
        Err(gap) => Err(gap),
    }
}

async fn nft_save(names: &[&str], family: Family, until: Instant) -> Result<Saved, Gap> {
    let text = run(names, &["-c"], "iptables", until).await?;
    let saved = whole(parse_save(&text, Backend::IptablesNft, family), names[0])?;
    if saved.tables.is_empty() || saved.is_nft {
        return Ok(saved);
    }
    Err(Gap::new(GapKind::ToolMissing, format!("{} is not installed; iptables-save is the legacy one here", names[0]))
        .lifted_by("install the package iptables"))
}

/// Refuses a save that was cut or has lines that were not understood: a rule may be missing from it.
fn whole(saved: Saved, name: &str) -> Result<Saved, Gap> {
    if saved.is_cut {
        return Err(Gap::new(GapKind::Unparsable, format!("run {name}: the output is cut")));
    }
    match saved.bad_lines.first() {
        Some(line) => Err(Gap::new(GapKind::Unparsable, format!("run {name}: line {line} is not understood"))),
        None => Ok(saved),
    }
}

/// The tables of ip_tables. The tool is only run when the kernel names tables, as it could create them otherwise. The
/// names are those of the thread that asks, as are the tools it starts.
async fn legacy(family: Family, until: Instant) -> Result<Vec<Table>, Gap> {
    let (file, name) = match family {
        Family::Ip6 => ("/proc/thread-self/net/ip6_tables_names", "ip6tables-legacy-save"),
        _ => ("/proc/thread-self/net/ip_tables_names", "iptables-legacy-save"),
    };
    match std::fs::read(file) {
        Ok(names) if names.is_empty() => return Ok(Vec::new()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Gap::from_io("read", file, &error).lifted_by(super::lift())),
    }
    let text = run(&[name], &["-c"], "iptables", until).await?;
    Ok(whole(parse_save(&text, Backend::IptablesLegacy, family), name)?.tables)
}

fn assemble(answers: Answers, generation: Option<u32>) -> Fact<Arc<Firewall>> {
    let Answers { nft, ip, ip6, legacy_ip, legacy_ip6 } = answers;
    let mut firewall = Firewall { generation, ..Firewall::default() };
    match nft {
        Ok(ruleset) => {
            for (family, save) in [(Family::Ip, &ip), (Family::Ip6, &ip6)] {
                let is_needed = ruleset.tables.iter().any(|table| table.family == family && NftTable::has_xt(table));
                firewall.gaps.extend(save.as_ref().err().filter(|_| is_needed).cloned());
            }
            let (tables, gaps) = merge(ruleset, ip.as_ref().ok(), ip6.as_ref().ok());
            firewall.tables.extend(tables);
            firewall.gaps.extend(gaps);
        }
        Err(gap) if ip.is_err() && ip6.is_err() && !has_tables(&legacy_ip) && !has_tables(&legacy_ip6) => {
            return Fact::gap(gap);
        }
        Err(gap) => {
            firewall.gaps.push(gap);
            for save in [ip, ip6] {
                match save {
                    Ok(saved) => {
                        firewall.gaps.extend(saved.incompatible.iter().map(|table| left_out(table)));
                        firewall.tables.extend(saved.tables);
                    }
                    Err(gap) => firewall.gaps.push(gap),
                }
            }
        }
    }
    for legacy in [legacy_ip, legacy_ip6] {
        match legacy {
            Ok(tables) => firewall.tables.extend(tables),
            Err(gap) => firewall.gaps.push(gap),
        }
    }
    Fact::Known(Arc::new(firewall))
}

fn has_tables(tables: &Result<Vec<Table>, Gap>) -> bool {
    tables.as_ref().is_ok_and(|tables| !tables.is_empty())
}

fn left_out(table: &str) -> Gap {
    Gap::new(GapKind::Unparsable, format!("table {table} holds rules that iptables-save can't print"))
        .lifted_by("install the package nftables")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(name: &str) -> Gap {
        Gap::new(GapKind::ToolMissing, format!("{name} is not installed"))
    }

    fn save(text: &str) -> Result<Saved, Gap> {
        Ok(parse_save(text, Backend::IptablesNft, Family::Ip))
    }

    fn answers() -> Answers {
        let nft = parse_nft(include_str!("../../../tests/fixtures/firewall/mixed.nft.json"));
        let ip = save(include_str!("../../../tests/fixtures/firewall/mixed.save"));
        Answers { nft, ip, ip6: save(""), legacy_ip: Ok(Vec::new()), legacy_ip6: Ok(Vec::new()) }
    }

    fn read(answers: Answers) -> Firewall {
        (**assemble(answers, Some(4)).known().expect("a firewall")).clone()
    }

    #[test]
    fn k17_nothing_readable_is_unknown() {
        let all = Answers {
            nft: Err(Gap::new(GapKind::Permission, "no")),
            ip: Err(missing("iptables-nft-save")),
            ip6: Err(missing("ip6tables-nft-save")),
            legacy_ip: Ok(Vec::new()),
            legacy_ip6: Ok(Vec::new()),
        };
        assert_eq!(assemble(all, None).why().map(|gap| gap.kind), Some(GapKind::Permission));
    }

    #[test]
    fn k17_half_of_the_rules_is_never_complete() {
        let without_nft = read(Answers { nft: Err(missing("nft")), ..answers() });
        assert!(!without_nft.is_complete() && without_nft.tables.len() == 1);
        assert!(without_nft.gaps.iter().any(|gap| gap.reason.contains("table nat")));
        let without_save = read(Answers { ip: Err(missing("iptables-nft-save")), ..answers() });
        assert!(without_save.gaps.iter().any(|gap| gap.kind == GapKind::ToolMissing));
        let locked = read(Answers { legacy_ip: Err(Gap::new(GapKind::Timeout, "late")), ..answers() });
        assert!(locked.gaps.iter().any(|gap| gap.kind == GapKind::Timeout));
    }

    #[test]
    fn k17_both_back_ends_stand_side_by_side() {
        let text = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n";
        let legacy_ip = Ok(parse_save(text, Backend::IptablesLegacy, Family::Ip).tables);
        let both = read(Answers { legacy_ip, ..answers() });
        let backends: Vec<Backend> =
            both.tables.iter().filter(|table| table.name == "filter").map(|table| table.backend).collect();
        assert_eq!(backends, [Backend::IptablesNft, Backend::IptablesLegacy]);
        assert_eq!(both.generation, Some(4));
    }

    #[test]
    fn a_tool_that_is_not_needed_is_not_missed() {
        let nft = parse_nft(r#"{"nftables":[{"table":{"family":"inet","name":"filter"}}]}"#);
        let native = read(Answers { nft, ip: Err(missing("a")), ip6: Err(missing("b")), ..answers() });
        assert!(native.is_complete());
    }
}
