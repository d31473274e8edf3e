import { expect, test } from 'vitest';

import { toneOf } from './priority';

test.each([
  [0, 'bad'],
  [3, 'bad'],
  [4, 'doubt'],
  [5, undefined],
  [6, undefined],
  [7, 'faint'],
  [null, undefined],
])('priority %s is shown as %s', (priority, tone) => {
  expect(toneOf(priority)).toBe(tone);
});
