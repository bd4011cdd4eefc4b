import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { landedFileName, tableFolders } from '../../../../lib/tables/tableFolders.ts';
import { forwardingLook } from '../../../../observe/doctor/bucket/forwarding.ts';
import { answeredBy } from '../../../harness/answering.ts';
import { startLanding } from '../../startLanding.ts';
import { commands, setupOf } from '../setupOf.ts';

const landing = await startLanding();
// A day can have more files than one page of S3's listing.
landing.s3.middlewareStack.add(
  (next, { commandName }) =>
    (args) => {
      if (commandName === 'ListObjectsV2Command') Object.assign(args.input, { MaxKeys: 2 });
      return next(args);
    },
  { step: 'initialize' },
);
afterAll(() => landing.close());

it('files of others in the folder of a table are told, of a week and of tomorrow, but not what no query reads', async () => {
  const { clock, config, s3 } = landing;
  const [folder = ''] = tableFolders(config, 'events');
  await landing.keepVersions();
  const put = (name: string) => landing.put(`${folder}${name}`, Buffer.from('rows PAR1'));
  await put('2026-11-23/eight-days-old');
  clock.advance(1_000);
  await put('2026-11-23/a-week-old');
  clock.advance(7 * DAY_MS);
  await put('2026-12-01/tomorrow');
  await put('2026-12-02/later');
  await put('2026-11-30/theirs/deeper');
  await put(`2026-11-30/${landedFileName(clock.now(), 'a'.repeat(32))}`);
  await put('2026-11-29/');
  await put('beside');
  await landing.put(`${folder}2026-11-30/report.csv`, Buffer.from('a,b'));
  await put('other/elsewhere');
  const setup = { s3, config, now: clock.now(), commands };
  const [found, ...more] = await forwardingLook.find(setupOf(setup));
  expect(more).toEqual([]);
  expect(found).toMatchObject({ code: 'SLUICE_FINDING_FORWARDED', since: '2026-11-23T10:00:08.000Z' });
  // The bucket's policy denies a deletion without a version.
  const deletions = found?.commands.filter((command) => command.includes('delete-object'));
  expect(deletions).toEqual(Array(3).fill(expect.stringMatching(/ --version-id \S+/)));
  const keys = found?.detail.match(new RegExp(`${folder}[^,]+`, 'g'));
  expect(keys?.map((key) => key.slice(folder.length)).sort()).toEqual([
    '2026-11-23/a-week-old',
    '2026-11-30/theirs/deeper',
    '2026-12-01/tomorrow',
    'beside',
  ]);
});

/** What the look says of a bucket whose folder of a day has 30 pages of a thousand files each, and how often it asks. */
async function lookAtMany(nameOf: (number: number) => string) {
  const now = Date.parse('2026-12-01T12:00:00Z');
  const calls: Record<string, number> = {};
  const s3 = answeredBy(S3Client, ({ name, input }) => {
    const { Prefix, Delimiter, ContinuationToken = '0' } = input;
    calls[name] = (calls[name] ?? 0) + 1;
    if (name === 'GetObject') return { Body: { transformToByteArray: async () => Buffer.from('PAR1') } };
    if (name === 'HeadObject') return {};
    if (Delimiter !== undefined) return { CommonPrefixes: [{ Prefix: `${Prefix}2026-12-01/` }] };
    const page = Number(ContinuationToken);
    const LastModified = new Date(now - 1_000);
    const Contents = Array.from({ length: 1_000 }, (_, i) => ({
      Key: `${Prefix}${nameOf(page * 1_000 + i)}`,
      Size: 1,
      LastModified,
    }));
    return page === 29
      ? { Contents }
      : { Contents, IsTruncated: true, NextContinuationToken: String(page + 1) };
  });
  const config = defineConfig({ bucket: 'acme' });
  const found = await forwardingLook.find(setupOf({ s3, config, now, commands }));
  return { found, calls };
}

it('of many files of others the newest are read, and told as at least so many', async () => {
  const { found, calls } = await lookAtMany((number) => `${number}.parquet`);
  // Of both tables: the days, what is beside them, and 20 pages of the day.
  expect(calls).toEqual({ ListObjectsV2: 44, GetObject: 600, HeadObject: 6 });
  expect(found.map(({ code, title }) => [code, title.slice(0, 28)])).toEqual([
    ['SLUICE_FINDING_FORWARDED', 'At least 300 files of others'],
    ['SLUICE_FINDING_FORWARDED', 'At least 300 files of others'],
  ]);
});

it('a folder of more files than are looked at is told where none of them is of others', async () => {
  const { found, calls } = await lookAtMany((number) => landedFileName(number, 'a'.repeat(32)));
  expect(calls).toEqual({ ListObjectsV2: 44 });
  expect(found.map(({ code, commands: [command] }) => [code, command])).toEqual([
    ['SLUICE_FINDING_UNCHECKED', expect.stringContaining('s3 ls s3://acme/')],
    ['SLUICE_FINDING_UNCHECKED', expect.stringContaining('s3 ls s3://acme/')],
  ]);
});
