import type { CauseShare, RestartReport, Run, StopCause, StopRow } from '../src/api/types';
import { iso } from './fleet';

const PERIODS: Record<string, number> = { '24h': 1, '7d': 7, '30d': 30 };

export function restartReport(
  unit: string,
  runs: Run[],
  period: string,
  now: number,
): RestartReport {
  const since = now - (PERIODS[period] ?? 7) * 86_400_000;
  const stops = runs.filter((run) => run.stopped_at != null && Date.parse(run.stopped_at) > since);
  const rows = stops.map((run, index) => row(run, runs[runs.indexOf(run) - 1] ?? null, index));
  const [newest] = runs;
  return {
    since: iso(since),
    until: iso(now),
    record_begins_at: period === '30d' ? iso(now - 25 * 86_400_000) : null,
    gaps: [
      {
        at: iso(now - 20 * 3_600_000),
        source: 'process',
        reason: 'overflow',
        lost: 1200,
        detail: 'ring buffer full',
      },
    ],
    units: [
      {
        unit,
        state:
          newest?.stopped_at == null
            ? { state: 'running', since: newest?.ready_at ?? null, main_pid: 812 }
            : { state: 'down', since: newest.stopped_at, failed: true },
        restarts: rows.length,
        restarts_per_day: rows.length / 7,
        failures: rows.filter((one) => one.cause === 'signal' || one.cause === 'exit-code').length,
        completed: 0,
        mean_uptime_ms: 61_000_000,
        uptimes_counted: rows.length,
        mttr_ms: 9000,
        recoveries_counted: rows.length,
        causes: shares(rows),
        stops: rows,
        advice: [
          { advice: 'raise-memory-limit', unit, limit_bytes: 2 ** 29 },
          { advice: 'read-core-dump', pid: 4711 },
        ],
      },
    ],
  };
}

function row(run: Run, next: Run | null, index: number): StopRow {
  return {
    invocation: run.invocation,
    stopped_at: run.stopped_at ?? run.started_at ?? '',
    cause: run.stop?.cause ?? 'unknown',
    certainty: run.stop?.certainty ?? 'unknown',
    actor: run.stop?.actor ?? null,
    exit: run.stop?.exit ?? null,
    never_ready: false,
    meant_to_last: false,
    uptime_ms: 1000,
    recovery_ms: next === null ? null : 6000 + index * 100,
    next_start: next?.start ?? null,
    oom: run.stop?.cause === 'oom-cgroup' ? { rss_bytes: 5e8, limit_bytes: 2 ** 29 } : null,
    evidence:
      run.stop?.cause === 'signal'
        ? [{ fact: 'core-dump', pid: 4711, path: '/var/lib/systemd/coredump/core.nginx.0.zst' }]
        : [],
  };
}

function shares(rows: StopRow[]): CauseShare[] {
  const counts = new Map<StopCause, number>();
  for (const { cause } of rows) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  return [...counts]
    .map(([cause, count]) => ({ cause, count, percent: (count / rows.length) * 100 }))
    .sort((a, b) => b.count - a.count);
}
