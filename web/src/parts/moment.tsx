import { useSay } from '../text/language';
import { ago, lasting, moment } from '../text/time';
import { useNow } from './use-now';

/** `3m ago`; the moment itself on hovering and for assistive technology. */
export function Ago({ at }: { at: string }) {
  const say = useSay();
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(at, useNow(), say)}
    </time>
  );
}

/** `online for 3m`; the moment itself on hovering. */
export function StateSince({ state, at }: { state: string; at: string }) {
  const say = useSay();
  return (
    <time dateTime={at} title={moment(at)}>
      {say('web-state-for', { state, length: lasting(at, useNow(), say) })}
    </time>
  );
}

/** `2026-11-21 08:07:04 (3m ago)`. */
export function MomentAndAgo({ at }: { at: string }) {
  return (
    <>
      <time dateTime={at}>{moment(at)}</time> (<Ago at={at} />)
    </>
  );
}
