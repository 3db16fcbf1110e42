//! What a check is: its words, what it reads, and the function that decides.

use super::{Decision, Evidence, Severity};
use crate::model::{Container, Network};
use serde::Serialize;

/// The parts of a snapshot that a check reads; it is decided anew only when one of them changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inputs(u32);

impl Inputs {
    /// Nothing.
    pub const NONE: Inputs = Inputs(0);
    /// The subject's own inspect.
    pub const CONTAINER: Inputs = Inputs(1);
    /// The subject's own kernel facts.
    pub const KERNEL: Inputs = Inputs(1 << 1);
    /// Inspects and kernel facts of all containers.
    pub const CONTAINERS: Inputs = Inputs(1 << 2);
    /// Counters of containers.
    pub const SAMPLES: Inputs = Inputs(1 << 3);
    /// Interfaces.
    pub const LINKS: Inputs = Inputs(1 << 4);
    /// Engine networks.
    pub const NETWORKS: Inputs = Inputs(1 << 5);
    /// Packet filter.
    pub const FIREWALL: Inputs = Inputs(1 << 6);
    /// Listening sockets.
    pub const SOCKETS: Inputs = Inputs(1 << 7);
    /// Host, engine and daemon.
    pub const HOST: Inputs = Inputs(1 << 8);
    /// Routes.
    pub const ROUTES: Inputs = Inputs(1 << 9);
    /// Volumes.
    pub const VOLUMES: Inputs = Inputs(1 << 10);
    /// Events.
    pub const EVENTS: Inputs = Inputs(1 << 11);
    /// Time that passes.
    pub const CLOCK: Inputs = Inputs(1 << 12);
    /// Network namespaces.
    pub const NETNS: Inputs = Inputs(1 << 13);
    /// Health of the sources.
    pub const SOURCES: Inputs = Inputs(1 << 14);
    /// Forwarding databases of bridges.
    pub const FDB: Inputs = Inputs(1 << 15);

    /// Everything.
    pub const ALL: Inputs = Inputs(u32::MAX);

    /// Without those of `other`.
    pub const fn without(self, other: Inputs) -> Inputs {
        Inputs(self.0 & !other.0)
    }

    /// Both.
    pub const fn and(self, other: Inputs) -> Inputs {
        Inputs(self.0 | other.0)
    }

    /// True when the two share a part.
    pub const fn meets(self, other: Inputs) -> bool {
        self.0 & other.0 != 0
    }

    /// True when there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What a check is asked about, with the function that answers. All are pure.
#[derive(Clone, Copy)]
pub enum Decide {
    /// Each container, stopped ones included.
    Container(fn(&Evidence, &Container) -> Decision),
    /// Each engine network.
    Network(fn(&Evidence, &Network) -> Decision),
    /// The daemon.
    Daemon(fn(&Evidence) -> Decision),
    /// The host.
    Host(fn(&Evidence) -> Decision),
}

/// How the finding is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FixKind {
    /// Nothing a tool could do.
    None,
    /// A command on the running host.
    Command,
    /// A key in daemon.json and a restart of the daemon.
    DaemonJson,
    /// The container is made anew with other options.
    Recreate,
}

/// How the finding is mended, and whether that can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// The way.
    pub kind: FixKind,
    /// It can be undone.
    pub reversible: bool,
}

/// When a new finding may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// At once.
    None,
    /// When it held for two samples: it comes from polled kernel state that may be in passing.
    TwoSamples,
    /// When no container came or went for three seconds: rules, proxies and listeners follow containers with a delay.
    Settled,
}

/// One check of the catalogue.
#[derive(Clone, Copy)]
pub struct Check {
    /// Stable id, `BW-R-008`.
    pub id: &'static str,
    /// What is checked, as a short phrase.
    pub title: &'static str,
    /// Severity before modifiers; a hit may name its own.
    pub severity: Severity,
    /// Why it matters.
    pub why: &'static str,
    /// How to mend it.
    pub fix: &'static str,
    /// In which way.
    pub way: Fix,
    /// CIS Docker Benchmark ids, comma-separated: `5.5` is the same in 1.6.0, 1.7.0 and 1.8.0; `2.7/2.8` is 2.7 in
    /// 1.6.0 and 1.7.0, 2.8 in 1.8.0. Empty: none has it.
    pub cis: &'static str,
    /// What it reads.
    pub inputs: Inputs,
    /// Rights it takes: A engine API, U any user, P CAP_SYS_PTRACE, N CAP_NET_ADMIN in the daemon's namespace, R root.
    pub need: &'static str,
    /// What it can't see.
    pub blind: &'static str,
    /// It is about escaping to the host: milder where the container's root is nobody there.
    pub escape: bool,
    /// When a finding may be shown.
    pub patience: Patience,
    /// A default of the engine: on many containers it is one line, not many.
    pub default_fact: bool,
    /// Ids of checks whose failure on the same subject (or on the host, for a host check) already says this.
    pub parents: &'static [&'static str],
    /// The question and the function that answers it.
    pub decide: Decide,
    /// The same question asked of another kind of subject.
    pub beside: Option<Decide>,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Check").field(&self.id).finish()
    }
}

/// One id of a CIS Docker Benchmark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cis {
    /// Version of the benchmark.
    pub version: &'static str,
    /// Id in that version.
    pub id: &'static str,
    /// Profile level; absent when not held here.
    pub level: Option<u8>,
}

impl Check {
    /// What most checks have in common.
    pub const PLAIN: Check = Check {
        id: "",
        title: "",
        severity: Severity::Info,
        why: "",
        fix: "",
        way: Fix { kind: FixKind::Recreate, reversible: true },
        cis: "",
        inputs: Inputs::NONE,
        need: "A",
        blind: "",
        escape: false,
        patience: Patience::None,
        default_fact: false,
        parents: &[],
        decide: Decide::Host(|_| Ok(super::Verdict::pass())),
        beside: None,
    };

    /// Decided on the running host by a command.
    pub const COMMAND: Fix = Fix { kind: FixKind::Command, reversible: true };
    /// Decided in daemon.json.
    pub const DAEMON_JSON: Fix = Fix { kind: FixKind::DaemonJson, reversible: true };
    /// Nothing a tool could do.
    pub const BY_HAND: Fix = Fix { kind: FixKind::None, reversible: false };

    /// The CIS ids by version of the benchmark.
    pub fn cis_ids(&self) -> Vec<Cis> {
        let mut out = Vec::new();
        for entry in self.cis.split(',').filter(|entry| !entry.is_empty()) {
            let (old, new) = entry.split_once('/').unwrap_or((entry, entry));
            for (version, id) in [("1.6.0", old), ("1.7.0", old), ("1.8.0", new)] {
                if id != "-" {
                    out.push(Cis { version, id, level: None });
                }
            }
        }
        out
    }
}
