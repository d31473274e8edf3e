//! Tells the schema macros what our aliases stand for: they see names, not types.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    utoipa_config::Config::new()
        .alias_for("Timestamp", "DateTime<Utc>")
        .write_to_file();
}
