//! Readers against the running kernel and an engine, compared with the tools an operator would use.
//!
//! They need root and run within a lab: `nsenter --net=/run/netns/NAME env DOCKER_HOST=… cargo test -- --ignored live`.

use super::*;
use crate::model::{ContainerId, Engine, Fact, Locality, NsKind};
use std::collections::BTreeSet;
use std::process::Command;

fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().expect("the program runs");
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

struct Live {
    id: ContainerId,
    name: String,
    pid: Pid,
    inspect: serde_json::Value,
}

fn containers() -> Vec<Live> {
    let ids = run("docker", &["ps", "-q", "--no-trunc"]);
    let mut args = vec!["inspect"];
    args.extend(ids.lines());
    let all: Vec<serde_json::Value> = serde_json::from_str(&run("docker", &args)).expect("inspect");
    // One that the engine restarts all the time may be gone at any moment of the test.
    let is_steady =
        |inspect: &serde_json::Value| inspect["State"]["Restarting"] == false && inspect["RestartCount"] == 0;
    let live: Vec<Live> = all
        .into_iter()
        .filter(is_steady)
        .map(|inspect| Live {
            id: inspect["Id"].as_str().expect("an id").into(),
            name: inspect["Name"].as_str().expect("a name").trim_start_matches('/').to_owned(),
            pid: Pid(inspect["State"]["Pid"].as_i64().expect("a pid") as i32),
            inspect,
        })
        .collect();
    assert!(!live.is_empty(), "the lab has no running container");
    live
}

fn facts(live: &Live, depth: Depth) -> crate::model::KernelFacts {
    let root = ProcRoot::default();
    let mounts = CgroupMounts::read(&root).expect("mounts");
    container_facts(&root, &mounts, &live.id, live.pid, depth).expect("facts")
}

// Not by lsns: it gives up when one process of the host has a name such as that of the lab's `trickster`.
#[test]
#[ignore = "needs root and a lab"]
fn live_namespaces_are_those_of_stat() {
    for live in containers() {
        let facts = facts(&live, Depth::Quick);
        for kind in NsKind::ALL {
            let path = format!("/proc/{}/ns/{}", live.pid, kind.as_str());
            let inode = run("stat", &["-L", "-c", "%i", &path]);
            assert_eq!(facts.namespaces[&kind].get().expect("seen").to_string(), inode, "{} {kind:?}", live.name);
        }
    }
}

#[test]
#[ignore = "needs root and a lab"]
fn live_limits_processes_and_files_are_the_engines() {
    for live in containers() {
        let facts = facts(&live, Depth::Full);
        let limit = facts.limits.memory.known().unwrap_or_else(|| panic!("{}: {:?}", live.name, facts.limits.memory));
        let asked = live.inspect["HostConfig"]["Memory"].as_u64().unwrap_or(0);
        if asked > 0 {
            assert_eq!(limit.as_ref().map(|(bytes, _)| *bytes), Some(asked), "{}", live.name);
        }
        let mut pids: Vec<i32> = run("docker", &["top", live.id.as_str(), "-eo", "pid"])
            .lines()
            .skip(1)
            .map(|line| line.trim().parse().expect("a pid"))
            .collect();
        pids.sort_unstable();
        let seen: Vec<i32> = facts.processes.known().expect("processes").iter().map(|p| p.pid.0).collect();
        assert!(seen.contains(&live.pid.0), "{}", live.name);
        // Short-lived children may come and go between the two looks.
        let common = seen.iter().filter(|pid| pids.contains(pid)).count();
        assert!(common > 0 && common + 2 >= seen.len(), "{}: {seen:?} {pids:?}", live.name);
        if let Some(path) = live.inspect["HostsPath"].as_str().filter(|path| !path.is_empty()) {
            let wanted = std::fs::read_to_string(path).expect("the engine's copy");
            assert_eq!(facts.hosts.known().expect("hosts").raw(), wanted, "{}", live.name);
        }
        assert!(facts.mounts.known().expect("mounts").iter().any(|mount| mount.mount_point == "/"));
        assert!(facts.rlimits.known().expect("limits").contains_key("Max open files"));
        assert!(facts.uid_map.known().is_some_and(|map| !map.is_empty()));
    }
}

