//! Builders of small hosts for tests: a snapshot as a few lines that read like the host they stand for.

#![allow(missing_docs)]

use crate::model::*;
use crate::text::Outside;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Namespace bridgewatch and the engine are in.
pub const HOST: NsInode = NsInode(100);

/// Parses, for literals.
pub fn p<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().unwrap_or_else(|| panic!("`{text}` in a test"))
}

/// A rule whose text is its debug form.
pub fn rule(matches: Vec<Match>, target: Target) -> Rule {
    let text = format!("{matches:?} {target:?}");
    Rule { matches, target, packets: None, bytes: None, comment: None, text, handle: None }
}

fn source(cidr: &str) -> Match {
    Match::Source { cidr: p(cidr), not: false }
}

/// The nat table as Docker 20.10 writes it: docker0 with 8080 → 172.17.0.2:80, br-n1 with 127.0.0.1:5432 → 172.18.0.2.
pub fn docker_nat() -> Firewall {
    let tcp = || Match::Protocol { word: "tcp".into(), not: false };
    let local = || Match::DestinationType { word: "LOCAL".into(), not: false };
    let port = |n| Match::DestinationPorts { ranges: vec![(n, n)], not: false };
    let dnat = |addr: &str, port| Target::Dnat { addr: Some(p(addr)), port: Some(port) };
    let chain = |name: &str, hook: Option<&str>, rules| Chain {
        name: name.into(),
        hook: hook.map(Into::into),
        priority: None,
        policy: None,
        rules,
    };
    let not_out = |name: &str| Match::Out { name: name.into(), not: true };
    let jump = || Target::Jump { chain: "DOCKER".into() };
    let chains = vec![
        chain("PREROUTING", Some("prerouting"), vec![rule(vec![local()], jump())]),
        chain("OUTPUT", Some("output"), vec![rule(vec![local()], jump())]),
        chain(
            "POSTROUTING",
            Some("postrouting"),
            vec![
                rule(vec![source("172.18.0.0/16"), not_out("br-n10000000000")], Target::Masquerade),
                rule(vec![source("172.17.0.0/16"), not_out("docker0")], Target::Masquerade),
                rule(
                    vec![
                        source("172.17.0.2/32"),
                        Match::Destination { cidr: p("172.17.0.2/32"), not: false },
                        tcp(),
                        port(80),
                    ],
                    Target::Masquerade,
                ),
            ],
        ),
        chain(
            "DOCKER",
            None,
            vec![
                rule(vec![Match::In { name: "docker0".into(), not: false }], Target::Return),
                rule(vec![Match::In { name: "docker0".into(), not: true }, tcp(), port(8080)], dnat("172.17.0.2", 80)),
                rule(
                    vec![Match::Destination { cidr: p("127.0.0.1/32"), not: false }, tcp(), port(5432)],
                    dnat("172.18.0.2", 5432),
                ),
            ],
        ),
    ];
    let table = Table { backend: Backend::IptablesNft, family: Family::Ip, name: "nat".into(), chains };
    Firewall { generation: Some(1), tables: vec![table], gaps: vec![] }
}

/// A host that is built step by step.
#[derive(Debug, Default)]
pub struct Lab {
    pub containers: Vec<Container>,
    pub kernel: Vec<KernelFacts>,
    pub links: Vec<Link>,
    pub networks: Vec<Network>,
    pub routes: Vec<Route>,
    pub fdb: Vec<FdbEntry>,
    pub netns: Vec<Netns>,
    pub sockets: BTreeMap<NsInode, Vec<Listener>>,
    pub firewall: Fact<Arc<Firewall>>,
    pub host: Host,
    /// Traffic control; unknown when none was set up.
    pub tc: Option<Tc>,
    pub qdisc_samples: Vec<QdiscSample>,
    pub wanted: Vec<Wanted>,
}

