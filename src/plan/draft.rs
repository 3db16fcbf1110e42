//! A plan of engine operations in the making: rows, identities, steps; what can't be is left out with its reason.

use super::op::{ContainerRef, EngineOp, NetworkRef, Op};
use super::{Ground, Identity, LeftOut, Plan, Refusal, Risk, Step, Wish};
use crate::model::{Container, ContainerId, Network, NetworkId, Owner, SourceState, State};
use crate::text::clean_line;

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub(super) ground: &'a Ground<'a>,
    plan: Plan,
    refused: Vec<Refusal>,
}

impl<'a> Draft<'a> {
    /// An empty one for an engine that answers.
    pub(super) fn new(ground: &'a Ground<'a>, title: &str, wish: Option<Wish>) -> Result<Self, Refusal> {
        if let Some(source) = ground.snapshot.source("engine")
            && matches!(source.state, SourceState::Stale | SourceState::Down)
        {
            let why = format!("the engine does not answer ({})", source.reason);
            return Err(Refusal::new(title, why).instead("wait until it is back: what is shown of it is old"));
        }
        let mut identities = Vec::new();
        if let Some(engine) = ground.snapshot.host.engine.known().filter(|engine| !engine.id.is_empty()) {
            identities.push(Identity::Engine { id: engine.id.clone() });
        }
        let plan = Plan {
            title: title.to_owned(),
            wish,
            undoes: None,
            rows: Vec::new(),
            identities,
            steps: Vec::new(),
            affects: Vec::new(),
            lasting: Vec::new(),
            notes: Vec::new(),
            risk: Risk::Trifle,
            cutoff: None,
            left_out: Vec::new(),
        };
        Ok(Draft { ground, plan, refused: Vec::new() })
    }

    /// A container that the engine has.
    pub(super) fn container(&self, id: &ContainerId) -> Result<&'a Container, Refusal> {
        let what = &self.plan.title;
        let Some(container) = self.ground.snapshot.container(id) else {
            return Err(Refusal::new(what, format!("container {} is not there any more", id.short())));
        };
        match container.owner {
            Owner::Engine => Ok(container),
            _ => Err(Refusal::new(what, "no engine answers for it").instead("use the tool that started it")),
        }
    }

    /// A network that the engine has.
    pub(super) fn network(&self, id: &NetworkId) -> Result<&'a Network, Refusal> {
        let found = self.ground.snapshot.networks.iter().find(|network| network.id == *id);
        found.ok_or_else(|| Refusal::new(&self.plan.title, format!("network {} is not there any more", id.short())))
    }

    /// A row of results; its number.
    pub(super) fn row(&mut self, name: impl Into<String>) -> usize {
        self.plan.rows.push(name.into());
        self.plan.rows.len() - 1
    }

    /// What must still be so.
    pub(super) fn identity(&mut self, identity: Identity) {
        if !self.plan.identities.contains(&identity) {
            self.plan.identities.push(identity);
        }
    }

    /// The container as it is shown: not restarted since.
    pub(super) fn same_run(&mut self, container: &Container) {
        self.identity(Identity::Container {
            id: container.id.clone(),
            name: container.name.clone(),
            started_at: container.started_at,
            running: is_running(container),
        });
    }

    /// The network as it is shown.
    pub(super) fn same_network(&mut self, network: &Network) {
        self.identity(Identity::Network { id: network.id.clone(), name: network.name.clone() });
    }

    /// A step, and what takes it back.
    pub(super) fn step(&mut self, row: usize, op: EngineOp, undo: Vec<EngineOp>) -> &mut Step {
        let undo = undo.into_iter().map(Op::Engine).collect();
        self.plan.steps.push(Step { row, op: Op::Engine(op), undo, gone_with: None, lasting: None });
        let last = self.plan.steps.len() - 1;
        &mut self.plan.steps[last]
    }

    pub(super) fn affects(&mut self, sentence: impl Into<String>) {
        push_new(&mut self.plan.affects, sentence.into());
    }

    /// What can't be taken back, of the step added last and of the whole.
    pub(super) fn lasting(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if let Some(step) = self.plan.steps.last_mut() {
            step.lasting = Some(match step.lasting.take() {
                Some(before) => format!("{before}; {sentence}"),
                None => sentence.clone(),
            });
        }
        push_new(&mut self.plan.lasting, sentence);
    }

    pub(super) fn note(&mut self, sentence: impl Into<String>) {
        push_new(&mut self.plan.notes, sentence.into());
    }

    /// It is shown and answered with y or n, unless it is graver already.
    pub(super) fn change(&mut self) {
        if self.plan.risk == Risk::Trifle {
            self.plan.risk = Risk::Change;
        }
    }

    /// `word` has to be typed. Of several rows, their number has.
    pub(super) fn grave(&mut self, word: &str, why: &str) {
        let why = match &self.plan.risk {
            Risk::Grave { why: before, .. } if before.contains(why) => before.clone(),
            Risk::Grave { why: before, .. } => format!("{before}; {why}"),
            _ => why.to_owned(),
        };
        self.plan.risk = Risk::Grave { word: word.to_owned(), why };
    }

    /// Leaves a row out.
    pub(super) fn leave_out(&mut self, row: impl Into<String>, refusal: Refusal) {
        let way_out = if refusal.way_out.is_empty() { String::new() } else { format!("; {}", refusal.way_out) };
        self.plan.left_out.push(LeftOut { row: row.into(), why: format!("{}{way_out}", refusal.why) });
        self.refused.push(refusal);
    }

    /// The plan, if anything is left to be done.
    pub(super) fn finish(mut self) -> Result<Plan, Refusal> {
        if self.plan.steps.is_empty() {
            let all = self.plan.left_out.iter().map(|out| format!("{}: {}", out.row, out.why));
            return Err(match self.refused.len() {
                0 => Refusal::new(&self.plan.title, "there is nothing to be done"),
                1 => self.refused.remove(0),
                n => Refusal::new(
                    &self.plan.title,
                    format!("none of {n} can be: {}", all.collect::<Vec<_>>().join("; ")),
                ),
            });
        }
        if let Risk::Grave { word, .. } = &mut self.plan.risk
            && self.plan.rows.len() > 1
        {
            *word = self.plan.rows.len().to_string();
        }
        Ok(self.plan)
    }
}

