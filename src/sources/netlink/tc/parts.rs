//! Which parts of traffic control this kernel has or can load, found without changing or loading anything.
//!
//! What tells, in this order: `/proc/modules` (loaded), `/sys/module` (loaded, or built in with parameters),
//! `modules.builtin` and `modules.dep` of the running kernel (built in, loadable), and, where there is no tree of
//! modules, the names in `/proc/kallsyms`: a kernel without `/proc/modules` can't load any, so that what it does not
//! name it does not have. Anything else is unknown, with the reason.

use crate::model::{Fact, Gap, GapKind};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

/// The parts that are looked for, by module, each with a function that only it has.
pub const PARTS: [(&str, &str); 12] = [
    ("sch_tbf", "tbf_init"),
    ("sch_htb", "htb_init"),
    ("sch_netem", "netem_init"),
    ("sch_ingress", "ingress_init"),
    ("sch_fq_codel", "fq_codel_init"),
    ("cls_u32", "u32_init"),
    ("cls_matchall", "mall_init"),
    ("cls_flower", "fl_init"),
    ("act_mirred", "tcf_mirred_init"),
    ("act_police", "tcf_police_init"),
    ("act_gact", "tcf_gact_init"),
    ("ifb", "ifb_init_module"),
];

/// Where to look; other roots than `/` are for tests.
#[derive(Debug, Clone)]
pub struct PartsRoot {
    /// `/proc`.
    pub proc: PathBuf,
    /// `/sys`.
    pub sys: PathBuf,
    /// `/lib/modules`.
    pub modules: PathBuf,
}

impl Default for PartsRoot {
    fn default() -> Self {
        PartsRoot { proc: "/proc".into(), sys: "/sys".into(), modules: "/lib/modules".into() }
    }
}

impl PartsRoot {
    /// Reads which parts there are.
    pub fn read(&self) -> BTreeMap<String, Fact<bool>> {
        let loaded = self.loaded();
        let release = std::fs::read_to_string(self.proc.join("sys/kernel/osrelease")).unwrap_or_default();
        let tree = self.modules.join(release.trim());
        let here = |name: &str| loaded.contains(name) || self.sys.join("module").join(name).exists();
        let missing: Vec<_> = PARTS.iter().filter(|(name, _)| !here(name)).collect();
        let elsewhere = if missing.is_empty() { Elsewhere::default() } else { self.elsewhere(&tree, release.trim()) };
        let of = |(name, symbol): &(&str, &str)| {
            let fact = if here(name) { Fact::Known(true) } else { elsewhere.of(name, symbol) };
            ((*name).to_owned(), fact)
        };
        PARTS.iter().map(of).collect()
    }

    /// False for a kernel without modules: what it has is for good.
    pub fn can_change(&self) -> bool {
        self.proc.join("modules").exists()
    }

    fn loaded(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(self.proc.join("modules")).unwrap_or_default();
        text.lines().filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
    }

    fn can_load(&self) -> bool {
        let setting = |name: &str| std::fs::read_to_string(self.proc.join("sys/kernel").join(name)).ok();
        let disabled = setting("modules_disabled").is_some_and(|text| text.trim() == "1");
        let without_helper = setting("modprobe").is_some_and(|text| text.trim().is_empty());
        !disabled && !without_helper
    }

    fn elsewhere(&self, tree: &Path, release: &str) -> Elsewhere {
        let mut found = Elsewhere::default();
        let built_in = names(&tree.join("modules.builtin"));
        let loadable = names(&tree.join("modules.dep"));
        if let (Some(built_in), Some(loadable)) = (&built_in, &loadable) {
            found.present = built_in.clone();
            if self.can_load() {
                found.present.extend(loadable.iter().cloned());
            }
            found.is_complete = true;
            return found;
        }
        match self.symbols() {
            Ok(symbols) => {
                found.symbols = symbols;
                // Where modules can be loaded, what is not there now may be in a tree that is not seen from here.
                found.is_complete = !self.can_change();
            }
            Err(gap) => found.why = Some(gap),
        }
        found.why.get_or_insert_with(|| {
            Gap::new(
                GapKind::Unsupported,
                format!("it is not loaded, and there is no list of modules in {}", tree.display()),
            )
            .lifted_by(format!("install the modules of kernel {release}, or run where they can be seen"))
        });
        found
    }

