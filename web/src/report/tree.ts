// A process tree with subtrees that can be folded away, and searched.

import type { TreeProcess } from '../api/types';

/** A process on the screen. */
export interface TreeRow {
  process: TreeProcess;
  /** Whether it has children, and whether they are shown. */
  folding: 'leaf' | 'open' | 'closed';
}

/** Names a process: pids are used again. */
export function keyOf({ process }: TreeProcess): string {
  return `${process.pid}-${process.start_ns}`;
}

/** The rows that are to be seen. `processes` are in the order of the tree. */
export function visibleRows(
  processes: readonly TreeProcess[],
  folded: ReadonlySet<string>,
): TreeRow[] {
  const rows: TreeRow[] = [];
  let hiddenBelow = Infinity;
  processes.forEach((process, index) => {
    if (process.depth > hiddenBelow) return;
    hiddenBelow = Infinity;
    const isParent = (processes[index + 1]?.depth ?? 0) > process.depth;
    const isFolded = isParent && folded.has(keyOf(process));
    if (isFolded) hiddenBelow = process.depth;
    rows.push({ process, folding: isParent ? (isFolded ? 'closed' : 'open') : 'leaf' });
  });
  return rows;
}

/** Processes that `isMeant`, and those above them, so that each can be found in the tree. */
export function withAncestors(
  processes: readonly TreeProcess[],
  isMeant: (process: TreeProcess) => boolean,
): TreeProcess[] {
  const kept = new Set<number>();
  const above: number[] = [];
  processes.forEach((process, index) => {
    above.length = Math.min(above.length, process.depth);
    above[process.depth] = index;
    if (isMeant(process)) for (const one of above) kept.add(one);
  });
  return processes.filter((_, index) => kept.has(index));
}

/** Whether a process has each word in its name, arguments, unit, user or pid. */
export function matches(process: TreeProcess, words: readonly string[]): boolean {
  const text = [
    process.comm,
    process.argv.join(' '),
    process.unit ?? '',
    process.user ?? '',
    String(process.process.pid),
  ]
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What is folded at first: the kernel's own threads, which nobody asks about. */
export function foldedAtFirst(processes: readonly TreeProcess[]): Set<string> {
  const kthreadd = processes.filter((one) => one.process.pid === 2 && one.parent_pid === 0);
  return new Set(kthreadd.map(keyOf));
}

/** The place of the parent of a row, for the arrow to the left. */
export function parentRow(rows: readonly TreeRow[], index: number): number {
  const depth = rows[index]?.process.depth ?? 0;
  for (let at = index - 1; at >= 0; at -= 1) {
    if ((rows[at]?.process.depth ?? 0) < depth) return at;
  }
  return index;
}
