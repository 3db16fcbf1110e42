//! Recorded hosts for tests, by what they show: see `snapshots/hosts/README.md`. One is built here: `hostile`, the lab
//! with every text replaced by one that attacks the screen.

use bridgewatch::feed::LogLine;
use bridgewatch::model::*;
use bridgewatch::playback::Replay;
use bridgewatch::recording::{Player, Reader};
use bridgewatch::text::Outside;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Hosts that were recorded.
pub const RECORDED: [&str; 4] = ["lab", "vm", "no-engine", "no-root"];

/// A host: its moments, and what answers questions that are no part of a snapshot.
pub struct Host {
    pub name: &'static str,
    pub frames: Vec<Arc<Snapshot>>,
    pub replay: Option<Replay>,
    pub log: Vec<LogLine>,
}

pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/hosts").join(format!("{name}.bwr"))
}

/// A host of [`RECORDED`].
pub fn recorded(name: &'static str) -> Host {
    let mut reader = Reader::open(&path(name)).expect("a recorded host");
    let frames = reader.frames().collect::<Result<Vec<_>, _>>().expect("whole frames");
    assert!(frames.len() >= 2, "{name}: rates need two moments");
    let end = reader.position_ns(frames.len() - 1);
    let mut replay = Replay::new(Player::new(reader));
    replay.wake(0);
    replay.wake(end);
    Host { name, frames, replay: Some(replay), log: Vec::new() }
}

/// Texts that steer a terminal, reorder a line, hide, or take more or less room than they have letters.
pub const HOSTILE: &[&str] = &[
    "\u{1b}[2J\u{1b}[Hcleared",
    "\u{1b}]52;c;eA==\u{7}clip",
    "\u{1b}]0;owned\u{7}title",
    "\u{9b}2J\u{9d}0;c1\u{9c}",
    "a\r\nb\tc\u{8}\u{7f}",
    "\u{202e}gnp.exe\u{2066}",
    "z\u{200b}w\u{200d}\u{feff}j",
    "漢字かな混じりの長い名前がここにある",
    "👩‍👩‍👧‍👦🇦🇹🇩",
    "\u{1b}[?1049l\u{1b}c",
    "\u{1b}P$q\u{1b}\\dcs",
    "\\x1b[31m",
    "\u{e0041}\u{e007f}tags",
    "%s{0}$(id)`id`",
    "\0nul\0",
    "x\u{85}y\u{2028}z",
    "ﷺ﷽",
    "\u{fffd}\u{fffd}invalid",
    "",
    "   ",
    "ทำที่นี่ \u{0e33}\u{0e33}",
    "│ fake │ border │",
];

/// Hands out hostile texts, one after the other.
struct Source {
    next: usize,
}

impl Source {
    fn text(&mut self) -> String {
        self.next += 1;
        match self.next % 29 {
            // Ten thousand marks on one letter.
            27 => format!("e{}", "\u{301}".repeat(10_000)),
            28 => "x".repeat(5_000),
            n => HOSTILE[n % HOSTILE.len()].to_owned(),
        }
    }
    fn set(&mut self, text: &mut Outside) {
        *text = self.text().into();
    }
    fn map(&mut self, map: &mut BTreeMap<String, Outside>) {
        let keys: Vec<String> = map.keys().filter(|k| !k.starts_with("com.docker")).cloned().collect();
        for key in keys {
            map.remove(&key);
            let (name, value) = (self.text(), self.text());
            map.insert(name, value.into());
        }
    }
}

/// The lab with every text that comes from outside replaced.
pub fn hostile() -> Host {
    let lab = recorded("lab");
    let frames = lab.frames.iter().map(|frame| Arc::new(poisoned(frame))).collect();
    let at = lab.frames.last().map(|f| f.taken_at);
    let log = HOSTILE.iter().map(|text| LogLine { at, is_stderr: false, text: (*text).into(), is_mark: false });
    Host { name: "hostile", frames, replay: None, log: log.collect() }
}

/// The hostile host with a thousand containers.
pub fn thousand() -> Host {
    let mut host = hostile();
    host.frames = host.frames.iter().map(|frame| Arc::new(crowded(frame, 1_000))).collect();
    host
}