#[test]
#[ignore = "needs root and a lab"]
fn live_routes_and_forwarding_are_those_inside() {
    for live in containers() {
        let facts = facts(&live, Depth::Full);
        let pid = live.pid.to_string();
        let table = run("nsenter", &["-t", &pid, "-n", "ip", "-j", "-4", "route", "show", "table", "main"]);
        let wanted: Vec<serde_json::Value> = serde_json::from_str(&table).expect("json");
        let routes = facts.routes.known().expect("routes");
        assert_eq!(routes.iter().filter(|route| route.dst.addr.is_ipv4()).count(), wanted.len(), "{}", live.name);
        let default = wanted.iter().find(|route| route["dst"] == "default").and_then(|route| route["gateway"].as_str());
        let seen = routes.iter().find(|route| route.dst.is_default() && route.dst.addr.is_ipv4());
        assert_eq!(seen.and_then(|route| route.gateway).map(|ip| ip.to_string()).as_deref(), default, "{}", live.name);
        assert!(seen.is_none_or(|route| route.oif.is_some()), "{}", live.name);
        let wanted = run("nsenter", &["-t", &pid, "-n", "cat", "/proc/sys/net/ipv4/ip_forward"]) == "1";
        assert_eq!(facts.ip_forward, Fact::Known(wanted), "{}", live.name);
    }
}

fn sockets_of_ss(pid: &str) -> BTreeSet<String> {
    let table = run("nsenter", &["-t", pid, "-n", "ss", "-lntuH"]);
    let row = |line: &str| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let addr = words[4].replace("*:", "[::]:").replace("%lo", "");
        (words[1] != "ESTAB")
            .then(|| format!("{} {}", words[0], addr.replace("[::ffff:", "").replace("]:", ":").replace('[', "")))
    };
    table.lines().filter_map(row).collect()
}

#[test]
#[ignore = "needs root and a lab"]
fn live_listeners_are_those_of_ss() {
    let root = ProcRoot::default();
    let daemon = lab_daemon();
    for live in containers() {
        let facts = facts(&live, Depth::Full);
        let netns = facts.namespaces[&NsKind::Net].get().expect("a namespace");
        let scan = scan_listeners(&root, netns, Via::Process(live.pid));
        let mut listeners = scan.listeners.known().expect("listeners").clone();
        let seen: BTreeSet<String> = listeners.iter().map(|l| format!("{} {}:{}", l.proto, l.addr, l.port)).collect();
        assert_eq!(seen, sockets_of_ss(&live.pid.to_string()), "{}", live.name);
        let mut candidates: Vec<Pid> = facts.processes.known().expect("processes").iter().map(|p| p.pid).collect();
        candidates.extend(daemon.pid);
        assign_owners(&root, &candidates, &mut listeners);
        for listener in listeners.iter().filter(|l| l.addr.to_string() == "127.0.0.11") {
            let owner = listener.owner.known().cloned().flatten().expect("an owner");
            assert_eq!(owner.process, "dockerd", "K14: {}", live.name);
        }
    }
}

#[test]
#[ignore = "needs root and a lab"]
fn live_owners_are_those_of_ss() {
    let root = ProcRoot::default();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let v6 = std::net::TcpListener::bind("[::]:0").expect("a listener");
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let ours = namespace(&root.proc.join("self"), NsKind::Net).get().expect("ours");
    let mut listeners = scan_listeners(&root, ours, Via::Ourselves).listeners.known().expect("listeners").clone();
    assign_owners(&root, &all_pids(&root).expect("pids"), &mut listeners);
    for addr in [tcp.local_addr(), v6.local_addr(), udp.local_addr()].map(|addr| addr.expect("an address")) {
        let seen = listeners.iter().find(|l| l.addr == addr.ip() && l.port == addr.port()).expect("seen");
        let owner = seen.owner.known().cloned().flatten().expect("an owner");
        assert_eq!(owner.pid.0 as u32, std::process::id(), "{addr}");
    }
    let table = run("ss", &["-lntupH"]);
    for listener in &listeners {
        let port = format!(":{} ", listener.port);
        let Fact::Known(Some(owner)) = &listener.owner else { panic!("no owner: {listener:?}") };
        let pid = format!("pid={},", owner.pid);
        assert!(table.lines().any(|line| line.contains(&port) && line.contains(&pid)), "{listener:?}\n{table}");
    }
}

fn lab_daemon() -> crate::model::Daemon {
    let root_dir = run("docker", &["info", "-f", "{{.DockerRootDir}}"]);
    let socket = std::env::var("DOCKER_HOST").expect("the lab's DOCKER_HOST");
    let hints = DaemonHints { root_dir: Some(root_dir), socket: socket.strip_prefix("unix://").map(str::to_owned) };
    find_daemon(&ProcRoot::default(), &hints).expect("the lab's daemon")
}

