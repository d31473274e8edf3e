import type { Attempt, LogLine } from '../api/types';
import { HostText } from '../parts/host-text';
import { useSay } from '../text/language';
import { moment, preciseClock } from '../text/time';

/** Priorities up to this are errors, up to the next warnings: syslog's numbers. */
const ERROR = 3;
const WARNING = 4;

/** Log lines of the start that failed. */
export function LogLines({ attempt }: { attempt: Attempt }) {
  const say = useSay();
  if (attempt.log.length === 0) return null;
  return (
    <section>
      <h3>{say('web-log')}</h3>
      {attempt.log_omitted > 0 && (
        <p className="faint small">{say('web-log-omitted', { n: attempt.log_omitted })}</p>
      )}
      {/* Long lines scroll inside, also by the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="log" role="region" aria-label={say('web-log')} tabIndex={0}>
        {attempt.log.map((line, index) => (
          <div key={index} className={toneOf(line)}>
            <time dateTime={line.at} title={moment(line.at)}>
              {preciseClock(line.at)}
            </time>{' '}
            <span className="faint">
              <HostText>{line.pid == null ? line.source : `${line.source}[${line.pid}]`}</HostText>
            </span>{' '}
            <HostText lines>{line.message}</HostText>
          </div>
        ))}
      </div>
    </section>
  );
}

function toneOf({ priority }: LogLine): string | undefined {
  if (priority == null || priority > WARNING) return undefined;
  return priority <= ERROR ? 'bad' : 'doubt';
}
