//! The netlink source on the real kernel: what it says is compared with `ip` field by field, and it is watched while
//! interfaces come, move and go.
//!
//! Each test makes network namespaces of its own (`bwnl-…`), takes one of them for the host's and removes them.

use bridgewatch::model::{Event, GapKind, IfIndex, Link, NsInode, SourceState};
use bridgewatch::sources::netlink::{LinkStatsReader, NetlinkNudge, NetlinkState, NetlinkUpdate, read_once, watch};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Longest wait for something that has to happen.
const DEADLINE: Duration = Duration::from_secs(20);

/// A namespace that plays the host, and others beside it; all removed on drop.
struct Rig {
    name: String,
    others: Vec<String>,
}

impl Rig {
    fn path(name: &str) -> String {
        format!("/run/netns/{name}")
    }

    fn inode(name: &str) -> NsInode {
        NsInode(std::fs::metadata(Self::path(name)).expect("stat the namespace").ino())
    }

    fn host(&self) -> NsInode {
        Self::inode(&self.name)
    }

    /// Adds a namespace that plays a container's.
    fn container(&mut self, suffix: &str) -> String {
        let name = format!("{}-{suffix}", self.name);
        ip(&format!("netns add {name}"));
        self.others.push(name.clone());
        name
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        for name in self.others.iter().chain([&self.name]) {
            // One that a test has removed itself is no news.
            let _ = Command::new("ip").args(["netns", "del", name]).stderr(std::process::Stdio::null()).status();
        }
    }
}

/// Runs `test` on a thread that is in a fresh namespace, where `lo` is up and nothing sends by itself.
///
/// One at a time: each reads all namespaces of the machine, and one that stirs them would disturb one that waits for
/// silence.
fn on_a_host(name: &str, test: impl FnOnce(&mut Rig) + Send) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut rig = Rig { name: format!("bwnl-{}-{name}", std::process::id()), others: Vec::new() };
    ip(&format!("netns add {}", rig.name));
    let result = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let file = File::open(Rig::path(&rig.name)).expect("open the namespace");
                nix::sched::setns(file, nix::sched::CloneFlags::CLONE_NEWNET).expect("enter it");
                ip("link set lo up");
                test(&mut rig);
            })
            .join()
    });
    drop(rig);
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

fn run(program: &str, arguments: &str) -> String {
    let output = Command::new(program).args(arguments.split_ascii_whitespace()).output().expect("starts");
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn ip(arguments: &str) -> String {
    run("ip", arguments)
}

fn ip_json(arguments: &str) -> Vec<Value> {
    serde_json::from_str(&ip(arguments)).expect("json")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn now() -> NetlinkState {
    runtime().block_on(read_once()).expect("reads")
}

fn named<'a>(state: &'a NetlinkState, netns: NsInode, name: &str) -> Option<&'a Link> {
    state.links.iter().find(|link| link.netns == netns && link.name == *name)
}

/// A bridge with two ports into containers, one of them odd; a macvlan inside a container; tunnels.
fn populate(rig: &mut Rig) -> (String, String) {
    let (a, b) = (rig.container("a"), rig.container("b"));
    ip("link add br0 type bridge");
    ip("link set br0 type bridge ageing_time 12300 mcast_snooping 0");
    ip("link set br0 alias the\u{a0}bridge");
    ip(&format!("link add va mtu 1400 type veth peer name eth0 netns {a}"));
    ip(&format!("link add vb type veth peer name eth0 netns {b}"));
    ip("link set va master br0 up");
    ip("link set vb master br0");
    run("bridge", "link set dev va isolated on hairpin on learning off cost 77");
    ip("link set br0 up promisc on");
    ip("addr add 172.30.0.1/24 brd + dev br0");
    ip("addr add 2001:db8:30::1/64 dev br0 nodad");
    ip(&format!("-n {a} addr add 172.30.0.2/24 dev eth0"));
    ip(&format!("-n {a} link set eth0 address 02:42:ac:1e:00:02 up"));
    ip("link add ifb9 type ifb");
    ip(&format!("link add link ifb9 name eth1 netns {b} type macvlan mode private"));
    ip("link add vx9 type vxlan id 9 remote 192.0.2.9 local 192.0.2.1 dstport 4799 dev br0");
    ip("tuntap add mode tun name tun9");
    ip("link add here type veth peer name there");
    (a, b)
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or_default()
}

