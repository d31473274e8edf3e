//! Tables that fit: columns as wide as their cells, the last one wrapped where a width is given.

mod fit;

use std::borrow::Cow;

use fit::Fit;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Text has at least these columns, in however narrow a terminal.
const NARROWEST: usize = 20;

/// Rows of cells under headings.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<Cell>>,
}

/// A cell: its text, and how it is painted (which takes no room).
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    paint: Option<fn(super::Style, &str) -> String>,
    right: bool,
    cut: bool,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        // One line, whatever a host put into it.
        let text = text.into();
        Self {
            text: super::escape::one_line(&text).into_owned(),
            paint: None,
            right: false,
            cut: false,
        }
    }
}

impl Cell {
    #[must_use]
    pub fn painted(mut self, paint: fn(super::Style, &str) -> String) -> Self {
        self.paint = Some(paint);
        self
    }

    /// For numbers.
    #[must_use]
    pub fn right(mut self) -> Self {
        self.right = true;
        self
    }

    /// In the last column: stays one line, and loses its end if it is too wide.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.cut = true;
        self
    }

    fn width(&self) -> usize {
        width(&self.text)
    }

    fn render(&self, width: usize, style: super::Style) -> String {
        let padding = " ".repeat(width.saturating_sub(self.width()));
        let text = self
            .paint
            .map_or_else(|| self.text.clone(), |paint| paint(style, &self.text));
        if self.right {
            padding + &text
        } else {
            text + &padding
        }
    }
}

/// Space between two columns.
const GAP: usize = 2;

impl Table {
    pub fn with_headings<const N: usize>(headings: [String; N]) -> Self {
        let heading = |text: String| Cell::from(text).painted(super::Style::strong);
        Self {
            rows: vec![headings.into_iter().map(heading).collect()],
        }
    }

    /// A row of headings, where only the running program knows how many columns there are.
    pub fn headings(&mut self, headings: impl Iterator<Item = Cell>) {
        let headings = headings.map(|cell| cell.painted(super::Style::strong));
        self.rows.push(headings.collect());
    }

    /// A row of as many cells as the table has columns.
    pub fn cells(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// The table as lines. `width`: how wide they may be; `None`: as wide as they come (a pipe).
    pub fn render(&self, width: Option<usize>, style: super::Style) -> String {
        let fit = Fit::of(&self.rows, width);
        self.rows.iter().map(|row| line(row, &fit, style)).collect()
    }
}

/// A row, which may take several lines: the last cell is wrapped, and a first one that is wider
/// than its column has a line of its own.
fn line(row: &[Cell], fit: &Fit, style: super::Style) -> String {
    let last = fit.widths.len().saturating_sub(1);
    let mut line = String::new();
    for (at, cell) in row.iter().enumerate() {
        let width = fit.widths[at];
        if at == last {
            line.push_str(&last_cell(cell, fit, style));
        } else if at == 0 && cell.width() > width {
            let whole = Cell {
                text: cut(&cell.text, fit.indent + fit.room.unwrap_or(0)).into_owned(),
                ..cell.clone()
            };
            let blank = " ".repeat(width + GAP);
            line.push_str(&format!("{}\n{blank}", whole.render(0, style)));
        } else {
            let shown = Cell {
                text: cut(&cell.text, width).into_owned(),
                ..cell.clone()
            };
            line.push_str(&shown.render(width, style));
            line.push_str(&" ".repeat(GAP));
        }
    }
    line.trim_end().to_owned() + "\n"
}

fn last_cell(cell: &Cell, fit: &Fit, style: super::Style) -> String {
    let pieces = match fit.room {
        Some(room) if cell.cut => vec![cut(&cell.text, room).into_owned()],
        room => wrapped(&cell.text, room.filter(|_| !cell.cut)),
    };
    let last = fit.widths.len() - 1;
    let width = if cell.right { fit.widths[last] } else { 0 };
    let render = |text| {
        let cell = cell.clone();
        Cell { text, ..cell }.render(width, style)
    };
    let pieces: Vec<String> = pieces.into_iter().map(render).collect();
    pieces.join(&format!("\n{}", " ".repeat(fit.indent)))
}

/// Columns that text takes: a Chinese character takes two.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Text of at most `room` columns: what is too wide ends in an ellipsis.
pub fn cut(text: &str, room: usize) -> Cow<'_, str> {
    if text.width() <= room {
        return Cow::Borrowed(text);
    }
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width <= room
    };
    let kept: String = text.chars().take_while(fits).collect();
    Cow::Owned(kept.trim_end().to_owned() + "…")
}

/// Cuts text at spaces (or, in Chinese, anywhere) so that no piece is wider than `room`.
pub fn wrapped(text: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room else {
        return vec![text.to_owned()];
    };
    wrapped_behind(text, room, room)
}

/// Text that stands behind `head` columns of something, broken so that no line is wider than
/// `width`; the lines below it are indented. Words that are wider than a line are broken too.
pub fn behind(head: usize, text: &str, indent: usize, width: Option<usize>) -> String {
    let Some(width) = width else {
        return text.to_owned();
    };
    let room = width.saturating_sub(indent).max(NARROWEST);
    let pieces = wrapped_behind(text, width.saturating_sub(head), room);
    let pieces: Vec<&str> = pieces
        .iter()
        .flat_map(|piece| broken(piece, room))
        .collect();
    pieces.join(&format!("\n{}", " ".repeat(indent)))
}

