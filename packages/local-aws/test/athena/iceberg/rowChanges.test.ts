import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runToEnd } from '../../../src/testing/startAthena.ts';
import { openLake } from '../sql/openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

let tables = 0;
let t = '';
/** Three days of rows 1 to 6, two each, and one without a day. */
beforeEach(async () => {
  tables += 1;
  t = `t${tables}`;
  await lake.rows(
    `CREATE TABLE ${t} (id bigint, name string, value double, day date) PARTITIONED BY (day) LOCATION 's3://lake/${t}/' TBLPROPERTIES ('table_type' = 'ICEBERG')`,
  );
  await lake.rows(`INSERT INTO ${t} VALUES (1, 'a', 1.5, DATE '2026-11-18'), (2, 'b', 2.5, DATE '2026-11-18'),
    (3, 'c', 3.5, DATE '2026-11-19'), (4, NULL, 4.5, DATE '2026-11-19'), (5, 'e', NULL, DATE '2026-11-20'),
    (6, 'f', 6.5, DATE '2026-11-20'), (7, 'g', 7.5, NULL)`);
});

const ids = async (where = 'true') =>
  (await lake.rows(`SELECT id FROM ${t} WHERE ${where} ORDER BY id`)).map(([id]) => Number(id));
const count = async (sql: string, input = {}) => {
  lake.athena.clock.advance(1_000);
  const { state, reason, updateCount } = await lake.ask(sql, input);
  if (state !== 'SUCCEEDED') throw new Error(`${sql}: ${reason}`);
  return updateCount;
};
const snapshots = async () =>
  (await lake.rows(`SELECT operation FROM "${t}$snapshots" ORDER BY committed_at`)).map(([name]) => name);
/** The numbers of the table's data files and delete files. */
const files = async () =>
  (
    await lake.rows(
      `SELECT summary['total-data-files'], summary['total-delete-files'] FROM "${t}$snapshots" ORDER BY committed_at DESC LIMIT 1`,
    )
  )[0]?.map(Number);
const dataFiles = () =>
  lake.store
    .list('lake', { prefix: `${t}/data/`, after: '', limit: 1_000 })
    .entries.flatMap((entry) => ('object' in entry ? [entry.object.key] : []));
const reason = async (sql: string) => (await lake.failure(sql)).reason;

