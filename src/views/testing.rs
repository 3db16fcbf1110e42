//! A small host with everything on it, and ways to read views as text, for the tests of all views.

#![allow(missing_docs)]

use super::content::{Content, Line};
use super::view::{ListView, Row};
use crate::analysis::checks::Auditor;
use crate::analysis::testing::{HOST, Lab, every_mode, p};
use crate::analysis::{Analyst, History, Report};
use crate::app::{Journal, Prefs, Scene};
use crate::model::*;
use crate::text::{Outside, width};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A snapshot with its report and past.
pub struct Stage {
    pub snapshot: Arc<Snapshot>,
    pub report: Report,
    pub history: History,
    pub prefs: Prefs,
    pub journal: Journal,
}

impl Stage {
    /// The second of two snapshots, one second apart.
    pub fn of(before: Snapshot, next: Snapshot) -> Self {
        let mut analyst = Analyst::new();
        let mut history = History::default();
        analyst.update(&Arc::new(before));
        let snapshot = Arc::new(next);
        let report = analyst.update(&snapshot).clone();
        history.push(&report.rates, 1.0);
        history.push_links(&report.rates, &report.traffic, 1.0);
        Stage { snapshot, report, history, prefs: Prefs { utc: true, ..Prefs::default() }, journal: Journal::default() }
    }

    pub fn scene(&self) -> Scene<'_> {
        Scene {
            journal: &self.journal,
            snapshot: &self.snapshot,
            report: &self.report,
            history: &self.history,
            now: self.snapshot.taken_at,
            prefs: &self.prefs,
        }
    }
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("a time")
}

fn sample(id: &ContainerId, second: u64, cpu_ms: u64) -> Sample {
    let no_psi = || Fact::unknown(GapKind::Unsupported, "this kernel has no PSI");
    Sample {
        id: id.clone(),
        at_ns: second * 1_000_000_000,
        generation: 1,
        cpu_ns: Fact::Known(second * cpu_ms * 1_000_000),
        system_cpu_ns: second * 2_000_000_000,
        periods: Fact::Known(second * 10),
        throttled_periods: Fact::Known(second * 5),
        throttled_ns: Fact::Known(0),
        memory_bytes: Fact::Known(50 << 20),
        memory_limit_bytes: Fact::Known(64 << 20),
        inactive_file_bytes: Fact::Known(2 << 20),
        cache_bytes: Fact::Known(4 << 20),
        swap_bytes: Fact::Known(0),
        io_read_bytes: Fact::Known(0),
        io_write_bytes: Fact::Known(second * 1000),
        pids: Fact::Known(3),
        pids_limit: Fact::Known(100),
        oom_kills: Fact::Known(1),
        pressure_cpu: no_psi(),
        pressure_memory: no_psi(),
        pressure_io: no_psi(),
    }
}

/// Samples of a host `second` seconds after the start: web burns half a CPU and receives a megabyte a second.
fn sampled(mut snapshot: Snapshot, second: u64) -> Snapshot {
    let running = snapshot.containers.iter().filter(|c| c.state.has_processes());
    let cpu = |c: &Container| if c.name == "web" { 500 } else { 10 };
    snapshot.samples = Arc::new(running.map(|c| sample(&c.id, second, cpu(c))).collect());
    let busy = |link: &Link| match (link.netns.0, link.name.raw()) {
        (201, _) => (1_000_000, 300_000),
        (100, "eth0") => (1_200_000, 340_000),
        (100, "veth11") => (300_000, 1_000_000),
        _ => (0, 0),
    };
    let of = |link: &Link| {
        let (rx, tx) = busy(link);
        let counters = LinkCounters {
            rx_bytes: rx * second,
            tx_bytes: tx * second,
            rx_packets: second * (rx / 1000),
            tx_packets: second * (tx / 1000),
            ..LinkCounters::default()
        };
        LinkSample { netns: link.netns, ifindex: link.ifindex, counters }
    };
    snapshot.link_samples = Arc::new(snapshot.links.iter().map(of).collect());
    snapshot.at_ns = second * 1_000_000_000;
    snapshot.taken_at = at(second as i64);
    snapshot.host_sample = HostSample {
        at_ns: snapshot.at_ns,
        system_cpu_ns: second * 2_000_000_000,
        cpus: 2,
        memory_total_bytes: 8 << 30,
        ..HostSample::default()
    };
    snapshot
}

