import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import { type ChecksumAlgorithm, checksumAlgorithms } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { USER_METADATA_BYTES } from '../limits.ts';
import type { Bucket } from '../model/Bucket.ts';
import { defaultEncryption, encryptionHeaderNames } from '../model/defaultEncryption.ts';
import {
  type ObjectAttributes,
  plainAttributes,
  type StoredObject,
  storageClasses,
} from '../model/StoredObject.ts';
import { checksumHeader } from './receiveBody.ts';
import type { KeyAccess, KeyUse, S3Call } from './S3Operation.ts';

/** Headers of a write that are returned unchanged with the object. */
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

const { algorithm: ALGORITHM, key: KEY, bucketKey: BUCKET_KEY } = encryptionHeaderNames;

/** The headers that ask for an encryption. */
const ENCRYPTION = [ALGORITHM, KEY, BUCKET_KEY];

/** The encryption of an object, as the headers that ask for it; undefined for the bucket's default. */
type Encryption = ObjectAttributes['encryption'];

/** The beginning of the headers with a user's own metadata. */
const METADATA = 'x-amz-meta-';

/** The `x-amz-` headers that {@link readAttributes} understands. */
export const attributeHeaders: readonly string[] = [...ENCRYPTION, 'x-amz-storage-class', `${METADATA}*`];

/**
 * The attributes of an object, from the headers of its write.
 *
 * @throws AwsError `NotImplemented`, `MetadataTooLarge`, and as the headers of an encryption are refused.
 */
export function readAttributes(headers: S3Call['headers'], operation: string): ObjectAttributes {
  const asked = headers['x-amz-storage-class'] ?? 'STANDARD';
  const storageClass = storageClasses.find((known) => known === asked);
  if (asked !== 'STANDARD' && storageClass === undefined)
    throw notImplemented(`S3 ${operation} with the storage class ${asked}`);
  const { 'content-encoding': sent = '', ...rest } = pick(headers, KEPT);
  const encoding = contentEncoding(sent);
  const metadata = Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(METADATA))
      .map(([name, value]) => [name.slice(METADATA.length), value]),
  );
  const size = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > USER_METADATA_BYTES) throw s3Errors.metadataTooLarge(size, USER_METADATA_BYTES);
  return {
    headers: {
      ...plainAttributes.headers,
      ...rest,
      ...(encoding === '' ? {} : { 'content-encoding': encoding }),
    },
    metadata,
    encryption: readEncryption(headers, operation),
    ...(storageClass === undefined ? {} : { storageClass }),
  };
}

/** `aws-chunked` describes the transfer, not the object's encoding. Nothing is ever decoded here. */
function contentEncoding(sent: string): string {
  const encodings = sent.split(',').map((encoding) => encoding.trim());
  return encodings.includes('aws-chunked')
    ? encodings.filter((encoding) => encoding !== '' && encoding !== 'aws-chunked').join(', ')
    : sent;
}

/**
 * The encryption that a write asks for, with a bucket key also where the algorithm is the bucket's.
 *
 * @throws AwsError `InvalidArgument`; 501 for what is not emulated.
 */
function readEncryption(headers: S3Call['headers'], operation: string): Encryption {
  const { [ALGORITHM]: algorithm, [KEY]: key, [BUCKET_KEY]: bucketKey } = headers;
  if (algorithm === 'aws:kms:dsse') throw notImplemented(`S3 ${operation} with ${ALGORITHM}: ${algorithm}`);
  if (algorithm !== undefined && algorithm !== 'AES256' && algorithm !== 'aws:kms')
    throw s3Errors.invalidArgument(ALGORITHM, algorithm, 'The encryption method specified is not supported');
  if (key !== undefined && algorithm !== 'aws:kms')
    throw s3Errors.invalidArgument(
      ALGORITHM,
      algorithm ?? 'null',
      `Server Side Encryption with AWS KMS managed key requires HTTP header ${ALGORITHM} : aws:kms`,
    );
  if (bucketKey !== undefined && !/^(true|false)$/i.test(bucketKey))
    throw s3Errors.invalidArgument(BUCKET_KEY, bucketKey, `${BUCKET_KEY} must be true or false.`);
  if (bucketKey?.toLowerCase() === 'true' && algorithm === 'AES256')
    throw notImplemented(`S3 ${operation} with ${BUCKET_KEY} and ${ALGORITHM}: AES256`);
  return {
    ...pick(headers, [ALGORITHM, KEY]),
    ...(bucketKey === undefined ? {} : { [BUCKET_KEY]: bucketKey.toLowerCase() }),
  };
}

