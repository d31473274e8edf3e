// Which events are shown, and how many are kept.

import type { StoredEvent } from '../api/types';

/** Events that the page keeps; older ones are dropped, and the list says so. */
export const MOST_EVENTS = 1000;

export const EVENT_FILTERS = ['units', 'trouble', 'all'] as const;
export type EventFilter = (typeof EVENT_FILTERS)[number];

const ALWAYS = ['gap', 'host-booted', 'clock-jumped', 'agent-started', 'source-started'];
const TROUBLE = [
  'unit-stopped',
  'unit-cause-revised',
  'unit-start-failed',
  'oom-killed',
  'process-faulted',
];
const UNITS = [
  ...TROUBLE,
  'unit-starting',
  'unit-started',
  'unit-stopping',
  'unit-restart-scheduled',
  'unit-requested',
];

/** For the `kind` parameter of the stream. `undefined`: all. Gaps are never filtered away. */
export function kindsOf(filter: EventFilter): string | undefined {
  if (filter === 'all') return undefined;
  return [...(filter === 'units' ? UNITS : TROUBLE), ...ALWAYS].join(',');
}

/** When it happened, by the host's clock; of one that cannot be read, when it came. */
function happened({ event, received_at: received }: StoredEvent): number {
  return Date.parse(event?.at ?? received);
}

/** The newest first, each once; those of one moment as they came. */
export function withEvents(
  events: readonly StoredEvent[],
  fresh: readonly StoredEvent[],
): StoredEvent[] {
  const seen = new Set(events.map((one) => one.cursor));
  const added = fresh.filter((one) => !seen.has(one.cursor)).reverse();
  return [...added, ...events]
    .sort((one, other) => happened(other) - happened(one))
    .slice(0, MOST_EVENTS);
}
