//! Inquiries and their parts, as those who ask see them.

use analysis::Timestamp;
use analysis::order::OrderState;
use analysis::question::Question;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::orders::Open;

/// A question that somebody asks.
#[derive(Debug)]
pub struct NewInquiry<'a> {
    pub inquiry_id: Uuid,
    pub question: &'a Question,
    pub requested_by: &'a str,
    pub requested_at: Timestamp,
    pub time_limit_ms: i64,
    /// No part begins after this.
    pub not_after: Timestamp,
}

/// One host's part of it.
#[derive(Debug)]
pub struct NewPart {
    pub order_id: Uuid,
    pub agent_id: Uuid,
    /// `queued`, `sent` or `ended`.
    pub state: &'static str,
    /// `None`: it is never sent.
    pub signed: Option<Signed>,
    /// How it ended at once, if it did.
    pub outcome: Option<Value>,
}

/// An order as agents get it.
#[derive(Debug)]
pub struct Signed {
    pub content: Vec<u8>,
    pub signature: Vec<u8>,
}

/// Adds an inquiry with its parts.
pub async fn insert(
    db: &mut PgConnection,
    inquiry: &NewInquiry<'_>,
    parts: &[NewPart],
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into inquiry (inquiry_id, question, requested_by, requested_at)
        values ($1, $2, $3, $4)",
        inquiry.inquiry_id,
        Json(inquiry.question) as _,
        inquiry.requested_by,
        inquiry.requested_at
    )
    .execute(&mut *db)
    .await?;
    let ids: Vec<Uuid> = parts.iter().map(|part| part.order_id).collect();
    let agents: Vec<Uuid> = parts.iter().map(|part| part.agent_id).collect();
    let states: Vec<String> = parts.iter().map(|part| part.state.to_owned()).collect();
    let signed = || parts.iter().map(|part| part.signed.as_ref());
    let contents: Vec<Option<&[u8]>> = signed().map(|s| s.map(|s| &*s.content)).collect();
    let signatures: Vec<Option<&[u8]>> = signed().map(|s| s.map(|s| &*s.signature)).collect();
    let outcomes: Vec<Option<Json<&Value>>> = parts
        .iter()
        .map(|part| part.outcome.as_ref().map(Json))
        .collect();
    sqlx::query!(
        "insert into host_order (order_id, inquiry_id, agent_id, state, content, signature,
            not_after, time_limit_ms, outcome, ended_at)
        select order_id, $1, agent_id, state, content, signature, $2, $3, outcome,
            case when state = 'ended' then $4::timestamptz end
        from unnest($5::uuid[], $6::uuid[], $7::text[], $8::bytea[], $9::bytea[], $10::jsonb[])
            as part (order_id, agent_id, state, content, signature, outcome)",
        inquiry.inquiry_id,
        inquiry.not_after,
        inquiry.time_limit_ms,
        inquiry.requested_at,
        &ids,
        &agents,
        &states,
        contents as _,
        signatures as _,
        outcomes as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An inquiry without its parts.
#[derive(Debug)]
pub struct InquiryRow {
    pub inquiry_id: Uuid,
    /// As it was stored: a newer server may have asked what this one does not know.
    pub question: Value,
    pub requested_by: String,
    pub requested_at: Timestamp,
}

pub async fn find(db: impl PgExecutor<'_>, inquiry: Uuid) -> sqlx::Result<Option<InquiryRow>> {
    sqlx::query_as!(
        InquiryRow,
        "select inquiry_id, question, requested_by, requested_at from inquiry
        where inquiry_id = $1",
        inquiry
    )
    .fetch_optional(db)
    .await
}

/// One host's part, without its report.
#[derive(Debug)]
pub struct PartRow {
    pub order_id: Uuid,
    pub agent_id: Uuid,
    pub host_name: String,
    pub state: String,
    pub not_after: Timestamp,
    pub begun_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub progress: Option<Value>,
    pub outcome: Option<Value>,
    /// The transaction that changed it last.
    pub changed_in: i64,
    /// A reader who resumes here misses nothing: every transaction before this one had ended when
    /// the row was read.
    pub resume: i64,
}

impl PartRow {
    /// `None`: it has ended.
    pub fn open_state(&self) -> Option<OrderState> {
        Open {
            state: self.state.clone(),
            not_after: self.not_after,
            begun_at: self.begun_at,
            progress: self.progress.clone(),
        }
        .state()
    }

