import { useState } from 'react';
import { Link } from 'wouter';

import * as calls from '../api/calls';
import type { InquirySummary } from '../api/types';
import { DataTable } from '../parts/data-table';
import { HostText } from '../parts/host-text';
import { Ago } from '../parts/moment';
import { ProblemNote } from '../parts/problem-note';
import { useAction } from '../parts/use-action';
import { useLoaded } from '../parts/use-loaded';
import { useSay } from '../text/language';

const AGAIN_MS = 5000;

/** The questions of late, the newest first. */
export function InquiryList() {
  const say = useSay();
  const newest = useLoaded(
    (signal) => calls.inquiries(undefined, signal),
    'newest',
    () => AGAIN_MS,
  );
  const [older, setOlder] = useState<InquirySummary[]>([]);
  const [before, setBefore] = useState<string | null | undefined>(undefined);
  const action = useAction();
  const next = before === undefined ? (newest.data?.next ?? null) : before;
  const more = (from: string) =>
    action.run(async () => {
      const page = await calls.inquiries(from, undefined);
      setOlder((known) => [...known, ...page.inquiries]);
      setBefore(page.next ?? null);
    });
  const rows = merged(newest.data?.inquiries ?? [], older);
  return (
    <section>
      <h2>{say('web-inquiries')}</h2>
      <ProblemNote problem={newest.problem ?? action.problem} />
      {newest.data !== null && rows.length === 0 && <p className="empty">{say('inquiry-none')}</p>}
      {rows.length > 0 && <InquiryTable rows={rows} />}
      {next !== null && (
        <button type="button" disabled={action.busy} onClick={() => more(next)}>
          {say('web-older')}
        </button>
      )}
    </section>
  );
}

/** The first page moves on while older ones stay. */
function merged(newest: InquirySummary[], older: InquirySummary[]): InquirySummary[] {
  const known = new Set(newest.map((one) => one.inquiry_id));
  return [...newest, ...older.filter((one) => !known.has(one.inquiry_id))];
}

function InquiryTable({ rows }: { rows: InquirySummary[] }) {
  const say = useSay();
  return (
    <DataTable
      label={say('web-inquiries')}
      rows={rows}
      keyOf={(one) => one.inquiry_id}
      columns={[
        {
          name: 'question',
          heading: say('inquiry-heading-question'),
          cell: (one) => (
            <Link href={`/diagnose/${one.inquiry_id}`} data-row>
              <HostText>{one.command}</HostText>
            </Link>
          ),
        },
        {
          name: 'when',
          heading: say('inquiry-heading-when'),
          cell: (one) => <Ago at={one.requested_at} />,
        },
        {
          name: 'who',
          heading: say('inquiry-heading-who'),
          cell: (one) => <HostText>{one.requested_by}</HostText>,
        },
        {
          name: 'answers',
          heading: say('inquiry-heading-answers'),
          cell: (one) =>
            say(one.ended === one.hosts ? 'inquiry-answers' : 'inquiry-answers-open', {
              answered: one.answered,
              hosts: one.hosts,
              open: one.hosts - one.ended,
            }),
        },
      ]}
    />
  );
}