/// A bridge id as `ip` writes it, `8000.2:42:…`, with the leading zeroes that it leaves out.
fn padded(id: &str) -> String {
    let (priority, address) = id.split_once('.').expect("a bridge id");
    address.split(':').fold(format!("{priority}."), |id, byte| id + &format!("{byte:0>2}"))
}

/// Every field of ours against what `ip -d -j` says of the same interface.
fn compare(ours: &Link, theirs: &Value, all: &[Value]) {
    let what = format!("{} of {}", ours.name.raw(), ours.netns);
    let index_of = |name: &str| all.iter().find(|l| text(l, "/ifname") == name).map(|l| number(l, "/ifindex"));
    assert_eq!(ours.name, *text(theirs, "/ifname"), "{what}");
    assert_eq!(u64::from(ours.ifindex.0), number(theirs, "/ifindex"), "{what}");
    assert_eq!(u64::from(ours.mtu), number(theirs, "/mtu"), "{what}");
    assert_eq!(ours.operstate, text(theirs, "/operstate").to_lowercase(), "{what}");
    assert_eq!(ours.mac.to_string(), text(theirs, "/address"), "{what}");
    assert_eq!(u64::from(ours.promiscuity), number(theirs, "/promiscuity"), "{what}");
    assert_eq!(ours.alias.as_ref().map_or("", |a| a.raw()), text(theirs, "/ifalias"), "{what}");
    assert_eq!(ours.master.map(|n| u64::from(n.0)), index_of(text(theirs, "/master")), "{what}");
    let flags = theirs["flags"].as_array().expect("flags");
    assert_eq!(ours.is_up, flags.contains(&"UP".into()), "{what}");
    assert_eq!(ours.is_promisc, flags.contains(&"PROMISC".into()), "{what}");
    let kind = theirs.pointer("/linkinfo/info_kind").unwrap_or(&theirs["link_type"]).as_str().expect("a kind");
    assert_eq!(ours.kind, kind, "{what}");
    let below = theirs.pointer("/link_index").and_then(Value::as_u64).or(index_of(text(theirs, "/link")));
    assert_eq!(ours.peer.as_ref().map(|p| u64::from(p.ifindex.0)), below, "{what}");
    let data = |name: &str| theirs.pointer(&format!("/linkinfo/info_data/{name}")).cloned().unwrap_or_default();
    let port = |name: &str| theirs.pointer(&format!("/linkinfo/info_slave_data/{name}")).cloned().unwrap_or_default();
    assert_eq!(ours.bridge.is_some(), kind == "bridge", "{what}");
    if let Some(bridge) = &ours.bridge {
        assert_eq!(bridge.bridge_id, padded(text(&data("bridge_id"), "")), "{what}");
        assert_eq!(bridge.root_id, padded(text(&data("root_id"), "")), "{what}");
        assert_eq!(u64::from(bridge.ageing_cs), data("ageing_time"), "{what}");
        assert_eq!(u64::from(bridge.stp_state), data("stp_state"), "{what}");
        assert_eq!(u64::from(bridge.mcast_snooping), data("mcast_snooping"), "{what}");
        assert_eq!(u64::from(bridge.nf_call_iptables), data("nf_call_iptables"), "{what}");
    }
    assert_eq!(ours.port.is_some(), text(theirs, "/linkinfo/info_slave_kind") == "bridge", "{what}");
    if let Some(ours) = &ours.port {
        assert_eq!(ours.state, text(&port("state"), ""), "{what}");
        assert_eq!(u64::from(ours.cost), port("cost"), "{what}");
        assert_eq!((ours.isolated, ours.hairpin), (port("isolated") == true, port("hairpin") == true), "{what}");
        assert_eq!(ours.learning, port("learning") == true, "{what}");
    }
    let theirs: BTreeSet<String> = theirs["addr_info"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|a| format!("{}/{} {}", text(a, "/local"), number(a, "/prefixlen"), text(a, "/scope")))
        .collect();
    let addresses: BTreeSet<String> = ours.addresses.iter().map(|a| format!("{} {}", a.cidr, a.scope)).collect();
    assert_eq!(addresses, theirs, "{what}");
}