fn event(seq: u64, class: &str, action: &str, id: &ContainerId, name: &str, text: &str) -> Arc<Event> {
    Arc::new(Event {
        seq,
        at: at(seq as i64 - 20),
        origin: Origin::Engine,
        class: class.into(),
        action: action.into(),
        weight: if action == "die" { Weight::Notice } else { Weight::Info },
        subject: Subject::Container { id: id.clone() },
        name: name.into(),
        container: Some(id.clone()),
        text: text.into(),
        attributes: BTreeMap::from([("signal".to_owned(), Outside::from("9"))]),
    })
}

pub fn lab_container<'a>(lab: &'a mut Lab, name: &str) -> &'a mut Container {
    lab.containers.iter_mut().find(|c| c.name == name).expect("a container")
}

/// The lab of every network mode, with a compose project, a worker that died, ports, processes, sockets and secrets.
pub fn furnished() -> Lab {
    let mut lab = every_mode();
    lab.host.engine = Fact::Known(Engine { product: "Docker".into(), ..Engine::default() });
    for name in ["web", "db"] {
        let container = lab_container(&mut lab, name);
        container.compose = Some(Compose { project: "shop".into(), service: Some(name.into()) });
    }
    let worker = lab.container("worker", None);
    let container = lab_container(&mut lab, "worker");
    container.state = State::Exited;
    container.exit_code = Some(137);
    container.pid = None;
    container.finished_at = Some(at(-5));
    container.compose = Some(Compose { project: "shop".into(), service: Some("worker".into()) });
    lab.kernel.retain(|k| k.id != worker);
    let web = lab_container(&mut lab, "web");
    web.image = "nginx:1.27".into();
    web.started_at = Some(at(-3600));
    web.restart_count = Fact::Known(2);
    web.ports.push(PublishedPort {
        proto: Proto::Tcp,
        container_port: 80,
        host_ip: Some(p("0.0.0.0")),
        host_port: Some(8080),
    });
    web.labels.insert("owner".into(), "ops".into());
    web.config = Fact::Known(Arc::new(Config {
        env: vec!["DB_PASSWORD=hunter2".into(), "LANG=C".into()],
        memory_bytes: 64 << 20,
        nano_cpus: 500_000_000,
        port_bindings: web.ports.clone(),
        mounts: vec![Mount {
            kind: "bind".into(),
            name: None,
            source: Some("/var/run/docker.sock".into()),
            destination: "/var/run/docker.sock".into(),
            driver: None,
            mode: "ro".into(),
            rw: false,
            propagation: "rprivate".into(),
        }],
        ..Config::default()
    }));
    let db = lab_container(&mut lab, "db");
    db.endpoints.iter_mut().for_each(|e| e.aliases.push("database".into()));
    let web_kernel =
        lab.kernel.iter_mut().find(|k| k.namespaces[&NsKind::Net].get() == Some(NsInode(201))).expect("web");
    web_kernel.processes = Fact::Known(vec![process(4001, 1, "nginx"), process(4002, 4001, "worker process")]);
    web_kernel.resolv_conf = Fact::Known("nameserver 127.0.0.11\n".into());
    web_kernel.limits.memory = Fact::Known(Some((64 << 20, "/docker/web".into())));
    web_kernel.limits.cpu = Fact::Known(Some((50_000, 100_000)));
    web_kernel.mounts = Fact::Known(vec![MountInfo {
        device: "0:23".into(),
        root: "/docker.sock".into(),
        mount_point: "/var/run/docker.sock".into(),
        options: "rw,nosuid".into(),
        propagation: "".into(),
        fstype: "tmpfs".into(),
        source: "tmpfs".into(),
        super_options: "rw".into(),
    }]);
    lab.listen(NsInode(201), "0.0.0.0", 80, Some((4001, "nginx")));
    lab.listen(HOST, "0.0.0.0", 22, Some((700, "sshd")));
    lab.links.iter_mut().filter(|l| l.kind == "bridge").for_each(|l| {
        l.bridge = Some(Bridge { bridge_id: "8000.0242ac110001".into(), ageing_cs: 30_000, ..Bridge::default() });
    });
    lab.fdb.push(FdbEntry {
        netns: HOST,
        bridge: Some(IfIndex(3)),
        port: IfIndex(11),
        mac: lab.links.iter().find(|l| l.netns == NsInode(201)).expect("inner").mac.clone(),
        vlan: None,
        dst: None,
        state: "learned".into(),
    });
    lab
}

