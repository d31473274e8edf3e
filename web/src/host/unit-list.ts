// The units of a host, from its ledger of runs.

import type { Certainty, HostRun, StopCause } from '../api/types';
import type { Tone } from '../parts/status';
import { isFailure } from '../text/stop';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface UnitOverview {
  unit: string;
  isRunning: boolean;
  /** Since when it is so. `null`: since before anything was recorded. */
  since: string | null;
  last: { cause: StopCause; certainty: Certainty; at: string } | null;
  /** Of the last 24 hours. */
  stops: number;
  failures: number;
}

/** One entry per unit; `runs` are the newest first. */
export function overviews(runs: readonly HostRun[], now: number): UnitOverview[] {
  const units = new Map<string, UnitOverview>();
  for (const run of runs) {
    const unit = units.get(run.unit) ?? begun(run);
    units.set(run.unit, unit);
    if (run.stopped_at == null || run.stop == null) continue;
    unit.last ??= { ...run.stop, at: run.stopped_at };
    if (now - Date.parse(run.stopped_at) > DAY_MS) continue;
    unit.stops += 1;
    if (isFailure(run.stop.cause)) unit.failures += 1;
  }
  return [...units.values()];
}

/** A unit as its newest run leaves it. */
function begun({ unit, started_at, ready_at, stopped_at }: HostRun): UnitOverview {
  const isRunning = stopped_at == null;
  const since = isRunning ? (ready_at ?? started_at ?? null) : stopped_at;
  return { unit, isRunning, since, last: null, stops: 0, failures: 0 };
}

/** Units whose name holds the words, the troubled first, then by name. */
export function matchUnits(units: readonly UnitOverview[], query: string): UnitOverview[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return units
    .filter((unit) => words.every((word) => unit.unit.toLowerCase().includes(word)))
    .sort((a, b) => trouble(b) - trouble(a) || (a.unit < b.unit ? -1 : 1));
}

function trouble(unit: UnitOverview): number {
  return (isDownByFailure(unit) ? 1_000_000 : 0) + unit.failures * 1000 + unit.stops;
}

function isDownByFailure(unit: UnitOverview): boolean {
  return !unit.isRunning && unit.last !== null && isFailure(unit.last.cause);
}

export function toneOfUnit(unit: UnitOverview): Tone {
  if (isDownByFailure(unit)) return 'bad';
  if (!unit.isRunning) return 'faint';
  return unit.failures > 0 ? 'doubt' : 'good';
}
