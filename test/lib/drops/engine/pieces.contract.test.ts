import { afterAll, expect, it } from '@jest/globals';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import { type DatasetInput, MappingBench } from './MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

/** A file of a drop: rows of a query of DuckDB's, in a folder of the day. */
interface DropFile {
  readonly sql: string;
  readonly folder?: string;
}

/** A drop that gives the same rows in any pieces. */
interface DropCase {
  readonly name: string;
  readonly dataset: DatasetInput;
  readonly files: readonly DropFile[];
  /** Number of accepted rows. */
  readonly rows: number;
  /** Numbers of refused rows by reason without its prefix. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Events with the time `ts`, all of which may be refused. */
const events = (mapping: object): DatasetInput => ({
  kind: 'events',
  refusedShare: 1,
  mapping: { timestamp: 'ts', ...mapping },
});

/** Rows of metrics that are refused for each of their reasons, in different numbers. */
const BAD_METRICS = `SELECT * FROM (VALUES
    (DATE '2026-11-20', 'u', 't', 'm', 1.5::DOUBLE, 1), (NULL, 'u', 't', 'm', 1, 2), (DATE '2026-11-20', NULL, 't', 'm', 1, 3),
    (DATE '2026-11-20', '', 't', 'm', 1, 2), (DATE '2026-11-20', 'u', NULL, 'm', 1, 4), (DATE '2026-11-20', 'u', 't', NULL, 1, 5),
    (DATE '2026-11-20', 'u', 't', 'm', NULL, 6), (DATE '2026-11-20', 'u', 't', 'm', 'nan', 7), (DATE '2026-11-20', 'u', 't', 'm', '-inf', 1)
  ) AS given(date, unit_id, id_type, metric_name, metric_value, n), range(n)`;
/** Rows that are refused, and files of several schemas. */
const CASES: readonly DropCase[] = [
  {
    name: 'times beside the largest number, in a column with a dictionary',
    dataset: { kind: 'events', refusedShare: 1, mapping: { timestamp: { column: 'ts', unit: 'ms' } } },
    files: [
      {
        sql: `SELECT CASE range % 3 WHEN 1 THEN 9223372036854775807 ELSE 1795169730000 END AS ts, 'e' AS event_name, 'u' || range AS unit_id FROM range(6000)`,
      },
    ],
    rows: 4_000,
    refused: { TIME_OUT_OF_RANGE: 2_000 },
  },
  {
    name: 'metrics that are refused for every reason',
    dataset: { kind: 'metrics', refusedShare: 1, mapping: {} },
    files: [{ sql: BAD_METRICS }, { sql: BAD_METRICS.replace("'u', 't', 'm', 1.5", "'u', 't', 'm', 2.5") }],
    rows: 2,
    refused: { TIME_MISSING: 4, UNIT_MISSING: 18, NAME_MISSING: 10, VALUE_MISSING: 12, VALUE_INVALID: 16 },
  },
  {
    name: 'several schemas in one day',
    dataset: events({
      eventValue: { column: 'Value', optional: true },
      unitIds: { userID: 'USER id', companyID: { column: 'company-id', optional: true } },
      metadata: {
        plan: { column: 'plan.name', optional: true },
        country: { folder: 'country', optional: true },
        gone: { column: 'gone', optional: true },
      },
    }),
    files: [
      {
        sql: `SELECT 1795169730 AS "Ts", 'e' AS "Event_Name", 'u1' AS "user ID", 1.50::DOUBLE AS "value", 'pro' AS "plan.name", 1 AS more FROM range(3)`,
      },
      {
        sql: `SELECT 1795169731 AS ts, 'e' AS event_name, 7::BIGINT AS "USER id", '12' AS "Value", NULL AS "company-id" FROM range(2)`,
        folder: 'country=DE/',
      },
      {
        sql: `SELECT TIMESTAMP '2026-11-20 10:00:00' AS ts, 'e' AS event_name, 7.00::DECIMAL(9,2) AS "USER id", NULL AS "Größe" UNION ALL SELECT TIMESTAMP '2026-11-20 10:00:01', NULL, NULL, NULL`,
        folder: 'country=a%2Fb%20%C3%BC/',
      },
      {
        sql: `SELECT '2026-11-20T10:00:00Z' AS ts, 'e' AS event_name, NULL::VARCHAR AS "USER id", 'c1' AS "company-id", true AS "Value"`,
        folder: 'country=__HIVE_DEFAULT_PARTITION__/',
      },
      {
        sql: `SELECT 1795169730 AS ts, 'e' AS event_name, 'u9' AS "USER id", {'Upper': 1} AS unmapped, 1::UINTEGER AS unsigned, uuid() AS id, TIME '10:00:00' AS clock`,
      },
      { sql: `SELECT 1795169730 AS ts, 'e' AS event_name, 'u9' AS "USER id" WHERE false` },
    ],
    rows: 8,
    refused: { NAME_MISSING: 1 },
  },
  {
    name: 'columns of names that statements use themselves',
    dataset: events({}),
    files: [
      {
        sql: `SELECT 1795169730 AS ts, nullif('e' || range, 'e1') AS event_name, 'u' AS unit_id, 'x' AS "File path", 1 AS problem, 2 AS raw FROM range(2)`,
      },
    ],
    rows: 1,
    refused: { NAME_MISSING: 1 },
  },
];

/** What a day has once all of its pieces are loaded: no order across files is promised. */
interface Outcome {
  readonly rows: readonly string[];
  readonly refused: readonly string[];
  /** Numbers of rows of each file. */
  readonly files: readonly object[];
  /** Numbers of refused rows by reason without its prefix. */
  readonly reasons: Readonly<Record<string, number>>;
}

let names = 0;
/** Writes the files of a drop. */
async function writeDrop({ files }: Pick<DropCase, 'files'>): Promise<readonly EngineFile[]> {
  const written: EngineFile[] = [];
  for (const { sql, folder = '' } of files) {
    names += 1;
    const name = `${names}.parquet`;
    const { path } = await bench.write(name, sql);
    written.push({ path, name: `drops/ds=2026-11-20/${folder}${name}` });
  }
  return written;
}

/** Loads the pieces of a drop, one after the other. */
async function loadPieces(
  { dataset }: Pick<DropCase, 'dataset'>,
  pieces: readonly (readonly EngineFile[])[],
): Promise<Outcome> {
  const rows: string[] = [];
  const refused: string[] = [];
  const files: object[] = [];
  const reasons: Record<string, number> = {};
  for (const piece of pieces) {
    const loaded = await bench.load(dataset, piece);
    rows.push(...loaded.rows.map((row) => JSON.stringify(row)));
    refused.push(...loaded.refused.map((row) => JSON.stringify(row)));
    files.push(...loaded.result.files);
    for (const { reason } of loaded.refused) {
      const short = String(reason).replace('SLUICE_INGEST_ROW_', '');
      reasons[short] = (reasons[short] ?? 0) + 1;
    }
  }
  return { rows: rows.sort(), refused: refused.sort(), files, reasons };
}

it.each(CASES)('a drop in pieces has equal $name', async (example) => {
  const files = await writeDrop(example);
  const whole = await loadPieces(example, [files]);
  const pieces = files.map((file) => [file]);
  expect(await loadPieces(example, pieces)).toEqual(whole);
  expect(whole.rows).toHaveLength(example.rows);
  expect(whole.reasons).toEqual(example.refused);
});
