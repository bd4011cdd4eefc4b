import { afterAll, beforeEach, expect, it } from '@jest/globals';
import { rawDaysKey } from '../../../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../../../lib/tables/tableFolders.ts';
import { readArchivedDays } from '../../../../../observe/facts/days/files/archivedDays.ts';
import { startVersionedBuckets, type VersionedBucket } from '../../../startVersionedBuckets.ts';

const NOW = Date.UTC(2026, 10, 24, 10);
const DAY = '2026-11-19';
const NEXT = '2026-11-20';
const buckets = await startVersionedBuckets();
afterAll(() => buckets.close());

let place: VersionedBucket;
beforeEach(async () => {
  place = await buckets.create(NOW);
});

it('of days with archived files the newest comes first', async () => {
  const looked = { seenAt: NOW, files: 1, archivedSince: NOW };
  await place.put(rawDaysKey('events'), JSON.stringify({ at: NOW, days: { [DAY]: looked, [NEXT]: looked } }));
  for (const day of [DAY, NEXT] as const)
    await place.put(`${dayFolder(place.deployment.config, 'events', day)}a.parquet`, 'x', {
      StorageClass: 'GLACIER',
    });
  const { days } = await readArchivedDays(place.deployment, { curated: [], datasets: [] });
  expect(days.map(({ day }) => day)).toEqual([NEXT, DAY]);
});
