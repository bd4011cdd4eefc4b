import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../../../src/testing/temporaryDirectory.ts';
import { openRunner } from './killedWriter.ts';

const START = Date.UTC(2026, 10, 20);
const DAY = 86_400_000;
const run = promisify(execFile);
const directory = temporaryDirectory();

beforeAll(async () => {
  const athena = await openRunner(directory.path, START);
  athena.store.createBucket('lake');
  athena.catalog.createDatabase({ Name: 'db' });
  await athena.rows("CREATE TABLE t (n int) LOCATION 's3://lake/t/' TBLPROPERTIES ('table_type'='ICEBERG')");
  await athena.rows('INSERT INTO t VALUES 1');
  await athena.close();
}, 60_000);
afterAll(() => directory.remove());

const WRITES = ['data', 'manifest', 'manifest list', 'metadata', 'commit'] as const;

it.each(WRITES.map((write, index) => [write, index + 1] as const))(
  'a kill after the %s leaves one whole snapshot, and orphans that VACUUM takes',
  async (write, count) => {
    const keysOf = (athena: Awaited<ReturnType<typeof openRunner>>) =>
      athena.store
        .list('lake', { prefix: 't/', after: '', limit: 1_000 })
        .entries.flatMap((entry) => ('object' in entry ? [entry.object.key] : []));
    const before = await openRunner(directory.path, START);
    const rows = await before.rows('SELECT n FROM t ORDER BY n');
    const keys = keysOf(before);
    await before.close();
    const writer = join(import.meta.dirname, 'killedWriter.ts');
    const killed = run(process.execPath, [
      writer,
      directory.path,
      String(START),
      String(count),
      'INSERT INTO t VALUES 2',
    ]);
    await expect(killed).rejects.toMatchObject({ signal: 'SIGKILL' });
    const after = await openRunner(directory.path, START + 6 * DAY);
    const isCommitted = write === 'commit';
    expect(await after.rows('SELECT n FROM t ORDER BY n')).toEqual(isCommitted ? [...rows, ['2']] : rows);
    expect(keysOf(after).length - keys.length).toBe(Math.min(count, 4));
    await after.rows('VACUUM t');
    expect(await after.rows('SELECT n FROM t ORDER BY n')).toEqual(isCommitted ? [...rows, ['2']] : rows);
    const left = keysOf(after).filter((key) => !keys.includes(key));
    if (!isCommitted) expect(left).toEqual([]);
    await after.close();
  },
  60_000,
);
