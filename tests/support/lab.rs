//! The lab (`tests/lab/lab`) for live tests: the one that runs, or one of a test's own.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A private engine in a network namespace of its own.
pub struct Lab {
    name: String,
    is_own: bool,
}

fn script() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lab/lab")
}

fn run(command: &mut Command) -> Output {
    let out = command.output().expect("starts");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
    out
}

impl Lab {
    /// The lab that runs for all tests, named by `BRIDGEWATCH_LAB`. Tests add to it under names of their own and leave
    /// the rest alone.
    pub fn shared() -> Self {
        let name = std::env::var("BRIDGEWATCH_LAB");
        let name = name.expect("BRIDGEWATCH_LAB names a lab that is up: tests/lab/lab up NAME");
        Lab { name, is_own: false }
    }

    /// An engine without containers for this test alone, gone when dropped: for tests that stop or break it.
    pub fn own(test: &str) -> Self {
        let name = format!("{test}-{}", std::process::id() % 100_000);
        // Made first, so that a lab that is only half up is taken down too.
        let lab = Lab { name, is_own: true };
        run(Command::new(script()).args(["up", &lab.name, "--bare"]));
        lab
    }

    /// Its name, which is also that of its network namespace.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The command line that runs a program inside the lab's network namespace with the lab's engine.
    pub fn line(&self, program: &str) -> Vec<String> {
        let script = script().to_string_lossy().into_owned();
        [&script, "enter", &self.name, "--", program].map(str::to_owned).to_vec()
    }

    fn state(&self) -> PathBuf {
        PathBuf::from(format!("/tmp/bridgewatch-lab-{}", self.name))
    }

    /// Path of the engine's socket.
    pub fn socket(&self) -> String {
        self.state().join("docker.sock").to_string_lossy().into_owned()
    }

    /// Process id of the engine.
    pub fn daemon(&self) -> i32 {
        let text = std::fs::read_to_string(self.state().join("docker.pid")).expect("a pid file");
        text.trim().parse().expect("a pid")
    }

    /// Kills the engine as the kernel does when memory is short: it has no say in it.
    pub fn kill_engine(&self) {
        let pid = nix::unistd::Pid::from_raw(self.daemon());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("it runs");
    }

    /// Starts an engine that has died anew. Its containers have died with it.
    pub fn complete(&self) {
        run(Command::new(script()).args(["up", &self.name, "--bare"]));
    }

    /// What the engine's own command line answers.
    pub fn docker(&self, arguments: &[&str]) -> String {
        let host = format!("unix://{}", self.socket());
        let out = run(Command::new("docker").args(["-H", &host]).args(arguments));
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }

    /// A command that runs inside the lab's network namespace with the lab's engine.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(script());
        command.args(["enter", &self.name, "--", program]);
        command
    }

    /// Runs `work` on a thread inside the lab's network namespace; threads that it starts are inside too.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let netns = std::fs::File::open(format!("/run/netns/{}", self.name)).expect("the lab is up");
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                nix::sched::setns(&netns, nix::sched::CloneFlags::CLONE_NEWNET).expect("root may enter");
                work()
            });
            thread.join().expect("the work does not panic")
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.is_own {
            // A test that panics already has its own words; a second panic would hide them.
            let _ = Command::new(script()).args(["down", &self.name]).output();
        }
    }
}
