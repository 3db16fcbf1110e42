//! A host as a directory, for tests: files are written under a temporary root.
//!
//! Must not know any reader.

use super::ProcRoot;
use std::path::PathBuf;

pub(crate) struct Fixture(tempfile::TempDir);

impl Fixture {
    pub(crate) fn new() -> Self {
        Fixture(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) fn root(&self) -> ProcRoot {
        ProcRoot::under(self.0.path())
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn file(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        std::fs::write(path, bytes).expect("a file");
        self
    }

    pub(crate) fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        std::os::unix::fs::symlink(target, path).expect("a link");
        self
    }

    /// A process with a name, a parent and a command line; started at tick 1000 + pid.
    pub(crate) fn process(&self, pid: i32, ppid: i32, comm: &[u8], args: &[&str]) -> &Self {
        let mut stat = format!("{pid} (").into_bytes();
        stat.extend_from_slice(comm);
        stat.extend_from_slice(
            format!(") S {ppid} 1 1 0 -1 4194560 10 0 0 0 7 5 0 0 20 0 2 0 {} 1 2", 1000 + pid).as_bytes(),
        );
        let mut status = b"Name:\t".to_vec();
        status.extend_from_slice(comm);
        status.extend_from_slice(
            format!(
                "\nState:\tS (sleeping)\nPPid:\t{ppid}\nUid:\t0\t0\t0\t0\nNSpid:\t{pid}\nVmRSS:\t    2048 kB\nThreads:\t2\n\
                 CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n\
                 CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
            )
            .as_bytes(),
        );
        let mut comm_file = comm.to_vec();
        comm_file.push(b'\n');
        let cmdline: String = args.iter().flat_map(|arg| [*arg, "\0"]).collect();
        self.file(&format!("proc/{pid}/stat"), stat)
            .file(&format!("proc/{pid}/status"), status)
            .file(&format!("proc/{pid}/comm"), comm_file)
            .file(&format!("proc/{pid}/cmdline"), cmdline)
    }
}
