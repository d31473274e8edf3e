// Why a unit did not start: the verdict first, then what it rests on, then everything else.

import { Link } from 'wouter';

import type { Finding, StartFailure } from '../api/types';
import { CopyCommand } from '../parts/copy-command';
import { DataTable } from '../parts/data-table';
import { Code, HostText } from '../parts/host-text';
import { Status } from '../parts/status';
import { useSay } from '../text/language';
import { unitPath } from '../unit/path';
import { ChangesView } from './changes';
import { ConfigTests } from './config-tests';
import { Limits } from './limits';
import { LogFile, LogLines } from './log-lines';
import { UnitFacts } from './unit-facts';
import { culpritText, evidenceText, findingText, fixText } from './words';

interface Props {
  report: StartFailure;
  host: string;
}

export function StartFailureView({ report, host }: Props) {
  const say = useSay();
  const others = report.findings.filter((finding) => finding.cause !== report.verdict.cause);
  return (
    <article className="start-failure">
      <h2>
        <Link href={unitPath(host, report.unit)}>
          <HostText>{report.unit}</HostText>
        </Link>{' '}
        {report.asked_as != null && (
          <span className="faint">
            (<HostText>{report.asked_as}</HostText>)
          </span>
        )}
      </h2>
      <Conclusion finding={report.verdict} main />
      {report.state != null && <UnitFacts state={report.state} attempt={report.attempt ?? null} />}
      {report.attempt != null && <LogLines attempt={report.attempt} />}
      {report.log_files?.map((file) => (
        <LogFile key={file.path} file={file} />
      ))}
      <ConfigTests tests={report.config_tests ?? []} />
      {report.changes != null && <ChangesView changes={report.changes} />}
      <Dependencies report={report} />
      {others.length > 0 && (
        <section>
          <h3>{say('web-other-findings')}</h3>
          {others.map((finding) => (
            <Conclusion key={finding.cause} finding={finding} />
          ))}
        </section>
      )}
      <Limits limits={report.limits} />
    </article>
  );
}

/** A cause with who is to blame, what it rests on, and what to do. */
function Conclusion({ finding, main = false }: { finding: Finding; main?: boolean }) {
  const say = useSay();
  const healthy = finding.cause === 'healthy';
  const tone = healthy ? 'good' : finding.cause === 'unknown' ? 'doubt' : 'bad';
  const evidence = finding.evidence.map((one) => evidenceText(one, say));
  return (
    <section className={main ? `verdict ${tone}` : 'finding'}>
      <p className="headline">
        <Status tone={tone}>
          <HostText>{findingText(finding, say)}</HostText>
        </Status>{' '}
        <span className="chip">{say(`certainty-${finding.certainty}`)}</span>
      </p>
      {finding.culprit != null && (
        <p className="culprit">
          <HostText>{culpritText(finding.culprit, say)}</HostText>
        </p>
      )}
      {evidence.length > 0 && (
        <>
          <h3>{say('web-evidence')}</h3>
          <ul className="evidence">
            {evidence.map((text, index) => (
              <li key={index}>
                <Code>{text}</Code>
              </li>
            ))}
          </ul>
        </>
      )}
      {finding.fixes.length > 0 && (
        <>
          <h3>{say('web-fixes')}</h3>
          <ol className="fixes">
            {finding.fixes.map((fix, index) => (
              <li key={index}>
                <p>
                  <HostText>{fixText(fix.what, say)}</HostText>{' '}
                  {main && index === 0 && <span className="chip good">{say('web-quick-fix')}</span>}{' '}
                  {fix.risky && <span className="chip doubt">{say('web-risky')}</span>}
                </p>
                {fix.commands.map((command) => (
                  <CopyCommand key={command} command={command} />
                ))}
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

function Dependencies({ report }: { report: StartFailure }) {
  const say = useSay();
  if (report.dependencies.length === 0) return null;
  return (
    <section>
      <h3>{say('web-dependencies')}</h3>
      <DataTable
        label={say('web-dependencies')}
        rows={report.dependencies}
        keyOf={(one) => `${one.relation}-${one.unit}`}
        columns={[
          {
            name: 'unit',
            heading: say('restarts-heading-unit'),
            cell: (one) => <HostText>{one.unit}</HostText>,
          },
          { name: 'relation', heading: say('web-relation'), cell: (one) => one.relation },
          {
            name: 'state',
            heading: say('web-state'),
            cell: (one) => (
              <Status tone={one.active_state === 'active' ? 'good' : 'bad'}>
                <HostText>
                  {[one.load_state, one.active_state, one.result ?? ''].filter(Boolean).join(' · ')}
                </HostText>
              </Status>
            ),
          },
        ]}
      />
    </section>
  );
}
