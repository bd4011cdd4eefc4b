import { afterAll, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../../lib/base/time.ts';
import { landedFileName, tableFolders } from '../../../../lib/tables/tableFolders.ts';
import { forwardingLook } from '../../../../observe/doctor/bucket/forwarding.ts';
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
