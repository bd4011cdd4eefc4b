import { notImplemented } from '../../../protocol/AwsError.ts';
import { s3Errors } from '../../errors.ts';
import type { Bucket } from '../../model/Bucket.ts';
import { defaultEncryption, encryptionHeaderNames } from '../../model/defaultEncryption.ts';
import type { ObjectAttributes } from '../../model/StoredObject.ts';
import type { KeyAccess, KeyUse, S3Call } from '../S3Operation.ts';

const { algorithm: ALGORITHM, key: KEY, bucketKey: BUCKET_KEY } = encryptionHeaderNames;

/** The headers that ask for an encryption. */
export const ENCRYPTION: readonly string[] = [ALGORITHM, KEY, BUCKET_KEY];

/** The encryption of an object, as the headers that ask for it; empty for S3's own keys. */
type Encryption = ObjectAttributes['encryption'];

/**
 * The encryption that a write asks for; empty if it asks for none. It may ask for a bucket key and leave the algorithm to the bucket.
 *
 * @throws AwsError `InvalidArgument`; `NotImplemented` for what is not emulated.
 */
export function readEncryption(headers: S3Call['headers'], operation: string): Encryption {
  const { [ALGORITHM]: algorithm, [KEY]: key, [BUCKET_KEY]: bucketKey } = headers;
  if (algorithm === 'aws:kms:dsse') throw notImplemented(`S3 ${operation} with ${ALGORITHM}: ${algorithm}`);
  if (algorithm !== undefined && algorithm !== 'AES256' && algorithm !== 'aws:kms')
    throw s3Errors.invalidArgument(ALGORITHM, algorithm, 'The encryption method specified is not supported');
  if (key !== undefined && algorithm !== 'aws:kms')
    throw s3Errors.invalidArgument(
      ALGORITHM,
      // What S3 answers for a header that is missing.
      algorithm ?? 'null',
      `Server Side Encryption with AWS KMS managed key requires HTTP header ${ALGORITHM} : aws:kms`,
    );
  if (bucketKey !== undefined && !/^(true|false)$/i.test(bucketKey))
    throw s3Errors.invalidArgument(BUCKET_KEY, bucketKey, `${BUCKET_KEY} must be true or false.`);
  if (bucketKey?.toLowerCase() === 'true' && algorithm === 'AES256')
    throw notImplemented(`S3 ${operation} with ${BUCKET_KEY} and ${ALGORITHM}: AES256`);
  return {
    ...(algorithm === undefined ? {} : { [ALGORITHM]: algorithm }),
    ...(key === undefined ? {} : { [KEY]: key }),
    ...(bucketKey === undefined ? {} : { [BUCKET_KEY]: bucketKey.toLowerCase() }),
  };
}

/** The headers that state an object's encryption, in answers to writes and reads. */
export function encryptionHeaders(attributes: ObjectAttributes): Record<string, string> {
  return { 'x-amz-server-side-encryption': 'AES256', ...attributes.encryption };
}

/**
 * Attributes of an object to be written, with the encryption that its writer asks for, or else the bucket's default.
 * The writer must be allowed to use the key.
 *
 * @throws AwsError `NotImplemented`, and as {@link KeyAccess.requireUse}.
 */
export function withEncryption(call: S3Call, bucket: Bucket, attributes: ObjectAttributes): ObjectAttributes {
  const asked = attributes.encryption;
  const byDefault = defaultEncryption(bucket);
  const wanted = ALGORITHM in asked ? asked : byDefault;
  const algorithm = wanted[ALGORITHM];
  if (algorithm !== 'aws:kms') {
    if (asked[BUCKET_KEY] === 'true')
      throw notImplemented(`S3 ${BUCKET_KEY} in a bucket that encrypts without a KMS key`);
    return { ...attributes, encryption: algorithm === undefined ? {} : { [ALGORITHM]: algorithm } };
  }
  const arn = requireKeyAccess(call, bucket, wanted, 'kms:GenerateDataKey');
  const encryption: Record<string, string> = { [ALGORITHM]: algorithm };
  if (arn !== undefined) encryption[KEY] = arn;
  // The header is returned only if a bucket key is used.
  if ((asked[BUCKET_KEY] ?? byDefault[BUCKET_KEY]) === 'true') encryption[BUCKET_KEY] = 'true';
  return { ...attributes, encryption };
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
  if (known !== undefined) return known;
  if (key === undefined || key.startsWith('arn:')) return key;
  // S3 returns the ARN of a key, however its writer names it.
  const name = key.startsWith('alias/') ? key : `key/${key}`;
  return `arn:aws:kms:${region}:${owner}:${name}`;
}
