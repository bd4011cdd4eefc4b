import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { isJsonObject } from '../../lib/base/json.ts';
import { type OverflowRows, readOverflow } from '../../lib/landing/delivery/overflow.ts';
import { readErrorLine, splitRecord } from '../../lib/landing/redrive/failedRecords.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import {
  ERRORS_FOLDER,
  type ErrorKey,
  OVERFLOW_FOLDER,
  PARKED_FOLDER,
  parseErrorKey,
  parseOverflowKey,
} from '../../lib/tables/objectKeys.ts';
import type { Place } from '../place.ts';

/** Objects that are read. An outage of hours can leave more; the answer then says that it is incomplete. */
const MOST_OBJECTS = 10_000;
/** Objects read at the same time. */
const AT_ONCE = 8;

/** Where a row waits that is neither in a buffer nor in a table. */
export type WaitingFolder = 'overflow' | 'errors' | 'parked';

/** Their prefixes in the bucket. */
export const WAITING_FOLDERS = {
  overflow: OVERFLOW_FOLDER,
  errors: ERRORS_FOLDER,
  parked: PARKED_FOLDER,
} as const satisfies Readonly<Record<WaitingFolder, string>>;

const FOLDERS = ['overflow', 'errors', 'parked'] as const satisfies readonly WaitingFolder[];

/** A row in an object under `overflow/`, `errors/` or `parked/`. */
export interface WaitingRow {
  readonly folder: WaitingFolder;
  readonly key: string;
  /** When the object was written, epoch milliseconds. */
  readonly writtenAt: number;
  /** The stream that did not accept or deliver it. */
  readonly kind: TableKind;
  /** Firehose's error output type, of a row that it could not deliver. */
  readonly errorType?: string;
  /** The row as it was put on the stream. */
  readonly row: Readonly<Record<string, unknown>>;
}

/** Rows that wait, and whether all objects were read. */
export interface WaitingRows {
  readonly rows: readonly WaitingRow[];
  /** Objects that could not be read as rows, or were too many. */
  readonly unreadObjects: number;
}

/**
 * Reads the rows that `wanted` selects of all objects that redrive has not delivered. Objects that are removed meanwhile
 * have been delivered, and are left out.
 *
 * @throws What S3's client throws; the reason of the signal.
 */
export async function readWaitingRows(
  { s3, config: { bucket }, signal }: Pick<Place, 's3' | 'config' | 'signal'>,
  wanted: (row: WaitingRow['row'], kind: TableKind) => boolean,
): Promise<WaitingRows> {
  const rows: WaitingRow[] = [];
  let unreadObjects = 0;
  let read = 0;
  for (const folder of FOLDERS) {
    const Prefix = WAITING_FOLDERS[folder];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix })) {
      const objects = Contents.flatMap(({ Key = '', LastModified }) => {
        const own = Key.slice(folder === 'parked' ? PARKED_FOLDER.length : 0);
        const error = parseErrorKey(own);
        const overflow = parseOverflowKey(own);
        if (overflow === null && error === null) return [];
        return [{ key: Key, overflow, error, writtenAt: LastModified?.getTime() ?? 0 }];
      });
      const taken = objects.slice(0, Math.max(0, MOST_OBJECTS - read));
      read += taken.length;
      unreadObjects += objects.length - taken.length;
      await mapLimit(taken, AT_ONCE, async ({ key, overflow, error, writtenAt }) => {
        signal?.throwIfAborted();
        const body = await readObject(s3, bucket, key);
        if (body === undefined) return;
        const found = overflow === null ? errorRows(body, error) : readOverflow(overflow, body);
        if (found === null) unreadObjects += 1;
        const errorType = error === null ? {} : { errorType: error.outputType };
        for (const { kind, documents } of found ?? []) {
          for (const document of documents) {
            const row = parseRow(document);
            if (row === undefined || !wanted(row, kind)) continue;
            rows.push({ folder, key, writtenAt, kind, row, ...errorType });
          }
        }
      });
    }
  }
  return { rows, unreadObjects };
}

async function readObject(s3: Place['s3'], Bucket: string, Key: string): Promise<Uint8Array | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return await Body?.transformToByteArray();
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    throw error;
  }
}

function errorRows(body: Uint8Array, error: ErrorKey | null): OverflowRows {
  if (error === null) return [];
  const { kind, outputType } = error;
  const documents = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => splitRecord(readErrorLine(line, outputType)))
    .map(({ raw }) => Buffer.from(raw).toString('utf8'));
  return [{ kind, documents }];
}

function parseRow(document: string): WaitingRow['row'] | undefined {
  try {
    const row: unknown = JSON.parse(document);
    return isJsonObject(row) ? row : undefined;
  } catch {
    return undefined;
  }
}
