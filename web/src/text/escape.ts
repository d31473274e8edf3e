// What a host says is shown, never obeyed: the same characters as analysis/src/text/escape.rs.

// Control characters, and characters that reorder or hide what stands beside them.
const HARMFUL =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Shows control and invisible characters of one line of text: `\u{1b}` for escape. */
export function oneLine(text: string): string {
  return text.replace(HARMFUL, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** The same for text of several lines, which stay lines. */
export function keepLines(text: string): string {
  return text.split('\n').map(oneLine).join('\n');
}
