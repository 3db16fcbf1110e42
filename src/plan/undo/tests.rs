//! Undo on small hosts: what stands is taken back, what went by itself is said, what was changed since is shown.

use super::*;
use crate::analysis::testing::{Lab, every_mode};
use crate::analysis::{Analyst, Report};
use crate::model::*;
use crate::plan::{
    ContainerChange, EntryId, LinkRef, NetworkRef, Place, Session, SshSession, StepResult, StepState, Who, Wish, plan,
};
use std::sync::Arc;

struct Known {
    snapshot: Arc<Snapshot>,
    report: Report,
    session: Session,
}

impl Known {
    fn of(lab: &Lab) -> Self {
        let mut snapshot = lab.snapshot();
        Arc::make_mut(&mut snapshot.host).boot_id = "this boot".into();
        let snapshot = Arc::new(snapshot);
        let report = Analyst::new().update(&snapshot).clone();
        Known { snapshot, report, session: Session::default() }
    }

    fn ground(&self) -> Ground<'_> {
        Ground { snapshot: &self.snapshot, report: &self.report, session: &self.session }
    }
}

/// An entry whose steps all have come so far.
fn entry(plan: Plan, state: EntryState, step: StepState) -> Entry {
    let result = |undo: &Vec<Op>| StepResult { state: step, detail: String::new(), undo: undo.clone() };
    Entry {
        id: EntryId("20261128-211530-7f3a".into()),
        at: jiff::Timestamp::UNIX_EPOCH,
        ended_at: None,
        who: Who { boot_id: "this boot".into(), ..Who::default() },
        results: plan.steps.iter().map(|s| result(&s.undo)).collect(),
        plan,
        state,
        reason: String::new(),
        confirm_by: None,
        undone_by: None,
    }
}

fn id(lab: &Lab, name: &str) -> ContainerId {
    lab.containers.iter().find(|c| c.name == *name).expect("a container").id.clone()
}

fn set(lab: &Lab, change: ContainerChange) -> Entry {
    let wish = Wish::Containers { of: vec![id(lab, "db")], change };
    entry(plan(&Known::of(lab).ground(), &wish).expect("a plan"), EntryState::Done, StepState::Done)
}

fn words(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.op.words()).collect()
}

fn db(lab: &mut Lab) -> &mut Container {
    lab.containers.iter_mut().find(|c| c.name == "db").expect("db")
}

#[test]
fn a_rename_is_taken_back_and_the_undo_knows_its_own_undo() {
    let mut lab = every_mode();
    let entry = set(&lab, ContainerChange::Rename { name: "store".into() });
    db(&mut lab).name = "store".into();
    let undo = undo(&Known::of(&lab).ground(), &entry).expect("a plan");
    assert_eq!(undo.undoes, Some(entry.id));
    assert!(words(&undo)[0].starts_with("docker rename") && words(&undo)[0].ends_with(" db"), "{:?}", words(&undo));
    assert!(undo.steps[0].undo[0].words().ends_with(" store"));
    assert!(undo.identities.iter().any(|i| matches!(i, Identity::ContainerExists { name, .. } if *name == "store")));
}

#[test]
fn what_somebody_changed_since_is_shown_and_needs_force() {
    let mut lab = every_mode();
    let entry = set(&lab, ContainerChange::Rename { name: "store".into() });
    db(&mut lab).name = "vault-of-bob".into();
    let known = Known::of(&lab);
    let refusal = undo(&known.ground(), &entry).expect_err("refused");
    assert!(refusal.why.contains("vault-of-bob") && refusal.why.contains("store"), "{refusal}");
    assert_eq!(refusal.field, Some("force"));
    let forced = undo_forced(&known.ground(), &entry).expect("a plan");
    assert!(forced.notes.iter().any(|note| note.contains("vault-of-bob")), "{:?}", forced.notes);
}

#[test]
fn what_is_so_again_or_gone_is_nothing_to_take_back() {
    let mut lab = every_mode();
    let entry = set(&lab, ContainerChange::Rename { name: "store".into() });
    let refusal = undo(&Known::of(&lab).ground(), &entry).expect_err("refused");
    assert!(refusal.why.contains("called db again"), "{refusal}");
    lab.containers.retain(|c| c.name != "db");
    let refusal = undo(&Known::of(&lab).ground(), &entry).expect_err("refused");
    assert!(refusal.why.contains("container store is gone"), "{refusal}");
}

