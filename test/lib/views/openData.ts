import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { catalog as catalogOf } from '../../../infra/data/catalog.ts';
import { views } from '../../../infra/data/views.ts';
import { valueAt } from '../../../lib/base/json.ts';
import { quoteName, quoteText } from '../../../lib/base/sql.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { type GroupRow, writeGroupRows } from '../../../lib/groups/GroupRow.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { type ForwardedKind, forwardedKinds } from '../../../lib/schema/kinds.ts';
import { forwardedTables } from '../../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import type { Table } from '../../../lib/tables/Table.ts';
import { dayFolder, groupsKey, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import type { CuratedDays } from '../../../lib/views/curatedDays.ts';
import { prestoViewText } from '../../../lib/views/prestoView.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { views as viewsOf } from '../../../lib/views/views.ts';
import { realClock } from '../../../packages/local-aws/src/base/index.ts';
import { dataFolders } from '../../../packages/local-aws/src/disk/dataDirectory.ts';
import { Catalog } from '../../../packages/local-aws/src/glue/index.ts';
import { duckDbType } from '../../../packages/local-aws/src/trino/index.ts';
import { duckDb } from '../../harness/duckDb.ts';
import { type CuratedRow, curateRows } from './curateRows.ts';

/** A version of a curated day. Any will do. */
const VERSION = '20261120T000000Z-0123456789ab';

/** A row of a raw table, by column; times and days as text. */
export type RawRow = Readonly<Record<string, string | boolean | null>> & { readonly ds: string };

/** What a data directory is to have. */
interface LaidData {
  /** The configuration of its tables and views. */
  readonly config: Config;
  /** Rows of the raw tables. */
  readonly rows: Readonly<Record<ForwardedKind, readonly RawRow[]>>;
  /** Rows of the table of experiment groups. Default none, as before the first pull. */
  readonly groups?: readonly GroupRow[];
  /** Days that the views read from the curated tables, which have all days. Default none, without these tables. */
  readonly curated?: CuratedDays | undefined;
}

/** A data directory of the local cloud that is being laid. */
interface Lake {
  readonly config: Config;
  /** The local Glue. */
  readonly catalog: Catalog;
  /** Folder of the bucket's objects. */
  readonly bucket: string;
  /** The template's `TableInput` of a table or a view. */
  readonly inputOf: (name: string) => object;
}

/** Rows of a table, and where those of a day are. */
interface LaidTable {
  readonly table: Table;
  readonly rows: readonly (RawRow | CuratedRow)[];
  /** The folder of a day in the bucket. */
  readonly folderOf: (day: string) => string;
}

/**
 * Lays tables, their files and the template's views into a data directory of the local cloud, as if it had landed
 * them: a file for each table and day.
 */
export async function openData(
  directory: string,
  { config, rows, groups = [], curated }: LaidData,
): Promise<void> {
  const folders = dataFolders(directory);
  const catalog = Catalog.open({ directory: folders.glue, clock: realClock });
  catalog.ensureDatabase({ Name: config.database });
  const bucket = join(folders.s3, config.bucket);
  const lake = { config, catalog, bucket, inputOf: tableInputs(config) };
  const raw = forwardedTables(config);
  const rewritten = curatedTables(config);
  for (const kind of forwardedKinds) {
    await layTable(lake, {
      table: raw[kind],
      rows: rows[kind],
      folderOf: (day) => dayFolder(config, kind, day),
    });
    if (curated !== undefined)
      await layTable(lake, {
        table: rewritten[kind],
        rows: curateRows(kind, rows[kind]),
        folderOf: (day) => versionPrefix(config, rewritten[kind].name, day, VERSION),
      });
  }
  layGroups(lake, groups);
  layViews(lake, curated);
}

/** The inputs of the template's tables and views, by name. In a bucket that exists their locations are texts. */
function tableInputs(config: Config): Lake['inputOf'] {
  const existing = { ...config.existing, bucket: true };
  const stack = { config: { ...config, existing }, service: 'sluice', stage: 'test' };
  const resources = [catalogOf(stack), views(stack)].flatMap((some) => Object.values(some));
  const inputs = new Map<unknown, unknown>(
    resources.map((resource) => {
      const input = valueAt(resource, ['Properties', 'TableInput']);
      return [valueAt(input, ['Name']), input];
    }),
  );
  return (name) => {
    const input = inputs.get(name);
    if (typeof input !== 'object' || input === null) throw new Error(`The template has no table ${name}.`);
    return input;
  };
}

/** Lays a table with a file and a partition for each day that has rows. */
async function layTable(lake: Lake, { table, rows, folderOf }: LaidTable): Promise<void> {
  const { catalog, bucket, config, inputOf } = lake;
  const rowsByDay = Map.groupBy(rows, ({ ds }) => ds);
  for (const [day, ofDay] of rowsByDay) {
    const folder = join(bucket, folderOf(day));
    mkdirSync(folder, { recursive: true });
    const json = join(folder, 'rows.json');
    writeFileSync(json, ofDay.map((row) => JSON.stringify(row)).join('\n'));
    await duckDb(copyStatement(table, { json, parquet: join(folder, 'rows.parquet') }));
    rmSync(json);
  }
  catalog.ensureTable(config.database, inputOf(table.name));
  catalog.changePartitions(config.database, table.name, (entry) => ({
    ...entry,
    partitions: [...rowsByDay.keys()].sort().map((day) => ({
      values: [day],
      input: {
        Values: [day],
        StorageDescriptor: { Location: `s3://${config.bucket}/${folderOf(day)}` },
      },
      createdAt: 0,
    })),
  }));
}

/** Lays the table of experiment groups, with its object if it has rows. */
function layGroups({ catalog, bucket, config, inputOf }: Lake, groups: readonly GroupRow[]): void {
  catalog.ensureTable(config.database, inputOf(groupsTable.name));
  if (groups.length === 0) return;
  const file = join(bucket, groupsKey(config));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, writeGroupRows(groups));
}

/** Lays the views, whose texts read these days from the curated tables. */
function layViews({ catalog, config, inputOf }: Lake, curated: CuratedDays | undefined): void {
  const texts = viewsOf(config, curated);
  for (const name of viewNames) {
    const ViewOriginalText = prestoViewText(texts[name], config.database);
    catalog.ensureTable(config.database, { ...inputOf(name), ViewOriginalText });
  }
}

/**
 * A statement that copies rows from a file of JSON to one of Parquet, with the columns of their table only: the day is
 * in the path.
 */
function copyStatement(
  table: Table,
  { json, parquet }: { readonly json: string; readonly parquet: string },
): string {
  const types = table.columns.map(({ name, type }) => {
    const read = duckDbType(type);
    if (read === undefined) throw new Error(`The column ${table.name}.${name} has the type ${type}.`);
    return `${quoteText(name)}: ${quoteText(read)}`;
  });
  const names = table.columns.map(({ name }) => quoteName(name)).join(', ');
  return `COPY (SELECT ${names} FROM read_json(${quoteText(json)}, format = 'newline_delimited', columns = {${types.join(', ')}}))
    TO ${quoteText(parquet)} (FORMAT parquet)`;
}
