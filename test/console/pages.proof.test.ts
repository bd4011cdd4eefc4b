import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import { DAY_MS, MINUTE_MS } from '../../lib/base/time.ts';
import { projectRoot } from '../../local/roots.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { eventually } from '../harness/waiting.ts';
import { startObserved } from '../observe/startObserved.ts';
import { fillConsole } from './fillConsole.ts';
import { type BrowserConsole, LOOKS, openInBrowser, PAGES } from './inBrowser.ts';
import { openLocalConsole } from './openPage.ts';

describeInBrowser('the pages of the console in a browser', () => {
  let observed: Awaited<ReturnType<typeof startObserved>>;
  let console: Console;
  let opened: BrowserConsole;
  /** The text of the page before anything was sent. */
  let empty: string;
  beforeAll(async () => {
    observed = await startObserved(Date.parse('2026-11-20T10:00:00Z'));
    console = await openLocalConsole(observed.cloud, { token: 'the-token', mayWrite: false });
    opened = await openInBrowser(console.address);
    await opened.page.getByText('as of').waitFor();
    empty = await opened.page.locator('main').innerText();
    await fillConsole(observed);
    await observed.send('{"events":[{"eventName":"cut');
  });
  afterEach(() => opened.page.unrouteAll());
  afterAll(async () => {
    await opened?.close();
    await console?.close();
    await observed?.close();
  });

  it('has a sentence and a command in place of charts of an empty cloud', () => {
    expect(empty).toContain('curl -X POST');
    expect(empty).not.toContain('Over time');
    expect(empty).toContain('no event yet');
    expect(empty).not.toContain('All is well');
  });

  it('keeps the token, out of the address, and begins with the link past the navigation', async () => {
    await opened.page.getByText('us-east-1').waitFor();
    expect(opened.page.url()).not.toContain('token');
    await opened.page.reload();
    await opened.page.getByText('us-east-1').waitFor();
    await opened.page.keyboard.press('Tab');
    expect(await opened.page.evaluate('document.activeElement.className')).toBe('hidden');
  });

  it.each(PAGES)('%s fits each window, with the navigation in sight', async (path) => {
    const tooWide: unknown[] = [];
    for (const look of LOOKS) {
      await opened.look(look);
      await opened.go(path);
      // How many pixels the page, and the widest table, go beyond their place.
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

  it('draws what changed over time in the colors of the scheme, and has it as a table', async () => {
    const { page, go, look } = opened;
    /** Waits until so many pixels of the first chart have the color that its key names. */
    const isDrawn = (key: number, pixels: number) =>
      eventually(`the color of the key ${key}`, () =>
        page.evaluate<boolean>(`(() => {
        const chart = document.querySelector('.chart');
        const canvas = chart.querySelector('canvas');
        const color = getComputedStyle(chart.querySelectorAll('li')[${key}]).color.match(/\\d+/g).map(Number);
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let i = 0; i < data.length; i += 4)
          if (data[i + 3] > 200 && color.every((part, j) => Math.abs(part - data[i + j]) < 3)) found += 1;
        return found > ${pixels};
      })()`),
      );
    for (const appearance of LOOKS) {
      await look(appearance);
      await go('/');
      await page.waitForFunction(`document.querySelectorAll('.chart canvas').length === 3`);
      await isDrawn(1, 50);
      // Few are refused, and seen upon those that are accepted.
      await isDrawn(2, 5);
    }
    await page.getByText('The same as a table').click();
    const table = page.getByRole('table', { name: 'What the charts show' });
    await table.waitFor();
    const cells = table.getByRole('row').filter({ hasText: '2026-11-20 10:00' }).getByRole('cell');
    expect((await cells.allInnerTexts()).slice(0, 7)).toEqual([
      '2026-11-20 10:00',
      '–',
      '8',
      '1',
      '0',
      '0',
      '160',
    ]);
  });

  it('has seven findings and the charts in its first window, and two lines of navigation in a narrow one', async () => {
    const { page, go, look } = opened;
    await page.route('**/api/findings', async (route) => {
      const response = await route.fetch();
      const status = await response.json();
      const [found] = status.problems;
      const problems = Array.from({ length: 7 }, () => ({
        ...found,
        title: `${found.title} \`a\``.repeat(9),
      }));
      const counts = { problem: 200, warning: 0, unchecked: 1 };
      await route.fulfill({ response, json: { ...status, problems, found: counts } });
    });
    const topOf = (selector: string) =>
      page.evaluate<number>(`document.querySelector('${selector}').getBoundingClientRect().top`);
    for (const appearance of LOOKS) {
      await look(appearance);
      await go('/');
      await page.reload();
      await page.locator('.findings > :nth-child(7)').waitFor();
      if (appearance.width === 390) expect(await topOf('main')).toBeLessThan(90);
      else expect(await topOf('.chart')).toBeLessThan(550);
    }
    // Most of them are not listed.
    await page.getByText('200 problems').waitFor();
    await page.getByText('1 not checked').waitFor();
    const line = page.getByRole('button', { name: 'warning' }).first();
    expect(await line.innerText()).not.toContain('`');
    await line.press('Enter');
    await page.locator('.cure:not([hidden])').waitFor();
  });

  it('keeps its layout while Status loads', async () => {
    const { page, look } = opened;
    await look(LOOKS[0]);
    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/api/{findings,over-time}*', async (route) => {
      await held;
      await route.continue();
    });
    await opened.page.evaluate("location.hash = '/sql'");
    await page.getByRole('heading', { name: 'SQL' }).waitFor();
    await page.evaluate("location.hash = '/'");
    await page.locator('.chart canvas').nth(2).waitFor();
    const heightOf = () => page.locator('.way').boundingBox();
    const before = await page.locator('main > article').count();
    const first = await heightOf();
    answer();
    await page.getByText('as of').waitFor();
    expect(await page.locator('main > article').count()).toBe(before);
    expect((await heightOf())?.height).toBe(first?.height);
  });

  it.each([
    { path: '/live?last=5', selector: '.fold' },
    { path: '/tables', selector: '.fold' },
    { path: '/', selector: 'summary' },
  ])('shows where the keyboard is on $path', async ({ path, selector }) => {
    const { page, go } = opened;
    await go(path);
    await page.locator(`main ${selector}`).first().waitFor();
    await page.locator('main h1').focus();
    for (let i = 0; i < 30; i += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate<boolean>(`document.activeElement.matches('main ${selector}')`)) break;
    }
    const [style, width] = await page.evaluate<[string, number]>(`(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return [outlineStyle, Number.parseFloat(outlineWidth)];
    })()`);
    expect({ path, style, isWide: width >= 2 }).toEqual({ path, style: 'solid', isWide: true });
  });

  it('says what an action would do, and moves the focus back to its button when it is cancelled', async () => {
    const { page, go } = opened;
    await go('/?reason=SLUICE_EVENT_BAD_TIME');
    await page.getByRole('button', { name: 'Redrive this reason' }).click();
    await page.getByText('still refused').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Redrive this reason');
  });

  it('is pictured for the README (SLUICE_WRITE_DOCS=1 writes the pictures)', async () => {
    const writes = process.env['SLUICE_WRITE_DOCS'] === '1';
    if (writes) await sendDay(observed);
    for (const look of LOOKS.filter(({ width }) => width === 1_280)) {
      await opened.look(look);
      await opened.go('/');
      await opened.page.reload();
      await opened.page.getByText('as of').waitFor();
      await opened.go('/');
      const path = join(projectRoot, 'docs', 'images', `console-status-${look.colorScheme}.png`);
      const picture = await opened.page.screenshot(writes ? { path } : {});
      expect(picture.length).toBeGreaterThan(10_000);
    }
  }, 600_000);
});

/** A day of traffic, so that the charts of the pictures have lines: most of it in the afternoon, and some with no key. */
async function sendDay({ clock, cloud, send }: Awaited<ReturnType<typeof startObserved>>): Promise<void> {
  for (let period = 0; period < 288; period += 1) {
    const busy = 1 - Math.cos((clock.now() / DAY_MS) * 2 * Math.PI);
    const events = [{ eventName: 'page_view', user: { userID: 'ada' }, time: clock.now() }];
    const requests = 1 + 5 * busy + (period % 3);
    await Promise.all(Array.from({ length: requests }, () => send({ events })));
    if (period % 40 === 7) await send({ events: [] }, { 'statsig-api-key': 'unknown' });
    await clock.set(clock.now() + 5 * MINUTE_MS);
  }
  await cloud.flush();
}
