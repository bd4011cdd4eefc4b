import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS, type UtcDay } from '../../../lib/base/time.ts';
import { rawDaysKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, receivedHoursKey } from '../../../lib/tables/tableFolders.ts';
import { pendingCures } from '../../../operate/erase/pendingCures.ts';
import { startVersionedBuckets, type VersionedBucket } from '../../observe/startVersionedBuckets.ts';

const NOW = Date.UTC(2026, 10, 24, 10);
const DAY = '2026-11-19';
const NEXT = '2026-11-20';
const buckets = await startVersionedBuckets();
afterAll(() => buckets.close());

let place: VersionedBucket;
beforeEach(async () => {
  place = await buckets.create(NOW);
});

const folderOf = (day: UtcDay) => dayFolder(place.deployment.config, 'events', day);
/** Deletes a file of a day, as the hourly look has noted. */
async function loseFile(day: UtcDay): Promise<void> {
  const note = { at: NOW, days: { [day]: { seenAt: NOW - HOUR_MS, files: 2 } } };
  await place.put(rawDaysKey('events'), JSON.stringify(note));
  await place.lose(`${folderOf(day)}a`);
}

describe('a day of a raw table that has lost a file', () => {
  beforeEach(() => loseFile(DAY));

  it('holds up an erasure as long as S3 has a version', async () => {
    expect(await pendingCures(place.deployment)).toEqual([`statsig_forwarded_events, ${DAY}: 1 file`]);
  });

  it('holds up no erasure when no version is left', async () => {
    await place.removeVersions(folderOf(DAY));
    expect(await pendingCures(place.deployment)).toEqual([]);
  });

  it('holds up an erasure as long as its rows can be written again from what landed', async () => {
    await place.removeVersions(folderOf(DAY));
    await place.lose('landing/2026/11/19/07/a.ndjson.gz');
    expect(await pendingCures(place.deployment)).toEqual([`landing/2026/11/19/, ${DAY}: 1 file`]);
  });
});

describe('of two short hours the one that S3 has a version of', () => {
  const landed = 'landing/2026/11/19/07/a.ndjson.gz';
  const missing = `${DAY}, hour 7, events: 7 events are missing`;
  const atNight = () => ({ ...place.deployment, now: Date.parse(`${NEXT}T02:00:00Z`) });
  beforeEach(async () => {
    const counts = { ds: DAY, table_name: 'events', accepted: 9, finished: 2, missing: 7, unproved: 0 };
    const short = { ...counts, state: 'short', why: null };
    const rows = [7, 9].map((hour) => JSON.stringify({ ...short, hour }));
    await place.put(receivedHoursKey(place.deployment.config, DAY), rows.join('\n'));
    await place.lose(landed);
  });

  it('holds up an erasure as long as the version is there', async () => {
    expect(await pendingCures(atNight())).toEqual([missing]);
    await place.removeVersions(landed);
    expect(await pendingCures(atNight())).toEqual([]);
  });

  it('stands beside files of another day', async () => {
    await loseFile(NEXT);
    const file = `statsig_forwarded_events, ${NEXT}: 1 file`;
    expect(await pendingCures(atNight())).toEqual([missing, file]);
    await place.removeVersions(landed);
    expect(await pendingCures(atNight())).toEqual([file]);
  });
});
