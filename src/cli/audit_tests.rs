//! Tests of the audit's report and exit codes, on a host made of plain model values.

use super::*;
use crate::analysis::checks::Auditor;
use crate::model::{Config, Container, Engine, Fact, Host, Locality, Snapshot, State};

fn host(name: &str, change: impl FnOnce(&mut Config)) -> Snapshot {
    let mut config = Config { memory_bytes: 1, pids_limit: Some(1), ..Config::default() };
    change(&mut config);
    let mut container = Container::named("0123456789abcdef", name);
    container.state = State::Exited;
    container.config = Fact::Known(Arc::new(config));
    let host = Host {
        engine: Fact::Known(Engine {
            product: "Docker".into(),
            version: "27.0.1".into(),
            security_options: vec!["name=seccomp,profile=builtin".into()],
            ..Engine::default()
        }),
        locality: Locality::Local { proof: "test".into() },
        ..Host::default()
    };
    Snapshot { host: Arc::new(host), containers: Arc::new(vec![Arc::new(container)]), ..Snapshot::default() }
}

fn privileged(name: &str) -> Arc<Audit> {
    Auditor::once(&host(name, |config| config.privileged = true), true)
}

#[test]
fn the_document_has_the_fields_that_scripts_rely_on() {
    let audit = privileged("web");
    let value: serde_json::Value = serde_json::from_str(&json(&audit, true, false)).expect("json");
    let keys: Vec<&str> = value.as_object().expect("object").keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "tool",
            "version",
            "schema_version",
            "catalogue_version",
            "taken_at",
            "engine",
            "coverage",
            "counts",
            "findings",
            "unknown",
            "passed",
            "not_applicable"
        ]
    );
    let finding = value["findings"].as_array().expect("array").iter().find(|f| f["id"] == "BW-R-008").expect("finding");
    let keys: Vec<&str> = finding.as_object().expect("object").keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "id",
            "status",
            "severity",
            "severity_base",
            "grade",
            "subject",
            "key",
            "title",
            "evidence",
            "remediation",
            "fix",
            "cis",
            "first_seen",
            "last_seen",
            "dormant",
            "waiver",
            "related",
            "modifiers"
        ]
    );
    assert_eq!((&finding["severity"], &finding["severity_base"]), (&"high".into(), &"critical".into()));
    assert_eq!(finding["dormant"], true);
    let subject: Vec<&str> = finding["subject"].as_object().expect("object").keys().map(String::as_str).collect();
    assert_eq!(subject, ["kind", "name", "id", "project", "service"]);
    assert_eq!(finding["fix"]["kind"], "recreate");
    assert_eq!(value["counts"]["severity"]["critical"], 0);
    let brief: serde_json::Value = serde_json::from_str(&json(&audit, false, true)).expect("json");
    assert!(brief.get("passed").is_none());
}

#[test]
fn s01_a_hostile_name_reaches_neither_terminal_nor_pipe() {
    let audit = privileged("\u{1b}[2J\u{202e}\u{9b}x");
    for out in
        [text(&audit, TextOptions { details: true, all: true, ..TextOptions::default() }), json(&audit, true, true)]
    {
        assert!(!out.chars().any(|c| c != '\n' && c.is_control()), "{out}");
        assert!(!out.contains('\u{202e}'));
    }
    let value: serde_json::Value = serde_json::from_str(&json(&audit, false, false)).expect("json");
    assert!(
        value["findings"].as_array().expect("array").iter().any(|f| f["subject"]["name"] == "\u{1b}[2J\u{202e}\u{9b}x")
    );
}

#[test]
fn the_text_says_what_why_and_how() {
    let audit = privileged("web");
    let out = text(&audit, TextOptions { details: true, ..TextOptions::default() });
    let finding = out.lines().position(|line| line.starts_with("high      BW-R-008  web")).expect("the line");
    let below: Vec<&str> = out.lines().skip(finding + 1).take(6).collect();
    for word in ["inspect: HostConfig.Privileged is true", "why:", "fix:", "severity critical by itself"] {
        assert!(below.iter().any(|line| line.contains(word)), "{word}: {below:?}");
    }
    assert!(out.contains("not seen:"), "{out}");
}

#[test]
fn findings_below_the_bound_are_counted_and_not_listed() {
    let out = text(&privileged("web"), TextOptions { least: Severity::High, ..TextOptions::default() });
    assert!(!out.lines().any(|line| line.starts_with("low ")));
    assert!(out.contains(" low"), "{out}");
}

#[test]
fn exit_codes() {
    let bad = privileged("web");
    assert_eq!(exit_code(&bad, Severity::High, false, true), 1);
    assert_eq!(exit_code(&bad, Severity::Critical, false, true), 0);
    assert_eq!(exit_code(&bad, Severity::High, false, false), 3);
    // A unix socket alone and seccomp by default: nothing bad, but the daemon's command line was not read.
    let calm = Auditor::once(&host("web", |config| config.masked_paths = None), false);
    assert!(calm.unknowns.iter().any(|row| row.severity >= Severity::High), "{:?}", calm.unknowns);
    assert_eq!(exit_code(&calm, Severity::Critical, false, true), 0);
    assert_eq!(exit_code(&calm, Severity::High, true, true), 4);
    assert_eq!(exit_code(&calm, Severity::High, false, true), 0);
}
