import { expect, test } from 'vitest';

import type { TreeProcess } from '../api/types';
import { foldedAtFirst, keyOf, matches, parentRow, visibleRows, withAncestors } from './tree';

function process(pid: number, depth: number, comm: string): TreeProcess {
  return {
    process: { pid, start_ns: pid * 10 },
    parent_pid: depth === 0 ? 0 : 1,
    depth,
    comm,
    argv: [`/usr/bin/${comm}`],
    state: 'S',
    threads: 1,
    rss_bytes: 0,
    cpu_ms: 0,
    cpu_percent: 0,
    started_at: '2026-11-21T08:00:00Z',
    subtree: { processes: 1, rss_bytes: 0, cpu_ms: 0, cpu_percent: 0 },
    oddities: [],
  };
}

// systemd ─┬─ nginx ─── worker
//          └─ cron
// kthreadd ─── ksoftirqd
const tree = [
  process(1, 0, 'systemd'),
  process(10, 1, 'nginx'),
  process(11, 2, 'worker'),
  process(20, 1, 'cron'),
  process(2, 0, 'kthreadd'),
  process(15, 1, 'ksoftirqd/0'),
];
const shown = (folded: string[]) =>
  visibleRows(tree, new Set(folded)).map((row) => `${row.process.comm} ${row.folding}`);

test('what is folded hides what is below it, and nothing else', () => {
  expect(shown([])).toHaveLength(6);
  expect(shown(['10-100'])).toEqual([
    'systemd open',
    'nginx closed',
    'cron leaf',
    'kthreadd open',
    'ksoftirqd/0 leaf',
  ]);
  expect(shown(['1-10', '10-100'])).toEqual([
    'systemd closed',
    'kthreadd open',
    'ksoftirqd/0 leaf',
  ]);
});

test('a leaf cannot be folded', () => {
  expect(shown(['20-200'])).toHaveLength(6);
});

test('threads of the kernel are folded at first', () => {
  expect([...foldedAtFirst(tree)]).toEqual(['2-20']);
});

test('what is found keeps those above it', () => {
  const found = withAncestors(tree, (one) => matches(one, ['work']));
  expect(found.map((one) => one.comm)).toEqual(['systemd', 'nginx', 'worker']);
  expect(withAncestors(tree, (one) => matches(one, ['20']))).toHaveLength(2);
  expect(withAncestors(tree, () => false)).toEqual([]);
});

test('the arrow to the left leads to the parent', () => {
  const rows = visibleRows(tree, new Set());
  expect(parentRow(rows, 2)).toBe(1);
  expect(parentRow(rows, 3)).toBe(0);
  expect(parentRow(rows, 4)).toBe(4);
});

test('a pid that is used again is another process', () => {
  expect(keyOf(process(7, 0, 'a'))).toBe('7-70');
});
