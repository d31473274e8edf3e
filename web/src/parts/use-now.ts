import { useSyncExternalStore } from 'react';

// One clock for all: a list shows dozens of moments.
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const readers = new Set<() => void>();

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of readers) one();
  }, 1000);
  return () => {
    readers.delete(reader);
    if (readers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The reader's clock, which moves on each second: for "3m ago". */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
