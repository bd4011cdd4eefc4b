import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { errorName } from '../../../lib/base/errors.ts';
import { isJsonObject, parseJson } from '../../../lib/base/json.ts';
import { LandedObject } from '../../../lib/landing/lines/LandedObject.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { isLanded, LANDING_FOLDER } from '../../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../deployment.ts';

/** Objects, and bytes of them, that are read. An outage of hours can leave more; the answer then says that it is incomplete. */
const MOST_OBJECTS = 10_000;
const MOST_BYTES = 536_870_912;
/** Objects read at the same time. */
const AT_ONCE = 4;

/** A row in an object of the landing. */
export interface WaitingRow {
  readonly key: string;
  /** When the object was written, epoch milliseconds. */
  readonly writtenAt: number;
  /** Its table. */
  readonly kind: TableKind;
  readonly row: Readonly<Record<string, unknown>>;
}

/** Rows that wait, and whether all objects were read. */
export interface WaitingRows {
  readonly rows: readonly WaitingRow[];
  /** Objects that could not be read to their end, or were too many. */
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
  let [read, bytes] = [0, 0];
  const listed = { Bucket: bucket, Prefix: LANDING_FOLDER };
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, listed)) {
    const objects = Contents.filter(({ Key = '' }) => isLanded(Key));
    const taken = objects.slice(0, Math.max(0, MOST_OBJECTS - read)).filter(({ Size = 0 }) => {
      bytes += Size;
      return bytes <= MOST_BYTES;
    });
    read += taken.length;
    unreadObjects += objects.length - taken.length;
    await mapLimit(taken, AT_ONCE, async ({ Key: key = '', LastModified }) => {
      signal?.throwIfAborted();
      const body = await readObject(s3, bucket, key);
      if (body === undefined) return;
      const object = new LandedObject(body);
      for (const { kind, json } of object.rows()) {
        const row = parseJson(json);
        if (isJsonObject(row) && wanted(row, kind))
          rows.push({ key, writtenAt: LastModified?.getTime() ?? 0, kind, row });
      }
      if (object.damage !== null) unreadObjects += 1;
    });
  }
  return { rows, unreadObjects };
}

/** The bytes of an object; undefined if there is none. */
async function readObject(
  s3: Deployment['s3'],
  Bucket: string,
  Key: string,
): Promise<Uint8Array | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return await Body?.transformToByteArray();
  } catch (error) {
    if (errorName(error) === 'NoSuchKey') return undefined;
    throw error;
  }
}
