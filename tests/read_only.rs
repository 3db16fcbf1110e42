//! `--read-only` means it: what the engine is asked behind a proxy that writes it down, whatever key is pressed, and the
//! rights that the kernel leaves to the running process. That the part which writes can't even be made is a matter of
//! types, see the documentation tests of `plan::Warrant` and `actions::Hands`.

mod support {
    #[allow(dead_code)]
    pub mod lab;
    pub mod proxy;
    pub mod pty;
}

use bridgewatch::app::keymap::TABLE;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::lab::Lab;
use support::pty::{Console, PATIENCE, bridgewatch, command, eventually};

const SYS_ADMIN: u64 = 1 << 21;
const READING: u64 = SYS_ADMIN | 1 << 19 | 1 << 2 | 1 << 11;
const NET_ADMIN: u64 = 1 << 12;

fn console(lab: &Lab, folder: &Path, more: &[&str]) -> Console {
    let line = lab.line(bridgewatch());
    let mut words: Vec<&str> = line.iter().map(String::as_str).collect();
    words.push("--read-only");
    words.extend(more);
    let mut command = command(&words);
    // A recording that is begun ends up there.
    command.cwd(folder);
    let console = Console::start(command, (120, 40));
    console.wait_for_all(&["NAME", "read-only", "worker"]);
    console
}

/// The one program of ours among a process and those below it.
fn ours(pid: i32) -> Option<i32> {
    let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    if comm.trim() == "bridgewatch" {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        return (!stat.contains(") Z ")).then_some(pid);
    }
    support::pty::children(pid).into_iter().find_map(ours)
}

/// The five capability sets of every thread.
fn capabilities(pid: i32) -> Vec<(String, u64)> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("its threads");
    let mut sets = Vec::new();
    for task in tasks.flatten() {
        // A thread may end meanwhile.
        let Ok(status) = std::fs::read_to_string(task.path().join("status")) else { continue };
        for line in status.lines().filter(|line| line.starts_with("Cap")) {
            let (name, value) = line.split_once(':').expect("a set");
            sets.push((name.to_owned(), u64::from_str_radix(value.trim(), 16).expect("hexadecimal")));
        }
    }
    sets
}

#[test]
#[ignore = "needs root and the lab"]
fn j01_whatever_key_is_pressed_the_engine_is_only_read() {
    let lab = Lab::shared();
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("engine.sock");
    let engine = PathBuf::from(lab.socket().trim_start_matches("unix://"));
    let log = support::proxy::start(&socket, engine).expect("a proxy");
    let url = format!("unix://{}", socket.display());
    let seen = || -> BTreeSet<String> { log.lock().expect("a log").iter().map(|(_, line)| line.clone()).collect() };

    // The judge is no blind one: a request that writes is noticed.
    let made = lab.command("docker").args(["--host", &url, "network", "create", "read-only-judge"]).output();
    assert!(made.expect("it starts").status.success());
    lab.docker(&["network", "rm", "read-only-judge"]);
    assert!(seen().iter().any(|line| line.starts_with("POST ") && line.contains("/networks/create")), "{:?}", seen());
    log.lock().expect("a log").clear();

    let mut console = console(&lab, folder.path(), &["--host", &url]);
    // Every key of the table but those that end or suspend the console, every capital, and what choosing then does.
    let end = ["quit", "quit-now", "suspend"];
    let mut keys: BTreeSet<String> = TABLE
        .iter()
        .filter(|entry| !end.contains(&entry.action.id()))
        .flat_map(|entry| entry.keys.iter().map(|key| (*key).to_owned()))
        .filter(|key| key.chars().count() == 1 || ["enter", "tab", "up", "down", "pgdn"].contains(&key.as_str()))
        .collect();
    keys.extend((' '..='~').map(String::from));
    // Closes an overlay, and ends the console where there is none.
    keys.remove("q");
    for view in ["1", "2", "3", "4", "5", "7", "8", "0"] {
        for key in &keys {
            console.press(view);
            console.press(key);
            // The first entry of the palette may be to quit.
            if key != ":" {
                console.press("enter");
            }
            // Out of forms, menus, panes and filters again; an escape that is followed at once is another key.
            console.send(b"\x1b\x1b\x1b");
            console.wait_quiet(Duration::from_millis(45));
            assert!(ours(console.pid()).is_some(), "{key} in view {view} ended it:\n{}", console.screen());
        }
    }
    console.press("ctrl+c");
    console.wait_end(PATIENCE);

    let asked = seen();
    assert!(asked.len() > 10, "nothing was asked through the proxy: {asked:?}");
    let reads = |line: &&String| {
        let path = line.split_once(' ').map_or("", |(_, path)| path);
        // GET alone is not enough: these routes carry data out or in, or run something.
        let tricky =
            ["/attach", "/export", "/archive", "/images/get", "/exec/start"].iter().any(|part| path.contains(part));
        (line.starts_with("GET ") || line.starts_with("HEAD ")) && !tricky
    };
    let writes: Vec<&String> = asked.iter().filter(|line| !reads(line)).collect();
    assert!(writes.is_empty(), "{writes:?}");
}

