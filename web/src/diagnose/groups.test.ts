import { expect, test } from 'vitest';

import type { HostOrder, Summary } from '../api/types';
import { catalogue } from '../text/catalogue';
import { grouped, withOrder } from './groups';
import { commandText } from './outcome';

const text = { say: catalogue('en'), language: 'en' as const };
const at = '2026-11-21T08:00:00Z';

function summary(comm: string | null): Summary {
  return comm === null
    ? { health: 'fine', headline: { en: 'healthy', 'zh-CN': '正常' } }
    : { health: 'problem', headline: { en: `port-in-use by ${comm}` } };
}

function order(host: string, state: Partial<HostOrder>): HostOrder {
  return { order_id: host, agent_id: host, host_name: host, ...state } as HostOrder;
}

const answered = (host: string, comm: string | null) =>
  order(host, {
    state: 'ended',
    at,
    outcome: 'answered',
    summary: summary(comm),
  });

const orders = [
  answered('h1', null),
  answered('h2', 'apache2'),
  answered('h3', 'apache2'),
  order('h4', { state: 'running', since: at, progress: { step: 'reading-unit', done: 0, of: 0 } }),
  order('h5', { state: 'running', since: at, progress: null }),
  order('h6', { state: 'ended', at, outcome: 'offline', since: null, why: null }),
];

test('hosts with the same answer stand together, problems first', () => {
  const groups = grouped(orders, text);
  expect(groups.map((one) => [one.verdict, one.orders.map((o) => o.host_name)])).toEqual([
    ['port-in-use by apache2', ['h2', 'h3']],
    ['offline: the agent has never connected', ['h6']],
    ['healthy', ['h1']],
    ['runs', ['h4', 'h5']],
  ]);
});

test('an end is the end: nothing of the stream changes it', () => {
  const late = order('h2', { state: 'sent' });
  expect(withOrder(orders, late)).toEqual(orders);
  const ended = answered('h4', null);
  expect(withOrder(orders, ended)[3]).toBe(ended);
});

test('a question is shown as one would type it', () => {
  expect(commandText('analyze ptree 7', [])).toBe('aiops analyze ptree 7');
  expect(commandText('diagnose start-failure nginx', ['h1', 'h2'])).toBe(
    'aiops --host h1,h2 diagnose start-failure nginx',
  );
});

test('no shell obeys the name of a host', () => {
  expect(commandText('analyze ptree', ["h1';reboot", 'h2'])).toBe(
    `aiops --host 'h1'\\'';reboot,h2' analyze ptree`,
  );
});