#[test]
#[ignore = "needs root and a lab"]
fn live_the_daemon_and_its_proxies() {
    let root = ProcRoot::default();
    let daemon = lab_daemon();
    let root_dir = run("docker", &["info", "-f", "{{.DockerRootDir}}"]);
    let given = effective::setting(&daemon, "data-root").known().cloned().expect("known");
    let given = given.and_then(|setting| setting.last().map(str::to_owned));
    assert_eq!(given.unwrap_or_else(|| "/var/lib/docker".to_owned()), root_dir);
    assert_eq!(daemon.net_ns, namespace(&root.proc.join("self"), NsKind::Net), "run this within the lab's namespace");
    let proxies = daemon.proxies.known().expect("proxies");
    for live in containers() {
        let ports = live.inspect["NetworkSettings"]["Ports"].as_object().cloned().unwrap_or_default();
        for (port, bindings) in ports.iter().filter_map(|(port, bound)| Some((port, bound.as_array()?))) {
            for binding in bindings {
                let host_port: u16 = binding["HostPort"].as_str().expect("a port").parse().expect("a number");
                let host_ip = binding["HostIp"].as_str().expect("an address");
                let found = proxies.iter().find(|p| {
                    p.host_port == host_port && p.host_ip.to_string() == host_ip && port.ends_with(p.proto.as_str())
                });
                let found = found.unwrap_or_else(|| panic!("{}: {port} {binding}: {proxies:?}", live.name));
                assert!(port.starts_with(&found.container_port.to_string()));
            }
        }
    }
}

#[test]
#[ignore = "needs root and a lab"]
fn live_the_lab_is_proven_to_be_on_this_host() {
    let root = ProcRoot::default();
    let running: Vec<Running> = containers()
        .iter()
        .map(|live| Running {
            id: live.id.clone(),
            pid: live.pid,
            started_at: live.inspect["State"]["StartedAt"].as_str().and_then(|at| at.parse().ok()),
        })
        .collect();
    assert!(running.iter().all(|running| running.started_at.is_some()));
    let seen = locality(&root, &running[..1], &Engine::default(), &host_facts(&root));
    assert!(matches!(seen, Locality::Local { .. }), "{seen:?}");
}

#[test]
#[ignore = "needs root and a lab"]
fn live_the_host_is_the_engines_host() {
    let host = host_facts(&ProcRoot::default());
    let info: serde_json::Value = serde_json::from_str(&run("docker", &["info", "-f", "{{json .}}"])).expect("info");
    assert_eq!(info["Name"], host.name.raw());
    assert_eq!(info["KernelVersion"], host.kernel);
    assert_eq!(info["NCPU"], host.cpus);
    assert_eq!(info["MemTotal"], host.memory_bytes);
    let version = host.cgroup_version.get().expect("a version");
    assert_eq!(info["CgroupVersion"] == "2", version == crate::model::CgroupVersion::V2, "{version:?}");
    let has_apparmor = info["SecurityOptions"].to_string().contains("name=apparmor");
    assert_eq!(host.lsm.known().expect("modules").iter().any(|name| name == "apparmor"), has_apparmor);
    assert_eq!(host.sysctls["net.ipv4.ip_forward"], Fact::Known(run("sysctl", &["-n", "net.ipv4.ip_forward"])));
    assert!(host.rights.uid == 0 && host.rights.user == "root" && !host.boot_id.is_empty());
    for live in containers() {
        let label = facts(&live, Depth::Full).lsm_label;
        let wanted = live.inspect["AppArmorProfile"].as_str().unwrap_or_default();
        match label {
            Fact::Known(label) => assert!(label.raw().starts_with(wanted), "{}: {label:?} {wanted}", live.name),
            Fact::Unknown { unknown } => assert!(!has_apparmor && wanted.is_empty(), "{unknown:?}"),
        }
    }
}

fn netns_of(root: &ProcRoot, pid: Pid) -> crate::model::NsInode {
    namespace(&root.proc.join(pid.0.to_string()), NsKind::Net).get().expect("a namespace")
}

