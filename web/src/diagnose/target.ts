/** Which hosts are asked: those that are named, and those that have all of the labels. */
export interface Target {
  hosts: string[];
  labels: Record<string, string>;
}

export function chosenNothing({ hosts, labels }: Target): boolean {
  return hosts.length === 0 && Object.keys(labels).length === 0;
}

export function withHost(target: Target, host: string): Target {
  if (target.hosts.includes(host)) return target;
  return { ...target, hosts: [...target.hosts, host] };
}

export function withoutHost(target: Target, host: string): Target {
  return { ...target, hosts: target.hosts.filter((one) => one !== host) };
}

export function withLabel(target: Target, key: string, value: string): Target {
  return { ...target, labels: { ...target.labels, [key]: value } };
}

export function withoutLabel(target: Target, key: string): Target {
  const labels = Object.entries(target.labels).filter(([one]) => one !== key);
  return { ...target, labels: Object.fromEntries(labels) };
}
