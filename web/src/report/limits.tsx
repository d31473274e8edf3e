import type { Limitation } from '../api/types';
import { HostText } from '../parts/host-text';
import { useSay } from '../text/language';
import { limitText } from './words';

/** What a report does without, and why. */
export function Limits({ limits }: { limits: readonly Limitation[] }) {
  const say = useSay();
  if (limits.length === 0) return null;
  return (
    <ul className="note doubt">
      {limits.map((limit) => (
        <li key={`${limit.what}-${limit.why}`}>
          <HostText>{limitText(limit, say)}</HostText>
        </li>
      ))}
    </ul>
  );
}
