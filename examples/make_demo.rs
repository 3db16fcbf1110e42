//! Makes `recordings/demo.bwr` from a recording of a lab: `record --scrub` on the lab while things happen, then
//!
//! ```text
//! cargo run --example make_demo -- RAW.bwr DIRECTORY-OF-CONTAINERS'-LOGS LAB-NAME recordings/demo.bwr
//! ```
//!
//! The lab is a network namespace on some machine; the demo is a host. So what belongs to the machine and to other labs
//! goes, the lab's namespace becomes the host's own, its paths become the usual ones, and its time a fixed one. It knows
//! snapshots and recordings, and no source.

use bridgewatch::feed::LogLine;
use bridgewatch::model::{
    Container, ContainerId, Fact, KernelFacts, NsInode, NsKind, Owner, Snapshot, SourceState, Subject,
};
use bridgewatch::recording::{Detail, Meta, Reader, Scrub, Scrubber, WriteOptions, Writer};
use bridgewatch::text::Outside;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

/// Name of the host in the demo.
const HOST: &str = "lab-01";
/// Wall clock of its first moment.
const BEGIN: &str = "2026-01-15T09:30:00Z";
/// Log lines of a container from before the first moment.
const LOG_TAIL: usize = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [raw, logs, lab, out] = &arguments[..] else {
        return Err("usage: make_demo RAW.bwr LOGS LAB-NAME OUT.bwr".into());
    };
    let mut reader = Reader::open(Path::new(raw))?;
    let frames: Vec<Arc<Snapshot>> = reader.frames().collect::<Result<_, _>>()?;
    let first = frames.first().ok_or("no frame")?.clone();
    let demo = Demo::of(&frames, lab, first.taken_at)?;
    let inspects: BTreeMap<&ContainerId, Detail> = demo
        .containers
        .iter()
        .filter_map(|id| Some((id, reader.detail(id, Detail::INSPECT, reader.duration()).ok()??)))
        .collect();
    let logs = read_logs(Path::new(logs), &demo.containers)?;

    let meta =
        Meta { title: "a lab host with a container in every network mode".into(), ..Meta::new(demo.begin, true) };
    let options = WriteOptions { key_every: u32::MAX, ..WriteOptions::default() };
    let mut writer = Writer::over(Vec::new(), out.clone(), &meta, options)?;
    let scrubber = Scrubber::new(Scrub::default());
    let (mut before, mut shared) = (None, Shared::default());
    for frame in &frames {
        writer.append(&shared.with_before(demo.frame(frame)?))?;
        for (id, lines) in &logs {
            let mut lines: Vec<LogLine> =
                lines.iter().filter(|l| l.at > before && l.at <= Some(frame.taken_at)).cloned().collect();
            lines.drain(..lines.len().saturating_sub(LOG_TAIL));
            lines.iter_mut().for_each(|line| line.at = line.at.map(|at| demo.shifted(at)));
            if !lines.is_empty() || before.is_none() {
                writer.append_detail(&scrubber.detail(&Detail::of_log(id.clone(), &lines)))?;
            }
        }
        if before.is_none() {
            for (id, inspect) in &inspects {
                let mut value: Value = serde_json::from_str(inspect.text.raw())?;
                demo.reword(&mut value);
                writer.append_detail(&Detail::of_inspect((*id).clone(), value.to_string()))?;
            }
        }
        before = Some(frame.taken_at);
    }
    let (count, bytes) = (writer.frames(), writer.into_inner());
    std::fs::write(out, &bytes)?;
    println!("{count} moments, {} containers, {} bytes", demo.containers.len(), bytes.len());
    Ok(())
}

/// The engine's log files of these containers, oldest line first.
fn read_logs(
    directory: &Path,
    containers: &BTreeSet<ContainerId>,
) -> Result<BTreeMap<ContainerId, Vec<LogLine>>, Box<dyn Error>> {
    let mut logs: BTreeMap<ContainerId, Vec<LogLine>> = BTreeMap::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let id = ContainerId::from(name.split('-').next().unwrap_or_default());
        if !containers.contains(&id) {
            continue;
        }
        for line in std::fs::read_to_string(entry.path())?.lines() {
            let line: Value = serde_json::from_str(line)?;
            let text = |key: &str| line[key].as_str().unwrap_or_default();
            logs.entry(id.clone()).or_default().push(LogLine {
                at: Some(text("time").parse()?),
                is_stderr: text("stream") == "stderr",
                text: Outside::from(text("log").trim_end_matches('\n')),
                is_mark: false,
            });
        }
    }
    logs.values_mut().for_each(|lines| lines.sort_by_key(|line| line.at));
    Ok(logs)
}

