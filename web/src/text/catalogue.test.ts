import { parse, type Entry } from '@fluent/syntax';
import { expect, test } from 'vitest';

import { catalogue, languageOf, LANGUAGES, sources } from './catalogue';

const CODE = import.meta.glob<string>('../**/*.{ts,tsx}', {
  query: '?raw',
  import: 'default',
  eager: true,
});

function entries(language: (typeof LANGUAGES)[number]): Entry[] {
  return sources(language).flatMap((source) => parse(source, {}).body);
}

function ids(language: (typeof LANGUAGES)[number]): string[] {
  return entries(language).flatMap((entry) => (entry.type === 'Message' ? [entry.id.name] : []));
}

/** What stands in `say('...')` and `say(`prefix-${...}`)` anywhere in the page's code. */
function used(): { ids: Set<string>; prefixes: Set<string> } {
  const code = Object.entries(CODE)
    .filter(([path]) => !path.endsWith('.test.ts'))
    .map(([, text]) => text)
    .join('\n');
  const every = (pattern: RegExp) => new Set([...code.matchAll(pattern)].map((m) => m[1] ?? ''));
  const prefix = 'web|host|time|event|order|inquiry|report|restarts|cause|certainty';
  return {
    ids: every(new RegExp(`'((?:${prefix})-[a-zA-Z0-9-]+)'`, 'g')),
    prefixes: every(new RegExp(`\`((?:${prefix})-[a-zA-Z0-9-]*)\\$\\{`, 'g')),
  };
}

test('every catalogue can be read', () => {
  for (const language of LANGUAGES) {
    expect(entries(language).filter((entry) => entry.type === 'Junk')).toEqual([]);
  }
});

test('both languages have the same messages, each once', () => {
  const [english, chinese] = LANGUAGES.map(ids);
  expect(english).toEqual([...new Set(english)]);
  expect([...(chinese ?? [])].sort()).toEqual([...(english ?? [])].sort());
});

test('every message that the page says is in the catalogues', () => {
  const known = new Set(ids('en'));
  const { ids: said, prefixes } = used();
  // These look like messages and are none: a kind of event, a reason, a class.
  const others = new Set(['host-booted', 'host-shut-down', 'host-part']);
  expect([...said].filter((id) => !known.has(id) && !others.has(id))).toEqual([]);
  const empty = [...prefixes].filter((prefix) => ![...known].some((id) => id.startsWith(prefix)));
  expect(empty).toEqual([]);
  expect(said.size).toBeGreaterThan(100);
});

test('every message of the page is said somewhere', () => {
  const { ids: said, prefixes } = used();
  const isSaid = (id: string) =>
    said.has(id) || [...prefixes].some((prefix) => prefix !== 'web-' && id.startsWith(prefix));
  expect(ids('en').filter((id) => id.startsWith('web-') && !isSaid(id))).toEqual([]);
});

test('a missing message leaves its name', () => {
  expect(catalogue('en')('no-such-message')).toBe('no-such-message');
  expect(catalogue('zh-CN')('web-fleet')).toBe('主机');
});

test.each([
  [['zh-TW', 'en'], 'zh-CN'],
  [['de-DE', 'en-US'], 'en'],
  [['fr'], 'en'],
])('a browser that wishes %j gets %s', (wishes, language) => {
  expect(languageOf(wishes)).toBe(language);
});
