import type { UnitOverview } from '../api/types';
import type { Tone } from '../parts/status';
import { isFailure } from '../text/stop';

/** Units whose name holds the words, the troubled first, then by name. */
export function matchUnits(units: readonly UnitOverview[], query: string): UnitOverview[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return units
    .filter((unit) => words.every((word) => unit.unit.toLowerCase().includes(word)))
    .sort((a, b) => trouble(b) - trouble(a) || (a.unit < b.unit ? -1 : 1));
}

function trouble(unit: UnitOverview): number {
  return (isDownByFailure(unit) ? 1_000_000 : 0) + unit.failures_24h * 1000 + unit.stops_24h;
}

function isDownByFailure(unit: UnitOverview): boolean {
  return unit.state === 'down' && unit.last_cause != null && isFailure(unit.last_cause);
}

export function toneOfUnit(unit: UnitOverview): Tone {
  if (isDownByFailure(unit)) return 'bad';
  if (unit.state === 'down') return 'faint';
  return unit.failures_24h > 0 ? 'doubt' : 'good';
}
