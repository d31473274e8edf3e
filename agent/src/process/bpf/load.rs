//! Loads the programs of `bpf/lifecycle.bpf.c` into the kernel.

use aya::{
    Btf, Ebpf, EbpfLoader,
    maps::{Array, Map, RingBuf},
    programs::BtfTracePoint,
};

use super::{losses::Losses, reader::Reader};
use crate::process::{
    kernel,
    start::{Opened, Refusal},
    tracker::Tracker,
};

static OBJECT: &[u8] = aya::include_bytes_aligned!("../../../bpf/lifecycle.bpf.o");

/// Without these there is no source.
const NEEDED: [(&str, &str); 3] = [
    ("on_fork", "sched_process_fork"),
    ("on_exec", "sched_process_exec"),
    ("on_exit", "sched_process_exit"),
];
/// Without these something is missing: (program, tracepoint, what).
const WANTED: [(&str, &str, &str); 3] = [
    ("on_signal", "signal_generate", "who sent a signal"),
    ("on_cgroup_made", "cgroup_mkdir", "units that fail at once"),
    ("on_cgroup_gone", "cgroup_rmdir", "cgroups that are gone"),
];

/// Loads and attaches the programs, then learns of the processes that run.
pub(in crate::process) fn open(
    buffer_bytes: u32,
    tracker: impl FnOnce() -> Tracker,
) -> Result<Opened, Refusal> {
    let btf = Btf::from_sys_fs().map_err(|error| refusal("the kernel has no BTF", &error))?;
    let mut programs = load(&btf, buffer_bytes)?;
    let ring = programs
        .take_map("events")
        .ok_or("the object lacks its ring")?;
    let counters = programs
        .take_map("losses")
        .ok_or("the object lacks its counters")?;
    let lacks = attach_all(&mut programs, &btf)?;
    drop(btf);
    trim_heap();
    let reader = Reader {
        ring: ring_buffer(ring)?,
        buffer_bytes,
        losses: Losses::new(
            Array::try_from(counters).map_err(|error| refusal("the counters", &error))?,
        ),
        tracker: tracker(),
        _programs: programs,
    };
    Ok(Opened {
        source: Box::new(reader),
        lacks,
    })
}

fn load(btf: &Btf, buffer_bytes: u32) -> Result<Ebpf, Refusal> {
    raise_locked_memory_limit();
    let namespace = kernel::pid_namespace()
        .map_err(|error| refusal("cannot find the pid namespace", &error))?
        as u32;
    EbpfLoader::new()
        .btf(Some(btf))
        .map_max_entries("events", buffer_bytes)
        .override_global("target_ns", &namespace, true)
        .load(OBJECT)
        .map_err(|error| refusal("cannot load", &error))
}

fn ring_buffer(map: Map) -> Result<RingBuf<aya::maps::MapData>, Refusal> {
    RingBuf::try_from(map).map_err(|error| refusal("cannot map the ring buffer", &error))
}

/// Attaches the programs. Returns what the source lacks if some of the wanted ones do not load.
fn attach_all(programs: &mut Ebpf, btf: &Btf) -> Result<Option<String>, Refusal> {
    for (program, tracepoint) in NEEDED {
        attach(programs, program, tracepoint, btf)
            .map_err(|error| format!("{tracepoint}: {error}"))?;
    }
    let mut lacks = Vec::new();
    for (program, tracepoint, what) in WANTED {
        if let Err(error) = attach(programs, program, tracepoint, btf) {
            lacks.push(format!("not known: {what} ({tracepoint}: {error})"));
        }
    }
    Ok((!lacks.is_empty()).then(|| lacks.join("; ")))
}

fn attach(programs: &mut Ebpf, name: &str, tracepoint: &str, btf: &Btf) -> Result<(), Refusal> {
    let program = programs.program_mut(name).ok_or("the object lacks it")?;
    let program: &mut BtfTracePoint = program
        .try_into()
        .map_err(|error| refusal("of another type", &error))?;
    program
        .load(tracepoint, btf)
        .map_err(|error| refusal("refused", &error))?;
    program
        .attach()
        .map_err(|error| refusal("cannot attach", &error))?;
    Ok(())
}

/// One line that names the cause. A verifier's log may have thousands: they go to the log.
fn refusal(what: &str, error: &dyn std::error::Error) -> Refusal {
    let mut causes = vec![what.to_owned()];
    let mut at = Some(error);
    while let Some(error) = at {
        let text = error.to_string();
        tracing::debug!("{what}: {text}");
        let line = text.lines().next().unwrap_or_default();
        causes.push(line.chars().take(200).collect());
        at = error.source();
    }
    causes.dedup();
    causes.join(": ")
}

/// Kernels before 5.11 count maps against this limit, whose default is 64 KiB.
fn raise_locked_memory_limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let unlimited = Rlimit {
        current: None,
        maximum: None,
    };
    // Without the right to raise it the load fails, and says so, where it matters.
    let _ = setrlimit(Resource::Memlock, unlimited);
}

#[expect(unsafe_code, reason = "malloc_trim has no safe wrapper")]
fn trim_heap() {
    // aya parses all types of the kernel, some 30 MiB, and glibc would keep them.
    #[cfg(target_env = "gnu")]
    // SAFETY: takes no pointer, may be called by any thread at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
