//! Commands that change something, and how they are carried out.

use super::ListFormat;
use crate::model::Cidr;
use clap::{Args, Subcommand};
use std::net::IpAddr;

/// How a change is carried out.
#[derive(Debug, Clone, Args)]
pub struct How {
    /// Print the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// Form of the plan and of the result
    #[arg(long, value_enum, default_value = "table")]
    pub format: ListFormat,
    /// Take it back after so many seconds unless `bridgewatch confirm` is called
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(5..=3600))]
    pub confirm_within: Option<u32>,
    /// With several rows: go on with the others when one fails
    #[arg(long)]
    pub go_on: bool,
}

/// Containers, by name or the beginning of an id.
#[derive(Debug, Clone, Args)]
pub struct Containers {
    /// Containers by name or id
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// What is done to containers.
#[derive(Debug, Clone, Subcommand)]
#[allow(missing_docs)]
pub enum ContainerCommand {
    /// Start containers
    Start {
        #[command(flatten)]
        of: Containers,
        #[command(flatten)]
        how: How,
    },
    /// Stop containers
    Stop {
        #[command(flatten)]
        of: Containers,
        /// Seconds until they are killed; -1 waits for ever
        #[arg(short, long, value_name = "SECONDS", allow_negative_numbers = true)]
        time: Option<i64>,
        #[command(flatten)]
        how: How,
    },
    /// Stop and start containers
    Restart {
        #[command(flatten)]
        of: Containers,
        /// Seconds until they are killed; -1 waits for ever
        #[arg(short, long, value_name = "SECONDS", allow_negative_numbers = true)]
        time: Option<i64>,
        #[command(flatten)]
        how: How,
    },
    /// Freeze the processes of containers
    Pause {
        #[command(flatten)]
        of: Containers,
        #[command(flatten)]
        how: How,
    },
    /// Let the processes of paused containers go on
    Unpause {
        #[command(flatten)]
        of: Containers,
        #[command(flatten)]
        how: How,
    },
    /// Send a signal to the main process of containers
    Kill {
        #[command(flatten)]
        of: Containers,
        /// Name or number
        #[arg(short, long, default_value = "SIGKILL")]
        signal: String,
        #[command(flatten)]
        how: How,
    },
    /// Give a container another name
    Rename {
        /// Container by name or id
        container: String,
        /// The new name
        name: String,
        #[command(flatten)]
        how: How,
    },
    /// Remove containers
    Rm {
        #[command(flatten)]
        of: Containers,
        /// Also while they run
        #[arg(short, long)]
        force: bool,
        /// Their anonymous volumes, too
        #[arg(short, long)]
        volumes: bool,
        #[command(flatten)]
        how: How,
    },
    /// Change limits or the restart policy of containers while they run
    Update {
        #[command(flatten)]
        of: Containers,
        #[command(flatten)]
        limits: Box<LimitFlags>,
        /// no, always, unless-stopped, on-failure or on-failure:N
        #[arg(long, value_name = "POLICY")]
        restart: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// Make an image of a container's file system
    Commit {
        /// Container by name or id
        container: String,
        /// NAME or NAME:TAG of the image
        reference: String,
        /// Do not freeze it meanwhile
        #[arg(long)]
        no_pause: bool,
        #[command(flatten)]
        how: How,
    },
    /// Write the processes of a container to disk
    Checkpoint {
        /// Container by name or id
        container: String,
        /// Name of the checkpoint
        name: String,
        /// It goes on running
        #[arg(long)]
        leave_running: bool,
        #[command(flatten)]
        how: How,
    },
    /// Start a container from a checkpoint
    Restore {
        /// Container by name or id
        container: String,
        /// Name of the checkpoint
        name: String,
        #[command(flatten)]
        how: How,
    },
    /// Run a shell or a command in a container; answers its exit code
    Exec {
        /// As this user
        #[arg(short, long, value_name = "USER", default_value = "")]
        user: String,
        /// Container by name or id
        container: String,
        /// Command and arguments; bash, else sh, when none is given
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Take the terminal of a container's main process; Ctrl+P Ctrl+Q leaves it
    Attach {
        /// Container by name or id
        container: String,
    },
    /// Remove all containers that do not run
    Prune {
        #[command(flatten)]
        how: How,
    },
}

/// Limits of a container, named as docker names them.
#[derive(Debug, Clone, Args)]
pub struct LimitFlags {
    /// Processors, e.g. 1.5; 0 is no limit
    #[arg(long, value_name = "N")]
    pub cpus: Option<String>,
    /// Microseconds in each period; -1 is no limit
    #[arg(long, value_name = "US", allow_negative_numbers = true)]
    pub cpu_quota: Option<i64>,
    /// Microseconds of a period
    #[arg(long, value_name = "US")]
    pub cpu_period: Option<i64>,
    /// Relative weight
    #[arg(short = 'c', long, value_name = "N")]
    pub cpu_shares: Option<i64>,
    /// Processors by number, e.g. 0-1,3
    #[arg(long, value_name = "LIST")]
    pub cpuset_cpus: Option<String>,
    /// Memory, e.g. 512m
    #[arg(short, long, value_name = "SIZE")]
    pub memory: Option<String>,
    /// Memory and swap together; -1 is no limit
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    pub memory_swap: Option<String>,
    /// Tasks; -1 is no limit
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub pids_limit: Option<i64>,
    /// Weight of block I/O, 10 to 1000
    #[arg(long, value_name = "N")]
    pub blkio_weight: Option<u16>,
}

/// What is done to networks.
#[derive(Debug, Clone, Subcommand)]
#[allow(missing_docs)]
pub enum NetworkCommand {
    /// Create a network
    Create {
        #[command(flatten)]
        spec: Box<NetworkFlags>,
        #[command(flatten)]
        how: How,
    },
    /// Remove networks
    Rm {
        /// Networks by name or id
        #[arg(required = true)]
        networks: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Put a container on a network
    Connect {
        /// Network by name or id
        network: String,
        /// Container by name or id
        container: String,
        #[command(flatten)]
        endpoint: Box<EndpointFlags>,
        #[command(flatten)]
        how: How,
    },
    /// Take a container off a network
    Disconnect {
        /// Network by name or id
        network: String,
        /// Container by name or id; with --force also the name of an endpoint whose container is gone
        container: String,
        /// Also when the container can't be reached or does not exist any more
        #[arg(short, long)]
        force: bool,
        #[command(flatten)]
        how: How,
    },
    /// Remove all networks without containers
    Prune {
        #[command(flatten)]
        how: How,
    },
    /// Give a running container in mode none an interface: a veth pair to a bridge, addressed and routed
    Plumb {
        /// Container by name or id
        container: String,
        /// Bridge that the host's end becomes a port of
        #[arg(long, value_name = "LINK")]
        bridge: String,
        /// Address with prefix
        #[arg(long, value_name = "CIDR")]
        address: Cidr,
        /// Default route
        #[arg(long, value_name = "IP")]
        gateway: Option<IpAddr>,
        /// Name of the interface inside
        #[arg(long, value_name = "NAME")]
        inside: Option<String>,
        /// Largest packet, bytes
        #[arg(long, value_name = "BYTES")]
        mtu: Option<u32>,
        #[command(flatten)]
        how: How,
    },
    /// Take a plumbed interface out again
    Unplumb {
        /// Container by name or id
        container: String,
        /// Host end, when there are several
        #[arg(long, value_name = "LINK")]
        interface: Option<String>,
        #[command(flatten)]
        how: How,
    },
}

/// A network asked for.
#[derive(Debug, Clone, Args)]
pub struct NetworkFlags {
    /// Name
    pub name: String,
    /// bridge, macvlan, ipvlan, overlay, or a plugin
    #[arg(short, long, default_value = "bridge")]
    pub driver: String,
    /// Subnet; several for several pools
    #[arg(long, value_name = "CIDR")]
    pub subnet: Vec<Cidr>,
    /// Gateway of the subnet that holds it
    #[arg(long, value_name = "IP")]
    pub gateway: Vec<IpAddr>,
    /// Range in the subnet that addresses are handed out from
    #[arg(long, value_name = "CIDR")]
    pub ip_range: Vec<Cidr>,
    /// Address kept out, as NAME=IP
    #[arg(long, value_name = "NAME=IP", value_parser = pair)]
    pub aux_address: Vec<(String, String)>,
    /// No route to the outside
    #[arg(long)]
    pub internal: bool,
    /// Single containers may join a swarm network
    #[arg(long)]
    pub attachable: bool,
    /// IPv6 as well
    #[arg(long)]
    pub ipv6: bool,
    /// Containers on it can't reach each other
    #[arg(long)]
    pub no_icc: bool,
    /// No address translation to the outside
    #[arg(long)]
    pub no_masquerade: bool,
    /// Largest packet, bytes
    #[arg(long, value_name = "BYTES")]
    pub mtu: Option<u32>,
    /// Name of the bridge
    #[arg(long, value_name = "LINK")]
    pub bridge_name: Option<String>,
    /// Interface below a macvlan or ipvlan network, e.g. eth0 or eth0.20
    #[arg(long, value_name = "LINK")]
    pub parent: Option<String>,
    /// Driver option, as NAME=VALUE
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = pair)]
    pub opt: Vec<(String, String)>,
    /// Label, as NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub label: Vec<(String, String)>,
    /// Container that joins at once, as NAME or NAME=IP
    #[arg(long, value_name = "CONTAINER")]
    pub connect: Vec<String>,
}

/// How a container joins.
#[derive(Debug, Clone, Args)]
pub struct EndpointFlags {
    /// Fixed IPv4 address
    #[arg(long, value_name = "IP")]
    pub ip: Option<IpAddr>,
    /// Fixed IPv6 address
    #[arg(long, value_name = "IP")]
    pub ip6: Option<IpAddr>,
    /// Hardware address
    #[arg(long, value_name = "MAC")]
    pub mac: Option<String>,
    /// Further name in the network's DNS
    #[arg(long, value_name = "NAME")]
    pub alias: Vec<String>,
    /// Link, as CONTAINER:ALIAS
    #[arg(long, value_name = "LINK")]
    pub link: Vec<String>,
    /// Which network's gateway is the default route, highest first
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub gw_priority: Option<i64>,
}

/// What is limited.
#[derive(Debug, Clone, Args)]
pub struct LimitOn {
    /// Container by name or id
    #[arg(required_unless_present = "link")]
    pub container: Option<String>,
    /// On this network only
    #[arg(long, value_name = "NAME", requires = "container")]
    pub network: Option<String>,
    /// An interface of the host instead of a container: a bridge, the uplink
    #[arg(long, value_name = "NAME", conflicts_with = "container")]
    pub link: Option<String>,
}

/// Limits of traffic.
#[derive(Debug, Clone, Subcommand)]
#[allow(missing_docs)]
pub enum LimitCommand {
    /// Limit the traffic of a container or an interface
    Set {
        #[command(flatten)]
        on: LimitOn,
        #[command(flatten)]
        shape: Box<ShapeFlags>,
        /// Forget it when the container stops, instead of keeping it for its return
        #[arg(long)]
        once: bool,
        #[command(flatten)]
        how: How,
    },
    /// Show limits and what is reached under them
    Show {
        /// Container by name or id; all when none is given
        container: Option<String>,
        /// Form of the answer
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
    },
    /// Take limits off
    Clear {
        #[command(flatten)]
        on: LimitOn,
        #[command(flatten)]
        how: How,
    },
}

/// A limit asked for. What belongs to no direction alone holds for those that have a rate, or for the download when none
/// has.
#[derive(Debug, Clone, Args)]
pub struct ShapeFlags {
    /// Rate of what it receives, e.g. 10mbit, 1.5MB/s; 200kbps is bytes, as tc means it
    #[arg(long, value_name = "RATE")]
    pub down: Option<String>,
    /// Rate of what it sends
    #[arg(long, value_name = "RATE")]
    pub up: Option<String>,
    /// Bucket, e.g. 32k
    #[arg(long, value_name = "SIZE")]
    pub burst: Option<String>,
    /// Longest time a packet may wait, e.g. 50ms
    #[arg(long, value_name = "TIME")]
    pub latency: Option<String>,
    /// Added delay
    #[arg(long, value_name = "TIME")]
    pub delay: Option<String>,
    /// Variation of the delay
    #[arg(long, value_name = "TIME", requires = "delay")]
    pub jitter: Option<String>,
    /// Packets lost, percent
    #[arg(long, value_name = "PERCENT")]
    pub loss: Option<String>,
    /// Packets doubled, percent
    #[arg(long, value_name = "PERCENT")]
    pub duplicate: Option<String>,
    /// Packets sent ahead of delayed ones, percent
    #[arg(long, value_name = "PERCENT", requires = "delay")]
    pub reorder: Option<String>,
    /// Drop what the upload has too much instead of queueing it
    #[arg(long, requires = "up")]
    pub police: bool,
}

/// Reads `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}
