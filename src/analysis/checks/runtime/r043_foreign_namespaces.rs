//! BW-R-043: A process is in foreign namespaces.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-043",
    title: "A process is in foreign namespaces",
    severity: Severity::High,
    why: "A process in the container's cgroup that lives in the host's or a neighbour's namespaces has left the container, or was put there.",
    fix: "Find out who started it.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST).and(Inputs::CONTAINERS),
    need: "P",
    patience: Patience::TwoSamples,
    way: Check::BY_HAND,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let main = evidence.main_process(container)?;
    let mut unknown = None;
    let mut hits = Vec::new();
    for process in evidence.processes(container)?.iter().filter(|process| process.pid != main.pid) {
        for (kind, own, ours) in [
            (NsKind::Net, &main.net_ns, &process.net_ns),
            (NsKind::Pid, &main.pid_ns, &process.pid_ns),
            (NsKind::Mnt, &main.mnt_ns, &process.mnt_ns),
        ] {
            match (need(own), need(ours)) {
                (Ok(own), Ok(ours)) if own != ours => hits.push(judge(evidence, process, kind, *ours)),
                (Ok(_), Ok(_)) => {}
                (Err(missing), _) | (_, Err(missing)) => unknown = Some(missing),
            }
        }
    }
    // The worst first, one finding a kind: pids are no identity.
    hits.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.sub_key.cmp(&b.sub_key)));
    hits.dedup_by(|a, b| a.sub_key == b.sub_key);
    match (hits.is_empty(), unknown) {
        (true, Some(missing)) => Err(missing),
        _ => Ok(Verdict::of(hits)),
    }
}

/// The host's or another container's namespace is an intruder's; one of its own making is what sandboxes do.
fn judge(evidence: &Evidence, process: &Process, kind: NsKind, inode: NsInode) -> Hit {
    let host = &evidence.snapshot.host;
    let is_host = host.init_namespaces.get(&kind).and_then(Fact::get) == Some(inode)
        || (kind == NsKind::Net && evidence.engine_ns().is_ok_and(|engine| engine == inode));
    let elsewhere =
        evidence.snapshot.kernel.values().any(|facts| facts.namespaces.get(&kind).and_then(Fact::get) == Some(inode));
    let (hit, whose) = match (is_host, elsewhere) {
        (true, _) => (Hit::fail(Grade::Kernel).severity(Severity::High), "the host's"),
        (false, true) => (Hit::fail(Grade::Kernel).severity(Severity::High), "another container's"),
        (false, false) => (Hit::warn(Grade::Kernel).severity(Severity::Low), "a further"),
    };
    hit.on(kind.as_str())
        .says(format!("process {} ({}) is in {whose} {} namespace", process.pid, process.comm.raw(), kind.as_str()))
        .saw(
            "proc",
            format!("/proc/{}/ns/{}", process.pid, kind.as_str()),
            inode.to_string(),
            "that of the main process",
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn beside_the_main_process() {
        decides(
            &CHECK,
            [
                ("alone", one(container()), Pass),
                ("together", one(container().also(|_| {})), Pass),
                ("in the host's mounts", one(container().also(|p| p.mnt_ns = Fact::Known(HOST_NS))), Fail),
                ("in the host's network", one(container().also(|p| p.net_ns = Fact::Known(HOST_NS))), Fail),
                ("in a sandbox of its own", one(container().also(|p| p.pid_ns = Fact::Known(NsInode(999)))), Warn),
                (
                    "host network from the start",
                    one(container().netns(1).also(|p| p.net_ns = Fact::Known(HOST_NS))),
                    Pass,
                ),
                (
                    "unreadable links",
                    one(container().also(|p| p.mnt_ns = Fact::unknown(GapKind::Permission, "no"))),
                    Unknown,
                ),
                ("not running", one(container().stopped()), Na),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
