import { expect, test } from 'vitest';

import type { HostOrder, StartFailure } from '../api/types';
import { catalogue } from '../text/catalogue';
import { grouped, withOrder } from './groups';
import { commandText, questionText } from './outcome';

const say = catalogue('en');
const at = '2026-11-21T08:00:00Z';

function report(comm: string | null): StartFailure {
  const culprit = {
    is: 'process' as const,
    protocol: 'tcp',
    address: '0.0.0.0:80',
    port: 80,
    comm,
    argv: [],
  };
  return {
    at,
    unit: 'nginx.service',
    verdict: {
      cause: comm === null ? 'healthy' : 'port-in-use',
      certainty: 'measured',
      culprit: comm === null ? null : culprit,
      evidence: [],
      fixes: [],
    },
    findings: [],
    dependencies: [],
    limits: [],
  };
}

function order(host: string, state: Partial<HostOrder>): HostOrder {
  return { order_id: host, agent_id: host, host_name: host, ...state } as HostOrder;
}

const answered = (host: string, comm: string | null) =>
  order(host, {
    state: 'ended',
    at,
    outcome: 'answered',
    report: { analysis: 'diagnose-start-failure', ...report(comm) },
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
  const groups = grouped(orders, say);
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
  expect(questionText({ analysis: 'analyze-ptree', pid: 7, recursive: true })).toBe(
    'analyze ptree 7 --recursive',
  );
  const question = { analysis: 'diagnose-start-failure', unit: 'nginx' } as const;
  expect(commandText(question, ['h1', 'h2'])).toBe(
    'aiops --host h1,h2 diagnose start-failure nginx',
  );
});

test('no shell obeys the name of a host or unit', () => {
  const question = { analysis: 'diagnose-start-failure' as const, unit: 'dev-a\\x2db.service' };
  expect(commandText(question, ["h1';reboot", 'h2'])).toBe(
    `aiops --host 'h1'\\'';reboot,h2' diagnose start-failure 'dev-a\\x2db.service'`,
  );
});
