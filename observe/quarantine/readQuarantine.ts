import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { DuckDBConnection } from '@duckdb/node-api';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { listObjects } from '../../lib/base/ObjectStore.ts';
import { isUtcDay, type UtcDay } from '../../lib/base/time.ts';
import { isQuarantineReason, type QuarantineReason } from '../../lib/landing/quarantineReasons.ts';
import type { Config } from '../../lib/schema/config.ts';
import { tableFolder } from '../../lib/tables/tableFolders.ts';
import type { QuarantinedItem } from './revalidate.ts';

/** Errors of questions about quarantine, and of redriving its rows. */
export const QuarantineError = defineErrorFamily('user', {
  SLUICE_QUARANTINE_ROW_UNKNOWN: {
    cause: 'Quarantine has no row with this ID on this day.',
    cure: 'Compare `quarantine_id` and `ds` with `sluice quarantine --reason …`.',
  },
  SLUICE_QUARANTINE_ROW_OF_FILE: {
    cause: "A row of a customer's file cannot be redriven.",
    cure: 'Correct the mapping and load the day again with `sluice ingest backfill`, or drop the file again.',
  },
  SLUICE_REDRIVE_INCOMPLETE: {
    cause: 'Not all rows could be put into the landing.',
    cure: 'Run it again. Rows that `--reason` has delivered are not delivered again.',
  },
});

/** The rows to read: those with a reason, or the one with an ID. */
export type QuarantineSelection = (
  | { readonly reason: QuarantineReason }
  /** Its quarantine_id. */
  | { readonly id: string }
) & {
  /** First and last day on which they were received, inclusive. */
  readonly from: UtcDay;
  readonly to: UtcDay;
};

/**
 * Reads rows from quarantine's files, by day and file: the first for each quarantine_id. One file, and one object with a raw
 * body, is fetched when it is needed and released afterwards, so only the memory for IDs grows with quarantine.
 *
 * @param isDone Rows that are left out. Default none.
 * @throws QuarantineError SLUICE_QUARANTINE_ROW_OF_FILE; what S3's client throws.
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
    // In S3's order: by day, and within a day roughly by arrival.
    for await (const { key } of listObjects(s3ObjectStore(client, bucket), folder)) {
      const [day = '', name = ''] = key.slice(folder.length).split('/');
      if (name === '' || !isUtcDay(day) || day < wanted.from || day > wanted.to) continue;
      const file = join(scratch, `${seen.size}-${name}`);
      await writeFile(file, await downloadObject(client, bucket, key));
      for await (const { location, ...row } of readRows(connection, file, wanted)) {
        if (seen.has(row.quarantineId) || isDone(row)) continue;
        seen.add(row.quarantineId);
        const object = location?.replace(`s3://${bucket}/`, '');
        yield object === undefined ? row : { ...row, raw: await downloadObject(client, bucket, object) };
        if ('id' in wanted) return;
      }
      await rm(file);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Row extends QuarantinedItem {
  /** The object with the raw body if it was too large for the row. */
  readonly location: string | null;
}

/** One row at a time from DuckDB's chunks: the text of a row can have a MiB. */
async function* readRows(
  connection: DuckDBConnection,
  file: string,
  wanted: QuarantineSelection,
): AsyncGenerator<Row> {
  const [column, value] = 'reason' in wanted ? ['reason', wanted.reason] : ['quarantine_id', wanted.id];
  // Files from before these columns were added have null for them.
  const result = await connection.stream(
    `SELECT quarantine_id, epoch_ms(received_at), key_environment, sdk_type, sdk_version, path, raw, raw_encoding,
       raw_location, reason
     FROM (SELECT * FROM read_parquet('${file.replaceAll("'", "''")}', hive_partitioning = false)
       UNION ALL BY NAME SELECT NULL::VARCHAR AS key_environment WHERE false) WHERE ${column} = $value`,
    { value },
  );
  for (
    let chunk = await result.fetchChunk();
    chunk && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    for (let i = 0; i < chunk.rowCount; i += 1) {
      const [id, receivedAt, environment, sdkType, sdkVersion, path, raw, encoding, location, why] =
        chunk.getRowValues(i);
      const reason = String(why);
      if (!isQuarantineReason(reason))
        throw new QuarantineError('SLUICE_QUARANTINE_ROW_OF_FILE', `${reason}.`);
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

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The bytes of an object. @throws What S3's client throws. */
export async function downloadObject(client: S3Client, bucket: string, key: string): Promise<Uint8Array> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (Body === undefined) throw new TypeError(`S3 returned nothing for ${key}.`);
  return Body.transformToByteArray();
}