/// What of the machine belongs to the demo, and how it is called there.
struct Demo {
    containers: BTreeSet<ContainerId>,
    netns: BTreeSet<NsInode>,
    ours: NsInode,
    begin: Timestamp,
    shift: SignedDuration,
    words: Vec<(String, String)>,
    /// Name of the machine: it may be part of any word, so only the whole text counts.
    machine: String,
}

impl Demo {
    fn of(frames: &[Arc<Snapshot>], lab: &str, first_at: Timestamp) -> Result<Self, Box<dyn Error>> {
        let first = frames.first().ok_or("no frame")?;
        let owned = |c: &&Arc<Container>| c.owner == Owner::Engine;
        let containers: BTreeSet<_> =
            frames.iter().flat_map(|f| f.containers.iter().filter(owned).map(|c| c.id.clone())).collect();
        let ours = first.our_netns().ok_or("the namespace of the recorder is not known")?;
        let side = format!("/run/netns/{lab}-side");
        let mut netns = BTreeSet::from([ours]);
        for frame in frames {
            netns.extend(containers.iter().filter_map(|id| frame.netns_of(id)));
            netns.extend(frame.netns.iter().filter(|n| n.names.iter().any(|name| name.raw() == side)).map(|n| n.inode));
        }
        let init = first.host.init_namespaces.get(&NsKind::Net).and_then(Fact::get);
        netns.retain(|inode| Some(*inode) != init);
        let state = format!("/tmp/bridgewatch-lab-{lab}");
        let begin: Timestamp = BEGIN.parse()?;
        let word = |from: String, to: &str| (from, to.to_owned());
        let words = vec![
            word(format!("{state}/docker.sock"), "/run/docker.sock"),
            word(format!("{state}/data"), "/var/lib/docker"),
            word(format!("{state}/exec"), "/run/docker"),
            word(state.clone(), "/srv/lab"),
            word(side, "/run/netns/side"),
            word(first.host.boot_id.clone(), "00000000-0000-4000-8000-000000000000"),
        ];
        Ok(Demo {
            containers,
            netns,
            ours,
            begin,
            shift: begin.duration_since(first_at),
            words,
            machine: first.host.name.raw().to_owned(),
        })
    }

    fn shifted(&self, at: Timestamp) -> Timestamp {
        at.checked_add(self.shift).unwrap_or(at)
    }

    /// One moment of the demo.
    fn frame(&self, frame: &Snapshot) -> Result<Snapshot, Box<dyn Error>> {
        let mut value = serde_json::to_value(self.own(frame))?;
        self.reword(&mut value);
        Ok(serde_json::from_value(value)?)
    }

    /// Without what belongs to the machine and to other labs.
    fn own(&self, frame: &Snapshot) -> Snapshot {
        let mut out = frame.clone();
        let (containers, netns) = (&self.containers, &self.netns);
        let is_outside = |inode: &NsInode| !netns.contains(inode);
        Arc::make_mut(&mut out.containers).retain(|c| containers.contains(&c.id));
        Arc::make_mut(&mut out.kernel).retain(|id, _| containers.contains(id));
        Arc::make_mut(&mut out.samples).retain(|s| containers.contains(&s.id));
        Arc::make_mut(&mut out.netns).retain(|n| netns.contains(&n.inode));
        Arc::make_mut(&mut out.links).retain(|l| netns.contains(&l.netns));
        Arc::make_mut(&mut out.link_samples).retain(|l| netns.contains(&l.netns));
        Arc::make_mut(&mut out.routes).retain(|r| netns.contains(&r.netns));
        Arc::make_mut(&mut out.fdb).retain(|f| netns.contains(&f.netns));
        Arc::make_mut(&mut out.sockets).retain(|s| netns.contains(&s.netns));
        Arc::make_mut(&mut out.events).retain(|e| {
            let of_ours = e.container.as_ref().is_none_or(|id| containers.contains(id));
            of_ours
                && match &e.subject {
                    Subject::Container { id } => containers.contains(id),
                    Subject::Link { netns, .. } => !is_outside(netns),
                    Subject::Netns { inode } => !is_outside(inode),
                    _ => true,
                }
        });
        // The other end of the uplink is another host's business.
        for link in Arc::make_mut(&mut out.links) {
            let ends_outside = |p: &bridgewatch::model::Peer| p.netns.get().is_none_or(|inode| is_outside(&inode));
            if link.netns == self.ours && link.name.raw() == "eth0" && link.peer.as_ref().is_some_and(ends_outside) {
                link.peer = None;
                link.kind = "ether".to_owned();
            }
        }
        for netns in Arc::make_mut(&mut out.netns).iter_mut().filter(|n| n.inode == self.ours) {
            netns.is_init = true;
            netns.is_engine = Some(true);
            netns.names.clear();
        }
        for facts in Arc::make_mut(&mut out.kernel).values_mut() {
            let facts = Arc::make_mut(facts);
            // A container that has the whole host mounted shows the machine's mounts.
            if let Fact::Known(mounts) = &mut facts.mounts {
                mounts.retain(|m| !m.mount_point.raw().starts_with("/host/"));
            }
        }
        let host = Arc::make_mut(&mut out.host);
        host.init_namespaces = host.namespaces.clone();
        // What was missing was the machine's: a host of its own shows all.
        for source in Arc::make_mut(&mut out.sources).iter_mut().filter(|s| s.state == SourceState::Partial) {
            (source.state, source.reason) = (SourceState::Ok, String::new());
        }
        for netns in Arc::make_mut(&mut out.netns) {
            if let Some(pids) = netns.processes.known().map(Vec::len) {
                netns.process_count = Fact::Known(u32::try_from(pids).unwrap_or(u32::MAX));
            }
        }
        out
    }

