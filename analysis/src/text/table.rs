//! Tables that fit: columns as wide as their cells, the last one wrapped where a width is given.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

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
        self.text.width()
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
/// A last column narrower than this is not worth wrapping: the line runs over instead.
const NARROWEST: usize = 20;

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
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |at| {
            self.rows
                .iter()
                .filter_map(|row| row.get(at))
                .map(Cell::width)
                .max()
        };
        let widths: Vec<usize> = (0..columns).map(|at| widest(at).unwrap_or(0)).collect();
        let indent: usize = widths.iter().rev().skip(1).map(|width| width + GAP).sum();
        let room = width.map(|width| width.saturating_sub(indent).max(NARROWEST));
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                if at + 1 < columns {
                    line.push_str(&cell.render(widths[at], style));
                    line.push_str(&" ".repeat(GAP));
                    continue;
                }
                let pieces = match room {
                    Some(room) if cell.cut => vec![cut(&cell.text, room).into_owned()],
                    _ => wrapped(&cell.text, room.filter(|_| !cell.cut)),
                };
                for (number, piece) in pieces.into_iter().enumerate() {
                    if number > 0 {
                        line.push('\n');
                        line.push_str(&" ".repeat(indent));
                    }
                    let piece = Cell {
                        text: piece,
                        ..cell.clone()
                    };
                    line.push_str(&piece.render(if cell.right { widths[at] } else { 0 }, style));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
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
    let mut pieces = vec![String::new()];
    for word in words(text) {
        let line = pieces.last_mut().expect("there is always a last piece");
        if line.width() + word.trim_end().width() > room && !line.is_empty() {
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

/// Words with the spaces behind them; each wide character is a word.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        let wide = |c: char| ('\u{2e80}'..='\u{ffef}').contains(&c);
        if at > start && ((previous == ' ' && c != ' ') || wide(c) || wide(previous)) {
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
             db-03    7  lost the connection\n            to it\n\
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
    fn wrapping_loses_nothing() {
        let text = "连接在 three heartbeats 之后断开，主机没有回答";
        let pieces = wrapped(text, Some(12));
        assert!(pieces.iter().all(|piece| piece.width() <= 12), "{pieces:?}");
        let joined: String = pieces.concat();
        assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
    }
}
