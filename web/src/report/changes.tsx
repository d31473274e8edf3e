// What changed on the host since the unit started well last, as analysis/src/text has it.

import type { Change, Changes } from '../api/types';
import { HostText } from '../parts/host-text';
import { useNow } from '../parts/use-now';
import { useSay } from '../text/language';
import { ago, moment } from '../text/time';
import { changeText } from './change-words';

/** Lines of a difference that are shown at once. */
const MOST_LINES = 20;

export function ChangesView({ changes }: { changes: Changes }) {
  const say = useSay();
  const now = useNow();
  if (changes.since == null) {
    if (changes.no_good_start == null) return null;
    return <p className="faint">{say(`start-changes-no-start-${changes.no_good_start}`)}</p>;
  }
  const since = { at: moment(changes.since.at), ago: ago(changes.since.at, now, say) };
  if (changes.changes.length === 0) {
    return <p className="faint">{say('start-changes-none', since)}</p>;
  }
  const byDate = changes.changes.some((change) => change.how_known === 'timestamp');
  return (
    <section>
      <h3>{say('start-changes', since)}</h3>
      <ul className="evidence">
        {changes.changes.map((change, index) => (
          <li key={index}>
            <One change={change} />
          </li>
        ))}
      </ul>
      {changes.omitted > 0 && (
        <p className="faint small">{say('start-changes-omitted', { changes: changes.omitted })}</p>
      )}
      {byDate && <p className="faint small">{say('start-changes-by-dates')}</p>}
      <p className="faint small">{say('start-changes-no-cause')}</p>
    </section>
  );
}

function One({ change }: { change: Change }) {
  const say = useSay();
  const { at, diff } = change;
  const text = changeText(change, say);
  const omitted = diff == null ? 0 : diff.lines.length - MOST_LINES + diff.lines_omitted;
  return (
    <>
      {at != null && <time dateTime={at}>{moment(at)}</time>}{' '}
      <HostText>
        {change.concerns_culprit ? say('start-change-blamed', { change: text }) : text}
      </HostText>
      {diff != null && (
        <div className="log">
          {diff.lines.slice(0, MOST_LINES).map((line, index) => (
            <div key={index}>
              <HostText>{line}</HostText>
            </div>
          ))}
          {omitted > 0 && (
            <div className="faint">{say('start-diff-omitted', { lines: omitted })}</div>
          )}
        </div>
      )}
    </>
  );
}
