import { defineConfig } from '@playwright/test';

const url = process.env['AIOPS_E2E_URL'];
if (url === undefined) {
  throw new Error(
    'no AIOPS_E2E_URL: the page is tested against a real server, see e2e/page.spec.ts',
  );
}

export default defineConfig({
  testDir: 'e2e',
  timeout: 120_000,
  expect: { timeout: 15_000 },
  workers: 1,
  reporter: 'list',
  use: {
    baseURL: url,
    // The server's own authority signed its certificate.
    ignoreHTTPSErrors: true,
    launchOptions: {
      executablePath: process.env['AIOPS_E2E_CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
