import { expect, test } from 'vitest';

import type { StoredEvent } from '../api/types';
import { kindsOf, MOST_EVENTS, withEvents } from './timeline';

const event = (n: number): StoredEvent => ({
  cursor: String(n),
  agent_id: 'a',
  host_name: 'h1',
  epoch: 1,
  seq: n,
  received_at: '2026-11-21T08:00:00Z',
});

test('the newest stands first, and each once', () => {
  const shown = withEvents(withEvents([], [event(1), event(2)]), [event(2), event(3)]);
  expect(shown.map((one) => one.cursor)).toEqual(['3', '2', '1']);
});

test('what a host brings late stands where it happened', () => {
  const at = (n: number, minute: string): StoredEvent => ({
    ...event(n),
    event: { at: `2026-11-21T08:${minute}:00Z`, boot: 'b', kind: 'clock-jumped', by_ms: 1 },
  });
  const shown = withEvents([at(1, '05'), at(2, '04')], [at(3, '01'), at(4, '04'), at(5, '06')]);
  expect(shown.map((one) => one.seq)).toEqual([5, 1, 4, 2, 3]);
});

test('a long stream keeps the newest', () => {
  const many = Array.from({ length: MOST_EVENTS + 5 }, (_, n) => event(n));
  const kept = withEvents([], many);
  expect(kept).toHaveLength(MOST_EVENTS);
  expect(kept[0]?.cursor).toBe(String(MOST_EVENTS + 4));
});

test('gaps are never filtered away', () => {
  expect(kindsOf('trouble')?.split(',')).toContain('gap');
  expect(kindsOf('units')?.split(',')).toContain('gap');
});