fn poisoned(frame: &Snapshot) -> Snapshot {
    let mut out = frame.clone();
    // The same numbers in every frame, so that a container keeps its name.
    let mut bad = Source { next: 0 };
    let host = Arc::make_mut(&mut out.host);
    bad.set(&mut host.name);
    bad.set(&mut host.distribution);
    for (n, container) in Arc::make_mut(&mut out.containers).iter_mut().enumerate() {
        let mut bad = Source { next: n * 7 };
        poison(Arc::make_mut(container), &mut bad);
        if n == 0 {
            let large = "large label ".repeat(90_000);
            Arc::make_mut(container).labels.insert("large".to_owned(), large.into());
        }
    }
    for (n, facts) in Arc::make_mut(&mut out.kernel).values_mut().enumerate() {
        let mut bad = Source { next: n * 5 };
        let facts = Arc::make_mut(facts);
        if let Fact::Known(processes) = &mut facts.processes {
            for process in processes {
                bad.set(&mut process.comm);
                bad.set(&mut process.cmdline);
            }
        }
        if let Fact::Known(mounts) = &mut facts.mounts {
            mounts.iter_mut().take(3).for_each(|mount| bad.set(&mut mount.mount_point));
        }
        for file in [&mut facts.resolv_conf, &mut facts.hosts, &mut facts.hostname] {
            *file = Fact::Known(format!("nameserver {}\n{}", bad.text(), bad.text()).into());
        }
    }
    for network in Arc::make_mut(&mut out.networks) {
        bad.set(&mut network.name);
        bad.map(&mut network.labels);
        if let Fact::Known(members) = &mut network.members {
            members.iter_mut().for_each(|member| bad.set(&mut member.name));
        }
    }
    for link in Arc::make_mut(&mut out.links) {
        // The kernel takes any fifteen bytes but `/` and blanks.
        let name: String = bad.text().chars().filter(|c| !c.is_whitespace()).take(15).collect();
        link.name = name.into();
        link.alias = Some(bad.text().into());
    }
    for netns in Arc::make_mut(&mut out.netns) {
        netns.names.iter_mut().for_each(|name| bad.set(name));
    }
    for event in Arc::make_mut(&mut out.events) {
        let event = Arc::make_mut(event);
        bad.set(&mut event.name);
        bad.set(&mut event.text);
        bad.set(&mut event.action);
        bad.map(&mut event.attributes);
    }
    for scan in Arc::make_mut(&mut out.sockets) {
        if let Fact::Known(listeners) = &mut scan.listeners {
            for listener in listeners {
                if let Fact::Known(Some(owner)) = &mut listener.owner {
                    bad.set(&mut owner.process);
                }
            }
        }
    }
    out
}

fn poison(container: &mut Container, bad: &mut Source) {
    bad.set(&mut container.name);
    bad.set(&mut container.image);
    bad.set(&mut container.command);
    bad.set(&mut container.status);
    if !container.error.is_empty() {
        bad.set(&mut container.error);
    }
    bad.map(&mut container.labels);
    container.labels.insert("\u{1b}[5mkey".to_owned(), "\u{202e}value".into());
    if let Some(compose) = &mut container.compose {
        compose.project = HOSTILE[0].into();
        compose.service = Some(bad.text().into());
    }
    if let Some(health) = &mut container.health {
        health.last_output = Some(HOSTILE.join("\n").into());
    }
    for endpoint in &mut container.endpoints {
        bad.set(&mut endpoint.network);
        endpoint.aliases.push(bad.text().into());
    }
    if let Fact::Known(config) = &mut container.config {
        let config = Arc::make_mut(config);
        config.env.push(format!("{}={}", bad.text(), bad.text()).into());
        config.cmd.push(bad.text().into());
        bad.set(&mut config.hostname);
        config.mounts.iter_mut().for_each(|mount| bad.set(&mut mount.destination));
    }
}

/// Copies of the containers that run, with identities of their own, until there are `count`.
fn crowded(frame: &Snapshot, count: usize) -> Snapshot {
    let mut out = frame.clone();
    let (mut containers, mut samples) = (frame.containers.to_vec(), frame.samples.to_vec());
    let mut kernel = (*frame.kernel).clone();
    let originals: Vec<_> = frame.containers.iter().filter(|c| c.state.has_processes()).cloned().collect();
    for n in 0..count.saturating_sub(containers.len()) {
        let original = &originals[n % originals.len()];
        let id = ContainerId::from(format!("{n:064x}"));
        let mut copy = (**original).clone();
        copy.id = id.clone();
        copy.name = format!("{}{n}", copy.name.raw()).into();
        containers.push(Arc::new(copy));
        samples.extend(frame.sample(&original.id).map(|s| Sample { id: id.clone(), ..s.clone() }));
        if let Some(facts) = frame.kernel_of(&original.id) {
            kernel.insert(id.clone(), Arc::new(KernelFacts { id, ..(**facts).clone() }));
        }
    }
    containers.sort_by(|a, b| a.id.cmp(&b.id));
    samples.sort_by(|a, b| a.id.cmp(&b.id));
    (out.containers, out.samples, out.kernel) = (Arc::new(containers), Arc::new(samples), Arc::new(kernel));
    out
}
