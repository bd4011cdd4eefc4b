import type { Bucket, Deletion } from '../model/Bucket.ts';
import type { StoredObject } from '../model/StoredObject.ts';
import { versionIdOf } from '../model/versionIds.ts';
import type { S3Call } from './S3Operation.ts';

/** The version that a request's query names; undefined for the current object. */
export function readVersionId({ query }: Pick<S3Call, 'query'>): string | undefined {
  return query.get('versionId') ?? undefined;
}

/** The header with the version of an object that is read or copied; none in a bucket that never had versions. */
export function versionHeader(
  { versioning }: Pick<Bucket, 'versioning'>,
  object: Pick<StoredObject, 'versionId'>,
): Record<string, string> {
  return versioning === undefined ? {} : { 'x-amz-version-id': versionIdOf(object) };
}

/** The header with the version of an object that was written: only a new ID is returned. */
export function newVersionHeader({ versionId }: Pick<StoredObject, 'versionId'>): Record<string, string> {
  return versionId === undefined ? {} : { 'x-amz-version-id': versionId };
}

/**
 * What a deletion answers:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html#API_DeleteObject_ResponseSyntax
 */
export function deletionHeaders({ versionId, isMarker }: Deletion): Record<string, string> {
  return {
    ...(isMarker ? { 'x-amz-delete-marker': 'true' } : {}),
    ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
  };
}