    /// Paths and names as a host of its own has them, and times shifted, at any depth.
    fn reword(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(at) = text.ends_with('Z').then(|| text.parse::<Timestamp>().ok()).flatten() {
                    // The engine's "never" stays never.
                    if at.as_second() > 0 {
                        *text = self.shifted(at).to_string();
                    }
                    return;
                }
                if *text == self.machine {
                    HOST.clone_into(text);
                }
                for (from, to) in self.words.iter().filter(|(from, _)| !from.is_empty()) {
                    if text.contains(from.as_str()) {
                        *text = text.replace(from.as_str(), to);
                    }
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|value| self.reword(value)),
            Value::Object(map) => map.values_mut().for_each(|value| self.reword(value)),
            _ => {}
        }
    }
}

/// Parts that did not change are the very same object as in the moment before, as a live host has them: that is how a
/// recording knows what to leave out.
#[derive(Default)]
struct Shared(Option<Snapshot>, u32);

/// Figures of single processes are taken over every so many moments: each change of one costs all that is known of its
/// container.
const PROCESS_BEAT: u32 = 5;

fn same_figures(now: &mut Arc<KernelFacts>, old: &KernelFacts) {
    let (Fact::Known(now), Fact::Known(old)) = (&mut Arc::make_mut(now).processes, &old.processes) else { return };
    for process in now {
        if let Some(old) = old.iter().find(|o| (o.pid, o.start_ticks) == (process.pid, process.start_ticks)) {
            process.cpu_ticks = old.cpu_ticks;
            process.rss_bytes = old.rss_bytes;
            process.state = old.state;
        }
    }
}

impl Shared {
    fn with_before(&mut self, mut now: Snapshot) -> Snapshot {
        fn keep<T: PartialEq>(now: &mut Arc<T>, old: &Arc<T>) {
            if now == old {
                *now = old.clone();
            }
        }
        if let Some(old) = &self.0 {
            for container in Arc::make_mut(&mut now.containers) {
                if let Some(old) = old.container(&container.id) {
                    keep(container, old);
                }
            }
            for (id, facts) in Arc::make_mut(&mut now.kernel) {
                if let Some(old) = old.kernel.get(id) {
                    if !self.1.is_multiple_of(PROCESS_BEAT) {
                        same_figures(facts, old);
                    }
                    keep(facts, old);
                }
            }
            keep(&mut now.host, &old.host);
            keep(&mut now.sources, &old.sources);
            keep(&mut now.containers, &old.containers);
            keep(&mut now.kernel, &old.kernel);
            keep(&mut now.samples, &old.samples);
            keep(&mut now.networks, &old.networks);
            keep(&mut now.volumes, &old.volumes);
            keep(&mut now.netns, &old.netns);
            keep(&mut now.links, &old.links);
            keep(&mut now.link_samples, &old.link_samples);
            keep(&mut now.routes, &old.routes);
            keep(&mut now.fdb, &old.fdb);
            keep(&mut now.sockets, &old.sockets);
            keep(&mut now.events, &old.events);
            if let (Fact::Known(now), Fact::Known(old)) = (&mut now.firewall, &old.firewall) {
                keep(now, old);
            }
        }
        self.0 = Some(now.clone());
        self.1 += 1;
        now
    }
}
