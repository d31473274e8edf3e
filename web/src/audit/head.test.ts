import { expect, test } from 'vitest';

import { lastEntry } from './head';

test.each([0, 1, 2, 3, 7, 8, 9, 1000, 123_457])('the last of %d entries is found', async (last) => {
  let asked = 0;
  const found = await lastEntry((n) => {
    asked += 1;
    return Promise.resolve(n < last);
  });
  expect(found).toBe(last);
  expect(asked).toBeLessThan(40);
});
