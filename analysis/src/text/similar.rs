//! Units that may have been meant.

use super::Catalogue;
use crate::identity::UnitName;

/// `Did you mean nginx.service?`
pub fn similar(units: &[UnitName], catalogue: &Catalogue) -> String {
    let units: Vec<&str> = units.iter().map(UnitName::as_str).collect();
    let units = units.join(&catalogue.say("mark-list"));
    catalogue.say_with("service-did-you-mean", &[("units", units.into())])
}
