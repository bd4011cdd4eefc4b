import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../../lib/base/sql.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { MappingSubject } from '../../lib/drops/mapping/compileMapping.ts';
import type { EngineFile } from '../../lib/parquet/FileSchema.ts';
import type { Config } from '../../lib/schema/config.ts';

/** Day of the drop. */
export const DAY = '2026-11-20';

/** Events of a customer, with 12 columns. Every row is valid. */
const ROWS = `SELECT 1795132800000 + (hash(i * 7) % 86400000)::BIGINT AS ts, 'event_' || (hash(i) % 40) AS event_name,
  ((hash(i * 3) % 100000) / 100)::VARCHAR AS value, 'user-' || (hash(i * 5) % 800000) AS uid, 'co-' || (hash(i * 11) % 2000) AS company,
  md5(i::VARCHAR) AS device, 'plan' || (i % 5) AS plan, ['US', 'DE', 'FR', 'GB'][1 + (i % 4)] AS country, (hash(i * 13) % 1000) / 10.0 AS price,
  i % 2 = 0 AS is_new, '/p/' || (hash(i * 17) % 5000) AS path, 'https://example.com/' || (hash(i * 19) % 300) AS referrer`;

/** Writes files with that many rows each. @returns The files. */
export async function makeDrop(directory: string, count: number, rows: number): Promise<EngineFile[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const files = Array.from({ length: count }, (_, n) => drop(directory, `part-${count}-${n}`));
  for (const [n, { path }] of files.entries()) {
    await connection.run(
      `COPY (${ROWS} FROM range(${n * rows}, ${(n + 1) * rows}) t(i)) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  }
  connection.closeSync();
  instance.closeSync();
  return files;
}

/** Several copies of the files, under other names. */
export function timesOver(files: readonly EngineFile[], times: number, directory: string): EngineFile[] {
  return Array.from({ length: times }, (_, n) =>
    files.map(({ path }, i) => {
      const copy = drop(directory, `copy-${n}-${i}`);
      linkSync(path, copy.path);
      return copy;
    }),
  ).flat();
}

/** A file of the drop, by its name. */
function drop(directory: string, name: string): EngineFile {
  return { path: join(directory, `${name}.parquet`), name: `events/${DAY}/${name}.parquet` };
}

/** A configuration with the dataset of the files. */
function benchConfig(): Config {
  return defineConfig({
    bucket: 'experiments',
    unitIds: { companyID: 'company_id' },
    sources: [
      {
        name: 'acme',
        bucket: 'acme-drops',
        owner: '123456789012',
        datasets: [
          {
            name: 'events',
            kind: 'events',
            mapping: {
              timestamp: { column: 'ts', unit: 'ms' },
              eventValue: 'value',
              unitIds: { userID: 'uid', companyID: 'company', deviceID: 'device' },
              metadata: ['plan', 'country', 'price', 'is_new', 'path', 'referrer'],
            },
          },
        ],
      },
    ],
  });
}

/** The dataset of the files. */
export function benchSubject(): MappingSubject {
  const config = benchConfig();
  const [source] = config.sources;
  const dataset = source?.datasets[0];
  if (source === undefined || dataset === undefined) throw new RangeError('No dataset.');
  return { source, dataset, unitIds: config.unitIds };
}

/** A minimal query by hand, with the same columns but without validation and counts. */
export function bareCopy(files: readonly EngineFile[], path: string): string {
  const member = (key: string, value: string) => `'"${key}":' || ${value}`;
  const object = (...members: string[]) => `'{' || concat_ws(',', ${members.join(', ')}) || '}'`;
  const texts = (...names: string[]) => names.map((name) => member(name, `to_json(${name})`));
  const list = `[${files.map((file) => quoteText(file.path)).join(', ')}]`;
  return `COPY (SELECT make_timestamp(ts * 1000) AS "timestamp", event_name, value AS event_value, uid AS user_id, company AS company_id,
      ${object(member('userID', 'to_json(uid)'), member('companyID', 'to_json(company)'), member('deviceID', 'to_json(device)'))} AS unit_ids,
      ${object(...texts('plan', 'country', 'price', 'is_new', 'path', 'referrer'))} AS event_metadata,
      filename AS source_file, file_row_number AS row_number, TIMESTAMP '2026-11-21' AS ingested_at
    FROM read_parquet(${list}) ORDER BY "timestamp") TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`;
}
