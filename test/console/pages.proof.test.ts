import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { startObserved } from '../observe/startObserved.ts';
import { fillConsole } from './fillConsole.ts';
import { LOOKS, openInBrowser, PAGES } from './inBrowser.ts';
import { openLocalConsole } from './openPage.ts';

describeInBrowser('the pages of the console in a browser', () => {
  let observed: Awaited<ReturnType<typeof startObserved>>;
  let console: Console;
  let opened: Awaited<ReturnType<typeof openInBrowser>>;
  beforeAll(async () => {
    observed = await startObserved(Date.parse('2026-11-20T10:00:00Z'));
    await fillConsole(observed);
    console = await openLocalConsole(observed.cloud, { token: 'the-token', mayWrite: false });
    opened = await openInBrowser(console.address);
  });
  afterAll(async () => {
    await opened?.close();
    await console?.close();
    await observed?.close();
  });

  it('takes the token out of the address, and keeps it for the tab', async () => {
    await opened.page.getByText('us-east-1').waitFor();
    expect(opened.page.url()).not.toContain('token');
    await opened.page.reload();
    await opened.page.getByText('us-east-1').waitFor();
  });

  it.each(PAGES)('%s fits each window, with the navigation in sight', async (path) => {
    const tooWide: unknown[] = [];
    for (const look of LOOKS) {
      await opened.look(look);
      await opened.go(path);
      const [page, table] = await opened.page.evaluate<[number, number]>(
        `[document.documentElement.scrollWidth - innerWidth,
          Math.max(0, ...[...document.querySelectorAll('.table')].map((one) => one.scrollWidth - one.clientWidth))]`,
      );
      if (page > 0 || (table > 1 && look.width === 390)) tooWide.push({ ...look, page, table });
      await opened.page.evaluate('scrollTo(0, 100_000)');
      const box = await opened.page.locator('nav [aria-current=page]').boundingBox();
      if (box === null || box.x < 0 || box.y < 0 || box.x + box.width > look.width)
        tooWide.push({ ...look, box });
    }
    expect(tooWide).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  it('begins with the link past the navigation, and after it at the heading of each page', async () => {
    const { page, go } = opened;
    await page.reload();
    await page.getByText('us-east-1').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
    await go('/tables');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Tables');
  });

  it('draws what changed over time in the colors of the scheme, and has it as a table', async () => {
    const { page, go, look } = opened;
    /** How many pixels of the first chart have the color of the line that its key names. */
    const drawn = (key: number) =>
      page.evaluate<number>(`(() => {
        const chart = document.querySelector('.chart');
        const canvas = chart.querySelector('canvas');
        const color = getComputedStyle(chart.querySelectorAll('li')[${key}]).color.match(/\\d+/g).map(Number);
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let i = 0; i < data.length; i += 4)
          if (data[i + 3] > 200 && color.every((part, j) => Math.abs(part - data[i + j]) < 3)) found += 1;
        return found;
      })()`);
    for (const one of LOOKS) {
      await look(one);
      await go('/');
      await page.waitForFunction(`document.querySelectorAll('.chart canvas').length === 4`);
      expect(await drawn(0)).toBeGreaterThan(50);
    }
    await page.getByText('The same as a table').click();
    const cells = page.getByRole('row').filter({ hasText: '2026-11-20 10:00' }).first().getByRole('cell');
    expect((await cells.allInnerTexts()).slice(0, 5)).toEqual(['2026-11-20 10:00', '8', '0', '0', '159']);
  });

  it('says what an action would do, and does nothing when it is cancelled', async () => {
    const { page, go } = opened;
    await go('/?reason=SLUICE_EVENT_BAD_TIME');
    await page.getByRole('button', { name: 'Redrive this reason' }).click();
    await page.getByText('still refused').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Redrive this reason');
  });

  it('is in the README (SLUICE_WRITE_DOCS=1 takes the pictures anew)', async () => {
    for (const look of LOOKS.filter(({ width }) => width === 1_280)) {
      await opened.look(look);
      await opened.go('/');
      const path = join(repositoryRoot, 'docs', 'images', `console-status-${look.colorScheme}.png`);
      const picture = await opened.page.screenshot(process.env['SLUICE_WRITE_DOCS'] === '1' ? { path } : {});
      expect(picture.length).toBeGreaterThan(10_000);
    }
  });
});
