import { useState } from 'react';

import * as calls from '../api/calls';
import type { AuditEntry } from '../api/types';
import { useMay } from '../login/session';
import { CopyCommand } from '../parts/copy-command';
import { DataTable } from '../parts/data-table';
import { Code, HostText } from '../parts/host-text';
import { ProblemNote } from '../parts/problem-note';
import { useAction } from '../parts/use-action';
import { useLoaded } from '../parts/use-loaded';
import { useTitle } from '../parts/use-title';
import { useSay } from '../text/language';
import { moment } from '../text/time';
import { detailText } from './detail';
import { lastEntry } from './head';

/** Entries of a page. */
const PAGE = 100;

export function AuditPage() {
  const say = useSay();
  useTitle(say('web-audit'));
  if (!useMay('admin')) return <p className="note">{say('web-needs-admin')}</p>;
  return (
    <>
      <h1>{say('web-audit')}</h1>
      <Entries />
    </>
  );
}

function Entries() {
  const say = useSay();
  const newest = useLoaded(async (signal) => {
    const isBehind = async (n: number) => (await calls.audit(n, 1, signal)).entries.length > 0;
    const last = await lastEntry(isBehind);
    return last === 0 ? [] : pageUpTo(last, signal);
  }, 'audit');
  const [older, setOlder] = useState<AuditEntry[]>([]);
  const action = useAction();
  const entries = [...(newest.data ?? []), ...older];
  const first = entries.at(-1);
  const head = entries[0];
  return (
    <>
      <p className="faint">{say('web-audit-intro')}</p>
      {head !== undefined && (
        <dl className="facts chain">
          <div>
            <dt>{say('web-audit-head', { n: String(head.n) })}</dt>
            <dd>
              <Code>{head.hash}</Code>
            </dd>
          </div>
        </dl>
      )}
      <p className="toolbar">
        <CopyCommand command="aiops audit verify" />
        <button type="button" onClick={() => (setOlder([]), newest.reload())}>
          {say('web-refresh')}
        </button>
      </p>
      <ProblemNote problem={newest.problem ?? action.problem} />
      {newest.data === null && newest.problem === null && (
        <p className="empty">{say('web-loading')}</p>
      )}
      {entries.length > 0 && <EntryTable entries={entries} />}
      {first !== undefined && first.n > 1 && (
        <button
          type="button"
          disabled={action.busy}
          onClick={() =>
            action.run(async () => {
              const page = await pageUpTo(first.n - 1, undefined);
              setOlder((known) => [...known, ...page]);
            })
          }
        >
          {say('web-older')}
        </button>
      )}
    </>
  );
}

/** The entries up to number `last`, the newest first. */
async function pageUpTo(last: number, signal: AbortSignal | undefined): Promise<AuditEntry[]> {
  const after = Math.max(0, last - PAGE);
  const { entries } = await calls.audit(after, last - after, signal);
  return entries.reverse();
}

function EntryTable({ entries }: { entries: AuditEntry[] }) {
  const say = useSay();
  return (
    <DataTable
      label={say('web-audit')}
      className="audit"
      rows={entries}
      keyOf={(entry) => String(entry.n)}
      columns={[
        { name: 'n', heading: say('web-audit-n'), right: true, cell: (entry) => entry.n },
        {
          name: 'at',
          heading: say('web-audit-at'),
          cell: (entry) => <time dateTime={entry.at}>{moment(entry.at)}</time>,
        },
        {
          name: 'actor',
          heading: say('web-audit-actor'),
          cell: (entry) => <HostText>{entry.actor}</HostText>,
        },
        {
          name: 'action',
          heading: say('web-audit-action'),
          cell: (entry) => <HostText>{entry.action}</HostText>,
        },
        {
          name: 'target',
          heading: say('web-audit-target'),
          cell: (entry) => (entry.target === '' ? null : <HostText>{entry.target}</HostText>),
        },
        {
          name: 'detail',
          heading: say('web-audit-detail'),
          cell: (entry) => <HostText>{detailText(entry.detail, say)}</HostText>,
        },
      ]}
    />
  );
}
