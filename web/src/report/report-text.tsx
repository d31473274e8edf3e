import * as calls from '../api/calls';
import { ProblemNote } from '../parts/problem-note';
import { useLoaded } from '../parts/use-loaded';
import { useNarrow } from '../parts/use-narrow';
import { keepLines } from '../text/escape';
import { useText } from '../text/language';

/** Columns of the text on a phone, where it can be scrolled, and elsewhere. */
const NARROW = 80;
const WIDE = 120;

interface Props {
  /** Id of the inquiry. */
  inquiry: string;
  /** Id of the host's part. */
  order: string;
}

/** A report as `aiops` prints it. */
export function ReportText({ inquiry, order }: Props) {
  const { say, language } = useText();
  const width = useNarrow() ? NARROW : WIDE;
  const load = (signal: AbortSignal) => calls.reportText(inquiry, order, language, width, signal);
  const text = useLoaded(load, `${order} ${language} ${width}`);
  if (text.problem !== null) return <ProblemNote problem={text.problem} />;
  if (text.data === null) return <p className="empty">{say('web-loading')}</p>;
  return (
    // Long lines scroll inside, also by the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="report-text" role="region" aria-label={say('web-report')} tabIndex={0}>
      <pre>{keepLines(text.data)}</pre>
    </div>
  );
}