fn push_new(list: &mut Vec<String>, sentence: String) {
    if !list.contains(&sentence) {
        list.push(sentence);
    }
}

/// `web`, or `3 containers`.
pub(super) fn several(names: &[String], things: &str) -> String {
    match names {
        [one] => one.clone(),
        all => format!("{} {things}", all.len()),
    }
}

/// Its processes run or are frozen.
pub(super) fn is_running(container: &Container) -> bool {
    container.state.has_processes()
}

/// The name for sentences.
pub(super) fn shown(container: &Container) -> String {
    container.name.shown().into_owned()
}

pub(super) fn container_ref(container: &Container) -> ContainerRef {
    ContainerRef { id: container.id.clone(), name: container.name.clone() }
}

pub(super) fn network_ref(network: &Network) -> NetworkRef {
    NetworkRef { id: Some(network.id.clone()), name: network.name.clone() }
}

/// Why a container in this state takes no change of its run; none for running, paused and stopped ones.
pub(super) fn unfit(state: &State) -> Option<(&'static str, &'static str)> {
    match state {
        State::Removing => Some(("the engine is removing it", "")),
        State::Dead => Some(("its removal failed half-way", "remove it with force")),
        State::Restarting => Some(("the engine is about to restart it", "stop it first")),
        State::Running | State::Paused | State::Created | State::Exited => None,
        State::Other(_) => Some(("its state is not known to this version", "")),
    }
}

/// Why the engine gives a container that it connects no hardware address on request; none when it does.
pub(super) fn no_mac(ground: &Ground<'_>) -> Option<String> {
    let engine = ground.snapshot.host.engine.known()?;
    if let Some((major, minor)) = api(ground).filter(|api| *api < (1, 44)) {
        return Some(format!("a hardware address needs API 1.44; this engine speaks {major}.{minor}"));
    }
    // From API 1.44 on the field is taken, and not heeded before moby/moby#52040.
    let is_deaf = engine.product == "Docker" && version(&engine.version).is_some_and(|version| version < (29, 3));
    is_deaf.then(|| {
        format!("Docker {} takes no hardware address when it connects; 29.3 does", clean_line(&engine.version))
    })
}

/// Major and minor of `26.1.5+dfsg1`.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The engine's API, `(1, 41)`; none when it is not known.
pub(super) fn api(ground: &Ground<'_>) -> Option<(u32, u32)> {
    let engine = ground.snapshot.host.engine.known()?;
    let (major, minor) = engine.api_version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
