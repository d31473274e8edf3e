//! All properties of one interface of a unit, read in one call.

use std::collections::HashMap;

use analysis::{Timestamp, identity::UnitName};
use zbus::{Connection, OwnedVariant, Variant};

use super::calls::{PROPERTIES, SYSTEMD, call, refused};
use crate::CollectError;

/// Properties as systemd gave them. What is missing, or of a strange type, reads as empty:
/// versions differ.
pub(super) struct Properties(HashMap<String, OwnedVariant>);

impl Properties {
    pub(super) async fn of(
        connection: &Connection,
        path: &str,
        interface: &str,
    ) -> Result<Self, CollectError> {
        let object = (SYSTEMD, path, PROPERTIES);
        let answer = call(connection, object, "GetAll", &interface).await?;
        let body = answer.body();
        let all = body
            .deserialize()
            .map_err(|error| refused("GetAll", error))?;
        Ok(Self(all))
    }

    /// Of a unit that has no such interface.
    pub(super) fn none() -> Self {
        Self(HashMap::new())
    }

    /// Those of a test.
    #[cfg(test)]
    pub(super) fn made<'a>(
        properties: impl IntoIterator<Item = (&'static str, Variant<'a>)>,
    ) -> Self {
        let owned = |(name, value): (&'static str, Variant<'a>)| {
            (name.to_owned(), value.try_to_owned().unwrap())
        };
        Self(properties.into_iter().map(owned).collect())
    }

    fn get(&self, name: &str) -> Option<&Variant<'_>> {
        self.0.get(name).map(|value| &**value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.get(name).map(text).unwrap_or_default()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(flag)
    }

    pub(super) fn number(&self, name: &str) -> u64 {
        self.get(name).map_or(0, number)
    }

    /// A limit, or a count. `None`: there is none, or nobody counts.
    pub(super) fn limit(&self, name: &str) -> Option<u64> {
        // The largest number is systemd's word for "infinity" and for "not set".
        let value = self.get(name).map(number)?;
        (value != u64::MAX).then_some(value)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.rows_of(name).iter().map(text).collect()
    }

    pub(super) fn units(&self, name: &str) -> Vec<UnitName> {
        let names = self.texts(name).into_iter();
        names.filter_map(|name| name.parse().ok()).collect()
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        let byte = |value: &Variant<'_>| match value {
            Variant::U8(byte) => Some(*byte),
            _ => None,
        };
        self.rows_of(name).iter().filter_map(byte).collect()
    }

    /// The fields of a structure.
    pub(super) fn fields(&self, name: &str) -> &[Variant<'_>] {
        self.get(name).map_or(&[], fields)
    }

    /// The fields of each structure of an array.
    pub(super) fn rows(&self, name: &str) -> impl Iterator<Item = &[Variant<'_>]> {
        self.rows_of(name).iter().map(fields)
    }

    /// A time of the wall clock. `None`: it never happened.
    pub(super) fn time(&self, name: &str) -> Option<Timestamp> {
        let us = i64::try_from(self.number(name)).ok()?;
        Timestamp::from_timestamp_micros(us).filter(|_| us != 0)
    }

    fn rows_of(&self, name: &str) -> &[Variant<'_>] {
        match self.get(name) {
            Some(Variant::Array(values)) => values.inner(),
            _ => &[],
        }
    }
}

fn fields<'a>(value: &'a Variant<'a>) -> &'a [Variant<'a>] {
    match value {
        Variant::Structure(structure) => structure.fields(),
        _ => &[],
    }
}

pub(super) fn text(value: &Variant<'_>) -> String {
    match value {
        Variant::Str(text) => text.as_str().to_owned(),
        _ => String::new(),
    }
}

pub(super) fn flag(value: &Variant<'_>) -> bool {
    matches!(value, Variant::Bool(true))
}

/// A number that is not negative; others are 0.
pub(super) fn number(value: &Variant<'_>) -> u64 {
    match value {
        Variant::U32(number) => u64::from(*number),
        Variant::U64(number) => *number,
        Variant::I32(number) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}
