//! What commands do without an engine, and without rights: exit codes, words, and what still works.

use crate::lab::Lab;
use crate::tools::{PROGRAM, bridgewatch, parsed, rows, text};
use std::process::Output;

fn words(out: &Output) -> (Option<i32>, String, String) {
    (
        out.status.code(),
        String::from_utf8_lossy(&out.stdout).into_owned(),
        String::from_utf8_lossy(&out.stderr).into_owned(),
    )
}

#[test]
#[ignore = "needs root and the lab"]
fn e01_without_an_engine_the_kernels_half_is_shown_and_the_rest_says_why() {
    let lab = Lab::shared();
    let nowhere = ["-H", "unix:///nonexistent.sock"];
    let run = |arguments: &[&str]| words(&bridgewatch(&lab, &[&nowhere[..], arguments].concat()));
    for command in [&["networks"][..], &["ports"], &["stats", "--no-stream"], &["audit"]] {
        let (code, _, err) = run(command);
        assert_eq!(code, Some(3), "{command:?}: {err}");
        for word in ["unix:///nonexistent.sock", "--host", "does not exist"] {
            assert!(err.contains(word), "{command:?} does not say {word}: {err}");
        }
    }
    // What was asked for by name can't be looked up: that is the engine's absence, not a wrong name.
    let (code, out, err) = run(&["stats", "--no-stream", "web"]);
    assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
    for command in ["links", "ns", "topology", "doctor"] {
        let (code, out, err) = run(&[command]);
        assert_eq!(code, Some(0), "{command}: {err}");
        assert!(out.lines().count() > 3, "{command}: {out}");
    }
    let (_, out, _) = run(&["links", "--format", "json"]);
    let links = parsed(out.as_bytes());
    assert!(rows(&links).iter().any(|l| text(l, "name") == "docker0" && l["rx_bytes"].is_u64()));
    let (_, out, _) = run(&["doctor"]);
    assert!(out.contains("unix:///nonexistent.sock"), "{out}");
}

/// Runs bridgewatch as nobody.
fn as_nobody(lab: &Lab, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = lab.command("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--", PROGRAM]).args(arguments);
    words(&command.env("DOCKER_HOST", format!("unix://{}", lab.socket())).output().expect("starts"))
}

#[test]
#[ignore = "needs root and the lab"]
fn k01_without_rights_every_command_answers_and_says_what_is_missing() {
    let lab = Lab::shared();
    for command in [&["networks"][..], &["ports"], &["stats", "--no-stream"], &["audit"]] {
        let (code, _, err) = as_nobody(&lab, command);
        assert_eq!(code, Some(3), "{command:?}: {err}");
        assert!(err.contains("ermission denied") && err.contains(&lab.socket()), "{command:?}: {err}");
    }
    for command in [&["links"][..], &["ns"], &["topology"], &["snapshot"], &["doctor"], &["events", "--for", "1s"]] {
        let (code, out, err) = as_nobody(&lab, command);
        assert_eq!(code, Some(0), "{command:?}: {err}");
        assert!(!err.contains("panicked"), "{command:?}: {err}");
        assert!(!out.is_empty() || command[0] == "events", "{command:?}");
    }
    let (_, out, _) = as_nobody(&lab, &["doctor"]);
    for word in ["CAP_SYS_PTRACE", "docker"] {
        assert!(out.contains(word), "doctor does not name {word}: {out}");
    }
    // Our own namespace can be read by anyone, with its counters; what can't be read is null and never zero.
    let (_, out, _) = as_nobody(&lab, &["links", "--format", "json"]);
    let links = parsed(out.as_bytes());
    assert!(rows(&links).iter().any(|l| text(l, "name") == "eth0" && l["rx_bytes"].as_u64() > Some(0)));
}
