import { useId } from 'react';

import type { CauseShare, StopCause } from '../api/types';
import { useSay } from '../text/language';
import { PatternDefinition, type Pattern } from './patterns';

/** Failures are warm and what was meant is cool; no two have both colour and pattern in common. */
const LOOKS: Record<StopCause, { pattern: Pattern; tone: string }> = {
  'exit-code': { pattern: 'solid', tone: 'bad' },
  signal: { pattern: 'diagonal', tone: 'bad' },
  'oom-cgroup': { pattern: 'cross', tone: 'bad' },
  'oom-system': { pattern: 'dots', tone: 'bad' },
  watchdog: { pattern: 'solid', tone: 'doubt' },
  timeout: { pattern: 'diagonal', tone: 'doubt' },
  dependency: { pattern: 'cross', tone: 'accent' },
  manual: { pattern: 'solid', tone: 'accent' },
  'package-upgrade': { pattern: 'bars', tone: 'accent' },
  reboot: { pattern: 'diagonal', tone: 'accent' },
  clean: { pattern: 'solid', tone: 'good' },
  unknown: { pattern: 'cross', tone: 'faint' },
};

/** Below this share, in percent, the name would not fit into the segment. */
const NAMED = 14;

/** Why a unit stopped: the causes in proportion, and the same in words below. */
export function CauseStrip({ causes }: { causes: readonly CauseShare[] }) {
  const say = useSay();
  const id = useId();
  const name = (cause: StopCause) => say(`cause-${cause}`);
  let at = 0;
  const segments = causes.map((share) => {
    const from = at;
    at += share.percent;
    return { ...share, from };
  });
  return (
    <figure className="causes">
      <figcaption>{say('web-causes')}</figcaption>
      <div className="strip" aria-hidden="true">
        <svg width="100%" height="30">
          <defs>
            {causes.map(({ cause }) => (
              <PatternDefinition key={cause} id={`${id}-${cause}`} {...LOOKS[cause]} />
            ))}
          </defs>
          {segments.map(({ cause, from, percent }) => (
            <rect
              key={cause}
              x={`${from}%`}
              width={`${percent}%`}
              height="30"
              fill={`url(#${id}-${cause})`}
              className="segment"
            />
          ))}
        </svg>
        {segments
          .filter(({ percent }) => percent >= NAMED)
          .map(({ cause, from, percent }) => (
            <span key={cause} style={{ left: `${from}%`, width: `${percent}%` }}>
              <b>{name(cause)}</b>
            </span>
          ))}
      </div>
      <ul className="legend" role="list">
        {causes.map(({ cause, count, percent }) => (
          <li key={cause}>
            <svg width="14" height="14" aria-hidden="true">
              <rect width="14" height="14" fill={`url(#${id}-${cause})`} />
            </svg>
            {say('web-cause-share', { cause: name(cause), count, percent: percent.toFixed(1) })}
          </li>
        ))}
      </ul>
    </figure>
  );
}
