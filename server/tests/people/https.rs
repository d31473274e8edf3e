//! What is answered beside the API, and what all answers have in common.

use reqwest::{Method, StatusCode};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use server::identity::key::Sha256;
use sqlx::PgPool;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::running::{Running, kind};

#[sqlx::test(migrations = "../migrations")]
async fn browsers_are_told_what_they_may_do_with_every_answer(db: PgPool) {
    let server = Running::start(db).await;
    let browser = server.browser();
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/hosts/db-03"),
        (Method::GET, "/assets/none.js"),
        (Method::DELETE, "/"),
        (Method::GET, "/ca.pem"),
        (Method::GET, "/healthz"),
        (Method::GET, "/enrol"),
        (Method::GET, "/api/v1/hosts"),
        (Method::GET, "/api/v1/openapi.json"),
        (Method::POST, "/api/v1/login"),
        (Method::GET, "/api/v2/hosts"),
    ] {
        let answer = browser.at(method.clone(), path).send().await.unwrap();
        let said = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let policy = said("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
        assert!(!policy.contains("unsafe"), "{method} {path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(said(name), value, "{method} {path}");
        }
    }
    server.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_page_takes_no_address_from_the_api(db: PgPool) {
    let server = Running::start(db).await;
    let browser = server.browser();
    for path in ["/api/v1/nothing", "/api/v1"] {
        let answer = browser.at(Method::GET, path).send().await.unwrap();
        assert_eq!(kind(answer).await, "unauthorized", "{path}");
    }
    for path in ["/api", "/api/", "/api/v1/", "/api/v2/hosts"] {
        let answer = browser.at(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(kind(answer).await, "not-found", "{path}");
    }
    let root = browser.at(Method::GET, "/").send().await.unwrap();
    let (status, kind) = (root.status(), root.headers()["content-type"].clone());
    let text = root.text().await.unwrap();
    match status {
        StatusCode::OK => {
            assert_eq!(kind, "text/html; charset=utf-8");
            let (_, rest) = text.split_once("src=\"").expect("it has a script");
            let (script, _) = rest.split_once('"').unwrap();
            let script = browser.at(Method::GET, script).send().await.unwrap();
            assert_eq!(script.status(), StatusCode::OK);
        }
        _ => assert!(text.contains("built without its page"), "{text}"),
    }
    server.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_logs_in_can_compare_the_authority_with_its_pin(db: PgPool) {
    let server = Running::start(db).await;
    let answer = server.browser().at(Method::GET, "/ca.pem");
    let pem = answer.send().await.unwrap().text().await.unwrap();
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    assert_eq!(all.len(), 1, "one more would be trusted unseen");
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    let pin = Sha256::of(certificate.public_key().raw).to_string();
    assert_eq!(pin, server.app.authority.pin());
    server.stop().await;
}

/// Many programs send the head first and then the body, and use the connection again (HTTP/1.1).
#[sqlx::test(migrations = "../migrations")]
async fn who_is_refused_can_send_all_of_it_and_is_told_why(db: PgPool) {
    let server = Running::start(db).await;
    let mut connection = server.connection().await;
    for path in ["/api/v1/accounts", "/api/v1/login", "/api/v1/nothing"] {
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 60000\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..60 {
            connection.flush().await.unwrap();
            connection.write_all(&[b' '; 1000]).await.unwrap();
        }
        let told = answer(&mut connection).await;
        let refused = ["HTTP/1.1 401", "HTTP/1.1 415"].map(|status| told.starts_with(status));
        assert!(refused.contains(&true), "{path}: {told}");
    }
    server.stop().await;
}

/// One answer with its body, which says how long it is.
async fn answer(connection: &mut (impl AsyncRead + Unpin)) -> String {
    let mut told = String::new();
    loop {
        told.push(connection.read_u8().await.unwrap().into());
        let Some((head, body)) = told.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == length.unwrap().parse::<usize>().unwrap() {
            return told;
        }
    }
}
