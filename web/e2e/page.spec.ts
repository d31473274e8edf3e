// The page in a real browser, against the server at AIOPS_E2E_URL. What has to be there:
//
// - AIOPS_E2E_LINK logs an administrator in.
// - AIOPS_E2E_UNIT on the host AIOPS_E2E_HOST (`nginx.service` on `h1`) cannot start: another unit,
//   AIOPS_E2E_HOLDER (`holder.service`), holds its port.
// - AIOPS_E2E_OTHER (`h2`) is another host that is online. AIOPS_E2E_BUSY is the pid of a process
//   on it that computes; empty where perf cannot look at it.

import { expect, test, type Page } from '@playwright/test';

import { collectErrors, look } from './look';

const given = (name: string, otherwise: string) => process.env[`AIOPS_E2E_${name}`] ?? otherwise;

const LINK = given('LINK', '');
const HOST = given('HOST', 'h1');
const OTHER = given('OTHER', 'h2');
const UNIT = given('UNIT', 'nginx.service');
const BUSY = given('BUSY', '');
const HOLDER = given('HOLDER', 'holder.service');
/** A host answers within its time limit; the machine of the tests may be slow. */
const ANSWERED_WITHIN = { timeout: 60_000 };
const PORT_IS_TAKEN = /^Port \d+ is in use$/;

test.describe.configure({ mode: 'serial' });

let page: Page;
let errors: string[];

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage({ locale: 'en-GB', colorScheme: 'light' });
  errors = collectErrors(page);
});

test.afterEach(() => {
  expect(errors).toEqual([]);
});

test('who is not logged in sees the login, and a wrong password is told', async () => {
  await page.goto(`/hosts/${HOST}`);
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  await look(page, 'login');
  await page.getByLabel('Name').fill('nobody');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  // The browser itself logs the two answers that say who is not logged in.
  const expected = errors.splice(0);
  expect(expected.filter((one) => !one.includes('401'))).toEqual([]);
});

test('a login link logs in once, and leaves no trace in the address', async ({ browser }) => {
  await page.goto(LINK);
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
  expect(page.url()).not.toContain('link=');
  const stranger = await browser.newPage({ locale: 'en-GB' });
  await stranger.goto(LINK);
  await expect(stranger.getByRole('alert')).toBeVisible();
  await stranger.close();
  // The browser itself logs that nobody was logged in before.
  const expected = errors.splice(0);
  expect(expected.filter((one) => !one.includes('401'))).toEqual([]);
});

test('the fleet is listed, searched and walked by keys', async () => {
  await page.goto('/');
  await expect(page.getByRole('link', { name: HOST, exact: true })).toBeVisible();
  await look(page, 'fleet');
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  await page.keyboard.type(HOST);
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('link', { name: HOST, exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(HOST);
});

test('a host shows units, live events, processes and itself', async () => {
  await page.goto(`/hosts/${HOST}`);
  await expect(page.getByRole('link', { name: UNIT })).toBeVisible();
  await look(page, 'host-units');
  await page.getByRole('tab', { name: 'Events' }).click();
  const events = page.getByRole('list', { name: 'Events' });
  await expect(events.getByRole('listitem').first()).toBeVisible();
  await look(page, 'host-events');
  await page.getByRole('tab', { name: 'Processes' }).click();
  await expect(page.getByRole('treegrid')).toBeVisible(ANSWERED_WITHIN);
  await look(page, 'host-processes');
  await page.getByRole('tab', { name: 'Host' }).click();
  await expect(page.getByText('Certificate')).toBeVisible();
  await look(page, 'host-about');
});

test('a unit shows its states, causes and stops', async () => {
  await page.goto(`/hosts/${HOST}/units/${UNIT}`);
  await expect(page.getByRole('img').first()).toBeVisible();
  await look(page, 'unit');
});

test('a diagnosis names the holder of the port, and can be shared', async () => {
  await page.goto(`/hosts/${HOST}/units/${UNIT}`);
  await page.getByRole('link', { name: 'Diagnose its start' }).click();
  await expect(page.getByLabel('Unit', { exact: true })).toHaveValue(UNIT);
  await look(page, 'diagnose');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  const report = page.getByRole('article');
  await expect(report.getByText(PORT_IS_TAKEN).first()).toBeVisible(ANSWERED_WITHIN);
  await expect(report.getByText(HOLDER).first()).toBeVisible();
  await look(page, 'inquiry');
  const shared = page.url();
  await page.goto('/');
  await page.goto(shared);
  await expect(report.getByText(PORT_IS_TAKEN).first()).toBeVisible();
});

test('several hosts are grouped by what they answer', async () => {
  await page.goto(`/diagnose?analysis=diagnose-start-failure&unit=${UNIT}`);
  for (const host of [HOST, OTHER]) {
    await page.getByRole('searchbox').fill(host);
    await page.getByRole('checkbox').first().check();
  }
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await expect(page.locator('p.answers')).toHaveText('2 of 2', ANSWERED_WITHIN);
  await look(page, 'inquiry-groups');
});

test('a profile is a picture that can be searched and walked by keys', async () => {
  test.skip(BUSY === '', 'perf cannot be used here');
  await page.goto('/diagnose?analysis=profile-process');
  await page.getByLabel('Pid').fill(BUSY);
  await page.getByLabel('Watch (seconds)').fill('2');
  await page.getByRole('searchbox').fill(OTHER);
  await page.locator('.offered').getByRole('checkbox').first().check();
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  const flame = page.getByRole('region', { name: `Flame graph of ${OTHER}` });
  await expect(flame).toBeVisible(ANSWERED_WITHIN);
  const boxes = flame.locator('.flame-box');
  const all = await boxes.count();
  expect(all).toBeGreaterThan(2);
  await boxes.first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const name = await page.evaluate(() => document.activeElement?.textContent ?? '');
  await page.keyboard.press('Enter');
  await expect(flame.locator('.caller')).toHaveCount(2);
  await look(page, 'flame-zoomed');
  await boxes.nth(2).focus();
  await page.keyboard.press('Escape');
  await expect(flame.locator('.caller')).toHaveCount(0);
  await expect(boxes).toHaveCount(all);
  await flame.getByRole('searchbox').fill(name);
  await expect(flame.getByRole('status')).toContainText('%');
  await expect(flame.locator('.found').first()).toBeVisible();
  await look(page, 'flame-found');
});

test('the audit shows who did what, and the settings who may', async () => {
  await page.goto('/audit');
  await expect(page.getByRole('table', { name: 'Audit' })).toBeVisible();
  await look(page, 'audit');
  await page.goto('/settings');
  await expect(page.getByRole('heading', { name: 'API tokens' })).toBeVisible();
  await look(page, 'settings');
});
