import * as calls from '../api/calls';
import { DataTable } from '../parts/data-table';
import { HostText } from '../parts/host-text';
import { Ago } from '../parts/moment';
import { ProblemNote } from '../parts/problem-note';
import { useAction } from '../parts/use-action';
import { useLoaded } from '../parts/use-loaded';
import { useSay } from '../text/language';

export function OwnSessions() {
  const say = useSay();
  const sessions = useLoaded((signal) => calls.sessions(signal), 'sessions');
  const action = useAction();
  const end = (id: string) =>
    action.run(async () => {
      await calls.endSession(id);
      sessions.reload();
    });
  return (
    <section>
      <h2>{say('web-own-sessions')}</h2>
      <ProblemNote problem={sessions.problem ?? action.problem} />
      <DataTable
        label={say('web-own-sessions')}
        rows={sessions.data?.sessions ?? []}
        keyOf={(one) => one.id}
        columns={[
          {
            name: 'agent',
            heading: say('web-browser'),
            cell: (one) => (
              <>
                <HostText>{one.user_agent}</HostText>{' '}
                {one.current && <span className="chip good">{say('web-this-session')}</span>}
              </>
            ),
          },
          {
            name: 'seen',
            heading: say('web-last-seen'),
            cell: (one) => <Ago at={one.last_seen_at} />,
          },
          { name: 'ends', heading: say('web-ends'), cell: (one) => <Ago at={one.expires_at} /> },
          {
            name: 'do',
            heading: say('web-actions'),
            cell: (one) =>
              !one.current && (
                <button type="button" disabled={action.busy} onClick={() => end(one.id)}>
                  {say('web-end-session')}
                </button>
              ),
          },
        ]}
      />
    </section>
  );
}