impl Lab {
    /// A host with an uplink `eth0` 192.0.2.10/24 (index 2) and a default route.
    pub fn new() -> Self {
        let mut lab = Lab::default();
        lab.host.namespaces.insert(NsKind::Net, Fact::Known(HOST));
        lab.host.init_namespaces.insert(NsKind::Net, Fact::Known(HOST));
        lab.host.locality = Locality::Local { proof: "test".into() };
        let daemon = Daemon { net_ns: Fact::Known(HOST), proxies: Fact::Known(vec![]), ..Daemon::default() };
        lab.host.daemon = Fact::Known(daemon);
        lab.link(HOST, 1, "lo", "loopback");
        lab.link(HOST, 2, "eth0", "ether").addresses.push(address("192.0.2.10/24"));
        lab.route("0.0.0.0/0", Some("192.0.2.1"), 2);
        lab.route("192.0.2.0/24", None, 2);
        lab.netns(HOST, &[]);
        lab
    }

    /// An interface; more of it is set on what is returned.
    pub fn link(&mut self, netns: NsInode, index: u32, name: &str, kind: &str) -> &mut Link {
        self.links.push(Link {
            netns,
            ifindex: IfIndex(index),
            name: name.into(),
            alias: None,
            kind: kind.into(),
            mac: Mac(vec![2, 66, (netns.0 >> 8) as u8, netns.0 as u8, 0, index as u8]),
            mtu: 1500,
            operstate: "up".into(),
            is_up: true,
            is_promisc: false,
            promiscuity: 0,
            master: None,
            peer: None,
            addresses: vec![],
            bridge: None,
            port: None,
            details: BTreeMap::new(),
        });
        self.links.last_mut().expect("just pushed")
    }

    pub fn route(&mut self, dst: &str, gateway: Option<&str>, oif: u32) {
        self.routes.push(Route {
            netns: HOST,
            dst: p(dst),
            gateway: gateway.map(p),
            oif: Some(IfIndex(oif)),
            source: None,
            metric: 0,
            table: 254,
            protocol: "boot".into(),
            kind: "unicast".into(),
        });
    }

    pub fn netns(&mut self, inode: NsInode, names: &[&str]) {
        self.netns.push(Netns {
            inode,
            nsid: None,
            names: names.iter().map(|n| Outside::from(*n)).collect(),
            is_ours: inode == HOST,
            is_init: inode == HOST,
            is_engine: Some(inode == HOST),
            processes: Fact::Known(vec![]),
            process_count: Fact::Known(0),
            user_ns: Fact::default(),
            links_gap: None,
        });
    }

    /// A bridge network with its bridge, gateway `.1` of the subnet.
    pub fn bridge_network(&mut self, id: &str, name: &str, subnet: &str, index: u32) -> NetworkId {
        let id = self.network(id, name, "bridge", Some(subnet));
        let network = self.networks.last_mut().expect("just pushed");
        if name == "bridge" {
            network.options.insert("com.docker.network.bridge.name".into(), "docker0".into());
        }
        let device = network.device().expect("a bridge");
        let gateway = network.pools[0].gateway;
        let prefix = network.pools[0].subnet.prefix;
        let link = self.link(HOST, index, &device, "bridge");
        link.addresses.extend(gateway.map(|g| address(&format!("{g}/{prefix}"))));
        self.route(subnet, None, index);
        id
    }

    pub fn network(&mut self, id: &str, name: &str, driver: &str, subnet: Option<&str>) -> NetworkId {
        let id = NetworkId::from(format!("{id:0<64}"));
        let pools = subnet.map(|s| {
            let subnet: Cidr = p(s);
            let gateway = match subnet.network() {
                IpAddr::V4(a) => IpAddr::V4((u32::from(a) + 1).into()),
                IpAddr::V6(a) => IpAddr::V6((u128::from(a) + 1).into()),
            };
            Pool { subnet, range: None, gateway: Some(gateway), reserved: BTreeMap::new() }
        });
        self.networks.push(Network {
            id: id.clone(),
            name: name.into(),
            driver: driver.into(),
            scope: "local".into(),
            created_at: None,
            internal: false,
            attachable: false,
            ingress: false,
            ipv6: false,
            pools: pools.into_iter().collect(),
            options: BTreeMap::new(),
            labels: BTreeMap::new(),
            members: Fact::Known(vec![]),
        });
        id
    }