#[test]
#[ignore = "needs root and the lab"]
fn the_kernel_leaves_it_no_right_to_change_anything() {
    let lab = Lab::shared();
    let console = console(&lab, Path::new("/"), &[]);
    let pid = ours(console.pid()).expect("it runs");
    let sets = capabilities(pid);
    assert!(sets.len() > 10, "threads of it: {sets:?}");
    for (name, set) in &sets {
        assert_eq!(set & !READING, 0, "{name} {set:x}");
    }
    assert!(
        sets.iter().any(|(name, set)| name == "CapEff" && set & SYS_ADMIN != 0),
        "it can still look into namespaces"
    );
    // The child that reads the packet filter keeps the one right that this takes, and nothing else.
    let readers = support::pty::children(pid);
    assert_eq!(readers.len(), 1, "{readers:?}");
    let sets = eventually("the reader of rules has given up its rights", Duration::from_secs(10), || {
        let sets = capabilities(readers[0]);
        sets.iter().all(|(_, set)| set & !NET_ADMIN == 0).then_some(sets)
    });
    assert!(sets.iter().any(|(name, set)| name == "CapEff" && *set == NET_ADMIN), "{sets:?}");
    console.quit();
}

#[test]
#[ignore = "needs root and the lab"]
fn less_rights_see_no_less() {
    let lab = Lab::shared();
    let answer = |more: &[&str]| -> serde_json::Value {
        let out = lab.command(bridgewatch()).args(more).output().expect("it starts");
        serde_json::from_slice(&out.stdout).expect("json")
    };
    // Other labs of the machine come and go: what belongs to a container of this one by name.
    let all = lab.docker(&["ps", "--format", "{{.Names}}"]);
    // One that ends every few seconds is there at one reading and not at the next.
    let names: BTreeSet<String> = all.lines().filter(|name| *name != "crashloop").map(str::to_owned).collect();
    let links = |more: &[&str]| {
        let all = answer(&[more, &["links", "--format", "json"]].concat());
        let of_lab = |link: &&serde_json::Value| link["container"].as_str().is_some_and(|name| names.contains(name));
        let whole = all.as_array().expect("a list").iter().filter(of_lab).map(|link| {
            ["ifindex", "name", "netns", "container", "peer", "bridge", "network", "addresses"]
                .map(|part| link[part].to_string())
                .join(" ")
        });
        whole.collect::<BTreeSet<String>>()
    };
    let tables = |more: &[&str]| answer(&[more, &["snapshot"]].concat())["firewall"]["tables"].as_array().map(Vec::len);
    assert!(links(&["--read-only"]).len() > names.len());
    assert_eq!(links(&["--read-only"]), links(&[]));
    assert!(tables(&["--read-only"]).is_some_and(|tables| tables > 1));
    assert_eq!(tables(&["--read-only"]), tables(&[]));
}
