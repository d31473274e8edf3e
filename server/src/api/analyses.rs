//! The catalogue: what a host can be asked.

use analysis::inquiry::{CatalogueEntry, CatalogueList};
use analysis::question::Analysis;
use axum::Json;

/// `GET /analyses`: by name.
#[utoipa::path(get, path = "/analyses", tag = "inquiries",
    responses((status = 200, description = "What hosts can be asked", body = CatalogueList)))]
pub(super) async fn list() -> Json<CatalogueList> {
    let analyses = Analysis::ALL.iter().copied().map(entry).collect();
    Json(CatalogueList { analyses })
}

fn entry(analysis: Analysis) -> CatalogueEntry {
    CatalogueEntry {
        analysis,
        tier: analysis.tier(),
        time_limit_ms: u64::try_from(analysis.time_limit().as_millis()).unwrap_or(u64::MAX),
        parameters: analysis.question_schema(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_what_it_needs_of_each_analysis() {
        for &analysis in Analysis::ALL {
            let parameters = entry(analysis).parameters;
            let text = parameters.to_string();
            assert!(!text.contains("$ref"), "{text}");
            assert_eq!(parameters["type"], "object", "{text}");
            // Some ask nothing.
            assert!(parameters["properties"].get("analysis").is_none());
        }
        let start = entry(Analysis::DiagnoseStartFailure).parameters;
        assert_eq!(start["required"], serde_json::json!(["unit"]));
    }
}