    /// A running container in a namespace.
    pub fn container(&mut self, name: &str, netns: Option<NsInode>) -> ContainerId {
        let id = ContainerId::from(format!("{:0<64}", hex(name)));
        let mut container = Container::named(id.clone(), name);
        container.state = State::Running;
        container.network_mode = NetworkMode::Networks;
        container.pid = Some(Pid(1000 + self.containers.len() as i32));
        self.containers.push(container);
        self.kernel.push(facts(&id, netns));
        if let Some(netns) = netns
            && !self.netns.iter().any(|n| n.inode == netns)
        {
            self.netns(netns, &[]);
            self.link(netns, 1, "lo", "loopback");
        }
        id
    }

    /// The container added last.
    pub fn last(&mut self) -> &mut Container {
        self.containers.last_mut().expect("a container")
    }

    /// A veth pair between the host (port of bridge `master`) and a container's namespace, with the endpoint that the
    /// engine has for it. Outer index is `index`, inner is `index - 1`.
    pub fn veth(&mut self, id: &ContainerId, netns: NsInode, index: u32, master: u32, network: &NetworkId, addr: &str) {
        let peer = Peer { ifindex: IfIndex(index - 1), netns: Fact::Known(netns) };
        let outer = self.link(HOST, index, &format!("veth{index}"), "veth");
        outer.master = Some(IfIndex(master));
        outer.peer = Some(peer);
        let inner = self.link(netns, index - 1, "eth0", "veth");
        inner.peer = Some(Peer { ifindex: IfIndex(index), netns: Fact::Known(HOST) });
        inner.addresses.push(address(addr));
        let mac = inner.mac.clone();
        self.endpoint(id, network, Some(addr), mac);
    }

    /// An endpoint and the membership that goes with it.
    pub fn endpoint(&mut self, id: &ContainerId, network: &NetworkId, addr: Option<&str>, mac: Mac) {
        let cidr: Option<Cidr> = addr.map(p);
        let network = self.networks.iter_mut().find(|n| n.id == *network).expect("a network");
        let (v4, v6) = (cidr.filter(|c| c.addr.is_ipv4()), cidr.filter(|c| c.addr.is_ipv6()));
        let container = self.containers.iter_mut().find(|c| c.id == *id).expect("a container");
        container.endpoints.push(Endpoint {
            network: network.name.clone(),
            network_id: Some(network.id.clone()),
            endpoint_id: Some("e".into()),
            ipv4: v4,
            ipv6: v6,
            gateway: network.pools.first().and_then(|p| p.gateway),
            gateway6: None,
            mac: Some(mac.clone()),
            aliases: vec![],
            dns_names: vec![],
            links: vec![],
            requested: None,
            gateway_priority: None,
        });
        if let Fact::Known(members) = &mut network.members {
            members.push(Member {
                container: id.clone(),
                name: container.name.clone(),
                endpoint_id: "e".into(),
                ipv4: v4,
                ipv6: v6,
                mac: Some(mac),
            });
        }
    }

    /// A listening TCP socket with its holder.
    pub fn listen(&mut self, netns: NsInode, addr: &str, port: u16, owner: Option<(i32, &str)>) -> &mut Listener {
        let owner = owner.map(|(pid, name)| ProcessRef { pid: Pid(pid), process: name.into() });
        let list = self.sockets.entry(netns).or_default();
        list.push(Listener {
            netns,
            proto: Proto::Tcp,
            addr: p(addr),
            port,
            v6_only: Some(false),
            inode: 7,
            uid: 0,
            owner: Fact::Known(owner),
        });
        list.last_mut().expect("just pushed")
    }

