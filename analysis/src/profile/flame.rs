//! A flame graph: stacks as boxes upon each other, as wide as the share of samples they are in.

use std::{collections::BTreeMap, fmt::Write as _};

use super::Profile;

const WIDTH: f64 = 1200.0;
const MARGIN: f64 = 10.0;
const ROW: f64 = 17.0;
const HEAD: f64 = 40.0;
/// Narrower ones are not drawn: nobody sees them.
const NARROWEST: f64 = 0.3;
/// Of one letter.
const LETTER: f64 = 6.6;
/// Deeper ones are cut off.
const DEEPEST: usize = 200;

#[derive(Default)]
struct Node<'a> {
    samples: u64,
    callees: BTreeMap<&'a str, Node<'a>>,
}

/// The picture, as SVG. It needs no script: a box's name and share are shown when one points at it.
pub fn svg(profile: &Profile) -> String {
    let mut root = Node::default();
    for stack in &profile.stacks {
        root.samples += stack.samples;
        let mut node = &mut root;
        for frame in stack.stack.split(';').take(DEEPEST) {
            node = node.callees.entry(frame).or_default();
            node.samples += stack.samples;
        }
    }
    let depth = depth(&root);
    #[expect(clippy::cast_precision_loss, reason = "a picture has no such depth")]
    let height = HEAD + ROW * (depth as f64 + 1.0) + MARGIN;
    let title = format!(
        "{} {}, {} samples",
        profile.process.pid, profile.comm, profile.samples
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" font-family=\"monospace\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-size=\"15\">{}</text>\n",
        escaped(&title)
    );
    let all = Place {
        x: MARGIN,
        y: height - MARGIN - ROW,
        width: WIDTH - 2.0 * MARGIN,
    };
    boxes(&mut svg, "all", &root, all, root.samples.max(1));
    svg.push_str("</svg>\n");
    svg
}

fn depth(node: &Node<'_>) -> usize {
    let below = node.callees.values().map(depth).max();
    below.map_or(0, |below| below + 1)
}

#[derive(Clone, Copy)]
struct Place {
    x: f64,
    y: f64,
    width: f64,
}

#[expect(clippy::cast_precision_loss, reason = "shares that are rounded anyway")]
fn boxes(svg: &mut String, name: &str, node: &Node<'_>, place: Place, all: u64) {
    if place.width < NARROWEST {
        return;
    }
    let Place { x, y, width } = place;
    let percent = node.samples as f64 * 100.0 / all as f64;
    let name_escaped = escaped(name);
    let height = ROW - 1.0;
    // Writing to a String cannot fail.
    let _ = write!(
        svg,
        "<g><title>{name_escaped} ({} samples, {percent:.1} %)</title>\
         <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" \
         fill=\"{}\" rx=\"1\"/>",
        node.samples,
        colour(name)
    );
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is short and none below 0"
    )]
    let letters = ((width - 4.0) / LETTER).max(0.0) as usize;
    if letters > 2 {
        let label: String = match name.chars().count() > letters {
            true => name.chars().take(letters - 1).chain(['…']).collect(),
            false => name.to_owned(),
        };
        let (x, y) = (x + 2.0, y + ROW - 5.0);
        let _ = write!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            escaped(&label)
        );
    }
    svg.push_str("</g>\n");
    let mut x = x;
    for (name, callee) in &node.callees {
        let width = width * callee.samples as f64 / node.samples.max(1) as f64;
        let above = Place {
            x,
            y: y - ROW,
            width,
        };
        boxes(svg, name, callee, above, all);
        x += width;
    }
}

/// A warm colour that is the same each time for the same name.
fn colour(name: &str) -> String {
    let hash = name.bytes().fold(5381_u32, |hash, byte| {
        hash.wrapping_mul(33) ^ u32::from(byte)
    });
    let part = |shift: u32, span: u32| (hash >> shift) % span;
    format!(
        "#{:02x}{:02x}{:02x}",
        205 + part(0, 50),
        80 + part(8, 120),
        30 + part(16, 50)
    )
}

/// Text of a host within XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
