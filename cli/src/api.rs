//! `aiops api`: the HTTP API as it is.

use std::{
    fs,
    io::{self, IsTerminal as _, Read as _},
};

use analysis::text::escape;
use reqwest::{Method, header::CONTENT_TYPE};

use crate::{
    args::ApiCall,
    context::Context,
    exit::{Exit, Failure},
    message::say,
    server::{self, exit_of},
};

pub async fn call(context: &Context, call: &ApiCall) -> Result<Exit, Failure> {
    let wrong = |message| Failure::new(Exit::Usage, message);
    let method = match call.method.to_ascii_uppercase().as_str() {
        "GET" => Method::GET,
        "POST" => Method::POST,
        "PATCH" => Method::PATCH,
        "PUT" => Method::PUT,
        "DELETE" => Method::DELETE,
        _ => {
            return Err(wrong(
                say("cli-no-method").with("method", call.method.as_str()),
            ));
        }
    };
    // As the documentation writes it, and as the page does.
    let path = call.path.strip_prefix("/api/v1").unwrap_or(&call.path);
    if !path.starts_with('/') {
        return Err(wrong(say("cli-no-path").with("path", call.path.as_str())));
    }
    let data = call.data.as_deref().map(read).transpose()?;
    let server = context.server()?;
    let response = server.raw(method, path, data).await?;
    let status = response.status();
    if !status.is_success() {
        return Err(server::refusal(response).await);
    }
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"));
    let body = response
        .text()
        .await
        .map_err(|error| server::no_answer(server.address(), error))?;
    let safe = if is_json {
        escape::json(&body)
    } else if io::stdout().is_terminal() {
        escape::keep_lines(&body)
    } else {
        body.as_str().into()
    };
    let end = if is_json && !safe.ends_with('\n') {
        "\n"
    } else {
        ""
    };
    context.printer.raw(&format!("{safe}{end}"))?;
    Ok(exit_of(status))
}

/// What to send: as it stands, or from a file, or from standard input.
fn read(data: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |path: String, error| {
        Failure::new(Exit::Usage, say("cli-no-data").with("path", path)).because(error)
    };
    if data == "-" {
        let mut bytes = Vec::new();
        let stdin = || say("cli-data-stdin").to_string();
        io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(stdin(), error))?;
        return Ok(bytes);
    }
    match data.strip_prefix('@') {
        Some(path) => fs::read(path).map_err(|error| unreadable(path.to_owned(), error)),
        None => Ok(data.as_bytes().to_vec()),
    }
}
