import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openLake } from '../sql/openLake.ts';

/** How many random histories are compared. */
const HISTORIES = Number(process.env['ROW_CHANGE_HISTORIES'] ?? 2);

let lake: Awaited<ReturnType<typeof openLake>>;
let instance: DuckDBInstance;
let model: DuckDBConnection;
beforeAll(async () => {
  lake = await openLake();
  instance = await DuckDBInstance.create(':memory:');
  model = await instance.connect();
});
afterAll(async () => {
  model.closeSync();
  instance.closeSync();
  await lake.close();
});

const number = fc.integer({ min: 0, max: 12 });
const part = fc.constantFrom("'a'", "'b'", "'c'", 'NULL');
const nullable = fc.oneof(
  { weight: 4, arbitrary: number.map(String) },
  { weight: 1, arbitrary: fc.constant('NULL') },
);
const row = fc.tuple(number.map(String), nullable, part).map((values) => `(${values.join(', ')})`);
const rows = fc.array(row, { minLength: 1, maxLength: 20 }).map((list) => list.join(', '));

/** Conditions on the columns of a relation, or of two. */
const simple = (t: string) =>
  fc.oneof(
    number.map((n) => `${t}n > ${n}`),
    number.map((n) => `NOT (${t}n > ${n})`),
    fc.constant(`${t}n IS NULL`),
    part.map((value) => `${t}part = ${value}`),
    number.map((n) => `${t}id % 3 = ${n % 3}`),
    number.map((n) => `${t}id IN (SELECT id FROM t WHERE n < ${n})`),
    fc.constant(`${t}n = (SELECT max(n) FROM t)`),
  );
const condition = (t: string) =>
  fc.oneof(
    simple(t),
    fc.tuple(simple(t), fc.constantFrom('AND', 'OR'), simple(t)).map(([a, word, b]) => `(${a} ${word} ${b})`),
  );
const value = (t: string) =>
  fc.oneof(
    nullable.map((n) => `n = ${n}`),
    fc.constant(`n = ${t}n + ${t}id`),
    fc.constant(`id = ${t}id + 1`),
    part.map((name) => `part = ${name}`),
    fc.constant(`part = CASE WHEN ${t}part = 'a' THEN 'b' ELSE ${t}part END, n = -${t}n`),
  );

/** Keys are distinct: two matches of a row are an error, which has its own test. */
const source = fc
  .uniqueArray(number, { minLength: 1, maxLength: 8 })
  .chain((ids) =>
    fc.tuple(...ids.map((id) => fc.tuple(nullable, part).map((rest) => `(${id}, ${rest.join(', ')})`))),
  )
  .map((list) => `(SELECT * FROM (VALUES ${list.join(', ')}, (99, NULL, NULL)) AS v(id, n, part)) AS s`);
const action = fc.oneof(
  fc.constant('DELETE'),
  value('t.').map((set) => `UPDATE SET ${set}`),
  fc.constant('UPDATE SET n = s.n, part = s.part'),
);
const matched = fc
  .tuple(fc.option(fc.oneof(condition('t.'), fc.constant('s.n > t.n')), { nil: undefined }), action)
  .map(([when, then]) => `WHEN MATCHED ${when === undefined ? '' : `AND ${when} `}THEN ${then}`);
const unmatched = fc
  .tuple(fc.option(number, { nil: undefined }), fc.boolean())
  .map(
    ([n, listed]) =>
      `WHEN NOT MATCHED ${n === undefined ? '' : `AND s.id > ${n} `}THEN INSERT ${listed ? '(part, id) VALUES (s.part, s.id)' : 'VALUES (s.id, s.n, s.part)'}`,
  );

const statement = fc.oneof(
  { weight: 1, arbitrary: rows.map((list) => `INSERT INTO t VALUES ${list}`) },
  { weight: 2, arbitrary: condition('').map((where) => `DELETE FROM t WHERE ${where}`) },
  {
    weight: 2,
    arbitrary: fc.tuple(value(''), condition('')).map(([set, where]) => `UPDATE t SET ${set} WHERE ${where}`),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        source,
        fc.constantFrom('t.id = s.id', 't.id = s.id AND t.n >= s.n'),
        fc.array(matched, { maxLength: 2 }),
        fc.array(unmatched, { maxLength: 2 }),
      )
      .filter(([, , first, second]) => first.length + second.length > 0)
      .map(
        ([from, on, first, second]) =>
          `MERGE INTO t USING ${from} ON ${on} ${[...first, ...second].join(' ')}`,
      ),
  },
);

describe('row changes', () => {
  it.each(['', ' PARTITIONED BY (part)'])(
    "leave the rows that DuckDB's own do, in a table%s",
    async (partitioned) => {
      let tables = 0;
      await fc.assert(
        fc.asyncProperty(
          rows,
          fc.array(statement, { minLength: 3, maxLength: 8 }),
          async (first, statements) => {
            tables += 1;
            const table = `m${partitioned.length}_${tables}`;
            await model.run('CREATE OR REPLACE TABLE t (id BIGINT, n BIGINT, part VARCHAR)');
            await lake.rows(
              `CREATE TABLE ${table} (id bigint, n bigint, part string)${partitioned} LOCATION 's3://lake/${table}/' TBLPROPERTIES ('table_type' = 'ICEBERG')`,
            );
            const own = (sql: string) =>
              sql
                .replace(
                  /^(INSERT INTO|DELETE FROM|UPDATE|MERGE INTO) t\b/,
                  `$1 ${table}${sql.startsWith('MERGE') ? ' t' : ''}`,
                )
                .replaceAll('FROM t ', `FROM ${table} `)
                .replaceAll('FROM t)', `FROM ${table})`);
            for (const sql of [`INSERT INTO t VALUES ${first}`, ...statements]) {
              // A clause without condition comes last in DuckDB: https://github.com/duckdb/duckdb/issues/22624
              const ordered = sql.replaceAll('MATCHED THEN', 'MATCHED AND true THEN');
              const changed = (await model.runAndReadAll(ordered)).getRowsJS()[0]?.[0];
              const answer = await lake.ask(own(sql));
              expect([sql, answer.reason, Number(answer.updateCount)]).toEqual([
                sql,
                undefined,
                Number(changed),
              ]);
              const query =
                "SELECT coalesce(CAST(id AS varchar), '-') || ' ' || coalesce(CAST(n AS varchar), '-') || ' ' || coalesce(part, '-') AS line FROM t ORDER BY line";
              const want = (await model.runAndReadAll(query)).getRowsJS().map(([line]) => line);
              const have = (await lake.rows(query.replace('FROM t ', `FROM ${table} `), {})).map(
                ([line]) => line,
              );
              expect([sql, have]).toEqual([sql, want]);
            }
          },
        ),
        { numRuns: HISTORIES, endOnFailure: true },
      );
    },
    600_000,
  );
});
