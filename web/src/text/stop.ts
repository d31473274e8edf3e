// Causes, exits and people, worded as analysis/src/text/stop.rs words them.

import type { Actor, ExitStatus, Stop, StopCause } from '../api/types';
import type { Say } from './catalogue';
import { oneLine } from './escape';

const SIGNALS =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );

/** Causes that are the unit's own fault: somebody should look at it. */
const FAILURES: ReadonlySet<StopCause> = new Set<StopCause>([
  'exit-code',
  'signal',
  'oom-cgroup',
  'oom-system',
  'watchdog',
  'timeout',
]);

export function isFailure(cause: StopCause): boolean {
  return FAILURES.has(cause);
}

/** `SIGSEGV`, `SIGRTMIN+2`. */
export function signalName(signal: number): string {
  const name = SIGNALS[signal - 1];
  if (name !== undefined) return `SIG${name}`;
  return signal >= 34 ? `SIGRTMIN+${signal - 34}` : `signal ${signal}`;
}

/** `active (running)`; what says nothing more is left out. */
export function unitState(active: string, sub: string): string {
  return sub === '' || sub === active ? active : `${active} (${sub})`;
}

/** `exit 1`, `SIGSEGV (core)`. */
export function exitText(status: ExitStatus): string {
  if (status.how === 'exited') return `exit ${status.code}`;
  return signalName(status.signal) + (status.core_dumped ? ' (core)' : '');
}

/** Cause, exit status, who, and how sure: one line. */
export function stopLine(stop: Stop, say: Say): string {
  const exit = stop.exit == null ? '' : exitText(stop.exit);
  // `exit 1` says that it was an exit code.
  const isSaid = stop.cause === 'exit-code' && exit !== '';
  const words = [isSaid ? '' : say(`cause-${stop.cause}`), exit];
  const actor = stop.actor == null ? '' : say('mark-comma') + actorText(stop.actor, say);
  return say('stop-line', {
    cause: words.filter(Boolean).join(' '),
    detail: actor,
    certainty: say(`certainty-${stop.certainty}`),
  });
}

/** A person and what they typed: "root (logged in as ana) with `systemctl restart nginx`". */
export function actorText(actor: Actor, say: Say): string {
  const name = (user: string | null | undefined, uid: number) =>
    user == null ? `uid ${uid}` : oneLine(user);
  const user = name(actor.user, actor.uid);
  const who =
    actor.login_uid == null || actor.login_uid === actor.uid
      ? say('actor-user', { user })
      : say('actor-user-login', { user, login: name(actor.login_user, actor.login_uid) });
  if (actor.command.length === 0) return who;
  return say('actor-command', { who, command: oneLine(actor.command.join(' ')) });
}
