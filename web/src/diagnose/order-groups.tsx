import { useState } from 'react';
import { Link } from 'wouter';

import type { HostOrder, Inquiry } from '../api/types';
import { hostPath } from '../fleet/hosts';
import { HostText } from '../parts/host-text';
import { Status } from '../parts/status';
import { ReportView } from '../report/report-view';
import { useSay, useText } from '../text/language';
import { grouped, type Group } from './groups';
import { outcomeText, toneOf } from './outcome';

/** The answers of all hosts: one in full, several in groups. */
export function OrderGroups({
  inquiry,
  orders,
}: {
  inquiry: Inquiry;
  orders: readonly HostOrder[];
}) {
  const text = useText();
  const [first] = orders;
  const id = inquiry.inquiry_id;
  if (first === undefined) return null;
  if (orders.length === 1) return <HostPart inquiry={id} order={first} open />;
  return (
    <>
      {grouped(orders, text).map((group) => (
        <GroupPart key={`${group.tone} ${group.verdict}`} inquiry={id} group={group} />
      ))}
    </>
  );
}

function GroupPart({ inquiry, group }: { inquiry: string; group: Group }) {
  const say = useSay();
  return (
    <section className="group">
      <h2>
        <Status tone={group.tone}>
          <HostText>
            {say('inquiry-group', { hosts: group.orders.length, verdict: group.verdict })}
          </HostText>
        </Status>
      </h2>
      {group.orders.map((order) => (
        <HostPart key={order.order_id} inquiry={inquiry} order={order} verdict={group.verdict} />
      ))}
    </section>
  );
}

interface PartProps {
  /** Its id. */
  inquiry: string;
  order: HostOrder;
  open?: boolean;
  /** What stands above it already. */
  verdict?: string;
}

/** One host's part, with its report once it is opened. */
function HostPart({ inquiry, order, open = false, verdict }: PartProps) {
  const { say, language } = useText();
  const text = outcomeText(order, { say, language });
  const [isOpen, setOpen] = useState(open);
  const report = order.state === 'ended' && order.outcome === 'answered' ? order.report : null;
  return (
    <section className="host-part">
      <p className="line">
        {report === null ? null : (
          <button
            type="button"
            className="fold"
            aria-expanded={isOpen}
            aria-label={say('web-report-of', { host: order.host_name })}
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? '▾' : '▸'}
          </button>
        )}
        <Link href={hostPath(order.host_name)}>
          <HostText>{order.host_name}</HostText>
        </Link>
        {text !== verdict && (
          <Status tone={toneOf(order)}>
            <HostText>{text}</HostText>
          </Status>
        )}
        {order.state === 'running' && <OrderProgress order={order} />}
      </p>
      {report !== null && isOpen && <ReportView inquiry={inquiry} order={order} report={report} />}
    </section>
  );
}

function OrderProgress({ order }: { order: HostOrder }) {
  const say = useSay();
  const progress = order.state === 'running' ? order.progress : null;
  const label = say('web-progress-of', { host: order.host_name });
  if (progress == null || progress.of === 0) return <progress aria-label={label} />;
  return <progress aria-label={label} value={progress.done} max={progress.of} />;
}
