import { useEffect } from 'react';

import { oneLine } from '../text/escape';

/** What the browser's tab says. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${oneLine(title)} · aiops`;
  }, [title]);
}
