//! What a start waits for that systemd has in its queue.

use analysis::{identity::UnitName, start_failure::facts::StartWait};
use zbus::OwnedObjectPath;

use super::{
    calls::{call, refused},
    manager::{MANAGER_OBJECT, Manager},
    properties::{Properties, number},
    start::UnitRead,
};
use crate::CollectError;

/// One row of `ListJobs`: id, unit, type, state, path of the job, path of the unit.
type ListedJob = (
    u32,
    String,
    String,
    String,
    OwnedObjectPath,
    OwnedObjectPath,
);

/// Units that wait for each other in a row; more are not followed.
const MOST_IN_A_ROW: usize = 8;

impl Manager {
    /// What the queued start of a unit waits for. `None`: no start of it is queued.
    pub(super) async fn waits_for(
        &self,
        read: &UnitRead,
    ) -> Result<Option<StartWait>, CollectError> {
        if !has_queued_job(&read.of_unit) {
            return Ok(None);
        }
        let answer = call(&self.connection, MANAGER_OBJECT, "ListJobs", &()).await?;
        let body = answer.body();
        let jobs: Vec<ListedJob> = body
            .deserialize()
            .map_err(|error| refused("ListJobs", error))?;
        if !jobs
            .iter()
            .any(|job| is_waiting_start(job) && job.1 == read.name.as_str())
        {
            return Ok(None);
        }
        let mut wait = StartWait::default();
        let mut after = read.of_unit.units("After");
        for _ in 0..MOST_IN_A_ROW {
            let Some(job) = first_of(&jobs, &after) else {
                break;
            };
            let Ok(unit) = job.1.parse::<UnitName>() else {
                break;
            };
            let other = self.unit_read(&unit).await?;
            wait = StartWait {
                unit: Some(unit),
                active_state: other.of_unit.text("ActiveState"),
                since: other.of_unit.time("StateChangeTimestamp"),
            };
            if !is_waiting_start(job) {
                break;
            }
            after = other.of_unit.units("After");
        }
        Ok(Some(wait))
    }
}

/// Whether a job of the unit waits; one that runs shows in the unit's state.
fn has_queued_job(unit: &Properties) -> bool {
    let id = unit.fields("Job").first().map_or(0, number);
    id != 0 && matches!(unit.text("ActiveState").as_str(), "inactive" | "failed")
}

fn is_waiting_start((_, _, kind, state, ..): &ListedJob) -> bool {
    kind == "start" && state == "waiting"
}

/// The job of one of these units: one that runs, if there is any.
fn first_of<'a>(jobs: &'a [ListedJob], units: &[UnitName]) -> Option<&'a ListedJob> {
    let is_one = |job: &&ListedJob| units.iter().any(|unit| unit.as_str() == job.1);
    let mut running = jobs.iter().filter(|job| !is_waiting_start(job));
    running.find(is_one).or_else(|| jobs.iter().find(is_one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(unit: &str, state: &str) -> ListedJob {
        let path = || OwnedObjectPath::try_from("/a").unwrap();
        (1, unit.into(), "start".into(), state.into(), path(), path())
    }

    #[test]
    fn who_runs_is_waited_for_before_who_waits() {
        let units = ["a.service", "b.service"].map(|unit| unit.parse().unwrap());
        let jobs = [
            job("a.service", "waiting"),
            job("b.service", "running"),
            job("c.service", "running"),
        ];
        assert_eq!(first_of(&jobs, &units).unwrap().1, "b.service");
        assert_eq!(first_of(&jobs[..1], &units).unwrap().1, "a.service");
        assert!(first_of(&jobs[2..], &units).is_none());
    }
}
