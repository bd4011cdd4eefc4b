import { validateHeaderValue } from 'node:http';
import { notImplemented } from '../../protocol/AwsError.ts';
import { type ChecksumAlgorithm, checksumAlgorithms } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { USER_METADATA_BYTES } from '../limits.ts';
import type { Bucket } from '../model/Bucket.ts';
import {
  type ObjectAttributes,
  plainAttributes,
  type StoredObject,
  storageClasses,
} from '../model/StoredObject.ts';
import { checksumHeader } from './receiveBody.ts';
import type { KeyAccess, S3Call } from './S3Operation.ts';

/** Headers of a write that are returned unchanged with the object. */
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const ENCRYPTION = [
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
];
const METADATA = 'x-amz-meta-';

/** The `x-amz-` headers that {@link readAttributes} understands. */
export const attributeHeaders: readonly string[] = [...ENCRYPTION, 'x-amz-storage-class', `${METADATA}*`];

/** Query parameters of a read that override a header of the answer. */
export const overrideParameters: readonly string[] = KEPT.map((name) => `response-${name}`);

/** The attributes of an object, from the headers of its write. */
export function readAttributes(headers: S3Call['headers'], operation: string): ObjectAttributes {
  const asked = headers['x-amz-storage-class'] ?? 'STANDARD';
  const storageClass = storageClasses.find((known) => known === asked);
  if (asked !== 'STANDARD' && storageClass === undefined)
    throw notImplemented(`S3 ${operation} with the storage class ${asked}`);
  const encryption = headers['x-amz-server-side-encryption'] ?? 'AES256';
  if (encryption !== 'AES256' && encryption !== 'aws:kms') {
    throw notImplemented(`S3 ${operation} with x-amz-server-side-encryption: ${encryption}`);
  }
  const kept = pick(headers, KEPT);
  // `aws-chunked` describes the transfer, not the object's encoding. Nothing is ever decoded here.
  const encodings = (kept['content-encoding'] ?? '')
    .split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== '' && encoding !== 'aws-chunked');
  const { 'content-encoding': _, ...rest } = kept;
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
      ...(encodings.length > 0 ? { 'content-encoding': encodings.join(',') } : {}),
    },
    metadata,
    encryption: pick(headers, ENCRYPTION),
    ...(storageClass === undefined ? {} : { storageClass }),
  };
}

/** The headers that state an object's encryption, in answers to writes and reads. */
export function encryptionHeaders(attributes: ObjectAttributes): Record<string, string> {
  return { 'x-amz-server-side-encryption': 'AES256', ...attributes.encryption };
}

/** The headers that describe an object in the answer to a read. */
export function objectHeaders(object: StoredObject, call: S3Call): Record<string, string> {
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
  for (const name of KEPT) {
    const override = call.query.get(`response-${name}`);
    if (override === null) continue;
    try {
      validateHeaderValue(name, override);
    } catch {
      throw s3Errors.invalidArgument(`response-${name}`, override, 'Header value cannot be represented.');
    }
    headers[name] = override;
  }
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

function pick(headers: S3Call['headers'], names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

const ALGORITHM = 'x-amz-server-side-encryption';
const KEY = 'x-amz-server-side-encryption-aws-kms-key-id';
const BUCKET_KEY = 'x-amz-server-side-encryption-bucket-key-enabled';

type Encryption = ObjectAttributes['encryption'];

/**
 * Attributes of an object to be written, with the encryption that its writer requests or else the bucket's default.
 * The writer must be allowed to use the key.
 *
 * @throws AwsError as {@link KeyAccess.requireUse}.
 */
export function encrypted(call: S3Call, bucket: Bucket, attributes: ObjectAttributes): ObjectAttributes {
  const encryption = ALGORITHM in attributes.encryption ? attributes.encryption : bucketDefault(bucket);
  requireKeyAccess(call, bucket, encryption, 'kms:GenerateDataKey');
  return { ...attributes, encryption };
}

/** Checks that the caller may use the key of this encryption. @throws AwsError as {@link KeyAccess.requireUse}. */
export function requireKeyAccess(
  { caller, keyAccess, request }: S3Call,
  { info }: Bucket,
  encryption: Encryption,
  action: Parameters<KeyAccess['requireUse']>[0]['action'],
): void {
  if (encryption[ALGORITHM] !== 'aws:kms') return;
  keyAccess?.requireUse({
    caller,
    key: encryption[KEY],
    owner: info.account,
    region: request.region,
    action,
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html */
function bucketDefault({ settings }: Bucket): Encryption {
  const [rule] = settings.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
  const { SSEAlgorithm, KMSMasterKeyID } = rule?.ServerSideEncryptionByDefault ?? {};
  if (SSEAlgorithm !== 'aws:kms') return {};
  return {
    [ALGORITHM]: 'aws:kms',
    ...(KMSMasterKeyID === undefined ? {} : { [KEY]: KMSMasterKeyID }),
    ...(rule?.BucketKeyEnabled === true ? { [BUCKET_KEY]: 'true' } : {}),
  };
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
