import { useEffect, useState } from 'react';
import { Link } from 'wouter';

import * as calls from '../api/calls';
import type { HostOrder, Inquiry } from '../api/types';
import { useMay } from '../login/session';
import { CopyCommand } from '../parts/copy-command';
import { HostText } from '../parts/host-text';
import { MomentAndAgo } from '../parts/moment';
import { ProblemNote } from '../parts/problem-note';
import { useAction } from '../parts/use-action';
import { useLoaded } from '../parts/use-loaded';
import { useStream } from '../parts/use-stream';
import { useTitle } from '../parts/use-title';
import { useSay } from '../text/language';
import { isOpen, withOrder } from './groups';
import { commandText } from './outcome';
import { OrderGroups } from './order-groups';

/** One inquiry: its address can be shared. */
export function InquiryPage({ id }: { id: string }) {
  const say = useSay();
  const loaded = useLoaded((signal) => calls.inquiry(id, signal), id);
  if (loaded.data === null) {
    return loaded.problem === null ? (
      <p className="empty">{say('web-loading')}</p>
    ) : (
      <ProblemNote problem={loaded.problem} />
    );
  }
  return <Watched inquiry={loaded.data} />;
}

function Watched({ inquiry }: { inquiry: Inquiry }) {
  const say = useSay();
  const question = inquiry.command;
  useTitle(question);
  const { orders, problem } = useOrders(inquiry);
  const open = orders.filter(isOpen).length;
  const operator = useMay('operator');
  const action = useAction();
  const names = orders.map((order) => order.host_name);
  return (
    <>
      <header className="page-head">
        <p className="crumbs">
          <Link href="/diagnose">{say('web-diagnose')}</Link>
        </p>
        <h1>
          <HostText>{question}</HostText>
        </h1>
        <p className="faint">
          <HostText>{inquiry.requested_by}</HostText>, <MomentAndAgo at={inquiry.requested_at} />
        </p>
        {open > 0 && operator && (
          <button
            type="button"
            className="push"
            disabled={action.busy}
            onClick={() => action.run(() => calls.cancelInquiry(inquiry.inquiry_id))}
          >
            {say('web-cancel')}
          </button>
        )}
        {open === 0 && operator && (
          <Link className="button push" href={againPath(inquiry, names)}>
            {say('web-ask-again')}
          </Link>
        )}
      </header>
      <ProblemNote problem={action.problem ?? problem} />
      <p className="answers" role="status">
        {open === 0
          ? say('inquiry-answers', { answered: answered(orders), hosts: orders.length })
          : say('inquiry-answers-open', {
              answered: answered(orders),
              hosts: orders.length,
              open,
            })}
      </p>
      {orders.length === 0 && <p className="empty">{say('inquiry-nobody')}</p>}
      <OrderGroups inquiry={inquiry} orders={orders} />
      <section>
        <h2>{say('web-in-a-shell')}</h2>
        <CopyCommand command={commandText(question, names)} />
      </section>
    </>
  );
}

/** The orders as they go on. A stream only where there is something to wait for. */
function useOrders(inquiry: Inquiry) {
  const [orders, setOrders] = useState(inquiry.orders);
  useEffect(() => setOrders(inquiry.orders), [inquiry]);
  const [live] = useState(() => inquiry.orders.some(isOpen));
  const path = live ? calls.inquiryStream(inquiry.inquiry_id) : null;
  const stream = useStream(path, (event, data) => {
    if (event === 'order') {
      const fresh = JSON.parse(data) as HostOrder;
      setOrders((known) => withOrder(known, fresh));
    }
    return event === 'done' ? 'done' : undefined;
  });
  return { orders, problem: stream.problem };
}

function answered(orders: readonly HostOrder[]): number {
  return orders.filter((one) => one.state === 'ended' && one.outcome === 'answered').length;
}

function againPath(inquiry: Inquiry, hosts: readonly string[]): string {
  const parameters = new URLSearchParams({ analysis: inquiry.question.analysis });
  if (inquiry.question.analysis === 'diagnose-start-failure') {
    parameters.set('unit', inquiry.question.unit);
  }
  for (const host of hosts) parameters.append('host', host);
  return `/diagnose?${parameters.toString()}`;
}
