//! Columns of a table that fit a terminal.

use super::{Cell, GAP};

/// A last column narrower than this is not worth wrapping.
const NARROWEST: usize = 20;
/// A first column is not made narrower than this: what is wider stands on a line of its own.
const FIRST: usize = 10;
/// Nor are the others: what is wider loses its end.
const OTHER: usize = 8;

/// How wide the columns are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fit {
    pub widths: Vec<usize>,
    /// Columns before the last one begins.
    pub indent: usize,
    /// Columns of the last one. `None`: as many as it takes.
    pub room: Option<usize>,
}

impl Fit {
    /// Columns as wide as their cells, unless the table is wider than `width`: then the first gives
    /// way, and after it the widest of the others. Numbers keep their room.
    pub(super) fn of(rows: &[Vec<Cell>], width: Option<usize>) -> Self {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let of_column = |at: usize| rows.iter().filter_map(move |row| row.get(at));
        let widest = |at| of_column(at).map(Cell::width).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns).map(widest).collect();
        if let (Some(width), true) = (width, columns > 1) {
            // A name and its value: a long word runs over rather than to push the names apart.
            let is_list = columns > 2;
            let last = of_column(columns - 1).map(|cell| wanted(cell, is_list));
            let last = last.max().unwrap_or(0);
            let is_number: Vec<bool> = (0..columns)
                .map(|at| of_column(at).any(|cell| cell.right))
                .collect();
            let mut over = (indent(&widths) + last).saturating_sub(width);
            if !is_number[0] {
                over -= narrow(&mut widths[0], FIRST, over);
            }
            while let Some(at) = widest_text(&widths, &is_number).filter(|_| over > 0) {
                widths[at] -= 1;
                over -= 1;
            }
        }
        let indent = indent(&widths);
        let room = width.map(|width| width.saturating_sub(indent).max(OTHER));
        Self {
            widths,
            indent,
            room,
        }
    }
}

/// Columns that a cell of the last column wants: it can be wrapped, but not within a word.
fn wanted(cell: &Cell, whole_words: bool) -> usize {
    let words = super::words(&cell.text).into_iter();
    let word = words.map(|word| super::width(word.trim_end())).max();
    let least = word.filter(|_| whole_words && !cell.cut).unwrap_or(0);
    cell.width().min(NARROWEST.max(least))
}

/// Makes a column narrower by at most `over`, and says by how much.
fn narrow(width: &mut usize, least: usize, over: usize) -> usize {
    let by = width.saturating_sub(least).min(over);
    *width -= by;
    by
}

/// The widest column between the first and the last that can give way.
fn widest_text(widths: &[usize], is_number: &[bool]) -> Option<usize> {
    let between = 1..widths.len().saturating_sub(1);
    between
        .filter(|at| !is_number[*at] && widths[*at] > OTHER)
        .max_by_key(|at| widths[*at])
}

fn indent(widths: &[usize]) -> usize {
    widths.iter().rev().skip(1).map(|width| width + GAP).sum()
}
