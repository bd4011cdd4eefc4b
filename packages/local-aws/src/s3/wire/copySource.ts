import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import { COPY_SOURCE, type CopySource, splitCopySource } from '../../protocol/copySourceHeader.ts';
import { s3Errors } from '../errors.ts';
import { archivedClasses, type StoredObject } from '../model/StoredObject.ts';
import { requireKeyAccess } from './attributes/objectEncryption.ts';
import { checkReadConditions } from './conditions.ts';
import type { S3Call } from './S3Operation.ts';

/** The headers that describe the source of a copy. */
export const copySourceHeaders: readonly string[] = [
  COPY_SOURCE,
  `${COPY_SOURCE}-if-match`,
  `${COPY_SOURCE}-if-none-match`,
  'x-amz-source-expected-bucket-owner',
];

/**
 * Reads `x-amz-copy-source`. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 *
 * @throws AwsError `InvalidArgument`; `NotImplemented` for an access point.
 */
export function readCopySource(header: string): CopySource {
  let path: string;
  try {
    path = decodeURIComponent(header);
  } catch {
    throw s3Errors.invalidArgument(COPY_SOURCE, header, 'Copy Source must be URL-encoded');
  }
  if (/^\/?arn:/.test(path)) throw notImplemented('A copy from an S3 access point');
  const source = splitCopySource(header);
  if (source !== undefined) return source;
  throw s3Errors.invalidArgument(
    COPY_SOURCE,
    header,
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
  );
}

/** The source of a copy, found and readable for the caller. */
export interface FoundSource {
  /** The bucket, the key and the version that the header names. */
  readonly source: CopySource;
  /** The object that was found. */
  readonly object: StoredObject;
  /** The header that names its version in the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Finds the source of a copy and checks its conditions and whether the caller may read it.
 *
 * @throws AwsError `NoSuchKey`, `PreconditionFailed`, `InvalidObjectState`, `AccessDenied`, …
 */
export function findCopySource(call: S3Call): FoundSource {
  const { store, headers } = call;
  const source = readCopySource(headers[COPY_SOURCE] ?? '');
  const bucket = store.bucket(source.bucket);
  const object = readable(() => bucket.get(source.key, source.versionId));
  if (!checkReadConditions(object, headers, `${COPY_SOURCE}-`))
    throw s3Errors.preconditionFailed(`${COPY_SOURCE}-If-None-Match`);
  const { storageClass, encryption } = object.attributes;
  if (storageClass !== undefined && archivedClasses.has(storageClass))
    throw s3Errors.invalidObjectState(storageClass);
  requireKeyAccess(call, bucket, encryption, 'kms:Decrypt');
  const { versionId } = object;
  return {
    source,
    object,
    // A null version is not returned.
    headers: versionId === undefined ? {} : { 'x-amz-copy-source-version-id': versionId },
  };
}

/** The source of a copy, with the errors that a copy has for one that cannot be read. */
function readable(find: () => StoredObject): StoredObject {
  try {
    return find();
  } catch (error) {
    if (error instanceof AwsError && error.code === 'MethodNotAllowed')
      throw s3Errors.invalidRequest(
        'The source of a copy request may not specifically refer to a delete marker by version id.',
      );
    throw error;
  }
}
