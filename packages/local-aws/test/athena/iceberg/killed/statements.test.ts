import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../../../src/testing/temporaryDirectory.ts';
import { openRunner } from './killedWriter.ts';

/**
 * Statements that change a table, each cut off after some of its writes to S3 and Glue: the directory as it is then is what a
 * kill leaves. `SLUICE_ICEBERG_KILLS=all` tries every write, not two.
 */
const EVERY = process.env['SLUICE_ICEBERG_KILLS'] === 'all';
const START = Date.UTC(2026, 10, 20);
const DAY = 86_400_000;
const directory = temporaryDirectory();
const base = join(directory.path, 'base');

type Athena = Awaited<ReturnType<typeof openRunner>>;

beforeAll(async () => {
  const athena = await openRunner(base, START);
  athena.store.createBucket('lake');
  athena.catalog.createDatabase({ Name: 'db' });
  await athena.rows(
    "CREATE TABLE t (id int, name string, part string) PARTITIONED BY (part) LOCATION 's3://lake/t/' TBLPROPERTIES ('table_type'='ICEBERG')",
  );
  for (let id = 0; id < 6; id += 1)
    await athena.rows(`INSERT INTO t VALUES (${id}, 'n${id}', 'a'), (${id + 10}, 'n', 'b')`);
  await athena.rows('DELETE FROM t WHERE id IN (3, 13)');
  await athena.close();
}, 60_000);
afterAll(() => directory.remove());

it.each([
  ['INSERT', "INSERT INTO t VALUES (20, 'x', 'a'), (21, 'y', 'c')"],
  ['UPDATE', "UPDATE t SET name = 'changed' WHERE id < 4"],
  ['DELETE', "DELETE FROM t WHERE id = 1 OR part = 'b'"],
  [
    'MERGE',
    `MERGE INTO t USING (VALUES (1, 'm'), (2, 'm'), (30, 'm')) s (id, name) ON t.id = s.id WHEN MATCHED AND s.id = 2 THEN DELETE
     WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)`,
  ],
  ['OPTIMIZE', 'OPTIMIZE t REWRITE DATA USING BIN_PACK'],
  ['ALTER', 'ALTER TABLE t ADD COLUMNS (more int)'],
  ['VACUUM', 'VACUUM t'],
  [
    'CTAS',
    "CREATE TABLE made WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/made/') AS SELECT * FROM t",
  ],
])(
  'a kill in %s leaves the table before it or after it, and nothing that VACUUM can not take',
  async (kind, sql) => {
    const place = join(directory.path, kind);
    const now = kind === 'VACUUM' ? START + 6 * DAY : START + 1_000;
    cpSync(base, place, { recursive: true });
    const before = await seen(place, now);
    const killed: string[] = [];
    const athena = await openRunner(place, now, (count) => {
      killed.push(`${place}-${count}`);
      cpSync(place, `${place}-${count}`, { recursive: true });
    });
    await athena.rows(sql);
    await athena.close();
    const after = await seen(place, now);
    const last = killed.length - 1;
    const tried = killed.filter((_, index) => EVERY || index === Math.floor(last / 2) || index === last);
    const outcomes: string[] = [];
    for (const path of tried) {
      const opened = await openRunner(path, START + 12 * DAY);
      const state = await stateOf(opened);
      outcomes.push(JSON.stringify(state) === JSON.stringify(after) ? 'after' : 'before');
      expect(state).toEqual(outcomes.at(-1) === 'after' ? after : before);
      if (kind !== 'VACUUM') {
        // Those before it are still there.
        const old = `SELECT id, name, part FROM t FOR VERSION AS OF ${before.current} ORDER BY id`;
        expect(await opened.rows(old)).toEqual(before.rows.map((row) => row.slice(0, 3)));
      }
      await opened.rows('VACUUM t');
      expect((await stateOf(opened)).rows).toEqual(state.rows);
      expect(await orphans(opened)).toEqual([]);
      // The statement works when it is run again.
      await opened.rows(kind === 'CTAS' ? 'SELECT 1' : kind === 'ALTER' ? 'SELECT * FROM t' : sql);
      await opened.close();
    }
    expect(outcomes.at(-1)).toBe('after');
    if (kind !== 'VACUUM') expect(outcomes[0]).toBe('before');
    expect(killed.length).toBeGreaterThan(1);
  },
  EVERY ? 600_000 : 60_000,
);

/** Reads a table's rows and snapshots. */
async function stateOf(athena: Athena) {
  const snapshots = await athena.rows('SELECT snapshot_id, parent_id FROM "t$snapshots" ORDER BY 1');
  return {
    rows: await athena.rows('SELECT * FROM t ORDER BY id'),
    snapshots: snapshots.map(([id]) => id),
    current: snapshots.find(([id]) => snapshots.every(([, parent]) => parent !== id))?.[0],
    made: athena.catalog.tables('db').some(({ input }) => input.Name === 'made')
      ? await athena.rows('SELECT * FROM made ORDER BY id')
      : undefined,
  };
}

async function seen(path: string, now: number) {
  const athena = await openRunner(path, now);
  try {
    return await stateOf(athena);
  } finally {
    await athena.close();
  }
}

/** Files in the table's folder that no snapshot reaches, other than metadata files. */
async function orphans(athena: Athena): Promise<string[]> {
  const reached = new Set<string | null | undefined>();
  for (const sql of [
    'SELECT file_path FROM "t$files"',
    'SELECT path FROM "t$manifests"',
    'SELECT manifest_list FROM "t$snapshots"',
  ])
    for (const [location] of await athena.rows(sql)) reached.add(location);
  return athena.store
    .list('lake', { prefix: 't/', after: '', limit: 1_000 })
    .entries.flatMap((entry) => ('object' in entry ? [`s3://lake/${entry.object.key}`] : []))
    .filter((location) => !location.endsWith('.metadata.json') && !reached.has(location));
}
