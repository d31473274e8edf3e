import { useMemo, useState } from 'react';

import * as calls from '../api/calls';
import type { Host } from '../api/types';
import { filterHosts, sharedNames, sortHosts, toneOf } from '../fleet/hosts';
import { moveByArrows } from '../parts/arrow-keys';
import { HostText } from '../parts/host-text';
import { ProblemNote } from '../parts/problem-note';
import { SearchField } from '../parts/search-field';
import { Status } from '../parts/status';
import { useLoaded } from '../parts/use-loaded';
import { useSay } from '../text/language';
import { withHost, withLabel, withoutHost, withoutLabel, type Target } from './target';

/** Hosts that are offered at once; a search finds the others. */
const MOST_OFFERED = 50;
const NONE: Host[] = [];

interface Props {
  target: Target;
  onChange: (target: Target) => void;
}

/** Chooses hosts by name or by label. */
export function HostPicker({ target, onChange }: Props) {
  const say = useSay();
  const fleet = useLoaded((signal) => calls.hosts(signal), 'fleet');
  const [query, setQuery] = useState('');
  const hosts = useMemo(() => sortHosts(fleet.data?.hosts ?? NONE), [fleet.data]);
  const shared = useMemo(() => sharedNames(hosts), [hosts]);
  const found = useMemo(() => filterHosts(hosts, query, 'all'), [hosts, query]);
  const label = /^([^=\s]+)=(\S+)$/.exec(query.trim());
  return (
    <fieldset className="picker">
      <legend>{say('web-where')}</legend>
      <Chosen target={target} onChange={onChange} />
      <SearchField label={say('web-fleet-search')} value={query} onChange={setQuery} />
      <ProblemNote problem={fleet.problem} />
      {label?.[1] !== undefined && label[2] !== undefined && (
        <button
          type="button"
          onClick={() => {
            onChange(withLabel(target, label[1] ?? '', label[2] ?? ''));
            setQuery('');
          }}
        >
          {say('web-all-with-label', { label: label[0], n: found.length })}
        </button>
      )}
      {/* The boxes inside take the focus; the arrows only move it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <ul className="offered" role="list" onKeyDown={moveByArrows}>
        {found.slice(0, MOST_OFFERED).map((host) => {
          const name = shared.has(host.host_name) ? host.agent_id : host.host_name;
          return (
            <li key={host.agent_id}>
              <label className="check">
                <input
                  type="checkbox"
                  data-row
                  checked={target.hosts.includes(name)}
                  onChange={(event) =>
                    onChange(
                      event.target.checked ? withHost(target, name) : withoutHost(target, name),
                    )
                  }
                />
                <HostText>{host.host_name}</HostText>
                {shared.has(host.host_name) && (
                  <code className="faint">{host.agent_id.slice(0, 8)}</code>
                )}
                <Status tone={toneOf(host.state)}>{say(`host-state-${host.state}`)}</Status>
              </label>
            </li>
          );
        })}
      </ul>
      {found.length > MOST_OFFERED && (
        <p className="faint small">{say('web-more-hosts', { n: found.length - MOST_OFFERED })}</p>
      )}
    </fieldset>
  );
}

function Chosen({ target, onChange }: Props) {
  const say = useSay();
  return (
    <ul className="chosen" role="list" aria-label={say('web-chosen')}>
      {target.hosts.map((host) => (
        <Chip key={host} text={host} onRemove={() => onChange(withoutHost(target, host))} />
      ))}
      {Object.entries(target.labels).map(([key, value]) => (
        <Chip
          key={key}
          text={`${key}=${value}`}
          onRemove={() => onChange(withoutLabel(target, key))}
        />
      ))}
    </ul>
  );
}

function Chip({ text, onRemove }: { text: string; onRemove: () => void }) {
  const say = useSay();
  return (
    <li>
      <button
        type="button"
        className="label"
        aria-label={say('web-remove', { what: text })}
        onClick={onRemove}
      >
        <HostText>{text}</HostText> <span aria-hidden="true">✕</span>
      </button>
    </li>
  );
}
