//! Running a program that only reads, with a deadline and bounded output.
//!
//! Programs are looked for in the system's own directories, never in `PATH`: this often runs as root. Must not know
//! what the output means.

use crate::model::{Gap, GapKind};
use crate::text::clean_line;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::{Instant, timeout_at};

const DIRECTORIES: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
/// Longest output that is read, bytes.
const OUTPUT_BYTES: u64 = 32 << 20;
const ERROR_BYTES: u64 = 64 << 10;
/// Longest part of an error text that is told, characters.
const ERROR_CHARS: usize = 240;

/// The first of several names that is installed.
pub(super) fn find(names: &[&str]) -> Option<PathBuf> {
    let candidates = names.iter().flat_map(|name| DIRECTORIES.map(|directory| Path::new(directory).join(name)));
    candidates.into_iter().find(|path| path.is_file())
}

/// Runs the first of `names` that is installed and gives its standard output; `package` is what would bring it.
///
/// # Errors
/// [`GapKind::ToolMissing`], [`GapKind::Permission`], [`GapKind::Timeout`] (the program is killed), and
/// [`GapKind::Unsupported`] with the program's own words when it fails otherwise.
pub(super) async fn run(names: &[&str], args: &[&str], package: &str, until: Instant) -> Result<String, Gap> {
    let label = names.first().copied().unwrap_or_default();
    let Some(program) = find(names) else {
        return Err(Gap::new(GapKind::ToolMissing, format!("{label} is not installed"))
            .lifted_by(format!("install the package {package}")));
    };
    match timeout_at(until, output(&program, args)).await {
        Ok(result) => result,
        Err(_) => Err(Gap::new(GapKind::Timeout, format!("run {}: no answer within the deadline", program.display()))),
    }
}

async fn output(program: &Path, args: &[&str]) -> Result<String, Gap> {
    let name = program.display();
    let mut child = Command::new(program)
        .args(args)
        .env_clear()
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Gap::from_io("run", &name.to_string(), &error))?;
    let out = read(child.stdout.take(), OUTPUT_BYTES);
    let err = read(child.stderr.take(), ERROR_BYTES);
    let (out, err) = tokio::join!(out, err);
    if out.len() as u64 > OUTPUT_BYTES {
        return Err(Gap::new(GapKind::Unsupported, format!("run {name}: more than 32 MiB of output")));
    }
    let status = child.wait().await.map_err(|error| Gap::from_io("wait for", &name.to_string(), &error))?;
    if !status.success() {
        return Err(failure(&name.to_string(), &String::from_utf8_lossy(&err)));
    }
    String::from_utf8(out).or_else(|error| Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Reads one byte more than allowed, so that too much is told from just enough.
async fn read(pipe: Option<impl AsyncRead + Unpin>, max: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // A broken pipe ends the output; the exit status says whether that matters.
        let _ = pipe.take(max + 1).read_to_end(&mut bytes).await;
    }
    bytes
}

/// The gap of a program that failed, by what it says.
fn failure(name: &str, error: &str) -> Gap {
    let line = error.trim().lines().last().unwrap_or("it failed without a word");
    let line: String = clean_line(line).chars().take(ERROR_CHARS).collect();
    let refused = ["ermission denied", "not permitted", "must be root"].iter().any(|words| error.contains(words));
    let kind = if refused { GapKind::Permission } else { GapKind::Unsupported };
    let gap = Gap::new(kind, format!("run {name}: {line}"));
    if refused { gap.lifted_by(super::lift()) } else { gap }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn block<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(future)
    }

    #[test]
    fn k17_a_program_that_waits_is_killed_at_the_deadline() {
        let before = std::time::Instant::now();
        let gap = block(async { run(&["sleep"], &["60"], "x", Instant::now() + Duration::from_millis(50)).await });
        assert_eq!(gap.expect_err("late").kind, GapKind::Timeout);
        assert!(before.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn k17_a_missing_program_is_named_with_its_package() {
        let gap = block(async { run(&["no-such-tool"], &[], "tools", Instant::now()).await }).expect_err("missing");
        assert_eq!(gap.kind, GapKind::ToolMissing);
        assert_eq!(gap.lift.as_deref(), Some("install the package tools"));
    }

    #[test]
    fn failures_are_told_in_the_programs_words() {
        let run = |args: &'static [&'static str]| {
            block(async { run(&["sh"], args, "x", Instant::now() + Duration::from_secs(30)).await })
        };
        assert_eq!(run(&["-c", "echo a; printf '\\377'"]).expect("output"), "a\n\u{fffd}");
        let gap = run(&["-c", "echo 'cannot: \\033[31mOperation not permitted (you must be root)' >&2; exit 1"]);
        let gap = gap.expect_err("refused");
        assert_eq!(gap.kind, GapKind::Permission);
        assert!(!gap.reason.contains('\u{1b}') && gap.reason.contains("not permitted"));
    }
}
