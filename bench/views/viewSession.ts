import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { DAY_MS, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { curatedTables } from '../../lib/curate/curatedTables.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { forwardedTables } from '../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../lib/tables/groupsTable.ts';
import type { Table } from '../../lib/tables/Table.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { views } from '../../lib/views/views.ts';
import { createViews, duckDbType, tableViewSql } from '../../packages/local-aws/src/trino/index.ts';

/** The configuration of the benchmark's views. */
export const viewConfig = defineConfig({
  bucket: 'bench',
  unitIds: { companyID: 'company_id' },
});

/** A DuckDB with the tables and views of `sluice query`, with exposures alone, which are not curated. */
export async function openViewSession(files: readonly DayFile[]): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`CREATE SCHEMA ${quoteName(viewConfig.database)}`);
  const makeTable = ({ name, columns, partitionKey }: Table, days: readonly DayFile[]) =>
    connection.run(
      tableViewSql({
        database: viewConfig.database,
        name,
        columns,
        partitionKeys: [partitionKey],
        partitions: days.map(({ day, file }) => ({ values: [day], files: [file] })),
        format: 'parquet',
      }),
    );
  for (const kind of forwardedKinds) {
    const isFilled = kind === 'exposures';
    await makeTable(forwardedTables(viewConfig)[kind], isFilled ? files : []);
    await makeTable(curatedTables(viewConfig)[kind], []);
  }
  await connection.run(
    tableViewSql({
      ...groupsTable,
      database: viewConfig.database,
      partitionKeys: [],
      partitions: [],
      format: 'json',
    }),
  );
  const all = views(viewConfig, { exposures: [], events: [] });
  const unmade = await createViews(
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

const FIRST_DAY = Date.UTC(2026, 9, 20);
const USERS = 500_000;
const COMPANIES = 5_000;
const EXPERIMENTS = 20;

/** The expressions of columns, over `u` (the user), `h` (a hash of the row), `e` (the experiment), `id`, `day` and `happened`; others are null. */
export const FILLED: Readonly<Record<string, string>> = {
  event_id: 'md5(CAST(id AS VARCHAR))',
  experiment_id: `'experiment_' || e`,
  exposure_type: `CASE WHEN e < 5 THEN 'gate' ELSE 'config' END`,
  // Users stay in their group, except one in a hundred.
  group_id: `'rule_' || e || '_' || (hash(u, e, h % 100 = 0) % 2)`,
  rule_id: `'rule_' || e`,
  is_assignment: 'h // 32 % 10 < 9',
  reason: `'Network:Recognized'`,
  config_version: `'7'`,
  is_manual: 'false',
  user_id: `'user-' || u`,
  stable_id: `md5('device of ' || u)`,
  company_id: `'company-' || u % ${COMPANIES}`,
  custom_ids: `'{"companyID":"company-' || u % ${COMPANIES} || '"}'`,
  timestamp: 'happened',
  client_timestamp: 'happened',
  received_at: 'happened + INTERVAL 2 SECONDS',
  environment: `CASE WHEN h // 64 % 10 = 0 THEN 'staging' ELSE 'production' END`,
  user_dimensions: `'{"country":"GB","custom":{"plan":"pro"},"customIDs":{"companyID":"company-' || u % ${COMPANIES} || '"},"locale":"en_GB","userID":"user-' || u || '"}'`,
  secondary_exposures: `CASE WHEN h % 5 = 0 THEN '[{"gate":"spring_holdout","gateValue":"false","ruleID":"5AhTholdOutRule"}]' END`,
  metadata: `'{"config":"experiment_' || e || '","reason":"Network:Recognized","ruleID":"rule_' || e || '"}'`,
  statsig_metadata: `'{"sdkType":"javascript-client","sdkVersion":"3.33.5","sessionID":"' || md5('session of ' || u || day) || '"}'`,
  session_id: `md5('session of ' || u || day)`,
  sdk_type: `'javascript-client'`,
  sdk_version: `'3.33.5'`,
};

/** The files of a day. */
export interface DayFile {
  readonly day: string;
  /** One file, or several as `*`. */
  readonly file: string;
}

/** Writes exposures of a busy month, one file per day, like Firehose: Snappy, with the columns of the table. */
export async function writeExposureDays(
  connection: DuckDBConnection,
  table: Table,
  {
    folder,
    days,
    rowsPerDay,
  }: { readonly folder: string; readonly days: number; readonly rowsPerDay: number },
): Promise<DayFile[]> {
  const columns = table.columns
    .map(({ name, type }) => `CAST(${FILLED[name] ?? 'NULL'} AS ${duckDbType(type)}) AS ${quoteName(name)}`)
    .join(', ');
  const files: DayFile[] = [];
  for (let n = 0; n < days; n += 1) {
    const day = utcDay(FIRST_DAY + n * DAY_MS);
    const file = join(folder, day, 'rows.parquet');
    mkdirSync(join(folder, day), { recursive: true });
    const midnight = quoteText(`${day} 00:00:00`);
    await connection.run(`COPY (
      SELECT ${columns} FROM (
        SELECT id, h, hash(id, 'user') % ${USERS} AS u, h % ${EXPERIMENTS} AS e, ${quoteText(day)} AS day,
          TIMESTAMP ${midnight} + to_milliseconds(CAST(h % ${DAY_MS} AS BIGINT)) AS happened
        FROM (SELECT id, hash(id) % 1000000007 AS h FROM range(${n * rowsPerDay}, ${(n + 1) * rowsPerDay}) AS ids (id))
      )
    ) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION snappy)`);
    files.push({ day, file });
  }
  return files;
}
