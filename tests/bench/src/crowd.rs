//! A machine with many processes that do nothing.

use std::{
    env, fs,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};

/// As many processes as the arguments say, else `usual`.
pub fn asked(usual: &[usize]) -> Result<Vec<usize>> {
    let asked: Vec<usize> = env::args()
        .skip(1)
        .map(|number| number.parse().context("a number of processes"))
        .collect::<Result<_>>()?;
    Ok(if asked.is_empty() {
        usual.to_vec()
    } else {
        asked
    })
}

/// Children of one shell.
const A_PARENT: usize = 50;

/// How many processes there are.
pub fn processes() -> Result<usize> {
    let is_pid = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let names = fs::read_dir("/proc")?.filter_map(Result::ok);
    Ok(names
        .filter(|entry| entry.file_name().to_str().is_some_and(is_pid))
        .count())
}

/// Processes that sleep until this is dropped: shells, each with children.
pub struct Crowd(Vec<Child>);

impl Crowd {
    pub fn start(number: usize) -> Result<Self> {
        let mut crowd = Self(Vec::new());
        let mut left = number;
        while left > 0 {
            let children = left.saturating_sub(1).min(A_PARENT);
            // Ends with its input: nothing is left if this program is killed.
            let script =
                "for i in $(seq $0); do sleep infinity & done; echo; read x; kill $(jobs -p)";
            let mut shell = Command::new("bash");
            shell.args(["-c", script, &children.to_string()]);
            let shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped());
            crowd.0.push(shell.spawn().context("cannot start bash")?);
            left -= children + 1;
        }
        for shell in &mut crowd.0 {
            let mut out = shell.stdout.take().context("its output is a pipe")?;
            std::io::Read::read_exact(&mut out, &mut [0]).context("a shell did not start")?;
        }
        Ok(crowd)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for shell in &mut self.0 {
            drop(shell.stdin.take());
            // Ended or not, there is nothing more to be done about it.
            let _ = shell.wait();
        }
    }
}
