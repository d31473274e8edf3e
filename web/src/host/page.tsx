import { useLocation, useSearch } from 'wouter';

import * as calls from '../api/calls';
import { hostPath } from '../fleet/hosts';
import { useMay } from '../login/session';
import { ProblemNote } from '../parts/problem-note';
import { Tabs } from '../parts/tabs';
import { useLoaded } from '../parts/use-loaded';
import { useTitle } from '../parts/use-title';
import { useSay } from '../text/language';
import { HostAbout } from './about';
import { EventTimeline } from './events';
import { HostHeader } from './header';
import { LiveProcesses } from './processes';
import { UnitList } from './units';

const TABS = ['units', 'events', 'processes', 'about'] as const;
type Tab = (typeof TABS)[number];

/** How soon the host is looked at again. */
const AGAIN_MS = 3000;

export function HostPage({ name }: { name: string }) {
  const say = useSay();
  useTitle(name);
  const host = useLoaded(
    (signal) => calls.host(name, signal),
    name,
    () => AGAIN_MS,
  );
  const [tab, setTab] = useTab(name);
  const operator = useMay('operator');
  if (host.data === null) {
    return host.problem === null ? (
      <p className="empty">{say('web-loading')}</p>
    ) : (
      <ProblemNote problem={host.problem} />
    );
  }
  const known = host.data;
  // Only operators may ask a host.
  const tabs = TABS.filter((one) => one !== 'processes' || operator);
  return (
    <>
      <HostHeader host={known} />
      <ProblemNote problem={host.problem} />
      <Tabs
        label={known.host_name}
        tabs={tabs.map((one) => ({ name: one, title: say(`web-tab-${one}`) }))}
        chosen={tabs.includes(tab) ? tab : 'units'}
        onChoose={setTab}
      >
        {tab === 'units' && <UnitList host={name} />}
        {tab === 'events' && <EventTimeline agent={known.agent_id} />}
        {tab === 'processes' && operator && <LiveProcesses host={known} />}
        {tab === 'about' && <HostAbout host={known} />}
      </Tabs>
    </>
  );
}

/** The tab stands in the address. */
function useTab(name: string): [Tab, (tab: Tab) => void] {
  const asked = new URLSearchParams(useSearch()).get('tab');
  const [, navigate] = useLocation();
  const tab = TABS.find((one) => one === asked) ?? 'units';
  return [tab, (next) => navigate(`${hostPath(name)}?tab=${next}`, { replace: true })];
}
