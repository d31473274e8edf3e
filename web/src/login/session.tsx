// Who is logged in. The secret is in a cookie that no script can read; here is only the name.

import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  type ReactNode,
} from 'react';
import { Redirect, useLocation, useSearch } from 'wouter';

import * as calls from '../api/calls';
import { whenUnauthorized } from '../api/client';
import { ApiProblem, unreachable } from '../api/problem';
import type { Me, Role } from '../api/types';
import { ProblemNote } from '../parts/problem-note';
import { useSay } from '../text/language';

type State =
  { is: 'asking' } | { is: 'out' } | { is: 'in'; me: Me } | { is: 'lost'; problem: ApiProblem };

interface SessionContext {
  state: State;
  enter: (me: Me) => void;
  leave: () => void;
}

const Context = createContext<SessionContext | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ is: 'asking' });
  const enter = useCallback((me: Me) => setState({ is: 'in', me }), []);
  const leave = useCallback(() => setState({ is: 'out' }), []);
  useEffect(() => {
    whenUnauthorized(leave);
    const stop = new AbortController();
    calls.me(stop.signal).then(enter, (error: unknown) => {
      if (stop.signal.aborted) return;
      const problem = error instanceof ApiProblem ? error : unreachable(error);
      setState(problem.status === 401 ? { is: 'out' } : { is: 'lost', problem });
    });
    return () => stop.abort();
  }, [enter, leave]);
  const value = useMemo(() => ({ state, enter, leave }), [state, enter, leave]);
  return <Context value={value}>{children}</Context>;
}

export function useSession(): SessionContext {
  const session = useContext(Context);
  if (session === null) throw new Error('outside of SessionProvider');
  return session;
}

/** The account that is logged in; only below `Session`. */
export function useMe(): Me {
  const { state } = useSession();
  if (state.is !== 'in') throw new Error('nobody is logged in');
  return state.me;
}

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Whether the account may do what needs `role`. The server decides; this only hides. */
export function useMay(role: Role): boolean {
  return RANK[useMe().role] >= RANK[role];
}

/** Shows its children to those who are logged in, and the login to the others. */
export function Session({ children }: { children: ReactNode }) {
  const { state } = useSession();
  const say = useSay();
  const [path] = useLocation();
  const search = useSearch();
  switch (state.is) {
    case 'in':
      return children;
    case 'asking':
      return <p className="empty">{say('web-loading')}</p>;
    case 'lost':
      return <ProblemNote problem={state.problem} />;
    case 'out': {
      const next = search === '' ? path : `${path}?${search}`;
      return <Redirect to={`/login?next=${encodeURIComponent(next)}`} replace />;
    }
  }
}
