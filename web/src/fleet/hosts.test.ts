import { expect, test } from 'vitest';

import type { Host } from '../api/types';
import { catalogue } from '../text/catalogue';
import { filterHosts, notes, sharedNames, sortHosts } from './hosts';

const at = '2026-11-21T08:00:00Z';

function host(name: string, labels: Record<string, string> = {}, away = false): Host {
  const state = away
    ? ({ state: 'offline', since: at, reason: 'lost' } as const)
    : ({ state: 'online', since: at } as const);
  return {
    ...state,
    agent_id: `id-of-${name}`,
    host_name: name,
    labels,
    enrolled_at: at,
    certificate_expires_at: at,
  };
}

const fleet = [
  host('web-10', { role: 'web', zone: 'a' }),
  host('web-9', { role: 'web', zone: 'b' }),
  host('db-1', { role: 'db' }, true),
];
const names = (hosts: Host[]) => hosts.map((one) => one.host_name);

test.each([
  ['', ['web-10', 'web-9', 'db-1']],
  ['WEB', ['web-10', 'web-9']],
  ['role=web zone=b', ['web-9']],
  ['role=d', ['db-1']],
  ['web role=db', []],
  ['id-of-db', ['db-1']],
])('a search for %j finds %j', (query, found) => {
  expect(names(filterHosts(fleet, query, 'all'))).toEqual(found);
});

test('what is away is found by its state', () => {
  expect(names(filterHosts(fleet, '', 'away'))).toEqual(['db-1']);
  expect(names(filterHosts(fleet, '', 'online'))).toEqual(['web-10', 'web-9']);
});

test('numbers in names count', () => {
  expect(names(sortHosts(fleet))).toEqual(['db-1', 'web-9', 'web-10']);
});

test('two hosts with one name are told apart', () => {
  expect([...sharedNames([...fleet, host('db-1')])]).toEqual(['db-1']);
});

test('notes say why a host is away and what is degraded', () => {
  const lost: Host = { ...host('db-2', {}, true), clock_offset_ms: -3_600_000 };
  expect(notes(lost, catalogue('en'))).toEqual(['the connection was lost', 'its clock is 1h off']);
});
