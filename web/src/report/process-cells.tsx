import type { TreeProcess } from '../api/types';
import { HostText } from '../parts/host-text';
import { useSay } from '../text/language';
import { bytes } from '../text/size';
import { moment } from '../text/time';
import type { TreeRow } from './tree';
import { oddityText } from './words';

/** Deeper levels are drawn no further to the right. */
const MOST_INDENT = 14;

interface Props {
  row: TreeRow;
  index: number;
  onToggle: () => void;
}

/** One process of the tree. */
export function ProcessCells({ row, index, onToggle }: Props) {
  const say = useSay();
  const { process, folding } = row;
  const closed = folding === 'closed';
  // What is folded away is shown as one: what the subtree costs.
  const cpu = closed ? process.subtree.cpu_percent : process.cpu_percent;
  const memory = closed ? process.subtree.rss_bytes : process.rss_bytes;
  const odd = process.oddities.map((one) => oddityText(one, say)).join('; ');
  return (
    <>
      <span role="gridcell" className="process">
        <span
          className="indent"
          style={{ width: `${Math.min(process.depth, MOST_INDENT) * 14}px` }}
          aria-hidden="true"
        />
        {folding === 'leaf' ? (
          <span className="leaf" data-row={index} tabIndex={-1}>
            <Name process={process} />
          </span>
        ) : (
          <button type="button" className="fold" data-row={index} onClick={onToggle}>
            <span aria-hidden="true">{closed ? '▸' : '▾'}</span>
            <Name process={process} />
          </button>
        )}
        {closed && (
          <span className="faint">
            {say('web-tree-folded', { n: process.subtree.processes - 1 })}
          </span>
        )}
        <span className="argv faint" title={process.argv.join(' ')}>
          <HostText>{process.argv.slice(1).join(' ')}</HostText>
        </span>
      </span>
      <span role="gridcell" className="pid">
        {process.process.pid}
      </span>
      <span role="gridcell" className="cpu" title={say('web-tree-cpu-title')}>
        {cpu.toFixed(1)}
      </span>
      <span role="gridcell" className="memory">
        {bytes(memory)}
      </span>
      <span role="gridcell" className="below">
        {process.subtree.processes > 1 && !closed
          ? say('web-tree-sums', {
              cpu: process.subtree.cpu_percent.toFixed(1),
              memory: bytes(process.subtree.rss_bytes),
            })
          : ''}
      </span>
      <span role="gridcell" className="unit">
        <HostText>{process.unit ?? process.container?.slice(0, 12) ?? ''}</HostText>
      </span>
      <span role="gridcell" className="user">
        <HostText>{process.user ?? (process.uid == null ? '' : String(process.uid))}</HostText>
      </span>
      <span role="gridcell" className="odd" title={odd}>
        <HostText>{odd}</HostText>
      </span>
    </>
  );
}

function Name({ process }: { process: TreeProcess }) {
  return (
    <strong title={`${process.state} · ${moment(process.started_at)}`}>
      <HostText>{process.comm}</HostText>
    </strong>
  );
}
