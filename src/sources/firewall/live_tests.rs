//! The packet filter of the running kernel, compared with what the tools print. They need root and run within a lab,
//! or in a network namespace of their own.

use super::*;
use crate::model::{Backend, Family, GapKind, Target};
use std::process::Command;
use std::time::Duration;

fn shell(script: &str) -> String {
    let output = Command::new("sh").args(["-c", script]).output().expect("a shell");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs on a thread in a new network namespace, which ends with it.
fn in_new_netns<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::spawn(move || {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).expect("root");
        work()
    });
    thread.join().expect("the thread ends well")
}

fn read_now() -> crate::model::Fact<std::sync::Arc<crate::model::Firewall>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(read(Duration::from_secs(30)))
}

#[test]
#[ignore = "needs root and a lab"]
fn live_every_rule_of_iptables_save_is_there_and_understood() {
    let seen = read_now();
    let firewall = seen.known().expect("a firewall");
    assert!(firewall.is_complete(), "{:?}", firewall.gaps);
    for (program, family) in [("iptables-nft-save", Family::Ip), ("ip6tables-nft-save", Family::Ip6)] {
        let wanted: Vec<String> =
            shell(program).lines().filter(|line| line.starts_with("-A")).map(str::to_owned).collect();
        let tables =
            firewall.tables.iter().filter(|table| table.family == family && table.backend == Backend::IptablesNft);
        let rules: Vec<_> = tables.flat_map(|table| &table.chains).flat_map(|chain| &chain.rules).collect();
        for line in &wanted {
            let rule = rules.iter().find(|rule| rule.text == *line).unwrap_or_else(|| panic!("missing: {line}"));
            assert!(rule.is_understood() && rule.handle.is_some() && rule.packets.is_some(), "{rule:?}");
        }
        assert_eq!(rules.len(), wanted.len());
    }
}

#[test]
#[ignore = "needs root"]
fn live_the_generation_moves_with_the_rules() {
    in_new_netns(|| {
        let mut probe = GenerationProbe::new();
        let before = probe.current().get().expect("a generation");
        assert_eq!(probe.current().get(), Some(before));
        shell("nft add table inet t");
        assert_ne!(probe.current().get(), Some(before));
        let start = std::time::Instant::now();
        for _ in 0..100 {
            probe.current();
        }
        println!("generation: {} µs each", start.elapsed().as_micros() / 100);
    });
}

#[test]
#[ignore = "needs root"]
fn live_native_and_iptables_rules_in_one_table() {
    in_new_netns(|| {
        shell(
            "iptables -A FORWARD -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT; \
             nft add set ip filter s '{ type ipv4_addr; }'; nft add rule ip filter FORWARD ip daddr @s accept",
        );
        let seen = read_now();
        let firewall = seen.known().expect("a firewall");
        let rules = &firewall.tables[0].chain("FORWARD").expect("a chain").rules;
        assert!(rules[0].is_understood() && rules[0].text.contains("--ctstate NEW"));
        assert!(!rules[1].is_understood() && rules[1].target == Target::Accept, "{:?}", rules[1]);
        assert_eq!(firewall.generation, GenerationProbe::new().current().get());
    });
}

#[test]
#[ignore = "needs a plain user: run the test binary under `setpriv --reuid=65534 --clear-groups`"]
fn plain_k01_without_the_right_all_is_unknown_with_its_reason() {
    assert!(!nix::unistd::geteuid().is_root(), "run this as a plain user");
    let seen = read_now();
    let gap = seen.why().expect("a gap");
    assert!(gap.kind == GapKind::Permission && gap.lift.is_some(), "{gap:?}");
    let gap = GenerationProbe::new().current();
    assert_eq!(gap.why().map(|gap| gap.kind), Some(GapKind::Permission), "{gap:?}");
}

#[test]
#[ignore = "needs root and ip_tables in the kernel"]
fn live_k17_both_back_ends_filled() {
    in_new_netns(|| {
        shell("iptables-legacy -A FORWARD -i eth0 -j DROP; iptables-nft -A FORWARD -o eth0 -j ACCEPT");
        let seen = read_now();
        let firewall = seen.known().expect("a firewall");
        assert!(firewall.is_complete(), "{:?}", firewall.gaps);
        let rule_of = |backend| {
            let table = firewall.tables.iter().find(|table| table.backend == backend && table.name == "filter");
            table.and_then(|table| table.chain("FORWARD")).expect("a chain").rules[0].text.clone()
        };
        assert_eq!(rule_of(Backend::IptablesLegacy), "-A FORWARD -i eth0 -j DROP");
        assert_eq!(rule_of(Backend::IptablesNft), "-A FORWARD -o eth0 -j ACCEPT");
    });
}
