import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { customerSession } from '../access/sessionPolicies.ts';
import { mapLimit } from '../base/concurrency.ts';
import { anyVersion } from '../base/ObjectStore.ts';
import { counted } from '../base/text.ts';
import { isUtcDay } from '../base/time.ts';
import { ExportError } from '../export/ExportError.ts';
import type { TargetBucket } from '../export/exportDay.ts';
import {
  MOST_FOLDER_PAGES,
  MOST_TARGET_PAGES,
  MOST_UPLOAD_PAGES,
  PARALLEL_ABORTS,
} from '../export/limits.ts';
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
import { customerClient, isOfAnotherOwner, type Refusal, refusalOf, s3Refusal } from './customerClient.ts';
import {
  MOST_PARTS,
  multipartUpload,
  PARQUET_MEDIA_TYPE,
  PART_BYTES,
  type UploadedPart,
} from './multipartUpload.ts';
import type { OwnSession } from './ownSession.ts';
import { encryptedBy, s3ObjectStore } from './s3ObjectStore.ts';

/** Time limit of one call, milliseconds. A call sends at most a part of 16 MiB. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Objects or folders of one page of a listing, at most. */
const PAGE_ITEMS = 1_000;

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
    requestTimeout: REQUEST_TIMEOUT_MS,
    by,
  });
  return exportBucketFrom(client, target, attempts);
}

/**
 * The bucket of an export with a given client, which retries by itself.
 *
 * @param attempts Only its deadline is used: nothing is listed after it.
 */
export function exportBucketFrom(
  client: S3Client,
  target: Pick<Export['target'], 'bucket' | 'owner' | 'kmsKeyArn' | 'encryption' | 'role'>,
  attempts: Attempts,
): TargetBucket {
  const { bucket, owner, role } = target;
  const place = { Bucket: bucket, ExpectedBucketOwner: owner };
  // In a bucket with ACLs, the default before April 2023, an object belongs to the account that writes it, and the
  // bucket's owner can't read it without this ACL. Buckets without ACLs accept it. A role in the owner's account needs
  // none.
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
  const access =
    role === undefined && owner !== undefined ? ({ ACL: 'bucket-owner-full-control' } as const) : {};
  const written = { ...encryptedBy(target), ...access };
  const store = s3ObjectStore(client, bucket, owner, written);
  /** Makes a call, and converts its error. @param what The key or the folder of the call. */
  const asking = async <Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await ask();
    } catch (error) {
      throw await refused(error, what);
    }
  };
  /** The error of a refused call. @param what The key or the folder of the call. */
  const refused = async (error: unknown, what: string) => {
    const known = targetError(error, `${bucket}/${what}`);
    const isDenied = known instanceof ExportError && known.code === CODES.access;
    const folder = what.slice(0, what.lastIndexOf('/') + 1);
    if (!isDenied || !(await isOfAnotherOwner(client, target, folder))) return known;
    return new ExportError(CODES.owner, `${bucket} is not of ${owner}.`, { cause: error });
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
      const detail = `${bucket}/${folder}: more than ${counted(mostPages * PAGE_ITEMS, what)}.`;
      throw new ExportError('SLUICE_EXPORT_TOO_MANY_FILES', detail);
    });
  /** Writes a file with one call, or in parts if it is larger than a part. */
  const writeFile = async (key: string, bytes: AsyncIterable<Uint8Array>, size: number): Promise<void> => {
    const partBytes = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS));
    const parts = readParts(bytes, partBytes, size);
    const contentType = PARQUET_MEDIA_TYPE;
    if (size <= partBytes) {
      for await (const whole of parts) await store.write(key, whole, { contentType });
      return;
    }
    const attributes = { ...written, ContentType: contentType };
    await multipartUpload(client, { ...place, Key: key }, attributes, async (send) => {
      const sent: UploadedPart[] = [];
      for await (const part of parts) sent.push(await send(sent.length + 1, part));
      return sent;
    });
  };

  return {
    async list(prefix) {
      const most = { mostPages: MOST_TARGET_PAGES, what: 'object' };
      const objects = await listAll(prefix, most, (token) => store.listPage(prefix, { token }));
      return new Map(objects.map(({ key, size }) => [key, size]));
    },

    async listDays(folder) {
      const most = { mostPages: MOST_FOLDER_PAGES, what: 'folder' };
      const folders = await listAll(folder, most, async (token) => {
        const page = await store.listPage(folder, { token, folders: true });
        return { items: page.folders, next: page.next };
      });
      return new Set(folders.filter(isUtcDay));
    },

    write: (key, bytes, size) => asking(key, () => writeFile(key, bytes, size)),

    writeJson: (key, text) => asking(key, async () => void (await store.write(key, text))),

    async remove(keys) {
      const { left } = await asking(keys[0] ?? '', () => store.removeAll(anyVersion(keys)));
      const [first] = left;
      if (first !== undefined)
        throw new ExportError(
          CODES[refusalOf(first.why)],
          `${bucket}/${first.key}: ${first.why}, as ${left.length} of ${keys.length} to be deleted.`,
        );
    },

    async abortUploads(prefix) {
      try {
        return await abortUploads(client, place, prefix, attempts);
      } catch (error) {
        // The bucket's lifecycle can also abort uploads. A missing permission to write is reported by the write itself.
        if (error instanceof S3ServiceException && error.name === 'AccessDenied') return null;
        throw targetError(error, `${bucket}/${prefix}`);
      }
    },
  };
}

/**
 * Aborts uploads of exported files that an earlier run began, while there is time.
 *
 * @returns How many it has aborted.
 */
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

/** Converts an error of S3 or STS. */
function targetError(error: unknown, what: string): Error {
  if (error instanceof ExportError) return error;
  if (error instanceof CatalogCallError && error.code === OUT_OF_TIME)
    return new ExportError('SLUICE_EXPORT_OUT_OF_TIME', `${what}.`, { cause: error });
  const refused = s3Refusal(error);
  if (refused === null) return error instanceof Error ? error : new TypeError(String(error));
  return new ExportError(CODES[refused.refusal], `${what}: ${refused.detail}.`, { cause: error });
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
