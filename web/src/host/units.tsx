import { useMemo, useState } from 'react';
import { Link } from 'wouter';

import * as calls from '../api/calls';
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
import { matchUnits, overviews, toneOfUnit, type UnitOverview } from './unit-list';

const AGAIN_MS = 5000;

/** The units of a host with their state and their stops, the troubled first. */
export function UnitList({ host }: { host: string }) {
  const say = useSay();
  const units = useLoaded(
    async (signal) => {
      const { runs } = await calls.hostRuns(host, signal);
      return { units: overviews(runs, Date.now()), isCut: runs.length === calls.MOST_RUNS };
    },
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
      {units.data?.isCut === true && (
        <p className="note doubt">{say('web-units-cut', { runs: calls.MOST_RUNS })}</p>
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
      className="units"
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
                {say(unit.isRunning ? 'restarts-now-running' : 'restarts-now-down')}{' '}
                {unit.since !== null && (
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
          cell: (unit) => unit.stops,
        },
        {
          name: 'failures',
          heading: say('web-heading-failures-24h'),
          right: true,
          cell: (unit) => (
            <span className={unit.failures > 0 ? 'bad strong' : undefined}>{unit.failures}</span>
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

function LastStop({ unit: { last } }: { unit: UnitOverview }) {
  const say = useSay();
  if (last === null) return '-';
  return (
    <>
      <span className={isFailure(last.cause) ? 'bad' : undefined}>
        {say(`cause-${last.cause}`)}
      </span>{' '}
      <span className="faint">
        ({say(`certainty-${last.certainty}`)}) <Ago at={last.at} />
      </span>
    </>
  );
}
