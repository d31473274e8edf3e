// The reader's language: the browser's, unless they chose one here.

import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';

import { remembered, remember } from '../parts/memory';
import { catalogue, languageOf, LANGUAGES, type Language, type Say } from './catalogue';

/** What is needed to say anything. */
export interface Text {
  say: Say;
  language: Language;
}

interface ChosenText extends Text {
  setLanguage: (language: Language) => void;
}

const Context = createContext<ChosenText | null>(null);

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(
    () => remembered('language', LANGUAGES) ?? languageOf(navigator.languages),
  );
  const say = useMemo(() => catalogue(language), [language]);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const text = useMemo(
    () => ({
      say,
      language,
      setLanguage: (chosen: Language) => {
        remember('language', chosen);
        setLanguage(chosen);
      },
    }),
    [say, language],
  );
  return <Context value={text}>{children}</Context>;
}

export function useText(): ChosenText {
  const text = useContext(Context);
  if (text === null) throw new Error('outside of LanguageProvider');
  return text;
}

export function useSay(): Say {
  return useText().say;
}
