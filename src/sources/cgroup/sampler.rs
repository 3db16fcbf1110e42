//! All meters of the host and the machine's own clocks: one call a refresh.

use super::files::number;
use super::layout::{CgroupPaths, Layout};
use super::meter::Meter;
use crate::model::{ContainerId, Gap, HostSample, Sample};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// What is to be metered: a container and where its cgroup is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The container.
    pub id: ContainerId,
    /// Its cgroup in each hierarchy.
    pub paths: Arc<CgroupPaths>,
}

/// Meters of all containers with processes.
#[derive(Debug)]
pub struct Sampler {
    layout: Layout,
    meters: BTreeMap<ContainerId, Meter>,
    /// Cgroups that could not be opened, with the reason.
    failed: BTreeMap<ContainerId, Arc<Gap>>,
    beat: u64,
    buffer: Vec<u8>,
}

impl Sampler {
    /// A sampler without meters.
    pub fn new(layout: Layout) -> Self {
        Sampler { layout, meters: BTreeMap::new(), failed: BTreeMap::new(), beat: 0, buffer: vec![0; 16 * 1024] }
    }

    /// The hierarchies it reads from.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Opens meters for new targets, closes those that are no more. A target whose path stayed keeps its meter; one
    /// that was restarted under the same path gets a new one when its files answer that they are gone.
    pub fn aim(&mut self, targets: Vec<Target>) {
        let mut old = std::mem::take(&mut self.meters);
        self.failed.clear();
        for target in targets {
            match old.remove(&target.id) {
                Some(meter) if meter.paths == target.paths => {
                    self.meters.insert(target.id, meter);
                }
                _ => match Meter::open(&self.layout, target.id.clone(), target.paths) {
                    Ok(meter) => {
                        self.meters.insert(target.id, meter);
                    }
                    Err(gap) => {
                        self.failed.insert(target.id, Arc::new(gap));
                    }
                },
            }
        }
    }

    /// Why a container has no sample, if its cgroup could not be opened.
    pub fn why_not(&self, id: &ContainerId) -> Option<&Arc<Gap>> {
        self.failed.get(id)
    }

    /// Number of open meters.
    pub fn len(&self) -> usize {
        self.meters.len()
    }

    /// True when nothing is metered.
    pub fn is_empty(&self) -> bool {
        self.meters.is_empty()
    }

    /// Reads every meter. Containers whose cgroup is gone have no sample; a restarted one is opened anew at once.
    pub fn sample(&mut self, clock: &mut MachineClock) -> (Vec<Sample>, HostSample) {
        let host = clock.read();
        self.beat += 1;
        let mut samples = Vec::with_capacity(self.meters.len());
        let mut gone = Vec::new();
        for (n, (id, meter)) in self.meters.iter_mut().enumerate() {
            // Neighbours read their slow files on different beats, so that no refresh is dear.
            match meter.read(self.beat + n as u64, host.at_ns, host.system_cpu_ns, &mut self.buffer) {
                Ok(sample) => samples.push(sample.clone()),
                Err(_) => gone.push(id.clone()),
            }
        }
        // The meters are in the order of their ids; only those opened anew are not.
        let is_whole = gone.is_empty();
        for id in gone {
            let Some(old) = self.meters.remove(&id) else { continue };
            if let Ok(mut meter) = Meter::open(&self.layout, id.clone(), old.paths)
                && let Ok(sample) = meter.read(0, host.at_ns, host.system_cpu_ns, &mut self.buffer)
            {
                samples.push(sample.clone());
                self.meters.insert(id, meter);
            }
        }
        if !is_whole {
            samples.sort_by(|a, b| a.id.cmp(&b.id));
        }
        (samples, host)
    }
}

/// `/proc/stat`, `/proc/meminfo` and `/proc/loadavg` through kept descriptors.
#[derive(Debug)]
pub struct MachineClock {
    stat: File,
    meminfo: File,
    loadavg: Option<File>,
    buffer: Vec<u8>,
    beat: u64,
    last: HostSample,
}

/// `/proc/stat` counts in hundredths of a second on every architecture (USER_HZ).
const TICK_NS: u64 = 10_000_000;

