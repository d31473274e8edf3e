// Hosts with the same answer stand together.

import type { HostOrder } from '../api/types';
import type { Text } from '../text/language';
import { outcomeText, toneOf } from './outcome';
import type { Tone } from '../parts/status';

export interface Group {
  /** What the hosts have in common, in words. */
  verdict: string;
  tone: Tone;
  orders: HostOrder[];
}

const ORDER: readonly Tone[] = ['bad', 'doubt', 'good', 'busy', 'faint'];

/** Groups by what became of the question: problems first, then the larger groups. */
export function grouped(orders: readonly HostOrder[], text: Text): Group[] {
  const groups = new Map<string, Group>();
  for (const order of orders) {
    const verdict = wordsOf(order, text);
    const tone = toneOf(order);
    const known = groups.get(`${tone} ${verdict}`);
    if (known === undefined) groups.set(`${tone} ${verdict}`, { verdict, tone, orders: [order] });
    else known.orders.push(order);
  }
  return [...groups.values()].sort(
    (a, b) => ORDER.indexOf(a.tone) - ORDER.indexOf(b.tone) || b.orders.length - a.orders.length,
  );
}

/** Those that are under way are one group, whatever step each is at. */
function wordsOf(order: HostOrder, text: Text): string {
  return order.state === 'running' ? text.say('order-state-running') : outcomeText(order, text);
}

/** Puts a message of the stream in its place. What the page does not know is passed over. */
export function withOrder(orders: readonly HostOrder[], fresh: HostOrder): HostOrder[] {
  return orders.map((one) =>
    one.order_id === fresh.order_id && one.state !== 'ended' ? fresh : one,
  );
}

export function isOpen(order: HostOrder): boolean {
  return order.state !== 'ended';
}
