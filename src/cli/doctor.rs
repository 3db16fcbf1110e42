//! `doctor`: what this user on this kernel can and can't see, and how to get the rest.

use crate::model::{Fact, Gap, Snapshot, SourceState};
use serde::Serialize;
use std::io::{self, Write};

/// Verdict on one thing that bridgewatch reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sight {
    /// All of it is seen.
    Yes,
    /// Some of it is seen.
    Partly,
    /// None of it is seen.
    No,
    /// This machine does not have it.
    Absent,
}

impl Sight {
    fn word(self) -> &'static str {
        match self {
            Sight::Yes => "yes",
            Sight::Partly => "partly",
            Sight::No => "no",
            Sight::Absent => "absent",
        }
    }
}

/// One line of the examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Symptom {
    /// What is read.
    pub what: &'static str,
    /// Whether it can be.
    pub seen: Sight,
    /// What was found, or why not.
    pub detail: String,
    /// What would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift: Option<String>,
    /// The views that need it.
    pub views: &'static str,
}

impl Symptom {
    fn of(what: &'static str, views: &'static str, seen: Sight, detail: impl Into<String>) -> Self {
        Symptom { what, seen, detail: detail.into(), lift: None, views }
    }

    fn gap(what: &'static str, views: &'static str, seen: Sight, gap: &Gap) -> Self {
        Symptom { what, seen, detail: gap.reason.clone(), lift: gap.lift.clone(), views }
    }
}

/// Examines a snapshot.
pub fn examine(snapshot: &Snapshot) -> Vec<Symptom> {
    let mut list = vec![engine(snapshot), rights(snapshot), cgroups(snapshot), pressure(snapshot)];
    list.push(source(snapshot, "netlink", "interfaces, addresses, routes", "networks, topology, traffic"));
    list.push(namespaces(snapshot));
    list.push(source(snapshot, "proc", "processes of containers", "containers, namespaces, security"));
    list.push(source(snapshot, "sockets", "listening sockets and who holds them", "ports, security"));
    list.push(source(snapshot, "firewall", "packet filter rules", "ports, topology, security"));
    list.push(locality(snapshot));
    list.push(lsm(snapshot));
    list
}

fn engine(snapshot: &Snapshot) -> Symptom {
    let views = "names, images, networks, ports, logs";
    let endpoint = &snapshot.host.endpoint;
    match &snapshot.host.engine {
        Fact::Known(e) => Symptom::of(
            "engine",
            views,
            if snapshot.engine_is_stale() { Sight::Partly } else { Sight::Yes },
            format!(
                "{} {} (API {}) at {}, from {}",
                e.product, e.version, e.api_version, endpoint.url, endpoint.origin
            ),
        ),
        Fact::Unknown { unknown } => {
            let mut symptom = Symptom::gap("engine", views, Sight::No, unknown);
            symptom.detail = format!("{} (endpoint {}, from {})", symptom.detail, endpoint.url, endpoint.origin);
            symptom
        }
    }
}

fn rights(snapshot: &Snapshot) -> Symptom {
    /// Capability numbers of capability.h and what each opens.
    const NEEDED: [(u32, &str, &str); 4] = [
        (19, "CAP_SYS_PTRACE", "namespaces, descriptors and environments of other users' processes"),
        (21, "CAP_SYS_ADMIN", "interfaces inside namespaces without an id"),
        (12, "CAP_NET_ADMIN", "packet filter rules"),
        (2, "CAP_DAC_READ_SEARCH", "files of the engine"),
    ];
    let rights = &snapshot.host.rights;
    let missing: Vec<_> = NEEDED.iter().filter(|(bit, ..)| !rights.has(*bit)).collect();
    let user = rights.user.shown();
    if missing.is_empty() {
        return Symptom::of("rights", "all", Sight::Yes, format!("user {user}, every capability that is read with"));
    }
    let lost: Vec<String> = missing.iter().map(|(_, name, what)| format!("without {name}: {what}")).collect();
    let mut symptom = Symptom::of("rights", "all", Sight::Partly, format!("user {user}; {}", lost.join("; ")));
    let names: Vec<String> = missing.iter().map(|(_, name, _)| name.to_lowercase()).collect();
    symptom.lift = Some(format!("run as root, or: setcap {}+ep $(command -v bridgewatch)", names.join(",")));
    symptom
}

