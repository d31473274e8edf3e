import { useMemo, useState } from 'react';

import type { ProcessTree, TreeProcess } from '../api/types';
import { SearchField } from '../parts/search-field';
import { VirtualTable } from '../parts/virtual-table';
import { useSay } from '../text/language';
import { bytes } from '../text/size';
import { Limits } from './limits';
import { ProcessCells } from './process-cells';
import { foldedAtFirst, keyOf, matches, parentRow, visibleRows, withAncestors } from './tree';

const HEIGHTS = { wide: 30, narrow: 52 };
const COLUMNS = ['process', 'pid', 'cpu', 'memory', 'below', 'unit', 'user', 'odd'] as const;

/** The processes of a host as a tree. */
export function ProcessTreeView({ tree, host }: { tree: ProcessTree; host: string }) {
  const say = useSay();
  const [query, setQuery] = useState('');
  const [oddOnly, setOddOnly] = useState(false);
  const [folded, setFolded] = useState(() => foldedAtFirst(tree.processes));
  const rows = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const isMeant = (one: TreeProcess) =>
      (!oddOnly || one.oddities.length > 0) && matches(one, words);
    if (words.length === 0 && !oddOnly) return visibleRows(tree.processes, folded);
    return visibleRows(withAncestors(tree.processes, isMeant), new Set());
  }, [tree, folded, query, oddOnly]);
  const toggle = (process: TreeProcess) => {
    const next = new Set(folded);
    if (!next.delete(keyOf(process))) next.add(keyOf(process));
    setFolded(next);
  };
  const onKey = (key: string, index: number) => {
    const row = rows[index];
    if (row === undefined) return;
    if (key === 'ArrowRight' && row.folding === 'closed') toggle(row.process);
    else if (key === 'ArrowLeft' && row.folding === 'open') toggle(row.process);
    else if (key === 'ArrowLeft') {
      document.querySelector<HTMLElement>(`[data-row="${parentRow(rows, index)}"]`)?.focus();
    }
  };
  return (
    <section aria-label={say('web-tree-of', { host })}>
      <Totals tree={tree} />
      <div className="toolbar">
        <SearchField label={say('web-tree-search')} value={query} onChange={setQuery} />
        <label className="check">
          <input
            type="checkbox"
            checked={oddOnly}
            onChange={(event) => setOddOnly(event.target.checked)}
          />
          {say('web-tree-odd-only')}
        </label>
      </div>
      {rows.length === 0 && <p className="empty">{say('web-nothing-found')}</p>}
      {rows.length > 0 && (
        <VirtualTable
          label={say('web-tree-of', { host })}
          role="treegrid"
          className="processes"
          columns={COLUMNS.map((name) => ({ name, heading: say(`web-tree-${name}`) }))}
          count={rows.length}
          heights={HEIGHTS}
          onKey={onKey}
          row={(index) => {
            const row = rows[index];
            if (row === undefined) return null;
            return {
              key: keyOf(row.process),
              aria: {
                'aria-level': row.process.depth + 1,
                ...(row.folding === 'leaf' ? {} : { 'aria-expanded': row.folding === 'open' }),
              },
              cells: <ProcessCells row={row} index={index} onToggle={() => toggle(row.process)} />,
            };
          }}
        />
      )}
      {tree.omitted > 0 && (
        <p className="note doubt">{say('web-tree-omitted', { n: tree.omitted })}</p>
      )}
      <Limits limits={tree.limits} />
    </section>
  );
}

function Totals({ tree }: { tree: ProcessTree }) {
  const say = useSay();
  const { totals } = tree;
  const odd = [
    ['zombies', totals.zombies, 'bad'],
    ['orphans', totals.orphans, 'doubt'],
    ['uninterruptible', totals.uninterruptible, 'doubt'],
    ['stopped', totals.stopped, 'doubt'],
  ] as const;
  return (
    <p className="totals">
      {say('web-tree-totals', {
        n: totals.processes,
        kernel: totals.kernel_threads,
        running: totals.running,
        memory: bytes(totals.rss_bytes),
      })}
      {odd
        .filter(([, n]) => n > 0)
        .map(([name, n, tone]) => (
          <span key={name} className={`chip ${tone}`}>
            {say(`web-tree-${name}`, { n })}
          </span>
        ))}
    </p>
  );
}
