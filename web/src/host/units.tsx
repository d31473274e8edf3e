import { useMemo, useState } from 'react';
import { Link } from 'wouter';

import * as calls from '../api/calls';
import type { UnitOverview } from '../api/types';
import { DataTable } from '../parts/data-table';
import { HostText } from '../parts/host-text';
import { Ago } from '../parts/moment';
import { ProblemNote } from '../parts/problem-note';
import { SearchField } from '../parts/search-field';
import { Status } from '../parts/status';
import { useLoaded } from '../parts/use-loaded';
import { unitPath } from '../unit/path';
import { useSay } from '../text/language';
import { isFailure } from '../text/stop';
import { matchUnits, toneOfUnit } from './unit-list';

const AGAIN_MS = 5000;

/** The units of a host with their state and their stops, the troubled first. */
export function UnitList({ host }: { host: string }) {
  const say = useSay();
  const units = useLoaded(
    (signal) => calls.units(host, signal),
    host,
    () => AGAIN_MS,
  );
  const [query, setQuery] = useState('');
  const shown = useMemo(() => matchUnits(units.data?.units ?? [], query), [units.data, query]);
  return (
    <>
      <div className="toolbar">
        <SearchField label={say('web-units-search')} value={query} onChange={setQuery} />
      </div>
      <ProblemNote problem={units.problem} />
      {units.data === null && units.problem === null && (
        <p className="empty">{say('web-loading')}</p>
      )}
      {units.data !== null && shown.length === 0 && (
        <p className="empty">{say(query === '' ? 'web-no-units' : 'web-nothing-found')}</p>
      )}
      {shown.length > 0 && <UnitTable host={host} units={shown} />}
    </>
  );
}

function UnitTable({ host, units }: { host: string; units: UnitOverview[] }) {
  const say = useSay();
  return (
    <DataTable
      label={say('web-tab-units')}
      rows={units}
      keyOf={(unit) => unit.unit}
      columns={[
        {
          name: 'unit',
          heading: say('restarts-heading-unit'),
          cell: (unit) => (
            <Link href={unitPath(host, unit.unit)} data-row>
              <HostText>{unit.unit}</HostText>
            </Link>
          ),
        },
        {
          name: 'state',
          heading: say('restarts-heading-now'),
          cell: (unit) => (
            <Status tone={toneOfUnit(unit)}>
              <span>
                {say(`restarts-now-${unit.state}`)}{' '}
                {unit.since != null && (
                  <span className="faint">
                    <Ago at={unit.since} />
                  </span>
                )}
              </span>
            </Status>
          ),
        },
        {
          name: 'stops',
          heading: say('web-heading-stops-24h'),
          right: true,
          cell: (unit) => unit.stops_24h,
        },
        {
          name: 'failures',
          heading: say('web-heading-failures-24h'),
          right: true,
          cell: (unit) => (
            <span className={unit.failures_24h > 0 ? 'bad strong' : undefined}>
              {unit.failures_24h}
            </span>
          ),
        },
        {
          name: 'last',
          heading: say('restarts-heading-last'),
          cell: (unit) => <LastStop unit={unit} />,
        },
      ]}
    />
  );
}

function LastStop({ unit }: { unit: UnitOverview }) {
  const say = useSay();
  if (unit.last_cause == null) return '-';
  return (
    <>
      <span className={isFailure(unit.last_cause) ? 'bad' : undefined}>
        {say(`cause-${unit.last_cause}`)}
      </span>{' '}
      <span className="faint">
        {unit.last_certainty != null && `(${say(`certainty-${unit.last_certainty}`)}) `}
        {unit.last_stop_at != null && <Ago at={unit.last_stop_at} />}
      </span>
    </>
  );
}
