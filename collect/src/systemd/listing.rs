//! Which units there are, and which sockets systemd holds for them.

use std::path::Path;

use analysis::identity::UnitName;

use super::{
    calls::{call, refused},
    manager::{MANAGER_OBJECT, Manager},
    properties::{Properties, text},
};
use crate::CollectError;

/// A socket unit that listens, and its addresses: `[::]:80`, `/run/x.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub unit: UnitName,
    pub addresses: Vec<String>,
}

impl Manager {
    /// Names of all units that are loaded or have a file. Reads folders: some 50 ms of process 1.
    pub async fn unit_names(&self) -> Result<Vec<UnitName>, CollectError> {
        let answer = call(&self.connection, MANAGER_OBJECT, "ListUnitFiles", &()).await?;
        let body = answer.body();
        let files: Vec<(String, String)> = body
            .deserialize()
            .map_err(|error| refused("ListUnitFiles", error))?;
        let of_file = |(path, _): (String, String)| {
            let name = Path::new(&path).file_name()?.to_str()?.parse().ok()?;
            Some(name)
        };
        let mut names: Vec<UnitName> = files.into_iter().filter_map(of_file).collect();
        // systemd lists as loaded what does not exist and is only named by others.
        let there = |unit: &super::LoadedUnit| unit.active != "inactive";
        let loaded = self.list_units().await?.into_iter().filter(there);
        names.extend(loaded.map(|loaded| loaded.unit));
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The socket units that listen now; a call for each.
    pub async fn listeners(&self) -> Result<Vec<Listener>, CollectError> {
        let mut listeners = Vec::new();
        for loaded in self.list_units().await? {
            if loaded.active != "active" || !loaded.unit.as_str().ends_with(".socket") {
                continue;
            }
            let interface = "org.freedesktop.systemd1.Socket";
            let path = loaded.path.as_str();
            let properties = Properties::of(&self.connection, path, interface).await?;
            let addresses = properties
                .rows("Listen")
                .filter_map(|row| row.get(1))
                .map(text);
            listeners.push(Listener {
                addresses: addresses.collect(),
                unit: loaded.unit,
            });
        }
        Ok(listeners)
    }
}
