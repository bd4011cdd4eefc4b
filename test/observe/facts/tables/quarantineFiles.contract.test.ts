import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../../lib/base/time.ts';
import { tableFolder } from '../../../../lib/tables/tableFolders.ts';
import { unreadKind } from '../../../../observe/answerKinds.ts';
import { whyUnread } from '../../../../observe/explainAwsError.ts';
import { countQuarantineFiles } from '../../../../observe/facts/tables/quarantineFiles.ts';
import { parquetOf } from '../../../harness/parquetOf.ts';
import { startLanding } from '../../startLanding.ts';

const landing = await startLanding();
const { clock, config } = landing;
afterEach(() => landing.empty());
afterAll(() => landing.close());

/** A file with two rows of one reason and one of another, which were received at a time. */
const fileAt = (receivedAt: string) =>
  parquetOf(`
    SELECT *, TIMESTAMP '${receivedAt}' AS received_at, 'js' AS sdk_type, '1' AS sdk_version,
      '/v1/rgstr' AS path, 'web' AS key_label
    FROM (VALUES ('SLUICE_BODY_NOT_JSON'), ('SLUICE_BODY_NOT_JSON'), ('SLUICE_BODY_CORRUPT')) AS row (reason)`);
const put = (day: string, name: string, bytes: Uint8Array) =>
  landing.put(`${tableFolder(config, 'quarantine')}${day}/${name}.parquet`, bytes);

/** Received an hour before the time of the clock. */
let file: Uint8Array;
beforeAll(async () => {
  file = await fileAt('2026-11-23 09:00:00');
});

const open = () => ({ ...landing, now: clock.now() });
const counted = async (...more: [mostBytes?: number]) =>
  (await countQuarantineFiles(open(), ...more)).map(({ reason, rows }) => ({ reason, rows }));
const ONCE = [
  { reason: 'SLUICE_BODY_NOT_JSON', rows: 2 },
  { reason: 'SLUICE_BODY_CORRUPT', rows: 1 },
];
/** Of what kind and why the files are not counted. */
const unread = async (...more: [mostBytes?: number]) => {
  const error = await countQuarantineFiles(open(), ...more).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'SLUICE_OBSERVE_FILES_UNREAD' });
  return { kind: unreadKind(error), why: whyUnread(error) };
};

it('no files have no rows', async () => {
  expect(await counted()).toEqual([]);
});

it('rows are counted by reason, the most first', async () => {
  await put('2026-11-23', 'a', file);
  expect(await counted()).toEqual(ONCE);
});

it('rows count that were received within 24 hours, of files of yesterday, too', async () => {
  await put('2026-11-22', 'recent', await fileAt('2026-11-22 11:00:00'));
  await put('2026-11-22', 'old', await fileAt('2026-11-22 09:00:00'));
  expect(await counted()).toEqual(ONCE);
});

it('a file that was written more than 24 hours ago is not read', async () => {
  await put('2026-11-23', 'a', file);
  expect(await countQuarantineFiles({ ...open(), now: clock.now() + DAY_MS + 1 })).toEqual([]);
});

it('objects that queries do not read are not read here: empty ones, and those whose name says so', async () => {
  await put('2026-11-23', 'a', file);
  await put('2026-11-23', '_SUCCESS', Buffer.from('no Parquet'));
  await put('2026-11-23', 'empty', Buffer.of());
  expect(await counted()).toEqual(ONCE);
});

it('files are read up to a number of bytes, and none of more', async () => {
  await put('2026-11-23', 'a', file);
  expect(await counted(file.length)).toEqual(ONCE);
  const { kind, why } = await unread(file.length - 1);
  expect(kind).toBe('other');
  expect(why).toContain(` 1 file of ${file.length} bytes; ${file.length - 1} bytes`);
});

it('nothing is counted if one file cannot be read, which is named', async () => {
  await put('2026-11-23', 'a', file);
  await put('2026-11-23', 'b', Buffer.from('PAR0 not found'));
  expect(await unread()).toEqual({ kind: 'other', why: expect.stringContaining('b.parquet') });
});
