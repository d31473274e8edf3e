//! Takes samples, and keeps what is worth it.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use analysis::{black_box::Sample, identity::UnitName};
use chrono::TimeDelta;

use super::{
    Folders, HISTORY_SLOTS, RECENT_SLOTS, files,
    host::HostRecorder,
    ring::{self, Ring},
    sampler::Sampler,
};
use crate::CollectError;

/// Services that are recorded; those that run already come first.
const MOST_UNITS: usize = 500;
const HISTORY_STEP: TimeDelta = TimeDelta::minutes(5);
/// A run of fewer samples tells nothing: a timer would fill the disk with them.
const FEWEST_SAMPLES: usize = 3;
/// Runs that are kept of a unit, and units of which something is kept. Many have names that never
/// come again: `run-r1a2b.service`.
const MOST_ENDED: usize = 3;
const MOST_ENDED_UNITS: usize = 200;
const MOST_HISTORIES: usize = 1000;
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);
/// What nobody wrote for so long belongs to a unit that is no more.
const FORGET_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Fills the black box.
pub struct Recorder {
    folders: Folders,
    sampler: Sampler,
    host: HostRecorder,
    units: BTreeMap<UnitName, Recorded>,
    forgot_at: Instant,
}

struct Recorded {
    recent: Ring<Sample>,
    /// `None`: of this run there is one sample, which a task that ends at once leaves as well.
    history: Option<Ring<Sample>>,
    run: u64,
    noted: Sample,
}

impl Recorder {
    /// Makes the folders, which only their owner can read, and forgets what is too old.
    ///
    /// # Errors
    ///
    /// [`CollectError::Read`] if there can be no such folder.
    pub fn open(folders: Folders) -> Result<Self, CollectError> {
        for folder in [
            folders.recent.clone(),
            folders.kept.join("history"),
            folders.kept.join("ended"),
        ] {
            let made = DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder);
            made.map_err(|source| CollectError::Read {
                path: folder,
                source,
            })?;
        }
        forget(&folders);
        Ok(Self {
            host: HostRecorder::open(&folders)?,
            folders,
            sampler: Sampler::new(),
            units: BTreeMap::new(),
            forgot_at: Instant::now(),
        })
    }

    /// Takes a sample of every service, and keeps the last minutes of those that ended. Gives how
    /// many are recorded.
    ///
    /// # Errors
    ///
    /// [`CollectError::Read`] if the processes cannot be listed. A ring that cannot be written is
    /// tried again at the next pass.
    pub fn pass(&mut self) -> Result<usize, CollectError> {
        self.host.pass();
        if self.forgot_at.elapsed() >= FORGET_EVERY {
            forget(&self.folders);
            self.forgot_at = Instant::now();
        }
        let samples: BTreeMap<UnitName, Sample> = self.sampler.pass()?.into_iter().collect();
        let gone: Vec<UnitName> = self
            .units
            .keys()
            .filter(|unit| !samples.contains_key(*unit))
            .cloned()
            .collect();
        for unit in gone {
            self.units.remove(&unit);
            self.keep_ended(&unit);
        }
        for (unit, sample) in samples {
            if self.units.len() >= MOST_UNITS && !self.units.contains_key(&unit) {
                continue;
            }
            // Without a place to write there is no black box, but the agent goes on.
            if self.record(&unit, sample).is_err() {
                self.units.remove(&unit);
            }
        }
        Ok(self.units.len())
    }

    fn record(&mut self, unit: &UnitName, sample: Sample) -> io::Result<()> {
        let goes_on = |known: &Recorded| known.run == sample.run;
        if !self.units.get(unit).is_some_and(goes_on) {
            return self.begin(unit, sample);
        }
        let Some(recorded) = self.units.get_mut(unit) else {
            return Ok(());
        };
        recorded.recent.push(&sample)?;
        let history = match &mut recorded.history {
            Some(history) => history,
            None => {
                let path = self.folders.history_ring(unit);
                let mut history = Ring::open(&path, HISTORY_SLOTS)?;
                history.push(&recorded.noted)?;
                recorded.history.insert(history)
            }
        };
        if sample.at - recorded.noted.at >= HISTORY_STEP || sample.at < recorded.noted.at {
            history.push(&sample)?;
            recorded.noted = sample;
        }
        Ok(())
    }

    /// Begins a run. What the ring has of another one is kept apart, also if that ended while the
    /// agent did not run.
    fn begin(&mut self, unit: &UnitName, sample: Sample) -> io::Result<()> {
        let path = self.folders.recent_ring(unit);
        let before: Vec<Sample> = ring::read(&path);
        if before.last().is_some_and(|last| last.run != sample.run) {
            self.keep_ended(unit);
        }
        let mut recorded = Recorded {
            recent: Ring::open(&path, RECENT_SLOTS)?,
            history: None,
            run: sample.run,
            noted: sample,
        };
        recorded.recent.push(&sample)?;
        self.units.insert(unit.clone(), recorded);
        Ok(())
    }

    /// Moves the last minutes of a run that is over to the disk.
    fn keep_ended(&self, unit: &UnitName) {
        let recent = self.folders.recent_ring(unit);
        let samples: Vec<Sample> = ring::read(&recent);
        if let Some(last) = samples.last()
            && samples.len() >= FEWEST_SAMPLES
        {
            let folder = self.folders.ended(unit);
            let name = last.at.timestamp_millis().to_string();
            let made = DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder);
            // A disk that is full keeps nothing: what matters is that the agent goes on.
            let _ = made.and_then(|()| fs::copy(&recent, folder.join(name)));
            keep_newest(files(&folder), MOST_ENDED);
        }
        let _ = fs::remove_file(&recent);
    }
}

