import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
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
const { config } = landing;
/** The key of a file of events of this day. */
const keyOf = (day: UtcDay, name: string) => `${dayFolder(config, 'events', day)}${name}`;

it('files of three days, and of one not curated for it, that are no Parquet are told, the last first', async () => {
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await landing.s3.send(new PutBucketVersioningCommand({ Bucket: config.bucket, VersioningConfiguration }));
  const replace = async (key: string, by: Uint8Array) => {
    await landing.put(key, PARQUET);
    await landing.clock.advance(60_000);
    await landing.put(key, by);
    return key;
  };
  const first = await replace(keyOf('2026-11-21', 'a'), Buffer.from('no table'));
  const empty = await replace(keyOf('2026-11-23', 'b'), new Uint8Array());
  const early = await replace(keyOf('2026-11-20', 'early'), Buffer.from('no table'));
  await replace(keyOf('2026-11-19', 'late'), Buffer.from('no table'));
  await replace(keyOf('2026-11-22', 'erased'), Buffer.from('fewer rows PAR1'));
  const own = 'sluice-1-2026-11-22-10-00-00-46d8a8cc-5cf7-4dee-a88d-cbae7217487d.parquet';
  await landing.put(keyOf('2026-11-22', own), Buffer.from('no table'));
  await landing.put(keyOf('2026-11-22', '_SUCCESS'), Buffer.from('done'));
  await landing.put(keyOf('2026-11-22', 'of-statsig'), PARQUET);
  await landing.put(keyOf('2026-11-22', 'notes.txt'), Buffer.from('a text'));
  await replace(keyOf('2026-11-22', 'deleted'), Buffer.from('no table'));
  await landing.store.removeAll([{ key: keyOf('2026-11-22', 'deleted'), eTag: '*' }]);
  const open = { s3: landing.s3, config, now: landing.clock.now() };
  const table = config.tables.events;
  const strayVersion = expect.any(String);
  const replaced = { table, strayVersion: null };
  const failed = [
    { ...FAILED, day: '2026-11-20', code: 'SLUICE_CURATE_FILE_UNREADABLE' },
    { ...FAILED, day: '2026-11-19', code: 'SLUICE_CURATE_KILLED' },
  ];
  expect(await readDamagedFiles(open, [{ kind: 'events', failed }])).toEqual([
    {
      table,
      day: '2026-11-22',
      key: keyOf('2026-11-22', 'notes.txt'),
      replacedAt: '2026-11-23T10:05:07.000Z',
      strayVersion,
    },
    { ...replaced, day: '2026-11-20', key: early, replacedAt: '2026-11-23T10:03:07.000Z' },
    { ...replaced, day: '2026-11-23', key: empty, replacedAt: '2026-11-23T10:02:07.000Z' },
    { ...replaced, day: '2026-11-21', key: first, replacedAt: '2026-11-23T10:01:07.000Z' },
  ]);
});
