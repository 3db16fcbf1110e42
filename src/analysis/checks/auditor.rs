//! The engine of the audit: keeps every verdict and asks again only where an input changed.

use super::audit::{self, Audit, QuietRow, UnknownRow};
use super::cells::{Cell, Cells};
use super::changes::{self, Changes};
use super::finding::{About, Finding, SubjectKind};
use super::settling::Settling;
use super::transitions::History;
use super::{Check, Circumstances, Decide, Evidence, Inputs, Patience, Reason, Status, Verdict, record, registry};
use crate::model::{Event, Snapshot, State, Subject};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How long a hit from polled kernel state must hold: longer than one refresh.
const HOLD_NS: u64 = 2_000_000_000;
/// How often checks that depend on the time of day are asked.
const CLOCK_NS: u64 = 5_000_000_000;

/// Keeps verdicts over snapshots. Pure but for what it remembers: its clock is the snapshots'.
pub struct Auditor {
    checks: Vec<&'static Check>,
    cells: Cells,
    previous: Option<Arc<Snapshot>>,
    settling: Settling,
    /// By check: subjects that wait for the dust to settle.
    owed: Vec<BTreeSet<Subject>>,
    clock_at: u64,
    waiting: usize,
    /// How long a hit of a check that wants two samples must hold, nanoseconds: 0 counts at once, 1 wants another
    /// reading after the one that had it first.
    hold_ns: u64,
    quiet: bool,
    history: History,
    audit: Arc<Audit>,
}

impl Default for Auditor {
    fn default() -> Self {
        Auditor::new()
    }
}

impl Auditor {
    /// An auditor that has seen nothing yet.
    pub fn new() -> Self {
        let checks: Vec<&'static Check> = registry().collect();
        let owed = checks.iter().map(|_| BTreeSet::new()).collect();
        Auditor {
            checks,
            cells: Cells::default(),
            previous: None,
            settling: Settling::default(),
            owed,
            clock_at: 0,
            waiting: 0,
            hold_ns: HOLD_NS,
            quiet: false,
            history: History::default(),
            audit: Arc::default(),
        }
    }

    /// One audit of one snapshot: nothing is held back for a second sample. `quiet` keeps what passed or does not
    /// apply, too.
    pub fn once(snapshot: &Snapshot, quiet: bool) -> Arc<Audit> {
        let mut auditor = Auditor { hold_ns: 0, quiet, ..Auditor::new() };
        auditor.update(&Arc::new(snapshot.clone()))
    }

    /// One audit of the host as `second` has it, in which a hit of a check that wants two samples counts only if
    /// `first`, an earlier reading, has it too: the first process of an exec, for one, is not confined yet. `quiet` as
    /// in [`Auditor::once`].
    pub fn confirmed(first: &Arc<Snapshot>, second: &Arc<Snapshot>, quiet: bool) -> Arc<Audit> {
        let mut auditor = Auditor { hold_ns: 1, quiet, ..Auditor::new() };
        auditor.update(first);
        auditor.update(second)
    }

    /// True when a finding of this audit of one snapshot rests on kernel state that may be in passing, so that another
    /// reading should confirm it, see [`Auditor::confirmed`].
    pub fn wants_confirmation(audit: &Audit) -> bool {
        audit.findings.iter().any(|f| super::check(f.id).is_some_and(|c| c.patience == Patience::TwoSamples))
    }

    /// Takes the next snapshot. The same `Arc` comes back while nothing that matters changed.
    pub fn update(&mut self, snapshot: &Arc<Snapshot>) -> Arc<Audit> {
        let mut changes = changes::between(self.previous.as_deref(), snapshot);
        let now = snapshot.at_ns;
        self.settling.note(&changes, now);
        if self.previous.is_none() || now.saturating_sub(self.clock_at) >= CLOCK_NS {
            changes.inputs = changes.inputs.and(Inputs::CLOCK);
            self.clock_at = now;
        }
        let first = self.previous.is_none();
        let mut dirty = first || changes.staleness;
        if !changes.inputs.is_empty() || self.owed.iter().any(|owed| !owed.is_empty()) {
            dirty |= self.decide(snapshot, &changes);
        }
        if dirty || self.waiting > 0 {
            let held = self.held(now);
            if dirty || held != self.waiting {
                self.waiting = held;
                self.audit = Arc::new(self.rebuild(snapshot, first));
            }
        }
        self.previous = Some(Arc::clone(snapshot));
        Arc::clone(&self.audit)
    }

