// Something that is done on a click: its problem, and whether it is under way.

import { useState } from 'react';

import { ApiProblem, unreachable } from '../api/problem';

export interface Action {
  busy: boolean;
  problem: ApiProblem | null;
  /** Runs `work`, unless something runs already. */
  run: (work: () => Promise<void>) => void;
}

export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const run = (work: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    work()
      .catch((error: unknown) => {
        setProblem(error instanceof ApiProblem ? error : unreachable(error));
      })
      .finally(() => setBusy(false));
  };
  return { busy, problem, run };
}
