//! Where things lie in the checkout.

use std::env;
use std::path::{Path, PathBuf};

/// The folder of the checkout. xtask is always run from the checkout that built it.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder in the workspace")
}

/// The folder that cargo builds into: `CARGO_TARGET_DIR`, or `target` of the checkout.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The cargo that runs us, so that a toolchain override (`cargo +1.95 xtask`) holds for all steps.
pub fn cargo() -> std::process::Command {
    let mut cargo = std::process::Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(root());
    // Set for us by `cargo run`; in a child cargo they would make every crate look changed.
    for variable in [
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_PKG_NAME",
        "CARGO_PKG_VERSION",
    ] {
        cargo.env_remove(variable);
    }
    cargo
}
