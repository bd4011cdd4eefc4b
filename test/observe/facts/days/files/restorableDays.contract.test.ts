import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../../../lib/aws/s3ObjectStore.ts';
import { addDays, type UtcDay } from '../../../../../lib/base/time.ts';
import { readReceivedHours } from '../../../../../lib/reconcile/receivedHours.ts';
import { dayFolder, receivedHoursKey } from '../../../../../lib/tables/tableFolders.ts';
import { type LostFacts, restorableDays } from '../../../../../observe/facts/days/files/restorableDays.ts';
import { ManualClock } from '../../../../../packages/local-aws/src/base/index.ts';
import { parquetOf } from '../../../../harness/parquetOf.ts';
import { startVersionedBuckets, type VersionedBucket } from '../../../startVersionedBuckets.ts';

const NOW = Date.UTC(2026, 10, 24, 10);
const DAY = '2026-11-19';
const NEXT = '2026-11-20';
const clock = new ManualClock(NOW);
const isoNow = () => new Date(clock.now()).toISOString();
const buckets = await startVersionedBuckets(clock);
afterAll(() => buckets.close());

let place: VersionedBucket;
beforeEach(async () => {
  place = await buckets.create(NOW);
});

const folderOf = (day: UtcDay) => dayFolder(place.deployment.config, 'events', day);
/** What can be restored of these days. */
const restorable = (lost: Partial<LostFacts>, deployment = place.deployment) =>
  restorableDays(deployment, { lostDays: null, curated: null, datasets: null, exports: null, ...lost });
const lostEvents = (...days: readonly UtcDay[]): Pick<LostFacts, 'lostDays'> => ({
  lostDays: days.map((day) => ({ table: 'events', day })),
});

describe('a day of a raw table that has lost a file', () => {
  const table = 'statsig_forwarded_events';
  const landed = 'landing/2026/11/19/';
  /** The day and the folders of its landing, with so many versions of files. */
  const found = (files: Readonly<Record<string, number>>) =>
    [table, landed, 'landing/direct/2026-11-19/', 'landing/2026/11/20/', 'landing/direct/2026-11-20/'].map(
      (name) => ({ table: name, day: DAY, files: files[name] ?? 0 }),
    );
  beforeEach(() => place.lose(`${folderOf(DAY)}a`));

  it('gets back the files of which S3 has a version', async () => {
    expect(await restorable(lostEvents(DAY))).toEqual([{ table, day: DAY, files: 1, deletedAt: isoNow() }]);
  });

  it('gets back nothing when no version is left', async () => {
    await place.removeVersions(folderOf(DAY));
    expect(await restorable(lostEvents(DAY))).toEqual(found({}));
  });

  it('gets back what landed, of which S3 has a version', async () => {
    await place.removeVersions(folderOf(DAY));
    await place.lose(`${landed}07/a.ndjson.gz`);
    expect(await restorable(lostEvents(DAY))).toEqual(found({ [landed]: 1 }));
  });

  it('has no folder of the landing any more once S3 has deleted the versions of what landed', async () => {
    await place.removeVersions(folderOf(DAY));
    await place.lose(`${landed}07/a.ndjson.gz`);
    const later = { ...place.deployment, now: Date.parse('2026-11-29T10:00:00Z') };
    expect(await restorable(lostEvents(DAY), later)).toEqual([{ table, day: DAY, files: 0 }]);
  });
});

it('each day is looked for once, among days that keep rows, and those of which a version or an export has the only rows', async () => {
  const lacking = [DAY, NEXT].map((day) => ({ day, since: 1, isOnly: day === DAY }));
  const keptDay = { rows: 1, since: '', gone: [], replaced: [], isErased: false };
  const found = await restorableDays(place.deployment, {
    lostDays: [{ table: 'events', day: DAY }],
    curated: [
      {
        kind: 'events',
        table: 'curated_events',
        kept: [
          { ...keptDay, day: DAY },
          { ...keptDay, day: NEXT },
        ],
        lacking: [{ day: NEXT, since: 1, isOnly: true }],
      },
    ],
    datasets: [{ table: 'acme_events', lacking }],
    exports: [
      {
        table: 'statsig_forwarded_exposures',
        days: [
          { day: DAY, kept: 1 },
          { day: NEXT, kept: 0 },
        ],
      },
    ],
  });
  expect(found.flatMap(({ table, day }) => (table.includes('/') ? [] : [`${table} ${day}`]))).toEqual([
    `statsig_forwarded_events ${NEXT}`,
    `statsig_forwarded_events ${DAY}`,
    `curated_events ${NEXT}`,
    `acme_events ${DAY}`,
    `statsig_forwarded_exposures ${DAY}`,
  ]);
});

