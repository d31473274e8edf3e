// Hosts: which are meant, what state they are in, and what does not work as it should.

import type { Capability, Host, OfflineReason } from '../api/types';
import type { Tone } from '../parts/status';
import type { Say } from '../text/catalogue';
import { length } from '../text/time';

/** A clock further off than this is worth a word. */
const CLOCK_TOLERANCE_MS = 2000;
/** A certificate renews itself at half of its seven days; less than this means that it does not. */
const CERTIFICATE_LATE_MS = 2 * 24 * 60 * 60 * 1000;

export const STATE_FILTERS = ['all', 'online', 'away', 'noted'] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];

/** Those whose name, id or address holds each word, and that have each `label=value`. */
export function filterHosts(hosts: readonly Host[], query: string, state: StateFilter): Host[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return hosts.filter((host) => isIn(host, state) && words.every((word) => matches(host, word)));
}

/** How many each filter would show. */
export function countStates(hosts: readonly Host[], query: string): Record<StateFilter, number> {
  const found = filterHosts(hosts, query, 'all');
  const count = (state: StateFilter) => found.filter((host) => isIn(host, state)).length;
  return {
    all: found.length,
    online: count('online'),
    away: count('away'),
    noted: count('noted'),
  };
}

function isIn(host: Host, state: StateFilter): boolean {
  switch (state) {
    case 'all':
      return true;
    case 'online':
      return host.state === 'online';
    case 'away':
      return host.state !== 'online';
    case 'noted':
      return host.state !== 'online' || isNoted(host);
  }
}

function matches(host: Host, word: string): boolean {
  const [label, value] = word.split('=', 2);
  if (value !== undefined) {
    return Object.entries(host.labels).some(
      ([key, given]) => key.toLowerCase() === label && given.toLowerCase().startsWith(value),
    );
  }
  return (
    host.host_name.toLowerCase().includes(word) ||
    host.agent_id.startsWith(word) ||
    (host.facts?.addresses.some((address) => address.startsWith(word)) ?? false)
  );
}

/** By name, as people count: `web-9` before `web-10`. */
export function sortHosts(hosts: readonly Host[]): Host[] {
  const order = new Intl.Collator('en', { numeric: true });
  return [...hosts].sort((a, b) => order.compare(a.host_name, b.host_name));
}

/** Names that two hosts have: only their ids name them. */
export function sharedNames(hosts: readonly Host[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { host_name: name } of hosts) {
    if (seen.has(name)) shared.add(name);
    seen.add(name);
  }
  return shared;
}

export function hostPath(name: string): string {
  return `/hosts/${encodeURIComponent(name)}`;
}

export function since(host: Host): string {
  return host.state === 'joined' ? host.enrolled_at : host.since;
}

export function toneOf(state: Host['state']): Tone {
  switch (state) {
    case 'online':
      return 'good';
    case 'joined':
    case 'revoked':
      return 'faint';
    case 'offline':
    case 'clone-suspected':
      return 'bad';
  }
}

export function offlineReason(reason: OfflineReason, say: Say): string {
  return say(`host-reason-${reason}`);
}

/** Why it is not online, and what does not work as it should. */
export function notes(host: Host, say: Say): string[] {
  const notes: string[] = [];
  if (host.state === 'joined') notes.push(say('host-reason-joined'));
  if (host.state === 'offline') notes.push(offlineReason(host.reason, say));
  if (host.state === 'revoked') notes.push(say('host-reason-revoked', { reason: host.reason }));
  if (host.state === 'clone-suspected') notes.push(say('host-reason-clone'));
  for (const { source, degraded } of capabilities(host)) {
    if (degraded != null) notes.push(say('host-degraded', { source, reason: degraded }));
  }
  const off = Math.abs(host.clock_offset_ms ?? 0);
  if (off > CLOCK_TOLERANCE_MS) notes.push(say('host-clock-off', { length: length(off, say) }));
  return notes;
}

function isNoted(host: Host): boolean {
  return (
    capabilities(host).some(({ degraded }) => degraded != null) ||
    Math.abs(host.clock_offset_ms ?? 0) > CLOCK_TOLERANCE_MS
  );
}

export function capabilities(host: Host): Capability[] {
  return host.facts?.capabilities ?? [];
}

/** Whether the certificate should have been renewed by now. */
export function isCertificateLate(host: Host, now: number): boolean {
  return new Date(host.certificate_expires_at).getTime() - now < CERTIFICATE_LATE_MS;
}
