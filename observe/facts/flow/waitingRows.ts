import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { s3RangedObject } from '../../../lib/aws/s3RangedObject.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { errorName } from '../../../lib/base/errors.ts';
import { isJsonObject } from '../../../lib/base/json.ts';
import { readErrorLine, splitRecord } from '../../../lib/landing/adopt/failedRecords.ts';
import { readOverflow } from '../../../lib/landing/adopt/overflow.ts';
import type { RangedObject } from '../../../lib/landing/frames/RecordWalker.ts';
import { readFrames } from '../../../lib/landing/frames/readLanded.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import {
  ERRORS_FOLDER,
  type ErrorKey,
  LANDING_FOLDER,
  landingKind,
  OVERFLOW_FOLDER,
  PARKED_FOLDER,
  parseErrorKey,
  parseOverflowKey,
} from '../../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../deployment.ts';

/** Objects that are read. An outage of hours can leave more; the answer then says that it is incomplete. */
const MOST_OBJECTS = 10_000;
/** Bytes of the landing, and of what the writer parked, that are read: ten times as many when they are decoded. */
const MOST_LANDED_BYTES = 536_870_912;
/** Objects read at the same time. */
const AT_ONCE = 8;

/** Where a row waits that is neither in a buffer nor in a table. */
export type WaitingFolder = 'landing' | 'parked';

/** Their prefixes in the bucket. What release 0.2 left in two others is adopted into the landing within minutes. */
export const WAITING_FOLDERS = {
  landing: [LANDING_FOLDER, OVERFLOW_FOLDER, ERRORS_FOLDER],
  parked: [PARKED_FOLDER],
} as const satisfies Readonly<Record<WaitingFolder, readonly string[]>>;

const FOLDERS = (['landing', 'parked'] as const).flatMap((folder) =>
  WAITING_FOLDERS[folder].map((prefix) => ({ folder, prefix })),
);

/** A row in an object that waits. */
export interface WaitingRow {
  readonly folder: WaitingFolder;
  readonly key: string;
  /** When the object was written, epoch milliseconds. */
  readonly writtenAt: number;
  /** Its table. */
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
 * Reads the rows that `wanted` selects of all objects that are not in tables yet. Objects that are removed meanwhile are in
 * tables, and are left out.
 *
 * @throws What S3's client throws; the reason of the signal.
 */
export async function readWaitingRows(
  { s3, config: { bucket }, signal }: Pick<Deployment, 's3' | 'config' | 'signal'>,
  wanted: (row: WaitingRow['row'], kind: TableKind) => boolean,
): Promise<WaitingRows> {
  const rows: WaitingRow[] = [];
  let unreadObjects = 0;
  let [read, landedBytes] = [0, 0];
  for (const { folder, prefix: Prefix } of FOLDERS) {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix })) {
      const objects = Contents.flatMap(({ Key = '', LastModified, Size: size = 0, ETag: eTag = '' }) => {
        const own = Key.slice(folder === 'parked' ? PARKED_FOLDER.length : 0);
        const error = parseErrorKey(own);
        const overflow = parseOverflowKey(own);
        const landing = landingKind(own);
        // The records that a list names are objects of their own.
        const isLanded = landing !== null && landing !== 'list';
        if (overflow === null && error === null && !isLanded) return [];
        const landed = isLanded ? { Bucket: bucket, Key, size, eTag } : null;
        return [{ key: Key, overflow, error, landed, writtenAt: LastModified?.getTime() ?? 0 }];
      });
      const taken = objects.slice(0, Math.max(0, MOST_OBJECTS - read)).filter(({ landed }) => {
        if (landed === null) return true;
        landedBytes += landed.size;
        return landedBytes <= MOST_LANDED_BYTES;
      });
      read += taken.length;
      unreadObjects += objects.length - taken.length;
      await mapLimit(taken, AT_ONCE, async ({ key, overflow, error, landed, writtenAt }) => {
        signal?.throwIfAborted();
        const errorType = error === null ? {} : { errorType: error.outputType };
        const take = ({ kind, documents }: TableRows) => {
          for (const document of documents) {
            const row = parseRow(document);
            if (row === undefined || !wanted(row, kind)) continue;
            rows.push({ folder, key, writtenAt, kind, row, ...errorType });
          }
        };
        if (landed !== null) {
          if (!(await readLanded(s3RangedObject(s3, landed, signal), take))) unreadObjects += 1;
          return;
        }
        const body = await readObject(s3, bucket, key);
        if (body === undefined) return;
        const found = overflow === null ? errorRows(body, error) : overflowRows(body, overflow);
        if (found === null) unreadObjects += 1;
        found?.forEach(take);
      });
    }
  }
  return { rows, unreadObjects };
}

async function readObject(
  s3: Deployment['s3'],
  Bucket: string,
  Key: string,
): Promise<Uint8Array | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return await Body?.transformToByteArray();
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    throw error;
  }
}

/** Gives rows on frame by frame. @returns Whether all of the object was read. */
async function readLanded(object: RangedObject, take: (rows: TableRows) => void): Promise<boolean> {
  let isWhole = true;
  try {
    for await (const frame of readFrames(object))
      if ('error' in frame) isWhole = false;
      else take({ kind: frame.table, documents: frame.rows });
  } catch (error) {
    // An object that is gone is in the tables. A replaced object fails the precondition.
    if (errorName(error) === 'NoSuchKey') return true;
    if (errorName(error) !== 'PreconditionFailed') throw error;
    isWhole = false;
  }
  return isWhole;
}

/** Rows of one table. */
interface TableRows {
  readonly kind: TableKind;
  readonly documents: readonly string[];
}

function overflowRows(body: Uint8Array, kind: TableKind): readonly TableRows[] | null {
  const documents = readOverflow(body);
  return documents === null ? null : [{ kind, documents }];
}

function errorRows(body: Uint8Array, error: ErrorKey | null): readonly TableRows[] {
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
