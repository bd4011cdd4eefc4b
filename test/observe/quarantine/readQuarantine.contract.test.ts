import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { configFile, loadConfig } from '../../../lib/config/loadConfig.ts';
import { tableFolder } from '../../../lib/tables/tableFolders.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { readQuarantine } from '../../../observe/quarantine/readQuarantine.ts';
import type { QuarantinedItem } from '../../../observe/quarantine/revalidate.ts';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const FILES = 24;
const reason = 'SLUICE_BODY_NOT_JSON';
const config = await loadConfig(configFile(repositoryRoot, {}), 'local');
const { bucket } = config;
const all = { reason, from: '0001-01-01', to: '9999-12-31' } as const;

/** Keys that were asked for. */
let asked: string[];

/** The second file alone has the key's environment: the others are from before that column. Each has a row of its own, one that all have, one in S3, and one of another reason. */
const rowsOf = (n: number) => `
  SELECT * FROM (VALUES
    ('own-${n}', 'raw ${n}', 'text', NULL, '${reason}'),
    ('shared', 'raw of ${n}', 'text', NULL, '${reason}'),
    ('large-${n}', NULL, NULL, 's3://${bucket}/quarantine-large/${n}', '${reason}'),
    ('other-${n}', 'x', 'text', NULL, 'SLUICE_BODY_CORRUPT')
  ) AS row (quarantine_id, raw, raw_encoding, raw_location, reason)`;

const put = (Key: string, Body: Uint8Array | string) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));

const s3 = await startS3();
s3.store.ensureBucket(bucket, { eventBridge: false });
const client = s3.makeClient();
const directory = temporaryDirectory();
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
const folder = tableFolder(config, 'quarantine');
for (let n = 0; n < FILES; n += 1) {
  const file = join(directory.path, `${n}.parquet`);
  await connection.run(
    `COPY (SELECT *, TIMESTAMP '2026-11-20 07:00:00' AS received_at, 'e2e' AS sdk_type, '1' AS sdk_version,
     '/v1/rgstr' AS path${n === 1 ? ", 'staging' AS key_environment" : ''} FROM (${rowsOf(n)})) TO '${file}' (FORMAT parquet)`,
  );
  const day = n < FILES / 2 ? '2026-11-19' : '2026-11-20';
  await put(`${folder}${day}/${String(n).padStart(3, '0')}.parquet`, readFileSync(file));
  await put(`quarantine-large/${n}`, `large ${n}`);
}
connection.closeSync();
instance.closeSync();
directory.remove();
client.middlewareStack.add(
  (next, context) => async (args) => {
    if (context['commandName'] !== 'GetObjectCommand') return next(args);
    asked.push('Key' in args.input ? String(args.input.Key) : '');
    return next(args);
  },
  { step: 'initialize' },
);
afterAll(() => s3.close());
beforeEach(() => {
  asked = [];
});

async function read(wanted: Parameters<typeof readQuarantine>[2]): Promise<QuarantinedItem[]> {
  const rows: QuarantinedItem[] = [];
  for await (const row of readQuarantine(client, config, wanted)) rows.push(row);
  return rows;
}

describe('readQuarantine', () => {
  it('reads each quarantine_id of the reason once, with its raw body from the row or an object', async () => {
    const rows = await read(all);
    const raws = rows.map(({ quarantineId, raw }) => [quarantineId, Buffer.from(raw ?? '').toString()]);
    const expected = Array.from({ length: FILES }, (_, n) => [
      [`own-${n}`, `raw ${n}`],
      ...(n === 0 ? [['shared', 'raw of 0']] : []),
      [`large-${n}`, `large ${n}`],
    ]);
    expect(raws).toEqual(expected.flat());
    expect(rows[0]).toMatchObject({ reason, receivedAt: Date.UTC(2026, 10, 20, 7), path: '/v1/rgstr' });
    const environments = new Map(rows.map((row) => [row.quarantineId, row.keyEnvironment]));
    expect([environments.get('own-0'), environments.get('own-1')]).toEqual([null, 'staging']);
    const last = await read({ ...all, from: '2026-11-20' });
    expect(last).toHaveLength(FILES + 1);
    expect(await read({ ...all, from: '2026-11-20', to: '2026-11-20' })).toEqual(last);
  });

  it('fetches an object when it is needed', async () => {
    for await (const row of readQuarantine(client, config, all)) {
      expect(row.quarantineId).toBe('own-0');
      break;
    }
    expect(asked).toHaveLength(1);
  });
});
