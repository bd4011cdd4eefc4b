import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parquetFromQuery } from '../../cli/ingest/dropFiles.ts';
import { manifestSchema } from '../../lib/export/exportDay.ts';
import { localAccount } from '../../local/localAccount.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { readParquet } from '../harness/readParquet.ts';

/** A Friday, on which events are sent, and the days before it. */
const SENT = '2026-11-20';
const D17 = '2026-11-17';
const D18 = '2026-11-18';
const RAW = `statsig/statsig_forwarded_events/statsig_forwarded_events/${SENT}/`;
const WAREHOUSE = 'acme-warehouse';
const EVENTS = 20;
const ROWS = 20;
const target = { bucket: WAREHOUSE, owner: CUSTOMER };
const lookbackDays = 9;
const HALF_AN_HOUR = 1_800_000;

// One story: each test goes on where the one before it ended.
describe('rows that somebody reads', () => {
  let story: Awaited<ReturnType<typeof ingestCloud>>;
  let customer: S3Client;

  beforeAll(async () => {
    story = await ingestCloud(
      {
        curate: true,
        sources: [
          {
            name: 'acme',
            bucket: DROPS,
            owner: CUSTOMER,
            settleMinutes: 0,
            datasets: [{ name: 'visits', kind: 'events', lookbackDays }],
          },
        ],
        exports: ['statsig_forwarded_events', 'acme_visits'].map((table) => ({
          name: table.replaceAll('_', '-'),
          table,
          lookbackDays,
          target,
        })),
      },
      { startsAt: `${SENT}T07:00:00Z` },
    );
    await story.letIn(CUSTOMER, WAREHOUSE, 'export-target', `arn:aws:iam::${localAccount.id}:root`);
    customer = story.s3By({ accessKeyId: CUSTOMER, secretAccessKey: 'test' });
    for (const from of [0, EVENTS / 2]) {
      const events = Array.from({ length: EVENTS / 2 }, (_, i) => ({
        eventName: 'purchase',
        user: { userID: `u${from + i}` },
        time: story.clock.now(),
      }));
      expect(await story.post({ events })).toBe(202);
      await story.cloud.flush();
    }
    for (const day of [D17, D18]) await drop(day);
    await load();
    await story.jumpTo('2026-11-23T10:00:00Z');
    await work();
  });
  afterAll(() => story.close());

  const dropHalf = (day: string, name: string, rows = ROWS / 2) =>
    story.drop(
      `visits/${day}/${name}.parquet`,
      `SELECT TIMESTAMP '${day} 10:00' AS timestamp, 'seen' AS event_name, '${name}' || i AS unit_id FROM range(${rows}) t(i)`,
    );
  const drop = async (day: string) => {
    for (const name of ['a', 'b']) await dropHalf(day, name);
  };
  const settle = async () => {
    for (let left = 1, flushes = 0; left > 0 && flushes < 5; flushes += 1)
      left = (await story.cloud.flush()).unregistered;
  };
  const load = async () => {
    expect((await story.sluice('ingest', 'run')).code).toBe(0);
    await settle();
  };
  /** What the night does. */
  const work = async () => {
    for (const what of ['curate', 'export']) {
      expect((await story.sluice(what, 'run')).code).toBe(0);
      await settle();
    }
  };
  const count = async (table: string, day: string) =>
    Number((await story.query(`SELECT count(*) AS n FROM ${table} WHERE ds = DATE '${day}'`))[0]?.['n']);
  /** Events in the view, and rows of a day in the customer's bucket, by export. */
  const events = async () => ({
    view: await count('product_events', SENT),
    raw: await exported('statsig-forwarded-events', SENT),
  });
  const exported = async (name: string, day: string) => {
    const folder = `${name}/${day}/`;
    const text = await story.read(`${folder}_manifest.json`, WAREHOUSE, customer);
    const { files } = manifestSchema.parse(JSON.parse(Buffer.from(text).toString()));
    const ids = new Set<unknown>();
    for (const file of files) {
      const { rows } = await readParquet(await story.read(`${folder}${file.name}`, WAREHOUSE, customer));
      for (const row of rows) ids.add(row['event_id'] ?? row['user_id']);
    }
    return ids.size;
  };
  const visits = async (day: string) => [await count('acme_visits', day), await exported('acme-visits', day)];
  /** Without that nobody sends, and that an alarm is on for what is found. */
  const found = async (): Promise<readonly Finding[]> => {
    const { problems }: { problems: readonly Finding[] } = await story.json('status');
    return problems.filter(({ code }) => !/_(SILENT|ALARM)$/.test(code));
  };
  const codes = async () => (await found()).map(({ code }) => code.replace('SLUICE_FINDING_', ''));
  /** The only finding. */
  const kept = async () => {
    const [lost, ...others] = await found();
    expect([lost?.code, others]).toEqual(['SLUICE_FINDING_CURATE_KEPT', []]);
    return lost;
  };
  const all = { view: EVENTS, raw: EVENTS };

  it('are all there', async () => {
    expect([await events(), await visits(D17), await visits(D18)]).toEqual([all, [ROWS, ROWS], [ROWS, ROWS]]);
    expect(await codes()).toEqual([]);
  });

  it('stay when a raw day is deleted and emptied, and come back by the command that is printed', async () => {
    const [deleted = '', emptied = '', ...others] = await story.keys(RAW);
    expect(others).toEqual([]);
    await expect(story.remove(deleted)).rejects.toMatchObject({ name: 'AccessDenied' });
    const writer = story.s3By(await story.credentialsOf('WriteRole'));
    await story.remove(deleted, story.cloud.bucket, writer);
    await story.put(emptied, await parquetFromQuery("SELECT 'x' AS event_id WHERE false"));
    await story.jumpTo('2026-11-24T02:00:00Z');
    await work();
    const whole = await kept();
    expect([await events(), whole?.detail]).toEqual([all, expect.stringContaining(`${EVENTS} rows`)]);

    expect(await story.cure('CURATE_KEPT', / restore /)).toEqual([0]);
    expect(await story.keys(RAW)).toHaveLength(3);
    await story.advance(HALF_AN_HOUR);
    await work();
    expect([await events(), await codes()]).toEqual([all, []]);
    expect(story.refusals.filter((refusal) => !refusal.includes('s3:DeleteObject'))).toEqual([]);
  });

  it('stay in a dataset whose files are deleted, or replaced by one without rows', async () => {
    for (const name of ['a', 'b']) await story.removeDrop(`visits/${D18}/${name}.parquet`);
    await dropHalf(D17, 'a', 0);
    await story.removeDrop(`visits/${D17}/b.parquet`);
    await load();
    await work();
    expect([await visits(D17), await visits(D18), await codes()]).toEqual([
      [ROWS, ROWS],
      [ROWS, ROWS],
      ['INPUTS_MISSING'],
    ]);
    // Half of the files come back, and then the others. The other day is meant to be empty.
    await dropHalf(D18, 'a');
    await load();
    await dropHalf(D18, 'b');
    await load();
    const empty = ['ingest', 'accept', 'empty', '--source', 'acme', '--dataset', 'visits', '--from', D17];
    expect((await story.sluice(...empty)).code).toBe(0);
    await settle();
    await work();
    expect([await visits(D17), await visits(D18), await codes()]).toEqual([[0, 0], [ROWS, ROWS], []]);
  });
});
