import { useState, type SyntheticEvent } from 'react';

import * as calls from '../api/calls';
import type { Account, LoginLink, Role } from '../api/types';
import { useMe } from '../login/session';
import { CopyCommand } from '../parts/copy-command';
import { DataTable } from '../parts/data-table';
import { Field } from '../parts/field';
import { HostText } from '../parts/host-text';
import { ProblemNote } from '../parts/problem-note';
import { Status } from '../parts/status';
import { useAction, type Action } from '../parts/use-action';
import { useLoaded } from '../parts/use-loaded';
import { useSay } from '../text/language';
import { moment } from '../text/time';
import { RoleSelect } from './role-select';

/** Everybody who may log in. */
export function Accounts() {
  const say = useSay();
  const accounts = useLoaded((signal) => calls.accounts(signal), 'accounts');
  const action = useAction();
  const [link, setLink] = useState<LoginLink | null>(null);
  const change = (name: string, body: { role?: Role; disabled?: boolean }) =>
    action.run(async () => {
      await calls.changeAccount(name, body);
      accounts.reload();
    });
  const makeLink = (name: string) => action.run(async () => setLink(await calls.loginLink(name)));
  return (
    <section>
      <h2>{say('web-accounts')}</h2>
      <NewAccountForm
        onMade={(made) => {
          setLink(made);
          accounts.reload();
        }}
      />
      <ProblemNote problem={accounts.problem ?? action.problem} />
      {link !== null && (
        <div className="note good" role="status">
          <p>
            {say('web-login-link-valid', {
              name: link.account.name,
              until: moment(link.expires_at),
            })}
          </p>
          <CopyCommand command={window.location.origin + link.path} />
        </div>
      )}
      <AccountTable
        accounts={accounts.data?.accounts ?? []}
        action={action}
        onChange={change}
        onLink={makeLink}
      />
    </section>
  );
}

interface TableProps {
  accounts: Account[];
  action: Action;
  onChange: (name: string, body: { role?: Role; disabled?: boolean }) => void;
  onLink: (name: string) => void;
}

function AccountTable({ accounts, action, onChange, onLink }: TableProps) {
  const say = useSay();
  const me = useMe();
  return (
    <DataTable
      label={say('web-accounts')}
      rows={accounts}
      keyOf={(one) => one.name}
      columns={[
        {
          name: 'name',
          heading: say('web-name'),
          cell: (one) => <HostText>{one.name}</HostText>,
        },
        {
          name: 'role',
          heading: say('web-role'),
          cell: (one) => (
            <RoleSelect
              label={`${say('web-role')}: ${one.name}`}
              role={one.role}
              most="admin"
              onChange={(role) => onChange(one.name, { role })}
            />
          ),
        },
        {
          name: 'state',
          heading: say('web-state'),
          cell: (one) =>
            one.disabled_at != null ? (
              <Status tone="faint">{say('web-disabled')}</Status>
            ) : (
              <Status tone="good">{say('web-enabled')}</Status>
            ),
        },
        {
          name: 'do',
          heading: say('web-actions'),
          cell: (one) => (
            <span className="actions">
              <button type="button" disabled={action.busy} onClick={() => onLink(one.name)}>
                {say('web-login-link')}
              </button>
              {one.name !== me.name && (
                <button
                  type="button"
                  disabled={action.busy}
                  onClick={() => onChange(one.name, { disabled: one.disabled_at == null })}
                >
                  {say(one.disabled_at != null ? 'web-enable' : 'web-disable')}
                </button>
              )}
            </span>
          ),
        },
      ]}
    />
  );
}

function NewAccountForm({ onMade }: { onMade: (link: LoginLink) => void }) {
  const say = useSay();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const action = useAction();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    action.run(async () => {
      onMade(await calls.createAccount({ name, role }));
      setName('');
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
          {(id) => <RoleSelect id={id} role={role} most="admin" onChange={setRole} />}
        </Field>
        <button type="submit" disabled={action.busy}>
          {say('web-make-account')}
        </button>
      </form>
      <ProblemNote problem={action.problem} />
    </>
  );
}