#[test]
#[ignore = "needs root"]
fn interfaces_agree_with_ip_field_by_field_in_every_namespace() {
    on_a_host("fields", |rig| {
        let (a, b) = populate(rig);
        let state = now();
        for name in [&rig.name, &a, &b] {
            let theirs = ip_json(&format!("-n {name} -d -j addr"));
            let ours: Vec<_> = state.links.iter().filter(|l| l.netns == Rig::inode(name)).collect();
            assert_eq!(ours.len(), theirs.len(), "{name}");
            for (ours, one) in ours.into_iter().zip(&theirs) {
                compare(ours, one, &theirs);
            }
        }
        let vxlan = named(&state, rig.host(), "vx9").expect("vx9");
        let detail = |name: &str| vxlan.details.get(name).map(String::as_str);
        assert_eq!((detail("vni"), detail("port")), (Some("9"), Some("4799")));
        assert_eq!((detail("remote"), detail("local")), (Some("192.0.2.9"), Some("192.0.2.1")));
        let macvlan = named(&state, Rig::inode(&b), "eth1").expect("eth1");
        assert_eq!(macvlan.details.get("mode").map(String::as_str), Some("private"));
        assert_eq!(named(&state, rig.host(), "tun9").and_then(|l| l.details.get("mode").cloned()), Some("tun".into()));
        let routes = ip_json("-j route");
        assert_eq!(state.routes.iter().filter(|r| r.dst.addr.is_ipv4()).count(), routes.len());
    });
}

#[test]
#[ignore = "needs root"]
fn peers_are_joined_across_namespaces_by_inode() {
    on_a_host("peers", |rig| {
        let (a, b) = populate(rig);
        let state = now();
        let peer = |netns: NsInode, name: &str| {
            let peer = named(&state, netns, name).and_then(|link| link.peer.clone()).expect("a peer");
            (peer.netns.get(), peer.ifindex)
        };
        let index = |netns: NsInode, name: &str| named(&state, netns, name).expect("there").ifindex;
        let (host, a, b) = (rig.host(), Rig::inode(&a), Rig::inode(&b));
        assert_eq!(peer(host, "va"), (Some(a), index(a, "eth0")));
        assert_eq!(peer(a, "eth0"), (Some(host), index(host, "va")));
        assert_eq!(peer(host, "here"), (Some(host), index(host, "there")));
        assert_eq!(peer(b, "eth1"), (Some(host), index(host, "ifb9")), "the parent of a macvlan is on the host");
    });
}

#[test]
#[ignore = "needs root"]
fn namespaces_have_names_ids_and_processes_and_those_without_an_id_are_read_too() {
    on_a_host("spaces", |rig| {
        let (a, _) = populate(rig);
        let lonely = rig.container("lonely");
        let mut process = Command::new("ip").args(["netns", "exec", &lonely, "sleep", "60"]).spawn().expect("starts");
        let (lonely_inode, started) = (Rig::inode(&lonely), Instant::now());
        let state = loop {
            let state = now();
            let netns = state.netns.iter().find(|n| n.inode == lonely_inode).expect("found");
            if netns.processes.known().is_some_and(|pids| pids.len() == 1) {
                break state;
            }
            assert!(started.elapsed() < DEADLINE, "the process never came: {netns:?}");
        };
        process.kill().expect("kills");
        process.wait().expect("ends");
        let by_inode = |inode: NsInode| state.netns.iter().find(|n| n.inode == inode).expect("found").clone();
        assert!(state.netns.is_sorted_by_key(|n| n.inode));
        let ours = by_inode(rig.host());
        assert!(ours.is_ours && !ours.is_init);
        let sees_init = std::fs::read_link("/proc/1/ns/net").is_ok();
        assert_eq!(state.netns.iter().filter(|n| n.is_init).count(), usize::from(sees_init));
        let first = by_inode(Rig::inode(&a));
        assert_eq!(first.names.iter().map(|n| n.raw()).collect::<Vec<_>>(), [Rig::path(&a)]);
        let ids = ip_json("-j netns list-id");
        let theirs = ids.iter().find(|n| text(n, "/name") == a).expect("listed").get("nsid").and_then(Value::as_i64);
        assert_eq!(first.nsid.map(i64::from), theirs);
        let alone = by_inode(lonely_inode);
        assert_eq!((alone.nsid, alone.links_gap), (None, None), "reading gives no namespace an id");
        assert!(named(&state, lonely_inode, "lo").is_some());
    });
}

