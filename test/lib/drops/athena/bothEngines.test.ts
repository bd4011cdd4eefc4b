import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DatasetInput } from '../engine/MappingBench.ts';
import { AthenaBench } from './AthenaBench.ts';

let engines: AthenaBench;
beforeAll(async () => {
  engines = await AthenaBench.open();
});
afterAll(() => engines.close());

let files = 0;
const write = (sql: string, folder = '') => {
  files += 1;
  return engines.bench.write(`${folder}file-${files}.parquet`, sql);
};

/** Loads files by both engines, which must agree. @returns What DuckDB made of them. */
async function loadByBoth(
  dataset: DatasetInput,
  queries: readonly string[],
  unitIds: Record<string, string> = {},
) {
  const written = [];
  for (const query of queries) written.push(await write(query));
  const byDuckDb = await engines.byDuckDb(dataset, written, unitIds);
  const byAthena = await engines.byAthena(dataset, written, unitIds);
  expect(byAthena).toEqual(byDuckDb);
  return byDuckDb;
}

const VALUES: readonly string[] = [
  ...['1.5', '0.0001', '0.00001', '1.2e-7', '1e15', '1e16', '1.5e16', '123456789012345678e0', '1.5e300'],
  ...['-0.1', '-1e-10', '0', '-0.0', '9007199254740991', '9007199254740993', "'nan'", "'inf'", 'NULL'],
  ...['100', '1234567.125', '12345678.9', '0.1', '33.333333333333336'],
];

