//! Changes and their undo on a live engine: whatever is done, in whatever order, and whoever is killed over it, taking
//! everything back leaves the host as it was.
//!
//! `BRIDGEWATCH_SEQUENCES` is the number of random sequences (2), `BRIDGEWATCH_SEED` their seed (1). Whoever makes a
//! change is killed over it in a third of the cases, the engine in a sixth. Run as
//! `tests/lab/lab enter NAME -- cargo test --test hands_undo -- --include-ignored`.

#[allow(dead_code, reason = "each test uses a part")]
#[path = "support/lab.rs"]
mod lab;

use lab::Lab;
use serde_json::Value;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A host with two running containers on fixed addresses, one without a network, and two networks.
struct Host {
    lab: Lab,
    state: tempfile::TempDir,
    containers: Vec<String>,
}

impl Host {
    fn new(test: &str) -> Self {
        let lab = Lab::own(test);
        for (name, subnet) in [("n0", "10.90.0.0/24"), ("n1", "10.91.0.0/24")] {
            lab.docker(&["network", "create", "--subnet", subnet, name]);
        }
        let run = |name: &str, network: &[&str]| {
            let line = [&["run", "-d", "--name", name, "-m", "96m"], network, &["bb:1", "sleep", "9000"]].concat();
            lab.docker(&line)
        };
        let containers = vec![
            run("ash", &["--network", "n0", "--ip", "10.90.0.10"]),
            run("birch", &["--network", "n0", "--ip", "10.90.0.11"]),
            run("vale", &["--network", "none"]),
        ];
        Host { lab, state: tempfile::tempdir().expect("a directory"), containers }
    }

    /// The program in the lab, as one process that a signal hits.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.lab.name())).arg(env!("CARGO_BIN_EXE_bridgewatch"));
        command.args(arguments).env("DOCKER_HOST", format!("unix://{}", self.lab.socket()));
        command.env("XDG_STATE_HOME", self.state.path()).env_remove("SSH_CONNECTION").env_remove("DOCKER_CONTEXT");
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    fn begin(&self, arguments: &[&str]) -> Child {
        // A process group of its own: what hangs up on it must not reach its guard.
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.spawn().expect("the program runs")
    }

    fn journal_path(&self) -> PathBuf {
        self.state.path().join("bridgewatch/journal.jsonl")
    }

    fn journal_len(&self) -> u64 {
        self.journal_path().metadata().map_or(0, |meta| meta.len())
    }

    fn journal(&self) -> Vec<Value> {
        let output = self.run(&["journal", "--format", "json"]);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON").as_array().expect("an array").clone()
    }

    /// Begins a change and waits until its first line is in the journal, and a while longer.
    fn begun(&self, arguments: &[&str], after: Duration) -> Child {
        let before = self.journal_len();
        let mut child = self.begin(arguments);
        while self.journal_len() == before && child.try_wait().expect("a child").is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(after);
        child
    }

