//! What API tokens may do, and how long.

use analysis::people::{MadeApiToken, Me, Role, Via};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::identity::tokens::{NewApiToken, make_api_token};
use sqlx::PgPool;

use crate::running::{Running, kind};

#[sqlx::test(migrations = "../migrations")]
async fn a_token_reaches_no_further_than_who_made_it(db: PgPool) {
    let server = Running::start(db).await;
    let bob = server.account("bob", Role::Operator).await;
    let above = json!({ "name": "above", "role": "admin" });
    assert_eq!(
        bob.post("/api-tokens", &above).await.status(),
        StatusCode::FORBIDDEN
    );
    let asked = json!({ "name": "ci", "role": "operator", "ttl_s": 60 });
    let made: MadeApiToken = bob.post("/api-tokens", &asked).await.json().await.unwrap();
    let program = server.program(&made.secret);
    let me: Me = program.get("/me").await.json().await.unwrap();
    assert_eq!(
        (me.name.as_str(), me.role, me.via),
        ("bob", Role::Operator, Via::Token)
    );
    assert_eq!(kind(program.get("/me/sessions").await).await, "not-allowed");
    let child = json!({ "name": "child", "role": "viewer" });
    let child: MadeApiToken = program
        .post("/api-tokens", &child)
        .await
        .json()
        .await
        .unwrap();
    let ends = |made: &MadeApiToken| made.token.expires_at.unwrap().timestamp_micros();
    assert_eq!(ends(&child), ends(&made), "it does not outlive it");
    let grandchild = json!({ "name": "grandchild", "role": "viewer" });
    let child = server.program(&child.secret);
    let grandchild: MadeApiToken = child
        .post("/api-tokens", &grandchild)
        .await
        .json()
        .await
        .unwrap();
    let grandchild = server.program(&grandchild.secret);
    assert_eq!(grandchild.get("/hosts").await.status(), 200);

    let carol = server.account("carol", Role::Viewer).await;
    let list: Value = carol.get("/api-tokens").await.json().await.unwrap();
    assert_eq!(list["tokens"], json!([]), "others' tokens are nobody's");
    let others = carol.send(Method::DELETE, "/api-tokens/ci", None).await;
    assert_eq!(others.status(), StatusCode::NOT_FOUND);
    sqlx::query("update account set role = 'viewer' where name = 'bob'")
        .execute(&server.app.db)
        .await
        .unwrap();
    let me: Me = program.get("/me").await.json().await.unwrap();
    assert_eq!(me.role, Role::Viewer, "a token is no more than its account");
    let bob = bob.again("bob").await;
    let revoked = bob.send(Method::DELETE, "/api-tokens/ci", None).await;
    assert_eq!(revoked.status(), StatusCode::NO_CONTENT);
    for made in [program, child, grandchild] {
        assert_eq!(made.get("/me").await.status(), 401, "gone with the first");
    }
    server.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_of_nobody_is_no_account_and_makes_no_others(db: PgPool) {
    let server = Running::start(db).await;
    let new = NewApiToken {
        name: "ann".to_owned(),
        role: Role::Operator,
        expires_at: None,
        account: None,
        made_by: None,
    };
    let (db, now) = (&server.app.db, server.app.now());
    let token = make_api_token(db, "server", &new, now).await.unwrap();
    let program = server.program(&token.to_string());
    let me: Me = program.get("/me").await.json().await.unwrap();
    assert_eq!(me.name, "token:ann", "an account may be called ann");
    let child = json!({ "name": "bob", "role": "operator" });
    let refused = program.post("/api-tokens", &child).await;
    assert_eq!(kind(refused).await, "not-allowed");
    server.stop().await;
}
