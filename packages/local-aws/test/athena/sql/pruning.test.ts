import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAYS, openLake } from './openLake.ts';

/** Names that DuckDB or the emulation might take for something of its own. */
const NAMES = ['i', 'rowid', 'partitions_0', 'memory', 'main', 'day'] as const;

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
  for (const day of DAYS) {
    const columns = NAMES.map((name) => `range + 10 AS "${name}"`).join(', ');
    await lake.put(`named/${day}/0.parquet`, `SELECT ${columns} FROM range(3)`);
  }
  const columns = NAMES.map((name) => `\`${name}\` bigint`).join(', ');
  await lake.rows(
    `CREATE EXTERNAL TABLE named (${columns})
     PARTITIONED BY (ds date) STORED AS PARQUET LOCATION 's3://lake/named/'`,
  );
  const partitions = DAYS.map((day) => `PARTITION (ds = '${day}') LOCATION 's3://lake/named/${day}/'`).join(
    ' ',
  );
  await lake.rows(`ALTER TABLE named ADD ${partitions}`);
});
afterAll(() => lake.close());

describe('partition pruning', () => {
  it.each(NAMES)('loses no rows of a table with a column %s', async (name) => {
    expect(await lake.rows(`SELECT count(*) FROM named WHERE "${name}" = 11`)).toEqual([['3']]);
    expect(await lake.rows(`SELECT count(*) FROM named WHERE "${name}" IS NOT NULL`)).toEqual([['9']]);
    expect(
      await lake.rows(`SELECT "${name}" FROM named WHERE "${name}" = 11 AND ds = DATE '2026-11-19'`),
    ).toEqual([['11']]);
  });

  it('prunes by keys in any kind of condition', async () => {
    const { scannedBytes, rows } = await lake.ask(
      "SELECT count(*) FROM named WHERE date_format(ds, '%d') IN ('18', '20') AND i > 10",
    );
    expect(rows).toEqual([['4']]);
    const all = await lake.ask('SELECT count(*) FROM named WHERE i > 10');
    expect(scannedBytes).toBeLessThan(all.scannedBytes ?? 0);
  });

  it("treats Hive's default partition as null", async () => {
    await lake.put('keyless/none/0.parquet', 'SELECT 1 AS a');
    await lake.put('keyless/day/0.parquet', 'SELECT 2 AS a');
    await lake.rows(
      "CREATE EXTERNAL TABLE keyless (a int) PARTITIONED BY (day date) STORED AS PARQUET LOCATION 's3://lake/keyless/'",
    );
    await lake.rows(
      `ALTER TABLE keyless ADD PARTITION (day = '__HIVE_DEFAULT_PARTITION__') LOCATION 's3://lake/keyless/none/'
       PARTITION (day = '2026-11-20') LOCATION 's3://lake/keyless/day/'`,
    );
    expect(await lake.rows('SELECT * FROM "keyless$partitions" ORDER BY day')).toEqual([
      ['2026-11-20'],
      [undefined],
    ]);
  });
});
