import type { ReactNode } from 'react';

import { moveByArrows } from './arrow-keys';

export interface Column<Row> {
  name: string;
  heading: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  right?: boolean;
}

interface Props<Row> {
  label: string;
  /** For what is laid out in its own way on a phone. */
  className?: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}

/** A table of a few hundred rows at most. On a phone each row becomes a card. */
export function DataTable<Row>({ label, className = '', columns, rows, keyOf }: Props<Row>) {
  return (
    // Elements in the rows take the focus; the arrows only move it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <table className={`data ${className}`} aria-label={label} onKeyDown={moveByArrows}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.name} scope="col" className={column.right ? 'right' : undefined}>
              {column.heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <td
                key={column.name}
                data-label={column.heading}
                className={`${column.name}${column.right ? ' right' : ''}`}
              >
                <Cell>{column.cell(row)}</Cell>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** One box, also around several things; none around nothing. */
function Cell({ children }: { children: ReactNode }) {
  return children === null || children === false || children === '' ? null : <div>{children}</div>;
}
