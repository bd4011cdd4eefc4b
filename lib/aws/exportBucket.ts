import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { customerSession } from '../access/sessionPolicies.ts';
import { mapLimit } from '../base/concurrency.ts';
import { anyVersion, PAGE_OBJECTS } from '../base/ObjectStore.ts';
import { counted } from '../base/text.ts';
import { isUtcDay } from '../base/time.ts';
import { ExportError } from '../export/ExportError.ts';
import {
  MOST_FOLDER_PAGES,
  MOST_TARGET_PAGES,
  MOST_UPLOAD_PAGES,
  PARALLEL_ABORTS,
} from '../export/limits.ts';
import type { TargetBucket } from '../export/TargetBucket.ts';
import {
  type Attempts,
  CatalogCallError,
  OUT_OF_TIME,
  outOfTime,
  type Page,
  readPages,
} from '../landing/catalog/catalogCalls.ts';
import type { Export } from '../schema/exports.ts';
import { exportFolder, isExportedFile } from '../tables/exportKeys.ts';
import { PARQUET_MEDIA_TYPE } from '../tables/objectKeys.ts';
import { customerClient } from './customerClient.ts';
import { bucketRefusal, type Refusal, refusalOf } from './customerRefusal.ts';
import {
  type Destination,
  MOST_PARTS,
  multipartUpload,
  PART_BYTES,
  type UploadedPart,
} from './multipartUpload.ts';
import type { OwnSession } from './ownSession.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';
import { encryptedBy, type WrittenAs } from './writtenAs.ts';

/** Milliseconds for the answer to one attempt, which sends at most a part of 16 MiB. */
const ANSWER_MS = 60_000;

/**
 * The bucket of an export with its own client. A customer's role limits the client to the export's folder.
 *
 * @param by The calling session. Default: the function's role.
 */
export function exportBucket(
  exported: Pick<Export, 'name' | 'target'>,
  attempts: Attempts,
  by?: OwnSession,
): TargetBucket {
  const { name, target } = exported;
  const client = customerClient(target, {
    sessionName: `sluice-export-${name}`,
    sessionPolicy: customerSession(target, exportFolder(exported), 'write'),
    answerMs: ANSWER_MS,
    by,
  });
  return exportBucketFrom(client, target, attempts);
}

/**
 * The bucket of an export with a given client, which retries by itself.
 *
 * @param attempts No page of a listing is asked for after its deadline.
 */
export function exportBucketFrom(
  client: S3Client,
  target: Pick<Export['target'], 'bucket' | 'owner' | 'kmsKeyArn' | 'encryption' | 'role'>,
  attempts: Attempts,
): TargetBucket {
  const { bucket, owner } = target;
  const place = { Bucket: bucket, ExpectedBucketOwner: owner };
  const written = writtenAs(target);
  const store = s3ObjectStore(client, bucket, owner, written);
  /** Makes a call, and converts its error. @param what The key or the folder of the call. */
  const asking = async <Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await ask();
    } catch (error) {
      throw await targetError(error, client, target, what);
    }
  };
  /** Reads a listing to its end. @param what What is listed: `object`. */
  const listAll = <Item>(
    folder: string,
    { mostPages, what }: { readonly mostPages: number; readonly what: string },
    readPage: (token: string | undefined) => Promise<Page<Item>>,
  ): Promise<readonly Item[]> =>
    asking(folder, async () => {
      const items = await readPages(attempts, mostPages, readPage);
      if (items !== undefined) return items;
      const detail = `${bucket}/${folder}: more than ${counted(mostPages * PAGE_OBJECTS, what)}.`;
      throw new ExportError('SLUICE_EXPORT_TOO_MANY_FILES', detail);
    });

  return {
    async list(prefix) {
      const most = { mostPages: MOST_TARGET_PAGES, what: 'object' };
      const objects = await listAll(prefix, most, (token) => store.listPage(prefix, { token }));
      return new Map(objects.map(({ key, size }) => [key, size]));
    },

    async listDays(folder) {
      const most = { mostPages: MOST_FOLDER_PAGES, what: 'folder' };
      const folders = await listAll(folder, most, (token) => store.listFolders(folder, { token }));
      return new Set(folders.filter(isUtcDay));
    },

    write: (key, bytes, size) =>
      asking(key, async () => {
        const partBytes = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS));
        const parts = readParts(bytes, partBytes, size);
        if (size > partBytes) return await uploadParts(client, { ...place, Key: key }, written, parts);
        for await (const whole of parts) await store.write(key, whole, { contentType: PARQUET_MEDIA_TYPE });
      }),

    writeJson: (key, text) => asking(key, async () => void (await store.write(key, text))),

    async remove(keys) {
      const { left } = await asking(keys[0] ?? '', () => store.removeAll(anyVersion(keys)));
      const [first] = left;
      const refusal = refusalOf(first?.why ?? '');
      if (first !== undefined)
        throw new ExportError(
          refusal === 'access' ? 'SLUICE_EXPORT_DELETE_DENIED' : CODES[refusal],
          `${bucket}/${first.key}: ${first.why}, as ${left.length} of ${keys.length} to be deleted.`,
        );
    },

    async abortUploads(prefix) {
      try {
        return await abortUploads(client, place, prefix, attempts);
      } catch (error) {
        // The bucket's lifecycle can also abort uploads. A missing permission to write is reported by the write itself.
        if (error instanceof S3ServiceException && error.name === 'AccessDenied') return null;
        throw await targetError(error, client, target, prefix);
      }
    },
  };
}

