import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { catalog as catalogOf } from '../../../infra/data/catalog.ts';
import { viewId, views } from '../../../infra/data/views.ts';
import { logicalIds } from '../../../infra/template/Stack.ts';
import { valueAt } from '../../../lib/base/json.ts';
import { quoteName, quoteText } from '../../../lib/base/sql.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { type GroupRow, writeGroupRows } from '../../../lib/groups/GroupRow.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { type ForwardedKind, forwardedKinds } from '../../../lib/schema/kinds.ts';
import { forwardedTables } from '../../../lib/tables/deliveredTables.ts';
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
import { curateRows } from './curateRows.ts';

/** A version of a curated day. */
const VERSION = '20261120T000000Z-0123456789ab';

/** A row as it landed, by column; times and days as text. */
export type LandedRow = Readonly<Record<string, string | boolean | null>> & { readonly ds: string };

/**
 * Lays tables, their files and the template's views into a data directory of the local cloud, as if it had landed
 * them: a file for each table and day.
 *
 * @param groups Rows of the table of experiment groups. Default none, as before the first pull.
 * @param curated Days that the views read from the curated tables, which have all days. Default none, without these tables.
 */
export async function openData(
  data: string,
  config: Config,
  rows: Readonly<Record<ForwardedKind, readonly LandedRow[]>>,
  groups: readonly GroupRow[] = [],
  curated?: CuratedDays,
): Promise<void> {
  const folders = dataFolders(data);
  const catalog = Catalog.open({ directory: folders.glue, clock: realClock });
  catalog.ensureDatabase({ Name: config.database });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const raw = forwardedTables(config);
  const rewritten = curatedTables(config);
  const forwarded = forwardedKinds.map((kind) => ({
    table: raw[kind],
    landed: rows[kind],
    folderOf: (day: string) => dayFolder(config, kind, day),
  }));
  const made = forwardedKinds.map((kind) => ({
    table: rewritten[kind],
    landed: curateRows(kind, rows[kind]),
    folderOf: (day: string) => versionPrefix(config, rewritten[kind].name, day, VERSION),
  }));
  for (const { table, landed, folderOf } of curated === undefined ? forwarded : [...forwarded, ...made]) {
    const days = [...new Set(landed.map(({ ds }) => ds))].sort();
    for (const day of days) {
      const folder = join(folders.s3, config.bucket, folderOf(day));
      mkdirSync(folder, { recursive: true });
      const json = join(data, 'rows.json');
      writeFileSync(
        json,
        landed
          .filter(({ ds }) => ds === day)
          .map((row) => JSON.stringify(row))
          .join('\n'),
      );
      await connection.run(copyRows(table, json, join(folder, 'rows.parquet')));
    }
    catalog.ensureTable(config.database, {
      Name: table.name,
      TableType: 'EXTERNAL_TABLE',
      PartitionKeys: [glueColumn(table.partitionKey)],
      StorageDescriptor: { Columns: table.columns.map(glueColumn) },
    });
    catalog.changePartitions(config.database, table.name, (entry) => ({
      ...entry,
      partitions: days.map((day) => ({
        values: [day],
        input: {
          Values: [day],
          StorageDescriptor: { Location: `s3://${config.bucket}/${folderOf(day)}` },
        },
        createdAt: 0,
      })),
    }));
  }
  const stack = {
    config: { ...config, existing: { ...config.existing, bucket: true } },
    service: 'sluice',
    stage: 'test',
  };
  const table = valueAt(catalogOf(stack)[logicalIds.groupsTable], ['Properties', 'TableInput']);
  catalog.ensureTable(config.database, table);
  if (groups.length > 0) {
    const file = join(folders.s3, config.bucket, groupsKey(config));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, writeGroupRows(groups));
  }
  const inputs = views({ config, service: 'sluice', stage: 'test' });
  const texts = viewsOf(config, curated);
  for (const name of viewNames) {
    const input: object = Object(valueAt(inputs[viewId(name)], ['Properties', 'TableInput']));
    const ViewOriginalText = prestoViewText(texts[name], config.database);
    catalog.ensureTable(config.database, { ...input, ViewOriginalText });
  }
  connection.closeSync();
  instance.closeSync();
}

function glueColumn({ name, type }: Table['partitionKey']) {
  return { Name: name, Type: type };
}

/** Only the columns of the table: the day is in the path. */
function copyRows(table: Table, from: string, to: string): string {
  const types = table.columns.map(
    ({ name, type }) => `${quoteText(name)}: ${quoteText(duckDbType(type) ?? '')}`,
  );
  const names = table.columns.map(({ name }) => quoteName(name)).join(', ');
  mkdirSync(dirname(to), { recursive: true });
  return `COPY (SELECT ${names} FROM read_json(${quoteText(from)}, format = 'newline_delimited', columns = {${types.join(', ')}}))
    TO ${quoteText(to)} (FORMAT parquet)`;
}
