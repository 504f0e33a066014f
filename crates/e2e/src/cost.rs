//! What processes cost, as the system counted it.

use std::{collections::BTreeMap, fs, io, path::Path};

/// CPU time of all workers of browsers that this process has started, milliseconds.
///
/// # Errors
/// When there is no worker, or what the system says.
pub fn worker_cpu_ms() -> io::Result<f64> {
    let mut sum = None;
    for (_, task) in workers()? {
        sum = Some(sum.unwrap_or(0.0) + task_cpu_ms(&task)?);
    }
    sum.ok_or_else(|| io::Error::other("the browser has no worker"))
}

/// What each process of the browsers that this process has started has used and holds.
pub struct Browsers(BTreeMap<u32, Held>);

/// One process.
struct Held {
    cpu_ms: f64,
    /// Resident now, and the most, in bytes.
    resident: (u64, u64),
}

impl Browsers {
    /// As it is now.
    ///
    /// # Errors
    /// What the system says.
    pub fn look() -> io::Result<Self> {
        let mut found = BTreeMap::new();
        for process in descendants()? {
            let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
            // One may end while we look, and one that has ended until its parent asks for it holds nothing.
            if name.starts_with("chrom")
                && let (Ok(cpu_ms), Ok(resident)) = (process_cpu_ms(process), resident(process))
            {
                found.insert(process, Held { cpu_ms, resident });
            }
        }
        Ok(Self(found))
    }

    /// From now on the most memory of each is counted anew.
    ///
    /// # Errors
    /// What the system says.
    pub fn forget_peaks(&self) -> io::Result<()> {
        self.0.keys().try_for_each(|process| forget_peak(*process))
    }

    /// CPU time of all together, milliseconds; of those that have ended it is not known any more.
    #[must_use]
    pub fn cpu_ms(&self) -> f64 {
        self.0.values().map(|held| held.cpu_ms).sum()
    }

    /// The most that a process, or each of them in sum, has held above what it held then, in bytes.
    #[must_use]
    pub fn most_above(&self, idle: &Self, process: Option<u32>) -> u64 {
        let looked_at = self.0.iter().filter(|(each, _)| process.is_none_or(|process| process == **each));
        let above = looked_at.map(|(process, held)| {
            let before = idle.0.get(process).map_or(0, |idle| idle.resident.0);
            held.resident.1.saturating_sub(before)
        });
        above.sum()
    }
}

/// Processes that this one has started, and those that they have.
fn descendants() -> io::Result<Vec<u32>> {
    let mut parents = BTreeMap::new();
    for process in numbers(Path::new("/proc"))? {
        // A process may end while we look.
        if let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) {
            let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
            let parent = after.split(' ').nth(1).and_then(|parent| parent.parse::<u32>().ok());
            parents.insert(process, parent.unwrap_or(0));
        }
    }
    let ours = |mut process: u32| {
        while let Some(parent) = parents.get(&process) {
            if *parent == std::process::id() {
                return true;
            }
            process = *parent;
        }
        false
    };
    Ok(parents.keys().copied().filter(|process| ours(*process)).collect())
}

/// Processes with workers of browsers that this process has started, and where the system tells of the worker's thread.
fn workers() -> io::Result<Vec<(u32, String)>> {
    let mut found = Vec::new();
    for process in descendants()? {
        let tasks = format!("/proc/{process}/task");
        for task in numbers(Path::new(&tasks)).unwrap_or_default() {
            let name = fs::read_to_string(format!("{tasks}/{task}/comm")).unwrap_or_default();
            if name.starts_with("DedicatedWorker") {
                found.push((process, format!("{tasks}/{task}")));
            }
        }
    }
    Ok(found)
}

/// Processes of browsers that have a worker of a page.
///
/// # Errors
/// What the system says.
pub fn worker_processes() -> io::Result<Vec<u32>> {
    let mut processes: Vec<u32> = workers()?.into_iter().map(|(process, _)| process).collect();
    processes.dedup();
    Ok(processes)
}

/// Memory of a process that is resident now, and the most since [`forget_peak`], in bytes.
///
/// # Errors
/// What the system says; the process may have ended.
pub fn resident(process: u32) -> io::Result<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other("no figure"))
    };
    Ok((field("VmRSS:")?, field("VmHWM:")?))
}

/// From now on the most memory of a process is counted anew.
///
/// # Errors
/// What the system says.
pub fn forget_peak(process: u32) -> io::Result<()> {
    fs::write(format!("/proc/{process}/clear_refs"), "5")
}

/// CPU time of a process that is running, threads that have ended included, milliseconds; counted in hundredths of a second.
///
/// # Errors
/// What the system says; the process may have ended.
pub fn process_cpu_ms(process: u32) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Fields 14 and 15 (utime, stime) are counted after the name in brackets, which may hold spaces.
    let after = stat.rsplit_once(") ").ok_or_else(|| io::Error::other("no figures"))?.1;
    let ticks = after.split(' ').skip(11).take(2);
    ticks.map(|ticks| Ok(ticks.parse::<f64>().map_err(io::Error::other)? * 10.0)).sum()
}

/// CPU time of a thread that is running, milliseconds.
fn task_cpu_ms(task: &str) -> io::Result<f64> {
    let counted = fs::read_to_string(format!("{task}/schedstat"))?;
    let first = counted.split(' ').next().unwrap_or_default();
    let nanoseconds: f64 = first.parse().map_err(io::Error::other)?;
    Ok(nanoseconds / 1e6)
}

fn numbers(folder: &Path) -> io::Result<Vec<u32>> {
    let names = fs::read_dir(folder)?.flatten().map(|entry| entry.file_name());
    Ok(names.filter_map(|name| name.to_str()?.parse().ok()).collect())
}
