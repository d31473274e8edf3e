use std::{fs, io::Write as _, process::Command};

use super::*;

/// `gcore` makes a core as the kernel does, of a process that goes on.
#[test]
fn a_core_says_who_it_was_and_what_was_loaded() {
    if crate::tool::find("gcore").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut sleeper = Command::new("sleep").arg("1000").spawn().unwrap();
    let pid = sleeper.id();
    let target = folder.path().join("core");
    let made = Command::new("gcore")
        .arg("-o")
        .arg(&target)
        .arg(pid.to_string())
        .output();
    let exe = fs::read_link(format!("/proc/{pid}/exe")).unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    let path = format!("{}.{pid}", target.display());
    // Where ptrace is forbidden there is no core to read.
    if !made.unwrap().status.success() || !fs::exists(&path).unwrap() {
        return;
    }
    let core = read(&path).unwrap();
    assert_eq!(core.pid, Some(pid));
    assert_eq!(
        (core.comm.as_deref(), core.tids.as_slice()),
        (Some("sleep"), &[pid][..])
    );
    assert!(!core.is_truncated);
    assert_eq!(core.exe.as_deref(), exe.to_str());
    assert_eq!(
        core.signal.filter(|signal| signal.0 == 11),
        None,
        "it did not crash"
    );
    let exe = core
        .modules
        .iter()
        .find(|module| Some(&*module.path) == exe.to_str());
    let on_disk = super::super::build_id::of_file(&exe.unwrap().path);
    assert_eq!(exe.unwrap().build_id, on_disk);
    assert!(!core.registers.is_empty() && core.place.is_some());

    let bytes = fs::read(&path).unwrap();
    let short = folder.path().join("short");
    fs::write(&short, &bytes[..bytes.len() / 2]).unwrap();
    assert!(read(short.to_str().unwrap()).unwrap().is_truncated);
}

#[test]
fn what_is_no_core_is_none() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"\x7fELF and so on").unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    assert!(matches!(read(&path), Err(Unreadable::NoCore)));
    let program = std::env::current_exe().unwrap();
    let program = read(program.to_str().unwrap());
    assert!(matches!(program, Err(Unreadable::NoCore)));
    assert!(matches!(read("/not/there"), Err(Unreadable::Io(_))));
}