describe('DELETE', () => {
  it('lists rows of a file in a position-delete file', async () => {
    expect(await count(`DELETE FROM ${t} WHERE id IN (1, 4)`)).toBe(2);
    expect(await ids()).toEqual([2, 3, 5, 6, 7]);
    expect(await snapshots()).toEqual(['append', 'overwrite']);
    expect(await files()).toEqual([4, 2]);
  });

  it('removes the files of whole partitions, and what deletes they had', async () => {
    await count(`DELETE FROM ${t} WHERE id = 1`);
    expect(await count(`DELETE FROM ${t} WHERE day <= DATE '2026-11-19'`)).toBe(3);
    expect(await ids()).toEqual([5, 6, 7]);
    expect(await snapshots()).toEqual(['append', 'overwrite', 'delete']);
    expect(await files()).toEqual([2, 0]);
  });

  it('without WHERE empties the table', async () => {
    await count(`DELETE FROM ${t} WHERE id = 3`);
    expect(await count(`DELETE FROM ${t}`)).toBe(6);
    expect(await ids()).toEqual([]);
    expect(await files()).toEqual([0, 0]);
  });

  it('keeps rows whose condition is NULL', async () => {
    expect(await count(`DELETE FROM ${t} WHERE value > 1 AND name <> 'x'`)).toBe(5);
    expect(await ids()).toEqual([4, 5]);
    expect(await count(`DELETE FROM ${t} WHERE id NOT IN (SELECT CAST(NULL AS bigint))`)).toBe(0);
  });

  it('makes no snapshot when no row changes', async () => {
    expect(await count(`DELETE FROM ${t} WHERE id = 99`)).toBe(0);
    expect(await count(`UPDATE ${t} SET value = 0 WHERE false`)).toBe(0);
    expect(
      await count(`MERGE INTO ${t} USING (SELECT 9 AS id) s ON ${t}.id = s.id WHEN MATCHED THEN DELETE`),
    ).toBe(0);
    expect(await snapshots()).toEqual(['append']);
  });

  it('takes subqueries of the table itself, also of earlier changes', async () => {
    await count(`UPDATE ${t} SET value = 100 WHERE id = 2`);
    expect(await count(`DELETE FROM ${t} WHERE value = (SELECT max(value) FROM ${t})`)).toBe(1);
    expect(
      await count(
        `DELETE FROM ${t} WHERE EXISTS (SELECT 1 FROM ${t} o WHERE o.id = ${t}.id + 1 AND o.name IS NULL)`,
      ),
    ).toBe(1);
    expect(await ids()).toEqual([1, 4, 5, 6, 7]);
  });

  it('writes delete files as the specification says', async () => {
    await lake.rows(
      `INSERT INTO ${t} VALUES (8, 'h', 8.5, DATE '2026-11-20'), (9, 'i', 9.5, DATE '2026-11-20')`,
    );
    const before = new Set(dataFiles());
    await count(`DELETE FROM ${t} WHERE id IN (9, 6)`);
    const [added = '', ...others] = dataFiles().filter((key) => !before.has(key));
    expect(others).toEqual([]);
    expect(added).toContain('/day=2026-11-20/');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const path = lake.store.localPath('lake', added);
    const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS();
    expect(
      await read(`SELECT name, field_id FROM parquet_schema('${path}') WHERE field_id IS NOT NULL`),
    ).toEqual([
      ['file_path', 2_147_483_546n],
      ['pos', 2_147_483_545n],
    ]);
    const rows = await read(`SELECT file_path, pos FROM '${path}'`);
    expect(rows.map(([, row]) => row)).toEqual([1n, 1n]);
    const paths = rows.map(([file]) => String(file));
    expect(paths).toEqual(paths.toSorted());
    expect(paths.every((file) => before.has(file.slice('s3://lake/'.length)))).toBe(true);
    connection.closeSync();
    instance.closeSync();
  });
});

describe('UPDATE', () => {
  it('writes new versions, and moves rows to other partitions', async () => {
    expect(await count(`UPDATE ${t} SET day = DATE '2026-11-20', name = upper(name) WHERE id <= 3`)).toBe(3);
    expect(
      await lake.rows(`SELECT id, name, value FROM ${t} WHERE day = DATE '2026-11-20' ORDER BY id`),
    ).toEqual([
      ['1', 'A', '1.5'],
      ['2', 'B', '2.5'],
      ['3', 'C', '3.5'],
      ['5', 'e', undefined],
      ['6', 'f', '6.5'],
    ]);
    expect(await lake.rows(`SELECT count(*) FROM ${t}`)).toEqual([['7']]);
    expect(await count(`UPDATE ${t} SET day = NULL WHERE id = 6`)).toBe(1);
    expect(await ids('day IS NULL')).toEqual([6, 7]);
  });

  it('reads the old values on the right of each assignment', async () => {
    expect(await count(`UPDATE ${t} SET id = id + 100, value = id WHERE id IN (1, 2)`)).toBe(2);
    expect(await lake.rows(`SELECT id, value FROM ${t} WHERE id > 100 ORDER BY id`)).toEqual([
      ['101', '1.0'],
      ['102', '2.0'],
    ]);
  });

  it('takes parameters in the order of the statement', async () => {
    expect(
      await count(`UPDATE ${t} SET name = ?, value = ? WHERE id = ?`, {
        ExecutionParameters: ["'p'", '0.5', '3'],
      }),
    ).toBe(1);
    expect(await lake.rows(`SELECT name, value FROM ${t} WHERE id = 3`)).toEqual([['p', '0.5']]);
    await lake.rows(`PREPARE change FROM DELETE FROM ${t} WHERE id = ?`);
    expect(await count('EXECUTE change USING 3')).toBe(1);
    expect(await ids()).toEqual([1, 2, 4, 5, 6, 7]);
  });
});

