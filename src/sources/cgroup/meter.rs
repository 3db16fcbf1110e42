//! The open files of one container's cgroup, read at every refresh through kept descriptors.
//!
//! Kept descriptors cost a third of opening anew, and they can't be fooled by a reused name: the file of a removed
//! cgroup answers ENODEV for ever.

use super::files::{FlatKeyed, Io, number, parse_blkio, parse_io_stat, parse_limit, parse_pressure};
use super::layout::{CgroupPaths, Layout};
use crate::model::{CgroupVersion, ContainerId, Fact, Gap, GapKind, Pressure, Sample};
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;

/// A file that is read again and again, or the reason why it can't be.
#[derive(Debug)]
enum Gauge {
    Open(File),
    Missing(Arc<Gap>),
}

impl Gauge {
    fn open(dir: Option<PathBuf>, name: &str, what: &str) -> Self {
        let Some(dir) = dir else {
            return Gauge::Missing(Arc::new(Gap::new(
                GapKind::Unsupported,
                format!("no cgroup controller for {what}"),
            )));
        };
        let path = dir.join(name);
        match File::open(&path) {
            Ok(file) => Gauge::Open(file),
            Err(error) => {
                let mut gap = Gap::from_io("open", &path.to_string_lossy(), &error);
                if gap.kind == GapKind::Gone && dir.exists() {
                    gap = Gap::new(GapKind::Unsupported, format!("this kernel has no {name}: {what} is not known"));
                }
                Gauge::Missing(Arc::new(gap))
            }
        }
    }

    /// Reads the whole file and applies `parse`. A file that grew past the buffer is a gap, not half a truth.
    fn read<T>(&self, buffer: &mut [u8], parse: impl FnOnce(&[u8]) -> Option<T>) -> Result<T, Arc<Gap>> {
        let file = match self {
            Gauge::Open(file) => file,
            Gauge::Missing(gap) => return Err(gap.clone()),
        };
        let mut length = 0;
        loop {
            match file.read_at(&mut buffer[length..], length as u64) {
                // A page is what seq_file hands out at a time: less means that this was the end.
                Ok(0) => break,
                Ok(n) => {
                    length += n;
                    if n < 2048 || length == buffer.len() {
                        break;
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Arc::new(Gap::from_io("read", "cgroup file", &e))),
            }
        }
        parse(&buffer[..length])
            .ok_or_else(|| Arc::new(Gap::new(GapKind::Unparsable, "a cgroup file has an unknown format")))
    }
}

fn fact<T>(read: Result<T, Arc<Gap>>) -> Fact<T> {
    match read {
        Ok(value) => Fact::Known(value),
        Err(unknown) => Fact::Unknown { unknown },
    }
}

/// The files of one cgroup, with what was read of them last.
#[derive(Debug)]
pub struct Meter {
    is_v2: bool,
    cpu: Gauge,
    cpu_stat: Gauge,
    memory: Gauge,
    memory_stat: Gauge,
    memory_limit: Gauge,
    oom: Gauge,
    swap: Gauge,
    io: Gauge,
    pids: Gauge,
    pids_limit: Gauge,
    pressure: [Gauge; 3],
    /// The newest reading; values on slower beats stand here between their readings.
    sample: Sample,
    has_quota: bool,
    /// The sum of memory has changed since its parts were read.
    memory_moved: bool,
    /// Identity of the cgroup that the files belong to.
    pub paths: Arc<CgroupPaths>,
}

/// Beats, in refreshes. Memory statistics are half of the cost of a reading, limits hardly ever change.
const MEMORY_STAT_BEAT: u64 = 2;
const PRESSURE_BEAT: u64 = 5;
const SLOW_BEAT: u64 = 10;

impl Meter {
    /// Opens the files of the cgroup that `paths` names.
    ///
    /// # Errors
    /// The cgroup directory is not there: the container has ended.
    pub fn open(layout: &Layout, id: ContainerId, paths: Arc<CgroupPaths>) -> Result<Self, Gap> {
        let is_v2 = layout.version() == CgroupVersion::V2;
        let v1 = |controller: &str| paths.get(controller).and_then(|p| layout.v1_dir(controller, p));
        let v2 = || paths.get("").and_then(|p| layout.v2_dir(p));
        let base = if is_v2 { v2() } else { v1("memory").or_else(|| v1("cpuacct")).or_else(|| v1("pids")) };
        let base = base.ok_or_else(|| Gap::new(GapKind::Unsupported, "its cgroup is in no hierarchy mounted here"))?;
        let meta = std::fs::metadata(&base).map_err(|e| Gap::from_io("stat", &base.to_string_lossy(), &e))?;
        let gauge = |controller: &str, v1_name: &str, v2_name: &str, what: &str| {
            if is_v2 { Gauge::open(v2(), v2_name, what) } else { Gauge::open(v1(controller), v1_name, what) }
        };
        let pressure = |name: &str, what: &str| match Gauge::open(v2(), name, what) {
            Gauge::Missing(gap) if matches!(gap.kind, GapKind::Unsupported | GapKind::Gone) => {
                Gauge::Missing(Arc::new(
                    Gap::new(GapKind::Unsupported, format!("{what}: this kernel has no PSI"))
                        .lifted_by("boot with psi=1"),
                ))
            }
            gauge => gauge,
        };
        Ok(Meter {
            is_v2,
            cpu: gauge("cpuacct", "cpuacct.usage", "cpu.stat", "CPU time"),
            // In v2 throttling stands in the file that is read for CPU time anyway.
            cpu_stat: if is_v2 {
                Gauge::Missing(not_needed())
            } else {
                Gauge::open(v1("cpu"), "cpu.stat", "throttling")
            },
            memory: gauge("memory", "memory.usage_in_bytes", "memory.current", "memory"),
            memory_stat: gauge("memory", "memory.stat", "memory.stat", "memory cache"),
            memory_limit: gauge("memory", "memory.limit_in_bytes", "memory.max", "the memory limit"),
            oom: gauge("memory", "memory.oom_control", "memory.events", "OOM kills"),
            swap: if is_v2 { Gauge::open(v2(), "memory.swap.current", "swap") } else { Gauge::Missing(not_needed()) },
            io: gauge("blkio", "blkio.throttle.io_service_bytes_recursive", "io.stat", "block I/O"),
            pids: gauge("pids", "pids.current", "pids.current", "tasks"),
            pids_limit: gauge("pids", "pids.max", "pids.max", "the task limit"),
            pressure: [
                pressure("cpu.pressure", "CPU pressure"),
                pressure("memory.pressure", "memory pressure"),
                pressure("io.pressure", "I/O pressure"),
            ],
            sample: blank(id, meta.ino()),
            has_quota: false,
            memory_moved: false,
            paths,
        })
    }

