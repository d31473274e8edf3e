// Data of the server in a component: loaded, kept while it is loaded again, with its problem.

import { useCallback, useEffect, useRef, useState } from 'react';

import { ApiProblem, isAbort, unreachable } from '../api/problem';

export interface Loaded<T> {
  /** `null`: not there yet. Kept when a later load fails: `problem` says so. */
  data: T | null;
  problem: ApiProblem | null;
  /** When `data` came, in milliseconds since the epoch. */
  at: number | null;
  reload: () => void;
}

type Load<T> = (signal: AbortSignal) => Promise<T>;

/**
 * Loads when `key` changes, and again `every` milliseconds after each load while the page is
 * visible.
 */
export function useLoaded<T>(
  load: Load<T>,
  key: string,
  every?: (data: T | null) => number,
): Loaded<T> {
  const [state, setState] = useState<{ key: string; data: T | null; at: number | null }>(() => ({
    key,
    data: null,
    at: null,
  }));
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [turn, setTurn] = useState(0);
  const latest = useRef({ load, every });
  useEffect(() => {
    latest.current = { load, every };
  });

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const once = async () => {
      let data: T | null = null;
      try {
        data = await latest.current.load(stop.signal);
        if (stop.signal.aborted) return;
        setState({ key, data, at: Date.now() });
        setProblem(null);
      } catch (error) {
        if (stop.signal.aborted || isAbort(error)) return;
        setProblem(error instanceof ApiProblem ? error : unreachable(error));
      }
      const wait = latest.current.every?.(data);
      if (wait !== undefined) timer = setTimeout(whenVisible, wait);
    };
    const whenVisible = () => {
      if (!document.hidden) void once();
      else document.addEventListener('visibilitychange', whenVisible, { once: true });
    };
    void once();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', whenVisible);
    };
  }, [key, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  // What belongs to another key is nothing of ours.
  const mine = state.key === key;
  return { data: mine ? state.data : null, problem, at: mine ? state.at : null, reload };
}
