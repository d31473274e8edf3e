//! Who may ask what: one table. What does not stand in it is answered to nobody.

use analysis::people::Role;
use axum::http::Method;

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody may.
    Open,
    /// A login in the page, of any role: it is about the login itself.
    Session,
    /// This role or a higher one, however it was proved.
    AtLeast(Role),
}

use Permission::{AtLeast, Open, Session};
const VIEWER: Permission = AtLeast(Role::Viewer);
const OPERATOR: Permission = AtLeast(Role::Operator);
const ADMIN: Permission = AtLeast(Role::Admin);

/// Everything below [`super::BASE`]: method, path as the router has it, and what it needs.
pub const TABLE: &[(Method, &str, Permission)] = &[
    (Method::GET, "/openapi.json", Open),
    (Method::POST, "/login", Open),
    (Method::POST, "/login/link", Open),
    (Method::POST, "/logout", Session),
    (Method::GET, "/me", VIEWER),
    (Method::POST, "/me/password", Session),
    (Method::GET, "/me/sessions", Session),
    (Method::DELETE, "/me/sessions/{id}", Session),
    (Method::GET, "/accounts", ADMIN),
    (Method::POST, "/accounts", ADMIN),
    (Method::PATCH, "/accounts/{name}", ADMIN),
    (Method::POST, "/accounts/{name}/login-link", ADMIN),
    // Everybody's own, up to their own role.
    (Method::GET, "/api-tokens", VIEWER),
    (Method::POST, "/api-tokens", VIEWER),
    (Method::DELETE, "/api-tokens/{name}", VIEWER),
    (Method::GET, "/hosts", VIEWER),
    (Method::GET, "/hosts/{host}", VIEWER),
    (Method::GET, "/hosts/{host}/runs", VIEWER),
    (Method::GET, "/hosts/{host}/restarts", VIEWER),
    (Method::POST, "/hosts/{host}/revoke", ADMIN),
    (Method::GET, "/units/{unit}/runs", VIEWER),
    (Method::POST, "/join-tokens", ADMIN),
    (Method::GET, "/events", VIEWER),
    (Method::GET, "/events/stream", VIEWER),
    (Method::GET, "/analyses", VIEWER),
    (Method::POST, "/inquiries", OPERATOR),
    (Method::GET, "/inquiries", VIEWER),
    (Method::GET, "/inquiries/{id}", VIEWER),
    (Method::GET, "/inquiries/{id}/stream", VIEWER),
    (
        Method::GET,
        "/inquiries/{id}/orders/{order_id}/text",
        VIEWER,
    ),
    (Method::POST, "/inquiries/{id}/cancel", OPERATOR),
    (Method::GET, "/audit", ADMIN),
];

/// What `method` on `path` needs. `None`: there is no such request.
pub(super) fn needed(method: &Method, path: &str) -> Option<Permission> {
    // axum answers HEAD like GET, without the body.
    let method = match *method {
        Method::HEAD => &Method::GET,
        _ => method,
    };
    let row = TABLE.iter().find(|row| row.0 == *method && row.1 == path)?;
    Some(row.2)
}

/// The methods that `path` has, as the header `Allow` lists them. Empty: there is no such path.
pub(super) fn methods(path: &str) -> String {
    let rows = TABLE.iter().filter(|row| row.1 == path);
    let names: Vec<_> = rows.map(|row| row.0.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The router and the document come from the same list of handlers.
    #[test]
    fn every_route_has_one_row_and_every_row_a_route() {
        let document = crate::api::openapi::document();
        let routes: BTreeSet<(String, String)> = crate::api::openapi::operations(document)
            .map(|(method, path)| (method, path.to_owned()))
            .collect();
        let rows: Vec<(String, String)> = TABLE
            .iter()
            .map(|(method, path, _)| (method.to_string(), format!("{}{path}", super::super::BASE)))
            .collect();
        let distinct: BTreeSet<_> = rows.iter().cloned().collect();
        assert_eq!(distinct.len(), rows.len(), "a row stands there twice");
        assert_eq!(distinct, routes);
    }
}