/// Pieces of at most `room` columns, wherever that is.
fn broken(text: &str, room: usize) -> Vec<&str> {
    let (mut pieces, mut start, mut columns) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        let wide = c.width().unwrap_or(0);
        if columns + wide > room {
            pieces.push(&text[start..at]);
            (start, columns) = (at, 0);
        }
        columns += wide;
    }
    pieces.push(&text[start..]);
    pieces
}

/// Text behind something on its line: the first piece has `first` columns, the others `room`.
pub fn wrapped_behind(text: &str, first: usize, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for word in words(text) {
        let limit = if pieces.len() == 1 { first } else { room };
        let line = pieces.last_mut().expect("there is always a last piece");
        let is_full = line.width() + word.trim_end().width() > limit;
        // A first piece may stay empty, if the next has more room.
        if is_full && (!line.is_empty() || limit < room) {
            pieces.push(word.to_owned());
        } else {
            line.push_str(word);
        }
    }
    pieces
        .into_iter()
        .map(|piece| piece.trim_end().to_owned())
        .collect()
}

/// Marks that begin no line, and those that end none.
const CLOSING: &str = "，。：；、！？）》」』”";
const OPENING: &str = "（《「『“";

/// Words with the spaces behind them; each wide character is a word, with the marks beside it.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        let wide = |c: char| ('\u{2e80}'..='\u{ffef}').contains(&c);
        let is_bound = CLOSING.contains(c) || OPENING.contains(previous);
        let is_end = (previous == ' ' && c != ' ') || wide(c) || wide(previous);
        if at > start && is_end && !is_bound {
            words.push(&text[start..at]);
            start = at;
        }
        previous = c;
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Style;

    #[test]
    fn columns_line_up_in_both_languages_and_the_last_one_wraps() {
        let mut table = Table::with_headings(["主机".into(), "N".into(), "WHY".into()]);
        table.row([
            "db-03".into(),
            Cell::from("7").right(),
            "lost the connection to it".into(),
        ]);
        table.row([
            "数据库".into(),
            Cell::from("12").right(),
            "\u{1b}[31m".into(),
        ]);
        assert_eq!(
            table.render(Some(30), Style::Plain),
            "主机    N   WHY\n\
             db-03    7  lost the\n            connection to it\n\
             数据库  12  \\u{1b}[31m\n"
        );
        assert!(
            table
                .render(None, Style::Plain)
                .contains("lost the connection to it\n")
        );
    }

    #[test]
    fn what_is_cut_fits_and_says_so() {
        let cases = [
            ("nginx: master", 20, "nginx: master"),
            ("nginx: master", 13, "nginx: master"),
            ("nginx: master", 8, "nginx:…"),
            ("数据库", 6, "数据库"),
            ("数据库", 5, "数据…"),
            ("数据库", 4, "数…"),
        ];
        for (text, room, expected) in cases {
            assert_eq!(cut(text, room), expected);
        }
        let mut table = Table::with_headings(["PID".into(), "COMMAND".into()]);
        table.row(["1".into(), Cell::from("a command line of many words").cut()]);
        let lines = table.render(Some(25), Style::Plain);
        assert_eq!(lines, "PID  COMMAND\n1    a command line of m…\n");
    }

    #[test]
    fn a_table_that_is_too_wide_fits_a_terminal_and_is_whole_in_a_pipe() {
        let mut table = Table::with_headings(["UNIT", "N", "NOW", "LAST STOP"].map(String::from));
        let row = |unit: &str, now: &str, last: &str| {
            let number = Cell::from("7").right();
            [unit.into(), number, now.into(), last.into()]
        };
        table.row(row("db", "running", "signal SIGSEGV, by the kernel"));
        table.row(row("a-unit-with-a-long-name.service", "down", "manual"));
        table.row(row("数据库备份任务", "重新启动中的服务", "退出码 1"));
        let lines = table.render(Some(48), Style::Plain);
        assert!(lines.lines().all(|line| width(line) <= 48), "{lines}");
        insta::assert_snapshot!(lines);
        let narrow = table.render(Some(40), Style::Plain);
        assert!(narrow.lines().all(|line| width(line) <= 40), "{narrow}");
        insta::assert_snapshot!(narrow);
        let pipe = table.render(None, Style::Plain);
        assert!(!pipe.contains('…') && pipe.lines().count() == 4, "{pipe}");
    }

    #[test]
    fn what_stands_behind_something_goes_on_below() {
        let cases = [
            ("one two three", 7, 20, vec!["one two", "three"]),
            ("一二三四五", 4, 6, vec!["一二", "三四五"]),
            ("一二三（四）：五", 6, 8, vec!["一二三", "（四）：", "五"]),
            ("unbreakable words", 5, 12, vec!["", "unbreakable", "words"]),
        ];
        for (text, first, room, expected) in cases {
            assert_eq!(wrapped_behind(text, first, room), expected);
        }
    }

    #[test]
    fn wrapping_loses_nothing() {
        let text = "连接在 three heartbeats 之后断开，主机没有回答";
        let pieces = wrapped(text, Some(12));
        assert!(pieces.iter().all(|piece| piece.width() <= 12), "{pieces:?}");
        let joined: String = pieces.concat();
        assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
    }
}
