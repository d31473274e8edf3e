// What became of a question on one host, worded as analysis/src/text/inquiry.rs words it.

import type { HostOrder, Outcome, Progress, Summary } from '../api/types';
import type { Tone } from '../parts/status';
import type { Language, Say } from '../text/catalogue';
import { oneLine } from '../text/escape';
import type { Text } from '../text/language';
import { moment } from '../text/time';

/** What a report comes to, the same for hosts with the same problem: `port-in-use by apache2`. */
function headline({ headline }: Summary, language: Language): string {
  return oneLine(headline[language] ?? headline['en'] ?? '');
}

/** Where the question is on one host. */
export function outcomeText(order: HostOrder, { say, language }: Text): string {
  switch (order.state) {
    case 'queued':
      return say('order-state-queued', { until: moment(order.until) });
    case 'sent':
      return say('order-state-sent');
    case 'running':
      return order.progress == null
        ? say('order-state-running')
        : say('order-state-running-at', { progress: progressText(order.progress, say) });
    case 'ended':
      return endText(order, { say, language });
  }
}

function endText(end: Outcome, { say, language }: Text): string {
  switch (end.outcome) {
    case 'answered':
      return headline(end.summary, language);
    case 'refused': {
      const reason = detailed(say(`order-refusal-${end.reason}`), end.detail, say);
      return say(`order-refused-${end.by}`, { reason });
    }
    case 'failed': {
      const reason = detailed(say(`order-failure-${end.reason}`), end.detail, say);
      return say('order-failed', { reason });
    }
    case 'lost':
    case 'cancelled':
    case 'expired':
      return say(`order-${end.outcome}`);
    case 'offline': {
      const why = say(`order-off-${end.why ?? 'joined'}`);
      return end.since == null
        ? say('order-never-online', { why })
        : say('order-offline', { since: moment(end.since), why });
    }
  }
}

function detailed(text: string, detail: string, say: Say): string {
  return detail === '' ? text : say('order-detail', { text, detail: oneLine(detail) });
}

function progressText(progress: Progress, say: Say): string {
  const step = say(`report-${progress.step}`);
  const { done, of } = progress;
  return of === 0 ? step : say('report-progress', { step, done, of });
}

const TONES: Record<Summary['health'], Tone> = {
  fine: 'good',
  problem: 'bad',
  'no-such-target': 'doubt',
};

export function toneOf(order: HostOrder): Tone {
  if (order.state === 'queued') return 'faint';
  if (order.state !== 'ended') return 'busy';
  if (order.outcome !== 'answered') return 'doubt';
  return TONES[order.summary.health];
}

/** More hosts than these are not written out in a command. */
const MOST_NAMED = 8;

/** The same question in a shell. */
export function commandText(command: string, hosts: readonly string[]): string {
  if (hosts.length === 0 || hosts.length > MOST_NAMED) return `aiops ${command}`;
  return `aiops --host ${shellWord(hosts.join(','))} ${command}`;
}

/** One word to any shell, whatever a host or a unit calls itself: people paste it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