describe('MERGE', () => {
  it('applies the first clause whose condition holds', async () => {
    const sql = `merge into "awsdatacatalog"."db"."${t}" as target using (select * from (values (1, 'del'), (2, 'upd'), (3, 'keep'), (8, 'new'), (9, 'skip')) as v(id, what)) as src
      on (target.id = src.id)
      when matched and (src.what = 'del' or target.name is null) then delete
      when matched and src.what <> 'keep' then update set "name" = src."what", value = target.value * 10
      when not matched and src.what = 'new' then insert ("name", "id") values (src."what", src."id")`;
    expect(await count(sql)).toBe(3);
    expect(
      await lake.rows(`SELECT id, name, value, day FROM ${t} WHERE id IN (1, 2, 3, 8, 9) ORDER BY id`),
    ).toEqual([
      ['2', 'upd', '25.0', '2026-11-18'],
      ['3', 'c', '3.5', '2026-11-19'],
      ['8', 'new', undefined, undefined],
    ]);
  });

  it('leaves to a clause without condition all rows, whatever clauses follow', async () => {
    const source = '(SELECT * FROM (VALUES (1, 8), (8, 8)) AS v(id, value)) s';
    const sql = `MERGE INTO ${t} USING ${source} ON ${t}.id = s.id
      WHEN MATCHED THEN UPDATE SET name = 'first' WHEN MATCHED AND s.value > 0 THEN DELETE
      WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id) WHEN NOT MATCHED AND s.id > 0 THEN INSERT VALUES (s.id, 'last', s.value, NULL)`;
    expect(await count(sql)).toBe(2);
    expect(await lake.rows(`SELECT id, name, value FROM ${t} WHERE id IN (1, 8) ORDER BY id`)).toEqual([
      ['1', 'first', '1.5'],
      ['8', undefined, undefined],
    ]);
  });

  it('takes columns of its source that are NULL in every row, for a column of any type', async () => {
    const types = {
      s: 'string',
      n: 'bigint',
      f: 'double',
      d: 'date',
      t: 'timestamp',
      c: 'decimal(9,2)',
      b: 'binary',
      l: 'array<string>',
      m: 'map<string,date>',
      r: 'struct<a:string>',
    };
    const names = Object.keys(types);
    const columns = Object.entries(types).map(([name, type]) => `${name} ${type}`);
    await lake.rows(
      `CREATE TABLE n${t} (id bigint, ${columns.join(', ')}) LOCATION 's3://lake/n${t}/' TBLPROPERTIES ('table_type' = 'ICEBERG')`,
    );
    const merge = (source: string) => `MERGE INTO n${t} t USING ${source} s ON t.id = s.id
      WHEN MATCHED THEN UPDATE SET ${names.map((name) => `${name} = s.${name}`).join(', ')}
      WHEN NOT MATCHED THEN INSERT VALUES (s.id, ${names.map((name) => `s.${name}`).join(', ')})`;
    const row = (id: number) => `(${id}, ${names.map(() => 'NULL').join(', ')})`;
    const values = `(SELECT * FROM (VALUES ${row(1)}, ${row(2)}) AS v(id, ${names.join(', ')}))`;
    expect(await count(merge(values))).toBe(2);
    expect(await count(merge(values))).toBe(2);
    await lake.rows(`INSERT INTO n${t} SELECT id + 2, ${names.join(', ')} FROM ${values} WHERE id = 1`);
    expect(await lake.rows(`SELECT * FROM n${t} ORDER BY id`)).toEqual(
      [1, 2, 3].map((id) => [String(id), ...names.map(() => undefined)]),
    );
    await lake.rows(
      `INSERT INTO n${t} (id, l, m, r) SELECT 4, ARRAY[NULL], MAP(ARRAY['k'], ARRAY[NULL]), ROW(NULL)`,
    );
    await count(`UPDATE n${t} SET l = ARRAY[NULL, NULL] WHERE id = 1`);
    expect(await lake.rows(`SELECT id, l, m, r FROM n${t} WHERE id IN (1, 4) ORDER BY id`)).toEqual([
      ['1', '[null, null]', undefined, undefined],
      ['4', '[null]', '{k=null}', '{a=null}'],
    ]);
    // One number makes numbers of the column.
    expect(await reason(`INSERT INTO n${t} (l) SELECT ARRAY[NULL, 1]`)).toMatch(
      /^TYPE_MISMATCH: .*Table: \[array\(varchar\)\], Query: \[array\(integer\)\]/,
    );
  });

  it('takes parameters that stand before and after its source', async () => {
    const sql = `MERGE INTO ${t} USING (SELECT CAST(? AS bigint) AS id) s ON ${t}.id = s.id AND ${t}.name = ?
      WHEN MATCHED AND ${t}.value < ? THEN UPDATE SET name = ? WHEN NOT MATCHED THEN INSERT VALUES (s.id, ?, 0, NULL)`;
    const given = (...parameters: string[]) => ({ ExecutionParameters: parameters });
    expect(await count(sql, given('1', "'a'", '2', "'x'", "'y'"))).toBe(1);
    expect(await count(sql, given('8', "'a'", '2', "'x'", "'y'"))).toBe(1);
    expect(await lake.rows(`SELECT id, name FROM ${t} WHERE name IN ('x', 'y') ORDER BY id`)).toEqual([
      ['1', 'x'],
      ['8', 'y'],
    ]);
  });

  it('takes a table without an alias, a join, and the target itself as source', async () => {
    await lake.rows(
      `CREATE TABLE s_${t} WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/s_${t}/') AS SELECT CAST(2 AS bigint) AS id`,
    );
    expect(
      await count(
        `MERGE INTO ${t} USING s_${t} ON ${t}.id = s_${t}.id WHEN MATCHED THEN UPDATE SET value = s_${t}.id`,
      ),
    ).toBe(1);
    expect(
      await count(
        `MERGE INTO ${t} x USING s_${t} a JOIN (SELECT 3 AS id) b ON a.id < b.id ON x.id = b.id WHEN MATCHED THEN DELETE`,
      ),
    ).toBe(1);
    expect(
      await count(
        `MERGE INTO ${t} x USING (SELECT * FROM ${t}) o ON x.id = o.id AND o.id > 5 WHEN MATCHED THEN UPDATE SET name = o.name || '!'`,
      ),
    ).toBe(2);
    expect(await lake.rows(`SELECT id, name FROM ${t} WHERE id IN (2, 3, 6) ORDER BY id`)).toEqual([
      ['2', 'b'],
      ['6', 'f!'],
    ]);
  });

  it('fails when two source rows match a row, and changes nothing', async () => {
    const failure =
      'MERGE_TARGET_ROW_MULTIPLE_MATCHES: One MERGE target table row matched more than one source row';
    const merge = (clauses: string) =>
      `MERGE INTO ${t} USING (VALUES (1, 'x'), (1, 'y')) AS s(id, name) ON ${t}.id = s.id ${clauses}`;
    expect(await reason(merge('WHEN MATCHED THEN UPDATE SET name = s.name'))).toBe(failure);
    expect(
      await reason(
        merge("WHEN MATCHED AND s.name = 'x' THEN UPDATE SET name = 'z' WHEN MATCHED THEN DELETE"),
      ),
    ).toBe(failure);
    expect(await count(merge("WHEN MATCHED AND s.name = 'y' THEN UPDATE SET name = s.name"))).toBe(1);
    expect(await lake.rows(`SELECT name FROM ${t} WHERE id = 1`)).toEqual([['y']]);
  });

  it('does not evaluate what no clause asks for', async () => {
    const sql = `MERGE INTO ${t} USING (VALUES (1, '10'), (8, 'no number')) AS s(id, text) ON ${t}.id = s.id
      WHEN MATCHED THEN UPDATE SET value = CAST(s.text AS double) WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.text)`;
    expect(await count(sql)).toBe(2);
    expect(await lake.rows(`SELECT value FROM ${t} WHERE id = 1`)).toEqual([['10.0']]);
  });
});