/**
 * How objects are written. In a bucket with ACLs, the default before April 2023, an object belongs to the account that
 * writes it, and the bucket's owner can't read it without the ACL. Buckets without ACLs accept it. A role in the owner's
 * account needs none.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
 */
function writtenAs(target: Pick<Export['target'], 'owner' | 'kmsKeyArn' | 'encryption' | 'role'>): WrittenAs {
  const encryption = encryptedBy(target);
  const isOthers = target.role === undefined && target.owner !== undefined;
  return isOthers ? { ...encryption, ACL: 'bucket-owner-full-control' } : encryption;
}

/** Uploads a file in parts, one after the other. */
function uploadParts(
  client: S3Client,
  destination: Destination,
  written: WrittenAs,
  parts: AsyncIterable<Uint8Array>,
): Promise<void> {
  const attributes = { ...written, ContentType: PARQUET_MEDIA_TYPE };
  return multipartUpload(client, destination, attributes, async (send) => {
    const sent: UploadedPart[] = [];
    for await (const part of parts) sent.push(await send(sent.length + 1, part));
    return sent;
  });
}

/** Aborts uploads of exported files that an earlier run began, while there is time. @returns How many. */
async function abortUploads(
  client: S3Client,
  place: { readonly Bucket: string; readonly ExpectedBucketOwner: string | undefined },
  prefix: string,
  attempts: Attempts,
): Promise<number> {
  let aborted = 0;
  let after = {};
  for (let page = 0; page < MOST_UPLOAD_PAGES && outOfTime(attempts) === undefined; page += 1) {
    const list = new ListMultipartUploadsCommand({ ...place, Prefix: prefix, ...after });
    const { Uploads = [], IsTruncated, NextKeyMarker, NextUploadIdMarker } = await client.send(list);
    // Other uploads belong to other programs.
    const ours = Uploads.filter(({ Key = '' }) => isExportedFile(Key.slice(prefix.length)));
    await mapLimit(ours, PARALLEL_ABORTS, ({ Key, UploadId }) =>
      client.send(new AbortMultipartUploadCommand({ ...place, Key, UploadId })),
    );
    aborted += ours.length;
    if (IsTruncated !== true || Uploads.length === 0) break;
    after = { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker };
  }
  return aborted;
}

/** The code of each refusal. */
const CODES: Readonly<Record<Refusal, keyof typeof ExportError.entries>> = {
  access: 'SLUICE_EXPORT_ACCESS_DENIED',
  owner: 'SLUICE_EXPORT_OWNER_DIFFERS',
  key: 'SLUICE_EXPORT_KEY_DENIED',
  role: 'SLUICE_EXPORT_ROLE_DENIED',
  bucket: 'SLUICE_EXPORT_BUCKET_MISSING',
  region: 'SLUICE_EXPORT_REGION_WRONG',
  // Only reads of archived objects fail so, and an export does not read from this bucket.
  archived: 'SLUICE_EXPORT_TARGET_UNAVAILABLE',
  unavailable: 'SLUICE_EXPORT_TARGET_UNAVAILABLE',
};

/** The error of a call that failed. @param what The key or the folder of the call. */
async function targetError(
  error: unknown,
  client: S3Client,
  target: Pick<Export['target'], 'bucket' | 'owner'>,
  what: string,
): Promise<unknown> {
  if (error instanceof ExportError) return error;
  if (error instanceof CatalogCallError && error.code === OUT_OF_TIME)
    return new ExportError('SLUICE_EXPORT_OUT_OF_TIME', `${target.bucket}/${what}.`, { cause: error });
  const found = await bucketRefusal(error, client, target, what);
  return found === null ? error : new ExportError(CODES[found.refusal], `${found.detail}.`, { cause: error });
}

/**
 * Splits a stream into parts of one size, the last one shorter. The last part is returned only after the stream has ended
 * with the announced number of bytes.
 *
 * @throws ExportError `SLUICE_EXPORT_SOURCE_UNAVAILABLE` for any other number.
 */
async function* readParts(
  bytes: AsyncIterable<Uint8Array>,
  partBytes: number,
  size: number,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let pieceBytes = 0;
  let seen = 0;
  for await (const piece of bytes) {
    seen += piece.byteLength;
    if (seen > size) break;
    for (let from = 0; from < piece.byteLength; ) {
      const taken = piece.subarray(from, from + partBytes - pieceBytes);
      pieces.push(taken);
      pieceBytes += taken.byteLength;
      from += taken.byteLength;
      if (pieceBytes < partBytes || (seen === size && from === piece.byteLength)) continue;
      yield Buffer.concat(pieces);
      pieces = [];
      pieceBytes = 0;
    }
  }
  if (seen !== size)
    throw new ExportError('SLUICE_EXPORT_SOURCE_UNAVAILABLE', `${seen} of ${size} bytes received.`);
  yield Buffer.concat(pieces);
}
