//! What somebody did since to what an entry changed.

use super::{container_of, network_of};
use crate::analysis::scope::is_on;
use crate::model::{Container, ContainerId, Network, Qdisc, QdiscSetup, State};
use crate::plan::{EngineOp, Entry, Ground, KernelOp, LedgerOp, LimitsUpdate, Op, StepState};
use crate::text::clean_line;

/// What became of it.
pub(super) enum Since {
    /// It is as the entry left it.
    Stands,
    /// It went by itself, or somebody took it back: why.
    Gone(String),
    /// Somebody changed it: both versions.
    Changed(String),
}

/// Steps of the entry that happened or may have.
fn done(entry: &Entry) -> impl Iterator<Item = &Op> {
    let happened = |n: &usize| {
        let state = entry.results.get(*n).map(|r| r.state);
        !matches!(state, Some(StepState::Waiting | StepState::Failed | StepState::TakenBack))
    };
    (0..entry.plan.steps.len()).filter(happened).map(|n| &entry.plan.steps[n].op)
}

/// Something of the engine's; `op` is what takes it back.
pub(super) fn engine(ground: &Ground<'_>, entry: &Entry, op: &EngineOp) -> Since {
    let container = container_of(op).and_then(|c| ground.snapshot.container(&c.id));
    match (op, container) {
        (EngineOp::RemoveNetwork { .. }, _) => match network_of(ground, op) {
            None => Since::Gone("the network is gone".into()),
            Some(network) => members(ground, entry, network),
        },
        (EngineOp::Connect { .. } | EngineOp::Disconnect { .. }, Some(container)) => {
            let Some(network) = network_of(ground, op) else {
                return match op {
                    // A step before makes it anew.
                    EngineOp::Connect { network, .. } if network.id.is_none() => Since::Stands,
                    _ => Since::Gone("the network is gone".into()),
                };
            };
            let on = container.endpoints.iter().find(|e| is_on(e, network));
            let (who, what) = (container.name.shown(), network.name.shown());
            match (op, on) {
                (EngineOp::Connect { .. }, Some(_)) => Since::Gone(format!("{who} is on {what} again")),
                (EngineOp::Disconnect { .. }, None) => Since::Gone(format!("{who} is not on {what} any more")),
                _ => Since::Stands,
            }
        }
        (EngineOp::Rename { to, .. }, Some(container)) => {
            let set = done(entry).find_map(|op| match op {
                Op::Engine(EngineOp::Rename { container: c, to }) if c.id == container.id => Some(to),
                _ => None,
            });
            let now = container.name.raw();
            match set {
                _ if now == to => Since::Gone(format!("it is called {} again", clean_line(to))),
                Some(set) if now != set => {
                    let (now, set) = (clean_line(now).into_owned(), clean_line(set).into_owned());
                    Since::Changed(format!("it is called {now} now, this change had called it {set}"))
                }
                _ => Since::Stands,
            }
        }
        (EngineOp::SetLimits { .. }, Some(container)) => limits(entry, container),
        (EngineOp::SetRestartPolicy { .. }, Some(container)) => policy(entry, container),
        (op, Some(container)) => power(op, container),
        _ => Since::Stands,
    }
}

fn members(ground: &Ground<'_>, entry: &Entry, network: &Network) -> Since {
    let ours = |id: &ContainerId| {
        done(entry).any(|op| matches!(op, Op::Engine(EngineOp::Connect { container, .. }) if container.id == *id))
    };
    let is_member =
        |c: &&std::sync::Arc<Container>| c.state.has_processes() && c.endpoints.iter().any(|e| is_on(e, network));
    let joined: Vec<String> = ground
        .snapshot
        .containers
        .iter()
        .filter(|c| is_member(c) && !ours(&c.id))
        .map(|c| c.name.shown().into_owned())
        .collect();
    if joined.is_empty() {
        return Since::Stands;
    }
    Since::Changed(format!(
        "{} joined {}, which the engine keeps until they leave",
        joined.join(", "),
        network.name.shown()
    ))
}

fn limits(entry: &Entry, container: &Container) -> Since {
    // Some limits are reached by two steps: the last is what they led to.
    let all = done(entry).filter_map(|op| match op {
        Op::Engine(EngineOp::SetLimits { container: c, limits }) if c.id == container.id => Some(limits),
        _ => None,
    });
    let set = all.last();
    let (Some(set), Some(now)) = (set, container.config.known()) else { return Since::Stands };
    let now = LimitsUpdate {
        nano_cpus: Some(now.nano_cpus),
        cpu_quota_us: Some(now.cpu_quota_us),
        cpu_period_us: Some(now.cpu_period_us),
        cpu_shares: Some(now.cpu_shares),
        cpuset_cpus: Some(now.cpuset_cpus.clone()),
        memory_bytes: Some(now.memory_bytes),
        memory_swap_bytes: Some(now.memory_swap_bytes),
        pids_limit: now.pids_limit,
        blkio_weight: Some(now.blkio_weight),
    };
    let as_object = |limits: &LimitsUpdate| serde_json::to_value(limits).unwrap_or_default();
    let (set, now) = (as_object(set), as_object(&now));
    let differs = |(name, set): (&String, &serde_json::Value)| {
        let now = now.get(name)?;
        // What the engine chooses by itself, it may write down.
        let is_open = set.is_null() || now.is_null() || set.as_i64().is_some_and(|n| n <= 0);
        (!is_open && set != now).then(|| format!("{name} is {now} now, this change had set {set}"))
    };
    let words: Vec<String> = set.as_object().into_iter().flatten().filter_map(differs).collect();
    if words.is_empty() { Since::Stands } else { Since::Changed(clean_line(&words.join(", ")).into_owned()) }
}

