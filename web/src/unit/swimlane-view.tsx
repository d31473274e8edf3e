import { useId } from 'react';

import type { Run } from '../api/types';
import { useNarrow } from '../parts/use-narrow';
import type { Say } from '../text/catalogue';
import { useSay } from '../text/language';
import { stopLine } from '../text/stop';
import { clock, day, length, moment } from '../text/time';
import { PatternDefinition, type Pattern } from './patterns';
import { LANES, shares, spans, ticks, type Lane, type Period, type Span } from './swimlane';

/** Heights in CSS pixels. */
const LANE = 24;
const BAR = 16;
/** A moment is drawn at least this wide, in percent: a crash must not vanish in a week. */
const LEAST = 0.35;
const DAY_MS = 86_400_000;

const LOOKS: Record<Lane, { pattern: Pattern; tone: string }> = {
  running: { pattern: 'solid', tone: 'good' },
  starting: { pattern: 'dots', tone: 'accent' },
  down: { pattern: 'bars', tone: 'faint' },
  failed: { pattern: 'diagonal', tone: 'bad' },
  'no-data': { pattern: 'cross', tone: 'faint' },
};

interface Props {
  runs: readonly Run[];
  period: Period;
}

/** States of a unit over time, a lane each. */
export function Swimlane({ runs, period }: Props) {
  const say = useSay();
  const id = useId();
  const all = spans(runs, period);
  const parts = shares(all, period);
  const marks = ticks(period, useNarrow() ? 3 : 8);
  const long = period.to - period.from > DAY_MS;
  const height = LANES.length * LANE;
  const percent = (at: number) => ((at - period.from) / (period.to - period.from)) * 100;
  return (
    <figure className="swimlane">
      <figcaption>{say('web-states')}</figcaption>
      <div className="lanes">
        <ul className="lane-names" role="list">
          {LANES.map((lane) => (
            <li key={lane}>
              <svg width="14" height="14" aria-hidden="true">
                <rect width="14" height="14" fill={`url(#${id}-${lane})`} />
              </svg>
              <span>{say(`web-lane-${lane}`)}</span>
              <span className="share">{share(parts[lane])}</span>
            </li>
          ))}
        </ul>
        <div className="plot">
          <svg
            width="100%"
            height={height}
            role="img"
            aria-label={LANES.map(
              (lane) => `${say(`web-lane-${lane}`)} ${share(parts[lane])}`,
            ).join(', ')}
          >
            <defs>
              {LANES.map((lane) => (
                <PatternDefinition key={lane} id={`${id}-${lane}`} {...LOOKS[lane]} />
              ))}
            </defs>
            {marks.map((at) => (
              <line
                key={at}
                x1={`${percent(at)}%`}
                x2={`${percent(at)}%`}
                y2={height}
                className="grid"
              />
            ))}
            {all.map((span) => (
              <rect
                key={`${span.lane}-${span.from}`}
                x={`${percent(span.from)}%`}
                y={LANES.indexOf(span.lane) * LANE + (LANE - BAR) / 2}
                width={`${Math.max(LEAST, percent(span.to) - percent(span.from))}%`}
                height={BAR}
                rx={2}
                fill={`url(#${id}-${span.lane})`}
                className={`span ${LOOKS[span.lane].tone}`}
              >
                <title>{spanText(span, say)}</title>
              </rect>
            ))}
          </svg>
          <div className="axis" aria-hidden="true">
            {marks.map((at) => (
              <span key={at} style={{ left: `${percent(at)}%` }}>
                {tickText(at, long)}
              </span>
            ))}
          </div>
        </div>
      </div>
    </figure>
  );
}

function share(part: number): string {
  if (part > 0 && part < 0.0005) return '<0.1 %';
  return `${(part * 100).toFixed(1)} %`;
}

function tickText(at: number, long: boolean): string {
  const date = new Date(at);
  return long ? day(date).slice(5) : clock(date).slice(0, 5);
}

function spanText({ lane, from, to, run }: Span, say: Say): string {
  const time = `${moment(new Date(from).toISOString())} – ${moment(new Date(to).toISOString())}`;
  const text = `${say(`web-lane-${lane}`)}: ${time} (${length(to - from, say)})`;
  const idle = lane === 'down' || lane === 'failed';
  return idle && run?.stop != null ? `${text}\n${stopLine(run.stop, say)}` : text;
}
