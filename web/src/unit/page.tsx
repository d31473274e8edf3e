import { useState } from 'react';
import { Link } from 'wouter';

import * as calls from '../api/calls';
import type { RestartReport, Run } from '../api/types';
import { hostPath } from '../fleet/hosts';
import { useMay } from '../login/session';
import { CopyCommand } from '../parts/copy-command';
import { HostText } from '../parts/host-text';
import { ProblemNote } from '../parts/problem-note';
import { useLoaded } from '../parts/use-loaded';
import { useTitle } from '../parts/use-title';
import { useSay } from '../text/language';
import { moment } from '../text/time';
import { CauseStrip } from './cause-strip';
import { UnitFigures, UnitNow } from './figures';
import { Ledger } from './ledger';
import { adviceCommand } from './stop-text';
import { Swimlane } from './swimlane-view';

const PERIODS = ['24h', '7d', '30d'] as const;
const AGAIN_MS = 10_000;

interface Known {
  report: RestartReport;
  runs: Run[];
}

export function UnitPage({ host, unit }: { host: string; unit: string }) {
  const say = useSay();
  useTitle(`${unit} · ${host}`);
  const [period, setPeriod] = useState<string>('7d');
  const known = useLoaded(
    async (signal): Promise<Known> => {
      const [report, list] = await Promise.all([
        calls.restarts(host, unit, period, signal),
        calls.runs(host, unit, period, signal),
      ]);
      return { report, runs: list.runs };
    },
    period,
    () => AGAIN_MS,
  );
  const operator = useMay('operator');
  const ask = new URLSearchParams({ analysis: 'diagnose-start-failure', host, unit });
  return (
    <>
      <header className="page-head">
        <p className="crumbs">
          <Link href={hostPath(host)}>
            <HostText>{host}</HostText>
          </Link>
        </p>
        <h1>
          <HostText>{unit}</HostText>
        </h1>
        {known.data !== null && <UnitNow report={known.data.report} />}
        {operator && (
          <Link className="button primary" href={`/diagnose?${ask.toString()}`}>
            {say('web-diagnose-start')}
          </Link>
        )}
        <div className="choice push" role="group" aria-label={say('web-period')}>
          {PERIODS.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === period}
              onClick={() => setPeriod(one)}
            >
              {say(`web-period-${one}`)}
            </button>
          ))}
        </div>
      </header>
      <ProblemNote problem={known.problem} />
      {known.data === null && known.problem === null && (
        <p className="empty">{say('web-loading')}</p>
      )}
      {known.data !== null && <Content {...known.data} />}
    </>
  );
}

function Content({ report, runs }: Known) {
  const say = useSay();
  const [unit] = report.units;
  const period = {
    from: Date.parse(report.since),
    to: Date.parse(report.until),
    recordedSince: report.record_begins_at == null ? null : Date.parse(report.record_begins_at),
  };
  return (
    <>
      <Swimlane runs={runs} period={period} />
      <RecordNotes report={report} />
      {unit !== undefined && <UnitFigures unit={unit} />}
      {unit !== undefined && unit.causes.length > 0 && <CauseStrip causes={unit.causes} />}
      {unit !== undefined && unit.advice.length > 0 && (
        <section className="advice">
          <h2>{say('restarts-advice')}</h2>
          <ul>
            {unit.advice.map((advice) => {
              const command = adviceCommand(advice);
              return (
                <li key={advice.advice}>
                  {say(`restarts-advice-${advice.advice}`)}
                  {command !== null && <CopyCommand command={command} />}
                </li>
              );
            })}
          </ul>
        </section>
      )}
      <h2>{say('web-ledger')}</h2>
      {unit === undefined || unit.stops.length === 0 ? (
        <p className="empty">{say('web-no-stops')}</p>
      ) : (
        <Ledger stops={unit.stops} />
      )}
    </>
  );
}

/** What the record does not hold. */
function RecordNotes({ report }: { report: RestartReport }) {
  const say = useSay();
  if (report.record_begins_at == null && report.gaps.length === 0) return null;
  return (
    <ul className="note doubt">
      {report.record_begins_at != null && (
        <li>{say('restarts-recorded-since', { since: moment(report.record_begins_at) })}</li>
      )}
      {report.gaps.map((gap) => (
        <li key={`${gap.source}-${gap.at}`}>
          <HostText>
            {say('restarts-gap', {
              source: gap.source,
              at: moment(gap.at),
              detail: `${say(`gap-${gap.reason}`)}, ${gap.detail}`,
            })}
          </HostText>
        </li>
      ))}
    </ul>
  );
}
