import { expect, test } from 'vitest';

import type { UnitOverview } from '../api/types';
import { matchUnits, toneOfUnit } from './unit-list';

const unit = (name: string, more: Partial<UnitOverview> = {}): UnitOverview => ({
  unit: name,
  state: 'running',
  stops_24h: 0,
  failures_24h: 0,
  ...more,
});

const failed = unit('z-failed.service', { state: 'down', last_cause: 'signal' });
const flapping = unit('y-flaps.service', { failures_24h: 3, stops_24h: 3 });
const stopped = unit('b-stopped.service', { state: 'down', last_cause: 'manual' });

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
  expect([failed, flapping, stopped, unit('a')].map(toneOfUnit)).toEqual([
    'bad',
    'doubt',
    'faint',
    'good',
  ]);
});
