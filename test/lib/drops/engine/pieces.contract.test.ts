import { afterAll, describe, expect, it } from '@jest/globals';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import { setElement, structField } from '../../parquet/editFooter.ts';
import type { DropCase } from './cases/DropCase.ts';
import { dropCases } from './cases/dropCases.ts';
import { type DatasetInput, MappingBench } from './MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

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

describe('a drop in pieces', () => {
  it.each(dropCases.map((one) => [one.name, one] as const))('has equal %s', async (_, one) => {
    const files = await writeDrop(one);
    const whole = await loadPieces(one, [files]);
    const pieces = files.map((file) => [file]);
    expect(await loadPieces(one, pieces)).toEqual(whole);
    expect([whole.rows.length, whole.reasons]).toEqual([one.rows, one.refused]);
  });

  it('reads a column that says that it holds no value as null of any type, and as a struct without members', async () => {
    const sql = `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, NULL AS v`;
    const { path } = await bench.write('empty.parquet', sql);
    // As pyarrow, pandas and polars write it: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#unknown-always-null
    const unknown = structField(new Map([[11, structField(new Map())]]));
    const file = setElement({ path, name: 'drops/empty.parquet' }, 'v', { 10: unknown });
    const v = { column: 'v' };
    const casts = (['string', 'uuid'] as const).map((cast) => [`as_${cast}`, { ...v, cast }] as const);
    const metadata = { v: 'v', 'v.plan': 'v.plan', ...Object.fromEntries(casts) };
    const events: DatasetInput = {
      kind: 'events',
      mapping: { timestamp: 'ts', eventValue: 'v.price', metadataJson: 'v', metadata },
    };
    const table: DatasetInput = {
      kind: 'table',
      mapping: {
        columns: {
          text: v,
          iso: { ...v, type: 'timestamp', unit: 'iso' },
          at: { ...v, type: 'timestamp', unit: 'timestamp' },
          day: { ...v, type: 'date', format: 'dd/MM/yyyy' },
          number: { ...v, type: 'double' },
          flag: { ...v, type: 'boolean' },
        },
      },
    };
    const given = [
      'timestamp',
      'event_name',
      'user_id',
      'unit_ids',
      'source_file',
      'row_number',
      'ingested_at',
    ];
    for (const dataset of [events, table]) {
      const { rows, refused } = await bench.load(dataset, [file]);
      expect([rows.length, refused]).toEqual([1, []]);
      const values = Object.entries(rows[0] ?? {}).filter(([name]) => !given.includes(name));
      expect(new Set(values.map(([, value]) => value))).toEqual(new Set([null]));
    }
    // Required, it is missing in every row.
    const timed: DatasetInput = {
      kind: 'events',
      refusedShare: 1,
      mapping: { timestamp: { ...v, unit: 'iso' } },
    };
    expect((await loadPieces({ dataset: timed }, [[file]])).reasons).toEqual({ TIME_MISSING: 1 });
  });
});
