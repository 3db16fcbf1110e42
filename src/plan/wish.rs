//! What an operator can ask for. A form, a key or a subcommand fills one of these; a planner turns it into steps.

use crate::model::{Cidr, ContainerId, DiskUse, IfIndex, Mac, NetworkId, NsInode, RestartPolicy, Shape};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One thing asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "kebab-case")]
pub enum Wish {
    /// The same change for one or several containers.
    Containers {
        /// Which.
        of: Vec<ContainerId>,
        /// What.
        change: ContainerChange,
    },
    /// A new network, and who joins it.
    CreateNetwork(NetworkSpec),
    /// Networks to be removed.
    RemoveNetworks {
        /// Which.
        of: Vec<NetworkId>,
    },
    /// Containers put on a network.
    Connect {
        /// The network.
        network: NetworkId,
        /// Who, and as what.
        members: Vec<Joining>,
    },
    /// Containers taken off networks.
    Disconnect {
        /// Who.
        of: Vec<ContainerId>,
        /// From which networks; empty is all that each is on.
        networks: Vec<NetworkId>,
        /// Also when the container can't be reached or does not exist any more.
        force: bool,
    },
    /// An endpoint whose container is gone, taken off its network by name.
    DropStaleEndpoint {
        /// The network.
        network: NetworkId,
        /// Name of the endpoint as the network lists it.
        endpoint: String,
    },
    /// Everything of a kind that nothing uses. Images and volumes need their preview, see `PruneShown`.
    Prune(Prune),
    /// The images or volumes of a preview: exactly these are removed.
    PruneShown {
        /// Which kind.
        what: Prune,
        /// What the engine says of its disk (`EngineReader::disk_use`).
        preview: DiskUse,
    },
    /// A limit set, changed or taken off.
    Limit(LimitWish),
    /// An interface for a container in mode none.
    Plumb(PlumbWish),
    /// A plumbed interface taken out again.
    Unplumb {
        /// The container.
        container: ContainerId,
        /// Index of the host's end.
        host_end: IfIndex,
    },
}

/// A change of a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum ContainerChange {
    /// Starts it.
    Start,
    /// Stops it.
    Stop {
        /// Seconds until it is killed; the container's own when none, −1 waits for ever.
        timeout_s: Option<i64>,
    },
    /// Stops and starts it.
    Restart {
        /// As for `Stop`.
        timeout_s: Option<i64>,
    },
    /// Freezes its processes.
    Pause,
    /// Lets them go on.
    Unpause,
    /// Sends a signal to its main process.
    Kill {
        /// Name (`SIGTERM`, `HUP`) or number.
        signal: String,
    },
    /// Gives it another name.
    Rename {
        /// The new one.
        name: String,
    },
    /// Removes it.
    Remove {
        /// Also while it runs.
        force: bool,
        /// Its anonymous volumes, too.
        volumes: bool,
    },
    /// When the engine starts it again by itself.
    RestartPolicy(RestartPolicy),
    /// Limits of CPU, memory, tasks and I/O, changed while it runs.
    Limits(Box<super::LimitsUpdate>),
    /// An image made of its file system.
    Commit {
        /// `name` or `name:tag`.
        reference: String,
        /// Its processes are frozen meanwhile.
        pause: bool,
    },
    /// Its processes written to disk (needs CRIU and an engine with experimental features).
    Checkpoint {
        /// Name of the checkpoint.
        name: String,
        /// It goes on running.
        leave_running: bool,
    },
    /// Started from a checkpoint.
    Restore {
        /// Name of the checkpoint.
        name: String,
    },
}

/// What is pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prune {
    /// Containers that do not run.
    Containers,
    /// Networks without containers.
    Networks,
    /// Volumes that no container mounts.
    Volumes,
    /// Images without a name that no container uses.
    Images,
}

/// One address pool asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSpec {
    /// Subnet.
    pub subnet: Cidr,
    /// Gateway.
    pub gateway: Option<IpAddr>,
    /// Range that addresses are handed out from.
    pub range: Option<Cidr>,
    /// Addresses kept out, by name.
    pub reserved: BTreeMap<String, IpAddr>,
}

/// A network asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkSpec {
    /// Name.
    pub name: String,
    /// `bridge`, `macvlan`, `ipvlan`, `overlay`, or a plugin's name; empty is `bridge`.
    pub driver: String,
    /// Pools; empty leaves the choice to the engine.
    pub pools: Vec<PoolSpec>,
    /// No route to the outside.
    pub internal: bool,
    /// Single containers may join a swarm network.
    pub attachable: bool,
    /// IPv6 is on.
    pub ipv6: bool,
    /// Driver options by their full names (`com.docker.network.bridge.enable_icc`, `parent`, …).
    pub options: BTreeMap<String, String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Who joins it at once.
    pub members: Vec<Joining>,
}

/// How a container joins a network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointSpec {
    /// Fixed IPv4 address.
    pub ipv4: Option<IpAddr>,
    /// Fixed IPv6 address.
    pub ipv6: Option<IpAddr>,
    /// Hardware address; engines before API 1.44 refuse it.
    pub mac: Option<Mac>,
    /// Further names in the network's DNS.
    pub aliases: Vec<String>,
    /// `container:alias` links.
    pub links: Vec<String>,
    /// Which network's gateway is the default route, highest first; from API 1.48.
    pub gateway_priority: Option<i64>,
    /// The addresses are what it had before and are asked for, but another will do when they can't be had: some networks
    /// give none on request. For taking a disconnect back.
    pub any_address_will_do: bool,
}

/// A container and how it joins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// The container.
    pub container: ContainerId,
    /// As what.
    pub endpoint: EndpointSpec,
}

/// What a limit is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "kebab-case")]
pub enum LimitTarget {
    /// The interfaces of a container.
    Container {
        /// The container.
        id: ContainerId,
        /// On this network only.
        network: Option<NetworkId>,
    },
    /// An interface of our namespace: a bridge, the uplink, or any other. Download is then what it sends towards its
    /// containers or neighbours (egress), upload what comes in by it (ingress).
    Link {
        /// Our namespace.
        netns: NsInode,
        /// The interface.
        ifindex: IfIndex,
    },
}

/// A limit asked for. With neither direction given it is taken off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitWish {
    /// For what; several for marked rows.
    pub targets: Vec<LimitTarget>,
    /// Download; none leaves that direction as it is, unless `clear` says otherwise.
    pub down: Option<Shape>,
    /// Upload.
    pub up: Option<Shape>,
    /// Directions that are not given are taken off.
    pub clear: bool,
    /// Written to the state file, so that it can be applied again when the container comes back.
    pub keep: bool,
}

/// An interface for a container without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlumbWish {
    /// The container; it has to run.
    pub container: ContainerId,
    /// The bridge that the host's end becomes a port of.
    pub bridge: IfIndex,
    /// Name of the interface inside; `eth0` by default, the first free one.
    pub inside: Option<String>,
    /// Address with prefix.
    pub address: Cidr,
    /// Default route.
    pub gateway: Option<IpAddr>,
    /// Largest packet, bytes; the bridge's when none.
    pub mtu: Option<u32>,
}

/// A terminal inside a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellWish {
    /// The container.
    pub container: ContainerId,
    /// Its main process's own terminal instead of a new process.
    pub attach: bool,
    /// Command and arguments; empty is bash, else sh.
    pub command: Vec<String>,
    /// As this user; empty is the container's.
    pub user: String,
}