    /// Findings that opened or closed since this was last asked, as events of class `finding` with `seq` 0. What the
    /// first snapshot shows is no event.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.history.events)
    }

    /// Asks the checks whose inputs changed. True when a verdict did.
    fn decide(&mut self, snapshot: &Snapshot, changes: &Changes) -> bool {
        let evidence = Evidence::new(snapshot);
        let now = snapshot.at_ns;
        let mut dirty = self.forget_the_gone(snapshot, changes);
        for (n, check) in self.checks.iter().enumerate() {
            let due = check.inputs.meets(changes.inputs);
            let owed = &mut self.owed[n];
            if !due && owed.is_empty() {
                continue;
            }
            // Inputs of the subject alone: only subjects that changed are asked.
            let beyond = check.inputs.without(Inputs::CONTAINER.and(Inputs::KERNEL)).meets(changes.inputs);
            let cells = &mut self.cells;
            ask_each(check, &evidence, |subject, ask| {
                let changed = match &subject {
                    Subject::Container { id } => beyond || changes.containers.contains(id),
                    _ => true,
                };
                if !(owed.contains(&subject) || due && changed) {
                    return;
                }
                let waits = check.patience == Patience::Settled && self.hold_ns >= HOLD_NS;
                if waits && self.settling.is_moving(&subject, now) {
                    // The last answer stands until the dust has settled.
                    let verdict = || Verdict::unknown(Reason::Race, "a container came or went less than 3 seconds ago");
                    if cells.get(n, &subject).is_none() {
                        dirty |= store(cells, n, check, &subject, verdict(), now);
                    }
                    owed.insert(subject);
                } else {
                    owed.remove(&subject);
                    dirty |= store(cells, n, check, &subject, ask(), now);
                }
            });
        }
        dirty
    }

    fn forget_the_gone(&mut self, snapshot: &Snapshot, changes: &Changes) -> bool {
        if !changes.inputs.meets(Inputs::CONTAINERS.and(Inputs::NETWORKS)) {
            return false;
        }
        let exists = |subject: &Subject| match subject {
            Subject::Container { id } => snapshot.container(id).is_some(),
            Subject::Network { id } => snapshot.networks.iter().any(|network| network.id == *id),
            _ => true,
        };
        for owed in &mut self.owed {
            owed.retain(exists);
        }
        self.cells.retain(exists)
    }

    /// Number of hits that were not seen long enough yet.
    fn held(&self, now: u64) -> usize {
        let young = |at: &&u64| now.saturating_sub(**at) < self.hold_ns;
        self.cells.all().map(|(_, _, cell)| cell.since().map(|(_, at)| at).filter(young).count()).sum()
    }

    fn rebuild(&mut self, snapshot: &Snapshot, first: bool) -> Audit {
        let evidence = Evidence::new(snapshot);
        let mut audit = Audit {
            taken_at: snapshot.taken_at,
            engine: audit::engine(&evidence),
            coverage: audit::coverage(&evidence),
            waiting: self.waiting,
            ..Audit::default()
        };
        let mut abouts: HashMap<Subject, Arc<About>> = HashMap::new();
        let mut by_key: HashMap<Arc<str>, Arc<Finding>> = HashMap::new();
        let mut children: Vec<(&'static str, &'static str, Subject)> = Vec::new();
        for (subject, n, cell) in self.cells.all() {
            let check = self.checks[n];
            let Some(about) = about(&evidence, subject, &mut abouts) else { continue };
            if cell.verdict.hits().is_empty() {
                self.quiet_row(&mut audit, check, &cell.verdict, about);
            } else if let Some(parent) = self.parent_of(check, subject) {
                audit.suppressed += cell.verdict.hits().len();
                children.push((parent, check.id, subject.clone()));
            } else {
                self.findings(&evidence, check, cell, &about, snapshot, &mut by_key);
            }
        }
        for finding in by_key.values_mut() {
            let finding = Arc::make_mut(finding);
            let mine = children.iter().filter(|(parent, _, subject)| {
                *parent == finding.id
                    && (*subject == finding.subject.subject || finding.subject.kind != SubjectKind::Container)
            });
            finding.related.extend(mine.map(|(_, child, _)| *child));
            finding.related.sort_unstable();
            finding.related.dedup();
        }
        audit.findings =
            self.history.follow(by_key, first, snapshot.taken_at, |finding| lost(&self.checks, &self.cells, finding));
        audit.finish();
        audit
    }

    fn quiet_row(&self, audit: &mut Audit, check: &'static Check, verdict: &Verdict, about: Arc<About>) {
        let status = verdict.status();
        *audit.statuses.entry(status).or_default() += 1;
        let note = match verdict {
            Verdict::Unknown(undecided) => {
                audit.unknowns.push(UnknownRow {
                    id: check.id,
                    title: check.title,
                    severity: check.severity,
                    subject: about,
                    code: undecided.code,
                    reason: undecided.reason.clone(),
                    lift: undecided.lift.clone(),
                });
                return;
            }
            Verdict::Pass { note } => note,
            Verdict::NotApplicable { reason } => reason,
            Verdict::Manual { hint } => hint,
            Verdict::Found { .. } => return,
        };
        if self.quiet {
            audit.quiet.push(QuietRow {
                id: check.id,
                title: check.title,
                status,
                subject: about,
                note: note.to_string(),
            });
        }
    }

    /// The check that already says what this one found on the subject.
    fn parent_of(&self, check: &Check, subject: &Subject) -> Option<&'static str> {
        check.parents.iter().copied().find(|parent| {
            let Some(n) = self.checks.iter().position(|check| check.id == *parent) else { return false };
            let fails =
                |subject: &Subject| self.cells.get(n, subject).is_some_and(|c| c.verdict.status() == Status::Fail);
            fails(subject) || fails(&Subject::Host) || fails(&Subject::Daemon)
        })
    }

    fn findings(
        &self,
        evidence: &Evidence,
        check: &'static Check,
        cell: &Cell,
        about: &Arc<About>,
        snapshot: &Snapshot,
        by_key: &mut HashMap<Arc<str>, Arc<Finding>>,
    ) {
        let container = match &about.subject {
            Subject::Container { id } => snapshot.container(id),
            _ => None,
        };
        let circumstances = container.map_or_else(Circumstances::default, |container| Circumstances {
            dormant: !container.state.has_processes() && container.state != State::Restarting,
            remapped: check.escape && evidence.is_remapped(container),
        });
        for hit in cell.verdict.hits() {
            let young = |at: &u64| snapshot.at_ns.saturating_sub(*at) < self.hold_ns;
            if cell.since_of(&hit.sub_key).as_ref().is_some_and(young) {
                continue;
            }
            let finding = record::finding(check, hit, about, circumstances, snapshot.taken_at);
            match by_key.get(&finding.key) {
                Some(known) if known.severity >= finding.severity => {}
                _ => {
                    by_key.insert(Arc::clone(&finding.key), Arc::new(finding));
                }
            }
        }
    }
}

