// What became of a question on one host, worded as analysis/src/text/inquiry.rs words it.

import type { Culprit, HostOrder, Outcome, Progress, Question, Report } from '../api/types';
import type { Tone } from '../parts/status';
import type { Say } from '../text/catalogue';
import { oneLine } from '../text/escape';
import { moment } from '../text/time';

type Health = 'fine' | 'problem' | 'no-such-target';

/** What an operator has to think of a report: as `Report::health` in analysis/src/report.rs. */
export function health(report: Report): Health {
  if (report.analysis === 'analyze-ptree') return report.totals.zombies > 0 ? 'problem' : 'fine';
  switch (report.verdict.cause) {
    case 'healthy':
    case 'starting':
      return 'fine';
    case 'unit-not-found':
      return 'no-such-target';
    default:
      return 'problem';
  }
}

/** What a report comes to, the same for hosts with the same problem: `port-in-use by apache2`. */
export function headline(report: Report, say: Say): string {
  switch (health(report)) {
    case 'fine':
      return say('inquiry-healthy');
    case 'no-such-target':
      return say('inquiry-not-found');
    case 'problem':
      break;
  }
  if (report.analysis === 'analyze-ptree') return say('inquiry-zombies');
  const { cause, culprit } = report.verdict;
  const name = culprit == null ? null : culpritName(culprit);
  return name === null ? cause : say('inquiry-by', { cause, culprit: oneLine(name) });
}

function culpritName(culprit: Culprit): string | null {
  switch (culprit.is) {
    case 'process':
      return culprit.comm ?? culprit.unit ?? null;
    case 'unit':
      return culprit.unit;
    case 'path':
      return culprit.path;
  }
}

/** Where the question is on one host. */
export function outcomeText(order: HostOrder, say: Say): string {
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
      return endText(order, say);
  }
}

function endText(end: Outcome, say: Say): string {
  switch (end.outcome) {
    case 'answered':
      return headline(end.report, say);
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

export function toneOf(order: HostOrder): Tone {
  if (order.state === 'queued') return 'faint';
  if (order.state !== 'ended') return 'busy';
  if (order.outcome !== 'answered') return 'doubt';
  return health(order.report) === 'fine'
    ? 'good'
    : health(order.report) === 'problem'
      ? 'bad'
      : 'doubt';
}

/** The question as one would type it: `diagnose start-failure nginx`. */
export function questionText(question: Question): string {
  switch (question.analysis) {
    case 'analyze-ptree':
      return [
        'analyze ptree',
        ...(question.pid == null ? [] : [question.pid]),
        ...(question.recursive === true ? ['--recursive'] : []),
      ].join(' ');
    case 'diagnose-start-failure':
      return `diagnose start-failure ${shellWord(question.unit)}`;
  }
}

/** More hosts than these are not written out in a command. */
const MOST_NAMED = 8;

/** The same question in a shell. */
export function commandText(question: Question, hosts: readonly string[]): string {
  if (hosts.length === 0 || hosts.length > MOST_NAMED) return `aiops ${questionText(question)}`;
  return `aiops --host ${shellWord(hosts.join(','))} ${questionText(question)}`;
}

/** One word to any shell, whatever a host or a unit calls itself: people paste it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