    /// Reads what is due on this beat. `system_cpu_ns` is the machine's CPU time of the same moment, `beat` counts
    /// refreshes; a meter's own first reading reads all.
    ///
    /// # Errors
    /// The cgroup is gone: the container has ended, and this meter with it.
    pub fn read(&mut self, beat: u64, at_ns: u64, system_cpu_ns: u64, buffer: &mut [u8]) -> Result<&Sample, Arc<Gap>> {
        let first = self.sample.at_ns == 0;
        let due = |every: u64| first || beat.is_multiple_of(every);
        let slow = due(SLOW_BEAT);
        self.sample.at_ns = at_ns;
        self.sample.system_cpu_ns = system_cpu_ns;
        let (cpu_before, memory_before) = (self.sample.cpu_ns.get(), self.sample.memory_bytes.get());
        if self.is_v2 {
            self.read_cpu_v2(buffer)?
        } else {
            self.read_cpu_v1(buffer)?
        }
        // Starting, ending, waiting for a disk: all of it takes CPU time. Where none was used, the counters of what
        // processes do stand still, and need not be read to know that. Write-back on behalf of a cgroup is the kernel's
        // doing, which v2 charges and v1 does not; the slow beat sees to whatever else there may be.
        let is_idle = cpu_before.is_some() && cpu_before == self.sample.cpu_ns.get() && !slow;
        if !self.is_v2 && (slow || (self.has_quota && !is_idle)) {
            self.has_quota = self.read_throttling_v1(buffer);
        }
        self.sample.memory_bytes = fact(self.memory.read(buffer, number));
        // While the sum stands still, its parts do nearly always: they wait for the slow beat then.
        self.memory_moved |= memory_before != self.sample.memory_bytes.get();
        if slow || (self.memory_moved && due(MEMORY_STAT_BEAT)) {
            self.read_memory_stat(buffer);
            self.memory_moved = false;
        }
        if self.is_v2 || !is_idle {
            let parse = if self.is_v2 { parse_io_stat } else { parse_blkio };
            let io: Result<Io, _> = self.io.read(buffer, |bytes| Some(parse(bytes)));
            self.sample.io_read_bytes = fact(io.clone().map(|io| io.read_bytes));
            self.sample.io_write_bytes = fact(io.map(|io| io.write_bytes));
        }
        if !is_idle {
            self.sample.pids = fact(self.pids.read(buffer, number));
        }
        if slow {
            self.read_limits(buffer);
        }
        if due(PRESSURE_BEAT) {
            let [cpu, memory, io] = &self.pressure;
            let mut read = |gauge: &Gauge| -> Fact<Pressure> { fact(gauge.read(buffer, parse_pressure)) };
            self.sample.pressure_cpu = read(cpu);
            self.sample.pressure_memory = read(memory);
            self.sample.pressure_io = read(io);
        }
        Ok(&self.sample)
    }

