//! Plans of limits on small hosts: what is done, what takes it back, and what is refused with which way out.

use super::testing::Stage;
use super::*;
use crate::analysis::Report;
use crate::analysis::testing::{HOST, p};
use crate::model::*;
use crate::plan::SshSession;
use proptest::prelude::*;

fn shape(rate: &str) -> Shape {
    Shape { rate_bps: Some(units::parse_rate(rate).expect("a rate").value), ..Shape::default() }
}

fn delayed(ms: u64) -> Shape {
    Shape { netem: Some(Netem { delay_us: ms * 1000, ..Netem::default() }), ..Shape::default() }
}

fn wish(target: LimitTarget, down: Option<Shape>, up: Option<Shape>) -> LimitWish {
    LimitWish { targets: vec![target], down, up, clear: false, keep: false }
}

fn words(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.op.words()).collect()
}

#[test]
fn both_directions_of_a_container_on_one_network() {
    let stage = Stage::new();
    let plan =
        stage.plan(&wish(stage.of("db", Some("n1")), Some(shape("10mbit")), Some(shape("10mbit")))).expect("a plan");
    assert_eq!(plan.title, "limit db on n1 to 10mbit both ways");
    assert_eq!(plan.rows, ["db on n1"]);
    assert_eq!(
        words(&plan),
        [
            "tc qdisc add dev veth21 root handle b1d6: tbf rate 10mbit burst 16kb limit 125000b",
            "ip link add bwi21 type ifb && ip link set dev bwi21 alias 'bridgewatch ifb for 21 in 100 of 646200000000'",
            "ip link set dev bwi21 up",
            "tc qdisc add dev bwi21 root handle b1d6: tbf rate 10mbit burst 16kb limit 125000b",
            "tc qdisc add dev veth21 handle ffff: ingress",
            "tc filter add dev veth21 parent ffff: protocol all pref 45526 matchall action mirred egress redirect dev bwi21",
        ]
    );
    assert_eq!(
        plan.steps.iter().map(|s| s.gone_with).collect::<Vec<_>>(),
        [None, None, Some(1), Some(1), None, Some(4)]
    );
    let link =
        Identity::Link { netns: HOST, by: None, ifindex: IfIndex(21), name: "veth21".into(), peer: Some(IfIndex(20)) };
    for expected in [
        link,
        Identity::NoLink { name: "bwi21".into() },
        Identity::Qdisc { ifindex: IfIndex(21), parent: TcHandle::INGRESS, qdisc: None },
        Identity::Netns { netns: NsInode(202), pid: stage.lab.containers[2].pid.expect("a pid") },
    ] {
        assert!(plan.identities.contains(&expected), "{expected:?} in {:#?}", plan.identities);
    }
    assert!(plan.notes.iter().any(|n| n.contains("10 ms")), "{:?}", plan.notes);
    assert_eq!(plan.cutoff, None);
}

#[test]
fn all_networks_of_a_container_and_several_containers_are_one_plan() {
    let stage = Stage::new();
    let mut all = wish(stage.of("db", None), Some(shape("1mbit")), None);
    all.targets.extend([stage.of("web", None), stage.of("vault", None), stage.of("camera", None)]);
    let plan = stage.plan(&all).expect("a plan");
    assert_eq!(plan.rows, ["db", "web"]);
    assert_eq!(plan.steps.iter().map(|s| s.row).collect::<Vec<_>>(), [0, 0, 1]);
    let left: Vec<&str> = plan.left_out.iter().map(|l| l.row.as_str()).collect();
    assert_eq!(left, ["vault", "camera"]);
    assert!(plan.left_out[1].why.contains("macvlan") && plan.left_out[1].why.contains("bridge network"));
}

