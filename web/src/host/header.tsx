import { Link } from 'wouter';

import type { Host } from '../api/types';
import { notes, since, toneOf } from '../fleet/hosts';
import { useMay } from '../login/session';
import { HostText } from '../parts/host-text';
import { Ago, StateSince } from '../parts/moment';
import { Status } from '../parts/status';
import { useSay } from '../text/language';

/** Name, state, and what does not work as it should. */
export function HostHeader({ host }: { host: Host }) {
  const say = useSay();
  const remarks = notes(host, say);
  const state = say(`host-state-${host.state}`);
  return (
    <header className="page-head">
      <h1>
        <HostText>{host.host_name}</HostText>
      </h1>
      <Status tone={toneOf(host.state)}>
        {host.state === 'joined' ? (
          <>
            {state} <Ago at={since(host)} />
          </>
        ) : (
          <StateSince state={state} at={since(host)} />
        )}
      </Status>
      <span className="labels">
        {Object.entries(host.labels).map(([key, value]) => (
          <Link key={key} className="label" href={`/?q=${encodeURIComponent(`${key}=${value}`)}`}>
            <HostText>{`${key}=${value}`}</HostText>
          </Link>
        ))}
      </span>
      {useMay('operator') && (
        <Link
          className="button primary push"
          href={`/diagnose?host=${encodeURIComponent(host.host_name)}`}
        >
          {say('web-diagnose')}
        </Link>
      )}
      {remarks.length > 0 && (
        <ul className="remarks">
          {remarks.map((remark) => (
            <li key={remark}>
              <HostText>{remark}</HostText>
            </li>
          ))}
        </ul>
      )}
    </header>
  );
}
