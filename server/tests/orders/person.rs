//! Somebody who asks, over HTTPS with a token.

use std::sync::Arc;

use analysis::audit::{AuditPage, Entry, Verifier};
use analysis::fleet::Problem;
use analysis::inquiry::{HostOrder, Inquiry};
use analysis::people::Role;
use futures_util::StreamExt as _;
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use server::identity::tokens::{NewApiToken, make_api_token, revoke_api_token};
use tokio::time::timeout;
use uuid::Uuid;

use crate::agent::LIMIT;
use crate::certificates::client_tls;
use crate::fleet::Fleet;

pub struct Person {
    client: reqwest::Client,
    base: String,
    token_name: String,
    token: String,
}

impl Person {
    /// An administrator at this replica.
    pub async fn at(fleet: &Fleet) -> Self {
        Self::with_role(fleet, Role::Admin).await
    }

    pub async fn with_role(fleet: &Fleet, role: Role) -> Self {
        let new = NewApiToken {
            name: Uuid::new_v4().to_string(),
            role,
            expires_at: None,
            account: None,
            made_by: None,
        };
        let token = make_api_token(&fleet.app.db, "server", &new, fleet.app.now());
        let token = token.await.unwrap().to_string();
        let tls = client_tls(fleet.app.authority.bundle_pem(), None);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(Arc::unwrap_or_clone(tls))
            .no_proxy()
            .build()
            .unwrap();
        let port = fleet.app.addresses.http.port();
        Self {
            client,
            base: format!("https://localhost:{port}/api/v1"),
            token_name: new.name,
            token,
        }
    }

    /// Takes the token away.
    pub async fn is_revoked(&self, fleet: &Fleet) {
        let revoked = revoke_api_token(&fleet.app.db, "server", &self.token_name, None).await;
        assert!(revoked.unwrap());
    }

    /// The status and the problem of a request that is refused.
    pub async fn refused_at(&self, method: Method, path: &str) -> (u16, Problem) {
        let answer = self.request(method, path).send().await.unwrap();
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{path}"
        );
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Asks the hosts with these ids for their processes.
    pub async fn ask(&self, hosts: &[Uuid]) -> Inquiry {
        self.ask_with(hosts, json!({})).await
    }

    pub async fn ask_with(&self, hosts: &[Uuid], more: Value) -> Inquiry {
        let body = question(hosts, more);
        self.post("/inquiries", &body).await.unwrap()
    }

    pub async fn refused(&self, body: &Value) -> Problem {
        self.post::<Inquiry>("/inquiries", body).await.unwrap_err()
    }

    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Problem> {
        let request = self.request(Method::POST, path).json(body);
        read(request.send().await.unwrap()).await
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        read(answer).await.unwrap()
    }

    pub async fn text(&self, path: &str) -> String {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(
            answer.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
        answer.text().await.unwrap()
    }

    pub async fn inquiry(&self, inquiry: &Inquiry) -> Inquiry {
        self.get(&format!("/inquiries/{}", inquiry.inquiry_id))
            .await
    }

    pub async fn cancel(&self, inquiry: &Inquiry) {
        let path = format!("/inquiries/{}/cancel", inquiry.inquiry_id);
        let answer = self.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }

    pub async fn follow(&self, inquiry: &Inquiry, last_id: Option<&str>) -> Following {
        let path = format!("/inquiries/{}/stream", inquiry.inquiry_id);
        let mut request = self.request(Method::GET, &path);
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Following {
            body: answer.bytes_stream().boxed(),
            text: String::new(),
            last_id: String::new(),
        }
    }

    /// The whole audit, which has to be whole.
    pub async fn audit(&self) -> Vec<Entry> {
        let page: AuditPage = self.get("/audit?limit=1000").await;
        let mut verifier = Verifier::default();
        for entry in &page.entries {
            verifier.next(entry).unwrap();
        }
        page.entries
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.client.request(method, url).bearer_auth(&self.token)
    }
}

pub fn question(hosts: &[Uuid], more: Value) -> Value {
    let mut body = json!({ "question": { "analysis": "analyze-ptree" }, "hosts": hosts });
    let (Some(fields), Value::Object(more)) = (body.as_object_mut(), more) else {
        panic!("objects");
    };
    fields.extend(more);
    body
}

async fn read<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T, Problem> {
    let is_success = answer.status().is_success();
    let text = answer.text().await.unwrap();
    match is_success {
        true => Ok(serde_json::from_str(&text).expect(&text)),
        false => Err(serde_json::from_str(&text).expect(&text)),
    }
}

/// A stream of one inquiry.
pub struct Following {
    body: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
    pub last_id: String,
}

impl Following {
    /// The next state of a host. `None`: all have ended.
    pub async fn next(&mut self) -> Option<HostOrder> {
        match self.message().await {
            (event, data) if event == "order" => Some(serde_json::from_str(&data).unwrap()),
            (event, _) if event == "done" => None,
            other => panic!("not the state of a host: {other:?}"),
        }
    }

    /// The next message: its type and its data. What only keeps the stream alive is passed over.
    pub async fn message(&mut self) -> (String, String) {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                if let Some(id) = field("id: ") {
                    self.last_id = id.to_owned();
                }
                if let (Some(event), Some(data)) = (field("event: "), field("data: ")) {
                    return (event.to_owned(), data.to_owned());
                }
            }
            let chunk = timeout(LIMIT, self.body.next()).await.expect("in time");
            let chunk = chunk.expect("not the end").unwrap();
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }

    /// The first state that is as wanted.
    pub async fn until(&mut self, wanted: impl Fn(&HostOrder) -> bool) -> HostOrder {
        loop {
            // Also a stream that lives and never says it is too late.
            let order = timeout(LIMIT, self.next()).await.expect("in time");
            let order = order.expect("it has not ended before");
            if wanted(&order) {
                return order;
            }
        }
    }
}
