// Server-sent events, with the page's error path: `EventSource` hides why a stream was refused.

import { createParser, type EventSourceMessage } from 'eventsource-parser';

import { checkedFetch } from './client';
import { ApiProblem, isAbort, unreachable } from './problem';

/** Wait before a stream is opened again: doubled from the first to the last. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** The server says something each 15 s; a stream that is silent for so long is dead. */
const SILENCE_MS = 45_000;

export type StreamState = 'connecting' | 'open' | 'broken';

export interface Listener {
  /** `event` is the type, `message` if the server names none. Answer `done` to end the stream. */
  onMessage: (event: string, data: string) => 'done' | undefined;
  onState: (state: StreamState, problem: ApiProblem | null) => void;
}

/** Follows `path` until it is done or `signal` says so, and resumes by `Last-Event-ID`. */
export async function follow(path: string, listener: Listener, signal: AbortSignal): Promise<void> {
  let lastId: string | null = null;
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    listener.onState('connecting', null);
    try {
      const end = await readOnce(
        path,
        lastId,
        signal,
        (message) => {
          wait = FIRST_WAIT_MS;
          if (message.id !== undefined) lastId = message.id;
          return listener.onMessage(message.event ?? 'message', message.data);
        },
        () => listener.onState('open', null),
      );
      if (end === 'done') return;
      listener.onState('broken', null);
    } catch (error) {
      if (isAbort(error)) return;
      const problem = error instanceof ApiProblem ? error : unreachable(error);
      listener.onState('broken', problem);
      if (!mayPass(problem)) return;
    }
    await pause(wait, signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** Whether asking again may help. */
function mayPass(problem: ApiProblem): boolean {
  return problem.status === 0 || problem.status === 429 || problem.status >= 500;
}

async function readOnce(
  path: string,
  lastId: string | null,
  signal: AbortSignal,
  onMessage: (message: EventSourceMessage) => 'done' | undefined,
  onOpen: () => void,
): Promise<'done' | 'cut'> {
  const silent = new AbortController();
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (lastId !== null) headers['last-event-id'] = lastId;
  const response = await checkedFetch(path, {
    headers,
    cache: 'no-store',
    credentials: 'same-origin',
    signal: AbortSignal.any([signal, silent.signal]),
  });
  onOpen();
  const state = { done: false };
  const parser = createParser({
    onEvent: (message) => {
      if (!state.done) state.done = onMessage(message) === 'done';
    },
  });
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  const decoder = new TextDecoder();
  let timer = setTimeout(() => undefined, 0);
  try {
    for (;;) {
      clearTimeout(timer);
      timer = setTimeout(() => void reader.cancel(), SILENCE_MS);
      const { value, done: ended } = await reader.read();
      if (ended) return 'cut';
      parser.feed(decoder.decode(value, { stream: true }));
      if (state.done) return 'done';
    }
  } finally {
    clearTimeout(timer);
    // Nobody reads on; the connection is given back.
    silent.abort();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
