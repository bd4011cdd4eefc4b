import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { configFile, loadConfig } from '../../../lib/config/loadConfig.ts';
import { tableFolder } from '../../../lib/tables/tableFolders.ts';
import { projectRoot } from '../../../local/roots.ts';
import { readQuarantine } from '../../../observe/quarantine/readQuarantine.ts';
import type { QuarantinedItem } from '../../../observe/quarantine/revalidate.ts';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { parquetOf } from '../../harness/parquetOf.ts';

const FILES = 24;
const reason = 'SLUICE_BODY_NOT_JSON';
const config = await loadConfig(configFile(projectRoot, {}), 'local');
const { bucket } = config;
const all = { reason, from: '0001-01-01', to: '9999-12-31' } as const;

const folder = tableFolder(config, 'quarantine');

/** Rows of the file with this number: one of its own, one that all have, one in base64, one in S3, and one of another reason. */
const rowsOf = (n: number) => `
  SELECT * FROM (VALUES
    ('own-${n}', 'raw ${n}', 'text', NULL, '${reason}'),
    ('shared', 'raw of ${n}', 'text', NULL, '${reason}'),
    ('bytes-${n}', '${bytesOf(n).toString('base64')}', 'base64', NULL, '${reason}'),
    ('large-${n}', NULL, NULL, 's3://${bucket}/quarantine-large/${n}', '${reason}'),
    ('other-${n}', 'x', 'text', NULL, 'SLUICE_BODY_CORRUPT')
  ) AS row (quarantine_id, raw, raw_encoding, raw_location, reason)`;
const bytesOf = (n: number) => Buffer.of(0xff, n);

/** The second file alone has the key's environment: the others are from before that column. */
const fileOf = (n: number) => `
  SELECT *, TIMESTAMP '2026-11-20 07:00:00' AS received_at, 'e2e' AS sdk_type, '1' AS sdk_version,
    '/v1/rgstr' AS path${n === 1 ? ", 'staging' AS key_environment" : ''} FROM (${rowsOf(n)})`;

let s3: Awaited<ReturnType<typeof startS3>>;
let client: ReturnType<typeof s3.makeClient>;
/** Keys that were asked for. */
let asked: string[];
beforeAll(async () => {
  s3 = await startS3();
  s3.store.ensureBucket(bucket, { eventBridge: false });
  client = s3.makeClient();
  const put = (Key: string, Body: Uint8Array | string) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  for (let n = 0; n < FILES; n += 1) {
    // Half of the files are of each day.
    const day = n < FILES / 2 ? '2026-11-19' : '2026-11-20';
    await put(`${folder}${day}/${String(n).padStart(3, '0')}.parquet`, await parquetOf(fileOf(n)));
    await put(`quarantine-large/${n}`, `large ${n}`);
  }
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] === 'GetObjectCommand') asked.push(String(Reflect.get(args.input, 'Key')));
      return next(args);
    },
    { step: 'initialize' },
  );
});
afterAll(() => s3.close());
beforeEach(() => {
  asked = [];
});

async function read(
  ...wanted: [Parameters<typeof readQuarantine>[2], Parameters<typeof readQuarantine>[3]?]
): Promise<QuarantinedItem[]> {
  const rows: QuarantinedItem[] = [];
  for await (const row of readQuarantine(client, config, ...wanted)) rows.push(row);
  return rows;
}
const idsOf = (rows: readonly QuarantinedItem[]) => rows.map(({ quarantineId }) => quarantineId);

describe('readQuarantine', () => {
  it('reads each quarantine_id of the reason once, with its raw body from the row or an object', async () => {
    const rows = await read(all);
    const raws = rows.map(({ quarantineId, raw }) => [quarantineId, Buffer.from(raw ?? 'none')]);
    const expected = Array.from({ length: FILES }, (_, n) => [
      [`own-${n}`, Buffer.from(`raw ${n}`)],
      ...(n === 0 ? [['shared', Buffer.from('raw of 0')]] : []),
      [`bytes-${n}`, bytesOf(n)],
      [`large-${n}`, Buffer.from(`large ${n}`)],
    ]);
    expect(raws).toEqual(expected.flat());
    expect(rows[0]).toMatchObject({ reason, receivedAt: Date.UTC(2026, 10, 20, 7), path: '/v1/rgstr' });
    expect(rows[0]).toMatchObject({ sdkType: 'e2e', sdkVersion: '1' });
    const environments = new Map(rows.map((row) => [row.quarantineId, row.keyEnvironment]));
    expect(environments.get('own-0')).toBe(null);
    expect(environments.get('own-1')).toBe('staging');
  });

  it.each([
    { what: 'from a day on', more: { from: '2026-11-20' }, day: '2026-11-20', first: 12 },
    { what: 'up to a day', more: { to: '2026-11-19' }, day: '2026-11-19', first: 0 },
    {
      what: 'of one day',
      more: { from: '2026-11-20', to: '2026-11-20' },
      day: '2026-11-20',
      first: 12,
    },
  ])('reads the files $what, and no other', async ({ more, day, first }) => {
    const rows = await read({ ...all, ...more });
    const files = asked.filter((key) => key.startsWith(folder));
    expect(files.map((key) => key.slice(folder.length).split('/')[0])).toEqual(Array(FILES / 2).fill(day));
    // Three rows of each file, and the one that all have.
    expect(rows).toHaveLength((FILES / 2) * 3 + 1);
    expect(idsOf(rows)[0]).toBe(`own-${first}`);
  });

  it('leaves out rows that are done, and fetches nothing for them', async () => {
    const rows = await read(all, ({ quarantineId }) => /^(large|bytes)-/.test(quarantineId));
    expect(idsOf(rows).filter((id) => !id.startsWith('own-'))).toEqual(['shared']);
    expect(asked.filter((key) => !key.startsWith(folder))).toEqual([]);
  });

  it('reads a later row of a quarantine_id whose earlier rows are done', async () => {
    const rows = await read(all, ({ raw }) => /^raw of [01]$/.test(String(raw)));
    expect(
      rows.filter(({ quarantineId }) => quarantineId === 'shared').map(({ raw }) => String(raw)),
    ).toEqual(['raw of 2']);
  });

  it('goes on where an object or a file is gone: it expires, or is erased', async () => {
    const day = `${folder}2026-11-21/`;
    const wanted = { ...all, from: '2026-11-21', to: '2026-11-21' } as const;
    const put = async (name: string, n: number) =>
      client.send(
        new PutObjectCommand({ Bucket: bucket, Key: `${day}${name}`, Body: await parquetOf(fileOf(n)) }),
      );
    // No object has this number.
    await put('a.parquet', 99);
    await put('b.parquet', 1);
    await put('c.parquet', 2);
    const rows: QuarantinedItem[] = [];
    for await (const row of readQuarantine(client, config, wanted)) {
      rows.push(row);
      if (row.quarantineId === 'own-99')
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${day}b.parquet` }));
    }
    expect(idsOf(rows)).toEqual(['own-99', 'shared', 'bytes-99', 'large-99', 'own-2', 'bytes-2', 'large-2']);
    const isGone = { raw: null, isGone: true };
    expect(rows.find(({ quarantineId }) => quarantineId === 'large-99')).toMatchObject(isGone);
    for (const name of ['a.parquet', 'c.parquet'])
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${day}${name}` }));
  });

  it('fetches no object before its row is asked for', async () => {
    for await (const row of readQuarantine(client, config, all)) {
      expect(row.quarantineId).toBe('own-0');
      break;
    }
    expect(asked).toHaveLength(1);
  });
});
