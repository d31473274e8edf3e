import type { ApiProblem } from '../api/problem';
import { useSay } from '../text/language';
import { HostText } from './host-text';

/** What went wrong, why, and what to do about it. */
export function ProblemNote({ problem }: { problem: ApiProblem | null }) {
  const say = useSay();
  if (problem === null) return null;
  const known = `web-problem-${problem.kind}`;
  const { title, detail, hint } = problem.problem;
  const headline = say.has(known) ? say(known) : title;
  return (
    <div className="note bad" role="alert">
      <strong>
        <HostText>{headline}</HostText>
      </strong>
      {detail != null && detail !== headline && (
        <p>
          <HostText>{detail}</HostText>
        </p>
      )}
      {hint != null && (
        <p>
          {say('web-hint')} <HostText>{hint}</HostText>
        </p>
      )}
    </div>
  );
}