/// Why a finding that is no longer there can no longer be decided; none when it is really gone.
fn lost(checks: &[&'static Check], cells: &Cells, finding: &Finding) -> Option<String> {
    let n = checks.iter().position(|check| check.id == finding.id)?;
    match &cells.get(n, &finding.subject.subject)?.verdict {
        Verdict::Unknown(undecided) => Some(undecided.reason.clone()),
        _ => None,
    }
}

/// Goes through the subjects of a check; `visit` gets each with the way to ask.
fn ask_each(check: &'static Check, evidence: &Evidence, mut visit: impl FnMut(Subject, &dyn Fn() -> Verdict)) {
    let settle = |decision: super::Decision| decision.unwrap_or_else(|verdict| verdict);
    for decide in std::iter::once(&check.decide).chain(&check.beside) {
        match decide {
            Decide::Container(ask) => {
                for container in evidence.snapshot.containers.iter() {
                    visit(Subject::Container { id: container.id.clone() }, &|| settle(ask(evidence, container)));
                }
            }
            Decide::Network(ask) => {
                for network in evidence.snapshot.networks.iter() {
                    visit(Subject::Network { id: network.id.clone() }, &|| settle(ask(evidence, network)));
                }
            }
            Decide::Daemon(ask) => visit(Subject::Daemon, &|| settle(ask(evidence))),
            Decide::Host(ask) => visit(Subject::Host, &|| settle(ask(evidence))),
        }
    }
}

fn store(cells: &mut Cells, n: usize, check: &Check, subject: &Subject, verdict: Verdict, now: u64) -> bool {
    let known = cells.get(n, subject);
    if known.is_some_and(|cell| cell.verdict == verdict) {
        return false;
    }
    let mut since = Vec::new();
    if check.patience == Patience::TwoSamples {
        for hit in verdict.hits() {
            let at = known.and_then(|cell| cell.since_of(&hit.sub_key)).unwrap_or(now);
            since.push((hit.sub_key.clone(), at));
        }
    }
    cells.put(n, subject, Cell::new(verdict, since));
    true
}

fn about(evidence: &Evidence, subject: &Subject, known: &mut HashMap<Subject, Arc<About>>) -> Option<Arc<About>> {
    if let Some(about) = known.get(subject) {
        return Some(Arc::clone(about));
    }
    let plain = |kind, name: &crate::text::Outside, id: &str| About {
        kind,
        name: name.clone(),
        id: id.to_owned(),
        project: None,
        service: None,
        subject: subject.clone(),
        stable: name.raw().to_owned(),
    };
    let about = match subject {
        Subject::Container { id } => evidence.about(evidence.snapshot.container(id)?),
        Subject::Network { id } => {
            let network = evidence.network(id)?;
            plain(SubjectKind::Network, &network.name, id.as_str())
        }
        Subject::Daemon => plain(SubjectKind::Daemon, &"daemon".into(), ""),
        Subject::Host => plain(SubjectKind::Host, &evidence.snapshot.host.name, ""),
        _ => return None,
    };
    let about = Arc::new(match subject {
        // A host may be renamed; its findings stay.
        Subject::Host => About { stable: "host".to_owned(), ..about },
        _ => about,
    });
    known.insert(subject.clone(), Arc::clone(&about));
    Some(about)
}