#[test]
#[ignore = "needs root"]
fn counters_agree_with_ip_and_k03_k04_are_of_this_namespace() {
    on_a_host("counters", |rig| {
        let (a, _) = populate(rig);
        ip(&format!("-n {a} link set lo up"));
        // Reading other namespaces, some from the inside, must leave this thread's readings here.
        let _ = now();
        let mut reader = LinkStatsReader::open().expect("opens");
        run("bash", "-c ping${IFS}-c${IFS}3${IFS}-i${IFS}0.01${IFS}-q${IFS}172.30.0.2>/dev/null||true");
        let (mut out, started) = (Vec::new(), Instant::now());
        // The two are not read at one instant: try until nothing was counted in between.
        loop {
            reader.read(&mut out).expect("reads");
            let theirs = ip_json("-s -j link");
            let agrees = out.len() == theirs.len()
                && out.iter().zip(&theirs).all(|((ifindex, ours), theirs)| {
                    let n = |path: &str| number(theirs, &format!("/stats64/{path}"));
                    *ifindex == IfIndex(u32::try_from(number(theirs, "/ifindex")).expect("small"))
                        && (ours.rx_bytes, ours.rx_packets) == (n("rx/bytes"), n("rx/packets"))
                        && (ours.tx_bytes, ours.tx_packets) == (n("tx/bytes"), n("tx/packets"))
                        && (ours.rx_errors, ours.rx_dropped) == (n("rx/errors"), n("rx/dropped"))
                        && (ours.tx_errors, ours.tx_dropped) == (n("tx/errors"), n("tx/dropped"))
                });
            if agrees {
                break;
            }
            assert!(started.elapsed() < DEADLINE, "{out:?} is not {theirs:?}");
        }
        let va = ip_json("-j link").iter().find(|l| text(l, "/ifname") == "va").map(|l| number(l, "/ifindex"));
        let sent = out.iter().find(|(n, _)| Some(u64::from(n.0)) == va).expect("va").1;
        assert!(sent.tx_packets > 0, "something was counted at all");
    });
}

/// A watch that runs until dropped, with all it said.
struct Watched {
    updates: UnboundedReceiver<NetlinkUpdate>,
    nudges: UnboundedSender<NetlinkNudge>,
    last: Option<NetlinkState>,
    events: Vec<Event>,
    states: usize,
}

impl Watched {
    fn start() -> Self {
        let (out, updates) = unbounded_channel();
        let (nudges, nudged) = unbounded_channel();
        tokio::task::spawn_local(watch(out, nudged, Duration::ZERO));
        Watched { updates, nudges, last: None, events: Vec::new(), states: 0 }
    }

    async fn next(&mut self, within: Duration) -> bool {
        match tokio::time::timeout(within, self.updates.recv()).await {
            Ok(Some(NetlinkUpdate::State(state))) => {
                self.last = Some(state);
                self.states += 1;
                true
            }
            Ok(Some(NetlinkUpdate::Events(events))) => {
                self.events.extend(events);
                true
            }
            Ok(None) => panic!("the watch has ended"),
            Err(_) => false,
        }
    }

    async fn until(&mut self, what: &str, holds: impl Fn(&Watched) -> bool) {
        let started = Instant::now();
        while !holds(self) {
            let left = DEADLINE.saturating_sub(started.elapsed());
            assert!(self.next(left).await, "never came: {what}; {:?}; {:?}", told(&self.events), self.last);
        }
    }

    /// Waits for an event and for the picture after it.
    async fn event(&mut self, wanted: &str) {
        self.until(wanted, |w| told(&w.events).iter().any(|e| e.starts_with(wanted))).await;
    }