/// A plan of one message of the kernel on an interface of ours.
fn queue(ifindex: u32, name: &str) -> Plan {
    let place = Place { netns: crate::analysis::testing::HOST, by: None };
    let link = LinkRef { place, ifindex: Some(IfIndex(ifindex)), name: name.into() };
    let op = |up| Op::Kernel(KernelOp::SetUp { link: link.clone(), up });
    let step = Step { row: 0, op: op(true), undo: vec![op(false)], gone_with: None, lasting: None };
    Plan {
        title: "set it up".into(),
        wish: None,
        undoes: None,
        rows: vec![name.into()],
        identities: Vec::new(),
        steps: vec![step],
        affects: Vec::new(),
        lasting: Vec::new(),
        notes: Vec::new(),
        risk: crate::plan::Risk::Change,
        cutoff: None,
        left_out: Vec::new(),
    }
}

#[test]
fn interfaces_of_an_earlier_boot_or_of_another_name_are_left_alone() {
    let known = Known::of(&every_mode());
    let mut done = entry(queue(40, "br-manual"), EntryState::Done, StepState::Done);
    let undo_plan = undo(&known.ground(), &done).expect("a plan");
    assert!(undo_plan.identities.contains(&Identity::Boot { id: "this boot".into() }));
    assert!(undo_plan.identities.iter().any(|i| matches!(i, Identity::Link { ifindex: IfIndex(40), .. })));
    done.who.boot_id = "an earlier one".into();
    let refusal = undo(&known.ground(), &done).expect_err("refused");
    assert!(refusal.why.contains("earlier boot"), "{refusal}");
    let other = entry(queue(40, "veth-of-old"), EntryState::Done, StepState::Done);
    let refusal = undo(&known.ground(), &other).expect_err("refused");
    assert!(refusal.why.contains("br-manual now"), "{refusal}");
}

#[test]
fn only_what_may_stand_is_taken_back_and_only_once() {
    let known = Known::of(&every_mode());
    for (state, step, is_undoable) in [
        (EntryState::HalfDone, StepState::Begun, true),
        (EntryState::PartlyDone, StepState::Stands, true),
        (EntryState::Unconfirmed, StepState::Done, true),
        (EntryState::HalfDone, StepState::Waiting, false),
        (EntryState::UnderWay, StepState::Done, false),
        (EntryState::Undone, StepState::Done, false),
        (EntryState::RolledBack, StepState::TakenBack, false),
        (EntryState::NotDone, StepState::Failed, false),
    ] {
        let done = entry(queue(40, "br-manual"), state, step);
        assert_eq!(undo(&known.ground(), &done).is_ok(), is_undoable, "{state:?} {step:?}");
    }
}

#[test]
fn an_undo_over_the_operators_own_way_waits_to_be_confirmed() {
    let mut known = Known::of(&every_mode());
    let client = "198.51.100.7".parse().expect("an address");
    let server = "198.51.100.1".parse().expect("an address");
    known.session.ssh = Some(SshSession { client, server, port: 22 });
    let mut snapshot = (*known.snapshot).clone();
    let route = Route {
        netns: crate::analysis::testing::HOST,
        dst: "198.51.100.0/24".parse().expect("a prefix"),
        gateway: None,
        oif: Some(IfIndex(40)),
        source: None,
        metric: 0,
        table: 254,
        protocol: "kernel".into(),
        kind: "unicast".into(),
    };
    Arc::make_mut(&mut snapshot.routes).push(route);
    known.snapshot = Arc::new(snapshot);
    let done = entry(queue(40, "br-manual"), EntryState::Done, StepState::Done);
    let cutoff = undo(&known.ground(), &done).expect("a plan").cutoff.expect("a window");
    assert!(cutoff.why.contains("198.51.100.7"), "{}", cutoff.why);
}

