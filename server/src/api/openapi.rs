//! The description of the API, made from the handlers themselves.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use analysis::fleet::Problem;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, AllOf, Object, Schema};
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
    write_out_closed(&mut document);
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

/// Writes out the variants of tagged enums whose fields are closed: as parts of an `allOf` they would
/// refuse the tag, and no variant would ever fit.
fn write_out_closed(api: &mut OpenApi) {
    let Some(components) = &mut api.components else {
        return;
    };
    let known = components.schemas.iter();
    let closed: BTreeMap<String, Object> = known
        .filter_map(|(name, schema)| match schema {
            RefOr::T(Schema::Object(object)) if is_closed(object) => {
                Some((name.clone(), object.clone()))
            }
            _ => None,
        })
        .collect();
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::OneOf(variants)) = schema else {
            continue;
        };
        for variant in &mut variants.items {
            if let RefOr::T(Schema::AllOf(parts)) = variant
                && let Some(whole) = written_out(parts, &closed)
            {
                *variant = RefOr::T(Schema::Object(whole));
            }
        }
    }
}

fn is_closed(object: &Object) -> bool {
    matches!(
        object.additional_properties.as_deref(),
        Some(AdditionalProperties::FreeForm(false))
    )
}

/// `None`: a part is no object, or is not closed and may stay a part.
fn written_out(parts: &AllOf, closed: &BTreeMap<String, Object>) -> Option<Object> {
    let mut whole = Object::new();
    for part in &parts.items {
        let part = match part {
            RefOr::Ref(to) => closed.get(to.ref_location.rsplit('/').next()?)?,
            RefOr::T(Schema::Object(object)) => object,
            RefOr::T(_) => return None,
        };
        let properties = part.properties.iter();
        let properties = properties.map(|(name, schema)| (name.clone(), schema.clone()));
        whole.properties.extend(properties);
        whole.required.extend(part.required.iter().cloned());
        let description = part.description.as_ref();
        whole.description = whole.description.or_else(|| description.cloned());
    }
    whole.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    Some(whole)
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Calls `see` with each `allOf` in `value`.
    fn all_of(value: &Value, see: &mut impl FnMut(&Value)) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                if name == "allOf" {
                    see(value);
                }
                all_of(value, see);
            }),
            Value::Array(items) => items.iter().for_each(|item| all_of(item, see)),
            _ => {}
        }
    }

    #[test]
    fn no_schema_refuses_what_a_part_beside_it_asks_for() {
        let document = serde_json::to_value(document()).unwrap();
        all_of(&document, &mut |parts| {
            for part in parts.as_array().unwrap() {
                let path = part["$ref"].as_str().unwrap_or("#").trim_start_matches('#');
                let part = if path.is_empty() {
                    part
                } else {
                    document.pointer(path).unwrap()
                };
                assert_ne!(part["additionalProperties"], false, "{parts}");
            }
        });
        let questions = document["components"]["schemas"]["Question"]["oneOf"].as_array();
        let name = serde_json::json!(["diagnose-start-failure"]);
        let start = questions
            .unwrap()
            .iter()
            .find(|question| question["properties"]["analysis"]["enum"] == name)
            .unwrap();
        assert_eq!(start["required"], serde_json::json!(["unit", "analysis"]));
        assert!(start["properties"]["analysis"].is_object(), "{start}");
        assert_eq!(start["additionalProperties"], false, "{start}");
    }
}
