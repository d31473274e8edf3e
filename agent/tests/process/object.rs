//! The committed BPF object is what its source compiles to.

use std::{env, fs, path::Path, process::Command};

#[test]
fn a_rebuild_of_the_bpf_object_gives_the_same_bytes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bpf");
    if Command::new("clang-14").arg("--version").output().is_err() {
        assert!(env::var_os("CI").is_none(), "CI needs clang-14 and llvm-14");
        eprintln!("not checked: clang-14 is not installed (apt install clang-14 llvm-14)");
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let rebuilt = out.path().join("rebuilt.o");
    let built = Command::new(folder.join("build.sh"))
        .arg(&rebuilt)
        .status()
        .unwrap();
    assert!(built.success());
    let same = fs::read(&rebuilt).unwrap() == fs::read(folder.join("lifecycle.bpf.o")).unwrap();
    assert!(
        same,
        "lifecycle.bpf.o is not what lifecycle.bpf.c compiles to: run agent/bpf/build.sh"
    );
}
