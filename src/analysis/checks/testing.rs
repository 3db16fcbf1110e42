//! Synthetic hosts for the tests of checks: a default engine and default containers, changed by closures.
//!
//! `Host::with(container().config(|c| c.privileged = true))` is a host with one running container named `web` that
//! has the engine's defaults but for that.

use super::{Check, Decide, Evidence, Severity, Status, Verdict};
use crate::model::*;
use crate::text::Outside;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Inode of the network namespace of the engine, and of bridgewatch.
pub const HOST_NS: NsInode = NsInode(1);
/// Wall clock of every synthetic snapshot.
pub fn now() -> Timestamp {
    "2026-01-10T12:00:00Z".parse().expect("a timestamp")
}

/// A container under construction.
#[derive(Clone)]
pub struct Draft {
    pub container: Container,
    pub config: Config,
    pub kernel: Option<KernelFacts>,
    unread: bool,
}

/// A running container with the engine's defaults.
pub fn container() -> Draft {
    named("web")
}

/// The same with a name.
pub fn named(name: &str) -> Draft {
    let id = ContainerId::from(super::key::key(&[name]).repeat(2));
    let mut container = Container::named(id.as_str(), name);
    container.state = State::Running;
    container.image = "example/app:1".into();
    container.created_at = now().checked_sub(jiff::SignedDuration::from_hours(48)).ok();
    container.started_at = now().checked_sub(jiff::SignedDuration::from_hours(24)).ok();
    container.pid = Some(Pid(1000));
    container.network_mode = NetworkMode::Networks;
    container.restart_count = Fact::Known(0);
    let strings = |list: &[&str]| Some(list.iter().map(|s| (*s).to_owned()).collect());
    let mut masked: Vec<&str> = super::known::ports::MASKED.to_vec();
    masked.push("/proc/asound");
    let config = Config {
        masked_paths: strings(&masked),
        readonly_paths: strings(&super::known::ports::READ_ONLY),
        apparmor_profile: "docker-default".into(),
        network_mode: "default".into(),
        ipc_mode: "private".into(),
        cgroupns_mode: "private".into(),
        runtime: "runc".into(),
        ..Config::default()
    };
    let kernel = kernel_facts(&id);
    Draft { container, config, kernel: Some(kernel), unread: false }
}

fn kernel_facts(id: &ContainerId) -> KernelFacts {
    let namespaces = NsKind::ALL
        .iter()
        .map(|kind| (*kind, Fact::Known(NsInode(if *kind == NsKind::User { 5 } else { 100 + *kind as u64 }))))
        .collect();
    KernelFacts {
        id: id.clone(),
        pid: Pid(1000),
        start_ticks: 1,
        namespaces,
        cgroups: Fact::Known([("".into(), format!("/docker/{}", id.as_str()).into())].into()),
        limits: CgroupLimits {
            memory: Fact::Known(None),
            pids: Fact::Known(None),
            cpu: Fact::Known(None),
            cpuset: Fact::Known("0-1".into()),
            weight: Fact::Known(100),
        },
        processes: Fact::Known(vec![process(1000)]),
        uid_map: Fact::Known(vec![(0, 0, u32::MAX)]),
        lsm_label: Fact::Known("docker-default (enforce)".into()),
        mounts: Fact::Known(vec![
            mount_row("/", "overlay", "rw,relatime"),
            mount_row("/proc", "proc", "rw,nosuid"),
            mount_row("/proc/sys", "proc", "ro,nosuid"),
            mount_row("/proc/kcore", "tmpfs", "rw,nosuid"),
            mount_row("/sys", "sysfs", "ro,nosuid"),
            mount_row("/sys/fs/cgroup", "cgroup2", "ro,nosuid"),
        ]),
        rlimits: Fact::Known(Arc::new(BTreeMap::from([("Max open files".into(), (Some(1_048_576), Some(1_048_576)))]))),
        routes: Fact::Known(Vec::new()),
        ip_forward: Fact::Known(false),
        resolv_conf: Fact::Known("nameserver 127.0.0.11\n".into()),
        hosts: Fact::Known("".into()),
        hostname: Fact::Known("".into()),
    }
}

/// A row of the mount table.
pub fn mount_row(at: &str, fstype: &str, options: &str) -> MountInfo {
    MountInfo {
        device: "0:1".into(),
        root: "/".into(),
        mount_point: at.into(),
        options: options.into(),
        propagation: "".into(),
        fstype: fstype.into(),
        source: fstype.into(),
        super_options: "rw".into(),
    }
}

