//! Snapshots to record: made-up hosts that differ in every part, and the checks that all tests share.

use super::super::*;
use crate::model::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const SECOND_NS: u64 = 1_000_000_000;

pub(crate) fn fact<T: std::fmt::Debug + Clone + 'static>(
    known: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Fact<T>> {
    let gap = ("\\PC{0,10}", proptest::option::of("\\PC{0,6}"))
        .prop_map(|(reason, lift)| Fact::gap(Gap { kind: GapKind::Permission, reason, lift }));
    prop_oneof![known.prop_map(Fact::Known), gap]
}

pub(crate) fn sample(id: &str, at_ns: u64, cpu_ns: Fact<u64>, avg10: f32) -> Sample {
    let pressure = Pressure { avg10, avg60: avg10 / 3.0, total_us: u64::MAX };
    Sample {
        id: id.into(),
        at_ns,
        generation: 7,
        cpu_ns: cpu_ns.clone(),
        system_cpu_ns: u64::MAX,
        periods: cpu_ns.clone(),
        throttled_periods: Fact::default(),
        throttled_ns: Fact::Known(0),
        memory_bytes: cpu_ns.clone(),
        memory_limit_bytes: Fact::Known(0),
        inactive_file_bytes: Fact::default(),
        cache_bytes: cpu_ns,
        swap_bytes: Fact::default(),
        io_read_bytes: Fact::default(),
        io_write_bytes: Fact::default(),
        pids: Fact::Known(1),
        pids_limit: Fact::Known(0),
        oom_kills: Fact::Known(0),
        pressure_cpu: Fact::Known(pressure),
        pressure_memory: Fact::default(),
        pressure_io: Fact::default(),
    }
}

pub(crate) fn event(seq: u64, text: &str) -> Arc<Event> {
    Arc::new(Event {
        seq,
        at: Timestamp::UNIX_EPOCH,
        origin: Origin::Kernel,
        class: "link".to_owned(),
        action: "up".into(),
        weight: Weight::Info,
        subject: Subject::Link { netns: NsInode(4_026_531_840), ifindex: IfIndex(3) },
        name: text.into(),
        container: Some("abc".into()),
        text: text.into(),
        attributes: BTreeMap::from([("exitCode".to_owned(), text.into())]),
    })
}

/// One step of a host's life, of which a whole snapshot is made.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) containers: BTreeMap<u8, (String, Fact<u64>)>,
    pub(crate) first_event: u64,
    pub(crate) events: u64,
    pub(crate) text: String,
    pub(crate) cpu: Fact<u64>,
    pub(crate) avg10: f32,
    pub(crate) firewall: bool,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let containers = proptest::collection::btree_map(0u8..6, ("\\PC{0,8}", fact(any::<u64>())), 0..4);
    let rest = (0u64..5, 0u64..6, "\\PC{0,12}", fact(any::<u64>()), 0.0f32..100.0, any::<bool>());
    (containers, rest).prop_map(|(containers, (first_event, events, text, cpu, avg10, firewall))| Step {
        containers,
        first_event,
        events,
        text,
        cpu,
        avg10,
        firewall,
    })
}

pub(crate) fn snapshot_of(n: usize, step: &Step) -> Snapshot {
    let at_ns = 5 * SECOND_NS + n as u64 * SECOND_NS;
    let mut containers = Vec::new();
    let mut kernel = BTreeMap::new();
    for (key, (text, restarts)) in &step.containers {
        let mut container = Container::named(format!("{key:064x}"), text.as_str());
        container.state = State::parse(text);
        container.restart_count = restarts.clone();
        container.labels.insert(text.clone(), text.as_str().into());
        container.config = Fact::Known(Arc::new(Config { env: vec![text.as_str().into()], ..Config::default() }));
        container.ports.push(PublishedPort { proto: Proto::Tcp, container_port: 80, host_ip: None, host_port: None });
        kernel.insert(container.id.clone(), Arc::new(kernel_of(&container.id, text, restarts)));
        containers.push(Arc::new(container));
    }
    let events = (step.first_event..step.first_event + step.events).map(|seq| event(seq, "e")).collect();
    let config_file = Fact::Known(Some(("/etc/d.json".to_owned(), serde_json::json!({ "a": [1, step.text.clone()] }))));
    let daemon = Daemon { config_file, ..Daemon::default() };
    let host = Host { name: step.text.as_str().into(), daemon: Fact::Known(daemon), ..Host::default() };
    Snapshot {
        taken_at: Timestamp::from_nanosecond(i128::from(at_ns)).expect("in range"),
        at_ns,
        host: Arc::new(host),
        host_sample: HostSample { load1: step.avg10, at_ns, ..HostSample::default() },
        samples: Arc::new(
            containers.iter().map(|c| sample(c.id.as_str(), at_ns, step.cpu.clone(), step.avg10)).collect(),
        ),
        containers: Arc::new(containers),
        kernel: Arc::new(kernel),
        firewall: if step.firewall {
            Fact::Known(Arc::default())
        } else {
            Fact::unknown(GapKind::ToolMissing, &*step.text)
        },
        events: Arc::new(events),
        ..Snapshot::default()
    }
}

