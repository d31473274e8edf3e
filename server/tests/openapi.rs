//! The description that clients are made from is that of this server.

use std::{env, fs};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/openapi.json");

#[test]
fn the_committed_description_is_what_the_server_says() {
    let described = server::api::openapi::text();
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(COMMITTED, described).unwrap();
    }
    let committed = fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        committed == described,
        "web/openapi.json is out of date: UPDATE_OPENAPI=1 cargo nextest run -p server --test openapi"
    );
}