/// A process that runs as root with the default capabilities.
pub fn process(pid: i32) -> Process {
    let mask = super::known::caps::DEFAULT;
    Process {
        pid: Pid(pid),
        ppid: Pid(1),
        inner_pid: Some(1),
        start_ticks: 1,
        comm: "app".into(),
        cmdline: "/app".into(),
        state: 'S',
        uids: [0; 4],
        threads: 1,
        rss_bytes: 0,
        cpu_ticks: 0,
        caps: Caps { inheritable: 0, permitted: mask, effective: mask, bounding: mask, ambient: 0 },
        no_new_privs: Some(false),
        seccomp: Some(2),
        net_ns: Fact::Known(NsInode(100)),
        pid_ns: Fact::Known(NsInode(101)),
        mnt_ns: Fact::Known(NsInode(102)),
        exe: Fact::Known("/app".into()),
    }
}

/// A bind mount.
pub fn bind(source: &str, destination: &str, rw: bool) -> Mount {
    Mount {
        kind: "bind".into(),
        name: None,
        source: Some(source.into()),
        destination: destination.into(),
        driver: None,
        mode: String::new(),
        rw,
        propagation: "rprivate".into(),
    }
}

/// A published port.
pub fn port(host_ip: &str, host_port: u16, container_port: u16) -> PublishedPort {
    PublishedPort {
        proto: Proto::Tcp,
        container_port,
        host_ip: Some(host_ip.parse().expect("ip")),
        host_port: Some(host_port),
    }
}

impl Draft {
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub fn container(mut self, change: impl FnOnce(&mut Container)) -> Self {
        change(&mut self.container);
        self
    }

    pub fn kernel(mut self, change: impl FnOnce(&mut KernelFacts)) -> Self {
        change(self.kernel.as_mut().expect("kernel facts"));
        self
    }

    /// Changes the main process.
    pub fn process(self, change: impl FnOnce(&mut Process)) -> Self {
        self.kernel(|kernel| {
            if let Fact::Known(processes) = &mut kernel.processes {
                change(&mut processes[0]);
            }
        })
    }

    /// Adds a process beside the main one.
    pub fn also(self, change: impl FnOnce(&mut Process)) -> Self {
        self.kernel(|kernel| {
            if let Fact::Known(processes) = &mut kernel.processes {
                let mut more = process(2000);
                change(&mut more);
                processes.push(more);
            }
        })
    }

    /// Not running.
    pub fn stopped(mut self) -> Self {
        self.container.state = State::Exited;
        self.container.pid = None;
        self.kernel = None;
        self
    }

    /// Runs, and nothing of the kernel's side could be read.
    pub fn blind(mut self) -> Self {
        self.kernel = None;
        self
    }

    /// The engine was not asked for its configuration yet.
    pub fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    /// Runs in a network namespace of this inode.
    pub fn netns(self, inode: u64) -> Self {
        self.kernel(|kernel| {
            kernel.namespaces.insert(NsKind::Net, Fact::Known(NsInode(inode)));
            if let Fact::Known(processes) = &mut kernel.processes {
                processes.iter_mut().for_each(|p| p.net_ns = Fact::Known(NsInode(inode)));
            }
        })
    }

    /// Attached to a network with an address.
    pub fn on(mut self, network: &str, address: &str) -> Self {
        self.container.endpoints.push(endpoint(network, address));
        self
    }
}

/// An endpoint on the network of that name.
pub fn endpoint(network: &str, address: &str) -> Endpoint {
    Endpoint {
        network: network.into(),
        network_id: Some(network_id(network)),
        endpoint_id: Some(format!("ep-{network}-{address}")),
        ipv4: Some(address.parse().expect("cidr")),
        ipv6: None,
        gateway: None,
        gateway6: None,
        mac: None,
        aliases: Vec::new(),
        dns_names: Vec::new(),
        links: Vec::new(),
        requested: None,
        gateway_priority: None,
    }
}

/// The id of the network of that name.
pub fn network_id(name: &str) -> NetworkId {
    NetworkId::from(super::key::key(&["network", name]).repeat(2))
}

