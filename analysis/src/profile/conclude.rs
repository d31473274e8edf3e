//! Shares out of samples.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CollapsedStack, FunctionShare, MOST_FUNCTIONS, MOST_STACK_BYTES, MOST_STACKS, Profile,
};
use crate::{Timestamp, limitation::Limitation, process::ProcessId};

/// What a tool sampled.
#[derive(Clone, Debug)]
pub struct ProfileFacts {
    /// When sampling ended, by the host's clock.
    pub at: Timestamp,
    pub process: ProcessId,
    pub comm: String,
    pub sampled_ms: u64,
    pub tool: Option<String>,
    pub samples_per_s: u32,
    pub cpu_percent: Option<f64>,
    /// Functions, the outermost first, and how often they were found so.
    pub stacks: BTreeMap<Vec<String>, u64>,
    pub limits: Vec<Limitation>,
}

/// Says where the time went.
pub fn profile(facts: ProfileFacts) -> Profile {
    let samples: u64 = facts.stacks.values().sum();
    let functions = functions(&facts.stacks, samples);
    let mut stacks: Vec<CollapsedStack> = facts
        .stacks
        .iter()
        .map(|(frames, samples)| CollapsedStack {
            stack: frames
                .iter()
                .map(|frame| one(frame))
                .collect::<Vec<_>>()
                .join(";"),
            samples: *samples,
        })
        .collect();
    stacks.sort_by_key(|stack| std::cmp::Reverse(stack.samples));
    let mut room = MOST_STACK_BYTES;
    let fits = |stack: &&CollapsedStack| match room.checked_sub(stack.stack.len()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    let kept = stacks.iter().take(MOST_STACKS).take_while(fits).count();
    let omitted = stacks.split_off(kept);
    Profile {
        at: facts.at,
        process: facts.process,
        comm: facts.comm,
        sampled_ms: facts.sampled_ms,
        tool: facts.tool,
        samples_per_s: facts.samples_per_s,
        samples,
        cpu_percent: facts.cpu_percent,
        functions,
        stacks,
        omitted_stacks: u32::try_from(omitted.len()).unwrap_or(u32::MAX),
        omitted_samples: omitted.iter().map(|stack| stack.samples).sum(),
        limits: facts.limits,
    }
}

/// A frame within a collapsed stack, where semicolons part frames.
fn one(frame: &str) -> String {
    frame.replace(';', ":")
}

#[expect(clippy::cast_precision_loss, reason = "shares that are rounded anyway")]
fn functions(stacks: &BTreeMap<Vec<String>, u64>, samples: u64) -> Vec<FunctionShare> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (frames, samples) in stacks {
        // One that calls itself counts once.
        let different: BTreeSet<&str> = frames.iter().map(String::as_str).collect();
        for function in different {
            counts.entry(function).or_default().1 += samples;
        }
        if let Some(innermost) = frames.last() {
            counts.entry(innermost).or_default().0 += samples;
        }
    }
    let percent = |count: u64| count as f64 * 100.0 / samples.max(1) as f64;
    let mut functions: Vec<_> = counts.into_iter().collect();
    functions.sort_by_key(|(_, counts)| std::cmp::Reverse(*counts));
    let functions = functions.into_iter().take(MOST_FUNCTIONS);
    functions
        .map(|(function, (own, total))| FunctionShare {
            function: function.to_owned(),
            self_percent: percent(own),
            total_percent: percent(total),
        })
        .collect()
}