fn process(pid: i32, ppid: i32, name: &str) -> Process {
    Process {
        pid: Pid(pid),
        ppid: Pid(ppid),
        inner_pid: Some(pid - 4000),
        start_ticks: 1,
        comm: name.into(),
        cmdline: name.into(),
        state: 'S',
        uids: [0; 4],
        threads: 1,
        rss_bytes: 3 << 20,
        cpu_ticks: 250,
        caps: Caps::default(),
        no_new_privs: None,
        seccomp: None,
        net_ns: Fact::Known(NsInode(201)),
        pid_ns: Fact::default(),
        mnt_ns: Fact::default(),
        exe: Fact::default(),
    }
}

/// The furnished lab as two snapshots, one second apart.
pub fn snapshots(lab: &Lab) -> (Snapshot, Snapshot) {
    let mut base = lab.snapshot();
    let status = |name: &str| SourceStatus {
        name: name.into(),
        state: SourceState::Ok,
        reason: String::new(),
        age_ms: Some(10),
        resyncs: 0,
    };
    base.sources = Arc::new(vec![status("engine"), status("netlink")]);
    if let Some(worker) = base.containers.iter().find(|c| c.name == "worker").map(|c| c.id.clone()) {
        base.events = Arc::new(vec![
            event(1, "container", "start", &worker, "worker", "started"),
            event(2, "container", "die", &worker, "worker", "died with exit code 137 (SIGKILL)"),
        ]);
    }
    (sampled(base.clone(), 10), sampled(base, 11))
}

/// The furnished lab.
pub fn stage() -> Stage {
    let (before, next) = snapshots(&furnished());
    let mut stage = Stage::of(before, next);
    stage.report.audit = Auditor::once(&stage.snapshot, false);
    stage
}

/// The furnished lab with web held to 10 Mbit/s down (reached) and 5 up by way of an ifb, db's first interface with a
/// delay that somebody else set, its second without the limit that is wanted.
pub fn limited() -> Stage {
    let mut lab = furnished();
    let web = lab_container(&mut lab, "web").id.clone();
    lab.tbf(11, 10_000_000);
    let mark = Mark::Ifb { link: IfIndex(11), netns: HOST, owner: web.short().to_owned() };
    lab.link(HOST, 50, "bwi11", "ifb").alias = Some(mark.to_string().into());
    lab.tbf(50, 5_000_000);
    lab.ingress(11, TcAction::Redirect { to: IfIndex(50) });
    let netem = Netem { delay_us: 100_000, jitter_us: 10_000, loss_percent: 1.0, ..Netem::default() };
    lab.qdisc(21, "netem", TcHandle::new(7, 0), TcHandle::ROOT, QdiscSetup::Netem(netem));
    lab.tc.as_mut().expect("tc").parts =
        BTreeMap::from([("sch_tbf".to_owned(), Fact::Known(true)), ("sch_netem".to_owned(), Fact::Known(false))]);
    let db = lab_container(&mut lab, "db");
    db.started_at = Some(at(-60));
    let second = db.endpoints[1].network_id.clone();
    let shape = Shape { rate_bps: Some(1_000_000), ..Shape::default() };
    let wanted = Wanted {
        container: db.id.clone(),
        name: db.name.clone(),
        network: second,
        down: Some(shape),
        up: None,
        since: at(-600),
    };
    lab.wanted.push(wanted);
    let counted = |lab: &mut Lab, second: u64| {
        lab.qdisc_samples.clear();
        lab.count(11, TcHandle::OWN, TcHandle::ROOT, second * 1_249_000, second * 3);
        lab.count(50, TcHandle::OWN, TcHandle::ROOT, second * 125_000, 0);
        Arc::new(lab.qdisc_samples.clone())
    };
    let (mut before, mut next) = snapshots(&lab);
    (before.qdisc_samples, next.qdisc_samples) = (counted(&mut lab, 10), counted(&mut lab, 11));
    let mut stage = Stage::of(before, next);
    stage.report.audit = Auditor::once(&stage.snapshot, false);
    stage
}

