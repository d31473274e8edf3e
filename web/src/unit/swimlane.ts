// Runs of a unit as spans on lanes over time.

import type { Run } from '../api/types';
import { isFailure } from '../text/stop';

/** A lane for each state, the best first. */
export const LANES = ['running', 'starting', 'down', 'failed', 'no-data'] as const;
export type Lane = (typeof LANES)[number];

/** A stretch of time in one state; moments in milliseconds since the epoch. */
export interface Span {
  lane: Lane;
  from: number;
  to: number;
  /** The run that it belongs to, or after whose stop it comes. `null`: before the first. */
  run: Run | null;
}

export interface Period {
  from: number;
  to: number;
  /** Before this nothing is recorded. `null`: not known. */
  recordedSince: number | null;
}

/** What a unit did in a period. Runs may come in any order. */
export function spans(runs: readonly Run[], period: Period): Span[] {
  const sorted = [...runs].sort((a, b) => (began(a) ?? 0) - (began(b) ?? 0));
  const all: Span[] = [];
  let end = period.from;
  let last: Run | null = null;
  for (const run of sorted) {
    const start = began(run) ?? period.recordedSince ?? period.from;
    all.push({ lane: idleLane(last), from: end, to: start, run: last });
    const stopped = moment(run.stopped_at) ?? period.to;
    // A run of which the beginning is not recorded was ready, as far as anybody knows.
    const ready = moment(run.ready_at) ?? (run.started_at == null ? start : stopped);
    all.push({ lane: 'starting', from: start, to: ready, run });
    all.push({ lane: 'running', from: ready, to: stopped, run });
    end = Math.max(end, stopped);
    last = run;
  }
  all.push({ lane: idleLane(last), from: end, to: period.to, run: last });
  return all.map((span) => clipped(span, period)).filter((span) => span.to > span.from);
}

/** What a unit is between `last` and the next run. */
function idleLane(last: Run | null): Lane {
  if (last === null) return 'no-data';
  return last.stop != null && isFailure(last.stop.cause) ? 'failed' : 'down';
}

function began(run: Run): number | null {
  return moment(run.started_at) ?? moment(run.ready_at);
}

function moment(at: string | null | undefined): number | null {
  return at == null ? null : Date.parse(at);
}

function clipped(span: Span, { from, to }: Period): Span {
  return { ...span, from: Math.max(span.from, from), to: Math.min(span.to, to) };
}

/** How much of the period each lane takes, of 1. */
export function shares(all: readonly Span[], period: Period): Record<Lane, number> {
  const sums: Record<Lane, number> = { running: 0, starting: 0, down: 0, failed: 0, 'no-data': 0 };
  const length = Math.max(1, period.to - period.from);
  for (const { lane, from, to } of all) sums[lane] += (to - from) / length;
  return sums;
}

/** Lengths between two marks of the axis. */
const STEPS_MS = [1, 5, 15, 60, 180, 360, 720, 1440, 2880, 7200, 14_400].map((m) => m * 60_000);

/** Moments to mark on the axis: round ones in the reader's time zone, at most `most`. */
export function ticks({ from, to }: Pick<Period, 'from' | 'to'>, most: number): number[] {
  const step = STEPS_MS.find((one) => (to - from) / one <= most) ?? to - from;
  const offset = new Date(to).getTimezoneOffset() * 60_000;
  const first = Math.ceil((from - offset) / step) * step + offset;
  const marks: number[] = [];
  for (let at = first; at <= to; at += step) marks.push(at);
  return marks;
}
