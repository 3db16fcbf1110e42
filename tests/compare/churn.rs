//! Reading while containers come and go.

use crate::lab::Lab;
use crate::tools::{bridgewatch, parsed};
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// E20, K11: no answer shows a container that was gone before the question, and each is whole.
#[test]
#[ignore = "needs root and the lab"]
fn answers_are_whole_and_fresh_while_containers_come_and_go() {
    let lab = Lab::shared();
    let (gone, over) = (Mutex::new(BTreeSet::<String>::new()), AtomicBool::new(false));
    let docker = |arguments: &[&str]| {
        let host = format!("unix://{}", lab.socket());
        Command::new("docker").args(["-H", &host]).args(arguments).output().expect("docker")
    };
    let mut asked = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                let name = format!("compare-churn-{}-{n}", std::process::id());
                docker(&["run", "-d", "--name", &name, "-p", "80", "bb:1", "sleep", "60"]);
                match n % 3 {
                    0 => docker(&["kill", &name]),
                    1 => docker(&["restart", "-t", "0", &name]),
                    _ => docker(&["pause", &name]),
                };
                let removed = docker(&["rm", "-f", &name]);
                assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
                gone.lock().expect("nobody panicked").insert(name);
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let json = ["--format", "json"];
        let questions: [&[&str]; 6] =
            [&["links"], &["ns"], &["networks"], &["ports"], &["topology"], &["stats", "--no-stream"]];
        let end = Instant::now() + Duration::from_secs(12);
        let verdict = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // Long enough for each question, however busy the machine is.
            while Instant::now() < end || asked < questions.len() {
                let before = gone.lock().expect("nobody panicked").clone();
                let question = questions[asked % questions.len()];
                let out = bridgewatch(&lab, &[question, &json[..]].concat());
                let (answer, err) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
                assert!(out.status.success() && err.is_empty(), "{question:?}: {:?} {err}", out.status.code());
                match question[0] {
                    "stats" => answer.lines().for_each(|line| drop(parsed(line.as_bytes()))),
                    _ => drop(parsed(answer.as_bytes())),
                }
                let stale: Vec<_> = before.iter().filter(|name| answer.contains(&format!("\"{name}\""))).collect();
                assert!(stale.is_empty(), "{question:?} still shows {stale:?}");
                asked += 1;
            }
        }));
        over.store(true, Ordering::Relaxed);
        verdict.expect("all answers were whole and fresh");
    });
    eprintln!("{asked} answers while {} containers went", gone.lock().expect("nobody panicked").len());
    assert!(asked >= 6, "every question was asked: {asked}");
}
