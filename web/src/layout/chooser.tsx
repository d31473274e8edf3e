import { useState } from 'react';

import { chooseTheme, chosenTheme, THEMES } from '../parts/theme';
import { LANGUAGES, type Language } from '../text/catalogue';
import { useText } from '../text/language';

const NAMES: Record<Language, string> = { en: 'English', 'zh-CN': '中文' };

/** Language and theme. */
export function Chooser() {
  const { say, language, setLanguage } = useText();
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <div className="chooser">
      <select
        aria-label={say('web-language')}
        value={language}
        onChange={(event) => {
          const chosen = LANGUAGES.find((one) => one === event.target.value);
          if (chosen !== undefined) setLanguage(chosen);
        }}
      >
        {LANGUAGES.map((one) => (
          <option key={one} value={one} lang={one}>
            {NAMES[one]}
          </option>
        ))}
      </select>
      <select
        aria-label={say('web-theme')}
        value={theme}
        onChange={(event) => {
          const chosen = THEMES.find((one) => one === event.target.value);
          if (chosen === undefined) return;
          setTheme(chosen);
          chooseTheme(chosen);
        }}
      >
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {say(`web-theme-${one}`)}
          </option>
        ))}
      </select>
    </div>
  );
}
