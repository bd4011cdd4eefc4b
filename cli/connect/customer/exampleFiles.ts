import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { quoteName } from '../../../lib/base/sql.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import { dropDayFolder, markerKey } from '../../../lib/drops/listDrops.ts';
import { pathFolders } from '../../../lib/drops/mapping/FileColumns.ts';
import { parseLayout } from '../../../lib/schema/fields/layout.ts';
import type { Dataset } from '../../../lib/schema/sources.ts';
import { type FileColumn, fileColumns } from './fileColumns.ts';

/** Key of a dataset's example file: in the folder of its day, below the folders that the mapping reads. */
export function exampleKey(dataset: Dataset, day: UtcDay): string {
  const layout = dataset.layout === undefined ? undefined : parseLayout(dataset.layout);
  if (typeof layout === 'object') return `${dataset.folder}/${layout.exampleOf(day)}`;
  const folder = `${dataset.folder}/${dropDayFolder(day, dataset.dayFormat)}/`;
  const there = new Set(pathFolders(folder).map(({ name }) => name.toLowerCase()));
  const missing = fileColumns(dataset).filter(
    ({ from, name }) => from === 'folder' && !there.has(name.toLowerCase()),
  );
  return `${folder}${missing.map((one) => `${segment(one, day)}/`).join('')}example.parquet`;
}

/** As Hive writes it. Its example is a literal of SQL: a text, a number or a boolean. */
function segment({ name, example }: FileColumn, day: UtcDay): string {
  const value = example(day)
    .replace(/^CAST\((.*) AS \w+\)$/, '$1')
    .replace(/^(?:DATE|TIMESTAMPTZ) /, '')
    .replace(/^'(.*)'$/, '$1')
    .replaceAll("''", "'");
  return `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
}

/** The query of DuckDB whose rows a dataset's example file has. */
export function exampleQuery(dataset: Dataset, day: UtcDay): string {
  const items = fileColumns(dataset)
    .filter(({ from }) => from === 'column')
    .map(({ name, example }) => `${example(day)} AS ${quoteName(name)}`);
  // A mapping may read nothing but folders; a file still has a column.
  return `SELECT ${items.length === 0 ? '1 AS "row"' : items.join(', ')} FROM range(2)`;
}

/**
 * Writes an example file of each dataset below a folder, under its key, and the marker that it waits for.
 *
 * @param makeParquet Makes a Parquet file of a query.
 * @returns The paths.
 */
export async function writeExampleFiles(
  directory: string,
  datasets: readonly Dataset[],
  day: UtcDay,
  makeParquet: (sql: string) => Promise<Uint8Array>,
): Promise<readonly string[]> {
  const paths: string[] = [];
  const write = async (key: string, bytes: Uint8Array) => {
    const path = join(directory, ...key.split('/'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    paths.push(path);
  };
  for (const dataset of datasets) {
    await write(exampleKey(dataset, day), await makeParquet(exampleQuery(dataset, day)));
    const marker = markerKey(dataset, day);
    if (marker !== undefined) await write(marker, Buffer.of());
  }
  return paths;
}