    /// The proxies list of the daemon.
    pub fn proxy(&mut self, pid: i32, host: (&str, u16), to: (&str, u16)) {
        if let Fact::Known(daemon) = &mut self.host.daemon
            && let Fact::Known(proxies) = &mut daemon.proxies
        {
            proxies.push(Proxy {
                pid: Pid(pid),
                ppid: Pid(1),
                proto: Proto::Tcp,
                host_ip: p(host.0),
                host_port: host.1,
                container_ip: p(to.0),
                container_port: to.1,
            });
        }
    }

    /// The snapshot, sorted as sources sort it.
    pub fn snapshot(&self) -> Snapshot {
        let mut containers: Vec<_> = self.containers.iter().cloned().map(Arc::new).collect();
        containers.sort_by(|a, b| a.id.cmp(&b.id));
        let mut links = self.links.clone();
        links.sort_by_key(|l| (l.netns, l.ifindex));
        let mut networks = self.networks.clone();
        networks.sort_by(|a, b| a.name.cmp(&b.name));
        let mut netns = self.netns.clone();
        netns.sort_by_key(|n| n.inode);
        let scan = |(netns, list): (&NsInode, &Vec<Listener>)| SocketScan {
            netns: *netns,
            listeners: Fact::Known(list.clone()),
        };
        Snapshot {
            host: Arc::new(self.host.clone()),
            containers: Arc::new(containers),
            kernel: Arc::new(self.kernel.iter().map(|k| (k.id.clone(), Arc::new(k.clone()))).collect()),
            links: Arc::new(links),
            networks: Arc::new(networks),
            netns: Arc::new(netns),
            routes: Arc::new(self.routes.clone()),
            fdb: Arc::new(self.fdb.clone()),
            sockets: Arc::new(self.sockets.iter().map(scan).collect()),
            firewall: self.firewall.clone(),
            tc: self.tc.clone().map_or_else(Fact::default, |tc| Fact::Known(Arc::new(sorted(tc)))),
            qdisc_samples: Arc::new(self.qdisc_samples.clone()),
            wanted: Arc::new(self.wanted.clone()),
            ..Snapshot::default()
        }
    }

    /// A qdisc on an interface of the host.
    pub fn qdisc(&mut self, index: u32, name: &str, handle: TcHandle, parent: TcHandle, setup: QdiscSetup) {
        let qdisc = Qdisc { netns: HOST, ifindex: IfIndex(index), name: name.into(), handle, parent, setup };
        self.tc.get_or_insert_default().qdiscs.push(qdisc);
    }

    /// A token bucket of ours at the root of an interface of the host.
    pub fn tbf(&mut self, index: u32, rate_bps: u64) {
        let setup = QdiscSetup::Tbf { rate_bps, burst_bytes: 16_384, limit_bytes: 125_000 };
        self.qdisc(index, "tbf", TcHandle::OWN, TcHandle::ROOT, setup);
    }

    /// An ingress qdisc of the host with one filter of ours that takes everything.
    pub fn ingress(&mut self, index: u32, action: TcAction) {
        let none = QdiscSetup::Other { words: String::new() };
        self.qdisc(index, "ingress", TcHandle::new(0xffff, 0), TcHandle::INGRESS, none);
        self.tc.get_or_insert_default().filters.push(TcFilter {
            netns: HOST,
            ifindex: IfIndex(index),
            parent: TcHandle::new(0xffff, 0),
            name: "u32".into(),
            preference: TcHandle::OURS,
            protocol: 3,
            chain: 0,
            handle: 0x8000_0800,
            class: None,
            takes: "everything".into(),
            actions: vec![action],
        });
    }

    /// Counters of a qdisc at the root of an interface of the host.
    pub fn count(&mut self, index: u32, handle: TcHandle, parent: TcHandle, bytes: u64, drops: u64) {
        self.qdisc_samples.push(QdiscSample {
            netns: HOST,
            ifindex: IfIndex(index),
            handle,
            parent,
            bytes,
            packets: bytes / 1500,
            drops,
            overlimits: drops * 2,
            backlog_bytes: 3000,
            queued: 2,
        });
        self.qdisc_samples.sort_by_key(|s| (s.netns, s.ifindex, s.parent, s.handle));
    }
}

