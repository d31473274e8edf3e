// A table of which only the rows on the screen exist, so that 10,000 stay smooth.

import { useWindowVirtualizer } from '@tanstack/react-virtual';
import {
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type AriaAttributes,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
} from 'react';

import { useNarrow } from './use-narrow';

/** Rows beyond the edges of the screen, for quick scrolling. */
const OVERSCAN = 12;

export interface RowsHandle {
  focusFirst: () => void;
}

export interface VirtualRow {
  key: string;
  /** Cells with `role="cell"` (`gridcell` in a tree); one element carries `data-row={index}`. */
  cells: ReactNode;
  aria?: AriaAttributes;
}

interface Props {
  label: string;
  role?: 'table' | 'treegrid';
  className: string;
  /** Classes of the columns, and their headings. */
  columns: readonly { name: string; heading: string }[];
  count: number;
  /** Height of a row in CSS pixels, on a wide screen and on a phone. */
  heights: { wide: number; narrow: number };
  row: (index: number) => VirtualRow | null;
  handle?: Ref<RowsHandle>;
  /** Keys that the rows know beside the arrows. */
  onKey?: (key: string, index: number) => void;
}

export function VirtualTable(props: Props) {
  const { count, heights, row, role = 'table' } = props;
  const list = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const height = useNarrow() ? heights.narrow : heights.wide;
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the same number again ends it
  useLayoutEffect(() => {
    // What stands above may have grown: a problem, a line of text.
    setMargin(list.current?.offsetTop ?? 0);
  });
  const virtual = useWindowVirtualizer({
    count,
    estimateSize: () => height,
    overscan: OVERSCAN,
    scrollMargin: margin,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, height]);

  const focus = (index: number) => {
    virtual.scrollToIndex(index, { align: 'auto' });
    // The row exists after the next frame.
    requestAnimationFrame(() =>
      list.current?.querySelector<HTMLElement>(`[data-row="${index}"]`)?.focus(),
    );
  };
  useImperativeHandle(props.handle, () => ({ focusFirst: () => focus(0) }));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = Number(document.activeElement?.getAttribute('data-row') ?? Number.NaN);
    if (Number.isNaN(at)) return;
    const page = Math.max(1, Math.floor(window.innerHeight / height) - 3);
    const to = destination(event.key, { at, page, count });
    if (to === null) {
      props.onKey?.(event.key, at);
      return;
    }
    event.preventDefault();
    focus(to);
  };
  return (
    // The elements in the rows take the focus; the arrows only move it.
    <div
      className={`virtual ${props.className}`}
      role={role}
      aria-label={props.label}
      aria-rowcount={count + 1}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup">
        <div className="row head" role="row" aria-rowindex={1}>
          {props.columns.map(({ name, heading }) => (
            <span key={name} role="columnheader" className={name}>
              {heading}
            </span>
          ))}
        </div>
      </div>
      <div ref={list} role="rowgroup" className="window" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const drawn = row(item.index);
          if (drawn === null) return null;
          return (
            <div
              key={drawn.key}
              className="row"
              role="row"
              aria-rowindex={item.index + 2}
              {...drawn.aria}
              style={{ transform: `translateY(${item.start - margin}px)`, height }}
            >
              {drawn.cells}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The row that a key leads to. `null`: it is no such key. */
export function destination(
  key: string,
  { at, page, count }: { at: number; page: number; count: number },
): number | null {
  const steps: Partial<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    j: at + 1,
    k: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? null : Math.min(count - 1, Math.max(0, to));
}