/// A bridge network whose bridge is named like it.
pub fn network(name: &str, subnet: &str) -> Network {
    let subnet: Cidr = subnet.parse().expect("cidr");
    let gateway = match subnet.network() {
        IpAddr::V4(addr) => IpAddr::V4((u32::from(addr) + 1).into()),
        IpAddr::V6(addr) => IpAddr::V6((u128::from(addr) + 1).into()),
    };
    Network {
        id: network_id(name),
        name: name.into(),
        driver: "bridge".into(),
        scope: "local".into(),
        created_at: None,
        internal: false,
        attachable: false,
        ingress: false,
        ipv6: false,
        pools: vec![Pool { subnet, range: None, gateway: Some(gateway), reserved: BTreeMap::new() }],
        options: [("com.docker.network.bridge.name".to_owned(), Outside::from(name))].into(),
        labels: BTreeMap::new(),
        members: Fact::Known(Vec::new()),
    }
}

/// An interface that is up.
pub fn link(netns: u64, ifindex: u32, name: &str, kind: &str) -> Link {
    Link {
        netns: NsInode(netns),
        ifindex: IfIndex(ifindex),
        name: name.into(),
        alias: None,
        kind: kind.into(),
        mac: Mac(vec![2, 0, 0, 0, netns as u8, ifindex as u8]),
        mtu: 1500,
        operstate: "up".into(),
        is_up: true,
        is_promisc: false,
        promiscuity: 0,
        master: None,
        peer: None,
        addresses: Vec::new(),
        bridge: None,
        port: None,
        details: BTreeMap::new(),
    }
}

/// Gives an interface an address.
pub fn addressed(mut link: Link, cidr: &str) -> Link {
    link.addresses.push(LinkAddress {
        cidr: cidr.parse().expect("cidr"),
        scope: "global".into(),
        label: Outside::default(),
    });
    link
}

/// A listening TCP socket owned by a process.
pub fn listener(netns: u64, addr: &str, port: u16, pid: i32) -> Listener {
    Listener {
        netns: NsInode(netns),
        proto: Proto::Tcp,
        addr: addr.parse().expect("ip"),
        port,
        v6_only: None,
        inode: u64::from(port),
        uid: 0,
        owner: Fact::Known(Some(ProcessRef { pid: Pid(pid), process: "app".into() })),
    }
}

/// A host under construction.
#[derive(Clone)]
pub struct Host(pub Snapshot);

impl Host {
    /// A local Docker engine without containers, with a default bridge and an uplink, all of it readable.
    pub fn new() -> Self {
        let all = |inode: u64| NsKind::ALL.iter().map(|kind| (*kind, Fact::Known(NsInode(inode)))).collect();
        let engine = Engine {
            product: "Docker".into(),
            version: "20.10.24".into(),
            cgroup_version: "2".into(),
            root_dir: "/var/lib/docker".into(),
            security_options: vec!["name=apparmor".into(), "name=seccomp,profile=default".into()],
            swarm_state: "inactive".into(),
            default_runtime: "runc".into(),
            ..Engine::default()
        };
        let daemon = Daemon {
            pid: Some(Pid(500)),
            args: vec!["dockerd".into()],
            net_ns: Fact::Known(HOST_NS),
            config_file: Fact::Known(None),
            tcp_listeners: Fact::Known(Vec::new()),
            proxies: Fact::Known(Vec::new()),
        };
        let sysctls = [
            ("net.ipv4.ip_forward", "1"),
            ("net.ipv6.conf.all.forwarding", "0"),
            ("net.ipv4.ip_unprivileged_port_start", "1024"),
            ("net.bridge.bridge-nf-call-iptables", "1"),
            ("net.bridge.bridge-nf-call-ip6tables", "1"),
            ("net.ipv4.conf.all.route_localnet", "0"),
        ];
        let host = crate::model::Host {
            cgroup_version: Fact::Known(CgroupVersion::V2),
            rights: Rights { uid: 0, user: "root".into(), capabilities: u64::MAX, hidepid: false },
            namespaces: all(HOST_NS.0),
            init_namespaces: all(HOST_NS.0),
            lsm: Fact::Known(vec!["apparmor".into()]),
            sysctls: sysctls.iter().map(|(k, v)| ((*k).to_owned(), Fact::Known((*v).to_owned()))).collect(),
            engine: Fact::Known(engine),
            daemon: Fact::Known(daemon),
            locality: Locality::Local { proof: "synthetic".into() },
            ..crate::model::Host::default()
        };
        let mut bridge = network("bridge", "172.17.0.0/16");
        bridge.options.insert("com.docker.network.bridge.name".into(), "docker0".into());
        bridge.options.insert("com.docker.network.bridge.default_bridge".into(), "true".into());
        bridge.options.insert("com.docker.network.bridge.enable_icc".into(), "true".into());
        let status = |name: &str| SourceStatus {
            name: name.into(),
            state: SourceState::Ok,
            reason: String::new(),
            age_ms: Some(0),
            resyncs: 0,
        };
        Host(Snapshot {
            taken_at: now(),
            at_ns: 1_000_000_000_000,
            host: Arc::new(host),
            sources: Arc::new(vec![status("engine"), status("netlink"), status("proc")]),
            networks: Arc::new(vec![bridge]),
            links: Arc::new(vec![
                link(1, 1, "lo", "loopback"),
                addressed(link(1, 2, "eth0", "ether"), "192.0.2.10/24"),
                addressed(link(1, 3, "docker0", "bridge"), "172.17.0.1/16"),
            ]),
            routes: Arc::new(vec![default_route(1, 2)]),
            firewall: Fact::Known(Arc::new(Firewall::default())),
            ..Snapshot::default()
        })
    }

