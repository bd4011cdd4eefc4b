import { type FileTable, groupFiles } from '../../../../lib/drops/athena/AthenaPlan.ts';
import type { AthenaMapping } from '../../../../lib/drops/athena/athenaStatements.ts';
import { athenaDialect } from '../../../../lib/drops/mapping/athena/athenaDialect.ts';
import { compileMapping } from '../../../../lib/drops/mapping/compileMapping.ts';
import type { EngineFile, FileSchema } from '../../../../lib/parquet/FileSchema.ts';
import { type DatasetInput, type MappingBench, subjectOf } from '../engine/MappingBench.ts';
import type { DropCase, DropFile } from './cases/DropCase.ts';

export type Rows = readonly Readonly<Record<string, unknown>>[];

/** Result of a load, without values that differ by design: row numbers, and IDs of refused rows. */
export interface Outcome {
  /** In the order of their values. Times are rounded to milliseconds, as Athena reads them. */
  readonly rows: Rows;
  /** Refused rows by file, reason, column and text, with their number. */
  readonly refused: Rows;
  /** Numbers of accepted rows by file, and of refused rows by file and reason. */
  readonly counts: Readonly<Record<'accepted' | 'refused', Readonly<Record<string, number>>>>;
}

/** The folder that drops are loaded for. */
const DROP_DAY = '2026-11-20';

/** Writes the files of a drop. */
export async function writeDrop(
  bench: MappingBench,
  { files }: Pick<DropCase, 'files'>,
): Promise<readonly EngineFile[]> {
  const written: EngineFile[] = [];
  for (const file of files) {
    if ('fixture' in file) written.push(await writeFixture(bench, file));
    else {
      names += 1;
      const name = `${names}.parquet`;
      const { path } = await bench.write(name, file.sql);
      written.push({ path, name: `drops/ds=${DROP_DAY}/${file.folder ?? ''}${name}` });
    }
  }
  return written;
}
let names = 0;

function writeFixture(bench: MappingBench, { fixture, without }: Extract<DropFile, { fixture: string }>) {
  const file = bench.fixture(fixture);
  return without === undefined
    ? file
    : bench.write(
        `part-${fixture}`,
        `SELECT * EXCLUDE (${without.join(', ')}) FROM read_parquet('${file.path}')`,
      );
}

/** The statements of a load by Athena, and the tables that they read. @param nameOf Name of a table by its number. */
export async function compileDrop(
  bench: MappingBench,
  { dataset, unitIds = {} }: Pick<DropCase, 'dataset' | 'unitIds'>,
  files: readonly EngineFile[],
  { database, nameOf }: { readonly database: string; readonly nameOf: (number: number) => string },
): Promise<AthenaMapping & { readonly tables: readonly FileTable[] }> {
  const schemas = (await bench.describe(files)).map((file): FileSchema => {
    if ('problem' in file) throw file.problem;
    return file;
  });
  const mapping = compileMapping(subjectOf(dataset, unitIds), schemas, athenaDialect);
  const { groups, tables } = groupFiles(mapping, schemas, nameOf);
  const at = Date.UTC(2026, 10, 21);
  return { mapping, groups, tables, database, loadedAt: at, receivedAt: at };
}

/** Loads a drop with DuckDB. */
export async function loadByDuckDb(
  bench: MappingBench,
  { dataset, unitIds = {} }: { readonly dataset: DatasetInput; readonly unitIds?: Record<string, string> },
  files: readonly EngineFile[],
): Promise<Outcome> {
  const { result } = await bench.load(dataset, files, { unitIds });
  const { rowsFile } = result;
  return {
    rows: rowsFile === null ? [] : await acceptedRows(bench, rowsFile.path),
    refused:
      result.refusedFile === null
        ? []
        : await refusedRows(bench, result.refusedFile.path, "regexp_replace(detail, '^row \\d+, ', '')", '1'),
    counts: {
      accepted: positive(result.files.map(({ name, out }) => [name, out])),
      refused: positive(
        result.files.flatMap(({ name, reasons }) =>
          Object.entries(reasons).map(([reason, n]) => [`${name} ${reason}`, n] as const),
        ),
      ),
    },
  };
}

/** Numbers by name, without those that are nothing. */
export function positive(numbers: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  return Object.fromEntries(numbers.filter(([, n]) => n > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The rows of a file that an engine has written. */
export async function acceptedRows(bench: MappingBench, path: string): Promise<Rows> {
  const from = `read_parquet('${path}')`;
  const columns = await bench.query(`DESCRIBE SELECT * FROM ${from}`);
  const rounded = columns
    .filter((column) => column['column_type'] === 'TIMESTAMP')
    .map(
      ({ column_name: name }) =>
        `date_trunc('milliseconds', "${name}" + INTERVAL 500 MICROSECONDS) AS "${name}"`,
    );
  return bench.query(
    `SELECT * EXCLUDE (row_number) REPLACE (${rounded.join(', ')}) FROM ${from} ORDER BY ALL`,
  );
}

/**
 * The refused rows of a file that an engine has written.
 *
 * @param detail SQL of the detail without what numbers the row.
 * @param count SQL of how many rows a row stands for.
 */
export async function refusedRows(
  bench: MappingBench,
  path: string,
  detail: string,
  count: string,
): Promise<Rows> {
  return bench.query(
    `SELECT path, reason, ${detail} AS detail, received_at, key_label, raw, CAST(sum(${count}) AS INTEGER) AS n
     FROM read_parquet('${path}') GROUP BY ALL ORDER BY ALL`,
  );
}
