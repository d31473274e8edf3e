//! Calls of D-Bus, with their deadline and their errors.

use std::{num::NonZeroUsize, path::Path, time::Duration};

use serde::Serialize;
use zbus::{Connection, DynamicType, Message, OwnedVariant, connection::Builder};

use crate::{CollectError, NoSystemd};

/// How long systemd may take for one answer. It is busy for seconds while it reloads.
const CALL_DEADLINE: Duration = Duration::from_secs(5);

pub(super) const SYSTEMD: &str = "org.freedesktop.systemd1";
pub(super) const MANAGER_PATH: &str = "/org/freedesktop/systemd1";
pub(super) const MANAGER: &str = "org.freedesktop.systemd1.Manager";
pub(super) const UNIT: &str = "org.freedesktop.systemd1.Unit";
pub(super) const SERVICE: &str = "org.freedesktop.systemd1.Service";
pub(super) const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Connects to the system bus. `queue` is how many messages may wait to be taken.
pub(super) async fn connect(queue: NonZeroUsize) -> Result<Connection, CollectError> {
    // The test of sd_booted(3).
    if !Path::new("/run/systemd/system").is_dir() {
        return Err(NoSystemd::NotInit.into());
    }
    let build = Builder::system()
        .max_queued(queue)
        .method_timeout(CALL_DEADLINE)
        .build();
    match tokio::time::timeout(CALL_DEADLINE, build).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(NoSystemd::NoBus(Box::new(error)).into()),
        Err(_) => Err(late("the system bus")),
    }
}

pub(super) async fn call<B>(
    connection: &Connection,
    (destination, path, interface): (&str, &str, &str),
    method: &'static str,
    body: &B,
) -> Result<Message, CollectError>
where
    B: Serialize + DynamicType,
{
    connection
        .call_method(Some(destination), path, Some(interface), method, body)
        .await
        .map_err(|error| refused(method, error))
}

pub(super) async fn property(
    connection: &Connection,
    path: &str,
    interface: &str,
    name: &str,
) -> Result<OwnedVariant, CollectError> {
    let object = (SYSTEMD, path, PROPERTIES);
    let answer = call(connection, object, "Get", &(interface, name)).await?;
    let body = answer.body();
    body.deserialize().map_err(|error| refused("Get", error))
}

pub(super) fn refused(call: &'static str, source: zbus::Error) -> CollectError {
    match &source {
        zbus::Error::InputOutput(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            late(call)
        }
        _ => CollectError::Systemd {
            call,
            source: Box::new(source),
        },
    }
}

fn late(what: &str) -> CollectError {
    CollectError::Deadline {
        what: what.to_owned(),
        limit: CALL_DEADLINE,
    }
}