    /// A host with one container.
    pub fn with(container: Draft) -> Self {
        Host::new().and(container)
    }

    /// One container more.
    pub fn and(mut self, mut one: Draft) -> Self {
        if !one.unread {
            one.container.config = Fact::Known(Arc::new(one.config));
        }
        if let Some(kernel) = one.kernel.filter(|_| one.container.state.has_processes()) {
            Arc::make_mut(&mut self.0.kernel).insert(one.container.id.clone(), Arc::new(kernel));
        }
        let containers = Arc::make_mut(&mut self.0.containers);
        containers.push(Arc::new(one.container));
        containers.sort_by(|a, b| a.id.cmp(&b.id));
        self
    }

    /// Changes the snapshot.
    pub fn snapshot(mut self, change: impl FnOnce(&mut Snapshot)) -> Self {
        change(&mut self.0);
        self
    }

    /// Changes host facts.
    pub fn facts(mut self, change: impl FnOnce(&mut crate::model::Host)) -> Self {
        change(Arc::make_mut(&mut self.0.host));
        self
    }

    /// Changes the engine's facts.
    pub fn engine(self, change: impl FnOnce(&mut Engine)) -> Self {
        self.facts(|host| {
            if let Fact::Known(engine) = &mut host.engine {
                change(engine);
            }
        })
    }

    /// Changes the daemon's facts.
    pub fn daemon(self, change: impl FnOnce(&mut Daemon)) -> Self {
        self.facts(|host| {
            if let Fact::Known(daemon) = &mut host.daemon {
                change(daemon);
            }
        })
    }

    /// Starts the daemon with one argument more.
    pub fn arg(self, arg: &str) -> Self {
        self.daemon(|daemon| daemon.args.push(arg.into()))
    }

    /// Sets a sysctl.
    pub fn sysctl(self, name: &str, value: &str) -> Self {
        self.facts(|host| {
            host.sysctls.insert(name.into(), Fact::Known(value.into()));
        })
    }

    /// One network more.
    pub fn network(mut self, network: Network) -> Self {
        let networks = Arc::make_mut(&mut self.0.networks);
        networks.push(network);
        networks.sort_by(|a, b| a.name.cmp(&b.name));
        self
    }

    /// Changes the network of that name.
    pub fn net(mut self, name: &str, change: impl FnOnce(&mut Network)) -> Self {
        let networks = Arc::make_mut(&mut self.0.networks);
        change(networks.iter_mut().find(|n| n.name == name).expect("the network"));
        self
    }

    /// One interface more.
    pub fn link(mut self, link: Link) -> Self {
        let links = Arc::make_mut(&mut self.0.links);
        links.push(link);
        links.sort_by_key(|l| (l.netns, l.ifindex));
        self
    }

    /// Changes the interface of that name.
    pub fn iface(mut self, name: &str, change: impl FnOnce(&mut Link)) -> Self {
        let links = Arc::make_mut(&mut self.0.links);
        change(links.iter_mut().find(|l| l.name == name).expect("the link"));
        self
    }

    /// Listening sockets of a namespace.
    pub fn sockets(mut self, netns: u64, listeners: Vec<Listener>) -> Self {
        Arc::make_mut(&mut self.0.sockets)
            .push(SocketScan { netns: NsInode(netns), listeners: Fact::Known(listeners) });
        self
    }

    /// The packet filter, from `(table, v6, chain, hook, policy, rules)`; see [`rule`].
    pub fn filter(mut self, tables: Vec<Table>) -> Self {
        self.0.firewall = Fact::Known(Arc::new(Firewall { generation: Some(1), tables, gaps: Vec::new() }));
        self
    }

