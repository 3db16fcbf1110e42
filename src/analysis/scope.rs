//! Which of the namespaces seen are the host's and which is the engine's: asked by all joins between the engine's
//! words and the kernel's facts. It must not know what the joins are for.

use crate::model::{Container, Endpoint, GapKind, Locality, Network, NsInode, NsKind, Snapshot};

/// The network namespace in which the engine's bridges, proxies and published ports are: its daemon's, or ours as
/// long as the daemon's is not known. None when the engine is not proven to be on this host.
pub fn engine_netns(snapshot: &Snapshot) -> Option<NsInode> {
    if matches!(snapshot.host.locality, Locality::Unproven { .. }) {
        return None;
    }
    daemon_netns(snapshot).or_else(|| snapshot.our_netns())
}

/// The daemon's network namespace, when its process could be read.
pub fn daemon_netns(snapshot: &Snapshot) -> Option<NsInode> {
    let by_process = snapshot.host.daemon.known().and_then(|d| d.net_ns.get());
    by_process.or_else(|| snapshot.netns.iter().find(|n| n.is_engine == Some(true)).map(|n| n.inode))
}

/// True for namespaces that belong to the host and not to a container: ours, process 1's and the engine's.
pub fn is_host_netns(snapshot: &Snapshot, netns: NsInode) -> bool {
    snapshot.our_netns() == Some(netns)
        || snapshot.host.init_namespaces.get(&NsKind::Net).and_then(|f| f.get()) == Some(netns)
        || daemon_netns(snapshot) == Some(netns)
}

/// The network an endpoint is on: by id, or by name for one that was never started.
pub fn network_of<'a>(snapshot: &'a Snapshot, endpoint: &Endpoint) -> Option<&'a Network> {
    snapshot.networks.iter().find(|network| is_on(endpoint, network))
}

/// True when the network is the endpoint's: see [`network_of`].
pub fn is_on(endpoint: &Endpoint, network: &Network) -> bool {
    endpoint.network_id.as_ref().map_or(network.name == endpoint.network, |id| network.id == *id)
}

/// True when the container has processes, so that the kernel has something of it: running or paused. A container of
/// a state this version does not know counts when the kernel has facts of it.
pub fn is_alive(snapshot: &Snapshot, container: &Container) -> bool {
    container.state.has_processes() || snapshot.kernel.contains_key(&container.id)
}

/// Network namespace of a container: the kernel's word, or where its process can't be asked, the namespace that is
/// mounted under the name of the sandbox the engine gives. A container that does not run has a stale one.
pub fn netns_of(snapshot: &Snapshot, container: &Container) -> Option<NsInode> {
    if let Some(seen) = snapshot.netns_of(&container.id) {
        return Some(seen);
    }
    let config = container.config.known().filter(|_| container.state.has_processes())?;
    let sandbox = sandbox_name(config.sandbox_key.as_deref()?)?;
    let mounted = snapshot.netns.iter().find(|n| n.names.iter().any(|name| sandbox_name(name.raw()) == Some(sandbox)));
    mounted.map(|n| n.inode)
}

/// The twelve hexadecimal digits at the end of the path of a sandbox; the folder differs by symbolic links.
fn sandbox_name(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let is_id = name.len() == 12 && name.bytes().all(|b| b.is_ascii_hexdigit());
    (folder.ends_with("/netns") && is_id).then_some(name)
}

/// Why packet filter rules and host sockets say nothing about the engine's ports, if that is so: they are read in our
/// namespace, and the engine's may be another.
pub fn foreign_engine(snapshot: &Snapshot) -> Option<(GapKind, String)> {
    if let Locality::Unproven { reason } = &snapshot.host.locality {
        return Some((GapKind::NotLocal, format!("the engine is not proven to be on this host: {reason}")));
    }
    let (engine, ours) = (daemon_netns(snapshot)?, snapshot.our_netns()?);
    (engine != ours).then(|| {
        let reason = format!("the engine runs in network namespace {engine}, rules are read in {ours}");
        (GapKind::NotLocal, reason)
    })
}
