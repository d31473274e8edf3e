import type { ReactNode } from 'react';

import type { Capability, Host } from '../api/types';
import { capabilities, isCertificateLate } from '../fleet/hosts';
import { HostText } from '../parts/host-text';
import { MomentAndAgo } from '../parts/moment';
import { Status } from '../parts/status';
import { useNow } from '../parts/use-now';
import { useSay } from '../text/language';

/** What is known of the host itself: system, certificate, sources of events. */
export function HostAbout({ host }: { host: Host }) {
  const say = useSay();
  const late = isCertificateLate(host, useNow());
  const { facts } = host;
  const rows: [string, ReactNode][] = [
    ['id', <code key="id">{host.agent_id}</code>],
    [
      'os',
      <HostText key="os">{facts == null ? '' : `${facts.os} (${facts.architecture})`}</HostText>,
    ],
    ['kernel', <HostText key="kernel">{facts?.kernel ?? ''}</HostText>],
    [
      'systemd',
      <HostText key="systemd">{facts?.systemd_version || say('host-no-systemd')}</HostText>,
    ],
    ['addresses', <HostText key="addresses">{facts?.addresses.join(', ') ?? ''}</HostText>],
    ['enrolled', <MomentAndAgo key="enrolled" at={host.enrolled_at} />],
    [
      'heard',
      host.last_heard_at == null ? (
        say('host-never')
      ) : (
        <MomentAndAgo key="heard" at={host.last_heard_at} />
      ),
    ],
    [
      'certificate',
      <Status key="certificate" tone={late ? 'doubt' : 'good'}>
        <span>
          <MomentAndAgo at={host.certificate_expires_at} />
          {late && ` ${say('web-certificate-late')}`}
        </span>
      </Status>,
    ],
    ['lag', host.event_lag == null ? '-' : say('host-lag-events', { events: host.event_lag })],
  ];
  return (
    <>
      <dl className="facts">
        {rows.map(([id, value]) => (
          <div key={id}>
            <dt>{say(`host-field-${id}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h2>{say('host-field-sources')}</h2>
      {capabilities(host).length === 0 && <p className="empty">{say('web-no-sources')}</p>}
      <ul className="sources">
        {capabilities(host).map((one) => (
          <Source key={one.source} capability={one} />
        ))}
      </ul>
    </>
  );
}

function Source({ capability }: { capability: Capability }) {
  const say = useSay();
  const { source, runs, degraded } = capability;
  const tone = runs == null ? 'bad' : degraded == null ? 'good' : 'doubt';
  return (
    <li>
      <Status tone={tone}>
        <HostText>{`${source}: ${runs ?? say('host-not-running')}`}</HostText>
      </Status>
      {degraded != null && (
        <p>
          <HostText>{degraded}</HostText>
        </p>
      )}
    </li>
  );
}
