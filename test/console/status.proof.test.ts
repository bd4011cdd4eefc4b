import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DeletePartitionCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { startObserved } from '../observe/startObserved.ts';
import { fillConsole } from './fillConsole.ts';
import { type OpenedPage, openLocalConsole, openPage, SCREENSHOTS } from './openPage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describeInBrowser('the pages Now and Health', () => {
  let observed: Awaited<ReturnType<typeof startObserved>>;
  let console: Console;
  let opened: OpenedPage;
  beforeAll(async () => {
    // The stories take two hours by the cloud's clock: then it is not ahead in the picture of the README.
    observed = await startObserved(Date.now() - 2 * HOUR);
    console = await openLocalConsole(observed.cloud);
    opened = await openPage(console.address);
  }, 120_000);
  afterAll(async () => {
    await opened.close();
    await console.close();
    await observed.close();
  });

  /** Resolves when the registrar has done what is in its queue. */
  async function registered(): Promise<void> {
    const waits = () =>
      observed.cloud.status().queues.find(({ name }) => name === 'sluice-local-register')?.messages ?? 0;
    for (let i = 0; waits() > 0; i += 1) {
      if (i === 1_000) throw new Error('The registrar does not end.');
      await wait(20);
    }
  }

  const part = (name: string) => opened.page.locator('.part', { hasText: name });
  const shows = (text: string) => opened.page.getByText(text).first().waitFor();

  it('say what to do first when nothing has come in', async () => {
    await opened.go('/');
    await shows('No event has come in yet.');
    const command = await opened.page.locator('.empty pre').textContent();
    expect(command).toContain(`curl -X POST ${observed.cloud.collector}/v1/`);
    expect(await opened.screenshots('now-empty')).toEqual([]);
    await opened.go('/health');
    await shows('There was no request in the last seven days.');
    await shows('All is well');
  });

  it('draw the pipeline before everything about it is known, and claim nothing of it', async () => {
    const { page } = opened;
    let answerNow = () => {};
    const isHeld = new Promise<void>((resolve) => {
      answerNow = resolve;
    });
    await page.route('**/api/status', async (route) => {
      await isHeld;
      await route.continue();
    });
    await opened.go('/');
    await part('Streams').waitFor();
    expect(await part('Streams').getAttribute('class')).toBe('part plain');
    expect(await page.getByText('All is well').count()).toBe(0);
    answerNow();
    await shows('All is well');
    expect(await part('Streams').getAttribute('class')).toBe('part good');
    await page.unroute('**/api/status');
  });

  it('show an event seconds after it was answered, and when it has landed', async () => {
    await opened.go('/');
    await shows('No event has come in yet.');
    await observed.send({ events: [{ eventName: 'purchase', user: { userID: 'ada' } }] });
    await part('Collector').getByText('1', { exact: true }).waitFor();
    await part('Streams').getByText('requests in buffers').waitFor();
    expect(await opened.page.getByText('No event has come in yet.').count()).toBe(0);
    await opened.page.getByRole('button', { name: 'Deliver now' }).click();
    await part('Files in S3').locator('strong', { hasText: '1' }).waitFor();
  });

  it('show a healthy pipeline with its rates: the picture of the README (SLUICE_WRITE_DOCS=1 updates it)', async () => {
    await fillConsole(observed);
    await observed.clock.advance(HOUR);
    for (let minute = 0; minute < 60; minute += 1) {
      await observed.clock.advance(MINUTE);
      const time = observed.clock.now();
      // A morning that becomes busier, with a wave in it.
      const size = Math.round(8 + minute / 4 + 6 * Math.sin(minute / 7));
      for (let request = 0; request < 1 + Math.round(size / 10); request += 1) {
        const users = Array.from({ length: size }, (_, i) => ({ userID: `u${minute}-${request}-${i}` }));
        const seen = users.map((user, i) => ({
          ...{ eventName: 'statsig::config_exposure', user, time },
          metadata: { config: 'checkout_button', ruleID: i % 2 === 0 ? 'Control' : 'Test' },
        }));
        const views = users.slice(0, 5).map((user) => ({ eventName: 'page_view', user, time }));
        await observed.send({ events: [...seen, ...views, ...(minute % 17 === 5 ? [{ value: 1 }] : [])] });
      }
    }
    await opened.page.reload();
    await shows('1 warning');
    await part('Your queries').getByText('p50 to query').waitFor();
    expect(await part('Partitions').getAttribute('class')).toBe('part good');
    expect(await opened.screenshots('now')).toEqual([]);
    if (process.env['SLUICE_WRITE_DOCS'] === '1')
      for (const look of ['light', 'dark'])
        copyFileSync(
          join(SCREENSHOTS, `now-${look}.png`),
          join(repositoryRoot, 'docs', 'images', `console-now-${look}.png`),
        );
    expect(opened.complaints).toEqual([]);
  });

  it('show what is wrong on both pages, with its cure, until it is healed', async () => {
    await observed.cloud.flush();
    await observed.control('POST', 'faults', {
      firehose: [{ fault: 'failCalls', code: 'ServiceUnavailableException', calls: 'all' }],
      // The writer can put no file.
      s3: [
        { fault: 'failCalls', operations: ['PutObject'], key: 'sluice-experiments/statsig/*', calls: 'all' },
      ],
    });
    const sent = await observed.send({ events: [{ eventName: 'purchase', user: { userID: 'ada' } }] });
    expect(sent.status).toBe(202);
    await observed.clock.advance(20 * MINUTE);
    // The hourly run of the registrar is due in this time: it would bring back the partition.
    await registered();
    const glue = new GlueClient(observed.options);
    await glue.send(
      new DeletePartitionCommand({
        DatabaseName: observed.cloud.database,
        TableName: 'statsig_forwarded_events',
        PartitionValues: [new Date(observed.clock.now() - 24 * HOUR).toISOString().slice(0, 10)],
      }),
    );
    glue.destroy();
    await opened.page.reload();
    await part('Streams').getByText('landing waits').waitFor();
    await part('Partitions').getByText('partition missing').waitFor();
    expect(await part('Streams').getAttribute('class')).toBe('part bad');
    await shows('2 problems');
    await shows(
      'Objects have waited in landing/ for more than 15 minutes to become files of tables. Nothing is lost.',
    );
    expect(await opened.page.locator('.findings li.problem pre').allTextContents()).toEqual([
      expect.stringContaining('--message-body \'{"sluice":"look"}\''),
      expect.stringContaining('--message-body \'{"sluice":"daily"}\''),
    ]);
    expect(await opened.screenshots('now-problems')).toEqual([]);

    await part('Streams').getByRole('link', { name: 'landing waits' }).click();
    await shows('SLUICE_STATUS_LANDING_LATE');
    await opened.page.getByRole('button', { name: 'Run the doctor' }).click();
    await opened.page.getByRole('button', { name: 'Run it again' }).waitFor();
    await shows('SLUICE_STATUS_PARTITION_MISSING');
    await shows('Cost of a month');
    await shows('a million events');
    expect(await opened.screenshots('health')).toEqual([]);

    await observed.control('DELETE', 'faults');
    await observed.control('POST', 'flush');
    await opened.go('/');
    await part('Streams').locator('.facts', { hasNotText: 'landing' }).waitFor();
    await shows('1 problem');
    expect(opened.complaints).toEqual([]);
  });
});

