import type { CurrentState, RestartReport, UnitRestarts } from '../api/types';
import { Status, type Tone } from '../parts/status';
import { useSay } from '../text/language';
import { length, moment } from '../text/time';

/** What the unit does now. */
export function UnitNow({ report }: { report: RestartReport }) {
  const say = useSay();
  const state = report.units[0]?.state;
  if (state === undefined) return null;
  const since = state.state === 'unknown' ? null : (state.since ?? null);
  const id = state.state === 'unknown' ? 'restarts-state-unknown' : `restarts-${state.state}`;
  return (
    <Status tone={toneOf(state)}>
      <span>
        {say(id)}
        {since !== null &&
          say('restarts-since', {
            since: moment(since),
            length: length(Date.parse(report.until) - Date.parse(since), say),
          })}
      </span>
    </Status>
  );
}

function toneOf(state: CurrentState): Tone {
  if (state.state === 'running') return 'good';
  return state.state === 'down' && state.failed ? 'bad' : 'doubt';
}

/** How often, how long, how soon back. */
export function UnitFigures({ unit }: { unit: UnitRestarts }) {
  const say = useSay();
  const mean = (ms: number | null | undefined, id: string, counted: number) =>
    ms == null ? say('restarts-not-known') : say(id, { length: length(ms, say), counted });
  const rows = [
    [
      'restarts-stops',
      say('restarts-stops-value', {
        stops: unit.stops.length,
        failures: unit.failures,
        restarts: unit.restarts,
        rate: unit.restarts_per_day.toFixed(2),
      }),
    ],
    ['restarts-uptime', mean(unit.mean_uptime_ms, 'restarts-uptime-value', unit.uptimes_counted)],
    ['restarts-mttr', mean(unit.mttr_ms, 'restarts-mttr-value', unit.recoveries_counted)],
  ] as const;
  return (
    <dl className="facts">
      {rows.map(([id, value]) => (
        <div key={id}>
          <dt>{say(id)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
