import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

import { mockApi } from './mock/plugin';

// `npm run dev` serves the page over the mock in `mock/`; with AIOPS_API=https://127.0.0.1:8443
// it passes the API through to a server instead (`cargo xtask up` prints its address).
const api = process.env['AIOPS_API'];

export default defineConfig({
  plugins: [react(), ...(api === undefined ? [mockApi()] : [])],
  server: {
    // The catalogues stand beside the crate that checks them.
    fs: { allow: ['..'] },
    proxy: api === undefined ? {} : { '/api': { target: api, secure: false } },
  },
  build: {
    target: 'es2022',
    // A data: URL is not 'self': the content security policy would block it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