/** The headers that state an object's encryption, in answers to writes and reads. */
export function encryptionHeaders(attributes: ObjectAttributes): Record<string, string> {
  return { 'x-amz-server-side-encryption': 'AES256', ...attributes.encryption };
}

/** The headers that describe an object in the answer to a read. */
export function objectHeaders(object: StoredObject): Record<string, string> {
  const { attributes } = object;
  const headers: Record<string, string> = {
    ...attributes.headers,
    ...encryptionHeaders(attributes),
    ...(attributes.storageClass === undefined ? {} : { 'x-amz-storage-class': attributes.storageClass }),
    'accept-ranges': 'bytes',
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
  };
  for (const [name, value] of Object.entries(attributes.metadata)) headers[METADATA + name] = value;
  return headers;
}

/** The headers with an object's checksum; empty when it has none. */
export function checksumHeaders(object: Pick<StoredObject, 'checksum'>): Record<string, string> {
  return object.checksum === undefined
    ? {}
    : {
        [checksumHeader(object.checksum.algorithm)]: object.checksum.value,
        'x-amz-checksum-type': object.checksum.type,
      };
}

/** The headers of some names; those that are not set are left out. */
function pick(headers: S3Call['headers'], names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/**
 * Attributes of an object to be written, with the encryption that its writer requests or else the bucket's default.
 * The writer must be allowed to use the key.
 *
 * @throws AwsError as {@link KeyAccess.requireUse}.
 */
export function encrypted(call: S3Call, bucket: Bucket, attributes: ObjectAttributes): ObjectAttributes {
  const { [BUCKET_KEY]: askedBucketKey, ...asked } = attributes.encryption;
  const { [BUCKET_KEY]: defaultBucketKey, ...byDefault } = defaultEncryption(bucket);
  const { [KEY]: key, ...encryption } = ALGORITHM in asked ? asked : byDefault;
  const bucketKey = askedBucketKey ?? defaultBucketKey;
  if (encryption[ALGORITHM] !== 'aws:kms') {
    if (askedBucketKey === 'true')
      throw notImplemented(`S3 ${BUCKET_KEY} in a bucket that encrypts without a KMS key`);
    return { ...attributes, encryption };
  }
  const used = { ...encryption, ...(key === undefined ? {} : { [KEY]: key }) };
  const arn = requireKeyAccess(call, bucket, used, 'kms:GenerateDataKey');
  return {
    ...attributes,
    encryption: {
      ...encryption,
      ...(arn === undefined ? {} : { [KEY]: arn }),
      // The header is returned only if a bucket key is used.
      ...(bucketKey === 'true' ? { [BUCKET_KEY]: bucketKey } : {}),
    },
  };
}

/**
 * Checks that the caller may use the key of this encryption.
 *
 * @returns ARN of the key; undefined for S3's own.
 * @throws AwsError as {@link KeyAccess.requireUse}.
 */
export function requireKeyAccess(
  { caller, keyAccess, request }: S3Call,
  { info }: Bucket,
  encryption: Encryption,
  action: KeyUse['action'],
): string | undefined {
  if (encryption[ALGORITHM] !== 'aws:kms') return undefined;
  const { account: owner } = info;
  const { region } = request;
  const key = encryption[KEY];
  const known = keyAccess?.requireUse({ caller, key, owner, region, action });
  // S3 returns the ARN of a key, however its writer names it.
  if (known !== undefined || key === undefined || key.startsWith('arn:')) return known ?? key;
  const name = key.startsWith('alias/') ? key : `key/${key}`;
  return `arn:aws:kms:${region}:${owner}:${name}`;
}

/**
 * The algorithm that `x-amz-checksum-algorithm` names.
 *
 * @throws AwsError `InvalidRequest` for an algorithm that S3 doesn't support.
 */
export function readAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  const algorithm = checksumAlgorithms.find((known) => known === name?.toUpperCase());
  if (name !== undefined && algorithm === undefined) {
    throw s3Errors.invalidRequest('Checksum algorithm provided is unsupported.');
  }
  return algorithm;
}

/**
 * Checks the ACL that a request sets on an object. Buckets have no ACLs here, as those created since April 2023: their owner
 * owns every object, and a request may only say so.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
 *
 * @throws AwsError `AccessControlListNotSupported`.
 */
export function checkAcl({ headers }: Pick<S3Call, 'headers'>): void {
  const acl = headers['x-amz-acl'] ?? 'bucket-owner-full-control';
  const grants = Object.keys(headers).some((name) => name.startsWith('x-amz-grant-'));
  if (acl !== 'bucket-owner-full-control' || grants)
    throw new AwsError('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs');
}
