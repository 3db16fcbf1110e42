//! `stats` beside what docker prints for the same containers.

use super::*;
use crate::analysis::testing::every_mode;
use crate::analysis::{ContainerRates, Rates};
use crate::model::{ContainerId, Fact, Sample, State};

fn sample(id: &ContainerId) -> Sample {
    Sample {
        id: id.clone(),
        at_ns: 0,
        generation: 1,
        cpu_ns: Fact::Known(0),
        system_cpu_ns: 0,
        periods: Fact::default(),
        throttled_periods: Fact::default(),
        throttled_ns: Fact::default(),
        memory_bytes: Fact::Known(880 * 1024),
        memory_limit_bytes: Fact::Known(0),
        inactive_file_bytes: Fact::Known(0),
        cache_bytes: Fact::Known(4096),
        swap_bytes: Fact::default(),
        io_read_bytes: Fact::Known(1_200_000),
        io_write_bytes: Fact::Known(0),
        pids: Fact::Known(2),
        pids_limit: Fact::Known(0),
        oom_kills: Fact::default(),
        pressure_cpu: Fact::default(),
        pressure_memory: Fact::default(),
        pressure_io: Fact::default(),
    }
}

/// The host of every mode with figures for `web`, and `db` stopped.
fn host() -> (Snapshot, Report) {
    let mut lab = every_mode();
    lab.containers.iter_mut().filter(|c| c.name == "db").for_each(|c| c.state = State::Exited);
    lab.kernel.retain(|k| !k.id.as_str().starts_with("6462"));
    let mut snapshot = lab.snapshot();
    let web = snapshot.containers.iter().find(|c| c.name == "web").expect("web").id.clone();
    snapshot.samples = Arc::new(vec![sample(&web)]);
    let rates = ContainerRates {
        id: web,
        cpu_percent: Some(0.314),
        throttled_percent: None,
        memory_bytes: Some(880 * 1024),
        memory_limit_bytes: Some(25_275_000_000),
        is_memory_limited: false,
        rx_bytes: Some(305_000),
        tx_bytes: Some(260_000),
        rx_rate: Some(1500.0),
        tx_rate: None,
        is_network_shared: false,
        io_read_rate: None,
        io_write_rate: None,
    };
    let rates = Rates { containers: vec![rates], ..Rates::default() };
    (snapshot, Report { rates: Arc::new(rates), ..Report::default() })
}

fn named(names: &[&str]) -> Selection {
    Selection { arguments: names.iter().map(|n| (*n).to_owned()).collect(), ..Selection::default() }
}

fn printed(selection: &Selection, format: &str) -> String {
    let (snapshot, report) = host();
    let rows = rows(&snapshot, &report, selection).expect("containers");
    text(&rows, &Format::parse(format).expect("a format")).expect("fields")
}

#[test]
fn json_has_dockers_keys_in_its_order() {
    let want = concat!(
        r#"{"BlockIO":"1.2MB / 0B","CPUPerc":"0.31%","Container":"web","ID":"776562000000","MemPerc":"0.00%","#,
        r#""MemUsage":"880KiB / 23.54GiB","Name":"web","NetIO":"305kB / 260kB","PIDs":"2"}"#,
        "\n"
    );
    assert_eq!(printed(&named(&["web"]), "json"), want);
    assert_eq!(printed(&named(&["web"]), "{{json .}}"), want);
}

#[test]
fn what_is_not_known_is_not_zero_and_what_is_stopped_is() {
    assert_eq!(
        printed(&named(&["sidecar"]), "{{.CPUPerc}} {{.MemUsage}} {{.NetIO}} {{.PIDs}}"),
        "-- -- / -- -- / -- --\n"
    );
    assert_eq!(
        printed(&named(&["db"]), "{{.CPUPerc}} {{.MemUsage}} {{.NetIO}} {{.PIDs}}"),
        "0.00% 0B / 0B 0B / 0B 0\n"
    );
    assert_eq!(printed(&named(&["agent"]), "{{.NetIO}}"), "0B / 0B\n");
}

#[test]
fn tables_are_laid_out_as_dockers() {
    let want = "NAME      CPU %     MEM USAGE / LIMIT\nweb       0.31%     880KiB / 23.54GiB\n";
    assert_eq!(printed(&named(&["web"]), r"table {{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}"), want);
    let table = printed(&Selection::default(), "table");
    assert!(table.starts_with("CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O"), "{table}");
    assert!(!table.contains(" db ") && table.contains(" vault "), "{table}");
    assert!(printed(&Selection { all: true, ..Selection::default() }, "table").contains(" db "));
}

#[test]
fn own_fields_come_on_request() {
    assert_eq!(
        printed(&named(&["web"]), "{{.Throttled}} {{.Cache}} {{.NetRxRate}} {{.NetTxRate}}"),
        "- 4KiB 1.5kB/s --\n"
    );
    let (snapshot, report) = host();
    let rows = rows(&snapshot, &report, &Selection::default()).expect("containers");
    for (name, _) in DOCKER_FIELDS.iter().chain(&OWN_FIELDS) {
        assert!(rows[0].exact(name).is_some(), "{name}");
    }
}

#[test]
fn arguments_are_names_ids_or_beginnings_of_ids() {
    let (snapshot, report) = host();
    let one = |argument: &str| rows(&snapshot, &report, &named(&[argument])).map(|r| r[0].container.name.clone());
    assert_eq!(one("7765").expect("web"), "web");
    assert_eq!(one("nope"), Err(SelectionError::NoSuchContainer("nope".into())));
    assert_eq!(one("7"), Err(SelectionError::Ambiguous("7".into())));
    let full = Selection { no_trunc: true, ..named(&["web"]) };
    assert_eq!(printed(&full, "{{.ID}}").trim().len(), 64);
}