    fn read_cpu_v1(&mut self, buffer: &mut [u8]) -> Result<(), Arc<Gap>> {
        let cpu = self.cpu.read(buffer, number);
        gone(&cpu)?;
        self.sample.cpu_ns = fact(cpu);
        Ok(())
    }

    fn read_throttling_v1(&mut self, buffer: &mut [u8]) -> bool {
        let stat = self.cpu_stat.read(buffer, |bytes| {
            let stat = FlatKeyed(bytes);
            Some((stat.get("nr_periods")?, stat.get("nr_throttled")?, stat.get("throttled_time")?))
        });
        let periods = stat.as_ref().map_or(0, |s| s.0);
        self.sample.periods = fact(stat.clone().map(|s| s.0));
        self.sample.throttled_periods = fact(stat.clone().map(|s| s.1));
        self.sample.throttled_ns = fact(stat.map(|s| s.2));
        periods > 0
    }

    fn read_cpu_v2(&mut self, buffer: &mut [u8]) -> Result<(), Arc<Gap>> {
        let mut usage = None;
        let (mut periods, mut throttled, mut time) = (None, None, None);
        let read = self.cpu.read(buffer, |bytes| {
            for (key, value) in FlatKeyed(bytes).entries() {
                match key {
                    b"usage_usec" => usage = Some(value.saturating_mul(1000)),
                    b"nr_periods" => periods = Some(value),
                    b"nr_throttled" => throttled = Some(value),
                    b"throttled_usec" => time = Some(value.saturating_mul(1000)),
                    _ => {}
                }
            }
            usage
        });
        gone(&read)?;
        self.sample.cpu_ns = fact(read);
        let or_absent = |value: Option<u64>| match value {
            Some(value) => Fact::Known(value),
            None => Fact::unknown(GapKind::Unsupported, "the cpu controller is not enabled for this cgroup"),
        };
        self.sample.periods = or_absent(periods);
        self.sample.throttled_periods = or_absent(throttled);
        self.sample.throttled_ns = or_absent(time);
        Ok(())
    }

    /// `total_inactive_file` is what the engine's command line takes off in v1, `inactive_file` in v2.
    fn read_memory_stat(&mut self, buffer: &mut [u8]) {
        let is_v2 = self.is_v2;
        let (mut inactive, mut cache, mut swap) = (None, None, None);
        let read = self.memory_stat.read(buffer, |bytes| {
            for (key, value) in FlatKeyed(bytes).entries() {
                match key {
                    b"total_inactive_file" => inactive = Some(value),
                    b"inactive_file" if is_v2 => inactive = Some(value),
                    b"total_cache" => cache = Some(value),
                    b"file" if is_v2 => cache = Some(value),
                    b"total_swap" => swap = Some(value),
                    _ => {}
                }
            }
            inactive
        });
        self.sample.inactive_file_bytes = fact(read);
        let or_absent = |value: Option<u64>, what: &str| match value {
            Some(value) => Fact::Known(value),
            None => Fact::unknown(GapKind::Unsupported, format!("memory.stat has no {what} line")),
        };
        self.sample.cache_bytes = or_absent(cache, "cache");
        self.sample.swap_bytes = if is_v2 { fact(self.swap.read(buffer, number)) } else { or_absent(swap, "swap") };
    }

    fn read_limits(&mut self, buffer: &mut [u8]) {
        self.sample.memory_limit_bytes = fact(self.memory_limit.read(buffer, parse_limit));
        self.sample.pids_limit = fact(self.pids_limit.read(buffer, parse_limit));
        self.sample.oom_kills = fact(self.oom.read(buffer, |bytes| FlatKeyed(bytes).get("oom_kill")));
    }
}

fn gone<T>(read: &Result<T, Arc<Gap>>) -> Result<(), Arc<Gap>> {
    match read {
        Err(gap) if gap.kind == GapKind::Gone => Err(gap.clone()),
        _ => Ok(()),
    }
}

fn not_needed() -> Arc<Gap> {
    Arc::new(Gap::new(GapKind::Unsupported, "read from another file on this cgroup version"))
}

fn blank(id: ContainerId, generation: u64) -> Sample {
    Sample {
        id,
        at_ns: 0,
        generation,
        cpu_ns: Fact::default(),
        system_cpu_ns: 0,
        periods: Fact::default(),
        throttled_periods: Fact::default(),
        throttled_ns: Fact::default(),
        memory_bytes: Fact::default(),
        memory_limit_bytes: Fact::default(),
        inactive_file_bytes: Fact::default(),
        cache_bytes: Fact::default(),
        swap_bytes: Fact::default(),
        io_read_bytes: Fact::default(),
        io_write_bytes: Fact::default(),
        pids: Fact::default(),
        pids_limit: Fact::default(),
        oom_kills: Fact::default(),
        pressure_cpu: Fact::default(),
        pressure_memory: Fact::default(),
        pressure_io: Fact::default(),
    }
}