    /// The engine answers nothing, the daemon was not found.
    pub fn without_engine(self) -> Self {
        self.facts(|host| {
            host.engine = Fact::unknown(GapKind::EngineDown, "connect: no such file");
            host.daemon = Fact::unknown(GapKind::Gone, "no dockerd runs");
        })
    }

    /// The verdict of a check on the container named `web`, on the network named `net` (else the first), or on the
    /// host.
    pub fn ask(&self, check: &Check) -> Verdict {
        let evidence = Evidence::new(&self.0);
        let decision = match check.decide {
            Decide::Container(decide) => {
                let all = &self.0.containers;
                let one = all.iter().find(|c| c.name == "web").or(all.first()).expect("a container");
                decide(&evidence, one)
            }
            Decide::Network(decide) => {
                let all = &self.0.networks;
                decide(&evidence, all.iter().find(|n| n.name == "net").or(all.first()).expect("a network"))
            }
            Decide::Daemon(decide) | Decide::Host(decide) => decide(&evidence),
        };
        decision.unwrap_or_else(|verdict| verdict)
    }

    /// The worst severity of the hits, before modifiers that the subject brings.
    pub fn severity(&self, check: &Check) -> Option<Severity> {
        let severity = |hit: &super::Hit| hit.severity.unwrap_or(check.severity).shifted(hit.steps);
        self.ask(check).hits().iter().map(severity).max()
    }
}

/// A default route by an interface.
pub fn default_route(netns: u64, ifindex: u32) -> Route {
    Route {
        netns: NsInode(netns),
        dst: "0.0.0.0/0".parse().expect("cidr"),
        gateway: None,
        oif: Some(IfIndex(ifindex)),
        source: None,
        metric: 0,
        table: 254,
        protocol: "static".into(),
        kind: "unicast".into(),
    }
}

/// An iptables table.
pub fn table(family: Family, name: &str, chains: Vec<Chain>) -> Table {
    Table { backend: Backend::IptablesNft, family, name: name.into(), chains }
}

/// A chain; a base chain when it has a hook.
pub fn chain(name: &str, hook: Option<&str>, policy: &str, rules: Vec<Rule>) -> Chain {
    Chain {
        name: name.into(),
        hook: hook.map(str::to_owned),
        priority: hook.map(|_| 0),
        policy: hook.map(|_| policy.to_owned()),
        rules,
    }
}

/// A rule.
pub fn rule(matches: Vec<Match>, target: Target) -> Rule {
    Rule { matches, target, packets: None, bytes: None, comment: None, text: "-A rule".into(), handle: None }
}

/// Asks a check of several hosts and compares the statuses.
#[track_caller]
pub fn decides(check: &Check, cases: impl IntoIterator<Item = (&'static str, Host, Status)>) {
    for (what, host, expected) in cases {
        let verdict = host.ask(check);
        assert_eq!(verdict.status(), expected, "{}: {what}: {verdict:?}", check.id);
    }
}

pub use super::Status::{Fail, NotApplicable as Na, Pass, Unknown, Warn};
pub use crate::model::{Device, Exec, Firewall, GapKind, Health, HealthCheck, Match, RestartPolicy, Ulimit, Volume};

/// A host with one container.
pub fn one(draft: Draft) -> Host {
    Host::with(draft)
}

impl From<Draft> for Host {
    fn from(one: Draft) -> Self {
        Host::with(one)
    }
}

/// Counters of which nothing is known.
pub fn unsampled(id: &ContainerId) -> Sample {
    let gap: Fact<u64> = Fact::default();
    let pressure: Fact<Pressure> = Fact::default();
    Sample {
        id: id.clone(),
        at_ns: 0,
        generation: 0,
        cpu_ns: gap.clone(),
        system_cpu_ns: 0,
        periods: gap.clone(),
        throttled_periods: gap.clone(),
        throttled_ns: gap.clone(),
        memory_bytes: gap.clone(),
        memory_limit_bytes: gap.clone(),
        inactive_file_bytes: gap.clone(),
        cache_bytes: gap.clone(),
        swap_bytes: gap.clone(),
        io_read_bytes: gap.clone(),
        io_write_bytes: gap.clone(),
        pids: gap.clone(),
        pids_limit: gap.clone(),
        oom_kills: gap,
        pressure_cpu: pressure.clone(),
        pressure_memory: pressure.clone(),
        pressure_io: pressure,
    }
}