fn policy(entry: &Entry, container: &Container) -> Since {
    let set = done(entry).find_map(|op| match op {
        Op::Engine(EngineOp::SetRestartPolicy { container: c, policy }) if c.id == container.id => Some(policy),
        _ => None,
    });
    match (set, container.config.known()) {
        (Some(set), Some(now)) if now.restart_policy.name != set.name => Since::Changed(format!(
            "the restart policy is {} now, this change had set {}",
            clean_line(&now.restart_policy.name),
            clean_line(&set.name)
        )),
        _ => Since::Stands,
    }
}

/// Starting what runs and stopping what does not is nothing to take back.
fn power(op: &EngineOp, container: &Container) -> Since {
    let who = container.name.shown();
    let runs = container.state.has_processes();
    match op {
        EngineOp::Start { .. } if runs => Since::Gone(format!("{who} runs again")),
        EngineOp::Stop { .. } | EngineOp::Pause { .. } if !runs => Since::Gone(format!("{who} does not run any more")),
        EngineOp::Unpause { .. } if container.state != State::Paused => {
            Since::Gone(format!("{who} is not paused any more"))
        }
        EngineOp::Pause { .. } if container.state == State::Paused => Since::Gone(format!("{who} is paused again")),
        _ => Since::Stands,
    }
}

/// Something of the kernel's, on interfaces that are there.
pub(super) fn kernel(ground: &Ground<'_>, entry: &Entry, op: &KernelOp) -> Since {
    let (KernelOp::DeleteQdisc { link, parent, .. } | KernelOp::PutQdisc { link, parent, .. }) = op else {
        return Since::Stands;
    };
    let Some(tc) = ground.snapshot.tc.known() else { return Since::Stands };
    let Some(ifindex) = link.ifindex else { return Since::Stands };
    let name = link.name.shown();
    let now = tc.qdiscs_of(link.place.netns, ifindex).find(|q| q.parent == *parent);
    let put = done(entry).find_map(|op| match op {
        Op::Kernel(KernelOp::PutQdisc { link: l, parent: p, handle, setup, .. })
            if (l.name == link.name || l.ifindex == link.ifindex) && p == parent =>
        {
            Some((*handle, setup))
        }
        _ => None,
    });
    match (now, put) {
        (None, _) if matches!(op, KernelOp::DeleteQdisc { .. }) => {
            Since::Gone(format!("{name} has no such qdisc any more"))
        }
        (Some(now), Some(_)) if now.is_default() => Since::Gone(format!("{name} has the kernel's own queue again")),
        (Some(now), Some((handle, setup))) if now.handle != handle || !is_alike(&now.setup, setup) => {
            Since::Changed(format!("{name} has {} now, this change had put {}", qdisc(now), words(setup)))
        }
        _ => Since::Stands,
    }
}

fn qdisc(qdisc: &Qdisc) -> String {
    let words = words(&qdisc.setup);
    let name = clean_line(&qdisc.name);
    if words.starts_with(&*name) { words } else { format!("{name} {}: {words}", qdisc.handle) }
}

fn words(setup: &QdiscSetup) -> String {
    match setup {
        QdiscSetup::Tbf { rate_bps, burst_bytes, .. } => format!("tbf of {rate_bps} bit/s and {burst_bytes} bytes"),
        QdiscSetup::Netem(netem) => {
            format!("netem of {} µs, {} % loss and {} bit/s", netem.delay_us, netem.loss_percent, netem.rate_bps)
        }
        QdiscSetup::Htb { .. } => "htb".into(),
        QdiscSetup::Other { words } => clean_line(words).into_owned(),
    }
}

/// Alike as far as the kernel keeps what it was told: it rounds to ticks.
fn is_alike(now: &QdiscSetup, set: &QdiscSetup) -> bool {
    let near = |a: u64, b: u64| a.abs_diff(b) <= a.max(b) / 50;
    match (now, set) {
        (QdiscSetup::Tbf { rate_bps: a, burst_bytes: x, .. }, QdiscSetup::Tbf { rate_bps: b, burst_bytes: y, .. }) => {
            near(*a, *b) && near(*x, *y)
        }
        (QdiscSetup::Netem(a), QdiscSetup::Netem(b)) => {
            near(a.delay_us, b.delay_us)
                && near(a.jitter_us, b.jitter_us)
                && near(a.rate_bps, b.rate_bps)
                && (a.loss_percent - b.loss_percent).abs() < 0.01
        }
        (QdiscSetup::Htb { .. }, QdiscSetup::Htb { .. }) | (QdiscSetup::Other { .. }, QdiscSetup::Other { .. }) => true,
        _ => false,
    }
}

/// Something of the state file.
pub(super) fn ledger(ground: &Ground<'_>, entry: &Entry, op: &LedgerOp) -> Since {
    let (container, network) = match op {
        LedgerOp::Keep { wanted } => (&wanted.container, wanted.network.as_ref()),
        LedgerOp::Forget { container, network } => (&container.id, network.as_ref()),
    };
    let now = ground.snapshot.wanted.iter().find(|w| (&w.container, w.network.as_ref()) == (container, network));
    let set = done(entry).find_map(|op| match op {
        Op::Ledger(LedgerOp::Keep { wanted })
            if (&wanted.container, wanted.network.as_ref()) == (container, network) =>
        {
            Some(wanted)
        }
        _ => None,
    });
    match (op, now, set) {
        (LedgerOp::Forget { .. }, None, _) => Since::Gone("the limit is not kept any more".into()),
        (_, Some(now), Some(set)) if now != set => {
            Since::Changed(format!("another limit is kept for {} since", set.name.shown()))
        }
        _ => Since::Stands,
    }
}
