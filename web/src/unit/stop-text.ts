// What the evidence adds to the cause of a stop, worded as analysis/src/text/restarts.rs words it.

import type { Advice, StopEvidence, StopRow } from '../api/types';
import type { Say } from '../text/catalogue';
import { oneLine } from '../text/escape';
import { bytes } from '../text/size';
import { actorText, exitText } from '../text/stop';

export function stopDetails(row: StopRow, say: Say): string[] {
  const details: string[] = [];
  if (row.never_ready) details.push(say('restarts-start-failed'));
  if (row.exit != null) details.push(exitText(row.exit));
  if (row.oom != null) {
    const rss = bytes(row.oom.rss_bytes);
    const limit = row.oom.limit_bytes;
    details.push(
      limit == null
        ? say('restarts-memory-machine', { rss })
        : say('restarts-memory', { rss, limit: bytes(limit) }),
    );
  }
  for (const fact of row.evidence) {
    const text = evidence(fact, say);
    if (text !== null) details.push(oneLine(text));
  }
  if (row.actor != null) details.push(actorText(row.actor, say));
  return details;
}

function evidence(fact: StopEvidence, say: Say): string | null {
  switch (fact.fact) {
    case 'manager-line':
      return fact.message;
    case 'dependency-stopped':
      return say('restarts-dependency', { unit: fact.unit });
    case 'boot-ended':
      return say(fact.orderly ? 'restarts-orderly' : 'restarts-power-cut');
    case 'core-dump':
      return fact.path ?? null;
    default:
      // Said by the cause, the exit status or the actor already.
      return null;
  }
}

/** The command that goes with an advice, if there is one. */
export function adviceCommand(advice: Advice): string | null {
  switch (advice.advice) {
    case 'raise-memory-limit': {
      if (advice.limit_bytes == null) return null;
      const halfMore = Math.floor((advice.limit_bytes * 1.5) / 2 ** 20);
      return `systemctl set-property ${advice.unit} MemoryMax=${halfMore}M`;
    }
    case 'machine-memory':
      return null;
    case 'read-core-dump':
      return `coredumpctl info ${advice.pid}`;
    case 'enable-core-dumps':
      return `systemctl edit ${advice.unit}`;
    case 'look-at-timeouts':
      return `systemctl show -p TimeoutStartUSec -p TimeoutStopUSec ${advice.unit}`;
    case 'fix-exec-start':
      return `systemctl cat ${advice.unit}`;
    case 'not-restarted':
      return `systemctl reset-failed ${advice.unit} && systemctl start ${advice.unit}`;
  }
}
