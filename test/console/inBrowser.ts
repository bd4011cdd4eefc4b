import type { Page } from 'playwright-core';
import { openBrowser } from '../harness/openBrowser.ts';

/** How pages are looked at. */
export const LOOKS = [
  { colorScheme: 'light', width: 1_280 },
  { colorScheme: 'dark', width: 1_280 },
  { colorScheme: 'light', width: 390 },
  { colorScheme: 'dark', width: 390 },
] as const;

/** Every page with an example of what it unfolds to, which fillConsole has sent. */
export const PAGES = [
  '/?reason=SLUICE_EVENT_NO_NAME',
  '/live',
  '/trace?id=ada',
  '/tables?table=statsig_forwarded_events&day=2026-11-20',
  '/days',
  '/sql',
];

/** A console in a real Chromium. */
export interface BrowserConsole {
  readonly page: Page;
  /** Script errors, refused resources, messages of console.error. */
  readonly complaints: readonly string[];
  /** Gives the window a width and a scheme. */
  look(look: (typeof LOOKS)[number]): Promise<void>;
  /** Goes to a page, and resolves when all of it has been read. */
  go(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens a console in a real Chromium. */
export async function openInBrowser(address: string): Promise<BrowserConsole> {
  const browser = await openBrowser();
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A refused call is shown on the page, and the browser reports it too.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  await page.goto(address);
  return {
    page,
    complaints,
    async look({ colorScheme, width }) {
      // Without transitions: axe would judge a colour on its way from light to dark.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 860 });
    },
    async go(path) {
      await page.evaluate(`location.hash = ${JSON.stringify(path)}`);
      await page.waitForSelector('main h1');
      await page.locator('main [aria-busy=true]').first().waitFor({ state: 'detached' });
    },
    close: () => browser.close(),
  };
}
