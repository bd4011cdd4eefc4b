import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Export } from '../config/exportsSchema.ts';
import { ExportError } from '../ingest/export/ExportError.ts';
import { MOST_PARTS, PART_BYTES } from '../ingest/export/limits.ts';
import type { TargetBucket } from '../ingest/export/TargetBucket.ts';
import { SourceError } from '../ingest/SourceError.ts';
import { assumedRole } from './assumedRole.ts';
import { partsOf } from './partsOf.ts';
import { stsClient } from './stsClient.ts';

/** Keys of one DeleteObjects. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const DELETE_KEYS = 1_000;
/** The media type of Parquet: https://www.iana.org/assignments/media-types/application/vnd.apache.parquet */
const PARQUET = 'application/vnd.apache.parquet';

const clients = new Map<string, S3Client>();

/**
 * The bucket of an export by a client of its own: in its region, by default the function's, and by its role if it has
 * one. Clients are kept, so that a warm function neither connects nor assumes a role anew.
 */
export function exportBucket({ name, target }: Pick<Export, 'name' | 'target'>): TargetBucket {
  const client = clients.get(name) ?? makeClient(name, target);
  clients.set(name, client);
  return exportBucketThrough(client, target);
}

function makeClient(name: string, { region, role }: Export['target']): S3Client {
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(role === undefined ? {} : { credentials: assumedRole(stsClient(), role, `sluice-export-${name}`) }),
    maxAttempts: 4,
    // A bucket of another region is refused by name: the configuration says which region is meant.
    followRegionRedirects: false,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  });
}

/** The bucket of an export through a given client. */
export function exportBucketThrough(
  client: S3Client,
  { bucket, owner, kmsKeyArn }: Pick<Export['target'], 'bucket' | 'owner' | 'kmsKeyArn'>,
): TargetBucket {
  const place = { Bucket: bucket, ExpectedBucketOwner: owner };
  const encryption =
    kmsKeyArn === undefined
      ? {}
      : ({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyArn, BucketKeyEnabled: true } as const);
  const asking = async <Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await ask();
    } catch (error) {
      throw targetError(error, `${bucket}/${what}`);
    }
  };

  return {
    list: (prefix) =>
      asking(prefix, async () => {
        const sizes = new Map<string, number>();
        const pages = paginateListObjectsV2({ client }, { ...place, Prefix: prefix });
        for await (const { Contents = [] } of pages)
          for (const { Key = '', Size = 0 } of Contents) sizes.set(Key, Size);
        return sizes;
      }),

    write: (key, bytes, size) =>
      asking(key, () => {
        const object = { ...place, Key: key };
        const partBytes = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS));
        const parts = partsOf(bytes, partBytes, size);
        return size <= partBytes
          ? putWhole(client, { ...object, ...encryption, ContentType: PARQUET }, parts)
          : putInParts(client, object, { ...encryption, ContentType: PARQUET }, parts);
      }),

    async writeJson(key, text) {
      const object = { ...place, Key: key, ...encryption, ContentType: 'application/json' };
      await asking(key, () => client.send(new PutObjectCommand({ ...object, Body: text })));
    },

    async remove(keys) {
      for (let from = 0; from < keys.length; from += DELETE_KEYS) {
        const Objects = keys.slice(from, from + DELETE_KEYS).map((Key) => ({ Key }));
        const { Errors = [] } = await asking(Objects[0]?.Key ?? '', () =>
          client.send(new DeleteObjectsCommand({ ...place, Delete: { Objects, Quiet: true } })),
        );
        const [first] = Errors;
        if (first !== undefined)
          throw new ExportError(
            first.Code === 'AccessDenied'
              ? 'SLUICE_EXPORT_ACCESS_DENIED'
              : 'SLUICE_EXPORT_TARGET_UNAVAILABLE',
            `${bucket}/${first.Key}: ${first.Code}, as ${Errors.length} of ${Objects.length} to be deleted.`,
          );
      }
    },

    async abortUploads(prefix) {
      try {
        let aborted = 0;
        let more = true;
        while (more) {
          // From the beginning again: what was listed is gone by then.
          const { Uploads = [], IsTruncated } = await client.send(
            new ListMultipartUploadsCommand({ ...place, Prefix: prefix }),
          );
          for (const { Key, UploadId } of Uploads) {
            await client.send(new AbortMultipartUploadCommand({ ...place, Key, UploadId }));
            aborted += 1;
          }
          more = IsTruncated === true && Uploads.length > 0;
        }
        return aborted;
      } catch (error) {
        // The bucket's lifecycle can end them, too; whoever may not write is told so when it writes.
        if (error instanceof S3ServiceException && error.name === 'AccessDenied') return null;
        throw targetError(error, `${bucket}/${prefix}`);
      }
    },
  };
}

type Object = { readonly Bucket: string; readonly Key: string; readonly ExpectedBucketOwner: string };

async function putWhole(
  client: S3Client,
  object: Object & { readonly ContentType: string },
  parts: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const Body of parts) await client.send(new PutObjectCommand({ ...object, Body }));
}

/** What fails on the way is given up, so that no part stays and costs. */
async function putInParts(
  client: S3Client,
  object: Object,
  attributes: { readonly ContentType: string },
  parts: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...object, ...attributes }));
  const upload = { ...object, UploadId };
  try {
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for await (const Body of parts) {
      const PartNumber = Parts.length + 1;
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

const CODES: Readonly<Record<string, keyof typeof ExportError.entries>> = {
  AccessDenied: 'SLUICE_EXPORT_ACCESS_DENIED',
  AllAccessDisabled: 'SLUICE_EXPORT_ACCESS_DENIED',
  'KMS.DisabledException': 'SLUICE_EXPORT_KEY_DENIED',
  'KMS.NotFoundException': 'SLUICE_EXPORT_KEY_DENIED',
  'KMS.KMSInvalidStateException': 'SLUICE_EXPORT_KEY_DENIED',
  NoSuchBucket: 'SLUICE_EXPORT_BUCKET_MISSING',
  PermanentRedirect: 'SLUICE_EXPORT_REGION_WRONG',
  TemporaryRedirect: 'SLUICE_EXPORT_REGION_WRONG',
  AuthorizationHeaderMalformed: 'SLUICE_EXPORT_REGION_WRONG',
  IllegalLocationConstraintException: 'SLUICE_EXPORT_REGION_WRONG',
};

/** What S3 said, in our words. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function targetError(error: unknown, what: string): Error {
  if (error instanceof ExportError) return error;
  if (error instanceof SourceError) {
    const denied = error.code === 'SLUICE_SOURCE_ROLE_DENIED';
    return new ExportError(
      denied ? 'SLUICE_EXPORT_ROLE_DENIED' : 'SLUICE_EXPORT_TARGET_UNAVAILABLE',
      error.message,
      { cause: error },
    );
  }
  if (!(error instanceof Error) || error instanceof TypeError) return new TypeError(String(error));
  const code =
    // KMS's refusal comes as S3's own, and only its sentence tells: "not authorized to perform: kms:GenerateDataKey".
    error.name === 'AccessDenied' && /kms:/i.test(error.message)
      ? 'SLUICE_EXPORT_KEY_DENIED'
      : CODES[error.name];
  return new ExportError(code ?? 'SLUICE_EXPORT_TARGET_UNAVAILABLE', `${what}: ${error.name}.`, {
    cause: error,
  });
}
