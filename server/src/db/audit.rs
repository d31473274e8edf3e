//! Who did what: `analysis::audit`, in order and without holes.

use analysis::audit::Entry;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};

/// What somebody did.
#[derive(Clone, Debug)]
pub struct Deed<'a> {
    /// `user:ann`, `token:ci`, `host:db-03`, `server`.
    pub actor: &'a str,
    /// A stable name: `login`, `inquiry-created`.
    pub action: &'a str,
    /// What it was done to. Empty: nothing in particular.
    pub target: &'a str,
    /// More, in the words of the action. Never a secret.
    pub detail: Value,
}

/// Appends one entry to the audit, as part of the caller's transaction: what was done and that it
/// is known stand or fall together.
///
/// Whoever else appends waits until that transaction ends, so append last.
pub async fn append(
    db: &mut PgConnection,
    actor: &str,
    action: &str,
    target: &str,
    detail: Value,
) -> sqlx::Result<()> {
    let deed = Deed {
        actor,
        action,
        target,
        detail,
    };
    append_all(db, &[deed]).await
}

/// The same in a transaction of its own, for what changes nothing else.
pub async fn note(
    db: &PgPool,
    actor: &str,
    action: &str,
    target: &str,
    detail: Value,
) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    append(&mut tx, actor, action, target, detail).await?;
    tx.commit().await
}

/// Appends several entries, in this order.
pub async fn append_all(db: &mut PgConnection, deeds: &[Deed<'_>]) -> sqlx::Result<()> {
    if deeds.is_empty() {
        return Ok(());
    }
    let details: Vec<Json<Value>> = deeds
        .iter()
        .map(|deed| Json(without_nul(&deed.detail)))
        .collect();
    // Postgres writes numbers in its own way: what is hashed is what it will give back.
    let head = sqlx::query!(
        r#"select n, hash, clock_timestamp() as "at!", $1::jsonb[] as "details!: Vec<Json<Value>>"
        from audit_head for update"#,
        details as _
    )
    .fetch_one(&mut *db)
    .await?;
    let (mut n, mut previous) = (head.n, head.hash);
    let mut entries = Vec::with_capacity(deeds.len());
    for (deed, Json(detail)) in deeds.iter().zip(head.details) {
        n += 1;
        let mut entry = Entry {
            n,
            at: head.at,
            actor: deed.actor.replace('\0', ""),
            action: deed.action.replace('\0', ""),
            target: deed.target.replace('\0', ""),
            detail,
            previous,
            hash: String::new(),
        };
        entry.hash = entry.computed_hash();
        previous = entry.hash.clone();
        entries.push(entry);
    }
    insert(db, &entries).await?;
    sqlx::query!("update audit_head set n = $1, hash = $2", n, previous)
        .execute(db)
        .await?;
    Ok(())
}

async fn insert(db: &mut PgConnection, entries: &[Entry]) -> sqlx::Result<()> {
    let texts = |of: fn(&Entry) -> &str| -> Vec<String> {
        entries.iter().map(|entry| of(entry).to_owned()).collect()
    };
    let numbers: Vec<i64> = entries.iter().map(|entry| entry.n).collect();
    let times: Vec<_> = entries.iter().map(|entry| entry.at).collect();
    let details: Vec<_> = entries.iter().map(|entry| Json(&entry.detail)).collect();
    sqlx::query!(
        "insert into audit (n, at, actor, action, target, detail, previous, hash)
        select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[],
            $6::jsonb[], $7::text[], $8::text[])",
        &numbers,
        &times,
        &texts(|entry| &entry.actor),
        &texts(|entry| &entry.action),
        &texts(|entry| &entry.target),
        details as _,
        &texts(|entry| &entry.previous),
        &texts(|entry| &entry.hash),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Entries behind number `after`, at most `limit`, the oldest first.
pub async fn page(db: impl PgExecutor<'_>, after: i64, limit: i64) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        "select n, at, actor, action, target, detail, previous, hash
        from audit where n > $1 order by n limit $2",
        after,
        limit
    )
    .fetch_all(db)
    .await
}

/// Postgres refuses NUL in text, and what a host says may hold one.
fn without_nul(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.replace('\0', "")),
        Value::Array(items) => items.iter().map(without_nul).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.replace('\0', ""), without_nul(value)))
            .collect(),
        _ => value.clone(),
    }
}
