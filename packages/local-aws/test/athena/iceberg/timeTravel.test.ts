import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openIceberg } from './openIceberg.ts';

type Lake = Awaited<ReturnType<typeof openIceberg>>;
let lake: Lake;
/** The IDs and times of the snapshots of `db.t`, which add the rows 1, 2 and 3, a minute apart each. */
const snapshots: { id: bigint; ms: number }[] = [];
beforeAll(async () => {
  lake = await openIceberg();
  const table = await lake.create('t', [
    ['id', 'long'],
    ['name', 'string'],
  ]);
  for (const id of [1, 2, 3]) {
    if (id === 3) await table.change({ rename: 'name', to: 'title' });
    const column = id === 3 ? 'title' : 'name';
    const { snapshot } = await table.add(`SELECT ${id}::BIGINT AS id, 'n${id}' AS ${column}`);
    snapshots.push({ id: snapshot, ms: lake.athena.clock.now() });
  }
  lake.athena.clock.advance(60_000);
});
afterAll(() => lake.close());

const idOf = (index: number) => String(snapshots[index]?.id);
const timeOf = (index: number, shiftMs = 0) =>
  new Date((snapshots[index]?.ms ?? 0) + shiftMs).toISOString().replace('T', ' ').replace('Z', '');

describe('time travel', () => {
  test('to a version reads its rows with the columns of then', async () => {
    expect(await lake.rows(`SELECT * FROM t FOR VERSION AS OF ${idOf(1)} ORDER BY id`)).toStrictEqual([
      ['1', 'n1'],
      ['2', 'n2'],
    ]);
    expect(await lake.rows(`SELECT t.name FROM db.t FOR VERSION AS OF ${idOf(0)}`)).toStrictEqual([['n1']]);
    expect(await lake.rows('SELECT title FROM t ORDER BY id')).toStrictEqual([['n1'], ['n2'], ['n3']]);
    expect((await lake.failure(`SELECT title FROM t FOR VERSION AS OF ${idOf(0)}`)).reason).toContain(
      "COLUMN_NOT_FOUND: line 1:8: Column 'title' cannot be resolved",
    );
  });

  test.each([
    ['a time with zone', () => `TIMESTAMP '${timeOf(1)} UTC'`, 2],
    ['a time without zone, which is of UTC', () => `TIMESTAMP '${timeOf(1, -1)}'`, 1],
    ['a time from now', () => "(current_timestamp - interval '90' second)", 2],
    ['a time from now without brackets', () => "current_timestamp - interval '90' second", 2],
    ['a call', () => `from_iso8601_timestamp('${timeOf(0).replace(' ', 'T')}Z')`, 1],
    ['a time that a day before has no snapshot', () => "date_add('minute', -1, current_timestamp)", 3],
  ])('to %s reads the snapshot of then', async (_, expression, rows) => {
    const sql = `SELECT count(*) FROM t FOR TIMESTAMP AS OF ${expression()} WHERE id > 0`;
    expect(await lake.rows(sql)).toStrictEqual([[String(rows)]]);
  });

  test('works wherever a table can stand, of one table more than once', async () => {
    const sql = `WITH old AS (SELECT id FROM "db"."t" FOR VERSION AS OF ${idOf(0)})
      SELECT a.id, b.id, c.id, (SELECT count(*) FROM awsdatacatalog.db.t FOR VERSION AS OF ${idOf(1)})
      FROM t a LEFT JOIN t FOR VERSION AS OF ${idOf(1)} AS b ON a.id = b.id LEFT JOIN old c ON c.id = a.id ORDER BY 1`;
    expect(await lake.rows(sql)).toStrictEqual([
      ['1', '1', '1', '2'],
      ['2', '2', undefined, '2'],
      ['3', undefined, undefined, '2'],
    ]);
    const parts = `SELECT id FROM t FOR VERSION AS OF ${idOf(2)} EXCEPT SELECT id FROM t FOR TIMESTAMP AS OF TIMESTAMP '${timeOf(1)} UTC' x`;
    expect(await lake.rows(parts)).toStrictEqual([['3']]);
  });

  test('works in views and with parameters', async () => {
    await lake.rows(`CREATE VIEW first_row AS SELECT id, name FROM t FOR VERSION AS OF ${idOf(0)}`);
    expect(await lake.rows('SELECT v.*, t.title FROM first_row v JOIN t ON v.id = t.id')).toStrictEqual([
      ['1', 'n1', 'n1'],
    ]);
    const parameters = ['2', idOf(1), idOf(0)];
    expect(
      await lake.rows(
        'SELECT a.id FROM (SELECT id FROM t WHERE id < ?) x, t FOR VERSION AS OF ? a, t FOR VERSION AS OF ? b WHERE a.id <> b.id',
        { ExecutionParameters: parameters },
      ),
    ).toStrictEqual([['2']]);
  });

  test('reads only the files of the snapshot', async () => {
    const { scannedBytes: all } = await lake.ask('SELECT * FROM t');
    const { scannedBytes: first } = await lake.ask(`SELECT * FROM t FOR VERSION AS OF ${idOf(0)}`);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(Number(all) / 2);
  });

  test.each([
    ['FOR VERSION AS OF 99', /^INVALID_ARGUMENTS: Iceberg snapshot ID does not exists: 99$/],
    ["FOR VERSION AS OF 'gone'", /^INVALID_ARGUMENTS: Cannot find snapshot with reference name: gone$/],
    ['FOR VERSION AS OF 1.5', /^NOT_SUPPORTED: Unsupported type for table version: double$/],
    ['FOR VERSION AS OF CAST(NULL AS bigint)', /^INVALID_ARGUMENTS: Pointer value cannot be NULL$/],
    [
      "FOR TIMESTAMP AS OF TIMESTAMP '2020-01-01 10:00:00 UTC'",
      /^INVALID_ARGUMENTS: No version history table db\.t at or before 2020-01-01T10:00:00Z$/,
    ],
    ['FOR TIMESTAMP AS OF 5', /^TYPE_MISMATCH: Type integer invalid\. Temporal pointers must be/],
    ['FOR TIMESTAMP AS OF id', /^EXPRESSION_NOT_CONSTANT: /],
  ])('fails as in Trino: %s', async (clause, message) => {
    expect((await lake.failure(`SELECT * FROM t ${clause}`)).reason).toMatch(message);
  });

  test('is refused for tables of Hive, for metadata tables and in the words of engine 2', async () => {
    expect((await lake.failure('SELECT * FROM events FOR VERSION AS OF 1')).reason).toBe(
      'NOT_SUPPORTED: This connector does not support versioned tables',
    );
    expect((await lake.failure('SELECT * FROM "t$files" FOR VERSION AS OF 1')).reason).toMatch(
      /^NOT_SUPPORTED: Time travel/,
    );
    await expect(lake.ask('SELECT * FROM t FOR SYSTEM_TIME AS OF current_timestamp')).rejects.toThrow(
      "mismatched input 'SYSTEM_TIME'. Expecting: 'TIMESTAMP', 'VERSION'",
    );
    await expect(lake.ask('SELECT * FROM t FOR VERSION AS OF')).rejects.toThrow("mismatched input '<EOF>'");
  });
});

// The last one: what it adds moves the clock.
test('times keep six digits at an earlier version', async () => {
  const times = await lake.create('times', [['at', 'timestamp']]);
  await times.add("SELECT TIMESTAMP '2026-11-20 10:00:00' AS at");
  expect(await lake.rows('SELECT * FROM times FOR TIMESTAMP AS OF current_timestamp')).toStrictEqual([
    ['2026-11-20 10:00:00.000000'],
  ]);
});
