// Moments and lengths of time, worded as analysis/src/text/time.rs words them.

import type { Say } from './catalogue';

const two = (n: number): string => String(n).padStart(2, '0');

/** `2026-11-21 08:07:04`, in the reader's time zone. */
export function moment(at: string): string {
  const date = new Date(at);
  return `${day(date)} ${clock(date)}`;
}

/** The same with milliseconds, for lines that follow each other closely. */
export function preciseMoment(at: string): string {
  return `${moment(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`;
}

/** Only the time of day, with milliseconds. */
export function preciseClock(at: string): string {
  return preciseMoment(at).slice(11);
}

export function day(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A length of time with its two largest units: `3d 12h`, `2m 15s`, `1.5s`, `40ms`. */
export function length(milliseconds: number, say: Say): string {
  const ms = Math.max(0, Math.floor(milliseconds));
  const seconds = Math.floor(ms / 1000);
  if (ms < 1000) return say('time-ms', { n: String(ms) });
  if (ms < 10_000 && ms % 1000 !== 0) return say('time-s', { n: (ms / 1000).toFixed(1) });
  const parts: [string, number][] = [
    ['time-d', Math.floor(seconds / 86_400)],
    ['time-h', Math.floor(seconds / 3600) % 24],
    ['time-m', Math.floor(seconds / 60) % 60],
    ['time-s', seconds % 60],
  ];
  const first = parts.findIndex(([, n]) => n > 0);
  return parts
    .slice(first, first + 2)
    .filter(([, n]) => n > 0)
    .map(([id, n]) => say(id, { n: String(n) }))
    .join(' ');
}

/** How long something has lasted: `3m 5s`; of what began just now, or by a wrong clock later, `1s`. */
export function lasting(from: string, now: number, say: Say): string {
  const seconds = Math.floor((now - new Date(from).getTime()) / 1000);
  return length(Math.max(1, seconds) * 1000, say);
}

/** How long ago: `3m ago`; what lies in the future (a wrong clock) is `in 3m`. */
export function ago(at: string, now: number, say: Say): string {
  const passed = now - new Date(at).getTime();
  // Nobody wants milliseconds here.
  const whole = Math.floor(Math.abs(passed) / 1000) * 1000;
  if (whole === 0) return say('time-just-now');
  return say(passed < 0 ? 'time-in' : 'time-ago', { length: length(whole, say) });
}
