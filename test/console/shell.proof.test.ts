import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { Console } from '../../console/index.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { openBrowser } from '../harness/openBrowser.ts';
import { startObserved } from '../observe/startObserved.ts';
import { openLocalConsole } from './openPage.ts';

/** Changes the address between the page's first drawing and what it does after that. */
const MOVE_EARLY = `
  const draw = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (then) => draw((at) => {
    if (location.hash === '' && document.querySelector('nav.side') !== null) location.hash = '#/tables';
    then(at);
  });
`;

describeInBrowser('the frame of the pages', () => {
  let observed: Awaited<ReturnType<typeof startObserved>>;
  let console: Console;
  let browser: Browser;
  beforeAll(async () => {
    observed = await startObserved(Date.parse('2026-11-20T10:00:00Z'));
    console = await openLocalConsole(observed.cloud, { token: 'the-token' });
    browser = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await console?.close();
    await observed.close();
  });

  it('takes the token out of the address, and keeps it for the tab', async () => {
    const page = await browser.newPage();
    await page.goto(console.address);
    await page.getByText('us-east-1').waitFor();
    expect(page.url()).not.toContain('token');
    await page.reload();
    await page.getByText('us-east-1').waitFor();
    await page.close();
  });

  it('says what to do without the token', async () => {
    const page = await browser.newPage();
    await page.goto(new URL('/', console.address).href);
    await page.getByText('SLUICE_CONSOLE_TOKEN').waitFor();
    await page.getByText('Open the address that').waitFor();
    await page.close();
  });

  it('shows the page of an address that changes while it starts', async () => {
    const page = await browser.newPage();
    await page.addInitScript(MOVE_EARLY);
    await page.goto(console.address);
    await page.getByRole('heading', { name: 'Tables', level: 1 }).waitFor();
    expect(await page.locator('nav.side a[aria-current]').textContent()).toBe('Tables');
    await page.close();
  });

  it('begins with the link past the navigation for who comes by keyboard', async () => {
    for (const path of ['', '#/live', '#/trace']) {
      const page = await browser.newPage();
      await page.goto(`${console.address}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
      await page.close();
    }
  });

  it('shows which page is chosen on a narrow screen', async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    await page.goto(`${console.address}#/quarantine`);
    await page.getByRole('heading', { name: 'Quarantine', level: 1 }).waitFor();
    const box = await page.locator('nav.side a[aria-current]').boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
    await page.close();
  });

  it('names a page that does not exist, and leads back', async () => {
    const page = await browser.newPage();
    await page.goto(`${console.address}#/nowhere`);
    await page.getByRole('heading', { name: 'Not found' }).waitFor();
    await page.locator('main').getByRole('link', { name: 'Now' }).click();
    await page.getByRole('heading', { name: 'Now', level: 1 }).waitFor();
    await page.close();
  });
});