    /// Those of the wanted functions that the kernel names. Some megabytes are read line by line, kept is next to none.
    fn symbols(&self) -> Result<BTreeSet<&'static str>, Gap> {
        let path = self.proc.join("kallsyms");
        let failed = |error: &std::io::Error| Gap::from_io("read", &path.display().to_string(), error);
        let wanted: BTreeMap<&[u8], &'static str> = PARTS.iter().map(|(_, s)| (s.as_bytes(), *s)).collect();
        let mut reader = BufReader::with_capacity(64 * 1024, std::fs::File::open(&path).map_err(|e| failed(&e))?);
        let mut found = BTreeSet::new();
        let mut line = Vec::with_capacity(256);
        loop {
            line.clear();
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed(&error)),
            }
            // Address, type, name, and for a module's own its name.
            let name = line.split(|b| b.is_ascii_whitespace()).nth(2).unwrap_or_default();
            found.extend(wanted.get(name));
        }
        if line.is_empty() && found.is_empty() && !has_any_symbol(&path) {
            return Err(Gap::new(GapKind::Unsupported, "/proc/kallsyms is empty"));
        }
        Ok(found)
    }
}

fn has_any_symbol(path: &Path) -> bool {
    std::fs::File::open(path).is_ok_and(|file| BufReader::new(file).lines().next().is_some())
}

/// What is told of parts that are neither loaded nor visible in `/sys`.
#[derive(Debug, Default)]
struct Elsewhere {
    present: BTreeSet<String>,
    symbols: BTreeSet<&'static str>,
    /// What is in neither is not there.
    is_complete: bool,
    why: Option<Gap>,
}

impl Elsewhere {
    fn of(&self, name: &str, symbol: &str) -> Fact<bool> {
        if self.present.contains(name) || self.symbols.contains(symbol) {
            return Fact::Known(true);
        }
        match &self.why {
            Some(gap) if !self.is_complete => Fact::gap(gap.clone()),
            _ => Fact::Known(false),
        }
    }
}

/// Names of modules in a list of paths (`kernel/net/sched/sch_tbf.ko.zst: …`); none when there is no list.
fn names(path: &Path) -> Option<BTreeSet<String>> {
    let text = std::fs::read_to_string(path).ok()?;
    let name = |line: &str| {
        let path = line.split(':').next()?;
        let file = path.rsplit('/').next()?;
        Some(file.split(".ko").next()?.replace('-', "_"))
    };
    Some(text.lines().filter_map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(files: &[(&str, &str)]) -> (tempfile::TempDir, PartsRoot) {
        let dir = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let at = |name| dir.path().join(name);
        let root = PartsRoot { proc: at("proc"), sys: at("sys"), modules: at("modules") };
        (dir, root)
    }

    #[test]
    fn a_tree_of_modules_tells_what_is_built_in_what_loads_and_what_is_not_there() {
        let files = [
            ("proc/sys/kernel/osrelease", "6.12.0\n"),
            ("proc/sys/kernel/modprobe", "/sbin/modprobe\n"),
            ("proc/modules", "sch_htb 32768 1 - Live 0x0\n"),
            ("sys/module/ifb/refcnt", "0"),
            ("modules/6.12.0/modules.builtin", "kernel/net/sched/sch_fq_codel.ko\n"),
            ("modules/6.12.0/modules.dep", "kernel/net/sched/sch_tbf.ko.xz:\nkernel/net/sched/act_mirred.ko: a.ko\n"),
        ];
        let (_dir, root) = host(&files);
        let parts = root.read();
        for name in ["sch_htb", "ifb", "sch_fq_codel", "sch_tbf", "act_mirred"] {
            assert_eq!(parts[name], Fact::Known(true), "{name}");
        }
        assert_eq!(parts["sch_netem"], Fact::Known(false));
        std::fs::write(root.proc.join("sys/kernel/modules_disabled"), "1\n").expect("written");
        let parts = root.read();
        assert_eq!(parts["sch_tbf"], Fact::Known(false), "nothing can be loaded any more");
        assert_eq!(parts["sch_fq_codel"], Fact::Known(true));
    }

    #[test]
    fn a_kernel_without_modules_is_told_by_its_symbols() {
        let symbols = "0000000000000000 t tbf_init\n0000000000000000 t xnetem_init\n0000000000000000 t u32_init\n";
        let (_dir, root) = host(&[("proc/sys/kernel/osrelease", "6.18\n"), ("proc/kallsyms", symbols)]);
        let parts = root.read();
        assert_eq!((parts["sch_tbf"].get(), parts["cls_u32"].get()), (Some(true), Some(true)));
        assert_eq!(parts["sch_netem"].get(), Some(false));
        assert!(!root.can_change());
        // With modules and no list of them, what is absent now may still come.
        std::fs::write(root.proc.join("modules"), "").expect("written");
        let parts = root.read();
        assert_eq!(parts["sch_tbf"].get(), Some(true));
        let why = parts["sch_netem"].why().expect("unknown");
        assert!(why.reason.contains("no list of modules") && why.lift.is_some(), "{why:?}");
    }

    #[test]
    fn where_nothing_tells_it_is_unknown_with_the_reason() {
        let (_dir, root) = host(&[("proc/sys/kernel/osrelease", "6.18\n")]);
        let why = root.read()["sch_tbf"].why().expect("unknown").clone();
        assert!(why.reason.contains("kallsyms"), "{why:?}");
    }
}
