import { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Source } from '../config/sourcesSchema.ts';
import type { CustomerBucket } from '../ingest/drop/CustomerBucket.ts';
import { SourceError } from '../ingest/SourceError.ts';
import { assumedRole } from './assumedRole.ts';
import { stsClient } from './stsClient.ts';

/** As `--expected-bucket-owner`: a bucket that has come into other hands refuses every call. */
type CustomersBucket = Pick<Source, 'name' | 'bucket' | 'owner'>;

const clients = new Map<string, S3Client>();

/**
 * A source's bucket by a client of its own: in its region, by default the function's, and by its role if it has one.
 * Clients are kept, so that a warm function neither connects nor assumes a role anew.
 */
export function customerBucket(
  source: Pick<Source, 'name' | 'bucket' | 'owner' | 'region' | 'role'>,
): CustomerBucket {
  const client = clients.get(source.name) ?? makeClient(source);
  clients.set(source.name, client);
  return bucketThrough(client, source);
}

function makeClient({ name, region, role }: Pick<Source, 'name' | 'region' | 'role'>): S3Client {
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(role === undefined ? {} : { credentials: assumedRole(stsClient(), role, `sluice-${name}`) }),
    maxAttempts: 4,
    // A bucket of another region is refused by name: the configuration says which region is meant.
    followRegionRedirects: false,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
}

/** A source's bucket through a given client. */
export function bucketThrough(client: S3Client, { bucket, owner }: CustomersBucket): CustomerBucket {
  const place = { Bucket: bucket, ExpectedBucketOwner: owner };
  return {
    async list({ prefix, startAfter, next }) {
      const answer = await client
        .send(
          new ListObjectsV2Command({
            ...place,
            Prefix: prefix,
            ...(next === undefined ? { StartAfter: startAfter } : { ContinuationToken: next }),
          }),
        )
        .catch((error: unknown) => {
          throw sourceError(error, `${bucket}/${prefix}`);
        });
      return {
        objects: (answer.Contents ?? []).flatMap(({ Key, Size, ETag, LastModified, StorageClass }) =>
          Key === undefined
            ? []
            : [
                {
                  key: Key,
                  size: Size ?? 0,
                  eTag: ETag ?? '',
                  lastModified: LastModified ?? new Date(0),
                  storageClass: StorageClass,
                },
              ],
        ),
        next: answer.IsTruncated === true ? answer.NextContinuationToken : undefined,
      };
    },

    async read({ key, eTag }, range) {
      try {
        const { Body } = await client.send(
          new GetObjectCommand({
            ...place,
            Key: key,
            IfMatch: eTag,
            ...(range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` }),
          }),
        );
        if (!(Body instanceof Readable)) throw new TypeError(`S3 answered no stream for ${key}.`);
        return Body;
      } catch (error) {
        if (error instanceof S3ServiceException && CHANGED.has(error.name)) return null;
        throw sourceError(error, `${bucket}/${key}`);
      }
    },
  };
}

/** Of a GET with `If-Match`: it is another by now, or gone. */
const CHANGED: ReadonlySet<string> = new Set(['PreconditionFailed', 'NoSuchKey', 'NotFound']);

const CODES: Readonly<Record<string, keyof typeof SourceError.entries>> = {
  AccessDenied: 'SLUICE_SOURCE_ACCESS_DENIED',
  AllAccessDisabled: 'SLUICE_SOURCE_ACCESS_DENIED',
  InvalidAccessKeyId: 'SLUICE_SOURCE_ACCESS_DENIED',
  SignatureDoesNotMatch: 'SLUICE_SOURCE_ACCESS_DENIED',
  'KMS.DisabledException': 'SLUICE_SOURCE_KEY_DENIED',
  'KMS.NotFoundException': 'SLUICE_SOURCE_KEY_DENIED',
  'KMS.KMSInvalidStateException': 'SLUICE_SOURCE_KEY_DENIED',
  NoSuchBucket: 'SLUICE_SOURCE_BUCKET_MISSING',
  PermanentRedirect: 'SLUICE_SOURCE_REGION_WRONG',
  TemporaryRedirect: 'SLUICE_SOURCE_REGION_WRONG',
  AuthorizationHeaderMalformed: 'SLUICE_SOURCE_REGION_WRONG',
  IllegalLocationConstraintException: 'SLUICE_SOURCE_REGION_WRONG',
  InvalidObjectState: 'SLUICE_SOURCE_OBJECT_ARCHIVED',
};

/** What S3 said, in our words. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function sourceError(error: unknown, what: string): Error {
  if (error instanceof SourceError) return error;
  if (!(error instanceof Error)) return new TypeError(String(error));
  if (error instanceof TypeError) return error;
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  const code =
    // KMS's refusal comes as S3's own, and only its sentence tells: "not authorized to perform: kms:Decrypt".
    error.name === 'AccessDenied' && /kms:/i.test(error.message)
      ? 'SLUICE_SOURCE_KEY_DENIED'
      : (CODES[error.name] ?? (status === 301 ? 'SLUICE_SOURCE_REGION_WRONG' : undefined));
  return new SourceError(code ?? 'SLUICE_SOURCE_UNAVAILABLE', `${what}: ${error.name}.`, { cause: error });
}