describeInBrowser('the lanes of the page Now', () => {
  let drops: Awaited<ReturnType<typeof ingestCloud>>;
  let open: Console;
  let opened: OpenedPage;
  beforeAll(async () => {
    const datasets = [
      { name: 'events', kind: 'events' as const, lookbackDays: 5 },
      { name: 'revenue', kind: 'metrics' as const, lookbackDays: 5, expectedBy: { hour: 6 } },
    ];
    drops = await ingestCloud({
      bucket: 'acme-lanes',
      sources: [{ name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets }],
      exports: [
        { name: 'to-acme', table: 'acme_events', target: { bucket: 'acme-exports', owner: CUSTOMER } },
      ],
    });
    await drops.letIn(CUSTOMER, 'acme-exports', 'export-target');
    await drops.jumpTo('2026-11-20T07:00:00Z');
    const row = (day: string, column: string) =>
      `SELECT TIMESTAMP '${day} 10:00:00' AS timestamp, 'buy' AS ${column}, 'ada' AS unit_id`;
    await drops.drop('events/2026-11-18/a.parquet', row('2026-11-18', 'event_name'));
    await drops.drop('events/2026-11-19/a.parquet', row('2026-11-19', 'wrong_name'));
    for (const at of ['2026-11-20T09:05:00Z', '2026-11-20T12:30:00Z']) {
      await drops.jumpTo(at);
      await drops.cloud.flush();
    }
    open = await openLocalConsole(drops.cloud);
    opened = await openPage(open.address);
  }, 240_000);
  afterAll(async () => {
    await opened.close();
    await open.close();
    await drops.close();
  });

  it('show the days of drops and exports, a failed day and a late drop with their commands', async () => {
    const lane = (name: string) => opened.page.locator('.lanes li', { hasText: name });
    await lane('acme/events').getByLabel('2026-11-18: succeeded').waitFor();
    await lane('acme/events').getByLabel('2026-11-19: failed (SLUICE_INGEST_').waitFor();
    await lane('acme/revenue').getByLabel('2026-11-19: late').waitFor();
    await lane('to-acme').getByLabel('2026-11-18: succeeded').waitFor();
    const commands = await opened.page.locator('.findings li.problem pre').allTextContents();
    expect(commands).toEqual(
      expect.arrayContaining([
        expect.stringContaining('sluice ingest explain --source acme --dataset events --day 2026-11-19'),
        expect.stringContaining('sluice ingest status --source acme --dataset revenue'),
      ]),
    );
    expect(await opened.screenshots('now-drops')).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });
});