    /// Waits until nothing has come for a while.
    async fn settle(&mut self) {
        while self.next(Duration::from_millis(400)).await {}
    }
}

fn told(events: &[Event]) -> Vec<String> {
    events.iter().map(|e| format!("{} {} {}: {}", e.class, e.action.raw(), e.name.raw(), e.text.raw())).collect()
}

fn watching(test: impl AsyncFnOnce(&mut Watched)) {
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime(), async {
        let mut watched = Watched::start();
        test(&mut watched).await;
    });
}

#[test]
#[ignore = "needs root"]
fn changes_are_told_and_k08_a_reissued_index_is_another_interface() {
    on_a_host("changes", |rig| {
        let a = rig.container("a");
        let (host, inner) = (rig.host(), Rig::inode(&a));
        ip("link add br0 type bridge");
        watching(async |w| {
            w.until("the whole picture", |w| w.last.as_ref().is_some_and(|s| s.links.iter().any(|l| l.netns == inner)))
                .await;
            ip("link add v0 index 500 type veth peer name v1");
            w.event("link added v0: was added (veth)").await;
            ip("link set v0 master br0 up");
            ip("link set v1 up");
            w.event("link up v0").await;
            w.event("link attached v0: joined br0").await;
            // A port that leaves its bridge is not a device that went.
            ip("link set v0 nomaster");
            w.event("link detached v0: left br0").await;
            assert!(!told(&w.events).iter().any(|e| e.starts_with("link removed v0")));
            ip("link set v0 down");
            w.event("link down v0: was set down").await;
            ip("link set v0 name v9");
            w.event("link renamed v9: was called v0").await;
            ip(&format!("link set v1 netns {a}"));
            w.event(&format!("link moved v1: moved here from network namespace {host}")).await;
            ip(&format!("-n {a} addr add 10.8.0.2/24 dev v1"));
            w.event("address added v1: address 10.8.0.2/24 was added").await;
            w.until("the address inside", |w| {
                let link = w.last.as_ref().and_then(|s| named(s, inner, "v1"));
                link.is_some_and(|l| l.addresses.iter().any(|a| a.cidr.to_string() == "10.8.0.2/24"))
            })
            .await;
            ip("addr add 10.9.0.1/24 dev br0");
            ip("link set br0 up");
            ip("route add 10.99.0.0/16 via 10.9.0.7");
            w.event("route added br0: route 10.99.0.0/16 via 10.9.0.7 dev br0 was added").await;
            w.settle().await;
            w.events.clear();
            // Within one burst: the index goes to something else.
            ip("link del v9");
            ip("link add v9 index 500 type veth peer name v8");
            w.event("link removed v9").await;
            w.event("link added v9").await;
        });
    });
}

#[test]
#[ignore = "needs root"]
fn a_namespace_without_an_id_is_found_when_containers_come() {
    on_a_host("nudge", |rig| {
        watching(async |w| {
            w.settle().await;
            let lonely = rig.container("lonely");
            let inode = Rig::inode(&lonely);
            w.nudges.send(NetlinkNudge::Containers).expect("sends");
            w.until("the new namespace", |w| w.last.as_ref().is_some_and(|s| named(s, inode, "lo").is_some())).await;
            ip(&format!("netns del {lonely}"));
            w.nudges.send(NetlinkNudge::Containers).expect("sends");
            w.until("its end", |w| w.last.as_ref().is_some_and(|s| !s.netns.iter().any(|n| n.inode == inode))).await;
        });
    });
}

#[test]
#[ignore = "needs root"]
fn the_forwarding_database_is_read_for_whoever_looks() {
    on_a_host("fdb", |rig| {
        populate(rig);
        watching(async |w| {
            w.settle().await;
            run("bridge", "fdb add 02:00:00:00:00:99 dev va master static");
            w.nudges.send(NetlinkNudge::Fdb(true)).expect("sends");
            w.until("the entry", |w| {
                let entries = w.last.as_ref().map(|s| s.fdb.clone()).unwrap_or_default();
                entries
                    .iter()
                    .any(|e| e.mac.to_string() == "02:00:00:00:00:99" && e.bridge.is_some() && e.state == "static")
            })
            .await;
        });
    });
}

