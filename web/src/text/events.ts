// Events, a line each, worded as analysis/src/text/events.rs words them.

import type { Event, Fact, StartReason } from '../api/types';
import type { Say } from './catalogue';
import { oneLine } from './escape';
import { bytes } from './size';
import { actorText, exitText, isFailure, stopLine, unitState } from './stop';
import { length } from './time';

type ProcessExited = Extract<Fact, { kind: 'process-exited' }>;
type Gap = Extract<Fact, { kind: 'gap' }>;
type SourceStarted = Extract<Fact, { kind: 'source-started' }>;

/** How much a line asks to be looked at. */
export type Weight = 'bad' | 'gap' | 'plain';

export function weight(event: Event): Weight {
  switch (event.kind) {
    case 'unit-stopped':
    case 'unit-cause-revised':
      return isFailure(event.stop.cause) ? 'bad' : 'plain';
    case 'unit-start-failed':
    case 'oom-killed':
    case 'process-faulted':
      return 'bad';
    case 'gap':
      return 'gap';
    default:
      return 'plain';
  }
}

/** What happened, in words, on one line. */
export function factText(fact: Fact, say: Say): string {
  return oneLine(words(fact, say));
}

function words(fact: Fact, say: Say): string {
  // A pid as text: a number would get thousands separators.
  const id = `event-${fact.kind}`;
  switch (fact.kind) {
    case 'process-forked':
      return say(id, {
        comm: fact.comm,
        pid: String(fact.process.pid),
        parent: String(fact.parent_pid),
      });
    case 'process-executed':
      return say(id, {
        comm: fact.comm,
        pid: String(fact.process.pid),
        argv: fact.argv.join(' '),
      });
    case 'process-exited':
      return say(id, {
        comm: fact.comm,
        pid: String(fact.process.pid),
        status: exitOf(fact, say),
      });
    case 'unit-starting':
    case 'unit-stopping':
      return say(id, { unit: fact.unit });
    case 'unit-started':
      return say(id, { unit: fact.unit, why: fact.start == null ? '' : why(fact.start, say) });
    case 'unit-start-failed':
    case 'unit-stopped':
    case 'unit-cause-revised':
      return say(id, { unit: fact.unit, stop: stopLine(fact.stop, say) });
    case 'unit-restart-scheduled':
      return say(id, { unit: fact.unit, restarts: fact.restarts });
    case 'unit-requested':
      return say(id, {
        unit: fact.unit,
        verb: say(`verb-${fact.verb}`),
        actor: actorText(fact.actor, say),
      });
    case 'unit-state':
      return say(id, { unit: fact.unit, state: unitState(fact.active, fact.sub) });
    case 'oom-killed':
      return say(id, {
        comm: fact.comm,
        memory: bytes(fact.rss_bytes),
        constraint: say(`constraint-${fact.constraint}`),
      });
    case 'process-faulted':
      return say(id, { comm: fact.comm, pid: String(fact.pid), line: fact.line });
    case 'host-booted':
      return say(id, { before: before(fact.previous_orderly, say) });
    case 'clock-jumped':
      return say(`event-clock-jumped-${fact.by_ms < 0 ? 'back' : 'forward'}`, {
        length: length(Math.abs(fact.by_ms), say),
      });
    case 'source-started':
      return source(fact, say);
    case 'agent-started':
      return say(id, { version: fact.version, host: fact.host_name });
    case 'gap':
      return say(id, gapParameters(fact, say));
  }
}

function before(orderly: boolean | null | undefined, say: Say): string {
  if (orderly == null) return '';
  return say(orderly ? 'event-before-orderly' : 'event-before-power-cut');
}

function source(fact: SourceStarted, say: Say): string {
  const degraded = fact.degraded == null ? '' : say('event-degraded', { reason: fact.degraded });
  const id = fact.runs === 'none' ? 'event-source-off' : 'event-source-started';
  return say(id, { source: fact.source, runs: fact.runs, degraded });
}

function why(start: StartReason, say: Say): string {
  if (start.why === 'automatic') return say('event-why-automatic', { restarts: start.restarts });
  if (start.why === 'boot') return say('event-why-boot');
  if (start.why === 'requested' && start.actor != null) {
    return say('event-why-requested', { actor: actorText(start.actor, say) });
  }
  return '';
}

function exitOf(fact: ProcessExited, say: Say): string {
  const status = fact.status == null ? say('event-status-unknown') : exitText(fact.status);
  if (fact.oom_killed) return status + say('event-oom-killer');
  const killer = fact.killer;
  if (killer == null || killer.by_kernel || fact.status?.how !== 'signaled') return status;
  const parameters = { comm: killer.comm, pid: String(killer.pid), uid: String(killer.uid) };
  return status + say('event-killer', parameters);
}

function gapParameters(gap: Gap, say: Say): Record<string, string> {
  const lost =
    gap.lost == null ? say('event-lost-unknown') : say('event-lost-number', { n: gap.lost });
  return { source: gap.source, lost, reason: say(`gap-${gap.reason}`), detail: gap.detail };
}
