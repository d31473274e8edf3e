import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './app';
import { applyTheme, chosenTheme } from './parts/theme';
import './style/fonts.css';
import './style/base.css';
import './style/layout.css';
import './style/parts.css';
import './style/tables.css';
import './style/pages.css';
import './style/report.css';
import { LanguageProvider } from './text/language';

applyTheme(chosenTheme());
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <LanguageProvider>
      <App />
    </LanguageProvider>
  </StrictMode>,
);