#[test]
fn what_can_not_be_limited_is_refused_with_the_reason_and_the_way_out() {
    let mut stage = Stage::new();
    stage.lab.containers[2].state = State::Exited;
    stage.lab.kernel.retain(|k| k.id != stage.lab.containers[2].id);
    let stage = stage;
    let why = |target| stage.plan(&wish(target, Some(shape("1mbit")), None)).expect_err("refused").to_string();
    for (name, reason, way_out) in [
        ("agent", "host's own interfaces", "limit the uplink"),
        ("vault", "network mode none", "plumb one"),
        ("sidecar", "shares the interfaces of web", "limit web"),
        ("camera", "is a macvlan", "bridge network"),
        ("db", "not running (exited)", "start it"),
    ] {
        let text = why(stage.of(name, None));
        assert!(text.contains(reason) && text.contains(way_out), "{name}: {text}");
    }
    assert!(why(stage.of("web", Some("n2"))).contains("not on n2; connect it first"));
    let elsewhere = LimitTarget::Link { netns: NsInode(201), ifindex: IfIndex(10) };
    assert!(why(elsewhere).contains("another network namespace"));
    let policed = Shape { police: true, ..shape("1mbit") };
    let refusal = stage.plan(&wish(stage.of("web", None), Some(policed), None)).expect_err("refused");
    assert_eq!(refusal.field, Some("police"));
    let none = LimitWish { targets: vec![], down: None, up: None, clear: true, keep: false };
    assert!(stage.plan(&none).is_err());
    assert!(
        stage.plan(&wish(stage.of("web", None), None, None)).expect_err("nothing").why.contains("no limit of ours")
    );
}

#[test]
fn what_is_not_ours_is_named_and_never_replaced() {
    let other = || QdiscSetup::Other { words: String::new() };
    let mut stage = Stage::new();
    stage.qdisc(11, "htb", TcHandle::new(1, 0), TcHandle::ROOT, QdiscSetup::Htb { default_class: 1 });
    stage.qdisc(21, "clsact", TcHandle::INGRESS_QDISC, TcHandle::INGRESS, other());
    let why = |target, down, up| stage.plan(&wish(target, down, up)).expect_err("refused").to_string();
    let text = why(stage.of("web", None), Some(shape("1mbit")), None);
    assert!(
        text.contains("veth11 has htb 1: already, which is not ours") && text.contains("tc qdisc del dev veth11 root"),
        "{text}"
    );
    let text = why(stage.of("db", Some("n1")), None, Some(shape("1mbit")));
    assert!(text.contains("clsact"), "{text}");
    // The other direction is free.
    assert!(stage.plan(&wish(stage.of("db", Some("n1")), Some(shape("1mbit")), None)).is_ok());
    // Clearing leaves it alone and says so.
    assert!(stage.plan(&wish(stage.of("web", None), None, None)).is_err());
    // An ingress qdisc with one filter that is not ours is not ours.
    let mut stage = Stage::new();
    stage.qdisc(11, "ingress", TcHandle::INGRESS_QDISC, TcHandle::INGRESS, other());
    for preference in [TcHandle::OURS, 10] {
        stage.tc.filters.push(TcFilter {
            netns: HOST,
            ifindex: IfIndex(11),
            parent: TcHandle::INGRESS_QDISC,
            name: "u32".into(),
            preference,
            handle: 1,
            protocol: 3,
            chain: 0,
            class: None,
            takes: String::new(),
            actions: vec![TcAction::Other { name: "gact".into() }],
        });
    }
    let text = stage.plan(&wish(stage.of("web", None), None, Some(shape("1mbit")))).expect_err("refused").to_string();
    assert!(text.contains("ingress with a filter u32 pref 45526 and 1 more"), "{text}");
    // The kernel's own default is nobody's.
    let mut stage = Stage::new();
    stage.qdisc(2, "mq", TcHandle(0), TcHandle::ROOT, other());
    let uplink = LimitTarget::Link { netns: HOST, ifindex: IfIndex(2) };
    assert!(stage.plan(&wish(uplink, Some(shape("1mbit")), Some(shape("1mbit")))).is_ok());
}

