import { COPY_SOURCE, splitCopySource } from '../protocol/copySourceHeader.ts';
import { type NeededPermission, type PermissionContext, s3Arn } from './permissions.ts';

/** A call of S3, as far as its permissions depend on it. */
interface S3Request {
  /** Name of the bucket; '' for a call without one. */
  readonly bucket: string;
  /** The key, decoded; '' for a call without one. */
  readonly key: string;
  /** The query, decoded. */
  readonly query: URLSearchParams;
  /** Lower-case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Status of the answer; undefined without an answer. */
  readonly status: number | undefined;
}

/** The permissions that one operation needs. */
type Needs = (request: S3Request, place: PermissionContext) => readonly NeededPermission[];

/** Query parameter that names a version of an object. */
const VERSION = 'versionId';

/**
 * Permissions of operations that need another action than the one of their own name, or on another resource, by AWS's name. All
 * others need that action on the bucket, or on `*` without a bucket.
 */
const NEEDS: ReadonlyMap<string, Needs> = new Map<string, Needs>([
  ['ListBuckets', () => [need('ListAllMyBuckets', '*')]],
  ['HeadBucket', onBucket('ListBucket')],
  ['ListObjectsV2', listing('ListBucket')],
  ['ListObjectVersions', listing('ListBucketVersions')],
  ['ListMultipartUploads', listing('ListBucketMultipartUploads')],
  // Actions with names other than the operations': https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
  ['GetBucketEncryption', onBucket('GetEncryptionConfiguration')],
  ['GetPublicAccessBlock', onBucket('GetBucketPublicAccessBlock')],
  ['GetBucketLifecycleConfiguration', onBucket('GetLifecycleConfiguration')],
  ['GetBucketNotificationConfiguration', onBucket('GetBucketNotification')],
  ['PutBucketEncryption', onBucket('PutEncryptionConfiguration')],
  ['PutPublicAccessBlock', onBucket('PutBucketPublicAccessBlock')],
  ['PutBucketNotificationConfiguration', onBucket('PutBucketNotification')],
  [
    'GetObject',
    (call, place) => [...reading(call, place), ...kmsPermissions(place, call.bucket, ['kms:Decrypt'])],
  ],
  // A request for the checksum needs the key, too, which is not emulated: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
  ['HeadObject', reading],
  ['PutObject', writing(['kms:GenerateDataKey'])],
  ['CreateMultipartUpload', writing(['kms:GenerateDataKey'])],
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html, Permissions
  ['UploadPart', writing(['kms:Decrypt', 'kms:GenerateDataKey'])],
  ['CompleteMultipartUpload', writing(['kms:Decrypt', 'kms:GenerateDataKey'])],
  ['AbortMultipartUpload', (call, place) => [onObject('AbortMultipartUpload', call, place)]],
  ['CopyObject', copying],
  [
    'DeleteObject',
    (call, place) => [
      onObject(call.query.has(VERSION) ? 'DeleteObjectVersion' : 'DeleteObject', call, place),
      ...comparing(call.headers['if-match'], call, place),
    ],
  ],
  // The policy decides on each key by itself.
  ['DeleteObjects', () => []],
]);

/** The permissions that a call of S3 needs, including those on the bucket's key. */
export function s3Permissions(
  operation: string,
  call: S3Request,
  place: PermissionContext,
): readonly NeededPermission[] {
  const needs =
    NEEDS.get(operation) ?? (call.bucket === '' ? () => [need(operation, '*')] : onBucket(operation));
  return needs(call, place);
}

/** A permission for an action of S3. @param action Without the prefix `s3:`. */
function need(action: string, resource: string, context: Record<string, string> = {}): NeededPermission {
  return { action: `s3:${action}`, resource, context };
}

/** The permission for an action on the request's object. */
function onObject(
  action: string,
  { bucket, key }: Pick<S3Request, 'bucket' | 'key'>,
  place: PermissionContext,
): NeededPermission {
  return need(action, s3Arn(place, bucket, key));
}

/** The permissions of an operation that needs one action on the request's bucket. */
function onBucket(action: string): Needs {
  return ({ bucket }, place) => [need(action, s3Arn(place, bucket))];
}

/** The permission of an operation that lists a bucket. A request without a prefix has no `s3:prefix`. https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html */
function listing(action: string): Needs {
  return ({ bucket, query }, place) => {
    const context: Record<string, string> = {};
    for (const name of ['prefix', 'delimiter', 'max-keys']) {
      const value = query.get(name);
      if (value !== null) context[`s3:${name}`] = value;
    }
    return [need(action, s3Arn(place, bucket), context)];
  };
}

/**
 * The permissions to read an object. Without permission to list the bucket, a missing object is answered 403: seeing the 404
 * needs that permission.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
function reading(call: S3Request, place: PermissionContext): NeededPermission[] {
  return [
    onObject(call.query.has(VERSION) ? 'GetObjectVersion' : 'GetObject', call, place),
    ...(call.status === 404 ? [need('ListBucket', s3Arn(place, call.bucket))] : []),
  ];
}

/**
 * The permission that a condition on an ETag needs. Its result reveals something about the object, so the caller must be
 * allowed to read it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html says so of deletes, and
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html of writes.
 */
function comparing(etag: string | undefined, call: S3Request, place: PermissionContext): NeededPermission[] {
  return etag === undefined || etag === '*' ? [] : [onObject('GetObject', call, place)];
}

/** The permissions to write an object. */
function writing(keyActions: readonly ('kms:Decrypt' | 'kms:GenerateDataKey')[]): Needs {
  return (call, place) => [
    onObject('PutObject', call, place),
    ...comparing(call.headers['if-match'], call, place),
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, Permissions
    ...('x-amz-acl' in call.headers ? [onObject('PutObjectAcl', call, place)] : []),
    ...kmsPermissions(place, call.bucket, keyActions),
  ];
}

/**
 * The permissions to copy an object. Without permission to read the source, the copy is refused before its existence is
 * checked. A 404 is taken for the source's, although it may be that of the bucket that is written to.
 */
function copying(call: S3Request, place: PermissionContext): NeededPermission[] {
  const source = splitCopySource(call.headers[COPY_SOURCE] ?? '');
  return [
    ...(source === undefined
      ? []
      : [
          ...reading({ ...call, ...source, query: versionQuery(source.versionId) }, place),
          ...kmsPermissions(place, source.bucket, ['kms:Decrypt']),
        ]),
    ...writing(['kms:GenerateDataKey'])(call, place),
  ];
}

/** The query of a request that reads the source of a copy. @param versionId Default: the current object. */
function versionQuery(versionId: string | undefined): URLSearchParams {
  return new URLSearchParams(versionId === undefined ? {} : { [VERSION]: versionId });
}

/**
 * The permissions on a bucket's key that S3 requires of the caller. With a bucket key the encryption context is the
 * bucket's ARN, not the object's: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
 */
export function kmsPermissions(
  place: PermissionContext,
  bucket: string,
  actions: readonly ('kms:Decrypt' | 'kms:GenerateDataKey')[],
): NeededPermission[] {
  const key = place.bucketKey(bucket);
  if (key === undefined) return [];
  return actions.map((action) => ({
    action,
    resource: key,
    context: {
      'kms:ViaService': `s3.${place.region}.amazonaws.com`,
      'kms:CallerAccount': place.account,
      'kms:EncryptionContext:aws:s3:arn': s3Arn(place, bucket),
    },
  }));
}
