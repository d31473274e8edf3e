// Hosts, units and runs, the same at each start.

import type { Host, Run, StopCause } from '../src/api/types';

const ROLES = ['web', 'db', 'cache', 'queue', 'build'];
const ZONES = ['a', 'b', 'c'];
const HOUR = 3_600_000;

/** Numbers that look random and are always the same. */
export function numbers(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

export const iso = (ms: number): string => new Date(ms).toISOString();

const id = (n: number): string => `0b8d7e6f-1c7f-4e8d-9f8a-${n.toString(16).padStart(12, '0')}`;

export function makeFleet(count: number, now: number): Host[] {
  return Array.from({ length: count }, (_, n) => makeHost(n, now));
}

function makeHost(n: number, now: number): Host {
  const random = numbers(n);
  const role = ROLES[n % ROLES.length] ?? 'web';
  const degraded = random() < 0.08 ? 'no BTF: exits under 1 s are not seen' : null;
  const name = n < 3 ? `h${n + 1}` : n === 7 ? 'db-\u001b[31m\u202ecod' : `${role}-${n}`;
  return {
    ...stateOf(n, random, now),
    agent_id: id(n),
    host_name: name,
    labels: { role, zone: ZONES[n % ZONES.length] ?? 'a' },
    enrolled_at: iso(now - 40 * 24 * HOUR),
    last_heard_at: iso(now - 2000),
    certificate_expires_at: iso(now + (random() < 0.03 ? 20 : 130) * HOUR),
    facts: {
      agent_version: '0.4.0',
      os: 'Debian GNU/Linux 12 (bookworm)',
      kernel: '6.1.0-28-amd64',
      architecture: 'x86_64',
      systemd_version: '252',
      addresses: [`10.77.${Math.floor(n / 250)}.${(n % 250) + 2}`],
      capabilities: [
        { source: 'process', runs: degraded === null ? 'bpf' : 'proc-scan', degraded },
        { source: 'journal', runs: 'libsystemd' },
        { source: 'dbus', runs: 'zbus' },
        { source: 'kernel', runs: null, degraded: 'Permission denied (os error 13)' },
      ].slice(0, random() < 0.9 ? 3 : 4),
    },
    event_lag: Math.floor(random() * 4),
    clock_offset_ms: random() < 0.02 ? -3_600_000 : 12,
  };
}

function stateOf(n: number, random: () => number, now: number) {
  const since = iso(now - Math.floor(random() * 90 * HOUR) - 5000);
  if (n === 2) return { state: 'offline', since: iso(now - 2 * HOUR), reason: 'lost' } as const;
  const draw = n < 3 ? 1 : random();
  if (draw < 0.01) return { state: 'offline', since, reason: 'lost' } as const;
  if (draw < 0.015) return { state: 'offline', since, reason: 'host-shut-down' } as const;
  if (draw < 0.017) return { state: 'clone-suspected', since } as const;
  if (draw < 0.02) return { state: 'joined' } as const;
  if (draw < 0.022) return { state: 'revoked', since, reason: 'sold' } as const;
  return { state: 'online', since } as const;
}

export const UNITS = [
  'nginx.service',
  'postgresql@15-main.service',
  'redis-server.service',
  'cron.service',
  'ssh.service',
  'systemd-journald.service',
  'payments-api.service',
  'nightly-backup.service',
  'dbus.service',
  'chrony.service',
];

const CAUSES: StopCause[] = ['exit-code', 'signal', 'manual', 'oom-cgroup', 'package-upgrade'];

/** Runs of a unit over a month, the newest first. */
export function runsOf(unit: string, now: number): Run[] {
  const random = numbers(unit.length * 7 + 3);
  const runs: Run[] = [];
  let at = now - 25 * 24 * HOUR;
  while (at < now) {
    const lasts = (0.3 + random() * 40) * HOUR;
    const stopped = at + lasts;
    const cause = CAUSES[Math.floor(random() * random() * CAUSES.length)] ?? 'manual';
    const isOver = stopped < now - HOUR;
    runs.push({
      unit,
      invocation: id(runs.length + 1000),
      boot: id(1),
      started_at: iso(at),
      ready_at: iso(at + 4000),
      stopped_at: isOver ? iso(stopped) : null,
      stop: isOver ? stopOf(cause) : null,
      start: { why: 'automatic', restarts: 1 },
    });
    if (!isOver) break;
    at = stopped + (random() < 0.2 ? 3 * HOUR : 6000);
  }
  return runs.reverse();
}

function stopOf(cause: StopCause): NonNullable<Run['stop']> {
  const actor = {
    uid: 0,
    user: 'root',
    login_uid: 1000,
    login_user: 'ana',
    command: ['systemctl', 'restart', 'nginx'],
    ancestors: ['bash', 'sshd'],
  };
  return {
    cause,
    certainty: cause === 'manual' ? 'inferred' : 'measured',
    evidence: [],
    actor: cause === 'manual' ? actor : null,
    exit:
      cause === 'signal'
        ? { how: 'signaled', signal: 11, core_dumped: true }
        : cause === 'exit-code'
          ? { how: 'exited', code: 1 }
          : null,
  };
}
