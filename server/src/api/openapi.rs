//! The description of the API, made from the handlers themselves.

use std::sync::LazyLock;

use analysis::fleet::Problem;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, Info, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder, Server,
};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;

use super::permissions::{self, Permission};
use super::{BASE, auth};

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| {
    let router = OpenApiRouter::with_openapi(head()).nest(BASE, super::routes());
    let mut document = router.into_openapi();
    complete(&mut document);
    document
});
static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = DOCUMENT
        .to_pretty_json()
        .expect("a document of strings and numbers can be written");
    text.push('\n');
    text
});

const TOKEN: &str = "api_token";
const SESSION: &str = "session";

/// The whole description.
pub fn document() -> &'static OpenApi {
    &DOCUMENT
}

/// The same, as `web/openapi.json` and clients have it.
pub fn text() -> &'static str {
    &TEXT
}

/// `GET /openapi.json`: this description.
#[utoipa::path(get, path = "/openapi.json", tag = "server",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = serde_json::Value)))]
pub(super) async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text()).into_response()
}

/// What all of it has in common.
fn head() -> OpenApi {
    let mut head = OpenApiBuilder::new()
        .info(Info::new("aiops", env!("CARGO_PKG_VERSION")))
        .servers(Some([Server::new("/")]))
        .build();
    let components = head.components.get_or_insert_default();
    components
        .schemas
        .insert(Problem::name().into_owned(), Problem::schema());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new(auth::COOKIE));
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(cookie));
    head
}

/// Adds what the router, not the handlers, decides: who may ask, and how refusals look.
fn complete(api: &mut OpenApi) {
    for (path, item) in &mut api.paths.paths {
        let path = path.strip_prefix(BASE).unwrap_or(path);
        for (method, operation) in each_mut(item) {
            operation.operation_id = Some(operation_id(&method, path));
            if let Some(needed) = permissions::needed(&method, path) {
                operation.security = Some(security(needed));
                refusals(operation, path, needed);
            }
        }
    }
}

/// `get_hosts_host`: handlers have names that are good only with their module's.
fn operation_id(method: &Method, path: &str) -> String {
    let name = |text: &str| text.replace(['{', '}'], "").replace(['-', '.'], "_");
    method.as_str().to_lowercase() + &name(path).replace('/', "_")
}

/// The ways to prove who one is.
fn security(needed: Permission) -> Vec<SecurityRequirement> {
    let by = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
    match needed {
        Permission::Open => Vec::new(),
        Permission::Session => vec![by(SESSION)],
        Permission::AtLeast(_) => vec![by(TOKEN), by(SESSION)],
    }
}

/// Every refusal is the same shape.
fn refusals(operation: &mut Operation, path: &str, needed: Permission) {
    let asks_for_host = asks_for_host(operation);
    let mut add = |status: &str, description: &str| {
        let problem = Ref::from_schema_name(Problem::name());
        let content = ContentBuilder::new().schema(Some(problem)).build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content)
            .build();
        let known = operation.responses.responses.entry(status.to_owned());
        known.or_insert(RefOr::T(response));
    };
    let has_body = operation.request_body.is_some();
    add(
        "400",
        "The request cannot be read, or asks for what cannot be",
    );
    if needed != Permission::Open {
        add("401", "Nobody is known by this token or session");
        add("403", "That one may not do this");
    }
    if path.contains('{') || asks_for_host {
        add("404", "There is no such thing");
    }
    if path.contains('{') || asks_for_host || has_body {
        add(
            "409",
            "The name is not enough, or what is there stands in the way",
        );
    }
    if has_body {
        add("413", "The body is too large");
        add("415", "The body is not JSON");
    }
    if path.starts_with("/login") {
        add(
            "401",
            "The name or the password is wrong, or the link was used",
        );
        add("403", "The request comes from a page of somebody else");
    }
    if path.starts_with("/login") || path == "/me/password" {
        add("429", "Too many attempts failed");
    }
    add("500", "The server failed");
    add("503", "The server or its database is busy or away");
}

fn asks_for_host(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|one| matches!(one, RefOr::T(one) if one.name == "host"))
}

/// Each operation as method and path.
pub fn operations(api: &OpenApi) -> impl Iterator<Item = (String, &str)> {
    let paths = api.paths.paths.iter();
    paths.flat_map(|(path, item)| {
        let mut item = item.clone();
        let methods: Vec<_> = each_mut(&mut item).map(|(method, _)| method).collect();
        methods
            .into_iter()
            .map(move |method| (method.to_string(), path.as_str()))
    })
}

fn each_mut(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, item.get.as_mut()),
        (Method::PUT, item.put.as_mut()),
        (Method::POST, item.post.as_mut()),
        (Method::DELETE, item.delete.as_mut()),
        (Method::PATCH, item.patch.as_mut()),
        (Method::HEAD, item.head.as_mut()),
        (Method::OPTIONS, item.options.as_mut()),
        (Method::TRACE, item.trace.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}
