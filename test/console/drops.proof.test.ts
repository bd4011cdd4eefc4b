import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { type OpenedPage, openLocalConsole, openPage } from './openPage.ts';

const GOOD = '2026-11-18';
const BROKEN = '2026-11-19';
const HOSTILE = '<img src=x onerror=alert(1)>';

/** Rows with these names of events; null is refused. */
const rows = (day: UtcDay, names: readonly (string | null)[], column = 'event_name') =>
  names
    .map(
      (name, i) =>
        `SELECT TIMESTAMP '${day} 10:00:00' AS timestamp, ${name === null ? 'NULL' : `'${name}'`} AS ${column}, '${HOSTILE}${i}' AS unit_id`,
    )
    .join(' UNION ALL ');

describeInBrowser('the page Drops and exports', () => {
  let drops: Awaited<ReturnType<typeof ingestCloud>>;
  let open: Console;
  let readOnly: Console;
  let opened: OpenedPage;

  beforeAll(async () => {
    const datasets = [
      { name: 'events', kind: 'events' as const, lookbackDays: 5, refusedShare: 0.9 },
      { name: 'revenue', kind: 'metrics' as const, lookbackDays: 5, expectedBy: { hour: 6 } },
    ];
    drops = await ingestCloud({
      bucket: 'acme-drops-shown',
      sources: [{ name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets }],
      exports: [
        { name: 'to-acme', table: 'acme_events', target: { bucket: 'acme-exports', owner: CUSTOMER } },
      ],
    });
    await drops.letIn(CUSTOMER, 'acme-exports', 'export-target');
    await drops.jumpTo('2026-11-20T07:00:00Z');
    for (const day of ['2026-11-16', '2026-11-17'])
      await drops.drop(`events/${day}/a.parquet`, rows(day, ['buy', 'see']));
    await drops.drop(`events/${GOOD}/a.parquet`, rows(GOOD, ['buy', null]));
    await drops.put(`events/${GOOD}/notes.csv`, Buffer.from('a,b'));
    await drops.drop(
      `events/${BROKEN}/${HOSTILE.replaceAll('/', '')}.parquet`,
      rows(BROKEN, ['buy'], 'wrong_name'),
    );
    await drops.jumpTo('2026-11-20T09:05:00Z');
    await drops.cloud.flush();
    await drops.jumpTo('2026-11-20T12:30:00Z');
    await drops.cloud.flush();
    open = await openLocalConsole(drops.cloud);
    readOnly = await openLocalConsole(drops.cloud, { mayWrite: false });
    opened = await openPage(`${open.address}#/drops`);
  }, 240_000);
  afterAll(async () => {
    await opened.close();
    await readOnly.close();
    await open.close();
    await drops.close();
  });

  const dayLink = (name: string, day: UtcDay) =>
    opened.page.locator(`a.drop-day[aria-label^="${name} ${day}"]`);
  const text = async () => (await opened.page.textContent('main')) ?? '';
  const shown = (words: string | RegExp) => opened.page.getByText(words).first().waitFor();

  it('shows all datasets and exports by day, and what needs somebody', async () => {
    await dayLink('acme/events', BROKEN).waitFor();
    const labels = await opened.page
      .locator('a.drop-day')
      .evaluateAll((links) => links.map((one) => one.getAttribute('aria-label') ?? ''));
    expect(labels).toEqual(
      expect.arrayContaining([
        'acme/events 2026-11-17: done, 2 rows',
        `acme/events ${GOOD}: done, 1 row, 1 refused, 1 object left out`,
        `acme/events ${BROKEN}: failed, SLUICE_INGEST_COLUMN_MISSING, 1 file`,
        'acme/revenue 2026-11-17: late',
        `to-acme ${GOOD}: done, 1 file`,
        'to-acme 2026-11-15: no files',
      ]),
    );
    const findings = await opened.page.locator('.drop-findings').textContent();
    expect(findings).toContain(
      `acme/events ${BROKEN} failed: SLUICE_INGEST_COLUMN_MISSING; queries see no rows of it.`,
    );
    expect(findings).toContain(
      'acme/revenue 2026-11-15 was expected by 2026-11-16 06:00:00 UTC and has not arrived. Also late: 2026-11-16, ',
    );
    expect(findings).toContain(`acme/events ${GOOD}: 1 of 2 rows refused.`);
    expect(await opened.screenshots('drops')).toEqual([]);
  });

  it('is reached by keyboard: one step to the calendar, arrows in it', async () => {
    const { page } = opened;
    expect(await page.locator('a.drop-day[tabindex="0"]').count()).toBe(1);
    await page.locator('a.drop-day[tabindex="0"]').focus();
    for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key);
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toContain(
      `acme/events ${GOOD}`,
    );
    await page.keyboard.press('Enter');
    await shown('1 of 2 rows was refused and is in quarantine.');
    expect(page.url()).toContain(`source=acme&dataset=events&day=${GOOD}`);
  });

  it('explains a day with refused rows, and shows them as text', async () => {
    await shown(/row 1, event name/);
    const words = await text();
    expect(words).toContain('SLUICE_INGEST_ROW_NAME_MISSING');
    expect(words).toContain(`"unit_id": "${HOSTILE}1"`);
    expect(words).toContain('queries read this one');
    expect(words).toContain('not_parquet Its name has the extension of another format');
    expect(await opened.page.locator('main img').count()).toBe(0);
    expect(await opened.screenshots('drops-refused')).toEqual([]);
  });

  it('explains a broken drop, and loads its correction on request', async () => {
    const { page } = opened;
    await dayLink('acme/events', BROKEN).click();
    await shown(/^The load failed at/);
    const words = await text();
    expect(words).toContain('"event_name": expected it, as the mapping names it, found no such column');
    expect(words).toContain('SLUICE_INGEST_COLUMN_MISSING');
    expect(words).toMatch(/Next: Corrected files are loaded by the next run\./);
    expect(words).toContain(HOSTILE);
    expect(await opened.screenshots('drops-broken')).toEqual([]);

    await drops.drop(`events/${BROKEN}/${HOSTILE}.parquet`, rows(BROKEN, ['buy', 'see', 'see']));
    await page.getByRole('button', { name: 'Load this day again …' }).click();
    await shown(`acme/events: ${BROKEN} (1 failed)`);
    expect(await opened.screenshots('drops-dry-run')).toEqual([]);
    expect(await page.locator('a.drop-day[aria-current]').getAttribute('class')).toContain('bad');
    await page.getByRole('button', { name: `Load ${BROKEN} again` }).click();
    await shown('Requested. The day is loaded in a moment');
    await page.locator(`a.drop-day.good[aria-label="acme/events ${BROKEN}: done, 3 rows"]`).waitFor();
    await shown('None of 3 rows was refused.');
    expect(opened.complaints).toEqual([]);
  }, 120_000);

  it('says what a run would look at, and explains days without files and exported days', async () => {
    const { page } = opened;
    await page.getByRole('button', { name: 'Look for files now …' }).click();
    await shown(/acme\/revenue: 2026-11-15 to 2026-11-20, 6 days/);
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    // The button that went away hands the focus back.
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Look for files now …');
    await page.getByRole('button', { name: 'Export changes now …' }).click();
    await shown(/to-acme: 2026-11-12 to 2026-11-19, 8 days/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await dayLink('acme/events', '2026-11-16').click();
    await page.locator('input[type="date"]').fill('2026-11-17');
    await page.getByRole('button', { name: 'Load these days again …' }).click();
    await shown('acme/events: 2026-11-16 to 2026-11-17, 2 days (2 loaded)');
    await page.getByRole('button', { name: 'Load 2 days again' }).click();
    await shown('The 2 days are loaded in a moment');
    await dayLink('acme/revenue', '2026-11-17').click();
    await shown('The drop of this day is late.');
    await dayLink('to-acme', GOOD).click();
    await shown(/^The day was exported at/);
    await shown('acme_events to s3://acme-exports/to-acme/');
    await page.getByRole('button', { name: 'Export this day now …' }).click();
    await shown('The day is exported even if it has not changed.');
    await page.getByRole('button', { name: `Export ${GOOD}` }).click();
    await shown('Requested. The day is exported in a moment');
    expect(opened.complaints).toEqual([]);
  });

  it('offers a dry run and nothing else where the console may not write', async () => {
    const other = await openPage(`${readOnly.address}#/drops?source=acme&dataset=events&day=${GOOD}`);
    try {
      await other.page.getByRole('button', { name: 'Load this day again …' }).click();
      await other.page.getByText('This console is read-only.').waitFor();
      expect(await other.page.getByRole('button', { name: `Load ${GOOD} again` }).count()).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('says by code what is wrong with an address', async () => {
    const { page } = opened;
    const answer = await fetch(`${open.address}api/drops/day?source=acme&dataset=none&day=${GOOD}`);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { error: { code: 'SLUICE_INGEST_NO_SOURCES' } },
    ]);
    await opened.go(`/drops?source=acme&dataset=none&day=${GOOD}`);
    await page.getByText('SLUICE_INGEST_NO_SOURCES').waitFor();
  });
});
