import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openLocalConsole as openConsoleOf } from '../../cli/aws/localConsole.ts';
import type { Console, ConsoleOptions } from '../../console/index.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import type { Cloud } from '../../local/startCloud.ts';
import { openBrowser } from '../harness/openBrowser.ts';

/** Where stories write their screenshots. */
export const SCREENSHOTS = join(repositoryRoot, '.sluice', 'screenshots');

/** The console of a local cloud, on any free port. */
export function openLocalConsole(
  cloud: Cloud,
  options: Partial<Pick<ConsoleOptions, 'mayWrite' | 'token' | 'allowedHosts'>> = {},
): Promise<Console> {
  return openConsoleOf(cloud, { port: 0, ...options });
}

/** How a page is looked at. */
const LOOKS = {
  light: { colorScheme: 'light', viewport: { width: 1_280, height: 860 } },
  dark: { colorScheme: 'dark', viewport: { width: 1_280, height: 860 } },
  narrow: { colorScheme: 'light', viewport: { width: 360, height: 740 } },
} as const;

/** A browser with the console in it. */
export interface OpenedPage {
  readonly page: Page;
  /** Problems that the browser reported: script errors, refused resources, messages of console.error. */
  readonly complaints: readonly string[];
  /** Goes to a page of the console, e.g. `/live?user=ada`. */
  go(path: string): Promise<void>;
  /** Takes `<name>-light.png`, `-dark.png` and `-narrow.png`, and reports what does not fit the narrow window. */
  screenshots(name: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens a console in a real Chromium. */
export async function openPage(address: string): Promise<OpenedPage> {
  const browser: Browser = await openBrowser();
  const context: BrowserContext = await browser.newContext(LOOKS.light);
  const page = await context.newPage();
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
    async go(path) {
      await page.evaluate(`location.hash = ${JSON.stringify(path)}`);
      await page.waitForSelector('main h1');
    },
    async screenshots(name) {
      mkdirSync(SCREENSHOTS, { recursive: true });
      const tooWide: string[] = [];
      for (const [look, { colorScheme, viewport }] of Object.entries(LOOKS)) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await page.waitForTimeout(150);
        await page.screenshot({
          path: join(SCREENSHOTS, `${name}-${look}.png`),
          fullPage: look !== 'narrow',
        });
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        if (width > viewport.width) tooWide.push(`${name}-${look}: ${width} px`);
      }
      await page.emulateMedia({ colorScheme: LOOKS.light.colorScheme });
      await page.setViewportSize(LOOKS.light.viewport);
      return tooWide;
    },
    close: () => browser.close(),
  };
}
