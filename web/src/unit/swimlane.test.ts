import { expect, test } from 'vitest';

import type { Run, StopCause } from '../api/types';
import { shares, spans, ticks, type Period } from './swimlane';

const at = (minutes: number) => new Date(minutes * 60_000).toISOString();
const period: Period = { from: 0, to: 100 * 60_000, recordedSince: null };

function run(
  started: number | null,
  ready: number | null,
  stopped: number | null,
  cause: StopCause = 'manual',
): Run {
  return {
    unit: 'a.service',
    invocation: `${started}`,
    boot: 'b',
    started_at: started === null ? null : at(started),
    ready_at: ready === null ? null : at(ready),
    stopped_at: stopped === null ? null : at(stopped),
    stop: stopped === null ? null : { cause, certainty: 'measured', evidence: [] },
    start: { why: 'unknown' },
  };
}

const drawn = (runs: Run[], of = period) =>
  spans(runs, of).map(({ lane, from, to }) => [lane, from / 60_000, to / 60_000]);

test('a run starts, runs and stops, and what follows says why it is down', () => {
  expect(drawn([run(60, 61, null), run(10, 12, 50, 'signal')])).toEqual([
    ['no-data', 0, 10],
    ['starting', 10, 12],
    ['running', 12, 50],
    ['failed', 50, 60],
    ['starting', 60, 61],
    ['running', 61, 100],
  ]);
});

test('a stop on purpose is no failure', () => {
  expect(drawn([run(0, 0, 40)])).toEqual([
    ['running', 0, 40],
    ['down', 40, 100],
  ]);
});

test('a start that failed never ran', () => {
  expect(drawn([run(10, null, 20, 'exit-code')])).toEqual([
    ['no-data', 0, 10],
    ['starting', 10, 20],
    ['failed', 20, 100],
  ]);
});

test('what began before the record ran as far as is known', () => {
  const since = { ...period, recordedSince: 30 * 60_000 };
  expect(drawn([run(null, null, 60)], since)).toEqual([
    ['no-data', 0, 30],
    ['running', 30, 60],
    ['down', 60, 100],
  ]);
});

test('what lies outside of the period is cut off', () => {
  const short = { from: 20 * 60_000, to: 30 * 60_000, recordedSince: null };
  expect(drawn([run(0, 1, null)], short)).toEqual([['running', 20, 30]]);
});

test('nothing known is said to be nothing known', () => {
  expect(drawn([])).toEqual([['no-data', 0, 100]]);
});

test('shares add up to the period', () => {
  const sums = shares(spans([run(0, 0, 25)], period), period);
  expect(sums.running).toBeCloseTo(0.25);
  expect(sums.down).toBeCloseTo(0.75);
});

test('marks of the axis are round and few', () => {
  const day = { from: 0, to: 24 * 3600_000 };
  const marks = ticks(day, 8);
  expect(marks.length).toBeGreaterThan(4);
  expect(marks.length).toBeLessThanOrEqual(9);
  expect(new Date(marks[0] ?? 1).getMinutes()).toBe(0);
});
