//! The API keeps to its OpenAPI document, whatever it is asked: no 5xx, no undocumented answer.

use std::{env, process::Command};

use anyhow::{Context, Result, ensure};
use system::{Lab, program};

/// Requests that a person's program would not send are half of them.
const EXAMPLES: &str = "25";
/// The same requests each time: a failure is found again.
const SEED: &str = "20261121";
/// What must hold for every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,unsupported_method,negative_data_rejection";
/// Streams have no end to wait for; the others would take the fuzzer's own token away.
const LEFT_OUT: &str = "/stream$|/logout$|/login$|/login/link$|/api-tokens/";

#[test]
fn whatever_is_asked_the_answer_is_a_documented_one() -> Result<()> {
    let fuzzer = env::var_os("AIOPS_SCHEMATHESIS")
        .context("AIOPS_SCHEMATHESIS names no schemathesis: `cargo xtask test` installs it")?;
    let lab = Lab::start(&["h1"])?;
    let token = lab.aiops.token();
    let mut fuzz = Command::new(fuzzer);
    fuzz.args(["run", "--url"])
        .arg(lab.server.url())
        .args(["--tls-verify", "false", "--workers", "1"])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", EXAMPLES, "--seed", SEED, "--no-shrink"])
        .args(["--suppress-health-check", "all", "--warnings", "off"])
        .args(["--checks", CHECKS, "--exclude-path-regex", LEFT_OUT])
        .args(["--request-timeout", "20", "--continue-on-failure"])
        .arg("--header")
        .arg(format!("Authorization: Bearer {token}"))
        .arg(format!("{}/api/v1/openapi.json", lab.server.url()))
        .current_dir(lab.server.folder());
    let printed = program::printed(&mut fuzz)?;
    ensure!(printed.contains("passed"), "nothing was asked:\n{printed}");
    // With a token that no longer counts, all that was tested is the 401.
    let me = lab.aiops.ask(&["api", "GET", "/me"])?;
    ensure!(me.exit == 0, "the fuzzer lost its token: {me:?}");
    Ok(())
}
