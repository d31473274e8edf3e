import type { Ref } from 'react';
import { Link } from 'wouter';

import type { Host } from '../api/types';
import { HostText } from '../parts/host-text';
import { Ago } from '../parts/moment';
import { Status } from '../parts/status';
import { VirtualTable, type RowsHandle } from '../parts/virtual-table';
import { useSay } from '../text/language';
import { hostPath, notes, since, toneOf } from './hosts';

const HEIGHTS = { wide: 36, narrow: 64 };
const COLUMNS = ['name', 'state', 'since', 'labels', 'version', 'lag', 'note'] as const;

interface Props {
  hosts: Host[];
  /** Names that more than one host has. */
  shared: ReadonlySet<string>;
  handle: Ref<RowsHandle>;
  onLabel: (label: string) => void;
}

/** The list of hosts. */
export function HostRows({ hosts, shared, handle, onLabel }: Props) {
  const say = useSay();
  return (
    <VirtualTable
      label={say('web-fleet')}
      className="hosts"
      columns={COLUMNS.map((name) => ({
        name,
        heading: say(name === 'labels' ? 'web-heading-labels' : `host-heading-${name}`),
      }))}
      count={hosts.length}
      heights={HEIGHTS}
      handle={handle}
      row={(index) => {
        const host = hosts[index];
        if (host === undefined) return null;
        const isShared = shared.has(host.host_name);
        const cells = <Cells host={host} index={index} isShared={isShared} onLabel={onLabel} />;
        return { key: host.agent_id, cells };
      }}
    />
  );
}

interface CellsProps {
  host: Host;
  index: number;
  isShared: boolean;
  onLabel: (label: string) => void;
}

function Cells({ host, index, isShared, onLabel }: CellsProps) {
  const say = useSay();
  const remarks = notes(host, say).join('; ');
  return (
    <>
      <span role="cell" className="name">
        <Link href={hostPath(isShared ? host.agent_id : host.host_name)} data-row={index}>
          <HostText>{host.host_name}</HostText>
        </Link>
        {isShared && <code className="faint"> {host.agent_id.slice(0, 8)}</code>}
      </span>
      <span role="cell" className="state">
        <Status tone={toneOf(host.state)}>{say(`host-state-${host.state}`)}</Status>
      </span>
      <span role="cell" className="since">
        <Ago at={since(host)} />
      </span>
      <span role="cell" className="labels">
        {Object.entries(host.labels).map(([key, value]) => (
          <button
            key={key}
            type="button"
            className="label"
            onClick={() => onLabel(`${key}=${value}`)}
          >
            <HostText>{`${key}=${value}`}</HostText>
          </button>
        ))}
      </span>
      <span role="cell" className="version">
        <HostText>{host.facts?.agent_version ?? '-'}</HostText>
      </span>
      <span role="cell" className="lag">
        {host.event_lag ?? '-'}
      </span>
      <span role="cell" className="note" title={remarks}>
        {remarks !== '' && <HostText>{remarks}</HostText>}
      </span>
    </>
  );
}
