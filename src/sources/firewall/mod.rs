//! The packet filter of the network namespace bridgewatch runs in: what the tools print, read into one model.
//!
//! No tool alone tells the truth. `nft` shows rules that iptables made without their parameters, and
//! `iptables-nft-save` shows rules that nft made without some of their matches; so both are read and merged rule by
//! rule ([`merge()`]). What is not understood is kept as text and marked as such; what could not be read is a named gap.
//! Parsers here are pure; only [`read()`] and [`GenerationProbe`] touch the host, and nothing here changes a rule.
//!
//! This room must not know Docker's chains or what a rule means for a container.

mod apart;
mod generation;
mod iptables_rule;
mod iptables_target;
#[cfg(test)]
mod live_tests;
mod merge;
mod nft;
mod nft_match;
mod nft_rule;
mod read;
mod save;
mod tool;
mod words;

pub use apart::{Rules, serve};
pub use generation::GenerationProbe;
pub use merge::merge;
pub use nft::{NftChain, NftRuleset, NftTable, parse_nft};
pub use read::read;
pub use save::{Saved, parse_save};

/// What would lift a refusal. Root that is refused lacks the capability: to be root would not help.
fn lift() -> &'static str {
    if nix::unistd::geteuid().is_root() {
        "this process has no CAP_NET_ADMIN: it gave it up (--read-only) or never had it"
    } else {
        "run as root or grant CAP_NET_ADMIN"
    }
}