    /// Begins a change and kills whoever makes it in the middle.
    fn killed(&self, arguments: &[&str], after: Duration) {
        let mut child = self.begun(arguments, after);
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Begins a change, kills the engine in the middle, and starts it again. Answers the change's exit code.
    ///
    /// An engine without live-restore loses its containers with its life. That is no change of ours and nothing that
    /// undo could know of, so they are started again as they ran before, but for the one that the change has stopped,
    /// as the journal tells: that one is left to undo.
    fn engine_killed(&self, arguments: &[&str], after: Duration) -> Option<i32> {
        let ran = self.lab.docker(&["ps", "-q", "--no-trunc"]);
        let known = self.journal().len();
        let mut child = self.begun(arguments, after);
        self.lab.kill_engine();
        self.lab.complete();
        let mut code = None;
        wait(Duration::from_secs(60), "the change has ended", || {
            code = child.try_wait().expect("a child");
            code.is_some()
        });
        let entries = self.journal();
        let stands = |e: &Value| matches!(e["state"].as_str(), Some("done" | "half-done" | "partly-done"));
        let has_stopped = arguments.starts_with(&["container", "stop"]) && entries[known..].iter().any(stands);
        for id in ran.lines().filter(|id| !has_stopped || !id.starts_with(arguments[2])) {
            self.lab.docker(&["start", id]);
        }
        code.and_then(|status| status.code())
    }

    fn tool(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.lab.command(program).args(arguments).output().expect("runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Everything that a change could leave behind, without what every start makes anew: identities, times, names of
    /// veths.
    fn dump(&self) -> String {
        let mut lines = Vec::new();
        let ids: Vec<&str> = self.containers.iter().map(String::as_str).collect();
        let inspect: Value = serde_json::from_str(&self.lab.docker(&[&["inspect"][..], &ids].concat())).expect("JSON");
        for container in inspect.as_array().expect("an array") {
            let name = container["Name"].as_str().expect("a name");
            let mut config = container["HostConfig"].clone();
            // No limit of tasks has two spellings, and the engine knows no way back from one to the other.
            if config["PidsLimit"] == 0 {
                config["PidsLimit"] = Value::Null;
            }
            lines.push(format!("{name} {} {config}", container["State"]["Status"]));
            for (network, end) in container["NetworkSettings"]["Networks"].as_object().expect("a map") {
                let (ip, asked) = (&end["IPAddress"], &end["IPAMConfig"]);
                lines.push(format!("{name} on {network} {ip} {asked} {}", end["Aliases"]));
            }
        }
        let networks = self.lab.docker(&["network", "ls", "-q"]);
        let networks = [&["network", "inspect"][..], &networks.lines().collect::<Vec<_>>()].concat();
        let mut networks: Value = serde_json::from_str(&self.lab.docker(&networks)).expect("JSON");
        for network in networks.as_array_mut().expect("an array") {
            // Which address of its own an engine has chosen it tells only from its next start on.
            for pool in network["IPAM"]["Config"].as_array_mut().into_iter().flatten() {
                pool.as_object_mut().expect("a map").remove("Gateway");
            }
            let set = [&network["Driver"], &network["IPAM"], &network["Internal"], &network["Options"]];
            lines.push(format!("network {} {set:?}", network["Name"]));
        }
        let links: Value = serde_json::from_str(&self.tool("ip", &["-j", "-d", "link"])).expect("JSON");
        let links = links.as_array().expect("an array");
        let kind = |link: &Value| link["linkinfo"]["info_kind"].as_str().unwrap_or("plain").to_owned();
        let called = |name: &str| {
            let link = links.iter().find(|link| link["ifname"] == name);
            link.map_or_else(|| name.to_owned(), |l| if kind(l) == "veth" { "veth".into() } else { name.to_owned() })
        };
        for link in links {
            let name = called(link["ifname"].as_str().unwrap_or_default());
            let bridge = link["master"].as_str().unwrap_or("no bridge");
            lines.push(format!("link {name} {} in {bridge} alias {}", kind(link), link["ifalias"]));
        }
        // One shell for all, as there are many.
        let each = r#"for d; do for w in qdisc filter; do for p in "" ingress; do
            tc $w show dev $d $p | sed "s/^/$d $w /"; done; done; done"#;
        let names = links.iter().map(|link| link["ifname"].as_str().unwrap_or_default());
        let text = self.tool("sh", &["-c", each, "sh"].into_iter().chain(names).collect::<Vec<_>>());
        for (name, line) in text.lines().filter_map(|line| line.split_once(' ')) {
            lines.push(format!("{} {}", called(name), line.replace(name, "@")));
        }
        let routes = self.tool("nsenter", &["--net", "-t", &self.pid("vale"), "ip", "-4", "addr", "show"]);
        lines.extend(routes.lines().filter(|l| l.contains("inet ")).map(|l| format!("vale {}", l.trim())));
        let wanted = std::fs::read_to_string(self.state.path().join("bridgewatch/wanted.json")).unwrap_or_default();
        let wanted: Value = serde_json::from_str(&wanted).unwrap_or_default();
        lines.extend(wanted["limits"].as_array().into_iter().flatten().map(|limit| format!("wanted {limit}")));
        lines.sort();
        lines.join("\n")
    }

    fn pid(&self, name: &str) -> String {
        self.lab.docker(&["inspect", "-f", "{{.State.Pid}}", name])
    }

    /// The dump, once nothing moves any more: the engine ends what a killed asker asked for.
    fn settled(&self) -> String {
        let until = Instant::now() + Duration::from_secs(30);
        let mut last = self.dump();
        loop {
            std::thread::sleep(Duration::from_millis(700));
            let now = self.dump();
            if now == last || Instant::now() > until {
                return now;
            }
            last = now;
        }
    }
}

/// A small generator, so that a seed is a sequence.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A change, as its words.
fn change(host: &Host, dice: &mut Dice) -> Vec<String> {
    let id = host.containers[usize::try_from(dice.roll(2)).expect("small")][..12].to_owned();
    let vault = host.containers[2][..12].to_owned();
    let bridge = host.lab.docker(&["network", "inspect", "-f", "br-{{slice .Id 0 12}}", "n0"]);
    let n = dice.roll(1000);
    let line = match dice.roll(13) {
        0 => format!("container stop {id} --time 0"),
        1 => format!("container restart {id} --time 0"),
        2 => format!("container pause {id}"),
        3 => format!("container rename {id} x{n}"),
        4 => format!("container update {id} --memory {}m", 64 + dice.roll(16)),
        5 => format!("container update {id} --pids-limit {}", 50 + n),
        6 => format!("container update {id} --restart on-failure:{}", 1 + dice.roll(5)),
        7 => format!("network disconnect n0 {id}"),
        8 => format!("network connect n1 {id} --ip 10.91.0.{} --alias x{n}", 20 + dice.roll(200)),
        9 => format!("network create made{n} --internal --subnet 10.{}.0.0/24 --connect {id}", 100 + dice.roll(100)),
        10 => format!("limit set {id} --down {}mbit --up 5mbit", 1 + dice.roll(50)),
        11 => format!("limit set {id} --down {}mbit --once", 1 + dice.roll(50)),
        _ => format!("network plumb {vault} --bridge {bridge} --address 10.90.0.{}/24", 100 + dice.roll(100)),
    };
    line.split(' ').map(str::to_owned).chain(["--yes".to_owned()]).collect()
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

#[test]
#[ignore = "needs root and the lab"]
fn whatever_is_done_and_whoever_is_killed_undo_leaves_the_host_as_it_was() {
    let host = Host::new("undo");
    let seed = number("BRIDGEWATCH_SEED", 1);
    let mut dice = Dice(seed);
    let (mut makers, mut engines) = (0, 0);
    let before = host.settled();
    for sequence in 0..number("BRIDGEWATCH_SEQUENCES", 2) {
        let known = host.journal().len();
        let mut told = Vec::new();
        for _ in 0..1 + dice.roll(3) {
            let words = change(&host, &mut dice);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let fate = dice.roll(6);
            if fate < 2 {
                host.killed(&words, Duration::from_millis(dice.roll(250)));
                told.push(format!("killed: {}", words.join(" ")));
                makers += 1;
                host.settled();
            } else if fate == 2 {
                let after = Duration::from_millis(dice.roll(120));
                let code = host.engine_killed(&words, after);
                // Whatever it came to, it was told and not panicked over.
                assert!(matches!(code, Some(0..=6)), "seed {seed}/{sequence} {words:?}: {code:?}");
                told.push(format!("engine killed after {after:?}, {code:?}: {}", words.join(" ")));
                engines += 1;
                host.settled();
            } else {
                let output = host.run(&words);
                // Refused is fine: nothing was done then.
                assert!(matches!(output.status.code(), Some(0 | 5)), "seed {seed}/{sequence} {words:?}: {output:?}");
                told.push(format!("{}: {}", output.status.code().unwrap_or(-1), words.join(" ")));
            }
        }
        let entries = host.journal();
        for entry in entries[known..].iter().rev() {
            let id = entry["id"].as_str().expect("an id");
            assert_ne!(entry["state"], "under-way", "{entry}");
            if matches!(entry["state"].as_str(), Some("done" | "half-done" | "partly-done")) {
                let output = host.run(&["undo", id, "--force", "--yes"]);
                assert!(matches!(output.status.code(), Some(0 | 5)), "seed {seed}/{sequence} {told:#?}: {output:?}");
                told.push(format!("undo {}: {}", entry["title"], String::from_utf8_lossy(&output.stderr)));
            }
        }
        let after = host.settled();
        let (gone, new) = (missing(&before, &after), missing(&after, &before));
        assert!(before == after, "seed {seed}/{sequence} {told:#?}\ngone: {gone:#?}\nnew: {new:#?}");
        println!("seed {seed}, sequence {sequence} (killed: {makers} makers, {engines} engines): {told:#?}");
    }
}

/// Lines of one text that another has not, or not as often.
fn missing<'a>(of: &'a str, from: &str) -> Vec<&'a str> {
    let mut left: Vec<&str> = from.lines().collect();
    let mut is_missing = |line: &&str| match left.iter().position(|l| l == line) {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    };
    of.lines().filter(|line| is_missing(line)).collect()
}

fn is_on(host: &Host, network: &str, name: &str) -> bool {
    let text = host.lab.docker(&["inspect", "-f", "{{range $n, $_ := .NetworkSettings.Networks}}{{$n}} {{end}}", name]);
    text.split(' ').any(|n| n == network)
}

/// Waits until it is so, and tells how long that took.
fn wait(deadline: Duration, what: &str, mut so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < deadline, "{what} is not so after {deadline:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    start.elapsed()
}

#[test]
#[ignore = "needs root and the lab"]
fn what_is_not_confirmed_is_taken_back_whatever_dies() {
    let host = Host::new("guard");
    let change = ["network", "disconnect", "n0", "ash", "--yes", "--confirm-within", "5"];
    // Not confirmed: back within a second of the deadline, with its address.
    let mut child = host.begin(&change);
    wait(Duration::from_secs(60), "done", || !is_on(&host, "n0", "ash"));
    assert!(child.wait().expect("ended").success());
    let group = nix::unistd::Pid::from_raw(child.id().cast_signed());
    let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGHUP);
    let confirm_by = host.journal()[0]["confirm_by"].as_str().expect("a deadline").parse::<jiff::Timestamp>();
    wait(Duration::from_secs(20), "taken back", || is_on(&host, "n0", "ash"));
    let late = jiff::Timestamp::now().duration_since(confirm_by.expect("a time"));
    assert!(late.as_secs_f64() < 1.0 && late.as_secs_f64() > -0.5, "taken back {late:?} after the deadline");
    let address = host.lab.docker(&["inspect", "-f", "{{.NetworkSettings.Networks.n0.IPAddress}}", "ash"]);
    assert_eq!(address, "10.90.0.10");
    wait(Duration::from_secs(20), "written down", || host.journal()[0]["state"] == "undone");
    // Confirmed: it stays.
    assert!(host.run(&change).status.success());
    let output = host.run(&["confirm"]);
    assert!(output.status.success(), "{output:?}");
    std::thread::sleep(Duration::from_secs(6));
    assert!(!is_on(&host, "n0", "ash"), "what was confirmed stays");
    assert!(host.run(&["undo", "--yes"]).status.success());
    // Killed in the middle: the guard takes back what may have been done.
    host.killed(&change, Duration::from_millis(60));
    wait(Duration::from_secs(20), "taken back or never done", || {
        let journal = host.journal();
        let entry = journal.iter().rev().find(|e| e["undoes"].is_null()).expect("an entry");
        is_on(&host, "n0", "ash") && matches!(entry["state"].as_str(), Some("undone" | "half-done"))
    });
}
