import { useMay, useMe } from '../login/session';
import { useTitle } from '../parts/use-title';
import { useSay } from '../text/language';
import { Accounts } from './accounts';
import { ApiTokens } from './api-tokens';
import { JoinTokens } from './join-tokens';
import { OwnPassword } from './own-password';
import { OwnSessions } from './own-sessions';

export function SettingsPage() {
  const say = useSay();
  useTitle(say('web-settings'));
  const admin = useMay('admin');
  // An API token has neither a password nor sessions.
  const person = useMe().via === 'session';
  return (
    <div className="settings">
      <h1>{say('web-settings')}</h1>
      {person && <OwnPassword />}
      {person && <OwnSessions />}
      <ApiTokens />
      {admin && <JoinTokens />}
      {admin && <Accounts />}
    </div>
  );
}
