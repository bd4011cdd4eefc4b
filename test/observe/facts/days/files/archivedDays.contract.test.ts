import { afterAll, beforeEach, expect, it } from '@jest/globals';
import { addDays, type UtcDay } from '../../../../../lib/base/time.ts';
import { dayLooksKey, ledgerKey, rawDaysKey } from '../../../../../lib/tables/ledgerKeys.ts';
import { dayFolder, versionPrefix } from '../../../../../lib/tables/tableFolders.ts';
import { readArchivedDays } from '../../../../../observe/facts/days/files/archivedDays.ts';
import { ledgerEntry } from '../../../../harness/ledgerEntry.ts';
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

const looked = { seenAt: NOW, files: 1, archivedSince: NOW };
const folderOf = (day: UtcDay) => dayFolder(place.deployment.config, 'events', day);
/** Notes raw days that a look has seen with archived files. */
const note = (...days: readonly UtcDay[]) =>
  place.put(
    rawDaysKey('events'),
    JSON.stringify({ at: NOW, days: Object.fromEntries(days.map((day) => [day, looked])) }),
  );
const archive = (key: string) => place.put(key, 'x', { StorageClass: 'GLACIER' });
const read = (lost: Partial<Parameters<typeof readArchivedDays>[1]> = {}) =>
  readArchivedDays(place.deployment, { curated: [], datasets: [], ...lost });

it('of days with archived files the newest comes first', async () => {
  await note(DAY, NEXT);
  for (const day of [DAY, NEXT] as const) await archive(`${folderOf(day)}a.parquet`);
  const { days } = await read();
  expect(days.map(({ day }) => day)).toEqual([NEXT, DAY]);
});

it('of a day those files are told that are archived and that queries would read', async () => {
  await note(DAY, NEXT);
  for (const name of ['a.parquet', '_SUCCESS']) await archive(`${folderOf(DAY)}${name}`);
  await place.put(`${folderOf(DAY)}b.parquet`, 'x');
  // The files of that day were brought back since.
  await place.put(`${folderOf(NEXT)}a.parquet`, 'x');
  expect(await read()).toEqual({
    days: [{ table: 'statsig_forwarded_events', day: DAY, since: NOW, keys: [`${folderOf(DAY)}a.parquet`] }],
    unlookedUntil: null,
  });
});

it('a day is told that a curation alone has looked at', async () => {
  const archivedSince = NOW - 1;
  await place.put(dayLooksKey('events'), JSON.stringify({ [DAY]: { at: NOW, mark: '', archivedSince } }));
  await archive(`${folderOf(DAY)}a.parquet`);
  expect((await read()).days).toMatchObject([{ day: DAY, since: archivedSince }]);
});

it('of a dataset that lacks files the version is looked at that is read, and none of a day without one', async () => {
  const entry = ledgerEntry({ source: 'acme', dataset: 'events', day: DAY, version: 'v2' });
  await place.put(ledgerKey('acme', 'events', DAY), JSON.stringify(entry));
  const folder = (version: string) => versionPrefix(place.deployment.config, 'acme_events', DAY, version);
  for (const version of ['v1', 'v2']) await archive(`${folder(version)}a.parquet`);
  const lacking = [DAY, NEXT].map((day) => ({ day, since: 7, isOnly: false }));
  expect((await read({ datasets: [{ table: 'acme_events', lacking }] })).days).toEqual([
    { table: 'acme_events', day: DAY, since: 7, keys: [`${folder('v2')}a.parquet`] },
  ]);
});

it('of more than 100 days the newest are looked at, and it is told how far back', async () => {
  const days = Array.from({ length: 102 }, (_, i) => addDays('2026-08-01', i));
  const [first = DAY, , third = DAY] = days;
  await note(...days);
  for (const day of [first, third]) await archive(`${folderOf(day)}a.parquet`);
  const { days: told, unlookedUntil } = await read();
  expect(told.map(({ day }) => day)).toEqual(['2026-08-03']);
  expect(unlookedUntil).toBe('2026-08-02');
});
