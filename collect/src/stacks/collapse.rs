//! Stacks that are alike, once.

use std::collections::BTreeMap;

use analysis::inspection::Stack;

/// Frames of one report, over all its stacks.
const MOST_FRAMES: usize = 20_000;

/// The stacks of most threads first; with the number of frames that were left out.
pub(super) fn collapsed(stacks: Vec<Stack>) -> (Vec<Stack>, u32) {
    let mut alike: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for stack in stacks {
        alike.entry(stack.frames).or_default().extend(stack.tids);
    }
    let mut stacks: Vec<Stack> = alike
        .into_iter()
        .map(|(frames, mut tids)| {
            tids.sort_unstable();
            Stack { tids, frames }
        })
        .collect();
    // What one thread alone does is the more telling, and the first thread comes first of those.
    stacks.sort_by_key(|stack| (stack.tids.len(), stack.tids.first().copied()));
    let mut room = MOST_FRAMES;
    let mut omitted = 0;
    for stack in &mut stacks {
        let kept = stack.frames.len().min(room);
        omitted += stack.frames.len() - kept;
        stack.frames.truncate(kept);
        room -= kept;
    }
    (stacks, u32::try_from(omitted).unwrap_or(u32::MAX))
}
