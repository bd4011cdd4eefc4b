import { afterAll, expect, it } from '@jest/globals';
import type { UtcDay } from '../../../../lib/base/time.ts';
import { dayFolder } from '../../../../lib/tables/tableFolders.ts';
import { readDamagedFiles } from '../../../../observe/facts/days/damagedFiles.ts';
import { startLanding } from '../../startLanding.ts';

const landing = await startLanding();
afterAll(() => landing.close());

/** A day that could not be curated, but for which and why. */
const FAILED = { message: 'It failed.', since: 1, last: 2, waits: false, replaced: undefined };
const PARQUET = Buffer.from('rows PAR1');
const NO_TABLE = Buffer.from('no table');
const { config } = landing;
/** The key of a file of events of this day. */
const keyOf = (day: UtcDay, name: string) => `${dayFolder(config, 'events', day)}${name}`;
/** The key of a file of Sluice, by the last digit of its name. */
const ownKey = (day: UtcDay, digit: number) =>
  keyOf(day, `sluice-1-${day}-10-00-00-46d8a8cc-5cf7-4dee-a88d-cbae7217487${digit}.parquet`);

it('files of three days, and of one not curated for it, that are no Parquet are told: replaced ones, then others, each the last first', async () => {
  await landing.keepVersions();
  const replace = async (key: string, by: Uint8Array) => {
    await landing.put(key, PARQUET);
    await landing.clock.advance(60_000);
    await landing.put(key, by);
    return key;
  };
  const first = await replace(ownKey('2026-11-21', 1), NO_TABLE);
  const empty = await replace(ownKey('2026-11-23', 2), new Uint8Array());
  const early = await replace(ownKey('2026-11-20', 3), NO_TABLE);
  await replace(ownKey('2026-11-19', 4), NO_TABLE);
  await replace(ownKey('2026-11-22', 5), Buffer.from('fewer rows PAR1'));
  await landing.put(ownKey('2026-11-22', 7), NO_TABLE);
  const putTwice = async (name: string, ...texts: readonly string[]) => {
    for (const text of texts) await landing.put(keyOf('2026-11-22', name), Buffer.from(text));
  };
  await putTwice('_SUCCESS', 'done', 'done again');
  await putTwice('empty.txt', 'a text', '');
  for (let i = 0; i <= 20; i += 1) await landing.put(keyOf('2026-11-22', `of-statsig-${i}`), PARQUET);
  await putTwice('notes.txt', 'a text', 'a longer text');
  await replace(ownKey('2026-11-22', 6), NO_TABLE);
  await landing.store.removeAll([{ key: ownKey('2026-11-22', 6), eTag: '*' }]);
  const refused = ownKey('2026-11-23', 8).replace(
    dayFolder(config, 'events', '2026-11-23'),
    dayFolder(config, 'quarantine', '2026-11-23'),
  );
  await replace(refused, NO_TABLE);
  const open = { s3: landing.s3, config, now: landing.clock.now() };
  const table = config.tables.events;
  const strayVersions = [expect.any(String), expect.any(String)];
  const replaced = { table, strayVersions: null };
  const failed = [
    { ...FAILED, day: '2026-11-20', code: 'SLUICE_CURATE_FILE_UNREADABLE' },
    { ...FAILED, day: '2026-11-19', code: 'SLUICE_CURATE_KILLED' },
    // It is one of the three days.
    { ...FAILED, day: '2026-11-21', code: 'SLUICE_CURATE_FILE_UNREADABLE' },
    // Of older days the first ten are looked at.
    ...Array.from({ length: 10 }, (_, i) => ({
      ...FAILED,
      day: `2026-10-${19 - i}`,
      code: 'SLUICE_CURATE_FILE_UNREADABLE',
    })),
  ];
  expect(await readDamagedFiles(open, [{ kind: 'events', failed }])).toEqual([
    {
      table: config.tables.quarantine,
      day: '2026-11-23',
      key: refused,
      replacedAt: '2026-11-23T10:07:07.000Z',
      strayVersions: null,
    },
    { ...replaced, day: '2026-11-20', key: early, replacedAt: '2026-11-23T10:03:07.000Z' },
    { ...replaced, day: '2026-11-23', key: empty, replacedAt: '2026-11-23T10:02:07.000Z' },
    { ...replaced, day: '2026-11-21', key: first, replacedAt: '2026-11-23T10:01:07.000Z' },
    {
      table,
      day: '2026-11-22',
      key: keyOf('2026-11-22', 'notes.txt'),
      replacedAt: '2026-11-23T10:05:07.000Z',
      strayVersions,
    },
  ]);
});
