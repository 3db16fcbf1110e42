//! The slow readers of /proc on a thread of their own: what they wait for can't hold up a refresh.

use super::containers::{self, Seat};
use crate::model::{
    ContainerId, Daemon, Engine, Fact, Gap, Host, KernelFacts, Listener, Locality, NsInode, Pid, ProcessRef, Rlimits,
    SocketScan,
};
use crate::sources::cgroup::Layout;
use crate::sources::proc::{
    CgroupMounts, DaemonHints, Depth, ProcRoot, Running, Via, container_facts, find_daemon, host_facts, locality,
    owners, scan_listeners,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc;
use tokio::sync::mpsc::UnboundedSender;

/// A namespace whose sockets are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketTarget {
    /// The namespace.
    pub netns: NsInode,
    /// Through which process it is read; none for our own.
    pub via: Option<Pid>,
    /// Processes that may hold its sockets; none means every process of the host.
    pub candidates: Option<Vec<Pid>>,
}

/// Something to read.
#[derive(Debug)]
pub enum Job {
    /// The cgroup tree, for containers.
    Seats(Layout),
    /// The host.
    Host,
    /// Kernel facts of containers.
    Containers(Vec<(ContainerId, Pid)>, Depth),
    /// Listening sockets.
    Sockets(Vec<SocketTarget>),
    /// The engine's daemon and whether it is here.
    Daemon(Box<DaemonQuestion>),
}

/// What is known of the engine when its daemon is looked for.
#[derive(Debug)]
pub struct DaemonQuestion {
    /// As the engine answered.
    pub engine: Engine,
    /// Path of the unix socket, if it is one.
    pub socket: Option<String>,
    /// Containers that run.
    pub running: Vec<Running>,
    /// The host, for comparison.
    pub host: Arc<Host>,
}

/// What was read.
#[derive(Debug)]
pub enum Reply {
    /// Containers that the cgroup tree shows, or why it can't be walked.
    Seats(std::io::Result<Vec<Seat>>),
    /// The host.
    Host(Box<Host>),
    /// Facts of some containers.
    Containers(Vec<(ContainerId, Result<Arc<KernelFacts>, Gap>)>),
    /// All that a [`Job::Containers`] asked for has been answered.
    ContainersDone(Depth),
    /// Sockets, in the order asked for.
    Sockets(Vec<SocketScan>),
    /// The daemon.
    Daemon(Fact<Daemon>, Locality),
}

/// Containers answered at a time, so that a first screen does not wait for the last of two hundred.
const BATCH: usize = 32;

/// Starts the thread. It ends when the jobs' sender is dropped.
pub fn start(root: ProcRoot, replies: UnboundedSender<Reply>) -> std::io::Result<mpsc::Sender<Job>> {
    let (jobs, inbox) = mpsc::channel::<Job>();
    std::thread::Builder::new().name("bw-probe".into()).spawn(move || {
        let mut probe = Probe { root, owners: BTreeMap::new(), rlimits: None };
        while let Ok(job) = inbox.recv() {
            if !probe.work(job, &replies) {
                break;
            }
        }
    })?;
    Ok(jobs)
}

struct Probe {
    root: ProcRoot,
    /// Holders found before, by namespace and socket inode: a socket rarely changes hands, and walking the
    /// descriptors of every process is dear.
    owners: BTreeMap<NsInode, BTreeMap<u64, ProcessRef>>,
    /// Limits of the container read last: the next one mostly has the same, and shares them.
    rlimits: Option<Arc<Rlimits>>,
}

impl Probe {
    fn work(&mut self, job: Job, replies: &UnboundedSender<Reply>) -> bool {
        match job {
            Job::Seats(layout) => replies.send(Reply::Seats(containers::seats(&layout, &self.root, &[]))).is_ok(),
            Job::Host => replies.send(Reply::Host(Box::new(host_facts(&self.root)))).is_ok(),
            Job::Containers(list, depth) => {
                let mounts = CgroupMounts::read(&self.root);
                for batch in list.chunks(BATCH) {
                    let facts = batch.iter().map(|(id, pid)| {
                        let facts = match &mounts {
                            Ok(mounts) => container_facts(&self.root, mounts, id, *pid, depth),
                            Err(gap) => Err(gap.clone()),
                        };
                        let facts = facts.map(|mut facts| {
                            share(&mut self.rlimits, &mut facts.rlimits);
                            Arc::new(facts)
                        });
                        (id.clone(), facts)
                    });
                    if replies.send(Reply::Containers(facts.collect())).is_err() {
                        return false;
                    }
                }
                replies.send(Reply::ContainersDone(depth)).is_ok()
            }
            Job::Sockets(targets) => {
                let kept: BTreeSet<NsInode> = targets.iter().map(|t| t.netns).collect();
                self.owners.retain(|netns, _| kept.contains(netns));
                let scans = targets.iter().map(|t| self.sockets(t)).collect();
                replies.send(Reply::Sockets(scans)).is_ok()
            }
            Job::Daemon(question) => {
                let hints = DaemonHints { root_dir: Some(question.engine.root_dir.clone()), socket: question.socket };
                let daemon = find_daemon(&self.root, &hints).map_or_else(Fact::gap, Fact::Known);
                let local = locality(&self.root, &question.running, &question.engine, &question.host);
                replies.send(Reply::Daemon(daemon, local)).is_ok()
            }
        }
    }

    fn sockets(&mut self, target: &SocketTarget) -> SocketScan {
        let via = target.via.map_or(Via::Ourselves, Via::Process);
        let mut scan = scan_listeners(&self.root, target.netns, via);
        if let Fact::Known(listeners) = &mut scan.listeners {
            self.name_owners(target, listeners);
        }
        scan
    }

    fn name_owners(&mut self, target: &SocketTarget, listeners: &mut [Listener]) {
        let known = self.owners.entry(target.netns).or_default();
        let inodes: BTreeSet<u64> = listeners.iter().map(|l| l.inode).collect();
        known.retain(|inode, owner| inodes.contains(inode) && self.root.of(owner.pid, "fd").exists());
        let wanted: BTreeSet<u64> = inodes.iter().copied().filter(|i| !known.contains_key(i)).collect();
        let found = if wanted.is_empty() {
            None
        } else {
            let everyone;
            let candidates = match &target.candidates {
                Some(candidates) => candidates,
                None => {
                    everyone = crate::sources::proc::all_pids(&self.root).unwrap_or_default();
                    &everyone
                }
            };
            Some(owners(&self.root, candidates, &wanted))
        };
        for listener in listeners {
            listener.owner = match (known.get(&listener.inode), &found) {
                (Some(owner), _) => Fact::Known(Some(owner.clone())),
                (None, Some(found)) => found.of(listener.inode),
                (None, None) => continue,
            };
            if let Fact::Known(Some(owner)) = &listener.owner {
                known.insert(listener.inode, owner.clone());
            }
        }
    }
}

/// Takes the value before for an equal one.
fn share<T: PartialEq>(before: &mut Option<Arc<T>>, fact: &mut Fact<Arc<T>>) {
    let Fact::Known(value) = fact else { return };
    match before {
        Some(before) if **before == **value => *value = Arc::clone(before),
        _ => *before = Some(Arc::clone(value)),
    }
}
