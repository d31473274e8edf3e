import { useMemo, useRef, useTransition, useState } from 'react';
import { useLocation, useSearch } from 'wouter';

import * as calls from '../api/calls';
import type { Host } from '../api/types';
import { ProblemNote } from '../parts/problem-note';
import { SearchField } from '../parts/search-field';
import { useLoaded } from '../parts/use-loaded';
import type { RowsHandle } from '../parts/virtual-table';
import { useTitle } from '../parts/use-title';
import { useSay, useText } from '../text/language';
import {
  countStates,
  filterHosts,
  sharedNames,
  sortHosts,
  STATE_FILTERS,
  type StateFilter,
} from './hosts';
import { HostRows } from './host-rows';
import { reloadAfter } from './load';

const NONE: Host[] = [];

export function FleetPage() {
  const say = useSay();
  useTitle(say('web-fleet'));
  const fleet = useLoaded((signal) => calls.hosts(signal), 'fleet', reloadAfter);
  const { query, state, setQuery, setState } = useFilter();
  const hosts = useMemo(() => sortHosts(fleet.data?.hosts ?? NONE), [fleet.data]);
  const shown = useMemo(() => filterHosts(hosts, query, state), [hosts, query, state]);
  const shared = useMemo(() => sharedNames(hosts), [hosts]);
  const counts = useMemo(() => countStates(hosts, query), [hosts, query]);
  const rows = useRef<RowsHandle>(null);
  return (
    <>
      <h1 className="hidden">{say('web-fleet')}</h1>
      <div className="toolbar">
        <SearchField
          label={say('web-fleet-search')}
          value={query}
          onChange={setQuery}
          onDown={() => rows.current?.focusFirst()}
        />
        <StateChoice
          state={state}
          counts={fleet.data === null ? null : counts}
          onChange={setState}
        />
        <p className="count" role="status">
          {fleet.data === null && fleet.problem === null && say('web-loading')}
          {shown.length !== hosts.length && say('web-shown', { n: shown.length })}
        </p>
      </div>
      <ProblemNote problem={fleet.problem} />
      {fleet.data !== null && hosts.length === 0 && <NoHosts />}
      {hosts.length > 0 && shown.length === 0 && (
        <p className="empty">{say('web-nothing-found')}</p>
      )}
      {shown.length > 0 && (
        <HostRows
          hosts={shown}
          shared={shared}
          handle={rows}
          onLabel={(label) => setQuery(withWord(query, label))}
        />
      )}
    </>
  );
}

function NoHosts() {
  const say = useSay();
  return (
    <p className="empty">
      {say('host-no-hosts')} {say('host-hint-add')}
    </p>
  );
}

interface ChoiceProps {
  state: StateFilter;
  /** `null`: not known yet. */
  counts: Record<StateFilter, number> | null;
  onChange: (state: StateFilter) => void;
}

function StateChoice({ state, counts, onChange }: ChoiceProps) {
  const { say, language } = useText();
  return (
    <div className="choice" role="group" aria-label={say('host-heading-state')}>
      {STATE_FILTERS.map((one) => (
        <button key={one} type="button" aria-pressed={one === state} onClick={() => onChange(one)}>
          {say(`web-filter-${one}`)}
          {counts !== null && <span className="n">{counts[one].toLocaleString(language)}</span>}
        </button>
      ))}
    </div>
  );
}

/** The filter stands in the address, so that it can be shared and survives the way back. */
function useFilter() {
  const search = new URLSearchParams(useSearch());
  const [, navigate] = useLocation();
  // The field answers at once; the list of 10,000 may follow a moment later.
  const [, startTransition] = useTransition();
  const [query, setTyped] = useState(search.get('q') ?? '');
  const state = STATE_FILTERS.find((one) => one === search.get('state')) ?? 'all';
  const go = (q: string, s: StateFilter) => {
    const parameters = new URLSearchParams();
    if (q !== '') parameters.set('q', q);
    if (s !== 'all') parameters.set('state', s);
    const text = parameters.toString();
    startTransition(() => navigate(text === '' ? '/' : `/?${text}`, { replace: true }));
  };
  return {
    query,
    state,
    setQuery: (q: string) => {
      setTyped(q);
      go(q, state);
    },
    setState: (s: StateFilter) => go(query, s),
  };
}

/** Adds a word to a search, once. */
function withWord(query: string, word: string): string {
  const words = query.split(/\s+/).filter(Boolean);
  return words.includes(word) ? query : [...words, word].join(' ');
}
