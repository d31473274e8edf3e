//! libsystemd's journal functions, opened at run time: a host without the library still runs us.
#![expect(
    unsafe_code,
    reason = "a C library is opened and called; this module is the whole of it"
)]

use std::{
    ffi::{CStr, CString, OsStr, c_char, c_int, c_void},
    io,
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr,
    sync::OnceLock,
    time::Duration,
};

use libloading::Library;

use crate::CollectError;

/// An open `sd_journal`, opaque to us.
type Handle = *mut c_void;

/// Only files of this machine, not those that were sent here by others.
const LOCAL_ONLY: c_int = 1;

/// Longest value that is read, in bytes. Core dumps put megabytes into fields that we pass over.
const DATA_THRESHOLD: usize = 16 * 1024;

macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions that we call, by their names without `sd_journal_`.
        struct Functions {
            $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            // Last: the functions are gone when it is dropped.
            _library: Library,
        }

        impl Functions {
            fn load() -> Result<Self, libloading::Error> {
                // SAFETY: libsystemd's initialisers touch nothing of ours, and the signatures
                // below are those of sd-journal.h, which have not changed since version 209.
                unsafe {
                    let library = Library::new("libsystemd.so.0")?;
                    let mut functions = Self {
                        $($name: *library.get(concat!("sd_journal_", stringify!($name)).as_bytes())?,)*
                        _library: library,
                    };
                    // Since 246: passes over a field that cannot be unpacked, and the same else.
                    let better = functions._library.get(b"sd_journal_enumerate_available_data");
                    if let Ok(better) = better {
                        functions.enumerate_data = *better;
                    }
                    Ok(functions)
                }
            }
        }
    };
}

functions! {
    open: fn(*mut Handle, c_int) -> c_int;
    open_directory: fn(*mut Handle, *const c_char, c_int) -> c_int;
    close: fn(Handle);
    set_data_threshold: fn(Handle, usize) -> c_int;
    add_match: fn(Handle, *const c_void, usize) -> c_int;
    add_disjunction: fn(Handle) -> c_int;
    flush_matches: fn(Handle);
    seek_head: fn(Handle) -> c_int;
    seek_tail: fn(Handle) -> c_int;
    seek_realtime_usec: fn(Handle, u64) -> c_int;
    seek_cursor: fn(Handle, *const c_char) -> c_int;
    test_cursor: fn(Handle, *const c_char) -> c_int;
    next: fn(Handle) -> c_int;
    previous: fn(Handle) -> c_int;
    previous_skip: fn(Handle, u64) -> c_int;
    get_cursor: fn(Handle, *mut *mut c_char) -> c_int;
    get_realtime_usec: fn(Handle, *mut u64) -> c_int;
    get_monotonic_usec: fn(Handle, *mut u64, *mut [u8; 16]) -> c_int;
    enumerate_data: fn(Handle, *mut *const c_void, *mut usize) -> c_int;
    restart_data: fn(Handle);
    wait: fn(Handle, u64) -> c_int;
}

fn functions() -> Result<&'static Functions, CollectError> {
    static LOADED: OnceLock<Functions> = OnceLock::new();
    if let Some(loaded) = LOADED.get() {
        return Ok(loaded);
    }
    let loaded = Functions::load().map_err(CollectError::NoLibsystemd)?;
    Ok(LOADED.get_or_init(|| loaded))
}

/// An open journal. Neither `Send` nor `Sync`, by its raw pointer: libsystemd wants one thread.
pub(super) struct SdJournal {
    handle: Handle,
    call: &'static Functions,
}

/// Turns a negative errno into an error, and passes other results on.
fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::from_raw_os_error(-result))
    } else {
        Ok(result)
    }
}

/// SAFETY of all calls below: `handle` came from open, is closed only in drop, and stays on one
/// thread; out-pointers are locals that live for the call; strings end with NUL.
impl SdJournal {
    pub(super) fn open(directory: Option<&Path>) -> Result<Self, CollectError> {
        let call = functions()?;
        let mut handle: Handle = ptr::null_mut();
        let opened = match directory {
            Some(directory) => {
                let path =
                    c_string(directory.as_os_str()).map_err(|source| failed("open", source))?;
                // SAFETY: see above.
                unsafe { (call.open_directory)(&raw mut handle, path.as_ptr(), 0) }
            }
            // SAFETY: see above.
            None => unsafe { (call.open)(&raw mut handle, LOCAL_ONLY) },
        };
        check(opened).map_err(|source| failed("open", source))?;
        let journal = Self { handle, call };
        // SAFETY: see above.
        check(unsafe { (call.set_data_threshold)(journal.handle, DATA_THRESHOLD) })
            .map_err(|source| failed("set up", source))?;
        Ok(journal)
    }

    pub(super) fn flush_matches(&mut self) {
        // SAFETY: see above.
        unsafe { (self.call.flush_matches)(self.handle) }
    }

    pub(super) fn add_match(&mut self, expression: &str) -> io::Result<()> {
        let data = expression.as_bytes();
        // SAFETY: see above; the library copies `data`.
        check(unsafe { (self.call.add_match)(self.handle, data.as_ptr().cast(), data.len()) })
            .map(drop)
    }

