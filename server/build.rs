//! Tells the schema macros what our aliases stand for: they see names, not types; and has the page
//! embedded anew when it was built anew.

use std::fs;

/// What `npm run build` makes of `web/`.
const PAGE: &str = "../web/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    utoipa_config::Config::new()
        .alias_for("Timestamp", "DateTime<Utc>")
        .write_to_file();
    // cargo watches a folder only if there is one; without one it would compile all of this again
    // each time. If it cannot be made, it does.
    let _ = fs::create_dir(PAGE);
    println!("cargo::rerun-if-changed={PAGE}");
}
