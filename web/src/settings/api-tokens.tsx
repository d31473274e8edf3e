import { useState, type SyntheticEvent } from 'react';

import * as calls from '../api/calls';
import type { Role } from '../api/types';
import { useMe } from '../login/session';
import { CopyCommand } from '../parts/copy-command';
import { DataTable } from '../parts/data-table';
import { Field } from '../parts/field';
import { HostText } from '../parts/host-text';
import { Ago } from '../parts/moment';
import { ProblemNote } from '../parts/problem-note';
import { useAction } from '../parts/use-action';
import { useLoaded } from '../parts/use-loaded';
import { useSay } from '../text/language';
import { RoleSelect } from './role-select';

/** How long a token may live, in seconds. */
const LIVES_S = [86_400, 2_592_000, 31_536_000] as const;

export function ApiTokens() {
  const say = useSay();
  const tokens = useLoaded((signal) => calls.apiTokens(signal), 'tokens');
  const action = useAction();
  const remove = (name: string) =>
    action.run(async () => {
      await calls.deleteApiToken(name);
      tokens.reload();
    });
  return (
    <section>
      <h2>{say('web-api-tokens')}</h2>
      <NewToken onMade={tokens.reload} />
      <ProblemNote problem={tokens.problem ?? action.problem} />
      <DataTable
        label={say('web-api-tokens')}
        rows={tokens.data?.tokens ?? []}
        keyOf={(one) => one.name}
        columns={[
          {
            name: 'name',
            heading: say('web-name'),
            cell: (one) => <HostText>{one.name}</HostText>,
          },
          { name: 'role', heading: say('web-role'), cell: (one) => say(`web-role-${one.role}`) },
          {
            name: 'ends',
            heading: say('web-ends'),
            cell: (one) =>
              one.expires_at == null ? say('web-never-ends') : <Ago at={one.expires_at} />,
          },
          {
            name: 'used',
            heading: say('web-last-used'),
            cell: (one) =>
              one.last_used_at == null ? say('host-never') : <Ago at={one.last_used_at} />,
          },
          {
            name: 'do',
            heading: say('web-actions'),
            cell: (one) => (
              <button type="button" disabled={action.busy} onClick={() => remove(one.name)}>
                {say('web-delete')}
              </button>
            ),
          },
        ]}
      />
    </section>
  );
}

function NewToken({ onMade }: { onMade: () => void }) {
  const say = useSay();
  const me = useMe();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [life, setLife] = useState<number>(LIVES_S[1]);
  const [made, setMade] = useState<string | null>(null);
  const action = useAction();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    action.run(async () => {
      const { secret } = await calls.createApiToken({ name, role, ttl_s: life });
      setMade(secret);
      setName('');
      onMade();
    });
  };
  return (
    <>
      <form className="fields" onSubmit={submit}>
        <Field label={say('web-name')}>
          {(id) => (
            <input
              id={id}
              required
              autoCapitalize="none"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label={say('web-role')}>
          {(id) => <RoleSelect id={id} role={role} most={me.role} onChange={setRole} />}
        </Field>
        <Field label={say('web-ends')}>
          {(id) => (
            <select id={id} value={life} onChange={(event) => setLife(Number(event.target.value))}>
              {LIVES_S.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {say(`web-life-${seconds}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <button type="submit" disabled={action.busy}>
          {say('web-make-token')}
        </button>
      </form>
      <ProblemNote problem={action.problem} />
      {made !== null && (
        <div className="note good" role="status">
          <p>{say('web-shown-once')}</p>
          <CopyCommand command={made} />
        </div>
      )}
    </>
  );
}
