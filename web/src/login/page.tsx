import { useEffect, useState, type SyntheticEvent } from 'react';
import { useLocation, useSearch } from 'wouter';

import * as calls from '../api/calls';
import { Chooser } from '../layout/chooser';
import { Field } from '../parts/field';
import { ProblemNote } from '../parts/problem-note';
import { useAction } from '../parts/use-action';
import { useTitle } from '../parts/use-title';
import { useSay } from '../text/language';
import { linkToken, safeNext } from './next';
import { useSession } from './session';

export function LoginPage() {
  const say = useSay();
  const { state, enter } = useSession();
  const [, navigate] = useLocation();
  const next = safeNext(useSearch());
  const action = useAction();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  useTitle(say('web-login'));

  // A token works once, and shall not stay in the address.
  const tryLink = () => {
    const token = linkToken(window.location.hash);
    if (token === null) return;
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
    action.run(async () => enter(await calls.loginByLink(token)));
  };
  useEffect(() => {
    // What is known of an older session comes first: it must not undo the new one.
    if (state.is !== 'asking') tryLink();
    // A link that is pasted into the address of this page only changes its end.
    window.addEventListener('hashchange', tryLink);
    return () => window.removeEventListener('hashchange', tryLink);
  });
  useEffect(() => {
    if (state.is === 'in' && !action.busy) navigate(next, { replace: true });
  }, [state, action.busy, navigate, next]);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    action.run(async () => enter(await calls.login(name, password)));
  };
  return (
    <main className="login" id="main">
      <h1>aiops</h1>
      <p className="faint">{say('web-login-intro')}</p>
      <form onSubmit={submit}>
        <Field label={say('web-name')}>
          {(id) => (
            <input
              id={id}
              autoComplete="username"
              autoCapitalize="none"
              required
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label={say('web-password')}>
          {(id) => (
            <input
              id={id}
              type="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
        <ProblemNote problem={action.problem} />
        <button type="submit" className="primary" disabled={action.busy}>
          {say(action.busy ? 'web-logging-in' : 'web-login')}
        </button>
      </form>
      <p className="faint small">{say('web-login-forgotten')}</p>
      <Chooser />
    </main>
  );
}
