import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { DuckDBConnection } from '@duckdb/node-api';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { listObjects } from '../../lib/base/ObjectStore.ts';
import { isUtcDay, type UtcDay } from '../../lib/base/time.ts';
import type { QuarantineReason } from '../../lib/landing/quarantineReasons.ts';
import type { Config } from '../../lib/schema/config.ts';
import { tableFolder } from '../../lib/tables/tableFolders.ts';
import { ifThere } from '../ifThere.ts';
import type { QuarantinedItem } from './revalidate.ts';

/** The rows to read. */
export interface QuarantineSelection {
  /** Code of the reason. */
  readonly reason: QuarantineReason;
  /** The first day of receipt, UTC. */
  readonly from: UtcDay;
  /** The last day of receipt, UTC, included. */
  readonly to: UtcDay;
}

/**
 * Reads the rows with a reason from quarantine's files, by day and file: the first for each quarantine_id. One file, and one object with a raw
 * body, is fetched when it is needed and released afterwards, so only the memory for IDs grows with quarantine. A file that is gone by then
 * is left out, and a row whose object is gone is told as such: both expire, a day apart, and both are erased.
 *
 * @param isDone Rows that are left out. Default none.
 * @throws What S3's client throws; what DuckDB throws for a file that it cannot read.
 */
export async function* readQuarantine(
  client: S3Client,
  config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables'>,
  wanted: QuarantineSelection,
  isDone: (row: QuarantinedItem) => boolean = () => false,
): AsyncGenerator<QuarantinedItem> {
  const { bucket } = config;
  const folder = tableFolder(config, 'quarantine');
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-redrive-'));
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: scratch });
  const connection = await instance.connect();
  const seen = new Set<string>();
  try {
    const listed = wanted.from === wanted.to ? `${folder}${wanted.from}/` : folder;
    // In S3's order: by day, and within a day roughly by arrival.
    for await (const { key } of listObjects(s3ObjectStore(client, bucket), listed)) {
      const [day = '', name = ''] = key.slice(folder.length).split('/');
      if (name === '' || !isUtcDay(day) || day < wanted.from || day > wanted.to) continue;
      const file = join(scratch, `${seen.size}-${name}`);
      const bytes = await downloadObject(client, bucket, key);
      if (bytes === null) continue;
      await writeFile(file, bytes);
      for await (const { location, ...row } of readRows(connection, file, wanted.reason)) {
        if (seen.has(row.quarantineId) || isDone(row)) continue;
        seen.add(row.quarantineId);
        const object = location?.replace(`s3://${bucket}/`, '');
        if (object === undefined) {
          yield row;
          continue;
        }
        const raw = await downloadObject(client, bucket, object);
        yield { ...row, raw, isGone: raw === null };
      }
      await rm(file);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A row of a file. */
interface Row extends QuarantinedItem {
  /** The object with the raw body if it was too large for the row. */
  readonly location: string | null;
}

/** Reads the rows of a file with a reason, one at a time from DuckDB's chunks: the text of a row can have a MiB. */
async function* readRows(
  connection: DuckDBConnection,
  file: string,
  reason: QuarantineReason,
): AsyncGenerator<Row> {
  // Files from before these columns were added have null for them.
  const result = await connection.stream(
    `SELECT quarantine_id, epoch_ms(received_at), key_environment, sdk_type, sdk_version, path, raw, raw_encoding,
       raw_location
     FROM (SELECT * FROM read_parquet('${file.replaceAll("'", "''")}', hive_partitioning = false)
       UNION ALL BY NAME SELECT NULL::VARCHAR AS key_environment WHERE false) WHERE reason = $reason`,
    { reason },
  );
  for (
    let chunk = await result.fetchChunk();
    chunk && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    for (let i = 0; i < chunk.rowCount; i += 1) {
      const [id, receivedAt, environment, sdkType, sdkVersion, path, raw, encoding, location] =
        chunk.getRowValues(i);
      yield {
        quarantineId: String(id),
        receivedAt: Number(receivedAt),
        reason,
        keyEnvironment: text(environment),
        sdkType: text(sdkType),
        sdkVersion: text(sdkVersion),
        path: text(path) ?? '',
        raw: typeof raw === 'string' ? Buffer.from(raw, encoding === 'base64' ? 'base64' : 'utf8') : null,
        location: text(location),
      };
    }
  }
}

/** A text; null of any other value. */
function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The bytes of an object; null if it is gone. @throws What S3's client throws. */
async function downloadObject(client: S3Client, bucket: string, key: string): Promise<Uint8Array | null> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const found = await ifThere(client.send(new GetObjectCommand({ Bucket: bucket, Key: key })), /^NoSuchKey$/);
  if (found === undefined) return null;
  if (found.Body === undefined) throw new TypeError(`S3 returned nothing for ${key}.`);
  return found.Body.transformToByteArray();
}
