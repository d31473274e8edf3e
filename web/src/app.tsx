// Which address shows what. Paths are those of the server, which answers each with this page.

import { Redirect, Route, Switch } from 'wouter';

import { AuditPage } from './audit/page';
import { DiagnosePage } from './diagnose/page';
import { InquiryPage } from './diagnose/inquiry-page';
import { FleetPage } from './fleet/page';
import { HostPage } from './host/page';
import { Layout } from './layout/layout';
import { Session, SessionProvider } from './login/session';
import { LoginPage } from './login/page';
import { SettingsPage } from './settings/page';
import { useSay } from './text/language';
import { UnitPage } from './unit/page';

export function App() {
  return (
    <SessionProvider>
      <Switch>
        <Route path="/login">
          <LoginPage />
        </Route>
        <Route>
          <Session>
            <Layout>
              <Pages />
            </Layout>
          </Session>
        </Route>
      </Switch>
    </SessionProvider>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <FleetPage />
      </Route>
      <Route path="/hosts">
        <Redirect to="/" replace />
      </Route>
      <Route path="/hosts/:host/units/:unit">
        {({ host, unit }) => <UnitPage key={`${host}/${unit}`} host={host} unit={unit} />}
      </Route>
      <Route path="/hosts/:host">{({ host }) => <HostPage key={host} name={host} />}</Route>
      <Route path="/diagnose">
        <DiagnosePage />
      </Route>
      <Route path="/diagnose/:id">{({ id }) => <InquiryPage key={id} id={id} />}</Route>
      <Route path="/audit">
        <AuditPage />
      </Route>
      <Route path="/settings">
        <SettingsPage />
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

function NotFound() {
  const say = useSay();
  return <p className="empty">{say('web-no-such-page')}</p>;
}
