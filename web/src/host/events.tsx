// Events of a host as they come. A gap is a stretch of which nothing is known, and looks like one.

import { useEffect, useRef, useState } from 'react';

import { eventStream } from '../api/calls';
import type { StoredEvent } from '../api/types';
import { HostText } from '../parts/host-text';
import { ProblemNote } from '../parts/problem-note';
import { StreamStatus } from '../parts/stream-status';
import { useStream } from '../parts/use-stream';
import { factText, weight } from '../text/events';
import { useSay } from '../text/language';
import { moment, preciseClock } from '../text/time';
import { EVENT_FILTERS, kindsOf, MOST_EVENTS, withEvents, type EventFilter } from './timeline';

/** How far back the list begins. */
const SINCE = '6h';
/** Messages are drawn together that come within this. */
const GATHER_MS = 100;

export function EventTimeline({ agent }: { agent: string }) {
  const say = useSay();
  const [filter, setFilter] = useState<EventFilter>('units');
  return (
    <>
      <div className="toolbar">
        <div className="choice" role="group" aria-label={say('web-event-filter')}>
          {EVENT_FILTERS.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === filter}
              onClick={() => setFilter(one)}
            >
              {say(`web-event-filter-${one}`)}
            </button>
          ))}
        </div>
      </div>
      <Followed key={filter} agent={agent} filter={filter} />
    </>
  );
}

function Followed({ agent, filter }: { agent: string; filter: EventFilter }) {
  const say = useSay();
  const [events, setEvents] = useState<StoredEvent[]>([]);
  const gathered = useRef<StoredEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const kind = kindsOf(filter);
  const path = eventStream({ host: agent, since: SINCE, ...(kind === undefined ? {} : { kind }) });
  const stream = useStream(path, (type, data) => {
    if (type !== 'message') return undefined;
    gathered.current.push(JSON.parse(data) as StoredEvent);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const fresh = gathered.current.splice(0);
      setEvents((known) => withEvents(known, fresh));
    }, GATHER_MS);
    return undefined;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <>
      <StreamStatus stream={stream} />
      <ProblemNote problem={stream.problem} />
      {events.length === 0 && stream.state === 'open' && (
        <p className="empty">{say('web-no-events', { period: SINCE })}</p>
      )}
      <ol className="events" role="list" aria-label={say('web-tab-events')}>
        {events.map((one) => (
          <EventLine key={one.cursor} stored={one} />
        ))}
      </ol>
      {events.length === MOST_EVENTS && (
        <p className="empty">{say('web-events-kept', { n: MOST_EVENTS })}</p>
      )}
    </>
  );
}

function EventLine({ stored }: { stored: StoredEvent }) {
  const say = useSay();
  const { event } = stored;
  if (event == null) {
    return (
      <li className="gap">
        <time>{preciseClock(stored.received_at)}</time>
        <span className="kind">?</span>
        <span>{say('event-unreadable')}</span>
      </li>
    );
  }
  return (
    <li className={weight(event)}>
      <time dateTime={event.at} title={moment(event.at)}>
        {preciseClock(event.at)}
      </time>
      <span className="kind">{event.kind === 'gap' ? say('web-no-data') : event.kind}</span>
      <span className="text">
        <HostText>{factText(event, say)}</HostText>
      </span>
    </li>
  );
}
