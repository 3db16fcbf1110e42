//! Packet filter rules as they were read, in one model for iptables (both back ends) and nftables.

use super::{Cidr, Proto};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Where a rule set came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// iptables on nf_tables.
    IptablesNft,
    /// iptables on ip_tables.
    IptablesLegacy,
    /// A table made by nft itself.
    Nftables,
}

/// Address family of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// Both.
    Inet,
    /// Bridge.
    Bridge,
    /// ARP.
    Arp,
    /// Device ingress.
    Netdev,
}

/// A match of a rule that this version understands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// Incoming interface; a trailing `+` is a prefix match.
    In {
        /// Name.
        name: String,
        /// Negated.
        not: bool,
    },
    /// Outgoing interface.
    Out {
        /// Name.
        name: String,
        /// Negated.
        not: bool,
    },
    /// Source prefix.
    Source {
        /// Prefix.
        cidr: Cidr,
        /// Negated.
        not: bool,
    },
    /// Destination prefix.
    Destination {
        /// Prefix.
        cidr: Cidr,
        /// Negated.
        not: bool,
    },
    /// Transport.
    Protocol {
        /// Protocol word, e.g. `tcp`, `icmp`.
        word: String,
        /// Negated.
        not: bool,
    },
    /// Destination ports, inclusive ranges.
    DestinationPorts {
        /// Ranges.
        ranges: Vec<(u16, u16)>,
        /// Negated.
        not: bool,
    },
    /// Source ports, inclusive ranges.
    SourcePorts {
        /// Ranges.
        ranges: Vec<(u16, u16)>,
        /// Negated.
        not: bool,
    },
    /// Conntrack states, e.g. `RELATED,ESTABLISHED`.
    CtState {
        /// State words in upper case.
        states: Vec<String>,
        /// Negated.
        not: bool,
    },
    /// Type of the destination address, e.g. `LOCAL`.
    DestinationType {
        /// Type word.
        word: String,
        /// Negated.
        not: bool,
    },
    /// A match this version can't evaluate, as text. A rule with one is never taken to match or not to match.
    Opaque {
        /// The text.
        text: String,
    },
}

/// What a rule does with a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Target {
    /// Let through (ends this base chain only).
    Accept,
    /// Drop.
    Drop,
    /// Refuse with an answer.
    Reject,
    /// Back to the calling chain.
    Return,
    /// Go on in another chain and come back.
    Jump {
        /// Chain.
        chain: String,
    },
    /// Go on in another chain and do not come back.
    Goto {
        /// Chain.
        chain: String,
    },
    /// Rewrite the destination.
    Dnat {
        /// New address; none keeps it.
        addr: Option<IpAddr>,
        /// New port; none keeps it.
        port: Option<u16>,
    },
    /// Rewrite the source to the outgoing interface's address.
    Masquerade,
    /// Rewrite the source to an address.
    Snat {
        /// New address.
        addr: Option<IpAddr>,
    },
    /// Count, mark, log and the like: the packet goes on.
    Continue {
        /// The target as text; empty for none.
        text: String,
    },
    /// A target this version can't evaluate.
    Opaque {
        /// The text.
        text: String,
    },
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Matches, all of which must hold.
    pub matches: Vec<Match>,
    /// Target.
    pub target: Target,
    /// Packets counted, when the rule counts.
    pub packets: Option<u64>,
    /// Bytes counted.
    pub bytes: Option<u64>,
    /// Comment.
    pub comment: Option<String>,
    /// The rule as the tool prints it (`-A FORWARD -o docker0 -j DOCKER`).
    pub text: String,
    /// nftables handle.
    pub handle: Option<u64>,
}

impl Rule {
    /// The transport the rule names, if it names one.
    pub fn proto(&self) -> Option<Proto> {
        self.matches.iter().find_map(|m| match m {
            Match::Protocol { word, not: false } => Proto::parse(word),
            _ => None,
        })
    }

    /// True when no match is opaque, so that the rule can be evaluated.
    pub fn is_understood(&self) -> bool {
        !self.matches.iter().any(|m| matches!(m, Match::Opaque { .. })) && !matches!(self.target, Target::Opaque { .. })
    }
}

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Name.
    pub name: String,
    /// Hook of a base chain: `prerouting`, `input`, `forward`, `output`, `postrouting`, `ingress`.
    pub hook: Option<String>,
    /// Priority of a base chain.
    pub priority: Option<i32>,
    /// Policy of a base chain: `accept` or `drop`.
    pub policy: Option<String>,
    /// Rules in order.
    pub rules: Vec<Rule>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Where it was read.
    pub backend: Backend,
    /// Family.
    pub family: Family,
    /// Name: `filter`, `nat`, `raw`, `mangle`, or an nft table's.
    pub name: String,
    /// Chains.
    pub chains: Vec<Chain>,
}

impl Table {
    /// A chain by name.
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }
}

/// All that was read of the packet filter in the namespace bridgewatch runs in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Firewall {
    /// Generation id of nf_tables at the reading; a new one means that something changed.
    pub generation: Option<u32>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Parts that could not be read, each with its reason. When this is not empty, "no such rule" can't be concluded.
    pub gaps: Vec<super::Gap>,
}

impl Firewall {
    /// Tables of a family that applies to IPv4 (`ip`, `inet`) or IPv6 (`ip6`, `inet`).
    pub fn tables_for(&self, v6: bool) -> impl Iterator<Item = &Table> {
        let own = if v6 { Family::Ip6 } else { Family::Ip };
        self.tables.iter().filter(move |table| table.family == own || table.family == Family::Inet)
    }

    /// True when everything was read, so that the absence of a rule is a fact.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}