#[test]
fn missing_parts_are_named_beforehand_with_what_brings_them() {
    let up = |stage: Stage, shape: Shape| stage.plan(&wish(stage.of("web", None), None, Some(shape)));
    let text = up(Stage::new().lacks(&["ifb"]), shape("1mbit")).expect_err("refused").to_string();
    assert!(text.contains("no ifb") && text.contains("CONFIG_IFB") && text.contains("a policer works here"), "{text}");
    let text = up(Stage::new().lacks(&["act_police"]), Shape { police: true, ..shape("1mbit") })
        .expect_err("refused")
        .to_string();
    assert!(text.contains("CONFIG_NET_ACT_POLICE") && text.contains("queued"), "{text}");
    let text = up(Stage::new().lacks(&["sch_netem"]), delayed(5)).expect_err("refused").to_string();
    assert!(text.contains("modprobe sch_netem") && text.contains("linux-modules-extra-6.18.1"), "{text}");
    let plan = up(Stage::new().lacks(&["cls_matchall"]), shape("1mbit")).expect("u32 will do");
    assert!(words(&plan).iter().any(|w| w.contains("u32 match u32 0 0")));
    assert!(up(Stage::new().lacks(&["cls_matchall", "cls_u32"]), shape("1mbit")).is_err());
    let unread = Stage::new();
    let snapshot = Snapshot { tc: Fact::default(), ..unread.snapshot() };
    let report = Report::default();
    let ground = Ground { snapshot: &snapshot, report: &report, session: &unread.session };
    assert!(
        plan_limit(&ground, &wish(unread.of("web", None), None, None)).expect_err("refused").why.contains("not known")
    );
}

#[test]
fn a_change_is_made_in_place_and_one_direction_leaves_the_other() {
    let mut stage = Stage::new();
    let both = wish(stage.of("web", None), Some(shape("10mbit")), Some(shape("10mbit")));
    let plan = stage.plan(&both).expect("a plan");
    stage.apply(&plan);
    assert!(stage.plan(&both).expect_err("nothing to do").why.contains("so already"));
    let plan = stage.plan(&wish(stage.of("web", None), None, Some(shape("2mbit")))).expect("a plan");
    assert_eq!(words(&plan), ["tc qdisc replace dev bwi11 root handle b1d6: tbf rate 2mbit burst 16kb limit 64kb"]);
    let back = plan.steps[0].undo[0].words();
    assert_eq!(back, "tc qdisc replace dev bwi11 root handle b1d6: tbf rate 10mbit burst 16kb limit 125000b");
    // Another kind can't take its place in place.
    let plan = stage.plan(&wish(stage.of("web", None), Some(delayed(50)), None)).expect("a plan");
    assert_eq!(plan.steps.len(), 2);
    assert!(words(&plan)[0].starts_with("tc qdisc del dev veth11 root handle b1d6:"));
}

#[test]
fn a_kept_limit_is_kept_by_container_and_forgotten_when_it_is_taken_off() {
    let mut stage = Stage::new();
    let kept = |stage: &Stage, down, up, keep| LimitWish { keep, ..wish(stage.of("web", None), down, up) };
    stage.apply(&stage.plan(&kept(&stage, Some(shape("1mbit")), None, true)).expect("a plan"));
    stage.apply(&stage.plan(&kept(&stage, None, Some(shape("2mbit")), true)).expect("a plan"));
    let [wanted] = stage.wanted.as_slice() else { panic!("{:?}", stage.wanted) };
    assert_eq!((wanted.down.clone(), wanted.up.clone()), (Some(shape("1mbit")), Some(shape("2mbit"))));
    let before = stage.state();
    let plan = stage.plan(&kept(&stage, None, None, false)).expect("a plan");
    stage.apply(&plan);
    assert_eq!(stage.state(), "");
    stage.undo(&plan);
    assert_eq!(stage.state(), before);
}

