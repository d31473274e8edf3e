import { expect, test } from 'vitest';

import { keepLines, oneLine } from './escape';

test.each([
  ['plain, 中文 and é', 'plain, 中文 and é'],
  ['\u001b[2Jgone', '\\u{1b}[2Jgone'],
  ['a\u009b31mb', 'a\\u{9b}31mb'],
  ['x\u202ecod.exe', 'x\\u{202e}cod.exe'],
  ['zero\u200bwidth', 'zero\\u{200b}width'],
  ['two\nlines\tand\rmore', 'two\\nlines\\tand\\u{d}more'],
  ['tag \u{e0001}', 'tag \\u{e0001}'],
])('what would act on a reader is shown: %j', (said, shown) => {
  expect(oneLine(said)).toBe(shown);
});

test('lines stay lines', () => {
  expect(keepLines('two\nlines\u0007')).toBe('two\nlines\\u{7}');
});
