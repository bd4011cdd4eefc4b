import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { defineConfig } from '../lib/config/defineConfig.ts';
import { forwardedKinds } from '../lib/schema/kinds.ts';
import { quoteName } from '../lib/sql/quoteName.ts';
import { forwardedTables } from '../lib/tables/forwardedTables.ts';
import { groupsTable } from '../lib/tables/groupsTable.ts';
import { viewNames, views } from '../lib/views/views.ts';
import { makeViews } from '../local/query/makeViews.ts';
import { tableView } from '../local/query/tableView.ts';
import type { DayFile } from './exposureDays.ts';

/** What the benchmark's views are made for. */
export const viewConfig = defineConfig({
  bucket: 'bench',
  unitIds: { companyID: 'company_id' },
  jsonPaths: { plan: 'user.custom.plan' },
});

/** A DuckDB with tables and views as `sluice query` has them; events are none. */
export async function openViewSession(files: readonly DayFile[]): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`CREATE SCHEMA ${quoteName(viewConfig.database)}`);
  const tables = forwardedTables(viewConfig);
  for (const kind of forwardedKinds) {
    const { name, columns, partitionKey } = tables[kind];
    await connection.run(
      tableView({
        database: viewConfig.database,
        name,
        columns,
        partitionKeys: [partitionKey],
        partitions: (kind === 'exposures' ? files : []).map(({ day, file }) => ({
          values: [day],
          files: [file],
        })),
        format: 'parquet',
      }),
    );
  }
  await connection.run(
    tableView({
      ...groupsTable,
      database: viewConfig.database,
      partitionKeys: [],
      partitions: [],
      format: 'json',
    }),
  );
  const all = views(viewConfig);
  const unmade = await makeViews(
    connection,
    viewNames.map((name) => ({
      database: viewConfig.database,
      name,
      sql: all[name].sql,
      columns: all[name].columns.map((column) => column.name),
    })),
  );
  if (unmade.length > 0) throw new Error(unmade.map(({ reason }) => reason).join('\n'));
  await connection.run(`SET search_path = ${quoteName(viewConfig.database)}`);
  return connection;
}
