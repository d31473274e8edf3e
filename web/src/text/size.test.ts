import { expect, test } from 'vitest';

import { bytes } from './size';

// The cases of analysis/src/text/size.rs.
test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [64 * 2 ** 20, '64 MiB'],
  [4.2 * 2 ** 30, '4.2 GiB'],
  [2 ** 30 - 1, '1.0 GiB'],
])('%d bytes are %s', (size, text) => {
  expect(bytes(size)).toBe(text);
});
