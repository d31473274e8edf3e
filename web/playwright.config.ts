import { defineConfig } from '@playwright/test';

// AIOPS_E2E_URL: a server that stands, with its login link in AIOPS_E2E_LINK. Without it the page
// runs over the mock, as it is built.
const url = process.env['AIOPS_E2E_URL'];
const MOCK = 'http://localhost:4173';

export default defineConfig({
  testDir: 'e2e',
  timeout: 120_000,
  expect: { timeout: 15_000 },
  workers: 1,
  reporter: 'list',
  use: {
    baseURL: url ?? MOCK,
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
  ...(url === undefined
    ? {
        webServer: {
          command: 'npm run build && npx vite preview --port 4173 --strictPort',
          url: MOCK,
          env: { MOCK_HOSTS: '10000' },
          timeout: 120_000,
          reuseExistingServer: true,
        },
      }
    : {}),
});
