// A stream of the server in a component.

import { useEffect, useRef, useState } from 'react';

import type { ApiProblem } from '../api/problem';
import { follow, type StreamState } from '../api/stream';

export interface Stream {
  state: StreamState;
  problem: ApiProblem | null;
}

/** Follows `path`; `null` follows nothing. */
export function useStream(
  path: string | null,
  onMessage: (event: string, data: string) => 'done' | undefined,
): Stream {
  const [stream, setStream] = useState<Stream>({ state: 'connecting', problem: null });
  const latest = useRef(onMessage);
  useEffect(() => {
    latest.current = onMessage;
  });
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    const listener = {
      onMessage: (event: string, data: string) => latest.current(event, data),
      onState: (state: StreamState, problem: ApiProblem | null) => {
        if (!stop.signal.aborted) setStream({ state, problem });
      },
    };
    void follow(path, listener, stop.signal);
    return () => stop.abort();
  }, [path]);
  return stream;
}