#[test]
fn what_is_kept_for_a_container_that_is_away_can_be_forgotten() {
    let mut stage = Stage::new();
    for network in [None, Some("n1")] {
        let set = LimitWish { keep: true, ..wish(stage.of("db", network), Some(shape("1mbit")), Some(shape("2mbit"))) };
        stage.apply(&stage.plan(&set).expect("a plan"));
    }
    assert_eq!(stage.wanted.len(), 2);
    // It stops: its interfaces go, the ifbs stay and lead nowhere.
    stage.lab.containers[2].state = State::Exited;
    stage.lab.kernel.retain(|k| k.id != stage.lab.containers[2].id);
    stage.lab.links.retain(|l| !matches!(l.ifindex, IfIndex(21 | 23)) || l.netns != HOST);
    stage.tc.qdiscs.retain(|q| !matches!(q.ifindex, IfIndex(21 | 23)));
    stage.tc.filters.clear();
    let before = stage.wanted.clone();
    let clear = LimitWish { clear: true, ..wish(stage.of("db", None), None, None) };
    let plan = stage.plan(&clear).expect("a plan");
    assert!(words(&plan).contains(&"ip link delete dev bwi21".to_owned()), "{:?}", words(&plan));
    stage.apply(&plan);
    assert_eq!(stage.wanted, [], "also what was kept for one of its networks");
    assert!(stage.plan(&clear).is_err_and(|r| r.why.contains("no limit is kept")));
    // Also when it was removed meanwhile.
    stage.wanted = before;
    let (id, clear) = (stage.lab.containers[2].id.clone(), clear);
    stage.lab.containers.retain(|c| c.id != id);
    let plan = stage.plan(&clear).expect("a plan");
    assert_eq!(plan.title, "take the limits off db");
    stage.apply(&plan);
    assert_eq!(stage.wanted, []);
}

#[test]
fn a_limit_on_the_way_of_the_ssh_session_is_to_be_confirmed() {
    let mut stage = Stage::new();
    stage.session.ssh = Some(SshSession { client: p("203.0.113.7"), server: p("192.0.2.10"), port: 22 });
    let link = |ifindex| LimitTarget::Link { netns: HOST, ifindex: IfIndex(ifindex) };
    let plan = |target| stage.plan(&wish(target, Some(shape("1mbit")), None)).expect("a plan");
    let cutoff = plan(link(2)).cutoff.expect("the uplink carries it");
    assert!(cutoff.why.contains("203.0.113.7") && cutoff.why.contains("eth0"), "{}", cutoff.why);
    assert_eq!(plan(stage.of("web", None)).cutoff, None);
    assert_eq!(plan(link(3)).cutoff, None);
    stage.session.ssh = Some(SshSession { client: p("172.17.0.2"), server: p("172.17.0.1"), port: 22 });
    assert!(stage.plan(&wish(stage.of("web", None), Some(shape("1mbit")), None)).expect("a plan").cutoff.is_some());
    assert_eq!(stage.plan(&wish(stage.of("db", None), Some(shape("1mbit")), None)).expect("a plan").cutoff, None);
}