describe('a drop by both engines', () => {
  it('has equal numbers', async () => {
    const { rows } = await loadByBoth(
      {
        kind: 'events',
        mapping: {
          timestamp: 'ts',
          eventValue: 'd',
          metadata: { d: 'd', f: 'f', i: 'i', dec: 'dec', b: 'b' },
        },
      },
      VALUES.map(
        (value) => `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, CAST(${value} AS DOUBLE) AS d,
          CAST(TRY_CAST(${value} AS FLOAT) AS FLOAT) AS f, 7::BIGINT AS i, 12.50::DECIMAL(10,2) AS dec, true AS b`,
      ),
    );
    expect(rows).toHaveLength(VALUES.length);
  });

  it.each(['bigint', 'double', 'boolean'] as const)('has equal casts to %s', async (cast) => {
    const texts = [
      '1',
      '1.0',
      '1.5',
      ' 7 ',
      'true',
      'NO',
      'y',
      '2026-11-20',
      '550e8400-e29b-41d4-a716-446655440000',
      '{550E8400e29b41d4a716446655440000}',
      '1e5',
      '',
      'x',
      '-12',
      '2026-11-20 10:00:00',
    ];
    const rows = texts
      .map((text, i) => `('${text}', ${i}::BIGINT, ${i / 2}::DOUBLE, ${i % 2 === 0})`)
      .join(', ');
    for (const column of ['t', 'i', 'd', 'b']) {
      await loadByBoth(
        {
          kind: 'events',
          refusedShare: 1,
          mapping: { timestamp: 'ts', metadata: { v: { column, cast } } },
        },
        [
          `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, t, i, d, b FROM (VALUES ${rows}) AS v(t, i, d, b)`,
        ],
      );
    }
  });

  it('has equal metrics, exposures, properties and tables, and counts equal rows that are refused', async () => {
    await loadByBoth(
      {
        kind: 'metrics',
        timezone: 'Europe/Berlin',
        refusedShare: 1,
        mapping: {
          date: 'ts',
          unitId: 'u',
          idType: { constant: 'userID' },
          metricName: 'm',
          metricValue: 'v',
        },
      },
      [
        `SELECT TIMESTAMP '2026-11-20 23:30:00' AS ts, 12.00::DECIMAL(10,2) AS u, 'revenue' AS m, '12.5' AS v FROM range(3)`,
        `SELECT TIMESTAMP '2026-11-20 23:30:00' AS ts, NULL::DECIMAL(10,2) AS u, 'revenue' AS m, 'many' AS v FROM range(3)`,
        `SELECT DATE '2026-11-20' AS ts, 7 AS u, 'revenue' AS m, 1.5::DOUBLE AS v`,
      ],
    );
    const { refused } = await loadByBoth(
      {
        kind: 'exposures',
        refusedShare: 1,
        mapping: {
          timestamp: 'ts',
          experiment: 'x',
          group: 'g',
          unitId: 'u',
          unitType: { constant: 'userID' },
        },
      },
      [
        `SELECT 1795169730 AS ts, 'checkout' AS x, CASE WHEN range < 5 THEN '' ELSE 'control' END AS g, 'u1' AS u FROM range(8)`,
      ],
    );
    expect(refused).toMatchObject([{ reason: 'SLUICE_INGEST_ROW_GROUP_MISSING', n: '5' }]);
    await loadByBoth(
      {
        kind: 'properties',
        refusedShare: 1,
        mapping: {
          unitId: 'u',
          idType: { constant: 'userID' },
          properties: {
            age: { column: 'age', type: 'bigint' },
            vip: { column: 'vip', type: 'boolean' },
            since: { column: 'since', type: 'date' },
            at: { column: 'at', type: 'timestamp' },
            score: { column: 'score', type: 'double' },
          },
        },
      },
      [
        `SELECT 'u1' AS u, '33' AS age, 'yes' AS vip, '2026-11-20' AS since, '2026-11-20T10:00:00Z' AS at, '1.5' AS score`,
        `SELECT 'u2' AS u, 'old' AS age, 'yes' AS vip, '2026-11-20' AS since, '2026-11-20T10:00:00Z' AS at, '1.5' AS score`,
        `SELECT 'u3' AS u, NULL::VARCHAR AS age, NULL::VARCHAR AS vip, NULL::VARCHAR AS since, NULL::VARCHAR AS at, NULL::VARCHAR AS score`,
      ],
    );
    await loadByBoth(
      {
        kind: 'table',
        refusedShare: 1,
        mapping: {
          columns: {
            id: { column: 'ID', type: 'string', required: true },
            n: { column: 'N', type: 'bigint' },
            t: { column: 'ts', type: 'timestamp' },
          },
        },
      },
      [
        `SELECT 'a' AS "ID", 5::SMALLINT AS "N", TIMESTAMP '2026-11-20 10:00:00' AS ts, {'Upper': 1} AS odd`,
        `SELECT NULL::VARCHAR AS "ID", 6::SMALLINT AS "N", TIMESTAMP '2026-11-20 10:00:00' AS ts, {'Upper': 1} AS odd`,
      ],
    );
  });

  it('may have a column of any name that Athena reads', async () => {
    const { rows, refused } = await loadByBoth(
      { kind: 'events', refusedShare: 1, mapping: { timestamp: 'ts' } },
      [
        `SELECT 1795169730 AS ts, nullif('e' || range, 'e1') AS event_name, 'u' AS unit_id, 'x' AS "File path", 1 AS problem, 2 AS raw FROM range(2)`,
      ],
    );
    expect([rows.length, refused.length]).toEqual([1, 1]);
  });

  it.each([
    ['{b: 1}', "{'b': 'x'::BLOB}"],
    ['a list of bytes', "['x'::BLOB]"],
    ['a map by days', "MAP {DATE '2026-11-20': 1}"],
  ])(
    'refuses %s by name, which Athena makes no JSON of, and ignores it if it is not mapped',
    async (_, value) => {
      const file = await write(`SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, ${value} AS odd`);
      const dataset = { kind: 'events', mapping: { timestamp: 'ts' } } as const;
      const { tables } = await engines.compile(dataset, [file]);
      expect(tables[0]?.columns.map(({ name }) => name)).toEqual(['ts', 'event_name', 'unit_id']);
      await expect(
        engines.compile({ ...dataset, mapping: { ...dataset.mapping, metadata: { odd: 'odd' } } }, [file]),
      ).rejects.toMatchObject({ code: 'SLUICE_INGEST_COLUMN_ENGINE_UNFIT' });
    },
  );
});
