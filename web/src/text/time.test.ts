import { expect, test } from 'vitest';

import { catalogue } from './catalogue';
import { ago, lasting, length } from './time';

const english = catalogue('en');
const chinese = catalogue('zh-CN');

// The cases of analysis/src/text/time.rs.
test.each([
  [0, '0ms', '0 毫秒'],
  [1500, '1.5s', '1.5 秒'],
  [60_000, '1m', '1 分'],
  [135_000, '2m 15s', '2 分 15 秒'],
  [304_200_000, '3d 12h', '3 天 12 小时'],
  [86_460_000, '1d', '1 天'],
])('a length of %d ms has its two largest units', (ms, inEnglish, inChinese) => {
  expect(length(ms, english)).toBe(inEnglish);
  expect(length(ms, chinese)).toBe(inChinese);
});

test('a clock in the future is said', () => {
  const now = Date.parse('2026-11-21T08:00:00Z');
  expect(ago('2026-11-21T07:57:00Z', now, english)).toBe('3m ago');
  expect(ago('2026-11-21T10:00:00Z', now, english)).toBe('in 2h');
  expect(ago('2026-11-21T08:00:00.200Z', now, english)).toBe('just now');
});

test('a state lasts, and is not in the past', () => {
  const now = Date.parse('2026-11-21T08:00:00Z');
  const english = catalogue('en');
  expect(lasting('2026-11-21T07:57:00Z', now, english)).toBe('3m');
  expect(lasting('2026-11-21T08:00:00Z', now, english)).toBe('1s');
  expect(lasting('2026-11-21T09:00:00Z', now, english)).toBe('1s');
});
