//! JSON Schemas of questions and reports.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// Parameters of parameters; deeper ones stay references.
const DEPTH: usize = 8;

/// The JSON Schema of `T`, with nothing in it that stands elsewhere.
pub fn of<T: ToSchema>() -> Value {
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
    use crate::question::Analysis;

    #[test]
    fn no_two_types_have_one_name_in_the_api() {
        let mut known: BTreeMap<String, Value> = BTreeMap::new();
        for analysis in Analysis::ALL {
            let report = analysis.named_report_schemas().into_iter();
            for (name, schema) in report.chain(analysis.named_question_schemas()) {
                let schema = serde_json::to_value(schema).unwrap();
                let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
                assert_eq!(
                    *first, schema,
                    "two types are called {name}: schema(as = …)"
                );
            }
        }
    }
}
