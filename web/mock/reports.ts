// Reports as a host gives them.

import type { ProcessTree, StartFailure, TreeProcess } from '../src/api/types';
import { iso, numbers } from './fleet';

const DAEMONS = ['nginx', 'postgres', 'redis-server', 'cron', 'sshd', 'dbus-daemon', 'chronyd'];

export function processTree(now: number): ProcessTree {
  const processes: TreeProcess[] = [];
  const random = numbers(now % 1000);
  const add = (parent: number, depth: number, comm: string, more: Partial<TreeProcess> = {}) => {
    const pid = processes.length + 1;
    processes.push({
      process: { pid, start_ns: pid * 1000 },
      parent_pid: parent,
      depth,
      comm,
      argv: [`/usr/sbin/${comm}`, '--config', `/etc/${comm}/${comm}.conf`],
      state: 'S',
      uid: 0,
      user: 'root',
      unit: `${comm}.service`,
      threads: 1,
      rss_bytes: Math.floor(random() * 3e8),
      cpu_ms: 1000,
      cpu_percent: random() * 4,
      started_at: iso(now - 86_400_000),
      subtree: { processes: 1, rss_bytes: 2e8, cpu_ms: 1000, cpu_percent: 3 },
      oddities: [],
      ...more,
    });
    return pid;
  };
  const sums = (n: number) => ({ processes: n, rss_bytes: 9e8, cpu_ms: 9e5, cpu_percent: 12.5 });
  add(0, 0, 'systemd', { unit: 'init.scope', argv: ['/sbin/init'], subtree: sums(50) });
  for (const comm of DAEMONS) {
    const pid = add(1, 1, comm, { subtree: sums(5) });
    for (let n = 0; n < 4; n += 1) add(pid, 2, `${comm}-worker`.slice(0, 15), { user: 'www-data' });
  }
  const shell = add(1, 1, 'deploy.sh', { subtree: sums(3), unit: 'session-4.scope', user: 'ana' });
  add(shell, 2, 'defunct-child', { state: 'Z', argv: [], oddities: [{ oddity: 'zombie' }] });
  add(shell, 2, 'evil\u001b[2J', {
    argv: ['evil', '<img src=x onerror=alert(1)>', '\u202egpj.exe'],
    oddities: [{ oddity: 'deleted-program', path: '/tmp/evil (deleted)' }, { oddity: 'orphan' }],
  });
  const kernel = add(0, 0, 'kthreadd', { unit: null, argv: [], subtree: sums(41), rss_bytes: 0 });
  for (let n = 0; n < 40; n += 1) {
    add(kernel, 1, `kworker/${n}`, { unit: null, argv: [], rss_bytes: 0, state: 'I' });
  }
  return {
    at: iso(now),
    processes,
    omitted: 0,
    totals: {
      processes: processes.length - 41,
      kernel_threads: 41,
      running: 2,
      uninterruptible: 0,
      stopped: 0,
      zombies: 1,
      orphans: 1,
      rss_bytes: 3.2e9,
    },
    limits: [{ what: 'argv', why: 'Permission denied (os error 13)', count: 3 }],
  };
}

export function startFailure(unit: string, now: number, healthy: boolean): StartFailure {
  const holder = {
    protocol: 'tcp',
    address: '0.0.0.0:80',
    port: 80,
    process: { pid: 4242, start_ns: 1 },
    comm: 'python3',
    argv: ['python3', '-m', 'http.server', '80'],
    user: 'root',
    unit: 'demo-http.service',
    container: null,
    since: iso(now - 5_400_000),
  };
  const message = 'bind() to 0.0.0.0:80 failed (98: Address already in use)';
  const line = (text: string, priority: number, seconds: number) => ({
    at: iso(now - 60_000 + seconds * 1000),
    source: 'nginx',
    pid: 9001,
    priority,
    message: text,
  });
  const verdict: StartFailure['verdict'] = {
    cause: healthy ? 'healthy' : 'port-in-use',
    certainty: 'measured',
    culprit: healthy ? null : { is: 'process', ...holder },
    evidence: healthy
      ? []
      : [
          { from: 'log', line: line(`[emerg] ${message}`, 3, 1) },
          { from: 'socket', holder },
          { from: 'status', status: { how: 'exited', code: 1 } },
        ],
    fixes: healthy
      ? []
      : [
          {
            what: { kind: 'stop-holder', unit: 'demo-http.service' },
            commands: ['systemctl stop demo-http.service', `systemctl start ${unit}`],
            risky: true,
          },
          { what: { kind: 'change-port', port: 80 }, commands: [], risky: false },
          { what: { kind: 'read-log' }, commands: [`journalctl -u ${unit} -n 100`], risky: false },
        ],
  };
  return {
    at: iso(now),
    unit,
    asked_as: null,
    state: {
      load_state: 'loaded',
      active_state: healthy ? 'active' : 'failed',
      sub_state: healthy ? 'running' : 'failed',
      result: healthy ? 'success' : 'exit-code',
      description: 'A high performance web server and a reverse proxy server',
      files: [`/lib/systemd/system/${unit}`],
      main_process: null,
      since: iso(now - 60_000),
      restarts: 3,
    },
    attempt: healthy
      ? null
      : {
          invocation_id: null,
          began_at: iso(now - 61_000),
          failed_at: iso(now - 60_000),
          result: 'exit-code',
          step: 'ExecStart',
          command: '/usr/sbin/nginx -g daemon on; master_process on;',
          status: { how: 'exited', code: 1 },
          log: [
            line('nginx: the configuration file /etc/nginx/nginx.conf syntax is ok', 6, 0),
            line(`nginx: [emerg] ${message}`, 3, 1),
            line('hostile \u001b[31mline\u202e <script>alert(1)</script>', 4, 2),
            line('nginx: [emerg] still could not bind()', 3, 3),
          ],
          log_omitted: 12,
        },
    verdict,
    findings: healthy
      ? []
      : [
          verdict,
          {
            cause: 'start-limit-hit',
            certainty: 'measured',
            culprit: null,
            evidence: [{ from: 'unit', property: 'NRestarts', value: '5' }],
            fixes: [
              {
                what: { kind: 'reset-and-start' },
                commands: [`systemctl reset-failed ${unit}`, `systemctl start ${unit}`],
                risky: false,
              },
            ],
          },
        ],
    dependencies: [
      {
        unit: 'network-online.target',
        relation: 'Wants',
        load_state: 'loaded',
        active_state: 'active',
        result: null,
      },
      {
        unit: 'certs.service',
        relation: 'Requires',
        load_state: 'loaded',
        active_state: 'failed',
        result: 'exit-code',
      },
    ],
    limits: [{ what: 'port-holder', why: 'Permission denied (os error 13)', count: 1 }],
  };
}
