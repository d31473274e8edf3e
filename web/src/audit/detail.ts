// What an entry of the audit says besides, in words: as analysis/src/text/audit.rs has it.

import type { Say } from '../text/catalogue';

/** `role: operator; disabled: yes`. What a newer server says stands under its own name. */
export function detailText(detail: unknown, say: Say): string {
  if (!isObject(detail)) return word(detail, say);
  return Object.entries(detail)
    .map(([name, value]) => [name, name === 'question' ? question(value, say) : word(value, say)])
    .filter(([, value]) => value !== '')
    .map(([name = '', value = '']) => {
      const id = `audit-${name}`;
      return say('audit-detail', { name: say.has(id) ? say(id) : name, value });
    })
    .join(say('mark-semicolon'));
}

/** `Why a unit does not start (unit=nginx)`. */
function question(value: unknown, say: Say): string {
  if (!isObject(value) || typeof value['analysis'] !== 'string') return word(value, say);
  const { analysis, ...asked } = value;
  const id = `web-analysis-${analysis}`;
  const given = Object.entries(asked).filter(([, one]) => one !== null && one !== false);
  const title = say.has(id) ? say(id) : analysis;
  return given.length === 0 ? title : `${title} (${pairs(Object.fromEntries(given), say)})`;
}

function word(value: unknown, say: Say): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return say(value ? 'audit-yes' : 'audit-no');
  if (Array.isArray(value)) return value.map((one) => word(one, say)).join(say('mark-list'));
  if (isObject(value)) return pairs(value, say);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function pairs(named: Record<string, unknown>, say: Say): string {
  return Object.entries(named)
    .map(([name, value]) => `${name}=${word(value, say)}`)
    .join(' ');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
