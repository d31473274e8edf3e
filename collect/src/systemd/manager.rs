//! Questions to systemd.

use std::num::NonZeroUsize;

use analysis::{event::UnitState, identity::UnitName};
use zbus::{Connection, OwnedObjectPath};

use super::{
    calls::{MANAGER, MANAGER_PATH, SERVICE, SYSTEMD, UNIT, call, connect, property, refused},
    changes::UnitChanges,
};
use crate::CollectError;

/// Nobody listens to signals here, so nothing waits but answers.
const QUEUE: NonZeroUsize = NonZeroUsize::new(64).expect("it is not zero");

pub(super) const MANAGER_OBJECT: (&str, &str, &str) = (SYSTEMD, MANAGER_PATH, MANAGER);

/// systemd's manager of system units: process 1.
pub struct Manager {
    pub(super) connection: Connection,
}

/// A unit that systemd has loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedUnit {
    pub unit: UnitName,
    /// `active`, `inactive`, `failed`, `activating`, ...
    pub active: String,
    /// `running`, `dead`, `auto-restart`, ...
    pub sub: String,
    pub(super) path: OwnedObjectPath,
}

/// One row of `ListUnits`: name, description, load state, active state, sub-state, followed unit,
/// object path, job id, job type, job path.
pub(super) type ListedUnit = (
    String,
    String,
    String,
    String,
    String,
    String,
    OwnedObjectPath,
    u32,
    String,
    OwnedObjectPath,
);

impl Manager {
    /// Connects to the systemd of this host.
    ///
    /// # Errors
    ///
    /// [`CollectError::NoSystemd`] if another init runs the host, or there is no D-Bus.
    pub async fn connect() -> Result<Self, CollectError> {
        let connection = connect(QUEUE).await?;
        Ok(Self { connection })
    }

    /// Starts to listen to changes of units. See [`UnitChanges::next`].
    pub async fn subscribe(&self) -> Result<UnitChanges, CollectError> {
        UnitChanges::subscribe(self).await
    }

    /// All units that are loaded. Those with names that are no [`UnitName`] are left out.
    pub async fn list_units(&self) -> Result<Vec<LoadedUnit>, CollectError> {
        let answer = call(&self.connection, MANAGER_OBJECT, "ListUnits", &()).await?;
        let body = answer.body();
        let listed: Vec<ListedUnit> = body
            .deserialize()
            .map_err(|error| refused("ListUnits", error))?;
        let loaded = |(name, _, _, active, sub, _, path, ..): ListedUnit| {
            let unit = name.parse().ok()?;
            Some(LoadedUnit {
                unit,
                active,
                sub,
                path,
            })
        };
        Ok(listed.into_iter().filter_map(loaded).collect())
    }

    /// The state of one unit. One that does not exist is `inactive`.
    pub async fn unit_state(&self, unit: &UnitName) -> Result<UnitState, CollectError> {
        let path = self.load(unit).await?;
        let is_service = unit.as_str().ends_with(".service");
        let main_pid = match is_service {
            true => self.number(&path, SERVICE, "MainPID").await?,
            false => 0,
        };
        Ok(UnitState {
            unit: unit.clone(),
            active: self.text(&path, UNIT, "ActiveState").await?,
            sub: self.text(&path, UNIT, "SubState").await?,
            result: match is_service {
                true => self.text(&path, SERVICE, "Result").await?,
                false => String::new(),
            },
            main_pid: Some(main_pid).filter(|pid| *pid != 0),
            restarts: match is_service {
                true => self.number(&path, SERVICE, "NRestarts").await?,
                false => 0,
            },
        })
    }

    /// The object of a unit, loaded from its file if need be.
    pub(super) async fn load(&self, unit: &UnitName) -> Result<OwnedObjectPath, CollectError> {
        let name = unit.as_str();
        let answer = call(&self.connection, MANAGER_OBJECT, "LoadUnit", &name).await?;
        let body = answer.body();
        body.deserialize()
            .map_err(|error| refused("LoadUnit", error))
    }

    async fn text(
        &self,
        path: &OwnedObjectPath,
        interface: &str,
        name: &str,
    ) -> Result<String, CollectError> {
        let value = property(&self.connection, path.as_str(), interface, name).await?;
        String::try_from(value).map_err(|error| refused("Get", error))
    }

    async fn number(
        &self,
        path: &OwnedObjectPath,
        interface: &str,
        name: &str,
    ) -> Result<u32, CollectError> {
        let value = property(&self.connection, path.as_str(), interface, name).await?;
        u32::try_from(value).map_err(|error| refused("Get", error))
    }
}