    /// What follows is an alternative to what was added before.
    pub(super) fn add_disjunction(&mut self) -> io::Result<()> {
        // SAFETY: see above.
        check(unsafe { (self.call.add_disjunction)(self.handle) }).map(drop)
    }

    pub(super) fn seek_head(&mut self) -> io::Result<()> {
        // SAFETY: see above.
        check(unsafe { (self.call.seek_head)(self.handle) }).map(drop)
    }

    pub(super) fn seek_tail(&mut self) -> io::Result<()> {
        // SAFETY: see above.
        check(unsafe { (self.call.seek_tail)(self.handle) }).map(drop)
    }

    pub(super) fn seek_realtime(&mut self, since_epoch_us: u64) -> io::Result<()> {
        // SAFETY: see above.
        check(unsafe { (self.call.seek_realtime_usec)(self.handle, since_epoch_us) }).map(drop)
    }

    pub(super) fn seek_cursor(&mut self, cursor: &str) -> io::Result<()> {
        let cursor = c_string(OsStr::new(cursor))?;
        // SAFETY: see above.
        check(unsafe { (self.call.seek_cursor)(self.handle, cursor.as_ptr()) }).map(drop)
    }

    /// Whether the entry that was moved to is the one that the cursor names.
    pub(super) fn is_at(&mut self, cursor: &str) -> io::Result<bool> {
        let cursor = c_string(OsStr::new(cursor))?;
        // SAFETY: see above.
        check(unsafe { (self.call.test_cursor)(self.handle, cursor.as_ptr()) }).map(|at| at > 0)
    }

    /// Moves to the next entry; `false` if there is none.
    pub(super) fn next(&mut self) -> io::Result<bool> {
        // SAFETY: see above.
        check(unsafe { (self.call.next)(self.handle) }).map(|moved| moved > 0)
    }

    /// Moves to the entry before; `false` if there is none.
    pub(super) fn previous(&mut self) -> io::Result<bool> {
        // SAFETY: see above.
        check(unsafe { (self.call.previous)(self.handle) }).map(|moved| moved > 0)
    }

    /// Moves back by so many entries; `false` if there are not that many.
    pub(super) fn back(&mut self, entries: u32) -> io::Result<bool> {
        // SAFETY: see above.
        let moved = check(unsafe { (self.call.previous_skip)(self.handle, u64::from(entries)) })?;
        Ok(u32::try_from(moved).is_ok_and(|moved| moved == entries))
    }

    pub(super) fn cursor(&mut self) -> io::Result<String> {
        let mut text: *mut c_char = ptr::null_mut();
        // SAFETY: see above; on success `text` is a C string from malloc, which is ours to free.
        unsafe {
            check((self.call.get_cursor)(self.handle, &raw mut text))?;
            let cursor = CStr::from_ptr(text).to_string_lossy().into_owned();
            libc::free(text.cast());
            Ok(cursor)
        }
    }

    /// When journald received the entry, in microseconds since 1970.
    pub(super) fn realtime_us(&mut self) -> io::Result<u64> {
        let mut time = 0;
        // SAFETY: see above.
        check(unsafe { (self.call.get_realtime_usec)(self.handle, &raw mut time) })?;
        Ok(time)
    }

    /// Microseconds since the boot, and the id of that boot.
    pub(super) fn monotonic(&mut self) -> io::Result<(u64, [u8; 16])> {
        let (mut time, mut boot) = (0, [0; 16]);
        // SAFETY: see above; `sd_id128_t` is a union of 16 bytes, as large as the array.
        check(unsafe {
            (self.call.get_monotonic_usec)(self.handle, &raw mut time, &raw mut boot)
        })?;
        Ok((time, boot))
    }

    /// Hands every field of the entry to `take`, as `NAME=value`.
    pub(super) fn each_field(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        // SAFETY: see above.
        unsafe { (self.call.restart_data)(self.handle) };
        loop {
            let (mut data, mut length): (*const c_void, usize) = (ptr::null(), 0);
            // SAFETY: see above.
            let more = check(unsafe {
                (self.call.enumerate_data)(self.handle, &raw mut data, &raw mut length)
            })?;
            if more == 0 {
                return Ok(());
            }
            // SAFETY: the library keeps `length` bytes at `data` until the next call with the
            // handle, and `take` cannot make one: it has no access to `self`.
            take(unsafe { std::slice::from_raw_parts(data.cast(), length) });
        }
    }

    /// Waits for a change of the files, at most `timeout`; `false` if there was none. Files that
    /// were rotated or vacuumed meanwhile are taken in.
    pub(super) fn wait(&mut self, timeout: Duration) -> io::Result<bool> {
        // The largest value means "for ever" to the library.
        let timeout = u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX - 1);
        // SAFETY: see above.
        check(unsafe { (self.call.wait)(self.handle, timeout) }).map(|change| change != 0)
    }
}

impl Drop for SdJournal {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody has it after this.
        unsafe { (self.call.close)(self.handle) }
    }
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

pub(super) fn failed(action: &'static str, source: io::Error) -> CollectError {
    CollectError::Journal { action, source }
}