/// As the source sorts it.
fn sorted(mut tc: Tc) -> Tc {
    tc.qdiscs.sort_by_key(|q| (q.netns, q.ifindex, q.parent, q.handle));
    tc.classes.sort_by_key(|c| (c.netns, c.ifindex, c.parent, c.handle));
    tc
}

/// An address of global scope.
pub fn address(cidr: &str) -> LinkAddress {
    LinkAddress { cidr: p(cidr), scope: "global".into(), label: Outside::default() }
}

fn hex(name: &str) -> String {
    name.bytes().map(|b| format!("{b:02x}")).collect()
}

fn facts(id: &ContainerId, netns: Option<NsInode>) -> KernelFacts {
    let net = match netns {
        Some(inode) => Fact::Known(inode),
        None => Fact::unknown(GapKind::Permission, "read /proc/1/ns/net: permission denied"),
    };
    KernelFacts {
        id: id.clone(),
        pid: Pid(1),
        start_ticks: 1,
        namespaces: BTreeMap::from([(NsKind::Net, net)]),
        cgroups: Fact::default(),
        limits: CgroupLimits::default(),
        processes: Fact::Known(vec![]),
        uid_map: Fact::default(),
        lsm_label: Fact::default(),
        mounts: Fact::default(),
        rlimits: Fact::default(),
        routes: Fact::default(),
        ip_forward: Fact::default(),
        resolv_conf: Fact::default(),
        hosts: Fact::default(),
        hostname: Fact::default(),
    }
}

/// A host with every network mode: web on docker0 (8080 → 80), db on n1 and n2, sidecar in web's namespace, agent on
/// the host's, vault with none, camera on macvlan `lan`, and `br-manual` with a port into a plain namespace.
pub fn every_mode() -> Lab {
    let mut lab = Lab::new();
    let bridge = lab.bridge_network("aaaa", "bridge", "172.17.0.0/16", 3);
    let n1 = lab.bridge_network("n10000000000", "n1", "172.18.0.0/16", 4);
    let n2 = lab.bridge_network("n20000000000", "n2", "172.19.0.0/16", 5);
    lab.network("h0", "host", "host", None);
    lab.network("z0", "none", "null", None);
    let lan = lab.network("1a", "lan", "macvlan", Some("192.0.2.0/24"));
    lab.networks.last_mut().expect("lan").options.insert("parent".into(), "eth0".into());
    let web = lab.container("web", Some(NsInode(201)));
    lab.veth(&web, NsInode(201), 11, 3, &bridge, "172.17.0.2/16");
    lab.container("sidecar", Some(NsInode(201)));
    lab.last().network_mode = NetworkMode::Container(web.clone());
    let db = lab.container("db", Some(NsInode(202)));
    lab.veth(&db, NsInode(202), 21, 4, &n1, "172.18.0.2/16");
    lab.veth(&db, NsInode(202), 23, 5, &n2, "172.19.0.2/16");
    lab.container("agent", Some(HOST));
    lab.last().network_mode = NetworkMode::Host;
    lab.container("vault", Some(NsInode(203)));
    lab.last().network_mode = NetworkMode::None;
    let camera = lab.container("camera", Some(NsInode(204)));
    let inner = lab.link(NsInode(204), 30, "eth0", "macvlan");
    inner.peer = Some(Peer { ifindex: IfIndex(2), netns: Fact::Known(HOST) });
    inner.addresses.push(address("192.0.2.129/24"));
    let mac = inner.mac.clone();
    lab.endpoint(&camera, &lan, Some("192.0.2.129/24"), mac);
    lab.link(HOST, 40, "br-manual", "bridge").addresses.push(address("198.51.100.1/24"));
    let side = lab.link(HOST, 41, "vm-side", "veth");
    side.master = Some(IfIndex(40));
    side.peer = Some(Peer { ifindex: IfIndex(2), netns: Fact::Known(NsInode(300)) });
    lab.netns(NsInode(300), &["/run/netns/side"]);
    lab.firewall = Fact::Known(Arc::new(docker_nat()));
    lab
}
