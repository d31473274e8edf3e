import type { StopRow } from '../api/types';
import { DataTable } from '../parts/data-table';
import { HostText } from '../parts/host-text';
import { useSay } from '../text/language';
import { isFailure } from '../text/stop';
import { length, moment } from '../text/time';
import { stopDetails } from './stop-text';

/** The stops of a unit, the newest first. */
export function Ledger({ stops }: { stops: readonly StopRow[] }) {
  const say = useSay();
  return (
    <DataTable
      label={say('web-ledger')}
      rows={stops}
      keyOf={(row) => row.invocation}
      columns={[
        {
          name: 'stopped',
          heading: say('restarts-heading-stopped'),
          cell: (row) => <time dateTime={row.stopped_at}>{moment(row.stopped_at)}</time>,
        },
        {
          name: 'cause',
          heading: say('restarts-heading-cause'),
          cell: (row) => (
            <span className={isFailure(row.cause) ? 'bad strong' : undefined}>
              {say(`cause-${row.cause}`)}
            </span>
          ),
        },
        {
          name: 'sure',
          heading: say('restarts-heading-sure'),
          cell: (row) => say(`certainty-${row.certainty}`),
        },
        {
          name: 'back',
          heading: say('restarts-heading-back'),
          right: true,
          cell: (row) =>
            row.recovery_ms == null ? (
              <span className="doubt">{say('restarts-still-down')}</span>
            ) : (
              length(row.recovery_ms, say)
            ),
        },
        {
          name: 'detail',
          heading: say('restarts-heading-detail'),
          cell: (row) => <HostText>{stopDetails(row, say).join('; ')}</HostText>,
        },
      ]}
    />
  );
}
