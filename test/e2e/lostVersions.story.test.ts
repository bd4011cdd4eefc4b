import { DeleteObjectsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Finding } from '../../observe/findings/catalogue.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const DAY = '2026-11-20';
/** Before the lookback. */
const OLD = '2026-10-20';
const HOUR_MS = 3_600_000;
const ROWS = 20;

// One story: each test goes on where the one before it ended.
describe('a version whose files somebody deletes for good', () => {
  let story: Awaited<ReturnType<typeof ingestCloud>>;

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
            datasets: [{ name: 'visits', kind: 'events', lookbackDays: 9 }],
          },
        ],
      },
      { startsAt: `${DAY}T07:00:00Z` },
    );
    const events = Array.from({ length: ROWS }, (_, i) => {
      return { eventName: 'purchase', user: { userID: `u${i}` }, time: story.clock.now() };
    });
    expect(await story.post({ events })).toBe(202);
    await story.cloud.flush();
    for (const day of [DAY, OLD])
      await story.drop(
        `visits/${day}/a.parquet`,
        `SELECT TIMESTAMP '${day} 10:00' AS timestamp, 'seen' AS event_name, 'u' || i AS unit_id FROM range(${ROWS}) t(i)`,
      );
    await story.jumpTo('2026-11-23T10:00:00Z');
    for (const what of ['ingest', 'curate']) expect((await story.sluice(what, 'run')).code).toBe(0);
    expect((await story.sluice(...backfill(OLD))).code).toBe(0);
    await settle();
  });
  afterAll(() => story.close());

  const backfill = (day: string) =>
    ['ingest', 'backfill', '--source', 'acme', '--dataset', 'visits', '--from', day, '--to', day] as const;
  const settle = async () => {
    for (let left = 1, flushes = 0; left > 0 && flushes < 5; flushes += 1)
      left = (await story.cloud.flush()).unregistered;
  };
  const count = async (table: string) =>
    Number((await story.query(`SELECT count(*) AS n FROM ${table} WHERE ds = DATE '${DAY}'`))[0]?.['n']);
  const counts = async () => ({
    visits: await count('acme_visits'),
    curated: await count('curated_events'),
    view: await count('product_events'),
  });
  const lost = async (): Promise<readonly Finding[]> => {
    const { problems }: { problems: Finding[] } = await story.json('status');
    return problems.filter(({ code }) => code === 'SLUICE_FINDING_FILES_LOST');
  };
  const removeVersions = async (Prefix: string) => {
    const s3 = story.s3By();
    const Bucket = story.cloud.bucket;
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
    const Objects = Versions.map(({ Key = '', VersionId }) => ({ Key, VersionId }));
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  };
  const explained = () =>
    story.sluice('ingest', 'explain', '--source', 'acme', '--dataset', 'visits', '--day', DAY);

  it('is a problem within the hour, everywhere the day is shown', async () => {
    expect(await counts()).toEqual({ visits: ROWS, curated: ROWS, view: ROWS });
    await story.advance(HOUR_MS);
    await settle();
    expect(await lost()).toEqual([]);
    expect((await explained()).code).toBe(0);
    for (const table of ['acme_visits', 'curated_events'])
      await removeVersions(`statsig/ingested/${table}/${DAY}/`);
    await removeVersions(`statsig/ingested/acme_visits/${OLD}/`);
    expect(await counts()).toMatchObject({ visits: 0, curated: 0 });
    await story.advance(HOUR_MS);
    await settle();
    const found = await lost();
    expect(found.map(({ detail, severity }) => [detail.split(' since')[0], severity])).toEqual([
      [`acme/visits: ${DAY}`, 'problem'],
      [`curated_events: ${DAY}`, 'problem'],
    ]);
    const ingest = await story.sluice('ingest', 'status');
    expect([ingest.code, ingest.stdout]).toEqual([3, expect.stringContaining(`${DAY} lacks files`)]);
    const curate = await story.sluice('curate', 'status');
    expect([curate.code, curate.stdout]).toEqual([3, expect.stringContaining('lacking')]);
    const day = await explained();
    expect([day.code, day.stdout]).toEqual([3, expect.stringContaining('ingest backfill')]);
    expect(day.stdout).not.toContain('Nothing.');
    // Views read the raw rows meanwhile.
    expect(await counts()).toEqual({ visits: 0, curated: 0, view: ROWS });
  });

  it('is made again by its cure, and a curated one by its own night', async () => {
    const [dataset] = await lost();
    const words = [
      'ingest',
      'backfill',
      '--source',
      'acme',
      '--dataset',
      'visits',
      '--from',
      DAY,
      '--to',
      DAY,
    ];
    expect(dataset?.commands).toEqual([expect.stringContaining(words.join(' '))]);
    expect((await story.sluice(...words)).code).toBe(0);
    await settle();
    expect((await lost()).map(({ detail }) => detail.split(':')[0])).toEqual(['curated_events']);
    expect([await count('acme_visits'), (await explained()).code]).toEqual([ROWS, 0]);
    await story.advance(24 * HOUR_MS);
    await settle();
    expect((await lost()).map(({ detail }) => detail.split(' since')[0])).toEqual([`acme/visits: ${OLD}`]);
    expect((await story.sluice(...backfill(OLD))).code).toBe(0);
    await settle();
    expect(await lost()).toEqual([]);
    expect(await counts()).toEqual({ visits: ROWS, curated: ROWS, view: ROWS });
    expect((await story.sluice('curate', 'status')).stdout).not.toContain('lacking');
    expect(story.refusals).toEqual([]);
  });
});
