import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';

import * as calls from '../api/calls';
import { useMay, useMe, useSession } from '../login/session';
import { HostText } from '../parts/host-text';
import { useSay } from '../text/language';
import { Chooser } from './chooser';
import { useKeys } from './use-keys';

/** What stands around every page: where to go, who is here, and the choices. */
export function Layout({ children }: { children: ReactNode }) {
  const say = useSay();
  useKeys();
  return (
    <>
      <a className="skip" href="#main">
        {say('web-skip')}
      </a>
      <header className="top">
        <Link href="/" className="brand">
          aiops
        </Link>
        <Navigation />
        <div className="right">
          <Chooser />
          <Account />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function Navigation() {
  const say = useSay();
  const [path] = useLocation();
  const admin = useMay('admin');
  const at = (start: string) =>
    path.startsWith(start) || (start === '/hosts' && path === '/') ? 'page' : undefined;
  return (
    <nav aria-label={say('web-navigation')}>
      <Link href="/" aria-current={at('/hosts')}>
        {say('web-fleet')}
      </Link>
      <Link href="/diagnose" aria-current={at('/diagnose')}>
        {say('web-diagnose')}
      </Link>
      {admin && (
        <Link href="/audit" aria-current={at('/audit')}>
          {say('web-audit')}
        </Link>
      )}
      <Link href="/settings" aria-current={at('/settings')}>
        {say('web-settings')}
      </Link>
    </nav>
  );
}

function Account() {
  const say = useSay();
  const me = useMe();
  const { leave } = useSession();
  const out = () => {
    // Whatever the server says: who leaves shall not see the page any more.
    calls.logout().then(leave, leave);
  };
  return (
    <div className="account">
      <span className="who">
        <HostText>{me.name}</HostText> <span className="faint">{say(`web-role-${me.role}`)}</span>
      </span>
      <button type="button" onClick={out}>
        {say('web-logout')}
      </button>
    </div>
  );
}
