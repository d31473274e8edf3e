// Arrow keys in a list: each row has one element with `data-row`, which takes the focus.

import type { KeyboardEvent } from 'react';

const STEPS: Partial<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  j: 1,
  k: -1,
  Home: -Infinity,
  End: Infinity,
};

/** For `onKeyDown` of the element around the rows. */
export function moveByArrows(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && event.target.matches('input, select, textarea')) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const to = Math.min(rows.length - 1, Math.max(0, at + step));
  if (rows.length === 0) return;
  event.preventDefault();
  rows[to]?.focus();
}
