import type { Attempt, LogFileExcerpt, LogLine } from '../api/types';
import { HostText } from '../parts/host-text';
import { useSay } from '../text/language';
import { moment, preciseClock } from '../text/time';
import { toneOf } from './priority';

/** Warnings, and below them errors: syslog's numbers. */
const WARNING = 4;

/** As journalctl names them. */
const PRIORITIES = ['emerg', 'alert', 'crit', 'err', 'warning'];

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
          <Line key={index} line={line} />
        ))}
      </div>
    </section>
  );
}

/** What the program wrote into files of its own meanwhile. */
export function LogFile({ file }: { file: LogFileExcerpt }) {
  const say = useSay();
  return (
    <section>
      <h3>
        <HostText>{file.path}</HostText>
      </h3>
      {file.lines_omitted > 0 && (
        <p className="faint small">{say('web-log-omitted', { n: file.lines_omitted })}</p>
      )}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="log" role="region" aria-label={file.path} tabIndex={0}>
        {file.lines.map((line, index) => (
          <Line key={index} line={line} />
        ))}
      </div>
    </section>
  );
}

function Line({ line }: { line: LogLine }) {
  const priority = line.priority ?? null;
  return (
    <div className={toneOf(priority)}>
      <time dateTime={line.at} title={moment(line.at)}>
        {preciseClock(line.at)}
      </time>{' '}
      <span className="faint">
        <HostText>{line.pid == null ? line.source : `${line.source}[${line.pid}]`}</HostText>
      </span>{' '}
      {/* Colour never says it alone. */}
      {priority !== null && priority <= WARNING && (
        <span className="priority">{PRIORITIES[priority]} </span>
      )}
      <HostText lines>{line.message}</HostText>
    </div>
  );
}
