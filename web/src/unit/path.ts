import { hostPath } from '../fleet/hosts';

export function unitPath(host: string, unit: string): string {
  return `${hostPath(host)}/units/${encodeURIComponent(unit)}`;
}
