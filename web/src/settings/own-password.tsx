import { useState, type SyntheticEvent } from 'react';

import * as calls from '../api/calls';
import { Field } from '../parts/field';
import { ProblemNote } from '../parts/problem-note';
import { useAction } from '../parts/use-action';
import { useSay } from '../text/language';

export function OwnPassword() {
  const say = useSay();
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [done, setDone] = useState(false);
  const action = useAction();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setDone(false);
    action.run(async () => {
      // Who logged in with a link may have none yet.
      await calls.changePassword(old === '' ? null : old, fresh);
      setDone(true);
      setOld('');
      setFresh('');
    });
  };
  return (
    <section>
      <h2>{say('web-own-password')}</h2>
      <form className="fields" onSubmit={submit}>
        <Field label={say('web-old-password')} help={say('web-old-password-help')}>
          {(id) => (
            <input
              id={id}
              type="password"
              autoComplete="current-password"
              value={old}
              onChange={(event) => setOld(event.target.value)}
            />
          )}
        </Field>
        <Field label={say('web-new-password')}>
          {(id) => (
            <input
              id={id}
              type="password"
              autoComplete="new-password"
              required
              value={fresh}
              onChange={(event) => setFresh(event.target.value)}
            />
          )}
        </Field>
        <button type="submit" disabled={action.busy}>
          {say('web-change')}
        </button>
      </form>
      <ProblemNote problem={action.problem} />
      <p role="status">{done && say('web-password-changed')}</p>
    </section>
  );
}