describe('what clients see', () => {
  it('is the number of rows, with metadata and no object', async () => {
    const execution = await runToEnd(lake.athena.client, `DELETE FROM ${t} WHERE id = 1`, {
      QueryExecutionContext: { Database: 'db' },
    });
    expect([execution?.StatementType, execution?.SubstatementType]).toEqual(['DML', 'DELETE']);
    const key = `${execution?.QueryExecutionId}.csv`;
    expect(execution?.ResultConfiguration?.OutputLocation?.endsWith(key)).toBe(true);
    const prefix = String(execution?.ResultConfiguration?.OutputLocation).slice(
      `s3://${lake.bucket}/`.length,
    );
    expect(lake.store.bucket(lake.bucket).find(prefix)).toBeUndefined();
    expect(lake.store.bucket(lake.bucket).find(`${prefix}.metadata`)).toBeDefined();
    expect((await lake.ask(`UPDATE ${t} SET id = 1 WHERE id = 2`)).kind).toEqual(['DML', 'UPDATE']);
    expect(
      (
        await lake.ask(
          `MERGE INTO ${t} USING ${t} s ON false WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)`,
        )
      ).kind,
    ).toEqual(['DML', 'MERGE']);
  });
});

describe('refusals', () => {
  const MERGE = 'MERGE INTO $t t USING (SELECT CAST(1 AS bigint) AS id) s ON t.id = s.id\n';
  it.each<readonly [string, string | RegExp]>([
    [
      "UPDATE $t SET value = 'x'",
      "TYPE_MISMATCH: line 1:1: UPDATE table column types don't match SET expressions: Table: [double], Expressions: [varchar]",
    ],
    [
      'UPDATE $t SET nope = 1',
      "COLUMN_NOT_FOUND: line 1:15: The UPDATE SET target column nope doesn't exist",
    ],
    [
      'UPDATE $t SET value = 1, value = 2',
      'DUPLICATE_COLUMN_NAME: line 1:1: Update column name is specified more than once: value',
    ],
    ['DELETE FROM $t\nWHERE name = 1', 'TYPE_MISMATCH: line 2:12: Cannot apply operator: varchar = integer'],
    ['DELETE FROM $t WHERE nope', /^COLUMN_NOT_FOUND: line 1:23: Column 'nope' cannot be resolved/],
    ['DELETE FROM missing', "TABLE_NOT_FOUND: line 1:13: Table 'awsdatacatalog.db.missing' does not exist"],
    ['DELETE FROM other.missing', "SCHEMA_NOT_FOUND: line 1:13: Schema 'other' does not exist"],
    [
      'DELETE FROM events WHERE id = 1',
      'NOT_SUPPORTED: Modifying Hive table rows is only supported for transactional tables',
    ],
    [
      'UPDATE events SET id = 1',
      'NOT_SUPPORTED: Modifying Hive table rows is only supported for transactional tables',
    ],
    [
      `${MERGE}WHEN MATCHED THEN UPDATE SET value = s.nope`,
      /^COLUMN_NOT_FOUND: line 2:38: Column 's.nope' cannot be resolved/,
    ],
    [
      `${MERGE}WHEN MATCHED THEN UPDATE SET value = 'x'`,
      "TYPE_MISMATCH: line 2:1: MERGE table column types don't match for MERGE case 0, SET expressions: Table: [double], Expressions: [varchar]",
    ],
    [
      `${MERGE}WHEN MATCHED AND t.name = 1 THEN DELETE`,
      'TYPE_MISMATCH: line 2:25: Cannot apply operator: varchar = integer',
    ],
    [
      `${MERGE}WHEN MATCHED THEN UPDATE SET nope = 1`,
      'COLUMN_NOT_FOUND: line 1:1: Merge column name does not exist in target table: nope',
    ],
    [
      `${MERGE}WHEN NOT MATCHED THEN INSERT (id) VALUES (1, 2)`,
      "GENERIC_INTERNAL_ERROR: Number of merge columns (1) isn't equal to number of expressions (2)",
    ],
    [
      `${MERGE}WHEN NOT MATCHED THEN INSERT (id, id) VALUES (1, 2)`,
      'DUPLICATE_COLUMN_NAME: line 1:1: Merge column name is specified more than once: id',
    ],
  ])('%s', async (sql, expected) => {
    const failure = await reason(sql.replace('$t', t));
    if (typeof expected === 'string')
      expect(failure).toBe(expected.replace('15', String(`UPDATE ${t} SET `.length + 1)));
    else expect(failure).toMatch(expected);
    expect(await ids()).toHaveLength(7);
  });

  it.each<readonly [string, string]>([
    [
      'UPDATE t SET value = value / WHERE id = 1',
      "line 1:30: mismatched input 'WHERE'. Expecting: <expression>",
    ],
    ['UPDATE t SET value = 1, WHERE id = 1', "line 1:25: mismatched input 'WHERE'. Expecting: <identifier>"],
    ['UPDATE t SET * = 1', "line 1:14: mismatched input '*'. Expecting: <identifier>"],
    ['DELETE FROM t x WHERE id = 1', "line 1:15: mismatched input 'x'. Expecting: '.', 'WHERE', <EOF>"],
    ['DELETE FROM t WHERE', "line 1:20: mismatched input '<EOF>'. Expecting: <expression>"],
    ['MERGE INTO t USING s ON a = b', "line 1:30: mismatched input '<EOF>'. Expecting: 'WHEN'"],
    [
      'MERGE INTO t USING s ON a = b WHEN NOT MATCHED BY SOURCE THEN DELETE',
      "line 1:48: mismatched input 'BY'. Expecting: 'AND', 'THEN'",
    ],
    [
      'MERGE INTO t USING s ON a = b WHEN MATCHED THEN UPDATE SET *',
      "line 1:60: mismatched input '*'. Expecting: <identifier>",
    ],
    [
      'MERGE INTO t USING s ON a = b WHEN NOT MATCHED THEN INSERT *',
      "line 1:60: mismatched input '*'. Expecting: '(', 'VALUES'",
    ],
    [
      'MERGE INTO t USING s ON a = b WHEN MATCHED AND (a THEN DELETE',
      "line 1:62: mismatched input '<EOF>'. Expecting: ')'",
    ],
  ])('%s', async (sql, message) => {
    await expect(lake.ask(sql)).rejects.toThrow(message);
  });

  it('refuses views', async () => {
    await lake.rows(`CREATE VIEW v_${t} AS SELECT id FROM ${t}`);
    expect(await reason(`DELETE FROM v_${t}`)).toBe(
      'NOT_SUPPORTED: line 1:1: Deleting from views is not supported',
    );
    expect(await reason(`UPDATE v_${t} SET id = 1`)).toBe(
      'NOT_SUPPORTED: line 1:1: Updating through views is not supported',
    );
  });
});

