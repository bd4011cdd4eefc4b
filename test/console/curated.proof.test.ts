import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { ingestCloud } from '../harness/ingestCloud.ts';
import { type OpenedPage, openLocalConsole, openPage } from './openPage.ts';

const OLD = '2026-11-16';
const YOUNG = '2026-11-19';
const TABLE = 'statsig_forwarded_events';

describeInBrowser('curated days on the page Tables', () => {
  let acme: Awaited<ReturnType<typeof ingestCloud>>;
  let open: Console;
  let opened: OpenedPage;

  beforeAll(async () => {
    acme = await ingestCloud({ bucket: 'acme-curated-shown', curate: true });
    await acme.jumpTo('2026-11-20T10:00:00Z');
    for (const day of [OLD, YOUNG]) {
      const events = [1, 2, 3].map((value) => ({
        ...{ eventName: 'seen', value, user: { userID: 'ada' } },
        time: Date.parse(`${day}T10:00:00Z`) + value,
      }));
      await post(events);
      await post(events);
    }
    await acme.jumpTo('2026-11-21T06:00:00Z');
    for (const _ of [1, 2, 3]) await acme.cloud.flush();
    open = await openLocalConsole(acme.cloud);
    opened = await openPage(`${open.address}#/tables?table=${TABLE}`);
  }, 240_000);
  afterEach(() => expect(opened.complaints).toEqual([]));
  afterAll(async () => {
    await opened?.close();
    await open?.close();
    await acme?.close();
  });

  async function post(events: readonly object[]): Promise<void> {
    const { status } = await fetch(`${acme.cloud.collector}/v1/rgstr`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-console' },
      body: JSON.stringify({ events }),
    });
    expect(status).toBe(202);
    await acme.cloud.flush();
  }

  const row = (day: string) =>
    opened.page.getByRole('region', { name: 'Days, the newest first' }).getByRole('row', { name: day });

  it('say what views read of each day, and why it is raw', async () => {
    await row(OLD).getByText('curated', { exact: true }).waitFor();
    await row(YOUNG).getByText('raw: too young').waitFor();
    await row(YOUNG).getByText('It is curated from 2026-11-22 on.').waitFor();
    // One curated file in place of two raw ones, and three resends.
    expect((await row(OLD).getByRole('cell').allTextContents()).slice(-3)).toEqual([
      '1',
      expect.stringMatching(/KB$/),
      '3',
    ]);
    await opened.page
      .getByText(`Views read 1 day from curated_events and all others from ${TABLE}`)
      .waitFor();
    expect(await opened.screenshots('curated')).toEqual([]);
  });

  it('are curated after a dry run, when a late event came', async () => {
    const { page } = opened;
    await page.getByRole('button', { name: 'Curate now …' }).click();
    const answer = page.getByRole('region', { name: 'Curate now …' });
    await answer.getByText('no day is due').waitFor();
    await answer.getByRole('button', { name: 'Cancel' }).click();
    await post([{ eventName: 'late', user: { userID: 'ada' }, time: Date.parse(`${OLD}T12:00:00Z`) }]);
    await page.reload();
    await row(OLD).getByText('raw: outdated').waitFor();
    await page.getByRole('button', { name: 'Curate now …' }).click();
    await answer.getByText(`${OLD} (3 raw files`, { exact: false }).waitFor();
    expect(await opened.screenshots('curated-run')).toEqual([]);
    await answer.getByRole('button', { name: 'Curate 1 day' }).click();
    await answer.getByText('Requested.').waitFor();
    for (const _ of [1, 2]) await acme.cloud.flush();
    await page.reload();
    await row(OLD).getByText('curated', { exact: true }).waitFor();
    await page.getByRole('button', { name: `Rebuild ${OLD} …` }).click();
    await page.getByRole('button', { name: 'Rebuild 1 day' }).waitFor();
  });
});
