import type { Event, Fact, StoredEvent } from '../src/api/types';
import { iso, UNITS } from './fleet';

const FACTS: ((n: number) => Fact)[] = [
  (n) => ({ kind: 'unit-started', unit: unitOf(n), start: { why: 'automatic', restarts: 2 } }),
  (n) => ({
    kind: 'process-executed',
    process: { pid: 1000 + n, start_ns: n },
    parent_pid: 1,
    uid: 0,
    comm: 'sh',
    argv: ['sh', '-c', 'echo \u001b[31m <b>hi</b>'],
    argv_truncated: false,
    placement: { cgroup: '/' },
  }),
  (n) => ({
    kind: 'unit-stopped',
    unit: unitOf(n),
    stop: {
      cause: 'signal',
      certainty: 'measured',
      evidence: [],
      exit: { how: 'signaled', signal: 11, core_dumped: true },
    },
  }),
  (n) => ({ kind: 'unit-restart-scheduled', unit: unitOf(n), restarts: n }),
  () => ({
    kind: 'gap',
    source: 'process',
    reason: 'overflow',
    lost: 1200,
    detail: 'ring buffer full',
  }),
  (n) => ({ kind: 'unit-starting', unit: unitOf(n) }),
];

function unitOf(n: number): string {
  return UNITS[n % UNITS.length] ?? 'a.service';
}

/** The `n`-th event of a host, from the beginning of the period that is shown. */
export function storedEvent(n: number, at: number, kinds: string[] | null): StoredEvent | null {
  const fact = FACTS[n % FACTS.length]?.(n);
  if (fact === undefined || (kinds !== null && !kinds.includes(fact.kind))) return null;
  const event: Event = { ...fact, at: iso(at), boot: '0b8d7e6f-1c7f-4e8d-9f8a-2d6b5c4a3b21' };
  return {
    cursor: String(n),
    agent_id: '0b8d7e6f-1c7f-4e8d-9f8a-2d6b5c4a3b21',
    host_name: 'h1',
    epoch: 1,
    seq: n,
    received_at: iso(at),
    event,
  };
}
