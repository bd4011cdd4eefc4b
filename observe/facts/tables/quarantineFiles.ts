import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { SluiceError } from '../../../lib/base/errors.ts';
import { type QueryRow, quoteText } from '../../../lib/base/sql.ts';
import { sum } from '../../../lib/base/sum.ts';
import { counted } from '../../../lib/base/text.ts';
import { DAY_MS, utcDay } from '../../../lib/base/time.ts';
import { isDataFile } from '../../../lib/tables/objectKeys.ts';
import { tableFolder } from '../../../lib/tables/tableFolders.ts';
import { type Deployment, ObserveError } from '../../deployment.ts';
import { explainAwsError } from '../../explainAwsError.ts';
import { listFolder } from '../flow/waitingObjects.ts';
import {
  type QuarantineCount,
  quarantineCounts,
  receivedCounts,
  senderColumns,
  topSendersSql,
} from './quarantineSenders.ts';
import { timestampText } from './tracedRows.ts';

/** The most bytes of quarantine's files that are read: 256 MiB. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Files that are fetched at the same time. */
const PARALLEL_FILES = 8;

/** The parts of a deployment that are asked. */
type Open = Pick<Deployment, 's3' | 'config' | 'now'>;

/**
 * What quarantine has of 24 hours by its files in S3, while Athena does not answer. It counts all of them or none.
 *
 * @param mostBytes The most bytes of files that are read. Default: 256 MiB.
 * @throws ObserveError `SLUICE_OBSERVE_FILES_UNREAD`; what S3's client throws.
 */
export async function countQuarantineFiles(
  open: Open,
  mostBytes = MOST_BYTES,
): Promise<readonly QuarantineCount[]> {
  const { config, now } = open;
  const days = [utcDay(now - DAY_MS), utcDay(now)];
  const listings = await Promise.all(
    days.map((day) => listFolder(open, `${tableFolder(config, 'quarantine')}${day}/`)),
  );
  const recent = listings
    .flatMap(({ objects }) => objects)
    .filter((object) => isDataFile(object) && object.modifiedAt >= now - DAY_MS);
  const bytes = sum(recent.map(({ size }) => size));
  const isCut = listings.some(({ hasMore }) => hasMore);
  if (isCut || bytes > mostBytes)
    throw new ObserveError(
      'SLUICE_OBSERVE_FILES_UNREAD',
      `The last 24 hours have ${isCut ? 'at least ' : ''}${counted(recent.length, 'file')} of ${bytes} bytes; ${mostBytes} bytes are read at most.`,
    );
  if (recent.length === 0) return [];
  const keys = recent.map(({ key }) => key);
  try {
    return quarantineCounts(receivedCounts(await askFiles(open, keys)));
  } catch (error) {
    if (error instanceof SluiceError || explainAwsError(error) !== undefined) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ObserveError('SLUICE_OBSERVE_FILES_UNREAD', why, { cause: error });
  }
}

/** Asks DuckDB about files of quarantine, which are fetched for it. */
async function askFiles({ s3, config, now }: Open, keys: readonly string[]): Promise<readonly QueryRow[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-quarantine-'));
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: scratch });
  const connection = await instance.connect();
  try {
    const files = await mapLimit(keys, PARALLEL_FILES, async (key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: config.bucket, Key: key }));
      const file = join(scratch, key.replaceAll('/', '-'));
      await writeFile(file, (await Body?.transformToByteArray()) ?? new Uint8Array());
      return quoteText(file);
    });
    const grouped = `SELECT 'quarantine' AS "kind", "reason" AS "why", ${senderColumns.join(', ')},
      count(*) AS "row_count", 0 AS "recent", min("received_at") AS "first_at", max("received_at") AS "last_at"
    FROM read_parquet([${files.join(', ')}], union_by_name = true, hive_partitioning = false)
    WHERE "received_at" >= ${timestampText(now - DAY_MS)}
    GROUP BY ALL`;
    const answer = await connection.runAndReadAll(topSendersSql(grouped, ['kind', 'why'], ['recent']));
    return answer.getRowObjects().map(textsOf);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A row of DuckDB with texts, as Athena answers it. */
function textsOf(row: Readonly<Record<string, unknown>>): QueryRow {
  const texts = Object.entries(row).map(
    ([name, value]) => [name, value === null ? null : String(value)] as const,
  );
  return Object.fromEntries(texts);
}
