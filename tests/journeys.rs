//! What an operator comes to do, on the lab, with the real program: each journey from the first screen, with the default
//! keys, within its number of key presses, on a small and on a large terminal. What should be seen is asked from
//! docker, ip and bridge.

mod support {
    #[allow(dead_code)]
    pub mod lab;
    pub mod pty;
}

use serde_json::Value;
use std::time::Duration;
use support::lab::Lab;
use support::pty::{Console, PATIENCE, bridgewatch, command, eventually};

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

/// The console on the lab, its first screen complete.
fn console(lab: &Lab, size: (u16, u16)) -> Console {
    let console = Console::start(command(&words(&lab.line(bridgewatch()))), size);
    console.wait_for_all(&["NAME", "shop", "worker", "MEM"]);
    console.wait_until("what the engine, the cgroup and the veth say of worker", is_complete);
    console
}

/// The row of `worker` has how long it runs, its CPU and memory, and both rates.
fn is_complete(screen: &str) -> bool {
    let row = screen.lines().find(|line| line.contains("worker") && line.contains("running")).unwrap_or_default();
    let words = || row.split_whitespace();
    let is_figure = |word: &&str| word.trim_end_matches(['k', 'M']).parse::<f64>().is_ok();
    let is_time = |word: &str| {
        word.strip_suffix(['s', 'm', 'h', 'd']).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()) && !n.is_empty())
    };
    words().any(is_time) && words().filter(is_figure).count() >= 4
}

