// How a line of a log is shown: by its priority, which is one of syslog's numbers.

/** Emergencies to errors, warnings, what a reader looks for, and what only its author does. */
export function toneOf(priority: number | null): 'bad' | 'doubt' | 'faint' | undefined {
  if (priority === null) return undefined;
  if (priority <= 3) return 'bad';
  if (priority === 4) return 'doubt';
  return priority === 7 ? 'faint' : undefined;
}