    pub fn is_answered(&self) -> bool {
        let outcome = self.outcome.as_ref().map(|outcome| &outcome["outcome"]);
        outcome.is_some_and(|outcome| outcome == "answered")
    }
}

/// The parts of an inquiry by the hosts' names.
pub async fn parts(db: impl PgExecutor<'_>, inquiry: Uuid) -> sqlx::Result<Vec<PartRow>> {
    sqlx::query_as!(
        PartRow,
        r#"select o.order_id, o.agent_id, a.host_name, o.state, o.not_after, o.begun_at,
            o.ended_at, o.progress, o.outcome, o.changed_in,
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "resume!"
        from host_order o join agent a using (agent_id)
        where o.inquiry_id = $1 order by a.host_name collate "C", o.agent_id"#,
        inquiry
    )
    .fetch_all(db)
    .await
}

/// Whether the order is a part of the inquiry.
pub async fn has_part(db: impl PgExecutor<'_>, inquiry: Uuid, order: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
            select from host_order where inquiry_id = $1 and order_id = $2
        ) as "exists!""#,
        inquiry,
        order
    )
    .fetch_one(db)
    .await
}

/// A report as it is stored: deflated.
pub async fn report(db: impl PgExecutor<'_>, order: Uuid) -> sqlx::Result<Option<Vec<u8>>> {
    let found = sqlx::query_scalar!("select report from host_order where order_id = $1", order)
        .fetch_optional(db)
        .await?;
    Ok(found.flatten())
}

/// An inquiry and how far it is.
#[derive(Debug)]
pub struct SummaryRow {
    pub inquiry_id: Uuid,
    /// As it was stored, see [`InquiryRow`].
    pub question: Value,
    pub requested_by: String,
    pub requested_at: Timestamp,
    pub hosts: i64,
    pub answered: i64,
    pub ended: i64,
}

/// Inquiries before the place `before` (time, id), at most `limit`, the newest first.
pub async fn page(
    db: impl PgExecutor<'_>,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> sqlx::Result<Vec<SummaryRow>> {
    let (time, id) = before.unzip();
    sqlx::query_as!(
        SummaryRow,
        r#"with page as (
            select * from inquiry
            where $1::timestamptz is null or (requested_at, inquiry_id) < ($1, $2)
            order by requested_at desc, inquiry_id desc limit $3
        )
        select p.inquiry_id, p.question, p.requested_by, p.requested_at, count(*) as "hosts!",
            count(*) filter (where o.outcome->>'outcome' = 'answered') as "answered!",
            count(*) filter (where o.state = 'ended') as "ended!"
        from page p join host_order o using (inquiry_id)
        group by p.inquiry_id, p.question, p.requested_by, p.requested_at
        order by p.requested_at desc, p.inquiry_id desc"#,
        time,
        id,
        limit
    )
    .fetch_all(db)
    .await
}

/// What [`cancel`] did.
#[derive(Debug)]
pub struct Cancelled {
    pub agent_id: Uuid,
    pub host_name: String,
    /// It was on no host yet, and has ended.
    pub is_ended: bool,
}

/// Ends the parts that no host has heard of, and asks for the end of the others that are open.
pub async fn cancel(
    db: &mut PgConnection,
    inquiry: Uuid,
    now: Timestamp,
) -> sqlx::Result<Vec<Cancelled>> {
    sqlx::query_as!(
        Cancelled,
        r#"update host_order o set cancel_requested_at = $2,
            state = case when session is null then 'ended' else state end,
            ended_at = case when session is null then clock_timestamp() end,
            outcome = case when session is null then '{"outcome": "cancelled"}'::jsonb end,
            changed_in = pg_current_xact_id()::text::bigint
        from agent a
        where inquiry_id = $1 and state <> 'ended' and cancel_requested_at is null
            and a.agent_id = o.agent_id
        returning o.agent_id, a.host_name, o.state = 'ended' as "is_ended!""#,
        inquiry,
        now
    )
    .fetch_all(db)
    .await
}

/// Forgets up to `limit` inquiries from before `moment`, with their reports.
pub async fn forget(db: impl PgExecutor<'_>, moment: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "delete from inquiry where inquiry_id in (
            select inquiry_id from inquiry i where requested_at < $1 and not exists (
                select 1 from host_order o
                where o.inquiry_id = i.inquiry_id and o.state <> 'ended')
            limit $2)",
        moment,
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