#[test]
fn what_the_undo_makes_anew_its_later_steps_may_use() {
    let known = Known::of(&every_mode());
    let place = Place { netns: crate::analysis::testing::HOST, by: None };
    let old = LinkRef { place, ifindex: Some(IfIndex(99)), name: "bwi13".into() };
    let add = KernelOp::AddLink {
        link: LinkRef { ifindex: None, ..old.clone() },
        new: crate::plan::NewLink::Ifb,
        alias: String::new(),
        mtu: None,
        mac: None,
    };
    let up = KernelOp::SetUp { link: old.clone(), up: true };
    let mut removed = queue(40, "br-manual");
    removed.steps[0].op = Op::Kernel(KernelOp::DeleteLink { link: old });
    removed.steps[0].undo = vec![Op::Kernel(add), Op::Kernel(up)];
    let plan = undo(&known.ground(), &entry(removed, EntryState::Done, StepState::Done)).expect("a plan");
    assert_eq!((plan.steps.len(), plan.left_out.len()), (2, 0), "{:?}", plan.left_out);
}

#[test]
fn a_paused_container_that_was_stopped_is_paused_again() {
    let mut lab = every_mode();
    db(&mut lab).state = State::Paused;
    let entry = set(&lab, ContainerChange::Stop { timeout_s: None });
    db(&mut lab).state = State::Exited;
    let plan = undo(&Known::of(&lab).ground(), &entry).expect("a plan");
    let words = words(&plan);
    assert!(words.len() == 2 && words[0].starts_with("docker start"), "{words:?}");
    assert!(words[1].starts_with("docker pause"), "{words:?}");
    // Who started it since had a reason to: it is not paused under their hands.
    db(&mut lab).state = State::Running;
    assert!(undo(&Known::of(&lab).ground(), &entry).is_err_and(|r| r.why.contains("runs again")));
}

#[test]
fn what_an_undo_made_anew_is_meant_by_what_came_before_the_removal() {
    let network = |id: &str, name: &str| crate::plan::NetworkRef { id: Some(id.into()), name: name.into() };
    let remove = |id: &str, name: &str| Op::Engine(EngineOp::RemoveNetwork { network: network(id, name) });
    let delete = |ifindex| {
        let place = Place { netns: crate::analysis::testing::HOST, by: None };
        let link = LinkRef { place, ifindex: Some(IfIndex(ifindex)), name: "bwi13".into() };
        Op::Kernel(KernelOp::DeleteLink { link })
    };
    let step = |op: Op, undo: Vec<Op>| Step { row: 0, op, undo, gone_with: None, lasting: None };
    let with = |id: &str, undoes: Option<&str>, steps: Vec<Step>| {
        let mut plan = queue(40, "br-manual");
        (plan.steps, plan.undoes) = (steps, undoes.map(|id| EntryId(id.into())));
        Entry { id: EntryId(id.into()), ..entry(plan, EntryState::Done, StepState::Done) }
    };
    let any = || delete(1);
    let made = with("1", None, vec![step(any(), vec![remove("old", "n")]), step(any(), vec![delete(9)])]);
    let removed = with("2", None, vec![step(remove("old", "n"), vec![]), step(delete(9), vec![])]);
    let again = with("3", Some("2"), vec![step(any(), vec![remove("new", "n"), delete(21)])]);
    let later = with("4", None, vec![step(any(), vec![remove("old", "n"), delete(9)])]);
    let mut entries = [made, removed.clone(), again, later.clone()];
    follow_heirs(&mut entries);
    let undos = |entry: &Entry| entry.results.iter().flat_map(|r| r.undo.clone()).collect::<Vec<_>>();
    assert_eq!(undos(&entries[0]), [remove("new", "n"), delete(21)]);
    assert_eq!((&entries[1], &entries[3]), (&removed, &later), "only what came before the removal");
    // Another of that name, made by somebody else, is no heir.
    let (mut made, mut other) = (entries[0].clone(), entries[2].clone());
    (made.results[0].undo, other.plan.undoes) = (vec![remove("old", "n")], None);
    let mut entries = [made.clone(), removed, other];
    follow_heirs(&mut entries);
    assert_eq!(entries[0], made);
}

