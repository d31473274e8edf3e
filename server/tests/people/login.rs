//! Who logs in and who does not.

use std::time::Duration;

use analysis::people::{LoginLink, MadeApiToken, Me, Role, SessionList, Via};
use reqwest::{Method, StatusCode};
use serde_json::json;
use server::people::accounts;
use sqlx::PgPool;

use crate::running::{PASSWORD, Running, kind};

#[sqlx::test(migrations = "../migrations")]
async fn a_link_logs_in_once_and_then_the_password_does(db: PgPool) {
    let server = Running::start(db).await;
    let made = accounts::create(
        &server.app.db,
        "server",
        "ann",
        Role::Admin,
        server.app.now(),
    );
    let token = made.await.unwrap().secret.to_string();
    let mut ann = server.browser();
    let body = json!({ "token": token });
    let answer = ann.post("/login/link", &body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in [
        "__Host-aiops_session=",
        "; Path=/",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Lax",
    ] {
        assert!(cookie.contains(part), "{part}");
    }
    ann.keep_cookie(&answer);
    let me: Me = ann.get("/me").await.json().await.unwrap();
    assert_eq!(
        (me.name.as_str(), me.role, me.via),
        ("ann", Role::Admin, Via::Session)
    );
    assert_eq!(
        server.browser().post("/login/link", &body).await.status(),
        401,
        "used"
    );

    // The old password is not asked for: there is none.
    let short = ann.post("/me/password", &json!({ "new": "short" })).await;
    assert_eq!(short.status(), StatusCode::BAD_REQUEST);
    let set = ann.post("/me/password", &json!({ "new": PASSWORD })).await;
    assert_eq!(set.status(), StatusCode::NO_CONTENT);
    assert_eq!(ann.get("/me").await.status(), 401, "the cookie was rotated");
    ann.keep_cookie(&set);
    assert_eq!(ann.get("/me").await.status(), 200);

    let mut again = server.browser();
    assert_eq!(again.log_in("ann", PASSWORD).await, StatusCode::OK);
    let other = json!({ "new": "another long password" });
    assert_eq!(
        again.post("/me/password", &other).await.status(),
        400,
        "asks for the old one"
    );
    let sessions: SessionList = again.get("/me/sessions").await.json().await.unwrap();
    assert_eq!(sessions.sessions.len(), 2);
    let first = sessions
        .sessions
        .iter()
        .find(|session| !session.current)
        .unwrap();
    let path = format!("/me/sessions/{}", first.id);
    assert_eq!(again.send(Method::DELETE, &path, None).await.status(), 204);
    assert_eq!(ann.get("/me").await.status(), 401, "ended from elsewhere");
    assert_eq!(again.post("/logout", &json!({})).await.status(), 204);
    assert_eq!(again.get("/me").await.status(), 401);
    server.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_ends_with_time_and_with_what_administrators_do(db: PgPool) {
    let server = Running::start(db).await;
    let ann = server.account("ann", Role::Admin).await;
    for change in [
        "update login_session set last_seen_at = now() - interval '31 min'",
        "update login_session set expires_at = now()",
    ] {
        let mut bob = server.browser();
        assert_eq!(bob.log_in("ann", PASSWORD).await, StatusCode::OK);
        assert_eq!(bob.get("/me").await.status(), 200);
        sqlx::query(change).execute(&server.app.db).await.unwrap();
        assert_eq!(bob.get("/me").await.status(), 401, "{change}");
    }
    let ann = ann.again("ann").await;
    for change in [json!({ "role": "operator" }), json!({ "disabled": true })] {
        let name = format!("bob-{}", change.to_string().len());
        let bob = server.account(&name, Role::Viewer).await;
        let token = json!({ "name": name, "role": "viewer" });
        let token: MadeApiToken = bob.post("/api-tokens", &token).await.json().await.unwrap();
        let program = server.program(&token.secret);
        assert_eq!(program.get("/hosts").await.status(), 200);
        let done = ann
            .send(Method::PATCH, &format!("/accounts/{name}"), Some(&change))
            .await;
        assert_eq!(done.status(), StatusCode::OK);
        assert_eq!(bob.get("/me").await.status(), 401, "{change}");
        let disabled = change["disabled"] == true;
        assert_eq!(
            program.get("/hosts").await.status() == 401,
            disabled,
            "{change}"
        );
    }
    // Nobody would be left to let anybody in.
    for change in [json!({ "role": "viewer" }), json!({ "disabled": true })] {
        let done = ann
            .send(Method::PATCH, "/accounts/ann", Some(&change))
            .await;
        assert_eq!(done.status(), StatusCode::CONFLICT, "{change}");
    }
    server.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_guesses_is_told_to_wait(db: PgPool) {
    let server = Running::start(db).await;
    server.account("ann", Role::Viewer).await;
    let mut guesser = server.browser();
    for name in ["ann", "nobody"] {
        let mut told = Vec::new();
        for _ in 0..5 {
            let body = json!({ "name": name, "password": "a wrong password" });
            let answer = guesser.post("/login", &body).await;
            told.push((answer.status(), answer.text().await.unwrap()));
        }
        assert_eq!(told[0].0, StatusCode::UNAUTHORIZED);
        told.dedup();
        assert_eq!(told.len(), 1, "one is like the other");
        let right = json!({ "name": name, "password": PASSWORD });
        let answer = guesser.post("/login", &right).await;
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        let wait: u64 = answer.headers()["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=180).contains(&wait), "{wait}");
    }
    let told: Vec<String> =
        sqlx::query_scalar("select target from audit where action = 'login-failed' order by n")
            .fetch_all(&server.app.db)
            .await
            .unwrap();
    assert_eq!(told.len(), 10);
    assert!(told.contains(&"ann".to_owned()) && told.contains(&String::new()));
    assert!(!told.contains(&"nobody".to_owned()), "it may be a password");
    assert_eq!(
        guesser.log_in("ann", PASSWORD).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    server.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_of_somebody_else_changes_nothing(db: PgPool) {
    let server = Running::start(db).await;
    let ann = server.account("ann", Role::Admin).await;
    let new = json!({ "name": "eve", "role": "admin" });
    for site in ["cross-site", "same-site", "none"] {
        let request = ann.request(Method::POST, "/accounts").json(&new);
        let answer = request.header("sec-fetch-site", site).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{site}");
        assert_eq!(kind(answer).await, "cross-site");
    }
    let unsaid = ann
        .request(Method::POST, "/accounts")
        .json(&new)
        .send()
        .await
        .unwrap();
    assert_eq!(
        kind(unsaid).await,
        "cross-site",
        "a cookie alone is not enough"
    );
    let form = ann.request(Method::POST, "/accounts").body(new.to_string());
    let form = form.header("sec-fetch-site", "same-origin");
    let form = form
        .header("content-type", "text/plain")
        .send()
        .await
        .unwrap();
    assert_eq!(form.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let login = json!({ "name": "ann", "password": PASSWORD });
    let login = ann.request(Method::POST, "/login").json(&login);
    let login = login
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(
        kind(login).await,
        "cross-site",
        "not even logged in as somebody else"
    );
    let made = ann.post("/accounts", &new).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: LoginLink = made.json().await.unwrap();
    assert!(made.path.starts_with("/login#link="), "{}", made.path);
    assert_eq!(
        ann.post("/accounts", &new).await.status(),
        StatusCode::CONFLICT
    );
    server.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_ends_with_the_right_to_it(db: PgPool) {
    let server = Running::start(db).await;
    let bob = server.account("bob", Role::Viewer).await;
    let asked = json!({ "name": "ci", "role": "viewer" });
    let made: MadeApiToken = bob.post("/api-tokens", &asked).await.json().await.unwrap();
    let by_token = server.program(&made.secret).get("/events/stream").await;
    let by_session = bob.get("/events/stream").await;
    assert_eq!(
        (by_token.status(), by_session.status()),
        (StatusCode::OK, StatusCode::OK)
    );
    let revoked = bob.send(Method::DELETE, "/api-tokens/ci", None).await;
    assert_eq!(revoked.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        bob.post("/logout", &json!({})).await.status(),
        StatusCode::NO_CONTENT
    );
    for stream in [by_token, by_session] {
        let text = tokio::time::timeout(Duration::from_secs(10), stream.text());
        let text = text.await.expect("it is cut").unwrap();
        assert!(text.contains("event: cut"), "{text}");
    }
    server.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_login_with_the_old_password_ends_with_it(db: PgPool) {
    let server = Running::start(db.clone()).await;
    server.account("ann", Role::Viewer).await;
    // The password is changed while the old one is looked at.
    let mut change = db.begin().await.unwrap();
    sqlx::query("select from account where name = 'ann' for update")
        .execute(&mut *change)
        .await
        .unwrap();
    let mut late = server.browser();
    let login = tokio::spawn(async move { (late.log_in("ann", PASSWORD).await, late) });
    waits_for_a_lock(&db).await;
    for statement in [
        "update account set password_hash = 'another' where name = 'ann'",
        "delete from login_session",
    ] {
        sqlx::query(statement).execute(&mut *change).await.unwrap();
    }
    change.commit().await.unwrap();
    let (status, late) = login.await.unwrap();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(late.get("/me").await.status(), 401);
    server.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_link_that_logged_nobody_in_is_not_used_up(db: PgPool) {
    let server = Running::start(db.clone()).await;
    let made = accounts::create(&db, "server", "ann", Role::Viewer, server.app.now());
    let body = json!({ "token": made.await.unwrap().secret.to_string() });
    sqlx::query("alter table login_session add constraint broken check (false) not valid")
        .execute(&db)
        .await
        .unwrap();
    let failed = server.browser().post("/login/link", &body).await;
    assert!(failed.status().is_server_error(), "{}", failed.status());
    sqlx::query("alter table login_session drop constraint broken")
        .execute(&db)
        .await
        .unwrap();
    let mut ann = server.browser();
    let answer = ann.post("/login/link", &body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    ann.keep_cookie(&answer);
    assert_eq!(ann.get("/me").await.status(), 200);
    server.stop().await;
}

/// Until somebody waits for a row of this database that another has locked.
async fn waits_for_a_lock(db: &PgPool) {
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    let looking = async {
        while sqlx::query_scalar::<_, i64>(waiting)
            .fetch_one(db)
            .await
            .unwrap()
            == 0
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looking)
        .await
        .expect("somebody waits");
}
