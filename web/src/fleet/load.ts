// How often the whole fleet is asked for again.

import type { HostList } from '../api/types';

/** A large fleet less often, for phones. */
const SOONEST_MS = 3000;
const A_HOST_MS = 2;

export function reloadAfter(list: HostList | null): number {
  return SOONEST_MS + (list?.hosts.length ?? 0) * A_HOST_MS;
}