#[test]
#[ignore = "needs root"]
fn in_a_steady_state_nothing_is_read_and_parts_are_shared() {
    on_a_host("steady", |rig| {
        populate(rig);
        watching(async |w| {
            // Addresses are announced once more when the kernel has made sure that they are nobody else's.
            let started = Instant::now();
            while w.next(Duration::from_secs(4)).await {
                assert!(started.elapsed() < DEADLINE, "nothing changed, and yet: {:?}", told(&w.events));
            }
            // Other hosts of this machine may change while it is read: then it is read again.
            loop {
                let before = w.last.clone().expect("a picture");
                w.nudges.send(NetlinkNudge::Refresh).expect("sends");
                assert!(w.next(DEADLINE).await);
                let after = w.last.clone().expect("a picture");
                assert!(after.read_at > before.read_at);
                if before.links == after.links && before.routes == after.routes {
                    assert!(std::sync::Arc::ptr_eq(&before.links, &after.links));
                    assert!(std::sync::Arc::ptr_eq(&before.routes, &after.routes));
                    return;
                }
                assert!(started.elapsed() < DEADLINE, "nothing changed, and yet it differs each time");
            }
        });
    });
}

#[test]
#[ignore = "needs root"]
fn k09_pictures_are_consistent_while_200_veths_a_second_come_and_go() {
    on_a_host("churn", |rig| {
        populate(rig);
        watching(async |w| {
            w.settle().await;
            let rounds = 40;
            let (done, mut finished) = tokio::sync::oneshot::channel();
            let netns = File::open(Rig::path(&rig.name)).expect("open");
            let churn = std::thread::spawn(move || {
                nix::sched::setns(netns, nix::sched::CloneFlags::CLONE_NEWNET).expect("enter");
                let started = Instant::now();
                for round in 0..rounds {
                    let mut batch = String::new();
                    for n in 0..5 {
                        let name = round * 5 + n;
                        batch += &format!("link add c{name} type veth peer name d{name}\n");
                        if name >= 20 {
                            batch += &format!("link del c{}\n", name - 20);
                        }
                    }
                    let file = tempfile::NamedTempFile::new().expect("a file");
                    std::fs::write(file.path(), batch).expect("writes");
                    ip(&format!("-batch {}", file.path().display()));
                    std::thread::sleep(
                        (started + Duration::from_millis(25) * (round + 1)).saturating_duration_since(Instant::now()),
                    );
                }
                let _ = done.send(started.elapsed());
            });
            let mut checked = 0;
            while finished.try_recv().is_err() {
                if !w.next(Duration::from_millis(500)).await {
                    continue;
                }
                let Some(state) = w.last.clone().filter(|s| !s.reason.contains("came and went")) else { continue };
                let ours: Vec<_> = state.links.iter().filter(|l| l.netns == rig.host()).collect();
                checked += 1;
                for link in ours.iter().filter(|l| l.name.raw().starts_with('c')) {
                    let other = format!("d{}", &link.name.raw()[1..]);
                    let other = named(&state, rig.host(), &other)
                        .unwrap_or_else(|| panic!("{} without {other}", link.name.raw()));
                    assert_eq!(link.peer.as_ref().map(|p| p.ifindex), Some(other.ifindex));
                    assert_eq!(other.peer.as_ref().map(|p| p.ifindex), Some(link.ifindex));
                }
            }
            churn.join().expect("the churn");
            assert!(checked >= 5, "pictures under churn: {checked}");
            w.until("the last state", |w| {
                let links = w.last.as_ref().map(|s| s.links.clone()).unwrap_or_default();
                let names: BTreeSet<_> =
                    links.iter().filter(|l| l.netns == rig.host()).map(|l| l.name.raw().to_owned()).collect();
                let theirs = ip_json("-j link");
                names == theirs.iter().map(|l| text(l, "/ifname").to_owned()).collect()
            })
            .await;
        });
    });
}

/// Removes what runs on by itself: timers and lifetimes.
fn stop_clocks(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.ends_with("_timer") && !name.ends_with("life_time"));
            fields.values_mut().for_each(stop_clocks);
        }
        Value::Array(all) => all.iter_mut().for_each(stop_clocks),
        _ => {}
    }
}

