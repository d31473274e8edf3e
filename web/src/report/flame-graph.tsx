import { useMemo, useRef, useState, type KeyboardEvent } from 'react';

import type { Profile } from '../api/types';
import { SearchField } from '../parts/search-field';
import { oneLine } from '../text/escape';
import { useSay } from '../text/language';
import {
  colourOf,
  flameBoxes,
  flameTree,
  foundSamples,
  isFound,
  neighbour,
  type FlameBox,
  type FlameNode,
} from './flame';

/** Of a row, in CSS pixels; as in report.css. */
const ROW = 20;
const COLOURS = 6;
/** Narrower boxes (in percent) have no room for a name. */
const NAMED = 2;

/** Where a process spent CPU time: a box below its caller, as wide as its share of the samples. */
export function FlameGraph({ profile, host }: { profile: Profile; host: string }) {
  const say = useSay();
  const [query, setQuery] = useState('');
  const [focus, setFocus] = useState<FlameNode | null>(null);
  const [pointed, setPointed] = useState<FlameNode | null>(null);
  const picture = useRef<HTMLDivElement>(null);
  const root = useMemo(
    () => flameTree(profile.stacks, `${profile.process.pid} ${profile.comm}`),
    [profile],
  );
  const { boxes, isCut } = useMemo(() => flameBoxes(focus ?? root), [focus, root]);
  const found = useMemo(() => foundSamples(root, query), [root, query]);
  const rows = (boxes.at(-1)?.depth ?? 0) + 1;

  const share = (samples: number) =>
    `${((samples * 100) / Math.max(1, root.samples)).toFixed(1)} %`;
  const told = (node: FlameNode) =>
    say('web-flame-box', {
      name: oneLine(node.name),
      n: node.samples,
      share: share(node.samples),
    });
  const zoom = (node: FlameNode | null) => setFocus(node === root ? null : node);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && focus !== null) {
      event.preventDefault();
      setFocus(null);
      boxAt(picture.current, root.id)?.focus();
      return;
    }
    const at = document.activeElement?.getAttribute('data-flame') ?? '';
    const to = neighbour(boxes, at, event.key);
    if (to === null) return;
    event.preventDefault();
    boxAt(picture.current, to)?.focus();
  };

  return (
    <section className="flame" aria-label={say('web-flame-of', { host })}>
      <div className="toolbar">
        <SearchField label={say('web-flame-search')} value={query} onChange={setQuery} />
        {focus !== null && (
          <button type="button" onClick={() => setFocus(null)}>
            {say('web-flame-whole')}
          </button>
        )}
        {query.trim() !== '' && (
          <span role="status">{say('web-flame-found', { n: found, share: share(found) })}</span>
        )}
      </div>
      <div
        ref={picture}
        className="flame-picture"
        role="group"
        aria-label={say('web-flame-help')}
        style={{ height: rows * ROW }}
      >
        {boxes.map((box) => (
          <Box
            key={box.node.id}
            box={box}
            label={told(box.node)}
            isFound={isFound(box.node, query)}
            isFirst={box.node === (focus ?? root)}
            onZoom={() => zoom(box.node)}
            onPoint={() => setPointed(box.node)}
            onKeyDown={onKeyDown}
          />
        ))}
      </div>
      <p className="flame-told">{told(pointed ?? focus ?? root)}</p>
      {isCut && <p className="note doubt">{say('web-flame-cut')}</p>}
      {profile.omitted_samples > 0 && (
        <p className="note doubt">{say('web-flame-omitted', { n: profile.omitted_samples })}</p>
      )}
    </section>
  );
}

function boxAt(picture: HTMLElement | null, id: string): HTMLElement | null {
  return picture?.querySelector<HTMLElement>(`[data-flame="${id}"]`) ?? null;
}

interface BoxProps {
  box: FlameBox;
  label: string;
  isFound: boolean;
  /** The tab key leads to this one, the arrows to the others. */
  isFirst: boolean;
  onZoom: () => void;
  onPoint: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function Box({ box, label, isFound, isFirst, onZoom, onPoint, onKeyDown }: BoxProps) {
  const { node, depth, left, width, isBelow } = box;
  const classes = [
    'flame-box',
    `colour-${colourOf(node.name, COLOURS)}`,
    ...(isFound ? ['found'] : []),
    ...(isBelow ? ['caller'] : []),
  ];
  return (
    <button
      type="button"
      className={classes.join(' ')}
      style={{ top: depth * ROW, left: `${left}%`, width: `${width}%` }}
      data-flame={node.id}
      title={label}
      aria-label={label}
      tabIndex={isFirst ? 0 : -1}
      onClick={onZoom}
      onFocus={onPoint}
      onMouseEnter={onPoint}
      onKeyDown={onKeyDown}
    >
      {width >= NAMED ? oneLine(node.name) : ''}
    </button>
  );
}
