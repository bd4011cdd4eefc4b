import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteText } from '../../lib/base/sql.ts';
import type { Deployment } from '../deployment.ts';

/** Files that are larger are not fetched only to name a row group: a file of Firehose has one buffer, at most 128 MiB. */
const MOST_BYTES = 256 * 1_048_576;

/** A file, and the row group of a row in it. */
export interface FileOfRow {
  /** When it was written, epoch milliseconds; undefined when it is gone. */
  readonly writtenAt: number | undefined;
  /** Number of the row group, from 0, and of all row groups; undefined when the file was not read. */
  readonly rowGroup?: { readonly index: number; readonly count: number };
}

/**
 * When a file was written, and in which of its row groups an event is.
 *
 * @param location `s3://<bucket>/<key>`, from Athena's "$path".
 * @throws What S3's client throws.
 */
export async function readFileOfRow(
  { s3 }: Pick<Deployment, 's3'>,
  location: string,
  eventId: string,
): Promise<FileOfRow> {
  const head = await s3.send(new HeadObjectCommand(objectOf(location))).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NotFound') return undefined;
    throw error;
  });
  const writtenAt = head?.LastModified?.getTime();
  if (head === undefined || (head.ContentLength ?? 0) > MOST_BYTES) return { writtenAt };
  const rowGroup = await openParquet(s3, location, (connection, path) =>
    findRowGroup(connection, path, eventId),
  );
  return rowGroup === undefined ? { writtenAt } : { writtenAt, rowGroup };
}

function objectOf(location: string): { readonly Bucket: string; readonly Key: string } {
  const [, Bucket = '', Key = ''] = /^s3a?:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  return { Bucket, Key };
}

/**
 * Fetches a file of ours and opens DuckDB beside it.
 *
 * @param location `s3://<bucket>/<key>`
 * @returns What `work` makes of the file's path; undefined if the file is gone.
 * @throws What S3's client and `work` throw.
 */
export async function openParquet<Result>(
  s3: Deployment['s3'],
  location: string,
  work: (connection: DuckDBConnection, path: string) => Promise<Result>,
): Promise<Result | undefined> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-trace-'));
  try {
    const path = join(scratch, 'rows.parquet');
    const { Body } = await s3.send(new GetObjectCommand(objectOf(location)));
    if (!(Body instanceof Readable)) return undefined;
    await pipeline(Body, createWriteStream(path));
    const instance = await DuckDBInstance.create(':memory:', { temp_directory: scratch });
    const connection = await instance.connect();
    try {
      return await work(connection, path);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function findRowGroup(
  connection: DuckDBConnection,
  file: string,
  eventId: string,
): Promise<FileOfRow['rowGroup']> {
  const path = quoteText(file);
  const groups = await connection.runAndReadAll(
    `SELECT row_group_id, any_value(row_group_num_rows) FROM parquet_metadata(${path}) GROUP BY 1 ORDER BY 1`,
  );
  const row = await connection.runAndReadAll(
    `SELECT min(file_row_number) FROM read_parquet(${path}, file_row_number = true) WHERE event_id = $1`,
    [eventId],
  );
  const [[number = null] = []] = row.getRows();
  const sizes = groups.getRows().map(([, size]) => Number(size));
  if (number === null) return undefined;
  let left = Number(number);
  const index = sizes.findIndex((size) => {
    left -= size;
    return left < 0;
  });
  return index < 0 ? undefined : { index, count: sizes.length };
}
