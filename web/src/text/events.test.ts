import { expect, test } from 'vitest';

import type { Event, Fact } from '../api/types';
import { catalogue } from './catalogue';
import { factText, weight } from './events';

const say = catalogue('en');

const crashed: Fact = {
  kind: 'unit-stopped',
  unit: 'nginx.service',
  stop: {
    cause: 'signal',
    certainty: 'measured',
    evidence: [],
    exit: { how: 'signaled', signal: 11, core_dumped: true },
  },
};

test('a stop names cause, signal and certainty', () => {
  expect(factText(crashed, say)).toBe('nginx.service stopped: signal SIGSEGV (core) (measured)');
});

test('a gap says what is missing and why', () => {
  const gap: Fact = {
    kind: 'gap',
    source: 'process',
    reason: 'overflow',
    lost: 12,
    detail: 'ring\u001b buffer',
  };
  expect(factText(gap, say)).toBe(
    'events are missing from process (12 events): buffer overflow, ring\\u{1b} buffer',
  );
});

test('failures and gaps ask to be looked at', () => {
  const event = (fact: Fact): Event => ({
    ...fact,
    at: '2026-11-21T08:00:00Z',
    boot: '0b8d7e6f-1c7f-4e8d-9f8a-2d6b5c4a3b21',
  });
  expect(weight(event(crashed))).toBe('bad');
  expect(weight(event({ kind: 'unit-starting', unit: 'a.service' }))).toBe('plain');
});
