//! The catalogue: what a host can be asked.

use std::collections::BTreeMap;

use analysis::inquiry::{CatalogueEntry, CatalogueList};
use analysis::process_tree::ProcessTreeAsked;
use analysis::question::Analysis;
use analysis::start_failure::StartFailureAsked;
use axum::Json;
use serde_json::Value;
use utoipa::ToSchema;

/// Parameters of parameters; deeper ones stay references.
const DEPTH: usize = 8;

/// `GET /analyses`: by name.
#[utoipa::path(get, path = "/analyses", tag = "inquiries",
    responses((status = 200, description = "What hosts can be asked", body = CatalogueList)))]
pub(super) async fn list() -> Json<CatalogueList> {
    let analyses = Analysis::ALL.into_iter().map(entry).collect();
    Json(CatalogueList { analyses })
}

fn entry(analysis: Analysis) -> CatalogueEntry {
    CatalogueEntry {
        analysis,
        tier: analysis.tier(),
        time_limit_ms: u64::try_from(analysis.time_limit().as_millis()).unwrap_or(u64::MAX),
        parameters: match analysis {
            Analysis::AnalyzePtree => schema::<ProcessTreeAsked>(),
            Analysis::DiagnoseStartFailure => schema::<StartFailureAsked>(),
        },
    }
}

/// The JSON Schema of `T`, with nothing in it that stands elsewhere.
fn schema<T: ToSchema>() -> Value {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let named: BTreeMap<String, Value> = named
        .into_iter()
        .filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?)))
        .collect();
    let schema = serde_json::to_value(T::schema()).unwrap_or_default();
    resolved(schema, &named, DEPTH)
}

fn resolved(schema: Value, named: &BTreeMap<String, Value>, depth: usize) -> Value {
    match schema {
        Value::Object(mut fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            let found = reference
                .and_then(|path| path.rsplit('/').next())
                .and_then(|name| named.get(name));
            if let Some(found) = found.filter(|_| depth > 0) {
                return resolved(found.clone(), named, depth - 1);
            }
            for value in fields.values_mut() {
                *value = resolved(value.take(), named, depth);
            }
            Value::Object(fields)
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| resolved(item, named, depth))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_what_it_needs_of_each_analysis() {
        for analysis in Analysis::ALL {
            let parameters = entry(analysis).parameters;
            let text = parameters.to_string();
            assert!(!text.contains("$ref"), "{text}");
            assert!(parameters["properties"].is_object(), "{text}");
            assert!(parameters["properties"].get("analysis").is_none());
        }
        let start = entry(Analysis::DiagnoseStartFailure).parameters;
        assert_eq!(start["required"], serde_json::json!(["unit"]));
    }
}