#[test]
fn both_ends_of_a_veth_that_the_undo_makes_anew_are_set_up_again() {
    let known = Known::of(&every_mode());
    let place = |netns| Place { netns, by: None };
    let outer =
        LinkRef { place: place(crate::analysis::testing::HOST), ifindex: Some(IfIndex(99)), name: "bwp1".into() };
    let inner = LinkRef { place: place(NsInode(203)), ifindex: None, name: "eth0".into() };
    let add = KernelOp::AddLink {
        link: LinkRef { ifindex: None, ..outer.clone() },
        new: NewLink::Veth { peer: inner.name.clone(), peer_place: inner.place.clone() },
        alias: String::new(),
        mtu: None,
        mac: None,
    };
    let address = KernelOp::AddAddress { link: inner.clone(), address: "172.18.0.9/16".parse().expect("an address") };
    let up = KernelOp::SetUp { link: inner, up: true };
    let mut removed = queue(40, "br-manual");
    removed.steps[0].op = Op::Kernel(KernelOp::DeleteLink { link: outer });
    removed.steps[0].undo = [add, address, up].map(Op::Kernel).to_vec();
    let plan = undo(&known.ground(), &entry(removed, EntryState::Done, StepState::Done)).expect("a plan");
    assert_eq!((plan.steps.len(), plan.left_out.len()), (3, 0), "{:?}", plan.left_out);
}

/// The entry of a creation whose maker died over it, and the network as it came to be, so long after the beginning.
fn created(lab: &mut Lab, name: &str, after_s: i64) -> Entry {
    let subnet: Cidr = "203.0.113.0/24".parse().expect("a subnet");
    let pool = crate::plan::PoolSpec { subnet, gateway: None, range: None, reserved: Default::default() };
    let spec = crate::plan::NetworkSpec { name: "made".into(), pools: vec![pool], ..Default::default() };
    let plan = plan(&Known::of(lab).ground(), &Wish::CreateNetwork(spec)).expect("a plan");
    let entry = entry(plan, EntryState::HalfDone, StepState::Begun);
    let mut network = lab.networks[0].clone();
    network.id = NetworkId::from("the-made-one");
    (network.name, network.driver, network.internal) = (name.into(), "bridge".into(), false);
    network.pools = vec![Pool { subnet, range: None, gateway: None, reserved: Default::default() }];
    network.members = Fact::Known(Vec::new());
    network.created_at = entry.at.checked_add(jiff::SignedDuration::from_secs(after_s)).ok();
    lab.networks.push(network);
    entry
}

#[test]
fn a_network_whose_maker_died_over_it_is_found_by_when_and_what_it_is() {
    for (name, after_s, is_it) in [("made", 2, true), ("other", 2, false), ("made", -9, false), ("made", 900, false)] {
        let mut lab = every_mode();
        let entry = created(&mut lab, name, after_s);
        let plan = undo(&Known::of(&lab).ground(), &entry);
        match plan {
            Ok(plan) => assert_eq!((words(&plan), is_it), (vec!["docker network rm made".to_owned()], true)),
            Err(refusal) => assert!(!is_it && refusal.why.contains("never read"), "{name} {after_s}: {refusal}"),
        }
    }
}

#[test]
fn what_a_step_before_has_made_is_known_to_the_one_that_died() {
    let lab = every_mode();
    let known = Known::of(&lab);
    let spec = crate::plan::NetworkSpec { name: "made".into(), ..Default::default() };
    let plan = plan(&known.ground(), &Wish::CreateNetwork(spec)).expect("a plan");
    let mut died = entry(plan, EntryState::HalfDone, StepState::Done);
    let made = NetworkRef { id: Some(NetworkId::from("the-made-one")), name: "made".into() };
    died.results[0].undo = vec![Op::Engine(EngineOp::RemoveNetwork { network: made.clone() })];
    let container = ContainerRef { id: id(&lab, "db"), name: "db".into() };
    let nameless = NetworkRef { id: None, ..made.clone() };
    let back = EngineOp::Disconnect { network: nameless, container: container.clone(), force: false };
    let mut step = died.plan.steps[0].clone();
    step.undo = vec![Op::Engine(back)];
    died.results.push(StepResult { state: StepState::Begun, detail: String::new(), undo: step.undo.clone() });
    died.plan.steps.push(step);
    let plan = straight(&died);
    let named = EngineOp::Disconnect { network: made, container, force: false };
    assert_eq!((&plan.steps[0].op, plan.steps.len()), (&Op::Engine(named), 2));
}
