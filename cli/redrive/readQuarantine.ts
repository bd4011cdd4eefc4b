import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../../lib/config/configSchema.ts';
import { tableFolder } from '../../lib/layout/tableFolders.ts';
import type { QuarantineReason } from '../../lib/quarantine/quarantineReasons.ts';
import type { Quarantined } from '../../lib/redrive/revalidate.ts';
import { isUtcDay, type UtcDay } from '../../lib/time/utcDay.ts';
import { downloadObject } from './downloadObject.ts';

/** Which rows are wanted. */
export interface Wanted {
  readonly reason: QuarantineReason;
  /** Days received, both included. */
  readonly from: UtcDay;
  readonly to: UtcDay;
}

/** What one day's folder holds of a reason. */
export interface QuarantinedDay {
  readonly day: UtcDay;
  /** One for each quarantine_id, the first that came. */
  readonly quarantined: readonly Quarantined[];
}

/**
 * Reads the rows of a reason out of quarantine's files, day by day: the files of one day are fetched, read by DuckDB
 * and removed again.
 */
export async function* readQuarantine(
  client: S3Client,
  config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables'>,
  wanted: Wanted,
): AsyncGenerator<QuarantinedDay> {
  const { bucket } = config;
  const folder = tableFolder(config, 'quarantine');
  for (const [day, keys] of await filesByDay(client, bucket, folder, wanted)) {
    const scratch = await mkdtemp(join(tmpdir(), 'sluice-redrive-'));
    try {
      const files = await Promise.all(
        keys.map((key, i) => downloadObject(client, bucket, key, join(scratch, `${i}.parquet`))),
      );
      const rows = await rowsOf(files, wanted.reason);
      const quarantined: Quarantined[] = [];
      for (const { location, ...row } of rows) {
        const raw =
          location === null
            ? row.raw
            : await downloadObject(client, bucket, location.replace(`s3://${bucket}/`, ''));
        quarantined.push({ ...row, raw });
      }
      yield { day, quarantined };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
}

async function filesByDay(
  client: S3Client,
  bucket: string,
  folder: string,
  { from, to }: Wanted,
): Promise<[UtcDay, string[]][]> {
  const { paginateListObjectsV2 } = await import('@aws-sdk/client-s3');
  const days = new Map<UtcDay, string[]>();
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: folder })) {
    for (const { Key = '' } of page.Contents ?? []) {
      const [day = '', file = ''] = Key.slice(folder.length).split('/');
      if (file === '' || !isUtcDay(day) || day < from || day > to) continue;
      days.set(day, [...(days.get(day) ?? []), Key]);
    }
  }
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1));
}

interface Row extends Quarantined {
  /** Where the raw is when it was too large for the row. */
  readonly location: string | null;
}

const COLUMNS = `quarantine_id, epoch_ms(received_at), sdk_type, sdk_version, path, raw, raw_encoding, raw_location`;

async function rowsOf(files: readonly string[], reason: QuarantineReason): Promise<Row[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
    const reader = await connection.runAndReadAll(
      `SELECT DISTINCT ON (quarantine_id) ${COLUMNS}
       FROM read_parquet([${list}], union_by_name = true, hive_partitioning = false)
       WHERE reason = $reason ORDER BY quarantine_id, received_at`,
      { reason },
    );
    return reader.getRows().map(([id, receivedAt, sdkType, sdkVersion, path, raw, encoding, location]) => ({
      quarantineId: String(id),
      receivedAt: Number(receivedAt),
      reason,
      sdkType: text(sdkType),
      sdkVersion: text(sdkVersion),
      path: text(path) ?? '',
      raw: typeof raw === 'string' ? Buffer.from(raw, encoding === 'base64' ? 'base64' : 'utf8') : null,
      location: text(location),
    }));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
