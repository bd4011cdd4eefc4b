import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { quoteText } from '../../lib/base/sql.ts';
import type { Place } from '../place.ts';

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
  { s3 }: Pick<Place, 's3'>,
  location: string,
  eventId: string,
): Promise<FileOfRow> {
  const [, Bucket = '', Key = ''] = /^s3a?:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key })).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NotFound') return undefined;
    throw error;
  });
  const writtenAt = head?.LastModified?.getTime();
  if (head === undefined || (head.ContentLength ?? 0) > MOST_BYTES) return { writtenAt };
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-trace-'));
  try {
    const file = join(scratch, 'rows.parquet');
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    if (!(Body instanceof Readable)) return { writtenAt };
    await pipeline(Body, createWriteStream(file));
    const rowGroup = await findRowGroup(file, eventId);
    return rowGroup === undefined ? { writtenAt } : { writtenAt, rowGroup };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function findRowGroup(file: string, eventId: string): Promise<FileOfRow['rowGroup']> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
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
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