/// The row whose first cell holds `name`.
pub fn row<V: ListView>(view: &V, scene: &Scene, name: &str) -> Row<V::Item> {
    let first = &view.columns()[0];
    let rows = view.rows(scene);
    let texts: Vec<String> = rows.iter().map(|r| view.cell(scene, &r.item, first).text()).collect();
    let at =
        texts.iter().position(|text| text.contains(name)).unwrap_or_else(|| panic!("no row `{name}` in {texts:#?}"));
    rows.into_iter().nth(at).expect("a row")
}

/// The list as text: chosen columns, two spaces for each level of depth.
pub fn list<V: ListView>(view: &V, scene: &Scene, columns: &[&str]) -> String {
    let mut out = String::new();
    for row in view.rows(scene) {
        out.push_str(&"  ".repeat(usize::from(row.depth)));
        let cells: Vec<String> = columns
            .iter()
            .map(|id| view.columns().iter().find(|c| c.id == *id).unwrap_or_else(|| panic!("no column {id}")))
            .map(|column| view.cell(scene, &row.item, column).text().trim().to_owned())
            .collect();
        out.push_str(cells.join(" | ").trim_end_matches([' ', '|']));
        out.push('\n');
    }
    out
}

/// A tab as text.
pub fn page<V: ListView>(view: &V, scene: &Scene, name: &str, tab: &str, columns: u16) -> String {
    let row = row(view, scene, name);
    let tabs = view.tabs(scene, &row.item);
    let tab = tabs.iter().find(|t| t.id == tab).unwrap_or_else(|| panic!("no tab {tab} in {tabs:?}"));
    match view.tab(scene, &row.item, tab, columns) {
        Content::Page(lines) | Content::Charts(lines, _) => text(&lines),
        other => panic!("no page: {other:?}"),
    }
}

pub fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.text().trim_end().to_owned() + "\n").collect()
}

/// Asks a view for everything and checks what must hold of any view on any host.
pub fn exercise<V: ListView>(view: &V, scene: &Scene) {
    // A backslash is how the cleaner writes what it spells out: all else must be as it would leave it.
    let clean = |text: &str| {
        let bare = text.replace('\\', "");
        assert_eq!(crate::text::clean_line(&bare), bare, "{text:?}");
    };
    text(&view.empty(scene)).lines().for_each(clean);
    for row in view.rows(scene) {
        for column in view.columns() {
            clean(&view.cell(scene, &row.item, column).text());
            let _ = view.sort_key(scene, &row.item, column);
            let _ = view.field(scene, &row.item, column.id);
        }
        view.fields().iter().for_each(|field| {
            let _ = view.field(scene, &row.item, field);
        });
        let _ = view.haystack(scene, &row.item);
        clean(&view.full_text(scene, &row.item));
        view.copyables(scene, &row.item);
        view.relations(scene, &row.item).iter().for_each(|(words, _)| clean(words));
        assert!(view.locate(scene, &row.subject).is_none_or(|s| s == row.subject), "{:?}", row.subject);
        for tab in view.tabs(scene, &row.item) {
            for columns in [0, 34, 78, 200] {
                if let Content::Page(lines) = view.tab(scene, &row.item, &tab, columns) {
                    for line in lines {
                        clean(&line.text());
                        let room = usize::from(columns).max(20);
                        assert!(width(line.text().trim_end()) <= room, "{} {columns}: {:?}", tab.id, line.text());
                    }
                }
            }
        }
    }
}
