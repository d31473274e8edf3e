//! py-spy: Python functions rather than those of the interpreter, without stopping it.

use std::time::Duration;

use analysis::profile::ProfileAsked;
use rustix::process::Signal;

use super::{Sampled, Stacks, failed, folder::Folder};
use crate::tool::Tool;

const GRACE: Duration = Duration::from_secs(10);
const MOST_TEXT_BYTES: u64 = 64 << 20;

pub(super) async fn sample(
    asked: &ProfileAsked,
    per_second: u32,
    folder: &Folder,
) -> Result<Sampled, String> {
    let file = folder.file("py-spy.raw");
    let (pid, seconds, rate) = (
        asked.pid.to_string(),
        asked.duration_s.to_string(),
        per_second.to_string(),
    );
    let duration = Duration::from_secs(u64::from(asked.duration_s) + 5);
    let output = Tool::named("py-spy", duration)
        .map_err(|error| failed(&error))?
        .stopped_with(Signal::INT, GRACE)
        .args(["record", "--nonblocking", "--format", "raw", "--pid", &pid])
        .args(["--duration", &seconds, "--rate", &rate, "--output"])
        .args([&file])
        .run()
        .await
        .map_err(|error| failed(&error))?;
    let text = Folder::text(&file, MOST_TEXT_BYTES).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said
            .lines()
            .find(|line| line.to_lowercase().contains("error"));
        format!(
            "py-spy: {}",
            line.unwrap_or("nothing")
                .chars()
                .take(200)
                .collect::<String>()
        )
    })?;
    Ok(Sampled {
        stacks: stacks(&text),
        limits: Vec::new(),
    })
}

/// `main (app.py:7);parse (app.py:42) 17`.
fn stacks(text: &str) -> Stacks {
    let mut stacks = Stacks::new();
    for line in text.lines() {
        let Some((stack, count)) = line.rsplit_once(' ') else {
            continue;
        };
        if let Ok(count) = count.parse::<u64>() {
            let frames = stack.split(';').map(str::to_owned).collect();
            *stacks.entry(frames).or_default() += count;
        }
    }
    stacks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_stacks_with_their_counts() {
        let found = stacks("<module> (app.py:7);parse (app.py:42) 17\nbroken\n");
        let expected = ["<module> (app.py:7)", "parse (app.py:42)"].map(str::to_owned);
        assert_eq!(found, Stacks::from([(expected.to_vec(), 17)]));
    }
}