pub(crate) fn kernel_of(id: &ContainerId, text: &str, restarts: &Fact<u64>) -> KernelFacts {
    KernelFacts {
        id: id.clone(),
        pid: Pid(12),
        start_ticks: 99,
        namespaces: BTreeMap::from([(NsKind::Net, restarts.map(|n| NsInode(*n)))]),
        cgroups: Fact::Known(BTreeMap::from([("".into(), text.into())])),
        limits: CgroupLimits {
            memory: Fact::Known(None),
            pids: Fact::Known(Some((5, text.to_owned()))),
            ..Default::default()
        },
        processes: Fact::default(),
        uid_map: Fact::Known(vec![(0, 0, u32::MAX)]),
        lsm_label: Fact::Known(text.into()),
        mounts: Fact::default(),
        rlimits: Fact::Known(Arc::new(BTreeMap::from([("Max cpu time".into(), (None, Some(u64::MAX)))]))),
        routes: Fact::default(),
        ip_forward: Fact::Known(true),
        resolv_conf: Fact::Known(text.into()),
        hosts: Fact::default(),
        hostname: Fact::default(),
    }
}

pub(crate) fn meta() -> Meta {
    Meta::new(Timestamp::UNIX_EPOCH, false)
}

pub(crate) fn record(snapshots: &[Snapshot], key_every: u32) -> Vec<u8> {
    let options = WriteOptions { key_every, ..WriteOptions::default() };
    let mut writer = Writer::over(Vec::new(), "memory".to_owned(), &meta(), options).expect("memory takes all");
    for (n, snapshot) in snapshots.iter().enumerate() {
        writer.append(snapshot).expect("memory takes all");
        if n == 1 {
            let detail = Detail { container: "abc".into(), kind: Detail::LOGS.to_owned(), text: "one\ntwo".into() };
            writer.append_detail(&detail).expect("memory takes all");
        }
    }
    writer.into_inner()
}

pub(crate) fn open(bytes: &[u8]) -> Result<Reader, RecordingError> {
    Reader::from_bytes(bytes.to_vec(), "test")
}

/// A handful of snapshots that differ in every part a delta treats on its own.
pub(crate) fn story() -> Vec<Snapshot> {
    let step = |containers: &[u8], first_event, events| Step {
        containers: containers.iter().map(|n| (*n, (format!("c{n}"), Fact::Known(1)))).collect(),
        first_event,
        events,
        text: "host".to_owned(),
        cpu: Fact::Known(first_event),
        avg10: 1.5,
        firewall: true,
    };
    let steps = [step(&[1, 2], 0, 2), step(&[1, 2, 3], 0, 4), step(&[1, 3], 2, 2), step(&[3], 9, 1), step(&[], 9, 0)];
    steps.iter().enumerate().map(|(n, step)| snapshot_of(n, step)).collect()
}

/// Every frame that can be read is what was written at that place.
pub(crate) fn assert_no_wrong_frame(mut reader: Reader, written: &[Snapshot]) -> usize {
    let mut good = 0;
    assert!(reader.len() <= written.len());
    for (n, expected) in written.iter().enumerate().take(reader.len()) {
        if let Ok(frame) = reader.frame(n) {
            assert_eq!(*frame, *expected, "frame {n}");
            good += 1;
        }
    }
    good
}