it('a day tells when the first of its deleted files was deleted, not one in whose place there is another', async () => {
  const first = clock.now();
  for (const name of ['again', 'b', 'a']) {
    await place.lose(`${folderOf(DAY)}${name}`);
    clock.advance(60_000);
  }
  await place.put(`${folderOf(DAY)}again`, 'PAR1');
  expect(await restorable(lostEvents(DAY))).toEqual([
    {
      table: 'statsig_forwarded_events',
      day: DAY,
      files: 3,
      deletedAt: new Date(first + 60_000).toISOString(),
    },
  ]);
});

describe('rows of the deleted files of a day', () => {
  it('are known if each is Parquet', async () => {
    for (const { name, rows } of [
      { name: 'a', rows: 3 },
      { name: 'b', rows: 4 },
    ]) {
      await place.put(
        `${folderOf(DAY)}${name}.parquet`,
        await parquetOf(`SELECT i FROM range(${rows}) t(i)`),
      );
      await place.remove(`${folderOf(DAY)}${name}.parquet`);
    }
    expect(await restorable(lostEvents(DAY))).toMatchObject([{ day: DAY, files: 2, rows: 7 }]);
    await place.lose(`${folderOf(DAY)}c.parquet`);
    expect(await restorable(lostEvents(DAY))).toEqual([
      { table: 'statsig_forwarded_events', day: DAY, files: 3, deletedAt: isoNow() },
    ]);
  });

  it('are known of the newest days, whose 100 footers are read', async () => {
    const body = await parquetOf('SELECT 1 i');
    const keys = ([DAY, NEXT] as const).flatMap((day) =>
      Array.from({ length: 60 }, (_, i) => `${folderOf(day)}${i}.parquet`),
    );
    await Promise.all(keys.map((key) => place.put(key, body)));
    await Promise.all(keys.map((key) => place.remove(key)));
    const found = await restorable(lostEvents(DAY, NEXT));
    expect(found.map(({ day, rows }) => [day, rows])).toEqual([
      [NEXT, 60],
      [DAY, undefined],
    ]);
  });
});

it('of more days the newest 100 are looked at, in whatever order they are known', async () => {
  const days = Array.from({ length: 101 }, (_, i) => addDays('2026-08-01', i));
  const found = await restorable(lostEvents(...days.slice(50), ...days.slice(0, 50)));
  expect(found.map(({ day }) => day)).toEqual(days.slice(1).reverse());
});

it('a short hour gets back what landed in its folders', async () => {
  const hour = { ds: DAY, table_name: 'events', accepted: 9, finished: 2, missing: 7, unproved: 0 };
  const short = { ...hour, state: 'short', why: null };
  const lines = [7, 9].map((n) => JSON.stringify({ ...short, hour: n }));
  const { config } = place.deployment;
  await place.put(receivedHoursKey(config, DAY), lines.join('\n'));
  const key = 'landing/2026/11/19/07/a.ndjson.gz';
  await place.lose(key);
  const at = { ...place.deployment, now: Date.parse(`${NEXT}T02:00:00Z`) };
  const store = s3ObjectStore(place.s3, place.bucket);
  const { rows: receivedHours } = await readReceivedHours(store, config, DAY);
  const foldersWith = (files: number) => [
    { table: 'landing/2026/11/19/07/', day: DAY, files },
    { table: 'landing/2026/11/19/06/', day: DAY, files: 0 },
    { table: `landing/direct/${DAY}/`, day: DAY, files: 0 },
    { table: 'landing/2026/11/19/09/', day: DAY, files: 0 },
    { table: 'landing/2026/11/19/08/', day: DAY, files: 0 },
  ];
  expect(await restorable({ receivedHours }, at)).toEqual(foldersWith(1));
  await place.removeVersions(key);
  expect(await restorable({ receivedHours }, at)).toEqual(foldersWith(0));
});
