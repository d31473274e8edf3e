import { useSyncExternalStore } from 'react';

// As in the style sheets.
const narrow = typeof matchMedia === 'undefined' ? null : matchMedia('(max-width: 760px)');

/** Whether the screen is a phone's. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      narrow?.addEventListener('change', changed);
      return () => narrow?.removeEventListener('change', changed);
    },
    () => narrow?.matches ?? false,
  );
}