fn cgroups(snapshot: &Snapshot) -> Symptom {
    let views = "CPU, memory, I/O, tasks";
    match (&snapshot.host.cgroup_version, snapshot.source("cgroup")) {
        (Fact::Known(version), Some(s)) if s.state == SourceState::Ok => Symptom::of(
            "control groups",
            views,
            Sight::Yes,
            format!("{}, {} containers metered", version.as_str(), snapshot.samples.len()),
        ),
        (_, Some(s)) => Symptom::of("control groups", views, sight(s.state), s.reason.clone()),
        (Fact::Unknown { unknown }, None) => Symptom::gap("control groups", views, Sight::No, unknown),
        (Fact::Known(_), None) => Symptom::of("control groups", views, Sight::No, "not read"),
    }
}

fn pressure(snapshot: &Snapshot) -> Symptom {
    let views = "pressure columns";
    match snapshot.samples.first().map(|s| &s.pressure_cpu) {
        Some(Fact::Known(_)) => Symptom::of("pressure (PSI)", views, Sight::Yes, "per container"),
        Some(Fact::Unknown { unknown }) => Symptom::gap("pressure (PSI)", views, Sight::Absent, unknown),
        None => Symptom::of("pressure (PSI)", views, Sight::Absent, "no container runs, so none could be tried"),
    }
}

fn namespaces(snapshot: &Snapshot) -> Symptom {
    let unread = snapshot.netns.iter().find_map(|n| n.links_gap.as_deref());
    let count = snapshot.netns.len();
    let what = "other network namespaces";
    match unread {
        None => Symptom::of(what, "topology, namespaces, traffic", Sight::Yes, format!("{count} found, all read")),
        Some(gap) => Symptom::gap(what, "topology, namespaces, traffic", Sight::Partly, gap),
    }
}

fn source(snapshot: &Snapshot, name: &str, what: &'static str, views: &'static str) -> Symptom {
    match snapshot.source(name) {
        None => Symptom::of(what, views, Sight::No, "not started"),
        Some(s) if s.state == SourceState::Ok => Symptom::of(what, views, Sight::Yes, "read"),
        Some(s) => {
            let mut symptom = Symptom::of(what, views, sight(s.state), s.reason.clone());
            if name == "firewall" {
                symptom.lift = snapshot.firewall.why().and_then(|gap| gap.lift.clone());
            }
            symptom
        }
    }
}

fn sight(state: SourceState) -> Sight {
    match state {
        SourceState::Ok => Sight::Yes,
        SourceState::Partial | SourceState::Stale => Sight::Partly,
        SourceState::Starting | SourceState::Down => Sight::No,
    }
}

fn locality(snapshot: &Snapshot) -> Symptom {
    use crate::model::Locality;
    let views = "everything that joins engine and kernel";
    match &snapshot.host.locality {
        Locality::Local { proof } => Symptom::of("engine is on this host", views, Sight::Yes, proof.clone()),
        Locality::Unproven { reason } => {
            let mut symptom = Symptom::of("engine is on this host", views, Sight::No, reason.clone());
            symptom.lift = Some("run bridgewatch on the host whose kernel runs the containers".into());
            symptom
        }
        Locality::NotYet => Symptom::of("engine is on this host", views, Sight::Partly, "not decided"),
    }
}

fn lsm(snapshot: &Snapshot) -> Symptom {
    match &snapshot.host.lsm {
        Fact::Known(list) if list.is_empty() => {
            Symptom::of("security modules", "security", Sight::Absent, "none is active in this kernel")
        }
        Fact::Known(list) => Symptom::of("security modules", "security", Sight::Yes, list.join(", ")),
        Fact::Unknown { unknown } => Symptom::gap("security modules", "security", Sight::No, unknown),
    }
}

/// Prints the examination for people.
///
/// # Errors
/// The output can't be written.
pub fn write_text(list: &[Symptom], out: &mut impl Write) -> io::Result<()> {
    for symptom in list {
        let detail = crate::text::clean_line(&symptom.detail).into_owned();
        writeln!(out, "{:<7} {:<37} {detail}", symptom.seen.word(), symptom.what)?;
        if symptom.seen != Sight::Yes {
            writeln!(out, "        {:<37} needed by: {}", "", symptom.views)?;
            if let Some(lift) = &symptom.lift {
                writeln!(out, "        {:<37} to get it: {}", "", crate::text::clean_line(lift))?;
            }
        }
    }
    Ok(())
}
