//! A socket between a program and the engine that writes down what is asked for.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Request lines with their moments, in the order they came.
pub type Log = Arc<Mutex<Vec<(Instant, String)>>>;

/// Listens at `path` and hands everything on to the engine at `engine`.
///
/// # Errors
/// The socket can't be made.
pub fn start(path: &Path, engine: PathBuf) -> Result<Log, String> {
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path).map_err(|e| format!("listen at {}: {e}", path.display()))?;
    let log = Log::default();
    let written = log.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = UnixStream::connect(&engine) else { continue };
            let (Ok(client_out), Ok(server_out)) = (client.try_clone(), server.try_clone()) else { continue };
            let log = written.clone();
            std::thread::spawn(move || pump(client, server_out, Some(&log)));
            std::thread::spawn(move || pump(server, client_out, None));
        }
    });
    Ok(log)
}

fn pump(mut from: UnixStream, mut to: UnixStream, log: Option<&Log>) {
    let mut buffer = vec![0u8; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if let Some(log) = log {
            note(&buffer[..length], log);
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// A request begins a read: clients send each one whole, and none of them sends bodies that look like one.
fn note(bytes: &[u8], log: &Log) {
    for line in bytes.split(|b| *b == b'\n') {
        let line = String::from_utf8_lossy(line);
        if let Some(request) = line.trim_end().strip_suffix(" HTTP/1.1")
            && let Ok(mut log) = log.lock()
        {
            log.push((Instant::now(), request.to_owned()));
        }
    }
}
