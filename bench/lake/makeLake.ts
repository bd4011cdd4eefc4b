import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteName } from '../../lib/base/sql.ts';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { startCloud } from '../../local/startCloud.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { dataFolders } from '../../packages/local-aws/src/disk/dataDirectory.ts';
import { Catalog, insertPartition } from '../../packages/local-aws/src/glue/index.ts';
import { ObjectStore } from '../../packages/local-aws/src/s3/index.ts';
import { duckDbType } from '../../packages/local-aws/src/trino/index.ts';
import { FILLED } from '../views/viewSession.ts';

/** How much a lake holds. */
export interface LakeSize {
  /** The newest day. */
  readonly last: UtcDay;
  readonly days: number;
  /** Rows of a working day; at weekends there are fewer. */
  readonly rowsPerDay: Readonly<Record<TableKind, number>>;
  readonly filesPerDay: number;
  /** Files of the newest day of events, each with few rows. */
  readonly filesOfLastDay: number;
  /** Days of events without files. Default none. */
  readonly gaps?: readonly UtcDay[];
}

const USERS = 500_000;
const EXPERIMENTS = 40;

/** Columns of events and quarantine that exposures do not have. */
const OTHERS: Readonly<Record<string, string>> = {
  event_name: `'event_' || h % 200`,
  event_value: `CAST(h % 9700 / 100.0 AS VARCHAR)`,
  user_object: `'{"userID":"user-' || u || '","country":"GB","custom":{"plan":"pro"}}'`,
  company_metadata: `'{"sku":"sku-' || h % 5000 || '","price":' || h % 997 || ',"currency":"EUR"}'`,
  quarantine_id: 'md5(CAST(id AS VARCHAR))',
  detail: `'It has no name.'`,
  key_label: `'web'`,
  key_environment: `'production'`,
  path: `'/v1/rgstr'`,
  raw: `'{"user":{"userID":"user-' || u || '"},"value":' || h % 100 || '}'`,
};
const REASONS = `CASE h % 4 WHEN 0 THEN 'SLUICE_EVENT_NO_NAME' WHEN 1 THEN 'SLUICE_EVENT_TOO_LARGE' ELSE 'SLUICE_EVENT_INVALID' END`;

/**
 * Makes a lake in the data directory of a local cloud that is not running: DuckDB writes the files, and their objects and
 * partitions are put where the local S3 and Glue keep them. Nothing passes the collector, so millions of rows take a minute.
 */
export async function makeLake(data: string, size: LakeSize): Promise<void> {
  const cloud = await startCloud({ port: 0, edgePort: 0, data });
  const { config } = cloud;
  await cloud.close();
  const folders = dataFolders(data);
  const store = ObjectStore.open({ directory: folders.s3, clock: realClock });
  const catalog = Catalog.open({ directory: folders.glue, clock: realClock });
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-lake-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    for (const kind of tableKinds) {
      const { name } = deliveredTables(config)[kind];
      const { input } = catalog.table(config.database, name);
      const gaps = kind === 'events' ? (size.gaps ?? []) : [];
      const all = Array.from({ length: size.days }, (_, i) => addDays(size.last, -i));
      const days = all.filter((day) => !gaps.includes(day));
      for (const [i, day] of days.entries()) {
        const files = kind === 'events' && i === 0 ? size.filesOfLastDay : size.filesPerDay;
        const folder = join(scratch, `${kind}-${day}`);
        await connection.run(
          copySql(config, kind, { day, rows: rowsOn(day, size.rowsPerDay[kind]), files, folder, seed: i }),
        );
        for (const part of readdirSync(folder)) {
          const [file = ''] = readdirSync(join(folder, part));
          const key = `${dayFolder(config, kind, day)}rows-${part.replace('part=', '').padStart(5, '0')}.parquet`;
          await store.put(config.bucket, key, readFileSync(join(folder, part, file)));
        }
        rmSync(folder, { recursive: true });
      }
      catalog.changePartitions(config.database, name, (before) =>
        days.toReversed().reduce((table, day) => {
          const Location = `s3://${config.bucket}/${dayFolder(config, kind, day)}`;
          const StorageDescriptor = { ...input.StorageDescriptor, Location };
          return insertPartition(table, { Values: [day], StorageDescriptor }, realClock.now());
        }, before),
      );
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
    store.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Fewer at weekends, and a little different each day. */
function rowsOn(day: UtcDay, usual: number): number {
  const date = new Date(day);
  const share = date.getUTCDay() % 6 === 0 ? 0.4 : 1;
  return Math.ceil(usual * share * (1 - (date.getUTCDate() % 7) / 20));
}

/** COPY of a day's rows into a folder a file. */
function copySql(
  config: Config,
  kind: TableKind,
  of: {
    readonly day: UtcDay;
    readonly rows: number;
    readonly files: number;
    readonly folder: string;
    readonly seed: number;
  },
): string {
  const values: Readonly<Record<string, string>> = {
    ...FILLED,
    ...OTHERS,
    ...(kind === 'quarantine' ? { reason: REASONS } : {}),
  };
  const columns = deliveredTables(config)[kind].columns.map(
    ({ name, type }) => `CAST(${values[name] ?? 'NULL'} AS ${duckDbType(type)}) AS ${quoteName(name)}`,
  );
  const step = Math.floor(86_400_000_000 / of.rows);
  return `COPY (
    SELECT ${columns.join(', ')}, CAST(n * ${of.files} // ${of.rows} AS INTEGER) AS part
    FROM (
      SELECT n, '${kind}-${of.seed}-' || n AS id, hash(n, ${of.seed}) AS h, hash(n, ${of.seed}, 'user') % ${USERS} AS u,
        hash(n, ${of.seed}, 'experiment') % ${EXPERIMENTS} AS e, '${of.day}' AS day,
        TIMESTAMP '${of.day}' + to_microseconds(n * ${step}) AS happened
      FROM range(${of.rows}) AS numbers(n)
    ) ORDER BY part
  ) TO '${of.folder}' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (part))`;
}
