//! A report as text: what the command line prints of it.

use analysis::identity::{InquiryId, OrderId};
use analysis::report::Report;
use analysis::text::fleet::Page;
use analysis::text::{Catalogue, Language, Style};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::FixedOffset;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::error::ApiError;
use super::params::{Path, Query};
use super::{inquiries, parts};
use crate::app::App;

/// Columns of the text unless the client says how many it has.
const WIDTH: usize = 100;
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=1000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TextParams {
    /// `en` or `zh-CN`.
    language: Option<String>,
    /// Columns that there are [default: 100].
    #[param(minimum = 40, maximum = 1000)]
    width: Option<usize>,
    /// The reader's clock: minutes east of UTC [default: 0].
    #[param(minimum = -1080, maximum = 1080)]
    utc_offset_min: Option<i32>,
}

/// `GET /inquiries/{id}/orders/{order_id}/text`: the report of one host, as `aiops` prints it.
#[utoipa::path(get, path = "/inquiries/{id}/orders/{order_id}/text", tag = "inquiries",
    params(
        ("id" = InquiryId, Path, description = "The inquiry"),
        ("order_id" = OrderId, Path, description = "One host's part"),
        TextParams,
    ),
    responses((status = 200, description = "The report", body = String,
        content_type = "text/plain")))]
pub(super) async fn show(
    State(app): State<App>,
    Path((id, order)): Path<(String, String)>,
    Query(asked): Query<TextParams>,
) -> Result<Response, ApiError> {
    let language = language(asked.language.as_deref())?;
    let width = width(asked.width)?;
    let zone = zone(asked.utc_offset_min)?;
    let inquiry = inquiries::find(&app, &id).await?.inquiry_id;
    let no_report = || ApiError::NoReport(order.chars().take(64).collect());
    let part: Uuid = order.parse().map_err(|_| no_report())?;
    let json = parts::report_of(&app.db, inquiry, part).await?;
    let json = json.ok_or_else(no_report)?;
    let now = app.now();
    let render = move || {
        let report: Report = serde_json::from_str(&json).ok()?;
        Some(report.render(&Page {
            catalogue: Catalogue::built_in(language),
            style: Style::Plain,
            width: Some(width),
            zone,
            now,
        }))
    };
    let text = tokio::task::spawn_blocking(render).await.ok().flatten();
    let text = text.ok_or(ApiError::Internal("the report"))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

fn language(tag: Option<&str>) -> Result<Language, ApiError> {
    let read = tag.map_or(Some(Language::English), Language::from_tag);
    read.ok_or_else(|| ApiError::BadParameter {
        name: "language",
        why: "has to be en or zh-CN".to_owned(),
    })
}

fn width(asked: Option<usize>) -> Result<usize, ApiError> {
    let width = asked.unwrap_or(WIDTH);
    if WIDTHS.contains(&width) {
        return Ok(width);
    }
    Err(ApiError::BadParameter {
        name: "width",
        why: format!("has to be between {} and {}", WIDTHS.start(), WIDTHS.end()),
    })
}

fn zone(offset_min: Option<i32>) -> Result<FixedOffset, ApiError> {
    let seconds = offset_min.unwrap_or(0).checked_mul(60);
    let zone = seconds.and_then(FixedOffset::east_opt);
    zone.ok_or_else(|| ApiError::BadParameter {
        name: "utc_offset_min",
        why: "has to be minutes of less than a day".to_owned(),
    })
}
