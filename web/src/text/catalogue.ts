// The message catalogues of the command, and the page's own (`web.ftl`): one source for both.

import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';

export const LANGUAGES = ['en', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Parameters of a message. A number chooses the plural; ids and pids are given as text. */
export type Parameters = Record<string, FluentVariable>;

/** Says the message `id`. Where it is missing, the id stands in its place. */
export interface Say {
  (id: string, parameters?: Parameters): string;
  /** Whether there is such a message, for values that a newer server may have named. */
  has: (id: string) => boolean;
}

const FILES = import.meta.glob<string>(['../../../analysis/i18n/*/*.ftl', '!**/cli.ftl'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The texts of all catalogues of a language. */
export function sources(language: Language): string[] {
  return Object.entries(FILES)
    .filter(([path]) => path.includes(`/${language}/`))
    .map(([, text]) => text);
}

export function catalogue(language: Language): Say {
  // The marks would stand in copied commands, and nothing here is mixed.
  const bundle = new FluentBundle(language, { useIsolating: false });
  for (const source of sources(language)) bundle.addResource(new FluentResource(source));
  const say = (id: string, parameters?: Parameters): string => {
    const pattern = bundle.getMessage(id)?.value;
    // With a list of errors, a parameter that is missing leaves its name instead of throwing.
    return pattern == null ? id : bundle.formatPattern(pattern, parameters ?? null, []);
  };
  return Object.assign(say, { has: (id: string) => bundle.hasMessage(id) });
}

/** The language that a list of wishes (as of the browser) comes nearest to. */
export function languageOf(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    if (/^zh\b/i.test(wish)) return 'zh-CN';
    if (/^en\b/i.test(wish)) return 'en';
  }
  return 'en';
}
