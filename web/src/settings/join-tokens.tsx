import { useState, type SyntheticEvent } from 'react';

import * as calls from '../api/calls';
import type { JoinToken } from '../api/types';
import { CopyCommand } from '../parts/copy-command';
import { Field } from '../parts/field';
import { ProblemNote } from '../parts/problem-note';
import { useAction } from '../parts/use-action';
import { useSay } from '../text/language';
import { moment } from '../text/time';

/** How long a join token works, in seconds. */
const LIFE_S = 3600;
/** Hosts that one token may bring. */
const MOST_USES = 1000;

/** The line with which a host joins. */
export function JoinTokens() {
  const say = useSay();
  const [uses, setUses] = useState(1);
  const [made, setMade] = useState<JoinToken | null>(null);
  const action = useAction();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    action.run(async () => setMade(await calls.createJoinToken({ uses, ttl_s: LIFE_S })));
  };
  return (
    <section>
      <h2>{say('web-add-hosts')}</h2>
      <form className="fields" onSubmit={submit}>
        <Field label={say('web-how-many-hosts')}>
          {(id) => (
            <input
              id={id}
              type="number"
              min={1}
              max={MOST_USES}
              required
              value={uses}
              onChange={(event) => setUses(event.target.valueAsNumber)}
            />
          )}
        </Field>
        <button type="submit" disabled={action.busy}>
          {say('web-make-line')}
        </button>
      </form>
      <ProblemNote problem={action.problem} />
      {made !== null && (
        <div className="note good" role="status">
          <p>{say('web-join-valid', { until: moment(made.expires_at) })}</p>
          <CopyCommand command={made.command} />
        </div>
      )}
    </section>
  );
}
