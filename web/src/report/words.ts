// Findings of the reports, in words.

import type {
  Culprit,
  Finding,
  FixKind,
  Holder,
  Limitation,
  Oddity,
  StartEvidence,
} from '../api/types';
import type { Say } from '../text/catalogue';
import { bytes } from '../text/size';
import { exitText } from '../text/stop';
import { moment } from '../text/time';

/** A name that a newer server gives stands as it is. */
function named(id: string, name: string, say: Say): string {
  return say.has(id) ? say(id) : name;
}

export function oddityText(oddity: Oddity, say: Say): string {
  switch (oddity.oddity) {
    case 'outside-unit':
      return say('web-oddity-outside-unit', { unit: oddity.parent_unit });
    case 'deleted-program':
      return say('web-oddity-deleted-program', { path: oddity.path });
    default:
      return named(`web-oddity-${oddity.oddity}`, oddity.oddity, say);
  }
}

export function limitText({ what, why, count }: Limitation, say: Say): string {
  return say('web-limit', { what: named(`what-${what}`, what, say), why, count });
}

/** The cause in a line, as `title` in analysis/src/text/start_failure.rs. */
export function findingText({ cause, culprit, fixes }: Finding, say: Say): string {
  const change = fixes.map((fix) => fix.what).find((what) => what.kind === 'change-port');
  const port = culprit?.is === 'process' ? culprit.port : change?.port;
  if (cause === 'port-in-use' && port !== undefined) {
    return say('start-port-in-use', { port: String(port) });
  }
  return named(`start-cause-${cause}`, cause, say);
}

export function culpritText(culprit: Culprit, say: Say): string {
  switch (culprit.is) {
    case 'process':
      return holderText(culprit, say);
    case 'unit':
      return culprit.unit;
    case 'path':
      return culprit.line ? `${culprit.path}:${culprit.line}` : culprit.path;
    case 'user':
      return culprit.user;
    case 'group':
      return culprit.group;
    case 'address':
      return culprit.address;
    case 'library':
    case 'capability':
    case 'limit':
    case 'system-call':
      return culprit.name;
  }
}

/** Who holds a port, and since when. */
export function holderText(holder: Holder, say: Say): string {
  const where = `${holder.protocol} ${holder.address}`;
  if (holder.process == null) return say('web-holder-hidden', { where });
  const details = [
    ...(holder.user == null ? [] : [holder.user]),
    ...(holder.unit == null ? [] : [holder.unit]),
    ...(holder.container == null ? [] : [holder.container.slice(0, 12)]),
    ...(holder.since == null ? [] : [say('web-holder-since', { since: moment(holder.since) })]),
  ];
  return say('web-holder', {
    where,
    comm: holder.comm ?? '?',
    pid: String(holder.process.pid),
    command: holder.argv.join(' '),
    details: details.join(', '),
  });
}

export function evidenceText(evidence: StartEvidence, say: Say): string {
  switch (evidence.from) {
    case 'log':
      return `${moment(evidence.line.at)} ${evidence.line.source}: ${evidence.line.message}`;
    case 'unit':
      return `${evidence.property}=${evidence.value}`;
    case 'status':
      return exitText(evidence.status);
    case 'socket':
      return holderText(evidence.holder, say);
    case 'dependency':
      return `${evidence.unit}: ${evidence.active_state}`;
    case 'config-test':
      return `${evidence.name}: ${evidence.message}`;
    case 'file': {
      const id = `start-file-${evidence.state}`;
      return `${evidence.path}: ${say.has(id) ? say(id) : evidence.state}`;
    }
    case 'claimed-process': {
      const known = evidence.unit == null ? 'start-claimed' : 'start-claimed-of-unit';
      const text = say(evidence.comm == null ? 'start-claimed-gone' : known, {
        pid: String(evidence.pid),
        comm: evidence.comm ?? '',
        unit: evidence.unit ?? '',
      });
      return evidence.path == null ? text : `${evidence.path}: ${text}`;
    }
    case 'filesystem': {
      const id = evidence.read_only ? 'start-filesystem-read-only' : 'start-filesystem';
      return say(id, {
        path: evidence.path,
        free: bytes(evidence.free_bytes),
        size: bytes(evidence.bytes),
        inodes: String(evidence.free_inodes),
        of: String(evidence.inodes),
      });
    }
  }
}

export function fixText(fix: FixKind, say: Say): string {
  const { kind, ...rest } = fix;
  const id = `start-fix-${kind}`;
  if (!say.has(id)) return kind;
  const parameters = Object.entries(rest).map(([name, value]) => [name, String(value ?? '')]);
  return say(id, Object.fromEntries(parameters) as Record<string, string>);
}