fn words(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

/// Walks a journey on both sizes: the keys are `f`, `enter`, … or `=name` for a name that is typed; then all of the
/// answer is on the screen.
fn walk(lab: &Lab, most: usize, keys: &[&str], answer: &[&str]) {
    for size in SIZES {
        let mut console = console(lab, size);
        press_all(&mut console, keys);
        console.wait_for_all(answer);
        assert!(console.keys <= most, "{} keys, {most} are allowed", console.keys);
        console.quit();
    }
}

fn press_all(console: &mut Console, keys: &[&str]) {
    for key in keys {
        match key.strip_prefix('=') {
            Some(name) => console.type_name(name),
            None => console.press(key),
        }
    }
}

fn inspect(lab: &Lab, name: &str) -> Value {
    let all: Value = serde_json::from_str(&lab.docker(&["inspect", name])).expect("json");
    all[0].clone()
}

fn pid(lab: &Lab, name: &str) -> String {
    inspect(lab, name)["State"]["Pid"].to_string()
}

fn output(command: &mut std::process::Command) -> String {
    let out = command.output().expect("it starts");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn json(command: &mut std::process::Command) -> Value {
    serde_json::from_str(&output(command)).expect("json")
}

/// An attachment of a container as `ip` has it.
struct Wire {
    veth: String,
    bridge: String,
    address: String,
}

/// Interface `inner` of a container, followed to its bridge.
fn wire(lab: &Lab, container: &str, inner: &str) -> Wire {
    let pid = pid(lab, container);
    let inside = json(lab.command("nsenter").args(["-t", &pid, "-n", "ip", "-j", "addr", "show", "dev", inner]));
    let ipv4 = inside[0]["addr_info"].as_array().expect("addresses").iter().find(|a| a["family"] == "inet");
    let address = ipv4.expect("an address")["local"].as_str().expect("text").to_owned();
    let outside = json(lab.command("ip").args(["-j", "link"]));
    let is_peer = |link: &&Value| link["ifindex"] == inside[0]["link_index"];
    let peer = outside.as_array().expect("links").iter().find(is_peer).expect("the other end");
    let text = |name: &str| peer[name].as_str().expect("text").to_owned();
    Wire { veth: text("ifname"), bridge: text("master"), address }
}

#[test]
#[ignore = "needs the lab"]
fn t01_which_container_is_this_veth() {
    let lab = Lab::shared();
    let wire = wire(&lab, "db", "eth0");
    walk(
        &lab,
        3,
        &["f", &format!("={}", wire.veth), "enter"],
        &["db", &wire.veth, "eth0", &wire.bridge, "network back", &wire.address],
    );
}

#[test]
#[ignore = "needs the lab"]
fn t02_veth_bridge_and_namespace_of_a_container() {
    let lab = Lab::shared();
    let web = wire(&lab, "web", "eth0");
    let link = std::fs::read_link(format!("/proc/{}/ns/net", pid(&lab, "web"))).expect("a namespace");
    let inode = link.to_string_lossy().trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
    walk(
        &lab,
        3,
        &["f", "=web", "enter"],
        &[&format!("netns {inode}"), "network bridge", &web.veth, &web.bridge, &web.address, "leaves by eth0"],
    );
    // Two networks: both ways at once where there is room, by scrolling where there is not.
    let (first, second) = (wire(&lab, "api", "eth0"), wire(&lab, "api", "eth1"));
    let mut console = console(&lab, (200, 60));
    press_all(&mut console, &["f", "=api", "enter"]);
    console.wait_for_all(&[&first.veth, &first.bridge, &second.veth, &second.bridge, "network back", "network front"]);
    console.quit();
}

#[test]
#[ignore = "needs the lab"]
fn t03_what_is_on_a_bridge() {
    let lab = Lab::shared();
    let addresses = json(lab.command("ip").args(["-j", "addr", "show", "dev", "br-manual"]));
    let own = addresses[0]["addr_info"][0]["local"].as_str().expect("an address").to_owned();
    let fdb = json(lab.command("bridge").args(["-j", "fdb", "show", "br", "br-manual"]));
    let macs: Vec<&str> = fdb.as_array().expect("entries").iter().filter_map(|e| e["mac"].as_str()).collect();
    let single = macs.iter().find(|mac| !mac.starts_with("33:33") && !mac.starts_with("01:"));
    let side = format!("/run/netns/{}-side", lab.name());
    walk(
        &lab,
        3,
        &["f", "=br-manual", "enter"],
        &[
            "stp on",
            "no engine answers for it",
            &own,
            "vm-side",
            &side,
            "198.51.100.2",
            "forwarding database",
            single.expect("a device's own address at least"),
        ],
    );
    let back = wire(&lab, "db", "eth0");
    let mut console = console(&lab, (200, 60));
    press_all(&mut console, &["f", &format!("={}", back.bridge), "enter"]);
    let ports = ["db", "api", "worker"].map(|name| wire(&lab, name, "eth0").veth);
    console.wait_for_all(&["the engine, for network back", "stp off", &back.address, &ports[0], &ports[1], &ports[2]]);
    console.quit();
}

/// Values of a column of figures, for rows of the outermost level, from the top.
fn figures(screen: &str, title: &str) -> Vec<f64> {
    let lines: Vec<Vec<char>> = screen.lines().map(|l| l.chars().collect()).collect();
    let head = lines.iter().position(|l| l.iter().collect::<String>().contains("NAME")).expect("titles");
    let titles: String = lines[head].iter().collect();
    // The column sorted by has a mark behind its title.
    let Some((at, title)) =
        [title.to_owned(), format!("{title}▾")].into_iter().find_map(|t| Some((titles.find(&format!(" {t} "))?, t)))
    else {
        return Vec::new();
    };
    let end = titles[..at].chars().count() + 1 + title.chars().count();
    let cell = |line: &Vec<char>| -> Option<f64> {
        let is_outermost = line.first() == Some(&'│') && !matches!(line.get(1)?, '├' | '└' | '│' | ' ');
        let text: String = line.get(end.saturating_sub(7)..end)?.iter().collect();
        let text = text.rsplit(' ').next()?.trim_matches(|c| matches!(c, '(' | ')')).to_owned();
        let (number, factor) = match text.chars().last()? {
            'k' => (&text[..text.len() - 1], 1e3),
            'M' => (&text[..text.len() - 1], 1e6),
            'G' => (&text[..text.len() - 1], 1e9),
            _ => (&text[..], 1.0),
        };
        number.parse::<f64>().ok().map(|n| n * factor).filter(|_| is_outermost)
    };
    lines[head + 1..].iter().filter_map(cell).collect()
}

fn is_falling(values: &[f64]) -> bool {
    values.len() > 3 && values.windows(2).all(|w| w[0] >= w[1])
}

/// The first rows of the list.
fn first_rows(screen: &str, count: usize) -> String {
    let rows = screen.lines().skip_while(|l| !l.contains("NAME"));
    rows.skip(1).take(count).collect::<Vec<_>>().join("\n")
}

#[test]
#[ignore = "needs the lab"]
fn t04_what_eats_the_cpu_and_the_memory_and_who_is_held_back_or_killed() {
    let lab = Lab::shared();
    // A task of it is killed for its memory, the container lives on.
    let limits = ["--memory", "24m", "--memory-swap", "24m"];
    let guest = Guest::run(&lab, "oom", &limits, "tail /dev/zero; while :; do sleep 3600; done");
    let tail = guest.1.chars().skip(guest.1.len() - 3).collect::<String>();
    for size in SIZES {
        for letter in ["c", "m", "t", "o"] {
            let mut console = console(&lab, size);
            press_all(&mut console, &["s", letter]);
            console.wait_until(&format!("sorted by {letter}"), |screen| match letter {
                "c" => {
                    let place = |name: &str| screen.lines().position(|l| l.contains(name)).unwrap_or(usize::MAX);
                    is_falling(&figures(screen, "CPU%")) && place(" burn ") < place(" shop ")
                }
                "m" => is_falling(&figures(screen, "MEM")),
                "t" => {
                    // On a machine that is busy with other things even this one stays below its quota.
                    let held_back = figures(screen, "THR%");
                    held_back.first().is_some_and(|most| held_back.iter().all(|n| n <= most))
                        && first_rows(screen, 6).contains(" burn ")
                }
                // One that ended by it stands above those that count.
                _ => figures(screen, "OOM").first().is_some_and(|n| *n >= 1.0) && first_rows(screen, 2).contains(&tail),
            });
            assert!(console.keys <= 2);
            console.quit();
        }
    }
}

#[test]
#[ignore = "needs the lab"]
fn t05_who_uses_the_wire() {
    let lab = Lab::shared();
    for size in SIZES {
        let mut console = console(&lab, size);
        console.press("5");
        console.wait_until("rates of containers, the busiest first", |screen| {
            let row = |name: &str, network: &str| {
                screen.lines().take(18).any(|l| l.contains(name) && l.contains(network) && !l.contains('?'))
            };
            row(" fetcher ", "n1") && row(" web ", "bridge") && row(" origin ", "n1")
        });
        assert!(console.keys <= 2);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t06_what_is_open_to_the_world() {
    let lab = Lab::shared();
    let web = pid(&lab, "web");
    for size in SIZES {
        let mut console = console(&lab, size);
        console.press("4");
        let row = format!("httpd {web}");
        console.wait_until("the port with its process", |screen| {
            screen
                .lines()
                .any(|l| l.contains("*:8080") && l.contains("web") && l.contains("all interfaces") && l.contains(&row))
        });
        // What the row has no room for is on its page.
        console.press("enter");
        console.wait_for_all(&["a rule rewrites the destination", "docker-proxy", &web]);
        assert!(console.keys <= 2);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t07_who_holds_the_port() {
    let lab = Lab::shared();
    walk(&lab, 3, &["4", "/", "=8080"], &["filter", "*:8080", "web", "httpd", &pid(&lab, "web")]);
    let helper = std::fs::read_to_string(format!("/tmp/bridgewatch-lab-{}/helpers/squatter", lab.name()));
    let helper = helper.expect("the lab wrote it down");
    let squatter = helper.split(' ').next().expect("a pid");
    walk(&lab, 3, &["4", "/", "=8081"], &["host: busybox", squatter, "conflict"]);
}

#[test]
#[ignore = "needs the lab"]
fn t08_who_shares_namespaces() {
    let lab = Lab::shared();
    for size in SIZES {
        let mut console = console(&lab, size);
        press_all(&mut console, &["7", "enter"]);
        console.wait_until("who shares with the host, and who with whom", |screen| {
            let has = |label: &str, name: &str| screen.lines().any(|l| l.contains(label) && l.contains(name));
            has("host's net", "agent")
                && has("host's pid", "monitor")
                && has("host's ipc", "nobody")
                && has("web", "sidecar")
        });
        assert!(console.keys <= 3);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t09_what_is_wrong_with_a_container() {
    let lab = Lab::shared();
    for size in SIZES {
        let mut console = console(&lab, size);
        press_all(&mut console, &["f", "=agent security", "enter"]);
        let screen = console.wait_for_all(&["critical", "BW-R-010", "docker.sock", "evidence", "why", "fix"]);
        let order = screen.find("critical").zip(screen.find("BW-R-010"));
        assert!(order.is_some_and(|(severity, id)| severity < id), "the gravest first:\n{screen}");
        assert!(console.keys <= 3);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t10_search_the_log_and_follow_it() {
    let lab = Lab::shared();
    for size in SIZES {
        let mut console = console(&lab, size);
        press_all(&mut console, &["f", "=logger logs", "enter"]);
        console.wait_for_all(&["following", "all is well"]);
        press_all(&mut console, &["/", "=error"]);
        console.wait_for("search: error");
        console.wait_until("a match that stands out", |screen| screen.contains("error: disk on fire"));
        assert!(console.keys <= 5);
        let (row, column) = console.find("error: disk").expect("it was seen");
        eventually("the match is highlighted", PATIENCE, || {
            (console.style(row, column) != console.style(row, column + 6)).then_some(())
        });
        // It follows: a line comes that was not there.
        let newest = |screen: &str| {
            let numbers =
                screen.lines().filter_map(|l| l.split("line ").nth(1)?.split(' ').next()?.parse::<u64>().ok());
            numbers.max().unwrap_or(0)
        };
        press_all(&mut console, &["enter", "n"]);
        console.wait_until("the search was kept", |screen| !screen.contains("search: error"));
        console.press("f");
        let seen = newest(&console.screen());
        console.wait_until("a new line", |screen| newest(screen) > seen);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t11_which_names_lead_to_a_container() {
    let lab = Lab::shared();
    let db = wire(&lab, "db", "eth0");
    walk(&lab, 3, &["f", "=db dns", "enter"], &["database", &db.address, "embedded DNS of back", "hosts file"]);
}

/// A container of this test alone, gone when dropped.
struct Guest<'a>(&'a Lab, String);

impl<'a> Guest<'a> {
    fn run(lab: &'a Lab, kind: &str, options: &[&str], script: &str) -> Self {
        let name = format!("journeys-{kind}-{}", std::process::id());
        let line = [&["run", "-d", "--name", &name][..], options, &["bb:1", "sh", "-c", script]].concat();
        lab.docker(&line);
        Guest(lab, name)
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        let host = format!("unix://{}", self.0.socket());
        let _ = std::process::Command::new("docker").args(["-H", &host, "rm", "-f", &self.1]).output();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t12_what_happened_to_a_container() {
    let lab = Lab::shared();
    for size in SIZES {
        let script = "trap 'exit 3' TERM; while :; do sleep 3600 & wait $!; done";
        let guest = Guest::run(&lab, &format!("past{}", size.0), &[], script);
        let mut console = console(&lab, size);
        console.wait_until("the feed runs", |screen| screen.contains("cpu"));
        lab.docker(&["restart", &guest.1]);
        press_all(&mut console, &["f", &format!("={} events", guest.1), "enter"]);
        console.wait_until("its end with the exit code, its links, and above them its new start", |screen| {
            let died = screen.find("exit code 3");
            let started = screen.find("container start");
            screen.contains("veth") && died.zip(started).is_some_and(|(died, started)| started < died)
        });
        assert!(console.keys <= 3);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t13_subnets_pools_and_overlaps() {
    let lab = Lab::shared();
    for size in SIZES {
        let mut console = console(&lab, size);
        press_all(&mut console, &["2", "enter"]);
        let mut subnets = Vec::new();
        for name in ["back", "front", "n1", "spare", "vaultnet", "lan"] {
            let network = inspect(&lab, name);
            subnets.push((name, network["IPAM"]["Config"][0]["Subnet"].as_str().expect("a subnet").to_owned()));
        }
        console.wait_until("all subnets with their use", |screen| {
            let has = |(name, subnet): &(&str, String)| {
                screen.lines().any(|l| l.contains(&format!("{name} ")) && l.contains(subnet.as_str()))
            };
            subnets.iter().all(has) && screen.contains("free") && screen.contains("overlap")
        });
        assert!(console.keys <= 3);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t14_the_engine_hangs() {
    use nix::sys::signal::{Signal, kill};
    let lab = Lab::own("hang");
    lab.docker(&["run", "-d", "--name", "busy", "bb:1", "sh", "-c", "while :; do :; done"]);
    lab.docker(&["run", "-d", "--name", "calm", "bb:1", "sleep", "3600"]);
    let engine = nix::unistd::Pid::from_raw(lab.daemon());
    for size in SIZES {
        let console = Console::start(command(&words(&lab.line(bridgewatch()))), size);
        console.wait_until("both containers", |screen| screen.contains("busy") && screen.contains("calm"));
        kill(engine, Signal::SIGSTOP).expect("it runs");
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            console.wait_within("the engine marked silent, with its age", Duration::from_secs(60), |screen, _| {
                screen.contains("engine stale") && screen.contains("old") && screen.contains("running~")
            });
            // The kernel's half goes on: the clock, and the CPU of who is busy.
            let clock =
                |screen: &str| screen.lines().next().and_then(|l| l.trim_end().rsplit(' ').next().map(str::to_owned));
            let then = clock(&console.screen());
            console.wait_until("live figures", |screen| {
                let busy = screen.lines().find(|l| l.contains("busy")).unwrap_or_default();
                clock(screen) != then && busy.split_whitespace().any(|w| w.parse::<f64>().is_ok_and(|cpu| cpu > 5.0))
            });
            assert_eq!(console.keys, 0);
        }));
        kill(engine, Signal::SIGCONT).expect("it is stopped");
        if let Err(panic) = seen {
            std::panic::resume_unwind(panic);
        }
        console.wait_until("the engine is back", |screen| !screen.contains("engine stale"));
        console.quit();
    }
}

/// The text of the last OSC 52 among these bytes.
fn copied(raw: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(raw).into_owned();
    let after = text.rsplit_once("\x1b]52;c;")?.1;
    let end = after.find(['\x07', '\x1b'])?;
    let mut bits = 0u32;
    let mut count = 0;
    let mut out = Vec::new();
    for c in after[..end].bytes().filter(|c| *c != b'=') {
        let table = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        bits = bits << 6 | table.iter().position(|t| *t == c)? as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    String::from_utf8(out).ok()
}

#[test]
#[ignore = "needs the lab"]
fn t15_send_a_colleague_what_i_see() {
    let lab = Lab::shared();
    for size in SIZES {
        let mut console = console(&lab, size);
        press_all(&mut console, &["c", "enter"]);
        console.wait_within("the clipboard's bytes", PATIENCE, |_, raw| copied(raw).is_some());
        assert_eq!(copied(&console.raw()).as_deref(), Some("shop"), "the first row's name");
        assert!(console.keys <= 2);
        console.quit();
    }
    let dir = tempfile::tempdir().expect("a directory");
    let mut line = command(&words(&lab.line(bridgewatch())));
    line.cwd(dir.path());
    let mut console = Console::start(line, (80, 24));
    console.wait_for("shop");
    press_all(&mut console, &["w", "enter"]);
    console.wait_for("recording to");
    assert_eq!(console.keys, 2);
    let file = eventually("a file with a picture in it", PATIENCE, || {
        let entry = std::fs::read_dir(dir.path()).expect("a directory").flatten().next()?;
        (entry.metadata().ok()?.len() > 1000).then(|| entry.path())
    });
    console.quit();
    let replay = Console::start(command(&[bridgewatch(), "replay", &file.to_string_lossy()]), (80, 24));
    replay.wait_for("shop");
    replay.quit();
}

#[test]
#[ignore = "needs the lab"]
fn t16_what_is_left_over() {
    let lab = Lab::shared();
    walk(&lab, 3, &["2", "enter", "end"], &["left over", "br-dead00000000", "bridge without network"]);
}

/// The console on the lab with a journal of its own.
fn operator(lab: &Lab, size: (u16, u16), state: &std::path::Path) -> Console {
    let mut line = command(&words(&lab.line(bridgewatch())));
    line.env("XDG_STATE_HOME", state);
    let console = Console::start(line, size);
    console.wait_for_all(&["NAME", "shop", "worker", "MEM", "read-write"]);
    console.wait_until("what the engine, the cgroup and the veth say of worker", is_complete);
    console
}

/// Presses keys one after the other, each when what it is to act on is seen: `(key, what is seen after it)`.
fn step_all(console: &mut Console, steps: &[(&str, &str)]) {
    for (key, seen) in steps {
        press_all(console, &[*key]);
        if *key == "y" {
            wait_confirmed(console, seen);
        } else {
            console.wait_for(seen);
        }
    }
}

/// Waits until a plan that was confirmed is carried out. One that moved in the moment of the key is not confirmed by it and
/// asks again; that answer is no key of the journey.
fn wait_confirmed(console: &mut Console, seen: &str) {
    let mut answered = std::time::Instant::now();
    eventually(&format!("{seen:?} after y"), PATIENCE, || {
        let screen = console.screen();
        if !screen.contains(seen) && screen.contains("do it") && answered.elapsed() > Duration::from_secs(2) {
            console.send(b"y");
            answered = std::time::Instant::now();
        }
        screen.contains(seen).then_some(())
    });
}

const STAYS: &str = "trap exit TERM INT; while :; do sleep 3600 & wait $!; done";

/// Rate and limit behind a sign on the screen, in Mbit/s: `↑ 9.6 Mbit/s of 10 Mbit/s`.
fn reached(screen: &str, sign: char) -> Option<f64> {
    let line = screen.lines().find(|l| l.contains("of 10 Mbit/s"))?;
    let words: Vec<&str> = line.split(sign).nth(1)?.split_whitespace().take(2).collect();
    (words.get(1) == Some(&"Mbit/s")).then(|| words[0].parse().ok())?
}

#[test]
#[ignore = "needs the lab"]
fn t17_hold_a_container_to_a_rate_and_give_it_back() {
    let lab = Lab::shared();
    for size in SIZES {
        let state = tempfile::tempdir().expect("a directory");
        let swallow = "while :; do nc -l -p 9 -e wc -c; done";
        let sink = Guest::run(&lab, &format!("sink{}", size.0), &["--network", "n1"], swallow);
        // It begins once it is held back.
        let pour = format!(
            "while :; do [ ! -e /go ] || dd if=/dev/zero bs=100k count=500 2>/dev/null | nc {} 9; sleep 0.3; done",
            sink.1
        );
        let noisy = Guest::run(&lab, &format!("noisy{}", size.0), &["--network", "n1"], &pour);
        let veth = wire(&lab, &noisy.1, "eth0").veth;
        let qdiscs = || output(lab.command("tc").args(["qdisc", "show", "dev", &veth]));
        let before = qdiscs();
        let mut console = operator(&lab, size, state.path());
        press_all(&mut console, &["f", &format!("={}", noisy.1), "enter"]);
        step_all(
            &mut console,
            &[("T", "both ways"), ("=10mbit", "1.25"), ("enter", "do it"), ("y", "done, and read back")],
        );
        lab.docker(&["exec", &noisy.1, "touch", "/go"]);
        console.wait_until("the rate held at its limit", |screen| {
            reached(screen, '↑').is_some_and(|rate| (8.5..10.6).contains(&rate))
        });
        assert!(qdiscs().contains("tbf"));
        step_all(&mut console, &[("U", "Plan: undo"), ("y", "Result: undo")]);
        console.wait_for("done, and read back");
        assert_eq!(qdiscs(), before);
        assert!(console.keys <= 9, "{} keys", console.keys);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t18_an_isolated_network_with_fixed_addresses() {
    let lab = Lab::shared();
    for size in SIZES {
        let state = tempfile::tempdir().expect("a directory");
        let all = ["left", "right"].map(|n| Guest::run(&lab, &format!("{n}{}", size.0), &["--network", "n1"], STAYS));
        let name = format!("journeys-iso{}-{}", size.0, std::process::id());
        let mut console = operator(&lab, size, state.path());
        console.press("N");
        console.wait_for("letters, digits");
        step_all(
            &mut console,
            &[(&format!("={name}"), &name), ("tab", "no route to the outside"), ("space", "[x] yes")],
        );
        let screen = console.screen();
        let subnet = screen.lines().find(|l| l.contains("subnet")).expect("a proposal").to_owned();
        let subnet = subnet.split('[').nth(1).and_then(|s| s.split('/').next()).expect("a subnet").to_owned();
        let base = subnet.rsplit_once('.').expect("an address").0.to_owned();
        let address = |n: usize| format!("{base}.{}", 20 + n);
        let members: Vec<String> = all.iter().enumerate().map(|(n, g)| format!("{}={}", g.1, address(n))).collect();
        step_all(&mut console, &[("tab", "NAME=ADDRESS"), (&format!("={}", members.join(",")), "network connect")]);
        step_all(&mut console, &[("enter", "do it"), ("y", "done, and read back")]);
        assert!(console.keys <= 16, "{} keys", console.keys);
        let network: Value = serde_json::from_str(&lab.docker(&["network", "inspect", &name])).expect("json");
        assert_eq!(network[0]["Internal"], true);
        for (n, guest) in all.iter().enumerate() {
            let own = &inspect(&lab, &guest.1)["NetworkSettings"]["Networks"][&name];
            assert_eq!(own["IPAddress"].as_str(), Some(address(n).as_str()));
        }
        step_all(&mut console, &[("U", "Plan: undo"), ("y", "Result: undo")]);
        console.wait_for("done, and read back");
        assert!(!lab.docker(&["network", "ls"]).contains(&name));
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t19_off_every_network_and_back() {
    let lab = Lab::shared();
    for size in SIZES {
        let state = tempfile::tempdir().expect("a directory");
        // An address can be asked for again only where the subnet was chosen by its maker.
        let address = format!("10.99.0.{}", size.0);
        let options = ["--network", "spare", "--ip", &address, "--network-alias", "spy"];
        let guest = Guest::run(&lab, &format!("intruder{}", size.0), &options, STAYS);
        lab.docker(&["network", "connect", "--alias", "mole", "back", &guest.1]);
        let networks = || inspect(&lab, &guest.1)["NetworkSettings"]["Networks"].clone();
        let of = |all: &Value, network: &str| {
            let own = &all[network];
            (own["IPAddress"].to_string(), own["Aliases"].to_string())
        };
        let before = networks();
        let mut console = operator(&lab, size, state.path());
        press_all(&mut console, &["f", &format!("={}", guest.1), "enter"]);
        step_all(&mut console, &[("X", "every network"), ("enter", "do it"), ("y", "done, and read back")]);
        assert_eq!(networks(), serde_json::json!({}), "off all of them");
        assert_eq!(inspect(&lab, &guest.1)["State"]["Running"], true);
        step_all(&mut console, &[("U", "Plan: undo"), ("y", "Result: undo")]);
        console.wait_for("done, and read back");
        let after = networks();
        assert_eq!(of(&after, "spare"), of(&before, "spare"));
        assert_eq!(of(&after, "back").1, of(&before, "back").1);
        assert!(console.keys <= 8, "{} keys", console.keys);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t20_restart_a_project() {
    let lab = Lab::shared();
    for size in SIZES {
        let state = tempfile::tempdir().expect("a directory");
        let project = format!("t20x{}", size.0);
        let label = format!("com.docker.compose.project={project}");
        let run = |n: &str| Guest::run(&lab, &format!("{project}{n}"), &["--label", &label], STAYS);
        let all = ["a", "b", "c"].map(run);
        let started = |g: &Guest| inspect(&lab, &g.1)["State"]["StartedAt"].to_string();
        let before: Vec<String> = all.iter().map(started).collect();
        let mut console = operator(&lab, size, state.path());
        press_all(&mut console, &["/", &format!("={project}"), "enter"]);
        console.wait_for("3/3");
        step_all(&mut console, &[("space", "3 rows are marked"), ("R", "do it"), ("y", "rows")]);
        console.wait_until("three results", |screen| {
            let is_done = |g: &Guest| screen.lines().any(|l| l.contains(&g.1) && l.contains("  done"));
            screen.contains("done, and read back") && all.iter().all(is_done)
        });
        let after: Vec<String> = all.iter().map(started).collect();
        assert!(before.iter().zip(&after).all(|(a, b)| a != b), "{before:?} {after:?}");
        assert!(console.keys <= 7, "{} keys", console.keys);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t21_take_back_the_second_thing_of_today() {
    let lab = Lab::shared();
    for size in SIZES {
        let state = tempfile::tempdir().expect("a directory");
        let all = ["one", "two", "three"].map(|n| Guest::run(&lab, &format!("{n}{}", size.0), &[], STAYS));
        let is_paused = |g: &Guest| inspect(&lab, &g.1)["State"]["Paused"] == true;
        let mut console = operator(&lab, size, state.path());
        for guest in &all {
            press_all(&mut console, &["f", &format!("={}", guest.1), "enter", "P"]);
            // Asked for when it is no trifle.
            let screen = console.wait_until("it is asked for, or done", |screen| {
                screen.contains("do it") || screen.contains("Result: pause")
            });
            if screen.contains("do it") {
                console.press("y");
                wait_confirmed(&mut console, "Result: pause");
            }
            assert!(is_paused(guest));
            console.press("esc");
            console.wait_until("no sheet", |screen| !screen.contains("esc close"));
        }
        console.keys = 0;
        step_all(&mut console, &[("u", "CHANGE")]);
        console.wait_for_all(&[&all[0].1, &all[1].1, &all[2].1]);
        step_all(&mut console, &[("down", "CHANGE"), ("U", "Plan: undo"), ("y", "Result: undo")]);
        console.wait_for("done, and read back");
        assert_eq!(all.iter().map(is_paused).collect::<Vec<_>>(), [true, false, true]);
        assert!(console.keys <= 6, "{} keys", console.keys);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn t22_more_memory_without_a_restart() {
    let lab = Lab::shared();
    for size in SIZES {
        let state = tempfile::tempdir().expect("a directory");
        let guest = Guest::run(&lab, &format!("cache{}", size.0), &["--memory", "64m"], STAYS);
        let before = inspect(&lab, &guest.1);
        let mut console = operator(&lab, size, state.path());
        press_all(&mut console, &["f", &format!("={}", guest.1), "enter"]);
        console.press("L");
        console.wait_for_all(&["limit 64 MiB", "uses"]);
        step_all(&mut console, &[("=128m", "docker update"), ("enter", "do it"), ("y", "done, and read back")]);
        let after = inspect(&lab, &guest.1);
        assert_eq!(after["HostConfig"]["Memory"], 128 << 20);
        assert_eq!(after["State"]["StartedAt"], before["State"]["StartedAt"], "without a restart");
        assert!(console.keys <= 7, "{} keys", console.keys);
        console.quit();
    }
}

#[test]
#[ignore = "needs the lab"]
fn j16_a_burst_of_keys_confirms_nothing() {
    let lab = Lab::shared();
    let state = tempfile::tempdir().expect("a directory");
    let guest = Guest::run(&lab, "burst", &[], STAYS);
    let started = || inspect(&lab, &guest.1)["State"]["StartedAt"].to_string();
    let before = started();
    let mut console = operator(&lab, (80, 24), state.path());
    press_all(&mut console, &["f", &format!("={}", guest.1), "enter"]);
    console.wait_for("Summary");
    console.type_name("Ryyyy");
    console.wait_for_all(&["Plan: restart", "before the plan was on the screen"]);
    assert_eq!(started(), before);
    step_all(&mut console, &[("y", "done, and read back")]);
    assert_ne!(started(), before);
    console.quit();
}

#[test]
#[ignore = "needs the lab"]
fn t19_fault_a_shell_that_dies_leaves_our_screen_whole() {
    let lab = Lab::shared();
    for size in SIZES {
        let state = tempfile::tempdir().expect("a directory");
        let guest = Guest::run(&lab, &format!("shell{}", size.0), &[], STAYS);
        let mut console = operator(&lab, size, state.path());
        press_all(&mut console, &["f", &format!("={}", guest.1), "enter"]);
        step_all(&mut console, &[("e", "A terminal inside"), ("enter", "/ #")]);
        let rows = format!("{} {}", size.1, size.0);
        // Its size is ours; Ctrl+C is the child's.
        step_all(&mut console, &[("=stty size\r", &rows)]);
        console.press("ctrl+c");
        // Modes that are not ours, and then a death without a word.
        console.type_name("printf '\\033[?1000h\\033[31m'; kill -9 $$\r");
        console.wait_for_all(&[&guest.1, "Summary", "137"]);
        assert_eq!(console.modes(), (true, true, true), "alternate screen, no cursor, bracketed paste");
        console.press("?");
        console.wait_for("Help");
        console.quit();
    }
}