#[test]
fn an_ifb_that_nothing_leads_to_is_swept_and_no_other() {
    let mut stage = Stage::new();
    stage.apply(&stage.plan(&wish(stage.of("web", None), None, Some(shape("1mbit")))).expect("a plan"));
    assert!(stage.with(sweep).is_none());
    // The container stops: its interface goes, and what was on it.
    stage.lab.links.retain(|l| (l.netns, l.ifindex) != (HOST, IfIndex(11)));
    stage.tc.qdiscs.retain(|q| q.ifindex != IfIndex(11));
    stage.tc.filters.clear();
    stage.lab.link(HOST, 77, "bwi5", "ifb");
    let plan = stage.with(sweep).expect("one is left");
    assert_eq!(words(&plan), ["ip link delete dev bwi11"]);
    assert!(plan.identities.iter().any(|i| matches!(i, Identity::Link { name, .. } if *name == "bwi11")));
    // A limit of the container in its next run takes it along.
    let mut again = Stage::new();
    let left = stage.lab.links.iter().find(|l| l.name == "bwi11").expect("it is left").clone();
    again.lab.links.retain(|l| (l.netns, l.ifindex) != (HOST, IfIndex(11)));
    again.lab.links.push(left);
    again.lab.link(HOST, 61, "veth61", "veth").peer =
        Some(Peer { ifindex: IfIndex(10), netns: Fact::Known(NsInode(201)) });
    let inner = again.lab.links.iter_mut().find(|l| (l.netns, l.ifindex) == (NsInode(201), IfIndex(10)));
    inner.expect("eth0").peer = Some(Peer { ifindex: IfIndex(61), netns: Fact::Known(HOST) });
    let plan = again.plan(&wish(again.of("web", None), Some(shape("1mbit")), None)).expect("a plan");
    assert_eq!(words(&plan)[1], "ip link delete dev bwi11");
    let plan = again.plan(&wish(again.of("db", None), Some(shape("1mbit")), None)).expect("a plan");
    assert!(!words(&plan).iter().any(|w| w.contains("bwi11")));
    // A new interface of the same index takes another name meanwhile.
    stage.lab.link(HOST, 11, "eth9", "ether");
    let link = LimitTarget::Link { netns: HOST, ifindex: IfIndex(11) };
    let plan = stage.plan(&wish(link, None, Some(shape("1mbit")))).expect("a plan");
    assert!(words(&plan)[0].starts_with("ip link add bwi11a "));
}

fn any_shape(police: bool) -> impl Strategy<Value = Option<Shape>> {
    let rate = prop_oneof![Just("1mbit"), Just("10mbit"), Just("100mbit")];
    let one = (rate, 0u64..4, any::<bool>()).prop_map(move |(rate, delay, policed)| {
        if police && policed {
            return Shape { police: true, ..shape(rate) };
        }
        Shape { netem: delayed(delay).netem.filter(|n| n.delay_us > 0), ..shape(rate) }
    });
    proptest::option::of(one)
}

proptest! {
    /// Whatever was set before: undoing a plan gives back what was there, and clearing leaves nothing of ours.
    #[test]
    fn undo_gives_back_what_was_there(
        run in proptest::collection::vec((0usize..4, any_shape(false), any_shape(true), any::<bool>(), any::<bool>()), 1..8),
    ) {
        let mut stage = Stage::new();
        stage.qdisc(23, "htb", TcHandle::new(1, 0), TcHandle::ROOT, QdiscSetup::Htb { default_class: 1 });
        let foreign = stage.state();
        let targets = [
            stage.of("web", None),
            stage.of("db", Some("n1")),
            LimitTarget::Link { netns: HOST, ifindex: IfIndex(2) },
            LimitTarget::Link { netns: HOST, ifindex: IfIndex(3) },
        ];
        for (target, down, up, clear, keep) in run {
            let wish = LimitWish { targets: vec![targets[target].clone()], down, up, clear, keep };
            let Ok(plan) = stage.plan(&wish) else { continue };
            let before = stage.state();
            stage.apply(&plan);
            let after = stage.state();
            stage.undo(&plan);
            prop_assert_eq!(stage.state(), before);
            // What was put back has other numbers, so it takes a plan of its own.
            let plan = stage.plan(&wish).expect("as before");
            stage.apply(&plan);
            prop_assert_eq!(stage.state(), after);
            for step in &plan.steps {
                prop_assert!(step.gone_with.is_none_or(|n| n < plan.steps.len() && plan.steps[n].row == step.row));
                prop_assert!(!step.undo.is_empty() || step.gone_with.is_some());
            }
        }
        let clear = LimitWish { targets: targets.to_vec(), down: None, up: None, clear: true, keep: false };
        if let Ok(plan) = stage.plan(&clear) {
            stage.apply(&plan);
        }
        prop_assert_eq!(stage.state(), foreign);
    }
}
