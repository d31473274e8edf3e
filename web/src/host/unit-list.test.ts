import { expect, test } from 'vitest';

import type { HostRun, StopCause } from '../api/types';
import { matchUnits, overviews, toneOfUnit, type UnitOverview } from './unit-list';

const NOW = Date.parse('2026-01-08T00:00:00Z');

test('a unit is as its newest run, with the stops of a day', () => {
  const run = (unit: string, started: string, end: [string, StopCause] | null): HostRun => ({
    agent_id: 'a',
    unit,
    invocation: started,
    boot: 'b',
    started_at: started,
    ready_at: null,
    start: { why: 'boot' },
    stopped_at: end?.[0] ?? null,
    stop: end === null ? null : { cause: end[1], certainty: 'measured', evidence: [] },
  });
  const runs = [
    run('a', '2026-01-07T12:00:00Z', null),
    run('b', '2026-01-07T11:00:00Z', ['2026-01-07T11:30:00Z', 'manual']),
    run('a', '2026-01-07T10:00:00Z', ['2026-01-07T11:00:00Z', 'signal']),
    run('a', '2026-01-01T10:00:00Z', ['2026-01-02T10:00:00Z', 'signal']),
  ];
  expect(overviews(runs, NOW)).toMatchObject([
    {
      unit: 'a',
      isRunning: true,
      since: '2026-01-07T12:00:00Z',
      last: { cause: 'signal', at: '2026-01-07T11:00:00Z' },
      stops: 1,
      failures: 1,
    },
    { unit: 'b', isRunning: false, since: '2026-01-07T11:30:00Z', stops: 1, failures: 0 },
  ]);
});

const unit = (name: string, more: Partial<UnitOverview> = {}): UnitOverview => ({
  unit: name,
  isRunning: true,
  since: null,
  last: null,
  stops: 0,
  failures: 0,
  ...more,
});
const ended = (cause: StopCause) => ({
  isRunning: false,
  last: { cause, certainty: 'measured' as const, at: '2026-01-07T00:00:00Z' },
});

const failed = unit('z-failed.service', ended('signal'));
const flapping = unit('y-flaps.service', { failures: 3, stops: 3 });
const stopped = unit('b-stopped.service', ended('manual'));

test('the troubled come first', () => {
  const units = [unit('a.service'), stopped, flapping, failed];
  expect(matchUnits(units, '').map((one) => one.unit)).toEqual([
    'z-failed.service',
    'y-flaps.service',
    'a.service',
    'b-stopped.service',
  ]);
  expect(matchUnits(units, 'FLAPS serv')).toEqual([flapping]);
});

test('a unit that was stopped on purpose is not red', () => {
  const tones = [failed, flapping, stopped, unit('a')].map(toneOfUnit);
  expect(tones).toEqual(['bad', 'doubt', 'faint', 'good']);
});
