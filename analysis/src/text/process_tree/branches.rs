//! The lines that lead from parents to children.

use crate::process_tree::TreeProcess;

/// Levels that are drawn where there is no terminal. Deeper ones have their number instead.
const LEVELS: u32 = 32;
/// Of the columns of a terminal, one in so many may be a level.
const COLUMNS_A_LEVEL: usize = 8;

/// What stands before each process: `│ ├─ `.
pub(super) fn of(shown: &[&TreeProcess], width: Option<usize>) -> Vec<String> {
    let levels = width.map_or(LEVELS, |width| {
        u32::try_from(width / COLUMNS_A_LEVEL).map_or(LEVELS, |levels| levels.clamp(4, LEVELS))
    });
    // From the last to the first: whether a sibling follows at each level.
    let mut follows: Vec<bool> = Vec::new();
    let mut branches: Vec<String> = shown
        .iter()
        .rev()
        .map(|process| {
            let depth = process.depth as usize;
            follows.resize(depth + 1, false);
            let branch = branch(process.depth, levels, &follows);
            follows[depth] = true;
            branch
        })
        .collect();
    branches.reverse();
    branches
}

fn branch(depth: u32, levels: u32, follows: &[bool]) -> String {
    if depth == 0 {
        return String::new();
    }
    let drawn = depth.min(levels) as usize;
    let mut text: String = follows[1..drawn]
        .iter()
        .map(|follows| if *follows { "│ " } else { "  " })
        .collect();
    if depth > levels {
        text.push_str(&format!("┆ {depth}: "));
    } else if follows[drawn] {
        text.push_str("├─ ");
    } else {
        text.push_str("└─ ");
    }
    text
}