/// Every namespace of the machine, read from the one the test is started in, against `ip` run inside each. Meant for a
/// host with containers: start the test there.
#[test]
#[ignore = "needs root"]
fn all_namespaces_of_this_machine_agree_with_ip() {
    let state = now();
    let mut compared = 0;
    for netns in state.netns.iter().filter(|n| n.links_gap.is_none()) {
        let process = netns.processes.known().and_then(|pids| pids.first().copied());
        let ways = netns.names.first().map(|n| n.raw().to_owned()).or(process.map(|pid| format!("/proc/{pid}/ns/net")));
        let Some(way) = ways.filter(|_| !netns.is_ours).or(netns.is_ours.then(|| "/proc/self/ns/net".to_owned()))
        else {
            continue;
        };
        let inside = || -> Option<Vec<Value>> {
            let arguments = format!("--net={way} ip -d -j addr");
            let output = Command::new("nsenter").args(arguments.split(' ')).output().ok()?;
            let mut links: Vec<Value> = serde_json::from_slice(&output.stdout).ok()?;
            links.iter_mut().for_each(stop_clocks);
            Some(links)
        };
        // What changes or goes meanwhile can't be compared; the rigs above see to change.
        let (before, state, after) = (inside(), now(), inside());
        let Some(theirs) = after.filter(|after| Some(after) == before.as_ref()) else { continue };
        let ours: Vec<_> = state.links.iter().filter(|l| l.netns == netns.inode).collect();
        assert_eq!(ours.len(), theirs.len(), "{netns:?}");
        for (ours, one) in ours.into_iter().zip(&theirs) {
            compare(ours, one, &theirs);
        }
        compared += 1;
    }
    assert!(compared > 0);
    println!("{compared} of {} namespaces, {} links, {}", state.netns.len(), state.links.len(), state.reason);
}

/// Whatever the rights: each namespace is read or says why not. Run as a user without rights by the test below.
#[test]
#[ignore = "needs root"]
fn every_namespace_is_read_or_is_a_gap() {
    let state = now();
    let may_not = std::env::var("BWNL_WITHOUT_RIGHTS_IN").ok();
    for netns in &*state.netns {
        let is_read = state.links.iter().any(|l| l.netns == netns.inode && l.kind == "loopback");
        assert_eq!(is_read, netns.links_gap.is_none(), "{netns:?}");
        if let Some(gap) = netns.links_gap.as_ref().filter(|_| may_not.is_some()) {
            assert_eq!(gap.kind, GapKind::Permission, "{gap:?}");
            assert!(gap.lift.as_deref().is_some_and(|lift| lift.contains("CAP_SYS_ADMIN")), "{gap:?}");
        }
    }
    let Some(other) = may_not else { return };
    let other = state.netns.iter().find(|n| n.inode.to_string() == other).expect("its mount is in sight");
    assert!(
        other.links_gap.is_some() && other.processes.known().is_none() && other.process_count.known().is_none(),
        "{other:?}"
    );
    let ours = state.netns.iter().find(|n| n.is_ours).expect("ours");
    assert!(named(&state, ours.inode, "va").is_some());
    assert_eq!(state.state, SourceState::Partial);
    assert!(state.reason.contains("CAP_"), "{}", state.reason);
}

#[test]
#[ignore = "needs root"]
fn k02_without_rights_other_namespaces_are_gaps_and_never_ours() {
    on_a_host("rights", |rig| {
        let (a, _) = populate(rig);
        // Where it is built nobody else may have access.
        let directory = tempfile::Builder::new().prefix("bwnl-").tempdir_in("/tmp").expect("a directory");
        run("chmod", &format!("755 {}", directory.path().display()));
        let program = directory.path().join("test");
        std::fs::copy(std::env::current_exe().expect("a path"), &program).expect("copies");
        let output = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"])
            .arg(&program)
            .args(["--exact", "--ignored", "every_namespace_is_read_or_is_a_gap"])
            .env("BWNL_WITHOUT_RIGHTS_IN", Rig::inode(&a).to_string())
            .output()
            .expect("starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    });
}