describe('two statements at once', () => {
  /** Runs a statement that waits, before its files are there, until another has ended. */
  const during = async (first: string, second: string) => {
    const { store } = lake;
    const own = store.put.bind(store);
    let reached = () => {};
    let go = () => {};
    const waiting = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    store.put = async (...given: Parameters<typeof own>) => {
      if (given[1].includes('/data/')) {
        store.put = own;
        reached();
        await gate;
      }
      return await own(...given);
    };
    const slow = lake.ask(first);
    // A statement that fails before has no files.
    await Promise.race([waiting, slow]);
    const fast = await lake.ask(second);
    go();
    return [(await slow).reason, fast.reason];
  };

  it('both change rows of one file, if not the same', async () => {
    expect(
      await during(`UPDATE ${t} SET name = 'x' WHERE id = 1`, `UPDATE ${t} SET name = 'y' WHERE id = 2`),
    ).toEqual([undefined, undefined]);
    expect(await lake.rows(`SELECT id, name FROM ${t} WHERE id < 3 ORDER BY id`)).toEqual([
      ['1', 'x'],
      ['2', 'y'],
    ]);
  });

  it('the later one fails when they change the same row', async () => {
    const [slow, fast] = await during(
      `UPDATE ${t} SET name = 'x' WHERE id = 1`,
      `DELETE FROM ${t} WHERE id = 1 AND value > 0`,
    );
    expect(fast).toBeUndefined();
    expect(slow).toMatch(/^ICEBERG_COMMIT_ERROR: Failed to commit/);
    expect(await ids()).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it('the later one fails when its file is gone', async () => {
    const [slow, fast] = await during(
      `UPDATE ${t} SET name = 'x' WHERE id = 1`,
      `DELETE FROM ${t} WHERE day = DATE '2026-11-18'`,
    );
    expect(fast).toBeUndefined();
    expect(slow).toMatch(/^ICEBERG_COMMIT_ERROR: Failed to commit/);
    expect(await ids()).toEqual([3, 4, 5, 6, 7]);
  });

  it('an INSERT disturbs nobody', async () => {
    expect(await during(`DELETE FROM ${t} WHERE id = 1`, `INSERT INTO ${t} (id) VALUES (1)`)).toEqual([
      undefined,
      undefined,
    ]);
    expect(await ids()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});
