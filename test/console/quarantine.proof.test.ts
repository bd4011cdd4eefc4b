import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Console, openConsole } from '../../console/index.ts';
import { callMain } from '../harness/callMain.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { startObserved } from '../observe/startObserved.ts';
import { type OpenedPage, openLocalConsole, openPage } from './openPage.ts';

const START = Date.parse('2026-11-20T10:20:00Z');
const MARKUP = '</pre><script>alert(1)</script><img src=x onerror=alert(1)>';

describeInBrowser('the page Quarantine', () => {
  let observed: Awaited<ReturnType<typeof startObserved>>;
  let open: Console;
  let readOnly: Console;
  let opened: OpenedPage;

  const unnamed = (userID: string, more: object = {}) => ({ eventName: '', user: { userID }, ...more });

  beforeAll(async () => {
    observed = await startObserved(START);
    open = await openLocalConsole(observed.cloud);
    readOnly = await openLocalConsole(observed.cloud, { mayWrite: false });
    opened = await openPage(`${open.address}#/quarantine`);
    await opened.page.getByText('Nothing was refused in this time.').waitFor();
    await observed.landUnfit(['ada', 'bob', 'cyd']);
    for (let hour = 0; hour < 5; hour += 1) {
      await observed.send({
        statsigMetadata: { sdkType: 'js-mono', sdkVersion: '1.0.0' },
        events: Array.from({ length: 3 + hour * 2 }, (_, i) => unnamed(`user-${hour}-${i}`)),
      });
      await observed.send(`${MARKUP}\u001b[31m\u202e hour ${hour}`);
      await observed.send({ events: [{ eventName: 'seen', time: 'never', user: { userID: 'eve' } }] });
      await observed.clock.advance(3_600_000);
    }
    await observed.send({ events: [unnamed('hal', { value: 'x'.repeat(1_048_576) })] });
    await observed.cloud.flush();
  }, 120_000);
  afterAll(async () => {
    await opened.close();
    await readOnly.close();
    await open.close();
    await observed.close();
  });

  const shown = (words: string | RegExp) => opened.page.getByText(words).first().waitFor();
  const text = async () => (await opened.page.textContent('main')) ?? '';
  const rawText = async () => (await opened.page.locator('.raw pre').first().textContent()) ?? '';
  const itemLinks = () =>
    opened.page
      .locator('a[href*="item="]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href') ?? ''));
  const rowsInTable = async (userID: string): Promise<unknown> => {
    const sql = `SELECT count(*) AS n FROM statsig_forwarded_events WHERE user_id = '${userID}'`;
    const asked = ['query', sql, '--athena', '--endpoint-url', observed.cloud.edge, '--json'];
    const { stdout } = await callMain(asked, {
      env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    });
    return Number(JSON.parse(stdout)[0]?.n);
  };

  it('shows reasons by hour, with the meaning of each', async () => {
    const { page } = opened;
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.getByRole('link', { name: 'SLUICE_EVENT_NO_NAME' }).waitFor();
    const words = await text();
    for (const [reason, cause] of [
      ['SLUICE_EVENT_NO_NAME', 'The event has no name.'],
      ['SLUICE_BODY_NOT_JSON', 'The body is not JSON.'],
      ['SLUICE_EVENT_BAD_TIME', "The event's time is not a valid time."],
      ['SLUICE_ROW_UNFIT', 'A value of the row did not fit its column.'],
    ])
      expect(words).toMatch(new RegExp(`${reason}[^]*${cause}`));
    const bars = await page
      .locator('.stacked a')
      .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
    expect(bars).toEqual([
      '2026-11-20 10:00: 8 rows',
      '2026-11-20 11:00: 7 rows',
      '2026-11-20 12:00: 9 rows',
      '2026-11-20 13:00: 11 rows',
      '2026-11-20 14:00: 13 rows',
      '2026-11-20 15:00: 1 row',
    ]);
    expect(await opened.screenshots('quarantine')).toEqual([]);
  });

  it('pages through the rows of a reason, and of one hour of it', async () => {
    const { page } = opened;
    await page.getByRole('link', { name: 'SLUICE_EVENT_NO_NAME' }).click();
    await shown('Received from');
    await page.locator('table').nth(1).locator('tbody tr').first().waitFor();
    expect(await text()).toContain('Cure: Give it an eventName');
    const seen = new Set<string>();
    const more = page.getByRole('button', { name: 'More' });
    for (let pages = 0; pages < 4; pages += 1) {
      const links = await itemLinks();
      for (const one of links) seen.add(one);
      if (pages === 3) break;
      await more.click();
      await page.locator(`a[href="${links[0]}"]`).waitFor({ state: 'detached' });
    }
    await page.locator('.pager button:last-child[disabled]').waitFor();
    expect(seen.size).toBe(36);
    await page.locator('.stacked a[aria-label^="2026-11-20 12:00"]').focus();
    await page.keyboard.press('Enter');
    await shown('All hours');
    await page.locator('a[href*="item="]').nth(6).waitFor();
    expect(await itemLinks()).toHaveLength(7);
  });

  it('shows what came as text, whatever it is, and a MiB of it on request', async () => {
    const { page } = opened;
    await opened.go('/quarantine?reason=SLUICE_BODY_NOT_JSON');
    await page.locator('a[href*="item="]').first().click();
    await shown('If it were redriven');
    expect(await rawText()).toBe(`${MARKUP}\\u001b[31m\\u202e hour 4`);
    expect(await page.locator('main img, main script').count()).toBe(0);
    await shown('A redrive would deliver nothing: it is still refused.');
    expect(await opened.screenshots('quarantine-refused')).toEqual([]);

    await opened.go('/quarantine?reason=SLUICE_EVENT_NO_NAME');
    await page.getByText('s3://sluice-experiments/quarantine-large/').first().waitFor();
    await page.locator('a[href*="item="]').first().click();
    const all = page.getByRole('button', { name: /^Show all 1,048,\d{3} characters$/ });
    await all.waitFor();
    expect((await rawText()).length).toBeLessThan(21_000);
    await all.click();
    await page.getByRole('button', { name: 'Show the beginning' }).waitFor();
    expect((await rawText()).length).toBeGreaterThan(1_048_576);
    expect(opened.complaints).toEqual([]);
  });

  it('says what a redrive would do, redrives one row after a confirmation, and sees it land', async () => {
    const { page } = opened;
    await opened.go('/quarantine?reason=SLUICE_ROW_UNFIT');
    await page.locator('tr', { hasText: '"bob"' }).locator('a[href*="item="]').click();
    await shown('A redrive would deliver all of it.');
    expect(await text()).toContain('"user_id": "bob"');
    expect(await opened.screenshots('quarantine-item')).toEqual([]);
    await page.getByRole('button', { name: 'Redrive this row …' }).click();
    await shown('1 events would be delivered');
    await observed.cloud.flush();
    expect(await rowsInTable('bob')).toBe(0);
    await page.getByRole('button', { name: 'Deliver 1 row', exact: true }).click();
    await shown('The writer makes files of them within minutes.');
    await observed.cloud.flush();
    expect(await rowsInTable('bob')).toBe(1);
    await page.reload();
    await shown('in the table already');
  });

  it('only says what a redrive would do where the console may not write', async () => {
    const other = await openPage(`${readOnly.address}#/quarantine?reason=SLUICE_ROW_UNFIT`);
    try {
      await other.page.getByRole('button', { name: 'Redrive this reason …' }).click();
      await other.page.getByText('This console is read-only.').waitFor();
      expect(await other.page.getByRole('button', { name: /^Deliver \d/ }).count()).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('redrives a reason after a confirmation', async () => {
    const { page } = opened;
    await opened.go('/quarantine?reason=SLUICE_ROW_UNFIT');
    await page.getByRole('button', { name: 'Redrive this reason …' }).click();
    // The third was delivered before.
    await shown('2 events would be delivered');
    expect(await opened.screenshots('quarantine-dry-run')).toEqual([]);
    await page.getByRole('button', { name: 'Deliver 2 rows' }).click();
    await shown('2 events delivered');
    await observed.cloud.flush();
    expect([await rowsInTable('ada'), await rowsInTable('cyd')]).toEqual([1, 1]);
    await opened.go('/quarantine?reason=SLUICE_EVENT_NO_NAME');
    await page.getByRole('button', { name: 'Redrive this reason …' }).click();
    await shown('still refused: SLUICE_EVENT_NO_NAME');
    expect(await page.getByRole('button', { name: /^Deliver \d/ }).count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  it('says by code that AWS refuses the credentials of the console', async () => {
    const denied = await openConsole({
      deployment: {
        stack: { service: 'sluice', stage: 'local' },
        aws: {
          region: 'us-east-1',
          endpoint: observed.cloud.edge,
          credentials: { accessKeyId: 'test', secretAccessKey: 'wrong' },
        },
        isLocal: true,
        config: observed.cloud.config,
      },
      port: 0,
    });
    try {
      const answer = await fetch(`${denied.address}api/quarantine`);
      expect([answer.status, await answer.json()]).toEqual([
        400,
        {
          error: expect.objectContaining({
            code: 'SLUICE_AWS_FAILED',
            message: expect.stringMatching(/Signature/),
          }),
        },
      ]);
    } finally {
      await denied.close();
    }
  });

  it('says by code what is wrong with an address', async () => {
    await opened.go('/quarantine?reason=SLUICE_EVENT_NO_NAME&item=none&day=2026-11-20');
    await shown('SLUICE_QUARANTINE_ROW_UNKNOWN');
  });
});
