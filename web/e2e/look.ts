// Looking at a page: what axe finds, whether it fits, and a picture of it.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { expect, type Page } from '@playwright/test';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const PICTURES = process.env['AIOPS_E2E_PICTURES'] ?? 'e2e/screenshots';

const WIDTHS = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
const THEMES = ['light', 'dark'] as const;
const LANGUAGES = ['en', 'zh-CN'] as const;

interface Finding {
  impact: string | null;
  id: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** What breaks while a page is used: errors of scripts, of the console and of the policy. */
export function collectErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(`page: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`console: ${message.text()}`);
  });
  return errors;
}

/** Looks at the page in both widths and themes, in each language. */
export async function look(page: Page, name: string): Promise<void> {
  for (const language of LANGUAGES) {
    await page.getByRole('combobox').first().selectOption(language);
    for (const theme of THEMES) {
      await page.getByRole('combobox').nth(1).selectOption(theme);
      for (const [width, size] of Object.entries(WIDTHS)) {
        await page.setViewportSize(size);
        await page.screenshot({
          path: `${PICTURES}/${name}-${width}-${theme}-${language}.png`,
        });
        await expectFits(page, `${name} ${width}`);
        if (language === 'en') await expectAccessible(page, `${name} ${width} ${theme}`);
      }
    }
  }
  await page.getByRole('combobox').first().selectOption('en');
  await page.setViewportSize(WIDTHS.wide);
}

async function expectFits(page: Page, what: string): Promise<void> {
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(over, `${what} scrolls sideways`).toBeLessThanOrEqual(0);
}

async function expectAccessible(page: Page, what: string): Promise<void> {
  // Through the debugger: the policy of the page lets no foreign script in.
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: () => Promise<{ violations: Finding[] }> } };
    return (await axe.run()).violations;
  });
  const serious = found.filter((one) => one.impact === 'serious' || one.impact === 'critical');
  const told = serious.map((one) => ({
    rule: one.id,
    nodes: one.nodes.slice(0, 3).map((node) => `${node.html}: ${node.failureSummary ?? ''}`),
  }));
  expect(told, `axe on ${what}`).toEqual([]);
}
