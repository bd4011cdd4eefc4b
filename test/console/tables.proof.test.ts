import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { makeLake } from '../../bench/lake/makeLake.ts';
import type { Console } from '../../console/index.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { MovableClock } from '../../packages/local-aws/src/base/index.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { type OpenedPage, openLocalConsole, openPage } from './openPage.ts';

const EVENTS = 'statsig_forwarded_events';
const LAST = '2026-11-20';
const HOSTILE = '<img src=x onerror="document.title=1">\u0007\u202e';

describeInBrowser('the pages Tables and SQL', () => {
  let data: string;
  let cloud: Cloud;
  let console: Console;
  let opened: OpenedPage;

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'sluice-console-tables-'));
    await makeLake(data, {
      last: LAST,
      days: 110,
      rowsPerDay: { exposures: 60, events: 200, quarantine: 5 },
      filesPerDay: 1,
      filesOfLastDay: 60,
      gaps: ['2026-11-09', '2026-10-03', '2026-10-04'],
    });
    const clock = new MovableClock();
    await clock.set(Date.parse(`${LAST}T10:00:00Z`));
    cloud = await startCloud({ port: 0, edgePort: 0, data, clock });
    const event = {
      eventName: HOSTILE,
      user: { userID: 'ada' },
      time: Date.parse('2026-11-19T10:00:00Z'),
      metadata: { text: '<b>bold</b>', long: 'x'.repeat(200_000) },
    };
    const sent = await fetch(`${cloud.collector}/v1/rgstr`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-tables' },
      body: JSON.stringify({ events: [event] }),
    });
    expect(sent.status).toBe(202);
    await cloud.flush();
    console = await openLocalConsole(cloud);
    opened = await openPage(console.address);
  }, 180_000);
  afterEach(() => expect(opened.complaints).toEqual([]));
  afterAll(async () => {
    await opened.close();
    await console.close();
    await cloud.close();
    rmSync(data, { recursive: true, force: true });
  });

  it('leads from the tables to a day, its files and its rows', async () => {
    const { page, go } = opened;
    await go('/tables');
    await page.getByRole('link', { name: EVENTS }).waitFor();
    expect(await opened.screenshots('tables')).toEqual([]);
    await page.getByRole('link', { name: EVENTS }).click();
    await page.getByRole('heading', { level: 1, name: EVENTS }).waitFor();
    const map = page.getByRole('group', { name: `Days of ${EVENTS} by rows` });
    await map.waitFor();
    await page.getByRole('link', { name: /^2026-11-09: gap$/ }).waitFor();
    expect(await opened.screenshots('table')).toEqual([]);
    // The newest day has the focus; the arrow keys go back a day, Enter opens it.
    await page.getByRole('link', { name: /^2026-11-20: \d+ rows, 60 files/ }).focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: `${EVENTS}, 2026-11-19` }).waitFor();
    await page.getByRole('cell', { name: /rows-00000\.parquet/ }).waitFor();
    await page.getByRole('region', { name: `Rows of ${EVENTS}` }).waitFor();
    expect(await opened.screenshots('day')).toEqual([]);
  });

  it('pages through the files of a day, and shows rows of one as JSON', async () => {
    const { page, go } = opened;
    await go(`/tables?table=${EVENTS}&day=${LAST}`);
    const files = page.getByRole('table', { name: `Files of ${EVENTS}` });
    await files.getByRole('link', { name: 'rows-00000.parquet' }).waitFor();
    await page
      .locator('main')
      .getByRole('navigation', { name: 'Pages' })
      .first()
      .getByRole('button', { name: 'More' })
      .click();
    await files.getByRole('link', { name: 'rows-00059.parquet' }).click();
    await page.getByRole('heading', { level: 2, name: 'Some rows of rows-00059.parquet' }).waitFor();
    const rows = page.getByRole('region', { name: `Rows of ${EVENTS}` });
    await rows.getByRole('button', { name: 'Row 1 as JSON' }).click();
    expect(await rows.locator('pre').textContent()).toMatch(/"userID": "user-\d+"/);
  });

  it('offers queries to begin with where nothing was run yet', async () => {
    const { page, go } = opened;
    await go('/sql');
    await page.getByRole('button', { name: 'Units by experiment and group' }).click();
    expect(await editorText()).toContain('FROM first_exposures');
    expect(await opened.screenshots('sql-empty')).toEqual([]);
  });

  it('shows what SDKs sent as text', async () => {
    const { page, go } = opened;
    await go('/sql');
    await type(
      `SELECT event_name AS "na\u202eme", company_metadata FROM ${EVENTS} WHERE ds = DATE '2026-11-19' AND user_id = 'ada'`,
    );
    await page.keyboard.press('Control+Enter');
    const result = page.getByRole('region', { name: 'Result' });
    await result.getByRole('cell', { name: '<img src=x onerror=' }).waitFor();
    expect(await result.locator('th').allTextContents()).toContainEqual(
      expect.stringContaining('na\\u202eme'),
    );
    expect(await result.textContent()).toContain('document.title=1">\\u0007\\u202e');
    expect(await result.textContent()).not.toContain('\u202e');
    await result.getByRole('button', { name: 'Row 1 as JSON' }).click();
    await result.getByRole('button', { name: 'Show all 2' }).click();
    const json = await result.locator('pre').textContent();
    expect(json).toContain('"text": "<b>bold</b>"');
    expect(json?.length).toBeGreaterThan(200_000);
    // The editor's own images stand beside the hidden character in the query.
    expect(await page.locator('main img:not(.cm-widgetBuffer), main b').count()).toBe(0);
    expect(await page.title()).toContain('SQL');
  });

  async function type(sql: string) {
    const editor = opened.page.getByRole('textbox', { name: 'SQL' });
    await editor.click();
    // Typed over a selection, a browser styles the new text as the old one, which the page's policy refuses.
    await opened.page.keyboard.press('Control+a');
    await opened.page.keyboard.press('Delete');
    await opened.page.keyboard.insertText(sql);
  }

  async function editorText(): Promise<string> {
    return (await opened.page.locator('.cm-line').allTextContents()).join('\n');
  }

  it('runs SQL with its bytes and price, plots it, and saves it as CSV', async () => {
    const { page, go } = opened;
    await go('/sql');
    const sql = `SELECT ds, count(*) AS events, count(DISTINCT user_id) AS users\nFROM ${EVENTS}\nWHERE ds >= DATE '2026-10-01' GROUP BY ds ORDER BY ds`;
    await type(sql);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText(/^succeeded$/).waitFor();
    await page.getByText('$0.00005 on AWS').waitFor();
    await page.getByRole('heading', { name: 'Rows 1 to 48' }).waitFor();
    await page.getByRole('button', { name: 'Plot' }).click();
    await page.getByRole('img', { name: 'events, users by ds' }).waitFor();
    expect(await opened.screenshots('sql')).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8').split('\n');
    expect([lines[0], lines[1], lines.length]).toEqual([
      'ds,events,users',
      expect.stringMatching(/^2026-10-01,\d+,\d+$/),
      50,
    ]);
    // The address has the query, for a colleague; nothing runs by itself.
    const address = page.url();
    expect(new URLSearchParams(address.split('?')[1]).get('q')).toBe(sql);
    await go('/tables');
    await go(new URL(address).hash.slice(1));
    await page.locator('.cm-line', { hasText: 'SELECT ds' }).waitFor();
    expect(await editorText()).toBe(sql);
    expect(await page.getByRole('region', { name: 'Result' }).count()).toBe(0);
    await page.getByRole('button', { name: /^SELECT event_name AS/ }).click();
    expect(await editorText()).toContain('company_metadata');
  });

  it('pages through a long result, and draws names as bars', async () => {
    const { page, go } = opened;
    await go('/sql');
    await type(`SELECT event_name, count(*) AS n FROM ${EVENTS} GROUP BY 1 ORDER BY 2 DESC, 1`);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Rows 1 to 200, and more' }).waitFor();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('heading', { name: 'Rows 201 to 201' }).waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    const plot = page.getByRole('button', { name: 'Plot' });
    if ((await plot.getAttribute('aria-pressed')) !== 'true') await plot.click();
    await page
      .getByRole('table', { name: 'n by name' })
      .getByText('event_', { exact: false })
      .first()
      .waitFor();
    expect(await opened.screenshots('sql-bars')).toEqual([]);
  });

  it('says where a text is wrong, and goes there', async () => {
    const { page, go } = opened;
    await go('/sql');
    await type(`SELECT *\nFROM ${EVENTS}\nWHERE no_column = 1`);
    await page.keyboard.press('Control+Enter');
    const alert = page.getByRole('alert');
    await alert.getByText("Column 'no_column' cannot be resolved").waitFor();
    expect(await opened.screenshots('sql-wrong')).toEqual([]);
    await alert.getByRole('button', { name: 'Go to line 3, column 7' }).click();
    await page.keyboard.insertText('/* here */ ');
    expect(await editorText()).toContain('WHERE /* here */ no_column');
  });

  it('completes names of tables and columns, and lets Tab leave', async () => {
    const { page, go } = opened;
    await go('/sql');
    await type('SELECT * FROM statsig_forwarded_ev');
    await page.keyboard.type('e');
    const options = page.getByRole('listbox').getByRole('option');
    await options.filter({ hasText: EVENTS }).first().waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Run');
    await page.getByText('product_events', { exact: true }).click();
    await page
      .getByRole('button', { name: 'user_plan' })
      .or(page.getByRole('button', { name: 'event_name' }))
      .first()
      .click();
    expect(await editorText()).toMatch(/event_name|user_plan/);
  });

  it('stops a query', async () => {
    const { page, go } = opened;
    await go('/sql');
    await type(
      'SELECT count(*) FROM UNNEST(sequence(1, 1000000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000000)) AS b(y) WHERE x % 7 = y % 11',
    );
    await page.keyboard.press('Control+Enter');
    await page.getByText('running', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('The query was stopped.').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
  });

  it("runs DuckDB's dialect on the local tables", async () => {
    const { page, go } = opened;
    await go('/sql');
    await page.getByLabel('Dialect').selectOption('duckdb');
    await type(`FROM range(450) AS numbers(n) SELECT n, n * n AS square`);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Rows 1 to 200, and more' }).waitFor();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('heading', { name: 'Rows 201 to 400, and more' }).waitFor();
    expect(page.url()).toContain('dialect=duckdb');
  });

  it('says what to do where there is nothing', async () => {
    const { page, go } = opened;
    await go('/tables?table=experiment_groups');
    await page.getByText('There is no file yet.').waitFor();
    await go('/tables?table=nothing');
    await page.getByText('The database sluice has no table nothing.').waitFor();
  });
});
