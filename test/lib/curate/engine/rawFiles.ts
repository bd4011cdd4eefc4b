import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quoteName, quoteText } from '../../../../lib/base/sql.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { curatedTables } from '../../../../lib/curate/curatedTables.ts';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import type { Column } from '../../../../lib/tables/Table.ts';
import { duckDb } from '../../../harness/duckDb.ts';

/** A row of a raw or curated file, by column; times as text. */
export type FileRow = Readonly<Record<string, unknown>>;

const config = defineConfig({
  bucket: 'acme-experiments',
  unitIds: { companyID: 'company_id' },
});
export const tables = curatedTables(config);

const TYPES = {
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
  double: 'DOUBLE',
  bigint: 'BIGINT',
};

/** Writes rows as a raw file. @param columns What the file has. Default: all that are given. */
export async function writeRaw(
  folder: string,
  name: string,
  rows: readonly FileRow[],
  columns: readonly Column[],
): Promise<EngineFile> {
  const json = join(folder, `${name}.json`);
  const path = join(folder, `${name}.parquet`);
  writeFileSync(json, rows.map((row) => JSON.stringify(row)).join('\n'));
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(TYPES[type])}`).join(', ');
  await duckDb(
    `COPY (SELECT ${columns.map((column) => quoteName(column.name)).join(', ')} FROM read_json(${quoteText(json)}, format = 'newline_delimited', columns = {${types}})) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION snappy)`,
  );
  return { path, name: `exposures/2026-11-16/${name}.parquet` };
}