#[test]
#[ignore = "needs root and a lab; prints what the readings cost"]
fn live_cost() {
    let root = ProcRoot::default();
    let all = containers();
    let per = |name: &str, count: usize, work: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        for _ in 0..20 {
            work();
        }
        println!("{name}: {} µs each", start.elapsed().as_micros() / 20 / count.max(1) as u128);
    };
    let mounts = CgroupMounts::read(&root).expect("mounts");
    for depth in [Depth::Quick, Depth::Full] {
        per(&format!("{depth:?}"), all.len(), &mut || {
            for live in &all {
                let _ = container_facts(&root, &mounts, &live.id, live.pid, depth);
            }
        });
    }
    let of_all = |name: &str, work: &dyn Fn(&Live, crate::model::NsInode)| {
        let all: Vec<_> = all.iter().map(|live| (live, netns_of(&root, live.pid))).collect();
        per(name, all.len(), &mut || all.iter().for_each(|(live, netns)| work(live, *netns)));
    };
    of_all("processes", &|live, _| {
        let cgroups = cgroup_paths::process_cgroups(&root, live.pid).expect("cgroups");
        for pid in members(&mounts, &cgroups, &live.id).expect("members") {
            let _ = process(&root, pid);
        }
    });
    of_all("members", &|live, _| {
        let cgroups = cgroup_paths::process_cgroups(&root, live.pid).expect("cgroups");
        let _ = members(&mounts, &cgroups, &live.id);
    });
    of_all("routes", &|live, netns| drop(routes::routes(&root, live.pid, netns)));
    of_all("ip_forward", &|live, netns| drop(inside::ip_forward(&root, live.pid, netns)));
    of_all("hosts", &|live, _| drop(beneath::small_file(&root, live.pid, "/etc/hosts")));
    of_all("rlimits", &|live, _| drop(rights::rlimits(&root, live.pid)));
    per("host", 1, &mut || drop(host_facts(&root)));
    per("proxies", 1, &mut || drop(proxies(&root, None)));
    let ours = namespace(&root.proc.join("self"), NsKind::Net).get().expect("ours");
    per("listeners of each container", all.len(), &mut || {
        for live in &all {
            let directory = root.proc.join(live.pid.to_string());
            let netns = namespace(&directory, NsKind::Net).get().expect("a namespace");
            scan_listeners(&root, netns, Via::Process(live.pid));
        }
    });
    per("listeners", 1, &mut || drop(scan_listeners(&root, ours, Via::Ourselves)));
    let mut listeners = scan_listeners(&root, ours, Via::Ourselves).listeners.known().expect("listeners").clone();
    let pids = all_pids(&root).expect("pids");
    per(&format!("owners among {} processes", pids.len()), 1, &mut || assign_owners(&root, &pids, &mut listeners));
}

#[test]
#[ignore = "needs a plain user: run the test binary under `setpriv --reuid=65534 --clear-groups`"]
fn plain_k01_what_is_hidden_is_a_gap_with_a_remedy() {
    assert!(!nix::unistd::geteuid().is_root(), "run this as a plain user");
    let root = ProcRoot::default();
    let host = host_facts(&root);
    let is_gap = |gap: Option<&std::sync::Arc<crate::model::Gap>>| {
        gap.is_some_and(|gap| gap.kind == crate::model::GapKind::Permission && gap.lift.is_some())
    };
    assert!(is_gap(host.init_namespaces[&NsKind::Net].why()), "{:?}", host.init_namespaces);
    assert!(host.namespaces[&NsKind::Net].known().is_some());
    let mounts = CgroupMounts::read(&root).expect("mounts");
    // Any process of root does for a container.
    let facts = container_facts(&root, &mounts, &"cgroup:/".into(), Pid(1), Depth::Full).expect("facts");
    assert!(is_gap(facts.namespaces[&NsKind::Net].why()));
    assert!(is_gap(facts.routes.why()) && is_gap(facts.hosts.why()), "{:?} {:?}", facts.routes, facts.hosts);
    assert!(facts.processes.known().is_some_and(|processes| !processes.is_empty()), "{:?}", facts.processes);
    let mut listeners = vec![crate::model::Listener {
        netns: crate::model::NsInode(1),
        proto: crate::model::Proto::Tcp,
        addr: std::net::Ipv4Addr::LOCALHOST.into(),
        port: 1,
        v6_only: None,
        inode: 1,
        uid: 0,
        owner: Fact::default(),
    }];
    assign_owners(&root, &[Pid(1)], &mut listeners);
    assert!(is_gap(listeners[0].owner.why()), "nobody listens? {:?}", listeners[0].owner);
}

#[test]
#[ignore = "needs a lab, and root without a capability: run the test binary under `capsh --drop=cap_sys_admin --`"]
fn dropped_k02_a_namespace_that_may_not_be_entered_is_a_gap_and_never_the_hosts() {
    let root = ProcRoot::default();
    assert!(!host_facts(&root).rights.has(21), "run this without CAP_SYS_ADMIN");
    let ours = netns_of(&root, Pid(std::process::id() as i32));
    let live = containers().into_iter().find(|live| netns_of(&root, live.pid) != ours).expect("a container of its own");
    let facts = facts(&live, Depth::Full);
    let gap = facts.ip_forward.why().expect("a gap");
    assert!(gap.kind == crate::model::GapKind::Permission && gap.lift.is_some(), "{gap:?}");
    // The files of procfs still tell its sockets.
    let scan = scan_listeners(&root, netns_of(&root, live.pid), Via::Process(live.pid));
    let seen = scan.listeners.known().expect("listeners").len();
    let table = run("cat", &[&format!("/proc/{}/net/tcp", live.pid), &format!("/proc/{}/net/udp", live.pid)]);
    assert!(table.lines().filter(|line| line.contains(" 0A ") || line.contains(" 07 ")).count() <= seen);
}
