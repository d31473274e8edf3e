//! The audit is a chain: whatever is done to the table is seen.

#![expect(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

use analysis::audit::{Broken, Verifier};
use serde_json::{Value, json};
use server::db::audit::{self, Deed};
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn what_postgres_gives_back_has_the_hash_that_was_stored(db: PgPool) {
    // (what Postgres does to it)
    let details = [
        // puts shorter keys first
        json!({ "longer": 1, "b": { "zz": [1, { "y": 2, "x": null }], "a": true }, "a": "x" }),
        // has numbers of any size
        json!([
            1.0,
            0.1,
            1e2,
            1e-7,
            123_456_789.123_456_7,
            -0.0,
            u64::MAX,
            i64::MIN,
            1e17
        ]),
        json!({ "文": "世界 \u{1f980} \u{202e} \" \\ \u{7f} \t", "": "" }),
        // takes no NUL
        json!({ "nul\0": "a\0b", "in": ["\0"] }),
        Value::Null,
        json!("text"),
    ];
    for detail in &details {
        audit::note(&db, "user:ann\0", "login", "ann", detail.clone())
            .await
            .unwrap();
    }
    let deeds: Vec<_> = details
        .into_iter()
        .map(|detail| Deed {
            actor: "server",
            action: "order-refused",
            target: "db-01",
            detail,
        })
        .collect();
    let mut tx = db.begin().await.unwrap();
    audit::append_all(&mut tx, &deeds).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(verified(&db).await, Ok(12));
    let entries = audit::page(&db, 2, 1).await.unwrap();
    assert_eq!(entries[0].n, 3);
    // The same after a way through JSON, which is how a client checks it.
    let text = serde_json::to_string(&entries[0]).unwrap();
    let read: analysis::audit::Entry = serde_json::from_str(&text).unwrap();
    assert_eq!(read.computed_hash(), entries[0].hash);
}

#[sqlx::test(migrations = "../migrations")]
async fn who_comes_at_once_makes_one_chain(db: PgPool) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let db = db.clone();
        writers.spawn(async move {
            for deed in 0..10 {
                let detail = json!({ "writer": writer, "deed": deed });
                audit::note(&db, "server", "test", "", detail)
                    .await
                    .unwrap();
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    assert_eq!(verified(&db).await, Ok(80));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_rolled_back_leaves_no_hole(db: PgPool) {
    let mut tx = db.begin().await.unwrap();
    audit::append(&mut tx, "server", "test", "", json!({}))
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    audit::note(&db, "server", "test", "", json!({}))
        .await
        .unwrap();
    assert_eq!(verified(&db).await, Ok(1));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_in_the_table_is_found(db: PgPool) {
    for target in ["a", "b", "c", "d"] {
        let detail = json!({ "role": "viewer" });
        audit::note(&db, "user:ann", "account-changed", target, detail)
            .await
            .unwrap();
    }
    assert_eq!(verified(&db).await, Ok(4));
    for (change, found) in [
        (
            r#"update audit set detail = '{"role": "admin"}' where n = 2"#,
            Broken::Changed(2),
        ),
        (
            "update audit set at = at + interval '1 microsecond' where n = 3",
            Broken::Changed(3),
        ),
        (
            "delete from audit where n = 2",
            Broken::Missing {
                expected: 2,
                found: 3,
            },
        ),
    ] {
        let mut tx = db.begin().await.unwrap();
        sqlx::query(change).execute(&mut *tx).await.unwrap();
        let entries = audit::page(&mut *tx, 0, 10).await.unwrap();
        assert_eq!(followed(&entries), Err(found), "{change}");
        tx.rollback().await.unwrap();
    }
}

async fn verified(db: &PgPool) -> Result<i64, Broken> {
    followed(&audit::page(db, 0, 1_000).await.unwrap())
}

fn followed(entries: &[analysis::audit::Entry]) -> Result<i64, Broken> {
    let mut verifier = Verifier::default();
    for entry in entries {
        verifier.next(entry)?;
    }
    Ok(verifier.head().0)
}