impl MachineClock {
    /// Opens the files below `proc`.
    ///
    /// # Errors
    /// `stat` or `meminfo` can't be opened.
    pub fn open(proc: &Path) -> Result<Self, Gap> {
        let open = |name: &str| {
            let path = proc.join(name);
            File::open(&path).map_err(|e| Gap::from_io("open", &path.to_string_lossy(), &e))
        };
        Ok(MachineClock {
            stat: open("stat")?,
            meminfo: open("meminfo")?,
            loadavg: open("loadavg").ok(),
            buffer: vec![0; 64 * 1024],
            beat: 0,
            last: HostSample::default(),
        })
    }

    /// Reads the clocks. Memory and load are read on every second call: they are shown with two digits.
    pub fn read(&mut self) -> HostSample {
        self.last.at_ns = monotonic_ns();
        if let Ok(length) = self.stat.read_at(&mut self.buffer, 0) {
            parse_stat(&self.buffer[..length], &mut self.last);
        }
        if self.beat.is_multiple_of(2) {
            if let Ok(length) = self.meminfo.read_at(&mut self.buffer, 0) {
                parse_meminfo(&self.buffer[..length], &mut self.last);
            }
            if let Some(Ok(length)) = self.loadavg.as_ref().map(|f| f.read_at(&mut self.buffer, 0)) {
                let text = String::from_utf8_lossy(&self.buffer[..length]);
                self.last.load1 = text.split(' ').next().and_then(|w| w.parse().ok()).unwrap_or(self.last.load1);
            }
        }
        self.beat += 1;
        self.last.clone()
    }
}

/// Steady clock in nanoseconds.
pub fn monotonic_ns() -> u64 {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC)
        .map(|t| t.tv_sec() as u64 * 1_000_000_000 + t.tv_nsec() as u64)
        .unwrap_or(0)
}

/// The `cpu` line of `/proc/stat`: user nice system idle iowait irq softirq steal. What `docker stats` calls system
/// time is the first seven; CPUs are the lines `cpuN`.
fn parse_stat(bytes: &[u8], sample: &mut HostSample) {
    let mut cpus = 0;
    for line in bytes.split(|b| *b == b'\n') {
        let Some(rest) = line.strip_prefix(b"cpu") else { break };
        if rest.first().is_some_and(u8::is_ascii_digit) {
            cpus += 1;
            continue;
        }
        let mut fields = [0u64; 8];
        let words = rest.split(|b| *b == b' ').filter(|w| !w.is_empty());
        for (field, word) in fields.iter_mut().zip(words) {
            *field = number(word).unwrap_or(0);
        }
        let seven: u64 = fields[..7].iter().sum();
        let idle = fields[3] + fields[4];
        sample.system_cpu_ns = seven * TICK_NS;
        sample.cpu_total_ns = (seven + fields[7]) * TICK_NS;
        sample.cpu_busy_ns = (seven + fields[7] - idle) * TICK_NS;
    }
    if cpus > 0 {
        sample.cpus = cpus;
    }
}

fn parse_meminfo(bytes: &[u8], sample: &mut HostSample) {
    let value = |key: &[u8]| {
        bytes.split(|b| *b == b'\n').find_map(|line| {
            let rest = line.strip_prefix(key)?.trim_ascii();
            number(rest.strip_suffix(b"kB").unwrap_or(rest)).map(|kib| kib * 1024)
        })
    };
    sample.memory_total_bytes = value(b"MemTotal:").unwrap_or(sample.memory_total_bytes);
    sample.memory_available_bytes = value(b"MemAvailable:").unwrap_or(sample.memory_available_bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_time_is_counted_as_the_engine_counts_it() {
        let mut sample = HostSample::default();
        parse_stat(
            b"cpu  10 1 5 100 4 2 3 7 0 0\ncpu0 5 0 2 50 2 1 1 3 0 0\ncpu1 5 1 3 50 2 1 2 4 0 0\nintr 5\n",
            &mut sample,
        );
        assert_eq!(sample.cpus, 2);
        // Steal (7) is not part of what the engine divides by.
        assert_eq!(sample.system_cpu_ns, 125 * TICK_NS);
        assert_eq!(sample.cpu_total_ns, 132 * TICK_NS);
        assert_eq!(sample.cpu_busy_ns, 28 * TICK_NS);
        parse_meminfo(b"MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n", &mut sample);
        assert_eq!((sample.memory_total_bytes, sample.memory_available_bytes), (2 << 20, 1 << 20));
    }
}