fn forget(folders: &Folders) {
    let is_old = |path: &PathBuf| {
        let age = written(path).and_then(|time| time.elapsed().ok());
        age.is_some_and(|age| age > FORGET_AFTER)
    };
    for (folder, most) in [("history", MOST_HISTORIES), ("ended", MOST_ENDED_UNITS)] {
        let entries = fs::read_dir(folders.kept.join(folder));
        let entries = entries.into_iter().flatten().flatten();
        let mut kept: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        kept.sort_by_cached_key(|path| written(path));
        let too_many = kept.len().saturating_sub(most);
        for (number, path) in kept.iter().enumerate() {
            if number < too_many || is_old(path) {
                let _ = match folder {
                    "history" => fs::remove_file(path),
                    _ => fs::remove_dir_all(path),
                };
            }
        }
    }
}

fn written(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).ok()?.modified().ok()
}

fn keep_newest(mut paths: Vec<PathBuf>, most: usize) {
    // Names are times: of one length for the next 200 years.
    paths.sort();
    let too_many = paths.len().saturating_sub(most);
    for path in paths.iter().take(too_many) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use analysis::Timestamp;

    use super::*;

    fn unit() -> UnitName {
        "a.service".parse().unwrap()
    }

    fn sample(second: i64, run: u64) -> Sample {
        Sample {
            at: Timestamp::from_timestamp(1_790_000_000 + second, 0).unwrap(),
            since_boot_ms: 0,
            run,
            processes: 1,
            threads: 1,
            rss_bytes: 4096,
            memory_bytes: None,
            memory_limit_bytes: None,
            cpu_percent_hundredths: 0,
            main_pid: None,
            open_files: None,
        }
    }

    fn folders(root: &Path) -> Folders {
        Folders {
            recent: root.join("run"),
            kept: root.join("kept"),
        }
    }

    #[test]
    fn the_last_minutes_of_each_of_the_last_runs_are_kept() {
        let root = tempfile::tempdir().unwrap();
        let folders = folders(root.path());
        let mut recorder = Recorder::open(folders.clone()).unwrap();
        for run in 0..5 {
            for second in 0..4 {
                let at = i64::try_from(run).unwrap() * 100 + second;
                recorder.record(&unit(), sample(at, run)).unwrap();
            }
        }
        let recording = folders.recording(&unit());
        let runs = |samples: &[Sample]| samples.iter().map(|one| one.run).collect::<Vec<_>>();
        assert_eq!(runs(&recording.recent), [4; 4]);
        let ended: Vec<_> = recording
            .ended
            .iter()
            .map(|samples| runs(samples))
            .collect();
        assert_eq!(ended, [[3; 4], [2; 4], [1; 4]]);
    }

    #[test]
    fn a_run_that_ended_while_no_agent_ran_is_kept_and_a_short_one_is_not() {
        let root = tempfile::tempdir().unwrap();
        let folders = folders(root.path());
        let mut recorder = Recorder::open(folders.clone()).unwrap();
        for second in 0..4 {
            recorder.record(&unit(), sample(second, 1)).unwrap();
        }
        let mut recorder = Recorder::open(folders.clone()).unwrap();
        recorder.record(&unit(), sample(100, 2)).unwrap();
        recorder.record(&unit(), sample(200, 3)).unwrap();
        let recording = folders.recording(&unit());
        assert_eq!(recording.recent, [sample(200, 3)]);
        assert_eq!(recording.ended.len(), 1, "{recording:?}");
        assert_eq!(recording.ended[0].last(), Some(&sample(3, 1)));
    }

    #[test]
    fn what_ended_at_once_has_no_history_and_of_too_many_the_oldest_are_forgotten() {
        let root = tempfile::tempdir().unwrap();
        let folders = folders(root.path());
        let mut recorder = Recorder::open(folders.clone()).unwrap();
        recorder.record(&unit(), sample(0, 1)).unwrap();
        assert!(!folders.history_ring(&unit()).exists());
        let kept = root.path().join("kept/history");
        let name = |number: usize| kept.join(format!("run-{number}.service"));
        let now = SystemTime::now();
        for number in 0..MOST_HISTORIES + 5 {
            let file = fs::File::create(name(number)).unwrap();
            let age = Duration::from_secs(10_000 - number as u64);
            file.set_modified(now - age).unwrap();
        }
        forget(&folders);
        let left = [4, 5, MOST_HISTORIES + 4].map(|number| name(number).exists());
        assert_eq!(left, [false, true, true]);
    }

    #[test]
    fn the_history_has_a_sample_each_five_minutes() {
        let root = tempfile::tempdir().unwrap();
        let folders = folders(root.path());
        let mut recorder = Recorder::open(folders.clone()).unwrap();
        for step in 0..=180 {
            recorder.record(&unit(), sample(step * 5, 1)).unwrap();
        }
        let recording = folders.recording(&unit());
        let times: Vec<_> = recording.history.iter().map(|one| one.at).collect();
        let expected = [0, 300, 600, 900].map(|second| sample(second, 1).at);
        assert_eq!(times, expected);
        assert_eq!(recording.recent.len(), 120);
    }
}
