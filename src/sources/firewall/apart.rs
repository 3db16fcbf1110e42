//! The packet filter read by another process: one that kept the right to read it while ours gave it up.
//!
//! nfnetlink answers no one without `CAP_NET_ADMIN`, which is also the right to change every rule and interface. A
//! read-only bridgewatch gives it up for good; a child that was started before keeps it, and knows two questions, a line
//! each: `generation`, and `rules MILLISECONDS`. It answers with one line of JSON, and ends with its standard input.

use super::generation::GenerationProbe;
use super::read::read;
use crate::model::{Fact, Firewall, Gap, GapKind};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The generation is asked for between two frames: longer than this nobody waits for it.
const PATIENCE: Duration = Duration::from_millis(50);
/// What the child may take longer than the deadline it was given.
const GRACE: Duration = Duration::from_millis(500);
/// Longest answer, bytes.
const ANSWER: usize = 64 << 20;

/// Where rules are read: in this process, or in one that kept the right to. Clones share that process.
#[derive(Debug, Clone, Default)]
pub enum Rules {
    /// In this process.
    #[default]
    Here,
    /// In a child.
    Apart(Arc<Mutex<Apart>>),
}

impl Rules {
    /// Starts `command` as the process that reads; it has to call [`serve`].
    ///
    /// # Errors
    /// It could not be started.
    pub fn apart(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(ask), Some(answer)) => {
                Ok(Rules::Apart(Arc::new(Mutex::new(Apart { child, ask, answer, rest: Vec::new(), is_lost: false }))))
            }
            _ => Err(io::Error::other("it has no pipes")),
        }
    }

    /// The generation id of the rules now; `probe` is used when they are read here. Waits at most 50 ms.
    pub fn generation(&self, probe: &mut GenerationProbe) -> Fact<u32> {
        match self {
            Rules::Here => probe.current(),
            Rules::Apart(apart) => ask(apart, "generation\n", PATIENCE),
        }
    }

    /// Reads the whole packet filter, see [`read()`].
    pub async fn read(&self, deadline: Duration) -> Fact<Arc<Firewall>> {
        let Rules::Apart(apart) = self else { return read(deadline).await };
        let apart = apart.clone();
        let question = format!("rules {}\n", deadline.as_millis());
        let asked = tokio::task::spawn_blocking(move || ask::<Arc<Firewall>>(&apart, &question, deadline + GRACE));
        asked.await.unwrap_or_else(|error| Fact::gap(gap(&format!("the question was dropped ({error})"))))
    }
}

/// The process that reads.
#[derive(Debug)]
pub struct Apart {
    child: Child,
    ask: ChildStdin,
    answer: ChildStdout,
    /// Bytes of an answer that is not whole yet.
    rest: Vec<u8>,
    /// An answer did not come in time: the next line would answer an older question.
    is_lost: bool,
}

impl Apart {
    fn line(&mut self, question: &str, patience: Duration) -> io::Result<Vec<u8>> {
        if self.is_lost {
            return Err(io::Error::other("it did not answer before"));
        }
        let until = Instant::now() + patience;
        self.is_lost = true;
        self.ask.write_all(question.as_bytes())?;
        let mut seen = 0;
        loop {
            if let Some(end) = self.rest[seen..].iter().position(|b| *b == b'\n') {
                let after = self.rest.split_off(seen + end + 1);
                self.is_lost = false;
                return Ok(std::mem::replace(&mut self.rest, after));
            }
            seen = self.rest.len();
            if seen > ANSWER {
                return Err(io::Error::other("more than 64 MiB of rules"));
            }
            let left = until.saturating_duration_since(Instant::now());
            let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            if poll(&mut [PollFd::new(self.answer.as_fd(), PollFlags::POLLIN)], left)? == 0 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut more = [0; 64 << 10];
            match self.answer.read(&mut more)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.rest.extend_from_slice(&more[..count]),
            }
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // It only reads: nothing is lost by ending it in the middle.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask<T: DeserializeOwned>(apart: &Mutex<Apart>, question: &str, patience: Duration) -> Fact<T> {
    let mut apart = apart.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match apart.line(question, patience) {
        Ok(line) => serde_json::from_slice(&line).unwrap_or_else(|error| Fact::gap(gap(&error.to_string()))),
        Err(error) => Fact::gap(gap(&error.to_string())),
    }
}

fn gap(reason: &str) -> Gap {
    Gap::new(GapKind::Unsupported, format!("ask the process that reads the packet filter: {reason}"))
        .lifted_by("start bridgewatch again")
}

/// Answers questions until standard input ends; what the child does.
///
/// # Errors
/// A pipe is broken.
pub fn serve(questions: impl Read, mut answers: impl Write) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut probe = GenerationProbe::new();
    for question in BufReader::new(questions).lines() {
        let question = question?;
        match question.split_once(' ') {
            None if question == "generation" => tell(&mut answers, &probe.current())?,
            Some(("rules", milliseconds)) if let Ok(milliseconds) = milliseconds.parse() => {
                let rules = runtime.block_on(read(Duration::from_millis(milliseconds)));
                tell(&mut answers, &rules)?;
            }
            _ => return Err(io::Error::other("not one of the two questions")),
        }
    }
    Ok(())
}

fn tell(answers: &mut impl Write, answer: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    answers.write_all(&line)?;
    answers.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answering(script: &str) -> Rules {
        Rules::apart(Command::new("/bin/sh").args(["-c", script])).expect("a child")
    }

    #[test]
    fn answers_come_from_the_child() {
        let rules =
            answering("while read -r question; do case $question in generation) echo 7 ;; *) echo '{' ;; esac; done");
        let mut probe = GenerationProbe::new();
        assert_eq!(rules.generation(&mut probe), Fact::Known(7));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let damaged = runtime.block_on(rules.read(Duration::from_secs(5)));
        assert!(damaged.why().is_some_and(|gap| gap.reason.contains("packet filter")));
        assert_eq!(rules.generation(&mut probe), Fact::Known(7));
    }

    #[test]
    fn a_child_that_is_late_or_gone_is_a_gap_and_never_an_older_answer() {
        let mut probe = GenerationProbe::new();
        let late = answering("read -r question; read -r question; echo 7; sleep 60");
        assert!(late.generation(&mut probe).why().is_some());
        assert!(late.generation(&mut probe).why().is_some_and(|gap| gap.reason.contains("before")));
        let gone = answering("exit 0");
        assert!(gone.generation(&mut probe).why().is_some());
    }

    #[test]
    fn only_two_questions_are_known() {
        let mut out = Vec::new();
        assert!(serve(&b"flush ruleset\n"[..], &mut out).is_err());
        assert!(out.is_empty());
    }
}
